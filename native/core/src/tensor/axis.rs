//! Sparse linear maps along one dimension, and those of windows and bins.

use std::sync::Arc;

use exburn_kernels::KernelError;
use exburn_kernels::axis_map::AxisMap;

use super::{Kind, Value};
use crate::backend::extension::axis_map;
use crate::{Error, ErrorKind, Result};

/// Windows that slide along one dimension. `padding` is what lies before the first element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sliding {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
    /// How many windows there are.
    pub count: usize,
}

impl Sliding {
    /// Where tap `k` of window `i` lies, if it lies in an input of `n` elements.
    fn tap(&self, n: usize, i: usize, k: usize) -> Option<usize> {
        (i * self.stride + k * self.dilation).checked_sub(self.padding).filter(|&at| at < n)
    }

    /// All taps of all windows of a dimension of `n`: [kernel, count]. Taps in the padding are zero.
    pub fn taps(&self, n: usize) -> Result<AxisMap> {
        let rows = (0..self.kernel).flat_map(|k| (0..self.count).map(move |i| self.tap(n, i, k).map(|tap| (tap, 1.0))));
        checked(AxisMap::new(n, rows))
    }

    /// Sums of the windows, each multiplied by what `weight` says of its place (first and end, counted from the input's
    /// first element). A window ends where the input does.
    pub fn sums(&self, n: usize, weight: impl Fn(i64, i64) -> f64) -> Result<AxisMap> {
        let row = |i: usize| {
            let first = (i * self.stride) as i64 - self.padding as i64;
            let end = first + self.kernel as i64;
            let weight = weight(first, end);
            (first.max(0) as usize..end.min(n as i64).max(0) as usize).map(move |tap| (tap, weight))
        };
        checked(AxisMap::new(n, (0..self.count).map(row)))
    }
}

/// The elements of bin `i` of `count` bins over `n` elements: floor(i n / count) .. ceil((i + 1) n / count).
pub(super) fn bin(i: usize, n: usize, count: usize) -> std::ops::Range<usize> {
    i * n / count..((i + 1) * n).div_ceil(count)
}

pub(super) fn checked(map: std::result::Result<AxisMap, KernelError>) -> Result<AxisMap> {
    map.map_err(|e| Error::new(ErrorKind::Shape, e.to_string()))
}

impl Value {
    /// Maps a dimension, whose length becomes `map.outputs()`.
    pub(super) fn map_axis(self, dim: usize, map: AxisMap) -> Result<Self> {
        self.expect_kind(Kind::Float, "axis map")?;
        if map.is_identity() && self.shape().get(dim) == Some(&map.inputs()) {
            return Ok(self);
        }
        Ok(Self::float(axis_map(self.raw, Arc::new(map), dim)?))
    }

    /// The sizes of a value [N, C, ..] with `D` dimensions behind the channels.
    pub(super) fn spatial<const D: usize>(&self, what: &str) -> Result<[usize; D]> {
        self.expect_kind(Kind::Float, what)?;
        let shape = self.shape();
        let sizes = shape.get(2..).and_then(|sizes| <[usize; D]>::try_from(sizes).ok());
        sizes.ok_or_else(|| {
            Error::shape(format!("{what} input"), format!("[N, C] and {D} dimensions"), format!("{shape:?}"))
        })
    }

    /// The same with other dimensions behind the channels.
    pub(super) fn with_spatial(self, sizes: &[usize]) -> Result<Self> {
        let mut shape = self.shape()[..2].to_vec();
        shape.extend(sizes);
        self.reshape(&shape)
    }
}
