//! Products with weights: linear and convolution.

use burn::backend::ops::ConvOptions;

use super::{Kind, Value};
use crate::Result;
use crate::backend::extension::{conv2d, linear};

/// Options of a 2-D convolution; padding is per side: [top, bottom, left, right].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dOptions {
    pub stride: [usize; 2],
    pub padding: [usize; 4],
    pub dilation: [usize; 2],
    pub groups: usize,
}

impl Value {
    /// x W^T + b with PyTorch's layout: x [.., in], weight [out, in], bias [out].
    pub fn linear(self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        self.expect_kind(Kind::Float, "linear")?;
        Ok(Self::float(linear(self.raw, weight.raw.clone(), bias.map(|b| b.raw.clone()))?))
    }

    /// Convolution of images: x [N, in, H, W], weight [out, in / groups, kernel height, kernel width], bias [out].
    pub fn conv2d(self, weight: &Self, bias: Option<&Self>, options: &Conv2dOptions) -> Result<Self> {
        self.expect_kind(Kind::Float, "conv2d")?;
        let [top, bottom, left, right] = options.padding;
        let padding = [(top, bottom), (left, right)];
        let options =
            ConvOptions { stride: options.stride, padding, dilation: options.dilation, groups: options.groups };
        let (weight, bias) = (weight.raw.clone(), bias.map(|b| b.raw.clone()));
        Ok(Self::float(conv2d(self.raw, weight, bias, options)?))
    }
}
