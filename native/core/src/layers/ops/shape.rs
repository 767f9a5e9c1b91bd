//! Operations that give the elements another shape or order. They take values of every kind.

use super::{missing, required_int as dim, shaped};
use crate::layers::{Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::{dim_index, padded_size};
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Reshape", reshape),
    ("Permute", permute),
    ("Transpose", transpose),
    ("Squeeze", squeeze),
    ("Unsqueeze", unsqueeze),
    ("Expand", expand),
    ("Flip", flip),
    ("Roll", roll),
    ("Repeat", repeat),
    ("Pad", pad),
];

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

/// torch.flip: the order of elements along option `dims` turned round.
fn flip(config: &Config) -> Result<Box<dyn Layer>> {
    let dims = config.ints_or_none("dims")?.ok_or_else(|| missing("dims"))?;
    let places = move |rank: usize| -> Result<Vec<usize>> {
        let mut found = dims.iter().map(|&d| dim_index("option 'dims'", d, rank)).collect::<Result<Vec<_>>>()?;
        found.sort_unstable();
        if found.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::argument(format!("option 'dims': {dims:?} names a dimension twice")));
        }
        Ok(found)
    };
    let own = places.clone();
    shaped(
        "Flip",
        move |_, dims| own(dims.len()).map(|_| dims.to_vec()),
        move |x| x[0].clone().flip(&places(x[0].rank())?),
    )
}

/// torch.roll: elements move by option `shifts` along option `dims` and come in again at the other end; without `dims` by one
/// shift through all elements.
fn roll(config: &Config) -> Result<Box<dyn Layer>> {
    let shifts = config.ints_or_none("shifts")?.ok_or_else(|| missing("shifts"))?;
    let dims = config.ints_or_none("dims")?;
    if shifts.len() != dims.as_ref().map_or(1, Vec::len) {
        let wanted = dims.as_ref().map_or(1, Vec::len);
        return Err(Error::argument(format!("option 'shifts': expected {wanted} numbers, found {shifts:?}")));
    }
    let own = dims.clone();
    let check = move |_: &Type, shape: &[Dim]| {
        for &d in own.iter().flatten() {
            dim_index("option 'dims'", d, shape.len())?;
        }
        Ok(shape.to_vec())
    };
    let rolled = |x: Value, d: usize, shift: i64| {
        let n = x.dim(d);
        if n < 2 || shift.rem_euclid(n as i64) == 0 {
            return Ok(x);
        }
        let cut = n - shift.rem_euclid(n as i64) as usize;
        Value::concat(vec![x.clone().narrow(d, cut, n)?, x.narrow(d, 0, cut)?], d)
    };
    shaped("Roll", check, move |x| match &dims {
        None => rolled(x[0].clone().reshape(&[x[0].len()])?, 0, shifts[0])?.reshape(&x[0].shape()),
        Some(dims) => dims.iter().zip(&shifts).try_fold(x[0].clone(), |value, (&d, &shift)| {
            let d = dim_index("option 'dims'", d, value.rank())?;
            rolled(value, d, shift)
        }),
    })
}

/// torch.Tensor.repeat: option `repeats` says how often the whole is repeated along each dimension; new ones come in front.
fn repeat(config: &Config) -> Result<Box<dyn Layer>> {
    let given = config.ints_or_none("repeats")?.ok_or_else(|| missing("repeats"))?;
    let times: Option<Vec<usize>> = given.iter().map(|&n| usize::try_from(n).ok()).collect();
    let times = times
        .ok_or_else(|| Error::argument(format!("option 'repeats': expected numbers of at least 0, found {given:?}")))?;
    let own = times.clone();
    let repeated = move |input: &Type, dims: &[Dim]| {
        let new = own.len().checked_sub(dims.len()).ok_or_else(|| {
            Error::shape("input", format!("at most {} dimensions, as 'repeats' has", own.len()), input)
        })?;
        let size = |i: usize| i.checked_sub(new).map_or(Some(1), |d| dims[d]);
        let sizes = own.iter().enumerate().map(|(i, &n)| match size(i) {
            None => Ok(None),
            Some(size) => size.checked_mul(n).map(Some).ok_or_else(|| Error::argument("option 'repeats': too many")),
        });
        sizes.collect::<Result<Vec<Dim>>>()
    };
    shaped("Repeat", repeated, move |x| {
        let mut shape = vec![1; times.len() - x[0].rank()];
        shape.extend(x[0].shape());
        let lifted = x[0].clone().reshape(&shape)?;
        times.iter().enumerate().try_fold(lifted, |value, (d, &n)| value.repeat(d, n))
    })
}

/// torch.nn.functional.pad with a number: option `padding` has two sizes, before and after, for the last dimension, then for
/// the one before it and so on; negative ones take elements away. Option `value` (0).
fn pad(config: &Config) -> Result<Box<dyn Layer>> {
    let padding = config.ints_or_none("padding")?.ok_or_else(|| missing("padding"))?;
    let value = config.float("value", 0.0)?;
    if !padding.len().is_multiple_of(2) {
        return Err(Error::argument(format!("option 'padding': expected pairs, found {padding:?}")));
    }
    let pairs: Vec<(i64, i64)> = padding.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let own = pairs.clone();
    let padded = move |input: &Type, dims: &[Dim]| {
        if own.len() > dims.len() {
            return Err(Error::shape("input", format!("at least {} dimensions", own.len()), input));
        }
        if input.kind != Kind::Float && value.fract() != 0.0 {
            return Err(Error::argument(format!("option 'value': integers take a whole number, found {value}")));
        }
        let mut shape = dims.to_vec();
        for (d, &(before, after)) in (0..dims.len()).rev().zip(&own) {
            if let Some(n) = shape[d] {
                shape[d] = Some(padded_size(n, before, after)?);
            }
        }
        Ok(shape)
    };
    shaped("Pad", padded, move |x| {
        let rank = x[0].rank();
        let side = |value_of: &Value, d: usize, size: i64| -> Result<Option<Value>> {
            let mut shape = value_of.shape();
            shape[d] = size.max(0) as usize;
            if size > 0 { value_of.filled_like(&shape, value).map(Some) } else { Ok(None) }
        };
        let mut padded = x[0].clone();
        for (d, &(before, after)) in (0..rank).rev().zip(&pairs) {
            let n = padded.dim(d);
            let kept = padded.narrow(d, (-before).max(0) as usize, n - (-after).max(0) as usize)?;
            let parts = [side(&kept, d, before)?, Some(kept.clone()), side(&kept, d, after)?];
            let parts: Vec<Value> = parts.into_iter().flatten().filter(|part| part.dim(d) > 0).collect();
            padded = if parts.is_empty() { kept } else { Value::concat(parts, d)? };
        }
        Ok(padded)
    })
}
