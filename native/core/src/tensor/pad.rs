//! Padding of the last dimensions.

use burn::backend::Dispatch;
use burn::backend::Slice;
use burn::backend::ops::FloatTensorOps;

use super::axis::checked;
use super::shapes::{Padding, padded_size, padding_sources};
use super::{Kind, Value};
use crate::{Error, Result};
use exburn_kernels::axis_map::AxisMap;

impl Value {
    /// Where the padded dimensions begin.
    fn first_padded(&self, padding: &[(i64, i64)]) -> Result<usize> {
        self.expect_kind(Kind::Float, "pad")?;
        self.rank().checked_sub(padding.len()).ok_or_else(|| {
            Error::shape("pad input", format!("a rank of at least {}", padding.len()), format!("{:?}", self.shape()))
        })
    }

    /// A number around the elements of the last dimensions: (before, after) for each of them. Negative padding removes.
    pub fn pad_constant(self, padding: &[(i64, i64)], x: f64) -> Result<Self> {
        let first = self.first_padded(padding)?;
        let mut shape = self.shape();
        let mut inside = self;
        let mut places: Vec<(usize, usize)> = shape.iter().map(|&n| (0, n)).collect();
        for (i, &(before, after)) in padding.iter().enumerate() {
            let (dim, n) = (first + i, shape[first + i]);
            let size = padded_size(n, before, after)?;
            let start = (-before).max(0) as usize;
            let kept = n - start - (-after).max(0) as usize;
            inside = inside.narrow(dim, start, start + kept)?;
            let place = before.max(0) as usize;
            places[dim] = (place, place + kept);
            shape[dim] = size;
        }
        if inside.shape() == shape {
            return Ok(inside);
        }
        let places: Vec<Slice> =
            places.into_iter().map(|(start, end)| Slice::new(start as isize, Some(end as isize), 1)).collect();
        let around = inside.full_like(&shape, x)?;
        if inside.is_empty() {
            return Ok(around);
        }
        Ok(Self::float(Dispatch::float_slice_assign(around.raw, &places, inside.raw)))
    }

    /// Pads the last dimensions with their own elements: (before, after) for each of them. Negative padding removes.
    pub fn pad_from_input(self, padding: &[(i64, i64)], mode: Padding) -> Result<Self> {
        let first = self.first_padded(padding)?;
        let mut padded = self;
        for (i, &(before, after)) in padding.iter().enumerate() {
            let n = padded.dim(first + i);
            if (before, after) != (0, 0) {
                let map = AxisMap::copying(n, padding_sources(mode, n, before, after)?);
                padded = padded.map_axis(first + i, checked(map)?)?;
            }
        }
        Ok(padded)
    }
}
