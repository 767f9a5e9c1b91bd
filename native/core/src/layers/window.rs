//! Options that convolution and pooling share, and the sizes they give.

use super::{Dim, Type};
use crate::spec::Config;
use crate::tensor::shapes::window_output;
use crate::{Error, Result};

/// Largest size of a window option: devices count in 32-bit integers.
const MOST: usize = i32::MAX as usize;

/// An option for height and width, at least `least`; one number counts for both.
pub(super) fn pair(config: &Config, key: &str, default: Option<usize>, least: usize) -> Result<[usize; 2]> {
    let sizes = config.per_dim::<2>(key, default, least)?;
    match sizes.iter().find(|&&n| n > MOST) {
        Some(n) => Err(Error::argument(format!("option '{key}': expected at most {MOST}, found {n}"))),
        None => Ok(sizes),
    }
}

/// Windows that slide over height and width; padding per side: [top, bottom, left, right].
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 4],
    pub dilation: [usize; 2],
    pub ceil: bool,
}

impl Windows {
    fn axis(&self, axis: usize, input: &Type, size: Dim) -> Result<Dim> {
        let Some(size) = size else { return Ok(None) };
        let (before, after) = (self.padding[2 * axis], self.padding[2 * axis + 1]);
        let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
        window_output(size, kernel, stride, before, before + after, dilation, self.ceil).map(Some).map_err(|_| {
            let extent = dilation * (kernel - 1) + 1;
            let axis = ["height", "width"][axis];
            let padding = before + after;
            Error::shape("input", format!("a {axis} that with {padding} of padding holds a window of {extent}"), input)
        })
    }

    /// The output's type from the input's, with `channels` channels (`None`: as many as the input has).
    pub fn infer(&self, input: &Type, channels: Option<usize>) -> Result<Type> {
        let Some(shape) = input.with_rank(&[4], "[N, C, H, W]")? else {
            return Ok(Type::float(vec![None, channels, None, None]));
        };
        let (height, width) = (self.axis(0, input, shape[2])?, self.axis(1, input, shape[3])?);
        Ok(Type::float(vec![shape[0], channels.or(shape[1]), height, width]))
    }
}
