//! Elements and slices by integer position, and positions as elements.

use super::{check_indices, op, required_int as dim};
use crate::layers::{Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Comparison, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Gather", gather),
    ("IndexSelect", index_select),
    ("IndexAdd", index_add),
    ("ScatterAdd", scatter_add),
    ("OneHot", one_hot),
    ("RepeatInterleave", repeat_interleave),
    ("Diag", diag),
    ("Diagonal", diagonal),
    ("Trace", |_| op("Trace", &[Kind::Float], trace_type, trace)),
    ("Tril", |c| triangle(c, "Tril", false)),
    ("Triu", |c| triangle(c, "Triu", true)),
];

/// torch.gather along option `dim`: the second input holds indices; those out of range are an error on the CPU.
fn gather(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    let infer = move |x: &[Type]| {
        x[1].expect_kind(Kind::Int)?;
        if let Some(rank) = x[0].rank().or(x[1].rank()) {
            dim_index("option 'dim'", at, rank)?;
        }
        if let (Some(a), Some(b)) = (x[0].rank(), x[1].rank())
            && a != b
        {
            return Err(Error::shape("indices", format!("rank {a}"), &x[1]));
        }
        Ok(Type { shape: x[1].shape.clone(), last: x[1].last, kind: x[0].kind })
    };
    op("Gather", &[Kind::Float, Kind::Int], infer, move |x| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        check_indices(&x[1], x[0].dim(d))?;
        x[0].clone().gather(d, &x[1])
    })
}

/// The list of indices [k] that a second input is, and its length.
fn list(input: &Type) -> Result<Dim> {
    input.expect_kind(Kind::Int)?;
    match input.shape.as_deref() {
        None => Ok(None),
        Some(&[n]) => Ok(n),
        Some(_) => Err(Error::shape("indices", "a list [k]", input)),
    }
}

/// torch.index_select: the slices of option `dim` that the second input, a list, names. Indices out of range are an error on
/// the CPU.
fn index_select(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    let infer = move |x: &[Type]| {
        let count = list(&x[1])?;
        let Some(mut shape) = x[0].shape.clone() else { return Ok(Type::unknown(x[0].kind)) };
        let d = dim_index("option 'dim'", at, shape.len())?;
        shape[d] = count;
        Ok(Type::new(shape, x[0].kind))
    };
    op("IndexSelect", &[Kind::Float, Kind::Int], infer, move |x| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        check_indices(&x[1], x[0].dim(d))?;
        x[0].clone().select(d, &x[1])
    })
}

/// torch.index_add: adds the slices of the third input to those of option `dim` that the second input, a list, names.
fn index_add(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    let infer = move |x: &[Type]| {
        let count = list(&x[1])?;
        x[2].expect_kind(x[0].kind)?;
        if let Some(shape) = &x[0].shape {
            let mut expected = shape.clone();
            expected[dim_index("option 'dim'", at, shape.len())?] = count;
            let expected = Type::new(expected, x[0].kind);
            x[2].merge(&expected).map_err(|_| Error::shape("third input", &expected, &x[2]))?;
        }
        Ok(x[0].clone())
    };
    op("IndexAdd", &[Kind::Float, Kind::Int, Kind::Float], infer, move |x| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        check_indices(&x[1], x[0].dim(d))?;
        x[0].clone().add_along(d, &x[1], &x[2])
    })
}

/// torch.scatter_add: adds every element of the third input where the second, of the same shape, says along option `dim`.
fn scatter_add(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    let infer = move |x: &[Type]| {
        x[1].expect_kind(Kind::Int)?;
        x[2].expect_kind(x[0].kind)?;
        let alike = Type { kind: x[2].kind, ..x[1].clone() };
        x[2].merge(&alike)
            .map_err(|_| Error::shape("third input", format!("the shape of the indices, {}", x[1]), &x[2]))?;
        if let (Some(own), Some(places)) = (&x[0].shape, &x[1].shape) {
            let d = dim_index("option 'dim'", at, own.len())?;
            let larger = |i: usize| i != d && matches!((own[i], places[i]), (Some(n), Some(m)) if m > n);
            if own.len() != places.len() || (0..own.len()).any(larger) {
                return Err(Error::shape("indices", format!("a shape within {}, dimension {at} aside", x[0]), &x[1]));
            }
        }
        Ok(x[0].clone())
    };
    op("ScatterAdd", &[Kind::Float, Kind::Int, Kind::Float], infer, move |x| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        check_indices(&x[1], x[0].dim(d))?;
        x[0].clone().scatter_add(d, &x[1], &x[2])
    })
}

/// torch.nn.functional.one_hot: integers [..] to [.., n], 1 at the integer and 0 elsewhere; option `num_classes` is n.
fn one_hot(config: &Config) -> Result<Box<dyn Layer>> {
    let classes = config.size("num_classes")?;
    let infer = move |x: &[Type]| {
        x[0].expect_kind(Kind::Int)?;
        let Some(mut shape) = x[0].shape.clone() else { return Ok(Type::unknown(Kind::Int)) };
        shape.push(Some(classes));
        Ok(Type::new(shape, Kind::Int))
    };
    op("OneHot", &[Kind::Int], infer, move |x| {
        check_indices(&x[0], classes)?;
        let mut shape = x[0].shape();
        shape.push(1);
        let all = x[0].ints_like((0..classes as i32).collect());
        Ok(x[0].clone().reshape(&shape)?.compare(&all, Comparison::Equal)?.to_int())
    })
}

/// torch.repeat_interleave: every slice of option `dim` option `repeats` times, one after the other.
fn repeat_interleave(config: &Config) -> Result<Box<dyn Layer>> {
    let (at, repeats) = (dim(config, "dim")?, config.size("repeats")?);
    let infer = move |x: &[Type]| {
        let Some(mut shape) = x[0].shape.clone() else { return Ok(Type::unknown(x[0].kind)) };
        let d = dim_index("option 'dim'", at, shape.len())?;
        shape[d] = shape[d].map(|n| n * repeats);
        Ok(Type::new(shape, x[0].kind))
    };
    op("RepeatInterleave", &[Kind::Float], infer, move |x| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        let places = (0..x[0].dim(d) * repeats).map(|i| (i / repeats) as i32).collect();
        x[0].clone().select(d, &x[0].ints_like(places))
    })
}

/// How long the diagonal of a matrix is.
fn diagonal_length(rows: Dim, columns: Dim, offset: i64) -> Dim {
    let less = |n: usize, by: i64| n.saturating_sub(by.max(0) as usize);
    rows.zip(columns).map(|(n, m)| less(n, -offset).min(less(m, offset)))
}

fn diagonal_type(input: &Type, offset: i64) -> Result<Type> {
    match input.shape.as_deref() {
        None => Ok(Type::unknown(input.kind)),
        Some([head @ .., n, m]) => {
            let shape = head.iter().copied().chain([diagonal_length(*n, *m, offset)]);
            Ok(Type::new(shape.collect(), input.kind))
        }
        Some(_) => Err(Error::shape("input", "matrices [.., n, m]", input)),
    }
}

/// torch.diagonal of the last two dimensions: option `offset` (0) counts to the right.
fn diagonal(config: &Config) -> Result<Box<dyn Layer>> {
    let offset = config.int("offset", 0)?;
    let infer = move |x: &[Type]| diagonal_type(&x[0], offset);
    op("Diagonal", &[Kind::Float], infer, move |x| x[0].clone().diagonal(offset))
}

/// torch.diag: the diagonal of a matrix, or the matrix that has a vector as its diagonal and zeros elsewhere. Option
/// `diagonal` (0) counts to the right.
fn diag(config: &Config) -> Result<Box<dyn Layer>> {
    let offset = config.int("diagonal", 0)?;
    let infer = move |x: &[Type]| match x[0].with_rank(&[1, 2], "a vector [n] or a matrix [n, m]")? {
        None => Ok(Type::unknown(x[0].kind)),
        Some(&[n]) => Ok(Type::new(vec![n.map(|n| n + offset.unsigned_abs() as usize); 2], x[0].kind)),
        Some(_) => diagonal_type(&x[0], offset),
    };
    op("Diag", &[Kind::Float], infer, move |x| {
        if x[0].rank() == 2 {
            return x[0].clone().diagonal(offset);
        }
        let (n, shift) = (x[0].dim(0), offset.unsigned_abs() as usize);
        let size = n + shift;
        if n == 0 {
            return x[0].filled_like(&[size, size], 0.0);
        }
        // Every place of the matrix reads its row's (or column's) element, and those beside the diagonal forget it.
        let source = |i: usize| (if offset >= 0 { i / size } else { i % size }).min(n - 1) as i32;
        let rows = x[0].clone().select(0, &x[0].ints_like((0..size * size).map(source).collect()))?;
        let beside = (0..size * size).map(|i| i32::from((i % size) as i64 - (i / size) as i64 != offset)).collect();
        rows.fill(&x[0].ints_like(beside), 0.0)?.reshape(&[size, size])
    })
}

/// torch.trace of matrices [.., n, m]: the sum of the diagonal, [..].
fn trace_type(x: &[Type]) -> Result<Type> {
    let mut found = diagonal_type(&x[0], 0)?;
    if x[0].kind == Kind::Bool {
        return Err(Error::dtype("input", "numbers", Kind::Bool));
    }
    if let Some(shape) = found.shape.as_mut() {
        shape.pop();
        found.last = shape.last().copied().flatten();
    }
    Ok(found)
}

fn trace(x: &[Value]) -> Result<Value> {
    let diagonal = x[0].clone().diagonal(0)?;
    let mut shape = diagonal.shape();
    let dim = shape.len() - 1;
    shape.pop();
    match diagonal.kind() {
        _ if diagonal.is_empty() => diagonal.filled_like(&shape, 0.0),
        Kind::Float => diagonal.sum_dims(&[dim])?.reshape(&shape),
        _ => diagonal.sum_ints(&[dim]).reshape(&shape),
    }
}

/// torch.tril, torch.triu of matrices [.., n, m]: zeros above, or below, the diagonal that option `diagonal` (0) shifts to
/// the right.
fn triangle(config: &Config, name: &'static str, upper: bool) -> Result<Box<dyn Layer>> {
    let offset = config.int("diagonal", 0)?;
    let infer = |x: &[Type]| match x[0].rank() {
        Some(0 | 1) => Err(Error::shape("input", "matrices [.., n, m]", &x[0])),
        _ => Ok(x[0].clone()),
    };
    op(name, &[Kind::Float], infer, move |x| {
        let shape = x[0].shape();
        let [.., n, m] = shape[..] else { return Err(Error::internal("a triangle of a vector")) };
        if x[0].is_empty() {
            return Ok(x[0].clone());
        }
        let above = x[0].above_diagonal(n, m, if upper { offset } else { offset + 1 })?;
        let cut = if upper { above.not()? } else { above };
        let mut lifted = vec![1; shape.len() - 2];
        lifted.extend([n, m]);
        x[0].clone().fill(&cut.reshape(&lifted)?, 0.0)
    })
}
