//! Transposed convolutions over 1 to 3 dimensions.

use super::conv::{channels, parameters};
use super::window::{axis_name, behind, layout, open, sizes};
use super::{Context, Declaration, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{ConvTransposeOptions, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("ConvTranspose1d", ConvTranspose::<1>::new),
    ("ConvTranspose2d", ConvTranspose::<2>::new),
    ("ConvTranspose3d", ConvTranspose::<3>::new),
];

/// torch.nn.ConvTranspose1d, ConvTranspose2d, ConvTranspose3d: [N, in_channels, ..] -> [N, out_channels, ..] with `D`
/// dimensions in the place of the dots.
#[derive(Debug)]
pub struct ConvTranspose<const D: usize> {
    inputs: usize,
    outputs: usize,
    bias: bool,
    kernel: [usize; D],
    options: ConvTransposeOptions<D>,
}

impl<const D: usize> ConvTranspose<D> {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (inputs, outputs, groups) = channels(config)?;
        let options = ConvTransposeOptions {
            stride: sizes(config, "stride", Some(1), 1)?,
            padding: sizes(config, "padding", Some(0), 0)?,
            output_padding: sizes(config, "output_padding", Some(0), 0)?,
            dilation: sizes(config, "dilation", Some(1), 1)?,
            groups,
        };
        for i in 0..D {
            let most = options.stride[i].max(options.dilation[i]) - 1;
            if options.output_padding[i] > most {
                return Err(Error::argument(format!(
                    "option 'output_padding': expected less than stride or dilation, at most {most}, found {}",
                    options.output_padding[i]
                )));
            }
        }
        // PyTorch has no other padding here either.
        config.word("padding_mode", &["zeros"], "zeros")?;
        let kernel = sizes(config, "kernel_size", None, 1)?;
        Ok(Box::new(Self { inputs, outputs, bias: config.flag("bias", true)?, kernel, options }))
    }
}

impl<const D: usize> Layer for ConvTranspose<D> {
    fn declare(&self) -> Vec<Declaration> {
        let mut weight = vec![self.inputs, self.outputs / self.options.groups];
        weight.extend(self.kernel);
        parameters(&weight, self.bias.then_some(self.outputs))
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let expected = layout::<D>(&self.inputs.to_string());
        let Some(shape) = input.with_rank(&[D + 2], &expected)? else {
            return Ok(vec![open::<D>(Some(self.outputs))]);
        };
        input.expect_dim(1, self.inputs, &expected)?;
        let size = |axis: usize| -> Result<Dim> {
            let Some(n) = shape[2 + axis] else { return Ok(None) };
            self.options.output(axis, n, self.kernel[axis]).map(Some).map_err(|_| {
                Error::shape(
                    "input",
                    format!("a {} of which the padding leaves something", axis_name::<D>(axis)),
                    input,
                )
            })
        };
        let sizes: Vec<Dim> = (0..D).map(size).collect::<Result<_>>()?;
        Ok(vec![behind(shape[0], Some(self.outputs), &sizes)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (weight, bias) = (ctx.get("weight")?, ctx.optional("bias")?);
        Ok(vec![inputs[0].clone().conv_transpose(&weight, bias.as_ref(), &self.options)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(Some(self.inputs))
    }
}
