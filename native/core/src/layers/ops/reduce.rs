//! Reductions over dimensions: options `dims` (a list, negative ones from the back) and `keepdim` (false).

use super::op;
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Sum", |c| reduction(c, "Sum", |x, dims| x.sum_dims(dims))),
    ("Mean", |c| reduction(c, "Mean", |x, dims| x.mean_dims(dims))),
    // At ties the gradient goes to the first.
    ("Max", |c| reduction(c, "Max", |x, dims| dims.iter().try_fold(x, |x, &d| x.max_dim(d)))),
    ("Min", |c| reduction(c, "Min", |x, dims| dims.iter().try_fold(x.neg()?, |x, &d| x.max_dim(d))?.neg())),
    ("Var", variance),
    ("ArgMax", argmax),
];

/// The dimensions reduced, in order, each once.
fn dimensions(dims: &[i64], rank: usize) -> Result<Vec<usize>> {
    let mut found = dims.iter().map(|&d| dim_index("option 'dims'", d, rank)).collect::<Result<Vec<_>>>()?;
    found.sort_unstable();
    if found.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::argument(format!("option 'dims': {dims:?} names a dimension twice")));
    }
    Ok(found)
}

fn read_dims(config: &Config) -> Result<Vec<i64>> {
    let dims = config.ints_or_none("dims")?.ok_or_else(|| Error::argument("option 'dims' is missing"))?;
    if dims.is_empty() { Err(Error::argument("option 'dims': expected at least one dimension")) } else { Ok(dims) }
}

fn reduced(input: &Type, dims: &[i64], keep: bool, kind: Kind) -> Result<Type> {
    input.expect_kind(Kind::Float)?;
    let Some(shape) = &input.shape else { return Ok(Type::unknown(kind)) };
    let dims = dimensions(dims, shape.len())?;
    if let Some(empty) = dims.iter().find(|&&d| shape[d] == Some(0)) {
        return Err(Error::shape("input", format!("elements in dimension {empty}"), input));
    }
    let kept = shape.iter().enumerate().filter_map(|(d, &n)| match (dims.contains(&d), keep) {
        (false, _) => Some(n),
        (true, true) => Some(Some(1)),
        (true, false) => None,
    });
    Ok(Type::new(kept.collect(), kind))
}

/// Without the dimensions of size 1 that a reduction left.
fn squeeze(x: Value, dims: &[usize], keep: bool) -> Result<Value> {
    if keep {
        return Ok(x);
    }
    let shape = x.shape();
    let rest: Vec<usize> = (0..shape.len()).filter(|d| !dims.contains(d)).map(|d| shape[d]).collect();
    x.reshape(&rest)
}

fn reduction(config: &Config, name: &'static str, f: fn(Value, &[usize]) -> Result<Value>) -> Result<Box<dyn Layer>> {
    let (dims, keep) = (read_dims(config)?, config.flag("keepdim", false)?);
    let own = dims.clone();
    op(
        name,
        &[Kind::Float],
        move |x| reduced(&x[0], &own, keep, Kind::Float),
        move |x| {
            let dims = dimensions(&dims, x[0].rank())?;
            squeeze(f(x[0].clone(), &dims)?, &dims, keep)
        },
    )
}

/// torch.var: option `correction` (1) is what is subtracted from the number of elements.
fn variance(config: &Config) -> Result<Box<dyn Layer>> {
    let (dims, keep) = (read_dims(config)?, config.flag("keepdim", false)?);
    let correction = config.non_negative("correction", 1.0)?;
    let own = dims.clone();
    op(
        "Var",
        &[Kind::Float],
        move |x| reduced(&x[0], &own, keep, Kind::Float),
        move |x| {
            let dims = dimensions(&dims, x[0].rank())?;
            let count: usize = dims.iter().map(|&d| x[0].dim(d)).product();
            let centred = x[0].clone().sub(&x[0].clone().mean_dims(&dims)?)?;
            let sum = centred.clone().mul(&centred)?.sum_dims(&dims)?;
            squeeze(sum.mul_scalar(1.0 / (count as f64 - correction).max(0.0))?, &dims, keep)
        },
    )
}

/// torch.argmax along option `dim`: integers, through which no gradient flows.
fn argmax(config: &Config) -> Result<Box<dyn Layer>> {
    let dim = config.int_or_none("dim")?.ok_or_else(|| Error::argument("option 'dim' is missing"))?;
    let keep = config.flag("keepdim", false)?;
    op(
        "ArgMax",
        &[Kind::Float],
        move |x| reduced(&x[0], &[dim], keep, Kind::Int),
        move |x| {
            let d = dim_index("option 'dim'", dim, x[0].rank())?;
            squeeze(x[0].clone().argmax(d)?, &[d], keep)
        },
    )
}
