//! First values that a parameter's dimensions give a structure: orthogonal, sparse, identity.

use rayon::prelude::*;

use crate::array::element_count;
use crate::backend::rng::Rng;
use crate::{Error, Result};

/// torch.nn.init.orthogonal_: the parameter as a matrix of its first dimension by all others; its rows are orthogonal, or its
/// columns where those are fewer. It is the Q of a normal matrix's QR decomposition with a positive diagonal in R, so every
/// orthogonal matrix is equally likely.
pub(super) fn orthogonal(shape: &[usize], gain: f64, rng: &mut Rng) -> Result<Vec<f64>> {
    if shape.len() < 2 {
        return Err(Error::shape("parameter", "at least 2 dimensions (orthogonal)", format!("{shape:?}")));
    }
    let count = element_count(shape)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let (rows, columns) = (shape[0], count / shape[0]);
    let (vectors, length) = (rows.min(columns), rows.max(columns));
    let mut q: Vec<f64> = (0..count).map(|_| rng.normal()).collect();
    // Once makes them orthogonal up to the condition of the matrix, twice to the last digits.
    orthonormalise(&mut q, length);
    orthonormalise(&mut q, length);
    let at = |row: usize, column: usize| if rows <= columns { row * length + column } else { column * length + row };
    debug_assert_eq!(vectors * length, count);
    Ok((0..count).map(|i| gain * q[at(i / columns, i % columns)]).collect())
}

/// Modified Gram-Schmidt on vectors of a length, one after the other in memory.
fn orthonormalise(vectors: &mut [f64], length: usize) {
    let mut rest = vectors;
    while !rest.is_empty() {
        let (first, others) = rest.split_at_mut(length);
        let norm = dot(first, first).sqrt();
        first.iter_mut().for_each(|x| *x /= norm);
        let first = &*first;
        let reduce = |other: &mut [f64]| {
            let along = dot(first, other);
            other.iter_mut().zip(first).for_each(|(x, q)| *x -= along * q);
        };
        if others.len() > 1 << 15 {
            others.par_chunks_mut(length).for_each(reduce);
        } else {
            others.chunks_mut(length).for_each(reduce);
        }
        rest = others;
    }
}

/// Eight partial sums, which a compiler keeps in vector registers.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a.zip(b) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    sums.iter().sum::<f64>() + tail
}

fn matrix(shape: &[usize], what: &str) -> Result<(usize, usize)> {
    match *shape {
        [rows, columns] => Ok((rows, columns)),
        _ => Err(Error::shape("parameter", format!("2 dimensions ({what})"), format!("{shape:?}"))),
    }
}

/// torch.nn.init.sparse_: normal numbers, of which in every column this share, rounded up, is 0.
pub(super) fn sparse(shape: &[usize], sparsity: f64, std: f64, rng: &mut Rng) -> Result<Vec<f64>> {
    let (rows, columns) = matrix(shape, "sparse")?;
    let mut values: Vec<f64> = (0..rows * columns).map(|_| rng.normal() * std).collect();
    let zeros = ((sparsity * rows as f64).ceil() as usize).min(rows);
    for column in 0..columns {
        for row in rng.permutation(rows)?.into_iter().take(zeros) {
            values[row as usize * columns + column] = 0.0;
        }
    }
    Ok(values)
}

/// torch.nn.init.eye_: 1 on the diagonal.
pub(super) fn eye(shape: &[usize]) -> Result<Vec<f64>> {
    let (rows, columns) = matrix(shape, "eye")?;
    Ok((0..rows * columns).map(|i| f64::from(u8::from(i / columns == i % columns))).collect())
}

/// torch.nn.init.dirac_: in each group the first output channels are the first input channels.
pub(super) fn dirac(shape: &[usize], groups: usize) -> Result<Vec<f64>> {
    let [outputs, inputs, kernel @ ..] = shape else {
        return Err(Error::shape("parameter", "3 to 5 dimensions (dirac)", format!("{shape:?}")));
    };
    if !(1..=3).contains(&kernel.len()) {
        return Err(Error::shape("parameter", "3 to 5 dimensions (dirac)", format!("{shape:?}")));
    }
    if !outputs.is_multiple_of(groups) {
        return Err(Error::shape("parameter", format!("a multiple of {groups} output channels"), format!("{shape:?}")));
    }
    let field: usize = kernel.iter().product();
    let centre = kernel.iter().fold(0, |at, n| at * n + n / 2);
    let mut values = vec![0.0; element_count(shape)?];
    let each = outputs / groups;
    for group in 0..groups {
        for channel in 0..each.min(*inputs) {
            values[((group * each + channel) * inputs + channel) * field + centre] = 1.0;
        }
    }
    Ok(values)
}
