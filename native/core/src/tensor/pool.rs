//! Pooling over 1 to 3 dimensions of [N, C, ..]. Maxima, sums and means of a window are those along its dimensions one
//! after the other.

use exburn_kernels::axis_map::AxisMap;

use super::Value;
use super::axis::{Sliding, bin, checked};
use super::conv::plane;
use super::shapes::window_output;
use crate::backend::extension::{MaxPool2dOptions, max_pool2d};
use crate::{Error, Result};

/// The windows of a pooling over `D` dimensions; padding is the same on both sides of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolOptions<const D: usize> {
    pub kernel: [usize; D],
    pub stride: [usize; D],
    pub padding: [usize; D],
    pub dilation: [usize; D],
    /// Whether a last window may reach over the end of the padded input.
    pub ceil: bool,
}

impl<const D: usize> PoolOptions<D> {
    /// Length of the output along an axis.
    fn output(&self, axis: usize, n: usize) -> Result<usize> {
        let (padding, total) = (self.padding[axis], 2 * self.padding[axis]);
        window_output(n, self.kernel[axis], self.stride[axis], padding, total, self.dilation[axis], self.ceil)
    }

    fn outputs(&self, input: [usize; D]) -> Result<[usize; D]> {
        let mut outputs = input;
        for (axis, n) in outputs.iter_mut().enumerate() {
            *n = self.output(axis, *n)?;
        }
        Ok(outputs)
    }

    /// The windows of height and width; a missing height is 1.
    fn plane(&self) -> MaxPool2dOptions {
        MaxPool2dOptions {
            kernel: plane(self.kernel, 1),
            stride: plane(self.stride, 1),
            padding: plane(self.padding, 0),
            dilation: plane(self.dilation, 1),
            ceil: self.ceil,
        }
    }

    fn sliding(&self, axis: usize, n: usize) -> Result<Sliding> {
        let count = self.output(axis, n)?;
        Ok(Sliding {
            kernel: self.kernel[axis],
            stride: self.stride[axis],
            padding: self.padding[axis],
            dilation: 1,
            count,
        })
    }
}

impl Value {
    /// Largest element of every window; padding never wins. At ties the gradient goes to the first element.
    /// A NaN in a window is its result on the device `cpu`; the others may overlook it.
    pub fn max_pool<const D: usize>(self, options: &PoolOptions<D>) -> Result<Self> {
        let sizes = self.spatial::<D>("max_pool")?;
        let output = options.outputs(sizes)?;
        match D {
            1 => self.with_spatial(&[1, sizes[0]])?.max_pool_plane(options.plane())?.with_spatial(&output),
            2 => self.max_pool_plane(options.plane()),
            3 => {
                let (channels, depth) = (self.dim(1), sizes[0]);
                let batch = self.dim(0);
                let images = self.reshape(&[batch, channels * depth, sizes[1], sizes[2]])?;
                let images = images.max_pool_plane(options.plane())?;
                let columns = images.reshape(&[batch, channels, depth, output[1] * output[2]])?;
                let along = MaxPool2dOptions {
                    kernel: [options.kernel[0], 1],
                    stride: [options.stride[0], 1],
                    padding: [options.padding[0], 0],
                    dilation: [options.dilation[0], 1],
                    ceil: options.ceil,
                };
                columns.max_pool_plane(along)?.with_spatial(&output)
            }
            _ => Err(Error::internal(format!("a pooling over {D} dimensions"))),
        }
    }

    fn max_pool_plane(self, options: MaxPool2dOptions) -> Result<Self> {
        if options.kernel == [1, 1] && options.stride == [1, 1] && options.padding == [0, 0] {
            return Ok(self);
        }
        Ok(Self::float(max_pool2d(self.raw, options)?))
    }

    /// Mean of every window. The divisor is the number of its elements within the input and, if `count_padding`, within
    /// the padding; or `divisor`, where given. Dilation is not used.
    pub fn avg_pool<const D: usize>(
        self,
        options: &PoolOptions<D>,
        count_padding: bool,
        divisor: Option<usize>,
    ) -> Result<Self> {
        let sizes = self.spatial::<D>("avg_pool")?;
        options.outputs(sizes)?;
        let mut pooled = self;
        for (axis, n) in sizes.into_iter().enumerate() {
            let padding = if count_padding { options.padding[axis] as i64 } else { 0 };
            let map = options.sliding(axis, n)?.sums(n, |first, end| match divisor {
                Some(divisor) if axis == 0 => 1.0 / divisor as f64,
                Some(_) => 1.0,
                None => 1.0 / (end.min(n as i64 + padding) - first.max(-padding)) as f64,
            })?;
            pooled = pooled.map_axis(2 + axis, map)?;
        }
        Ok(pooled)
    }

    /// Means over a grid of bins: bin i of n covers floor(i L / n) .. ceil((i + 1) L / n).
    pub fn adaptive_avg_pool<const D: usize>(self, output: [usize; D]) -> Result<Self> {
        let sizes = self.spatial::<D>("adaptive_avg_pool")?;
        self.expect_elements("adaptive_avg_pool", &sizes)?;
        if output == [1; D] {
            return self.mean_dims(&(2..2 + D).collect::<Vec<_>>());
        }
        let mut pooled = self;
        for (axis, (n, count)) in sizes.into_iter().zip(output).enumerate() {
            let row = |i: usize| {
                let bin = bin(i, n, count);
                let weight = 1.0 / bin.len() as f64;
                bin.map(move |tap| (tap, weight))
            };
            pooled = pooled.map_axis(2 + axis, checked(AxisMap::new(n, (0..count).map(row)))?)?;
        }
        Ok(pooled)
    }

    /// Maxima over the bins of [`Value::adaptive_avg_pool`]. At ties the gradient goes to the first element.
    pub fn adaptive_max_pool<const D: usize>(self, output: [usize; D]) -> Result<Self> {
        let sizes = self.spatial::<D>("adaptive_max_pool")?;
        self.expect_elements("adaptive_max_pool", &sizes)?;
        let mut pooled = self;
        // From the last dimension on, so that the first of equals is the first in memory.
        for (axis, (n, count)) in sizes.into_iter().zip(output).enumerate().rev() {
            let widest = (0..count).map(|i| bin(i, n, count).len()).max().unwrap_or(1);
            // Bins of a size are windows; smaller ones among them repeat their last element.
            let taps = (0..count).flat_map(|i| {
                let bin = bin(i, n, count);
                (bin.start..bin.start + widest).map(move |tap| tap.min(bin.end - 1))
            });
            let mut shape = pooled.shape();
            let inner = shape[3 + axis..].iter().product();
            pooled = pooled
                .map_axis(2 + axis, checked(AxisMap::copying(n, taps))?)?
                .reshape(&[shape[0], shape[1..2 + axis].iter().product(), count * widest, inner])?
                .max_pool_plane(MaxPool2dOptions {
                    kernel: [widest, 1],
                    stride: [widest, 1],
                    padding: [0, 0],
                    dilation: [1, 1],
                    ceil: false,
                })?;
            shape[2 + axis] = count;
            pooled = pooled.reshape(&shape)?;
        }
        Ok(pooled)
    }

    fn expect_elements(&self, what: &str, sizes: &[usize]) -> Result<()> {
        if sizes.contains(&0) {
            let found = format!("{:?}", self.shape());
            return Err(Error::shape(format!("{what} input"), "at least one element", found));
        }
        Ok(())
    }
}
