//! Transposed convolution: the gradient of a convolution with respect to its input, as an operation of its own.

use super::axis::Sliding;
use super::conv::plane;
use super::{ConvOptions, Value};
use crate::backend::extension::conv_transpose2d;
use crate::{Error, Result};

/// Options of a transposed convolution over `D` dimensions. Padding is taken away on both sides, `output_padding` is
/// added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvTransposeOptions<const D: usize> {
    pub stride: [usize; D],
    pub padding: [usize; D],
    pub output_padding: [usize; D],
    pub dilation: [usize; D],
    pub groups: usize,
}

impl<const D: usize> ConvTransposeOptions<D> {
    /// Length of the output along a dimension: (n - 1) stride - 2 padding + dilation (kernel - 1) + output padding + 1.
    pub fn output(&self, axis: usize, n: usize, kernel: usize) -> Result<usize> {
        let whole = (n.saturating_sub(1))
            .checked_mul(self.stride[axis])
            .zip((kernel - 1).checked_mul(self.dilation[axis]))
            .and_then(|(a, b)| a.checked_add(b)?.checked_add(self.output_padding[axis] + 1));
        let size = whole.and_then(|whole| whole.checked_sub(2 * self.padding[axis]));
        size.filter(|&size| n > 0 && size > 0 && i32::try_from(size).is_ok()).ok_or_else(|| {
            Error::shape("transposed convolution", "an output of at least 1", format!("an input of {n}"))
        })
    }
}

impl Value {
    /// Transposed convolution: x [N, in, ..], weight [in, out / groups, kernel ..], bias [out], with 1 to 3 dimensions in
    /// the place of the dots.
    pub fn conv_transpose<const D: usize>(
        self,
        weight: &Self,
        bias: Option<&Self>,
        options: &ConvTransposeOptions<D>,
    ) -> Result<Self> {
        let sizes = self.spatial::<D>("transposed convolution")?;
        let kernel = weight.spatial::<D>("transposed convolution weight")?;
        let (inputs, outputs) = (self.dim(1), weight.dim(1) * options.groups);
        let output = match D {
            1 => {
                let weight = weight.clone().with_spatial(&[1, kernel[0]])?;
                let output = self.with_spatial(&[1, sizes[0]])?.conv_transpose_plane(&weight, options)?;
                let length = output.dim(3);
                output.with_spatial(&[length])?
            }
            2 => self.conv_transpose_plane(weight, options)?,
            3 => {
                // Every tap along the depth gives an image of its own; those that meet are added.
                let (batch, depth, per_group) = (self.dim(0), sizes[0], weight.dim(1));
                let images = self.permute(&[0, 2, 1, 3, 4])?.reshape(&[batch * depth, inputs, sizes[1], sizes[2]])?;
                let weight = weight.clone().reshape(&[weight.dim(0), per_group * kernel[0], kernel[1], kernel[2]])?;
                let images = images.conv_transpose_plane(&weight, options)?;
                let (height, width) = (images.dim(2), images.dim(3));
                let taps = images
                    .reshape(&[batch, depth, outputs, kernel[0], height, width])?
                    .permute(&[0, 2, 3, 1, 4, 5])?
                    .reshape(&[batch, outputs, kernel[0] * depth, height, width])?;
                let windows = Sliding {
                    kernel: kernel[0],
                    stride: options.stride[0],
                    padding: options.padding[0],
                    dilation: options.dilation[0],
                    count: depth,
                };
                taps.map_axis(2, windows.taps(options.output(0, depth, kernel[0])?)?.transposed())?
            }
            _ => return Err(Error::internal(format!("a transposed convolution over {D} dimensions"))),
        };
        let Some(bias) = bias else { return Ok(output) };
        let mut shape = vec![1; D + 2];
        shape[1] = outputs;
        output.add(&bias.clone().reshape(&shape)?)
    }

    /// Over the last two dimensions of images.
    fn conv_transpose_plane<const D: usize>(self, weight: &Self, options: &ConvTransposeOptions<D>) -> Result<Self> {
        let (sizes, kernel) = (self.spatial::<2>("transposed convolution")?, weight.spatial::<2>("weight")?);
        let options = ConvTransposeOptions {
            stride: plane(options.stride, 1),
            padding: plane(options.padding, 0),
            output_padding: plane(options.output_padding, 0),
            dilation: plane(options.dilation, 1),
            groups: options.groups,
        };
        let (mut padding, mut output, mut missing) = ([(0, 0); 2], [0; 2], [0; 2]);
        for i in 0..2 {
            let (same, extra) = (options.padding[i], options.output_padding[i]);
            output[i] = options.output(i, sizes[i], kernel[i])?;
            // A convolution overlooks what is less than a stride at the end. More of it means less padding there, or
            // elements that no window reaches, which are zero.
            let after = if extra < options.stride[i] { same } else { same.saturating_sub(extra) };
            missing[i] = if extra < options.stride[i] { 0 } else { extra.saturating_sub(same) };
            padding[i] = (same, after);
        }
        let plane = ConvOptions { stride: options.stride, padding, dilation: options.dilation, groups: options.groups };
        let reached = [output[0] - missing[0], output[1] - missing[1]];
        let image = Self::float(conv_transpose2d(self.raw, weight.raw.clone(), reached, plane.plane())?);
        image.pad_constant(&[(0, missing[0] as i64), (0, missing[1] as i64)], 0.0)
    }
}
