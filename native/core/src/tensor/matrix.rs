//! Inverses and determinants of square matrices, by elimination with complete pivoting on the host in double precision.

use rayon::prelude::*;

use super::Value;
use crate::{Error, Result};

/// What elimination finds of one matrix.
struct Elimination {
    determinant: f64,
    /// Row-major; `None` when the matrix has no inverse.
    inverse: Option<Vec<f64>>,
}

/// Gauss and Jordan in place. With `lift` a last pivot of 0 is taken as a rounding error instead, which the determinant
/// times the inverse (the cofactors) cancels.
fn eliminate(matrix: &[f64], n: usize, lift: bool) -> Elimination {
    let mut a = matrix.to_vec();
    let mut used = vec![false; n];
    let mut swaps = Vec::with_capacity(n);
    let mut determinant = 1.0;
    let scale = matrix.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    for step in 0..n {
        let (mut row, mut column, mut most) = (0, 0, -1.0);
        for r in (0..n).filter(|&r| !used[r]) {
            for c in (0..n).filter(|&c| !used[c]) {
                // NaN wins, so that it spreads.
                if !(a[r * n + c].abs() <= most) {
                    (row, column, most) = (r, c, a[r * n + c].abs());
                }
            }
        }
        used[column] = true;
        if row != column {
            determinant = -determinant;
            for c in 0..n {
                a.swap(row * n + c, column * n + c);
            }
        }
        swaps.push((row, column));
        if a[column * n + column] == 0.0 {
            if !lift || step + 1 < n || scale == 0.0 && n > 1 {
                return Elimination { determinant: 0.0, inverse: None };
            }
            a[column * n + column] = f64::EPSILON * if scale == 0.0 { 1.0 } else { scale };
        }
        let pivot = a[column * n + column];
        determinant *= pivot;
        a[column * n + column] = 1.0;
        a[column * n..(column + 1) * n].iter_mut().for_each(|x| *x /= pivot);
        let line = a[column * n..(column + 1) * n].to_vec();
        for r in (0..n).filter(|&r| r != column) {
            let target = &mut a[r * n..(r + 1) * n];
            let factor = std::mem::take(&mut target[column]);
            target.iter_mut().zip(&line).for_each(|(x, y)| *x -= factor * y);
        }
    }
    for &(row, column) in swaps.iter().rev().filter(|(row, column)| row != column) {
        for r in 0..n {
            a.swap(r * n + row, r * n + column);
        }
    }
    Elimination { determinant, inverse: Some(a) }
}

impl Value {
    fn square(&self, what: &str) -> Result<(usize, Vec<f64>)> {
        let (_, n, m, numbers) = self.matrices(what)?;
        if n != m {
            return Err(Error::shape(what, "square matrices [.., n, n]", format!("{:?}", self.shape())));
        }
        Ok((n, numbers))
    }

    /// Inverses of matrices [.., n, n]. A matrix that has none is an error.
    pub fn inverse(self) -> Result<Self> {
        let shape = self.shape();
        let plain = self.clone().detached();
        let (n, numbers) = plain.square("inverse")?;
        if plain.is_empty() {
            return Ok(self);
        }
        let find = |(i, matrix): (usize, &[f64])| {
            eliminate(matrix, n, false).inverse.ok_or_else(|| Error::argument(format!("matrix {i} has no inverse")))
        };
        let all = numbers.par_chunks(n * n).enumerate().map(find).collect::<Result<Vec<_>>>()?;
        let value = plain.doubles_like(all.concat(), &shape)?;
        if !self.is_tracked() {
            return Ok(value);
        }
        // The differential of the inverse X is -X dA X.
        let x = value.constant();
        x.clone().matmul(&self)?.matmul(&x)?.neg()?.replaced_by(&value)
    }

    /// Determinants of matrices [.., n, n]: [..].
    pub fn determinant(self) -> Result<Self> {
        let shape = self.shape();
        let plain = self.clone().detached();
        let (n, numbers) = plain.square("determinant")?;
        let head = &shape[..shape.len() - 2];
        let count: usize = head.iter().product();
        if n == 0 || count == 0 {
            return plain.doubles_like(vec![1.0; count], head);
        }
        let all = numbers.par_chunks(n * n).map(|matrix| eliminate(matrix, n, false).determinant).collect();
        let value = plain.doubles_like(all, head)?;
        if !self.is_tracked() {
            return Ok(value);
        }
        // The derivative by an element is its cofactor.
        let cofactors = |matrix: &[f64]| {
            let found = eliminate(matrix, n, true);
            let inverse = found.inverse.unwrap_or_else(|| vec![0.0; n * n]);
            let cofactor = |i: usize| found.determinant * inverse[(i % n) * n + i / n];
            (0..n * n).map(cofactor).collect::<Vec<_>>()
        };
        let cofactors = numbers.par_chunks(n * n).flat_map_iter(cofactors).collect();
        let cofactors = plain.doubles_like(cofactors, &shape)?;
        let rank = shape.len();
        self.mul(&cofactors.constant())?.sum_dims(&[rank - 2, rank - 1])?.reshape(head)?.replaced_by(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::eliminate;

    #[test]
    fn inverse_and_determinant() {
        let a = [4.0, 7.0, 2.0, 3.0, 6.0, 1.0, 2.0, 5.0, 3.0];
        let found = eliminate(&a, 3, false);
        // By Sarrus: 72 + 14 + 30 - 24 - 20 - 63.
        assert!((found.determinant - 9.0).abs() < 1e-13);
        let inverse = found.inverse.unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let sum: f64 = (0..3).map(|k| a[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((sum - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn singular_matrices() {
        let found = eliminate(&[1.0, 2.0, 2.0, 4.0], 2, false);
        assert!(found.determinant == 0.0 && found.inverse.is_none());
        // Cofactors of a matrix of rank 1, and of rank 0.
        let found = eliminate(&[1.0, 2.0, 2.0, 4.0], 2, true);
        let adjugate: Vec<f64> = found.inverse.unwrap().iter().map(|x| x * found.determinant).collect();
        for (found, expected) in adjugate.iter().zip([4.0, -2.0, -2.0, 1.0]) {
            assert!((found - expected).abs() < 1e-14);
        }
        assert!(eliminate(&[0.0; 4], 2, true).inverse.is_none());
        let single = eliminate(&[0.0], 1, true);
        assert!((single.inverse.unwrap()[0] * single.determinant - 1.0).abs() < 1e-15);
        assert!(eliminate(&[f64::NAN, 1.0, 1.0, 1.0], 2, false).determinant.is_nan());
    }
}
