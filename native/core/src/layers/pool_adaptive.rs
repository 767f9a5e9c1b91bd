//! Pooling over 1 to 3 dimensions into a grid of bins: maxima, means.

use super::window::{MOST, behind, layout, open};
use super::{Context, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("AdaptiveAvgPool1d", AdaptivePool::<1>::avg),
    ("AdaptiveAvgPool2d", AdaptivePool::<2>::avg),
    ("AdaptiveAvgPool3d", AdaptivePool::<3>::avg),
    ("AdaptiveMaxPool1d", AdaptivePool::<1>::max),
    ("AdaptiveMaxPool2d", AdaptivePool::<2>::max),
    ("AdaptiveMaxPool3d", AdaptivePool::<3>::max),
];

/// torch.nn.AdaptiveAvgPool1d ... AdaptiveMaxPool3d: [N, C, ..] -> [N, C, output_size ..].
#[derive(Debug)]
pub struct AdaptivePool<const D: usize> {
    /// `None` keeps the input's size.
    output: [Dim; D],
    max: bool,
}

impl<const D: usize> AdaptivePool<D> {
    pub fn avg(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { output: output(config)?, max: false }))
    }

    pub fn max(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { output: output(config)?, max: true }))
    }
}

fn output<const D: usize>(config: &Config) -> Result<[Dim; D]> {
    let Some(given) = config.raw("output_size") else {
        if config.is_null("output_size") {
            return Ok([None; D]);
        }
        return Err(Error::argument("option 'output_size' is missing"));
    };
    let size = |v: &serde_json::Value| match v.as_u64() {
        Some(n) if n > 0 && n <= MOST as u64 => Some(Some(n as usize)),
        _ => v.is_null().then_some(None),
    };
    let output = match given.as_array() {
        Some(list) => list.iter().map(size).collect::<Option<Vec<Dim>>>().and_then(|list| list.try_into().ok()),
        None => size(given).map(|size| [size; D]),
    };
    output.ok_or_else(|| {
        let count = if D == 1 {
            "an integer of at least 1 or null".to_owned()
        } else {
            format!("one or {D} integers of at least 1, each of them or null")
        };
        Error::argument(format!("option 'output_size': expected {count}, found {given}"))
    })
}

impl<const D: usize> Layer for AdaptivePool<D> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(shape) = input.with_rank(&[D + 2], &layout::<D>("C"))? else {
            return Ok(vec![behind(None, None, &self.output)]);
        };
        if shape[2..].contains(&Some(0)) {
            return Err(Error::shape("input", "sizes of at least 1 behind the channels", input));
        }
        let output: [Dim; D] = std::array::from_fn(|i| self.output[i].or(shape[2 + i]));
        Ok(vec![behind(shape[0], shape[1], &output)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        let output: [usize; D] = std::array::from_fn(|i| self.output[i].unwrap_or(input.dim(2 + i)));
        Ok(vec![if self.max { input.adaptive_max_pool(output)? } else { input.adaptive_avg_pool(output)? }])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(None)
    }
}
