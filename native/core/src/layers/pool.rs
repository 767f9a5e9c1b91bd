//! Pooling over height and width.

use super::window::{Windows, pair};
use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, PoolOptions, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] =
    &[("MaxPool2d", MaxPool2d::new), ("AvgPool2d", AvgPool2d::new), ("AdaptiveAvgPool2d", AdaptiveAvgPool2d::new)];

/// Options of both poolings. The stride is the kernel's size where it is not given; padding is at most half of
/// that, whatever the dilation.
fn options(config: &Config, dilated: bool) -> Result<PoolOptions> {
    let kernel = pair(config, "kernel_size", None, 1)?;
    let stride = if config.raw("stride").is_some() { pair(config, "stride", None, 1)? } else { kernel };
    let padding = pair(config, "padding", Some(0), 0)?;
    let dilation = if dilated { pair(config, "dilation", Some(1), 1)? } else { [1, 1] };
    for i in 0..2 {
        if padding[i] > kernel[i] / 2 {
            return Err(Error::argument(format!(
                "option 'padding': expected at most {} (half of the kernel's size {}), found {}",
                kernel[i] / 2,
                kernel[i],
                padding[i]
            )));
        }
    }
    Ok(PoolOptions { kernel, stride, padding, dilation, ceil: config.flag("ceil_mode", false)? })
}

fn infer(options: &PoolOptions, inputs: &[Type]) -> Result<Vec<Type>> {
    let PoolOptions { kernel, stride, padding: [height, width], dilation, ceil } = *options;
    let windows = Windows { kernel, stride, padding: [height, height, width, width], dilation, ceil };
    Ok(vec![windows.infer(Type::single(inputs, Kind::Float)?, None)?])
}

/// An image whose sizes are open.
fn image() -> Type {
    Type::float(vec![None; 4])
}

/// torch.nn.MaxPool2d: [N, C, H, W] -> [N, C, H', W'].
#[derive(Debug)]
pub struct MaxPool2d {
    options: PoolOptions,
}

impl MaxPool2d {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { options: options(config, true)? }))
    }
}

impl Layer for MaxPool2d {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        infer(&self.options, inputs)
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().max_pool2d(&self.options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        image()
    }
}

/// torch.nn.AvgPool2d: [N, C, H, W] -> [N, C, H', W'].
#[derive(Debug)]
pub struct AvgPool2d {
    options: PoolOptions,
    count_padding: bool,
    divisor: Option<usize>,
}

impl AvgPool2d {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self {
            options: options(config, false)?,
            count_padding: config.flag("count_include_pad", true)?,
            divisor: config.raw("divisor_override").is_some().then(|| config.size("divisor_override")).transpose()?,
        }))
    }
}

impl Layer for AvgPool2d {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        infer(&self.options, inputs)
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().avg_pool2d(&self.options, self.count_padding, self.divisor)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        image()
    }
}

/// torch.nn.AdaptiveAvgPool2d: [N, C, H, W] -> [N, C, output height, output width].
#[derive(Debug)]
pub struct AdaptiveAvgPool2d {
    /// `None` keeps the input's size.
    output: [Option<usize>; 2],
}

impl AdaptiveAvgPool2d {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let Some(given) = config.raw("output_size") else {
            if config.is_null("output_size") {
                return Ok(Box::new(Self { output: [None; 2] }));
            }
            return Err(Error::argument("option 'output_size' is missing"));
        };
        let size = |v: &serde_json::Value| match v.as_u64().and_then(|n| i32::try_from(n).ok()) {
            Some(n) if n > 0 => Some(Some(n as usize)),
            _ => v.is_null().then_some(None),
        };
        let output = match given.as_array().map(Vec::as_slice) {
            Some([height, width]) => size(height).zip(size(width)).map(|(h, w)| [h, w]),
            Some(_) => None,
            None => size(given).map(|s| [s; 2]),
        };
        let output = output.ok_or_else(|| {
            Error::argument(format!(
                "option 'output_size': expected one or 2 integers of at least 1, each of them or null, found {given}"
            ))
        })?;
        Ok(Box::new(Self { output }))
    }
}

impl Layer for AdaptiveAvgPool2d {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(shape) = input.with_rank(&[4], "[N, C, H, W]")? else {
            return Ok(vec![Type::float(vec![None, None, self.output[0], self.output[1]])]);
        };
        if shape[2..].contains(&Some(0)) {
            return Err(Error::shape("input", "a height and width of at least 1", input));
        }
        let output = |i: usize| self.output[i].or(shape[2 + i]);
        Ok(vec![Type::float(vec![shape[0], shape[1], output(0), output(1)])])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let output = [0, 1].map(|i| self.output[i].unwrap_or(inputs[0].dim(2 + i)));
        Ok(vec![inputs[0].clone().adaptive_avg_pool2d(output)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        image()
    }
}
