//! Running sums and products, and the order of elements, along a dimension.

use super::{Op, op, required_int};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("CumSum", |c| running(c, "CumSum", Value::cumsum)),
    ("CumProd", |c| running(c, "CumProd", Value::cumprod)),
    ("Sort", |c| sort(c, "Sort", None)),
    ("TopK", |c| {
        let k = config_count(c)?;
        sort(c, "TopK", Some(k))
    }),
    ("ArgSort", argsort),
];

fn config_count(config: &Config) -> Result<usize> {
    let k = required_int(config, "k")?;
    usize::try_from(k).map_err(|_| Error::argument(format!("option 'k': expected at least 0, found {k}")))
}

/// torch.cumsum, torch.cumprod along option `dim`. Bools become integers.
fn running(config: &Config, name: &'static str, f: fn(Value, usize) -> Result<Value>) -> Result<Box<dyn Layer>> {
    let dim = required_int(config, "dim")?;
    let infer = move |x: &[Type]| {
        if let Some(rank) = x[0].rank() {
            dim_index("option 'dim'", dim, rank)?;
        }
        Ok(Type { kind: if x[0].kind == Kind::Bool { Kind::Int } else { x[0].kind }, ..x[0].clone() })
    };
    op(name, &[Kind::Float], infer, move |x| {
        let value = if x[0].kind() == Kind::Bool { x[0].clone().to_int() } else { x[0].clone() };
        f(value, dim_index("option 'dim'", dim, x[0].rank())?)
    })
}

/// The type after sorting: `count` elements of a dimension, or all.
fn sorted(input: &Type, dim: i64, count: Option<usize>) -> Result<Type> {
    let Some(mut shape) = input.shape.clone() else { return Ok(Type::unknown(input.kind)) };
    let d = dim_index("option 'dim'", dim, shape.len())?;
    if let Some(k) = count {
        if shape[d].is_some_and(|n| n < k) {
            return Err(Error::shape("input", format!("at least {k} elements in dimension {dim}"), input));
        }
        shape[d] = Some(k);
    }
    Ok(Type::new(shape, input.kind))
}

/// torch.sort (options `dim` (-1), `descending` (false)) and torch.topk (options `k`, `dim` (-1), `largest` (true)): the
/// elements in order and, as integers, where they were. Equal ones keep their order; NaN is above everything.
fn sort(config: &Config, name: &'static str, count: Option<usize>) -> Result<Box<dyn Layer>> {
    let dim = config.int("dim", -1)?;
    let descending = if count.is_some() { config.flag("largest", true)? } else { config.flag("descending", false)? };
    let infer = move |x: &[Type]| {
        let values = sorted(&x[0], dim, count)?;
        let indices = Type { kind: Kind::Int, ..values.clone() };
        Ok(vec![values, indices])
    };
    let run = move |x: &[Value]| {
        let d = dim_index("option 'dim'", dim, x[0].rank())?;
        let indices = x[0].argsort(d, descending, count.unwrap_or(x[0].dim(d)))?;
        if indices.is_empty() {
            return Ok(vec![x[0].clone().narrow(d, 0, indices.dim(d))?, indices]);
        }
        Ok(vec![x[0].clone().gather(d, &indices)?, indices])
    };
    Ok(Box::new(Op { name, inputs: vec![Kind::Float], outputs: 2, infer: Box::new(infer), run: Box::new(run) }))
}

/// torch.argsort: options as those of Sort.
fn argsort(config: &Config) -> Result<Box<dyn Layer>> {
    let (dim, descending) = (config.int("dim", -1)?, config.flag("descending", false)?);
    op(
        "ArgSort",
        &[Kind::Float],
        move |x| Ok(Type { kind: Kind::Int, ..sorted(&x[0], dim, None)? }),
        move |x| {
            let d = dim_index("option 'dim'", dim, x[0].rank())?;
            x[0].argsort(d, descending, x[0].dim(d))
        },
    )
}
