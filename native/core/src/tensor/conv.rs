//! Products with weights: linear and convolution.

use burn::backend::Dispatch;
use burn::backend::ops::{ConvOptions, ModuleOps};

use super::{Kind, Value};
use crate::backend::extension::conv2d;
use crate::{Error, Result};

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
        let (x, w) = (self.shape(), weight.shape());
        let [outputs, inputs] = w[..] else {
            return Err(Error::shape("linear weight", "[out, in]", format!("{w:?}")));
        };
        if x.last() != Some(&inputs) {
            return Err(Error::shape("linear input", format!("[.., {inputs}]"), format!("{x:?}")));
        }
        if let Some(b) = bias.filter(|b| b.shape() != [outputs]) {
            return Err(Error::shape("linear bias", format!("[{outputs}]"), format!("{:?}", b.shape())));
        }
        let lifted = if x.len() == 1 { self.reshape(&[1, inputs])? } else { self };
        let weight = weight.clone().transpose()?;
        let y = Self::float(Dispatch::linear(lifted.raw, weight.raw, bias.map(|b| b.raw.clone())));
        if x.len() == 1 { y.reshape(&[outputs]) } else { Ok(y) }
    }

    /// Convolution of images: x [N, in, H, W], weight [out, in / groups, kernel height, kernel width], bias [out].
    pub fn conv2d(self, weight: &Self, bias: Option<&Self>, options: &Conv2dOptions) -> Result<Self> {
        self.expect_kind(Kind::Float, "conv2d")?;
        let [top, bottom, left, right] = options.padding;
        let padding = [(top, bottom), (left, right)];
        let options = ConvOptions { stride: options.stride, padding, dilation: options.dilation, groups: options.groups };
        let (weight, bias) = (weight.raw.clone(), bias.map(|b| b.raw.clone()));
        Ok(Self::float(conv2d(self.raw, weight, bias, options)?))
    }
}
