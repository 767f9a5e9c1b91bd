//! Options that layers over 1 to 3 dimensions share, and the sizes that sliding windows give.

use super::{Dim, Type};
use crate::spec::Config;
use crate::tensor::shapes::window_output;
use crate::{Error, Result};

/// Largest size of a window option: devices count in 32-bit integers.
pub(super) const MOST: usize = i32::MAX as usize;

/// An option for every dimension, at least `least`; one number counts for all.
pub(super) fn sizes<const D: usize>(
    config: &Config,
    key: &str,
    default: Option<usize>,
    least: usize,
) -> Result<[usize; D]> {
    let sizes = config.per_dim::<D>(key, default, least)?;
    match sizes.iter().find(|&&n| n > MOST) {
        Some(n) => Err(Error::argument(format!("option '{key}': expected at most {MOST}, found {n}"))),
        None => Ok(sizes),
    }
}

/// How the input of a layer over `D` dimensions is written, with `channels` in the second place.
pub(super) fn layout<const D: usize>(channels: &str) -> String {
    let behind = ["L", "H, W", "D, H, W"][D - 1];
    format!("[N, {channels}, {behind}]")
}

/// What a layer over `D` dimensions calls them.
pub(super) fn axis_name<const D: usize>(axis: usize) -> &'static str {
    if D == 1 { "length" } else { ["depth", "height", "width"][3 - D + axis] }
}

/// An input of a layer over `D` dimensions whose sizes are open.
pub(super) fn open<const D: usize>(channels: Dim) -> Type {
    behind(None, channels, &[None; D])
}

/// Batch, channels, and what lies behind them.
pub(super) fn behind(batch: Dim, channels: Dim, sizes: &[Dim]) -> Type {
    let mut shape = vec![batch, channels];
    shape.extend(sizes);
    Type::float(shape)
}

/// Windows that slide over `D` dimensions; padding per side: (before, after).
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows<const D: usize> {
    pub kernel: [usize; D],
    pub stride: [usize; D],
    pub padding: [(usize, usize); D],
    pub dilation: [usize; D],
    pub ceil: bool,
}

impl<const D: usize> Windows<D> {
    fn axis(&self, axis: usize, input: &Type, size: Dim) -> Result<Dim> {
        let Some(size) = size else { return Ok(None) };
        let (before, after) = self.padding[axis];
        let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
        window_output(size, kernel, stride, before, before + after, dilation, self.ceil).map(Some).map_err(|_| {
            let extent = dilation * (kernel - 1) + 1;
            let axis = axis_name::<D>(axis);
            let padding = before + after;
            Error::shape("input", format!("a {axis} that with {padding} of padding holds a window of {extent}"), input)
        })
    }

    /// The output's type from the input's, with `channels` channels (`None`: as many as the input has).
    pub fn infer(&self, input: &Type, channels: Option<usize>) -> Result<Type> {
        let Some(shape) = input.with_rank(&[D + 2], &layout::<D>("C"))? else {
            return Ok(open::<D>(channels));
        };
        let sizes: Vec<Dim> = (0..D).map(|i| self.axis(i, input, shape[2 + i])).collect::<Result<_>>()?;
        Ok(behind(shape[0], channels.or(shape[1]), &sizes))
    }
}
