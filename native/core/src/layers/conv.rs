//! Convolutions over 1 to 3 dimensions.

use super::window::{Windows, layout, open, sizes};
use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::{Padding, check_padding};
use crate::tensor::{ConvOptions, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] =
    &[("Conv1d", Conv::<1>::new), ("Conv2d", Conv::<2>::new), ("Conv3d", Conv::<3>::new)];

/// torch.nn.Conv1d, Conv2d, Conv3d: [N, in_channels, ..] -> [N, out_channels, ..] with `D` dimensions in the place of the
/// dots.
#[derive(Debug)]
pub struct Conv<const D: usize> {
    inputs: usize,
    outputs: usize,
    groups: usize,
    bias: bool,
    windows: Windows<D>,
    /// How padding is filled; `None` is zeros, which the convolution adds itself.
    fill: Option<Padding>,
}

/// Input channels, output channels and groups, which divide both.
pub(super) fn channels(config: &Config) -> Result<(usize, usize, usize)> {
    let (inputs, outputs) = (config.size("in_channels")?, config.size("out_channels")?);
    let groups = if config.raw("groups").is_some() { config.size("groups")? } else { 1 };
    for (key, channels) in [("in_channels", inputs), ("out_channels", outputs)] {
        if channels % groups != 0 {
            return Err(Error::argument(format!(
                "option '{key}': expected a multiple of groups ({groups}), found {channels}"
            )));
        }
    }
    Ok((inputs, outputs, groups))
}

/// Weight and bias as PyTorch draws them; the fan is that of the weight's second dimension on.
pub(super) fn parameters(weight: &[usize], bias: Option<usize>) -> Vec<Declaration> {
    let init = Init::fan_in(weight[1..].iter().product());
    let mut all = vec![Declaration::parameter("weight", weight, init.clone())];
    all.extend(bias.map(|channels| Declaration::parameter("bias", &[channels], init)));
    all
}

/// Padding per side from numbers or from PyTorch's words: "valid" is none, "same" keeps the size (odd totals: one more
/// at the end).
fn padding<const D: usize>(
    config: &Config,
    kernel: [usize; D],
    stride: [usize; D],
    dilation: [usize; D],
) -> Result<[(usize, usize); D]> {
    if !config.raw("padding").is_some_and(serde_json::Value::is_string) {
        return Ok(sizes::<D>(config, "padding", Some(0), 0)?.map(|size| (size, size)));
    }
    if config.word("padding", &["same", "valid"], "valid")? == "valid" {
        return Ok([(0, 0); D]);
    }
    if stride != [1; D] {
        return Err(Error::argument(format!("option 'padding': 'same' needs a stride of 1, found {stride:?}")));
    }
    Ok(std::array::from_fn(|i| {
        let total = dilation[i] * (kernel[i] - 1);
        (total / 2, total - total / 2)
    }))
}

impl<const D: usize> Conv<D> {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (inputs, outputs, groups) = channels(config)?;
        let kernel = sizes(config, "kernel_size", None, 1)?;
        let stride = sizes(config, "stride", Some(1), 1)?;
        let dilation = sizes(config, "dilation", Some(1), 1)?;
        let padding = padding(config, kernel, stride, dilation)?;
        let fill = match config.word("padding_mode", &["zeros", "reflect", "replicate", "circular"], "zeros")? {
            "reflect" => Some(Padding::Reflect),
            "replicate" => Some(Padding::Replicate),
            "circular" => Some(Padding::Circular),
            _ => None,
        };
        let windows = Windows { kernel, stride, padding, dilation, ceil: false };
        Ok(Box::new(Self { inputs, outputs, groups, bias: config.flag("bias", true)?, windows, fill }))
    }
}

impl<const D: usize> Layer for Conv<D> {
    fn declare(&self) -> Vec<Declaration> {
        let mut weight = vec![self.outputs, self.inputs / self.groups];
        weight.extend(self.windows.kernel);
        parameters(&weight, self.bias.then_some(self.outputs))
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let expected = layout::<D>(&self.inputs.to_string());
        input.with_rank(&[D + 2], &expected)?;
        input.expect_dim(1, self.inputs, &expected)?;
        if let (Some(fill), Some(shape)) = (self.fill, &input.shape) {
            for (size, (before, after)) in shape[2..].iter().zip(self.windows.padding) {
                if let Some(n) = *size {
                    check_padding(fill, n, before as i64, after as i64)?;
                }
            }
        }
        Ok(vec![self.windows.infer(input, Some(self.outputs))?])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        let Windows { stride, padding, dilation, .. } = self.windows;
        let (input, padding) = match self.fill {
            Some(fill) => {
                let padding = padding.map(|(before, after)| (before as i64, after as i64));
                (input.pad_from_input(&padding, fill)?, [(0, 0); D])
            }
            None => (input, padding),
        };
        let options = ConvOptions { stride, padding, dilation, groups: self.groups };
        Ok(vec![input.conv(&ctx.get("weight")?, ctx.optional("bias")?.as_ref(), &options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(Some(self.inputs))
    }
}
