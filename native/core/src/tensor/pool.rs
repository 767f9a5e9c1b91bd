//! Padding and pooling of images, [N, C, H, W].

use burn::backend::Dispatch;
use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::tensor::ops::PadMode;

use super::shapes::{Padding, padding_sources, window_output};
use super::{Kind, Value};
use crate::backend::extension::{MaxPool2dOptions, max_pool2d};
use crate::{Error, Result};

/// The windows of a pooling; padding is the same on both sides of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    /// Whether a last window may reach over the end of the padded input.
    pub ceil: bool,
}

impl PoolOptions {
    /// Height and width of the output.
    pub fn output(&self, input: [usize; 2]) -> Result<[usize; 2]> {
        let axis = |i: usize| {
            let (padding, total) = (self.padding[i], 2 * self.padding[i]);
            window_output(input[i], self.kernel[i], self.stride[i], padding, total, self.dilation[i], self.ceil)
        };
        Ok([axis(0)?, axis(1)?])
    }
}

impl Value {
    fn image(&self, what: &str) -> Result<[usize; 4]> {
        self.expect_kind(Kind::Float, what)?;
        <[usize; 4]>::try_from(self.shape())
            .map_err(|found| Error::shape(format!("{what} input"), "[N, C, H, W]", format!("{found:?}")))
    }

    /// Zeros around the images: [top, bottom, left, right].
    pub fn pad_zeros(self, padding: [usize; 4]) -> Result<Self> {
        self.image("pad")?;
        if padding == [0; 4] {
            return Ok(self);
        }
        let [top, bottom, left, right] = padding;
        let pairs = [(0, 0), (0, 0), (top, bottom), (left, right)];
        self.unary("pad", |t| Dispatch::float_pad(t, &pairs, PadMode::Constant(0.0)))
    }

    /// Pads the images with their own elements: [top, bottom, left, right].
    pub fn pad_from_input(self, padding: [usize; 4], mode: Padding) -> Result<Self> {
        let [_, _, height, width] = self.image("pad")?;
        let mut padded = self;
        for (dim, n, before, after) in [(2, height, padding[0], padding[1]), (3, width, padding[2], padding[3])] {
            if before + after > 0 {
                let sources = padding_sources(mode, n, before, after)?;
                let indices = padded.ints_like(sources);
                padded = padded.select(dim, &indices)?;
            }
        }
        Ok(padded)
    }

    /// Largest element of every window; padding never wins. At ties the gradient goes to the first element.
    /// A NaN in a window is its result on the device `cpu`; the others may overlook it.
    pub fn max_pool2d(self, options: &PoolOptions) -> Result<Self> {
        let [_, _, height, width] = self.image("max_pool2d")?;
        options.output([height, width])?;
        let PoolOptions { kernel, stride, padding, dilation, ceil } = *options;
        let options = MaxPool2dOptions { kernel, stride, padding, dilation, ceil };
        Ok(Self::float(max_pool2d(self.raw, options)?))
    }

    /// Mean of every window. The divisor is the number of its elements within the input and, if `count_padding`, within
    /// the padding; or `divisor`, where given. Dilation is not used.
    pub fn avg_pool2d(self, options: &PoolOptions, count_padding: bool, divisor: Option<usize>) -> Result<Self> {
        let [_, _, height, width] = self.image("avg_pool2d")?;
        let output = options.output([height, width])?;
        let PoolOptions { kernel, stride, padding, ceil, .. } = *options;
        let Some(divisor) = divisor else {
            return self.unary("avg_pool2d", |t| Dispatch::avg_pool2d(t, kernel, stride, padding, count_padding, ceil));
        };
        // With the padding written out every window is whole, so the mean times the window's size is the sum.
        let input = [height, width];
        let after = |i: usize| ((output[i] - 1) * stride[i] + kernel[i]).saturating_sub(input[i] + padding[i]);
        let whole = self.pad_zeros([padding[0], after(0), padding[1], after(1)])?;
        let mean = whole.unary("avg_pool2d", |t| Dispatch::avg_pool2d(t, kernel, stride, [0, 0], true, false))?;
        mean.mul_scalar((kernel[0] * kernel[1]) as f64 / divisor as f64)
    }

    /// Means over a grid of bins: bin i of n covers floor(i L / n) .. ceil((i + 1) L / n).
    pub fn adaptive_avg_pool2d(self, output: [usize; 2]) -> Result<Self> {
        let [_, _, height, width] = self.image("adaptive_avg_pool2d")?;
        if height == 0 || width == 0 {
            return Err(Error::shape(
                "adaptive_avg_pool2d input",
                "at least one element",
                format!("{:?}", self.shape()),
            ));
        }
        if output == [1, 1] {
            return self.mean_dims(&[2, 3]);
        }
        if output == [height, width] {
            return Ok(self);
        }
        self.unary("adaptive_avg_pool2d", |t| Dispatch::adaptive_avg_pool2d(t, output))
    }
}
