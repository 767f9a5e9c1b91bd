//! Products with weights: linear and convolution.

use burn::backend::ops;

use super::axis::Sliding;
use super::shapes::window_output;
use super::{Kind, Value};
use crate::backend::extension::{conv2d, linear};
use crate::{Error, Result};

/// Options of a convolution over `D` dimensions; padding is per side: (before, after).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvOptions<const D: usize> {
    pub stride: [usize; D],
    pub padding: [(usize, usize); D],
    pub dilation: [usize; D],
    pub groups: usize,
}

/// The values of the last two dimensions; where there is only one, `neutral` before it.
pub(super) fn plane<T: Copy, const D: usize>(values: [T; D], neutral: T) -> [T; 2] {
    [if D > 1 { values[D - 2] } else { neutral }, values[D - 1]]
}

impl<const D: usize> ConvOptions<D> {
    /// What a convolution of height and width needs of these options; a missing height is 1.
    pub(super) fn plane(&self) -> ops::ConvOptions<2> {
        ops::ConvOptions {
            stride: plane(self.stride, 1),
            padding: plane(self.padding, (0, 0)),
            dilation: plane(self.dilation, 1),
            groups: self.groups,
        }
    }
}

impl Value {
    /// x W^T + b with PyTorch's layout: x [.., in], weight [out, in], bias [out].
    pub fn linear(self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        self.expect_kind(Kind::Float, "linear")?;
        Ok(Self::float(linear(self.raw, weight.raw.clone(), bias.map(|b| b.raw.clone()))?))
    }

    /// Convolution: x [N, in, ..], weight [out, in / groups, kernel ..], bias [out], with 1 to 3 dimensions in the place of
    /// the dots.
    pub fn conv<const D: usize>(self, weight: &Self, bias: Option<&Self>, options: &ConvOptions<D>) -> Result<Self> {
        let sizes = self.spatial::<D>("convolution")?;
        let kernel = weight.spatial::<D>("convolution weight")?;
        let plane = options.plane();
        match D {
            1 => {
                let output = self.with_spatial(&[1, sizes[0]])?.conv_plane(
                    &weight.clone().with_spatial(&[1, kernel[0]])?,
                    bias,
                    plane,
                )?;
                let length = output.dim(3);
                output.with_spatial(&[length])
            }
            2 => self.conv_plane(weight, bias, plane),
            3 => {
                // The taps along the depth become channels, the windows along it images.
                let (batch, inputs, depth) = (self.dim(0), self.dim(1), sizes[0]);
                let ((before, after), stride, dilation) = (options.padding[0], options.stride[0], options.dilation[0]);
                let count = window_output(depth, kernel[0], stride, before, before + after, dilation, false)?;
                let windows = Sliding { kernel: kernel[0], stride, padding: before, dilation, count };
                let taps = self
                    .map_axis(2, windows.taps(depth)?)?
                    .reshape(&[batch, inputs, kernel[0], count, sizes[1], sizes[2]])?
                    .permute(&[0, 3, 1, 2, 4, 5])?
                    .reshape(&[batch * count, inputs * kernel[0], sizes[1], sizes[2]])?;
                let (outputs, per_group) = (weight.dim(0), weight.dim(1));
                let weight = weight.clone().reshape(&[outputs, per_group * kernel[0], kernel[1], kernel[2]])?;
                let output = taps.conv_plane(&weight, bias, plane)?;
                let (height, width) = (output.dim(2), output.dim(3));
                output.reshape(&[batch, count, outputs, height, width])?.permute(&[0, 2, 1, 3, 4])
            }
            _ => Err(Error::internal(format!("a convolution over {D} dimensions"))),
        }
    }

    fn conv_plane(self, weight: &Self, bias: Option<&Self>, options: ops::ConvOptions<2>) -> Result<Self> {
        Ok(Self::float(conv2d(self.raw, weight.raw.clone(), bias.map(|b| b.raw.clone()), options)?))
    }
}
