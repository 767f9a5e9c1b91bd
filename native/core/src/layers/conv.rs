//! Convolutions.

use super::window::{Windows, pair};
use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::{Padding, check_padding};
use crate::tensor::{Conv2dOptions, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Conv2d", Conv2d::new)];

/// torch.nn.Conv2d: [N, in_channels, H, W] -> [N, out_channels, H', W'].
#[derive(Debug)]
pub struct Conv2d {
    inputs: usize,
    outputs: usize,
    groups: usize,
    bias: bool,
    windows: Windows,
    /// How padding is filled; `None` is zeros, which the convolution adds itself.
    fill: Option<Padding>,
}

impl Conv2d {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (inputs, outputs) = (config.size("in_channels")?, config.size("out_channels")?);
        let kernel = pair(config, "kernel_size", None, 1)?;
        let stride = pair(config, "stride", Some(1), 1)?;
        let dilation = pair(config, "dilation", Some(1), 1)?;
        let padding = padding(config, kernel, stride, dilation)?;
        let groups = groups(config)?;
        for (key, channels) in [("in_channels", inputs), ("out_channels", outputs)] {
            if channels % groups != 0 {
                return Err(Error::argument(format!(
                    "option '{key}': expected a multiple of groups ({groups}), found {channels}"
                )));
            }
        }
        let fill = match config.word("padding_mode", &["zeros", "reflect", "replicate", "circular"], "zeros")? {
            "reflect" => Some(Padding::Reflect),
            "replicate" => Some(Padding::Replicate),
            "circular" => Some(Padding::Circular),
            _ => None,
        };
        let windows = Windows { kernel, stride, padding, dilation, ceil: false };
        Ok(Box::new(Self { inputs, outputs, groups, bias: config.flag("bias", true)?, windows, fill }))
    }

    fn fan_in(&self) -> usize {
        self.inputs / self.groups * self.windows.kernel[0] * self.windows.kernel[1]
    }
}

/// `groups`, 1 where it is not given.
fn groups(config: &Config) -> Result<usize> {
    if config.raw("groups").is_some() { config.size("groups") } else { Ok(1) }
}

/// Padding per side from numbers or from PyTorch's words: "valid" is none, "same" keeps the size (odd totals: one more
/// at the end).
fn padding(config: &Config, kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Result<[usize; 4]> {
    if !config.raw("padding").is_some_and(serde_json::Value::is_string) {
        let [height, width] = pair(config, "padding", Some(0), 0)?;
        return Ok([height, height, width, width]);
    }
    if config.word("padding", &["same", "valid"], "valid")? == "valid" {
        return Ok([0; 4]);
    }
    if stride != [1, 1] {
        return Err(Error::argument(format!("option 'padding': 'same' needs a stride of 1, found {stride:?}")));
    }
    let sides = |i: usize| {
        let total = dilation[i] * (kernel[i] - 1);
        (total / 2, total - total / 2)
    };
    let ((top, bottom), (left, right)) = (sides(0), sides(1));
    Ok([top, bottom, left, right])
}

impl Layer for Conv2d {
    fn declare(&self) -> Vec<Declaration> {
        let init = Init::fan_in(self.fan_in());
        let [height, width] = self.windows.kernel;
        let shape = [self.outputs, self.inputs / self.groups, height, width];
        let mut all = vec![Declaration::parameter("weight", &shape, init.clone())];
        if self.bias {
            all.push(Declaration::parameter("bias", &[self.outputs], init));
        }
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        input.with_rank(&[4], &format!("[N, {}, H, W]", self.inputs))?;
        input.expect_dim(1, self.inputs, &format!("[N, {}, H, W]", self.inputs))?;
        if let (Some(fill), Some(shape)) = (self.fill, &input.shape) {
            let p = self.windows.padding;
            for (size, before, after) in [(shape[2], p[0], p[1]), (shape[3], p[2], p[3])] {
                if let Some(n) = size {
                    check_padding(fill, n, before, after)?;
                }
            }
        }
        Ok(vec![self.windows.infer(input, Some(self.outputs))?])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        let Windows { stride, padding, dilation, .. } = self.windows;
        let (input, padding) = match self.fill {
            Some(fill) => (input.pad_from_input(padding, fill)?, [0; 4]),
            None => (input, padding),
        };
        let options = Conv2dOptions { stride, padding, dilation, groups: self.groups };
        Ok(vec![input.conv2d(&ctx.get("weight")?, ctx.optional("bias")?.as_ref(), &options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        Type::float(vec![None, Some(self.inputs), None, None])
    }
}
