//! Operations that rearrange. They take values of every kind.

use super::{Op, check_indices, op};
use crate::layers::{Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Reshape", reshape),
    ("Permute", permute),
    ("Transpose", transpose),
    ("Squeeze", squeeze),
    ("Unsqueeze", unsqueeze),
    ("Expand", expand),
    ("Slice", slice),
    ("Select", select),
    ("Split", split),
    ("Concat", |c| join(c, false)),
    ("Stack", |c| join(c, true)),
    ("Gather", gather),
];

const ANY: &[Kind] = &[Kind::Float];

fn missing(key: &str) -> Error {
    Error::argument(format!("option '{key}' is missing"))
}

fn dim(config: &Config, key: &str) -> Result<i64> {
    config.int_or_none(key)?.ok_or_else(|| missing(key))
}

/// An operation that is decided by the input's dimensions: none are known, or `f` says what they become.
fn shaped(
    name: &'static str,
    shape: impl Fn(&Type, &[Dim]) -> Result<Vec<Dim>> + Send + Sync + 'static,
    run: impl Fn(&[Value]) -> Result<Value> + Send + Sync + 'static,
) -> Result<Box<dyn Layer>> {
    let infer = move |x: &[Type]| match &x[0].shape {
        None => Ok(Type::unknown(x[0].kind)),
        Some(dims) => Ok(Type::new(shape(&x[0], dims)?, x[0].kind)),
    };
    op(name, ANY, infer, run)
}

/// torch.reshape: option `shape`, in which one size may be -1, which is what remains, and 0 takes the input's own size at
/// that position (ONNX' rule, so that a batch of any size passes).
fn reshape(config: &Config) -> Result<Box<dyn Layer>> {
    let wanted = config.ints_or_none("shape")?.ok_or_else(|| missing("shape"))?;
    if wanted.iter().any(|&n| n < -1) || wanted.iter().filter(|&&n| n == -1).count() > 1 {
        return Err(Error::argument(format!(
            "option 'shape': expected sizes of at least 1, 0 for the input's own, -1 at most once, found {wanted:?}"
        )));
    }
    let own = wanted.clone();
    shaped(
        "Reshape",
        move |input, dims| reshaped(&own, input, dims),
        move |x| {
            let known = Type::known(&x[0].shape(), x[0].kind());
            let shape = reshaped(&wanted, &known, known.shape.as_deref().unwrap_or_default())?;
            x[0].clone().reshape(&shape.into_iter().flatten().collect::<Vec<_>>())
        },
    )
}

fn reshaped(wanted: &[i64], input: &Type, dims: &[Dim]) -> Result<Vec<Dim>> {
    let mut rest: Vec<Dim> = dims.to_vec();
    let mut output = Vec::with_capacity(wanted.len());
    for (position, &n) in wanted.iter().enumerate() {
        output.push(match n {
            0 => {
                let kept = *dims.get(position).ok_or_else(|| {
                    Error::shape("input", format!("a dimension {position}, which option 'shape' keeps"), input)
                })?;
                // A size that stays cancels out, even when it is not known.
                rest[position] = Some(1);
                kept
            }
            -1 => None,
            n => Some(n as usize),
        });
    }
    let fixed: usize = wanted.iter().filter(|&&n| n > 0).map(|&n| n as usize).product();
    let Some(count) = Type::product(&rest) else { return Ok(output) };
    let clash = || Error::shape("input", format!("elements for the shape {wanted:?}"), input);
    match wanted.iter().position(|&n| n == -1) {
        Some(open) if count.is_multiple_of(fixed) => output[open] = Some(count / fixed),
        None if count == fixed => {}
        _ => return Err(clash()),
    }
    Ok(output)
}

/// torch.permute: option `dims`.
fn permute(config: &Config) -> Result<Box<dyn Layer>> {
    let dims = config.ints_or_none("dims")?.ok_or_else(|| missing("dims"))?;
    let order = move |rank: usize| -> Result<Vec<usize>> {
        let found = dims.iter().map(|&d| dim_index("option 'dims'", d, rank)).collect::<Result<Vec<_>>>()?;
        let mut sorted = found.clone();
        sorted.sort_unstable();
        if sorted != (0..rank).collect::<Vec<_>>() {
            return Err(Error::argument(format!("option 'dims': {dims:?} is not an order of {rank} dimensions")));
        }
        Ok(found)
    };
    let own = order.clone();
    shaped(
        "Permute",
        move |_, dims| Ok(own(dims.len())?.into_iter().map(|d| dims[d]).collect()),
        move |x| x[0].clone().permute(&order(x[0].rank())?),
    )
}

/// torch.transpose: options `dim0`, `dim1`.
fn transpose(config: &Config) -> Result<Box<dyn Layer>> {
    let (a, b) = (dim(config, "dim0")?, dim(config, "dim1")?);
    let pair = move |rank| Ok::<_, Error>((dim_index("option 'dim0'", a, rank)?, dim_index("option 'dim1'", b, rank)?));
    shaped(
        "Transpose",
        move |_, dims| {
            let (a, b) = pair(dims.len())?;
            let mut swapped = dims.to_vec();
            swapped.swap(a, b);
            Ok(swapped)
        },
        move |x| {
            let (a, b) = pair(x[0].rank())?;
            x[0].clone().swap_dims(a, b)
        },
    )
}

/// torch.squeeze of option `dim`, which must have size 1.
fn squeeze(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    let squeezed = move |input: &Type, dims: &[Dim]| {
        let d = dim_index("option 'dim'", at, dims.len())?;
        if dims[d].is_some_and(|n| n != 1) {
            return Err(Error::shape("input", format!("size 1 in dimension {at}"), input));
        }
        let mut rest = dims.to_vec();
        rest.remove(d);
        Ok(rest)
    };
    shaped("Squeeze", squeezed, move |x| {
        let mut shape = x[0].shape();
        shape.remove(dim_index("option 'dim'", at, shape.len())?);
        x[0].clone().reshape(&shape)
    })
}

/// torch.unsqueeze: a new dimension of size 1 at option `dim`.
fn unsqueeze(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    shaped(
        "Unsqueeze",
        move |_, dims| {
            let mut shape = dims.to_vec();
            shape.insert(dim_index("option 'dim'", at, dims.len() + 1)?, Some(1));
            Ok(shape)
        },
        move |x| {
            let mut shape = x[0].shape();
            shape.insert(dim_index("option 'dim'", at, shape.len() + 1)?, 1);
            x[0].clone().reshape(&shape)
        },
    )
}

/// torch.expand: option `shape`, -1 keeps a size; new dimensions may come in front.
fn expand(config: &Config) -> Result<Box<dyn Layer>> {
    let wanted = config.ints_or_none("shape")?.ok_or_else(|| missing("shape"))?;
    if wanted.iter().any(|&n| n == 0 || n < -1) {
        return Err(Error::argument(format!("option 'shape': expected sizes of at least 1, or -1, found {wanted:?}")));
    }
    let expanded = move |input: &Type, dims: &[Dim]| {
        let clash = || Error::shape("input", format!("a shape that expands to {wanted:?}"), input);
        let new = wanted.len().checked_sub(dims.len()).ok_or_else(clash)?;
        let size = |(i, &n): (usize, &i64)| match (i.checked_sub(new).map(|d| dims[d]), n) {
            (None, -1) => Err(clash()),
            (Some(own), -1) => Ok(own),
            (Some(Some(own)), n) if own != 1 && own as i64 != n => Err(clash()),
            (_, n) => Ok(Some(n as usize)),
        };
        wanted.iter().enumerate().map(size).collect::<Result<Vec<Dim>>>()
    };
    let own = expanded.clone();
    shaped("Expand", own, move |x| {
        let known = Type::known(&x[0].shape(), x[0].kind());
        let shape = expanded(&known, known.shape.as_deref().unwrap_or_default())?;
        x[0].clone().expand_to(&shape.into_iter().flatten().collect::<Vec<_>>())
    })
}

/// Python's x[start:end] along option `dim`: negative positions count from the end, positions outside are cut; `end` may
/// be missing.
fn slice(config: &Config) -> Result<Box<dyn Layer>> {
    let (at, start, end) = (dim(config, "dim")?, config.int("start", 0)?, config.int_or_none("end")?);
    let range = move |n: usize| {
        let position = |p: i64| (if p < 0 { p + n as i64 } else { p }).clamp(0, n as i64) as usize;
        let (from, to) = (position(start), end.map_or(n, position));
        from..to.max(from)
    };
    shaped(
        "Slice",
        move |_, dims| {
            let d = dim_index("option 'dim'", at, dims.len())?;
            let mut shape = dims.to_vec();
            shape[d] = dims[d].map(|n| range(n).len());
            Ok(shape)
        },
        move |x| {
            let d = dim_index("option 'dim'", at, x[0].rank())?;
            let range = range(x[0].dim(d));
            x[0].clone().narrow(d, range.start, range.end)
        },
    )
}

/// torch.select: one index of a dimension, which disappears.
fn select(config: &Config) -> Result<Box<dyn Layer>> {
    let (at, index) = (dim(config, "dim")?, dim(config, "index")?);
    let place = move |n: usize| {
        let found = if index < 0 { index + n as i64 } else { index };
        usize::try_from(found)
            .ok()
            .filter(|&i| i < n)
            .ok_or_else(|| Error::shape("input", format!("an index {index} in dimension {at}"), format!("size {n}")))
    };
    shaped(
        "Select",
        move |_, dims| {
            let d = dim_index("option 'dim'", at, dims.len())?;
            dims[d].map_or(Ok(0), place)?;
            let mut shape = dims.to_vec();
            shape.remove(d);
            Ok(shape)
        },
        move |x| {
            let mut shape = x[0].shape();
            let d = dim_index("option 'dim'", at, shape.len())?;
            let i = place(shape.remove(d))?;
            x[0].clone().narrow(d, i, i + 1)?.reshape(&shape)
        },
    )
}

/// torch.split along option `dim` into option `sizes`: one output each.
fn split(config: &Config) -> Result<Box<dyn Layer>> {
    let at = dim(config, "dim")?;
    let given = config.ints_or_none("sizes")?.ok_or_else(|| missing("sizes"))?;
    let sizes: Option<Vec<usize>> = given.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect();
    let sizes = sizes
        .filter(|s| !s.is_empty())
        .ok_or_else(|| Error::argument(format!("option 'sizes': expected sizes of at least 1, found {given:?}")))?;
    let own = sizes.clone();
    let infer = move |x: &[Type]| {
        let Some(dims) = &x[0].shape else { return Ok(vec![Type::unknown(x[0].kind); own.len()]) };
        let d = dim_index("option 'dim'", at, dims.len())?;
        let total: usize = own.iter().sum();
        if dims[d].is_some_and(|n| n != total) {
            return Err(Error::shape("input", format!("size {total} in dimension {at}"), &x[0]));
        }
        let part = |&n: &usize| {
            let mut shape = dims.clone();
            shape[d] = Some(n);
            Type::new(shape, x[0].kind)
        };
        Ok(own.iter().map(part).collect())
    };
    let outputs = sizes.len();
    let run = move |x: &[Value]| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        let mut start = 0;
        let part = |&n: &usize| {
            start += n;
            x[0].clone().narrow(d, start - n, start)
        };
        sizes.iter().map(part).collect::<Result<Vec<_>>>()
    };
    Ok(Box::new(Op { name: "Split", inputs: ANY.to_vec(), outputs, infer: Box::new(infer), run: Box::new(run) }))
}

/// torch.cat along option `dim`, or torch.stack along a new one, of option `inputs` values.
fn join(config: &Config, new: bool) -> Result<Box<dyn Layer>> {
    let (name, at, count) = (if new { "Stack" } else { "Concat" }, dim(config, "dim")?, config.size("inputs")?);
    let infer = move |x: &[Type]| {
        let first = &x[0];
        let mut merged = first.clone();
        let mut total: Option<usize> = Some(0);
        let Some(rank) = x.iter().find_map(Type::rank) else { return Ok(Type::unknown(first.kind)) };
        let d = dim_index("option 'dim'", at, rank + usize::from(new))?;
        for (i, input) in x.iter().enumerate() {
            let mut alike = input.clone();
            if let (false, Some(shape)) = (new, alike.shape.as_mut()) {
                let own = shape
                    .get_mut(d)
                    .ok_or_else(|| Error::shape(format!("input {i}"), format!("rank {rank}"), input))?;
                total = total.zip(own.take()).map(|(a, b)| a + b);
            } else if !new {
                total = None;
            }
            alike.last = None;
            if i == 0 {
                merged = alike;
            } else {
                merged = merged
                    .merge(&alike)
                    .map_err(|_| Error::shape(format!("input {i}"), format!("a shape that fits {first}"), input))?;
            }
        }
        let Some(mut shape) = merged.shape else { return Ok(Type::unknown(first.kind)) };
        if new {
            shape.insert(d, Some(count));
        } else {
            shape[d] = total;
        }
        Ok(Type::new(shape, first.kind))
    };
    let run = move |x: &[Value]| {
        let d = dim_index("option 'dim'", at, x[0].rank() + usize::from(new))?;
        if !new {
            return Value::concat(x.to_vec(), d);
        }
        let lift = |v: &Value| {
            let mut shape = v.shape();
            shape.insert(d, 1);
            v.clone().reshape(&shape)
        };
        Value::concat(x.iter().map(lift).collect::<Result<_>>()?, d)
    };
    op(name, &vec![Kind::Float; count], infer, run)
}

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
