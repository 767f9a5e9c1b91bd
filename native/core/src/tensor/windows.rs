//! Windows of images as columns, and back.

use super::Value;
use super::axis::Sliding;
use super::shapes::window_output;
use crate::{Error, Result};

/// Windows over height and width; padding is the same on both sides of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldOptions {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}

impl FoldOptions {
    /// How many windows an image of this size has along each axis.
    pub fn windows(&self, image: [usize; 2]) -> Result<[usize; 2]> {
        let axis = |i: usize| {
            let (padding, total) = (self.padding[i], 2 * self.padding[i]);
            window_output(image[i], self.kernel[i], self.stride[i], padding, total, self.dilation[i], false)
        };
        Ok([axis(0)?, axis(1)?])
    }

    /// Height and width that a window covers.
    pub fn extents(&self) -> [usize; 2] {
        [0, 1].map(|i| (self.kernel[i] - 1).saturating_mul(self.dilation[i]).saturating_add(1))
    }

    fn sliding(&self, axis: usize, count: usize) -> Sliding {
        Sliding {
            kernel: self.kernel[axis],
            stride: self.stride[axis],
            padding: self.padding[axis],
            dilation: self.dilation[axis],
            count,
        }
    }
}

impl Value {
    /// The windows of images [N, C, H, W] as columns [N, C * kernel height * kernel width, windows].
    pub fn unfold(self, options: &FoldOptions) -> Result<Self> {
        let sizes = self.spatial::<2>("unfold")?;
        let (batch, channels) = (self.dim(0), self.dim(1));
        let [rows, columns] = options.windows(sizes)?;
        let [height, width] = options.kernel;
        self.map_axis(2, options.sliding(0, rows).taps(sizes[0])?)?
            .map_axis(3, options.sliding(1, columns).taps(sizes[1])?)?
            .reshape(&[batch, channels, height, rows, width, columns])?
            .permute(&[0, 1, 2, 4, 3, 5])?
            .reshape(&[batch, channels * height * width, rows * columns])
    }

    /// The images [N, C, H, W] of the size `image` whose windows [N, C * kernel height * kernel width, windows] overlap and
    /// are added.
    pub fn fold(self, image: [usize; 2], options: &FoldOptions) -> Result<Self> {
        let [rows, columns] = options.windows(image)?;
        let [height, width] = options.kernel;
        let shape = self.shape();
        let [batch, taps, windows] = shape[..] else {
            return Err(Error::shape("fold input", "3 dimensions", format!("{shape:?}")));
        };
        if !taps.is_multiple_of(height * width) || windows != rows * columns {
            let expected = format!("[N, C * {}, {}]", height * width, rows * columns);
            return Err(Error::shape("fold input", expected, format!("{shape:?}")));
        }
        let channels = taps / (height * width);
        self.reshape(&[batch, channels, height, width, rows, columns])?
            .permute(&[0, 1, 2, 4, 3, 5])?
            .reshape(&[batch, channels, height * rows, width * columns])?
            .map_axis(2, options.sliding(0, rows).taps(image[0])?.transposed())?
            .map_axis(3, options.sliding(1, columns).taps(image[1])?.transposed())
    }
}
