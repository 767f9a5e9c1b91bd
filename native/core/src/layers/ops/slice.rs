//! Parts of a value along a dimension. They take values of every kind.

use super::{Op, missing, required_int as dim, shaped};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] =
    &[("Slice", slice), ("Narrow", narrow), ("Select", select), ("Split", split), ("Chunk", chunk)];

/// What of a dimension of `n` a slice takes: start, end, step.
#[derive(Debug, Clone, Copy)]
struct Range {
    start: i64,
    end: Option<i64>,
    step: usize,
}

impl Range {
    fn new(start: i64, end: Option<i64>, step: i64) -> Result<Self> {
        let step = usize::try_from(step)
            .ok()
            .filter(|&step| step > 0)
            .ok_or_else(|| Error::argument(format!("option 'step': expected at least 1, found {step}")))?;
        Ok(Self { start, end, step })
    }

    fn within(&self, n: usize) -> (usize, usize) {
        let position = |p: i64| (if p < 0 { p.saturating_add(n as i64) } else { p }).clamp(0, n as i64) as usize;
        let (from, to) = (position(self.start), self.end.map_or(n, position));
        (from, to.max(from))
    }

    fn len(&self, n: usize) -> usize {
        let (from, to) = self.within(n);
        (to - from).div_ceil(self.step)
    }
}

/// Python's x[start:end:step] along option `dim`: negative positions count from the end, positions outside are cut; `end`
/// may be missing. Option `ranges` slices several dimensions instead, from the first on: a list of [start, end, step], in
/// which null is the default.
fn slice(config: &Config) -> Result<Box<dyn Layer>> {
    let ranges: Vec<(i64, Range)> = match config.raw("ranges") {
        Some(json) if !json.is_null() => ranges(json)?,
        _ => {
            let range = Range::new(config.int("start", 0)?, config.int_or_none("end")?, config.int("step", 1)?)?;
            vec![(dim(config, "dim")?, range)]
        }
    };
    let own = ranges.clone();
    shaped(
        "Slice",
        move |_, dims| {
            let mut shape = dims.to_vec();
            for (at, range) in &own {
                let d = dim_index("option 'dim'", *at, dims.len())?;
                shape[d] = dims[d].map(|n| range.len(n));
            }
            Ok(shape)
        },
        move |x| {
            ranges.iter().try_fold(x[0].clone(), |value, (at, range)| {
                let d = dim_index("option 'dim'", *at, value.rank())?;
                let (from, to) = range.within(value.dim(d));
                value.stride(d, from, to, range.step)
            })
        },
    )
}

fn ranges(json: &serde_json::Value) -> Result<Vec<(i64, Range)>> {
    let wrong = || Error::argument(format!("option 'ranges': expected a list of [start, end, step], found {json}"));
    let number = |json: Option<&serde_json::Value>| match json {
        None | Some(serde_json::Value::Null) => Ok(None),
        Some(json) => json.as_i64().map(Some).ok_or_else(wrong),
    };
    let one = |(i, json): (usize, &serde_json::Value)| {
        let list = json.as_array().filter(|list| list.len() <= 3).ok_or_else(wrong)?;
        let (start, end, step) = (number(list.first())?, number(list.get(1))?, number(list.get(2))?);
        Ok((i as i64, Range::new(start.unwrap_or(0), end, step.unwrap_or(1))?))
    };
    json.as_array().ok_or_else(wrong)?.iter().enumerate().map(one).collect()
}

/// torch.narrow: option `length` elements from option `start` on along option `dim`, all of which must be there.
fn narrow(config: &Config) -> Result<Box<dyn Layer>> {
    let (at, start, length) = (dim(config, "dim")?, dim(config, "start")?, dim(config, "length")?);
    let range = move |n: usize| {
        let first = if start < 0 { start + n as i64 } else { start };
        let last = first.checked_add(length).filter(|&last| first >= 0 && length >= 0 && last <= n as i64);
        last.map(|last| (first as usize, last as usize)).ok_or_else(|| {
            Error::shape("input", format!("{length} elements from {start} on in dimension {at}"), format!("size {n}"))
        })
    };
    shaped(
        "Narrow",
        move |_, dims| {
            let d = dim_index("option 'dim'", at, dims.len())?;
            let mut shape = dims.to_vec();
            shape[d] = match dims[d] {
                Some(n) => range(n).map(|(from, to)| Some(to - from))?,
                None => usize::try_from(length).ok(),
            };
            Ok(shape)
        },
        move |x| {
            let d = dim_index("option 'dim'", at, x[0].rank())?;
            let (from, to) = range(x[0].dim(d))?;
            x[0].clone().narrow(d, from, to)
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
    Ok(Box::new(Op { name: "Split", inputs: vec![Kind::Float], outputs, infer: Box::new(infer), run: Box::new(run) }))
}

/// torch.chunk: option `chunks` parts of equal size along option `dim`, of which the last may be smaller. A size that does not
/// make that many parts is an error.
fn chunk(config: &Config) -> Result<Box<dyn Layer>> {
    let (at, chunks) = (config.int("dim", 0)?, config.size("chunks")?);
    let part = move |n: usize| {
        let size = n.div_ceil(chunks);
        let clash = || Error::shape("input", format!("a size of {chunks} chunks in dimension {at}"), n);
        if size > 0 && n.div_ceil(size) == chunks { Ok(size) } else { Err(clash()) }
    };
    let infer = move |x: &[Type]| {
        let Some(dims) = &x[0].shape else { return Ok(vec![Type::unknown(x[0].kind); chunks]) };
        let d = dim_index("option 'dim'", at, dims.len())?;
        let size = dims[d].map(part).transpose()?;
        let one = |i: usize| {
            let mut shape = dims.clone();
            shape[d] = size.zip(dims[d]).map(|(size, n)| size.min(n - i * size));
            Type::new(shape, x[0].kind)
        };
        Ok((0..chunks).map(one).collect())
    };
    let run = move |x: &[Value]| {
        let d = dim_index("option 'dim'", at, x[0].rank())?;
        let n = x[0].dim(d);
        let size = part(n)?;
        (0..chunks).map(|i| x[0].clone().narrow(d, i * size, n.min((i + 1) * size))).collect()
    };
    let (infer, run) = (Box::new(infer), Box::new(run));
    Ok(Box::new(Op { name: "Chunk", inputs: vec![Kind::Float], outputs: chunks, infer, run }))
}
