//! Linear algebra: products, inverses, determinants, distances.

use super::{broadcast, extended, float, op};
use crate::layers::{Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

const FLOATS: &[Kind] = &[Kind::Float, Kind::Float];

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("MatMul", |_| op("MatMul", FLOATS, matmul, multiply)),
    ("Outer", |_| op("Outer", FLOATS, outer, |x| x[0].clone().reshape(&[x[0].len(), 1])?.mul(&x[1]))),
    ("Inverse", |_| op("Inverse", &[Kind::Float], |x| square(&x[0]).map(|_| x[0].clone()), |x| x[0].clone().inverse())),
    ("Det", |_| op("Det", &[Kind::Float], |x| square(&x[0]), |x| x[0].clone().determinant())),
    ("CDist", cdist),
];

/// torch.matmul: [.., n, k] x [.., k, m] -> [.., n, m], leading dimensions broadcast; a vector on the left is a row, on the
/// right a column, and that dimension goes.
fn matmul(x: &[Type]) -> Result<Type> {
    let (a, b) = (float(&x[0])?, float(&x[1])?);
    let (Some(p), Some(q)) = (&a.shape, &b.shape) else { return Ok(Type::unknown(Kind::Float)) };
    let clash = || Error::shape("second input", format!("a matrix that {a} can be multiplied with"), b);
    if p.is_empty() || q.is_empty() {
        return Err(clash());
    }
    let (rows, columns) = (p.len() > 1, q.len() > 1);
    let (p, q) = (as_matrix(p, true, Some(1)), as_matrix(q, false, Some(1)));
    let ([head @ .., n, k], [tail @ .., l, m]) = (&p[..], &q[..]) else { return Err(clash()) };
    if matches!((k, l), (Some(k), Some(l)) if k != l) {
        return Err(clash());
    }
    let mut shape = broadcast(&Type::float(head.to_vec()), &Type::float(tail.to_vec()))?.shape.unwrap_or_default();
    shape.extend(rows.then_some(*n));
    shape.extend(columns.then_some(*m));
    Ok(Type::float(shape))
}

/// A vector as a row or as a column.
fn as_matrix<T: Copy>(shape: &[T], row: bool, one: T) -> Vec<T> {
    match *shape {
        [n] if row => vec![one, n],
        [n] => vec![n, one],
        _ => shape.to_vec(),
    }
}

fn multiply(x: &[Value]) -> Result<Value> {
    let (a, b) = (x[0].shape(), x[1].shape());
    let product = x[0].clone().reshape(&as_matrix(&a, true, 1))?;
    let product = product.matmul(&x[1].clone().reshape(&as_matrix(&b, false, 1))?)?;
    if a.len() > 1 && b.len() > 1 {
        return Ok(product);
    }
    let mut shape = product.shape();
    if b.len() == 1 {
        shape.remove(shape.len() - 1);
    }
    if a.len() == 1 {
        shape.remove(shape.len() - if b.len() == 1 { 1 } else { 2 });
    }
    product.reshape(&shape)
}

/// torch.outer of two vectors [n], [m]: [n, m].
fn outer(x: &[Type]) -> Result<Type> {
    let mut shape = Vec::new();
    for input in x {
        match float(input)?.with_rank(&[1], "a vector [n]")? {
            Some(dims) => shape.push(dims[0]),
            None => shape.push(None),
        }
    }
    Ok(Type::float(shape))
}

/// The type of a number for each square matrix [.., n, n].
fn square(input: &Type) -> Result<Type> {
    float(input)?;
    match input.shape.as_deref() {
        None => Ok(Type::unknown(Kind::Float)),
        Some([head @ .., n, m]) if n.is_none() || m.is_none() || n == m => Ok(Type::float(head.to_vec())),
        Some(_) => Err(Error::shape("input", "square matrices [.., n, n]", input)),
    }
}

/// torch.cdist: distances of every row of [.., n, d] from every row of [.., m, d] as [.., n, m], by the norm of option `p`
/// (2), which may be infinite. Where a distance is 0, so is its gradient.
fn cdist(config: &Config) -> Result<Box<dyn Layer>> {
    let p = extended(config, "p")?.unwrap_or(2.0);
    if p.is_nan() || p < 0.0 {
        return Err(Error::argument(format!("option 'p': expected a number of at least 0, found {p}")));
    }
    let infer = |x: &[Type]| {
        let (a, b) = (float(&x[0])?, float(&x[1])?);
        let (Some(s), Some(t)) = (&a.shape, &b.shape) else { return Ok(Type::unknown(Kind::Float)) };
        let ([head @ .., n, d], [tail @ .., m, e]) = (&s[..], &t[..]) else {
            let poor = if s.len() < 2 { a } else { b };
            return Err(Error::shape("input", "rows [.., n, d]", poor));
        };
        if matches!((d, e), (Some(d), Some(e)) if d != e) {
            return Err(Error::shape("second input", format!("rows as long as those of {a}"), b));
        }
        let heads = broadcast(&Type::float(head.to_vec()), &Type::float(tail.to_vec()))?;
        let mut shape: Vec<Dim> = heads.shape.unwrap_or_default();
        shape.extend([*n, *m]);
        Ok(Type::float(shape))
    };
    op("CDist", FLOATS, infer, move |x| {
        let insert = |v: &Value, back: usize| {
            let mut shape = v.shape();
            shape.insert(shape.len() - back, 1);
            v.clone().reshape(&shape)
        };
        let difference = insert(&x[0], 1)?.sub(&insert(&x[1], 2)?)?;
        let last = difference.rank() - 1;
        let mut shape = difference.shape();
        shape.pop();
        if difference.is_empty() {
            return difference.filled_like(&shape, 0.0);
        }
        difference.norm(p, &[last])?.reshape(&shape)
    })
}
