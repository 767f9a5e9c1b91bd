//! Elements in other places: reversed, repeated, every k-th, added at indices, diagonals, constants of every kind.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch, Scalar, Slice, TensorMetadata};
use burn::tensor::{IndexingUpdateOp, Shape};

use super::shapes::dim_index;
use super::value::INT;
use super::{Kind, Value};
use crate::array::element_count;
use crate::{Error, Result};

impl Value {
    /// The order of elements along dimensions turned round.
    pub fn flip(self, dims: &[usize]) -> Result<Self> {
        for &d in dims {
            dim_index("flip", d as i64, self.rank())?;
        }
        if self.is_empty() || dims.is_empty() {
            return Ok(self);
        }
        let raw = match self.kind {
            Kind::Float => Dispatch::float_flip(self.raw, dims),
            Kind::Int => Dispatch::int_flip(self.raw, dims),
            Kind::Bool => Dispatch::bool_flip(self.raw, dims),
        };
        Ok(Self { raw, kind: self.kind })
    }

    /// The whole value several times one after the other along a dimension.
    pub fn repeat(self, dim: usize, times: usize) -> Result<Self> {
        dim_index("repeat", dim as i64, self.rank())?;
        if times == 1 {
            return Ok(self);
        }
        if times == 0 || self.is_empty() {
            let mut shape = self.shape();
            shape[dim] *= times;
            return self.filled_like(&shape, 0.0);
        }
        let raw = match self.kind {
            Kind::Float => Dispatch::float_repeat_dim(self.raw, dim, times),
            Kind::Int => Dispatch::int_repeat_dim(self.raw, dim, times),
            Kind::Bool => Dispatch::bool_repeat_dim(self.raw, dim, times),
        };
        Ok(Self { raw, kind: self.kind })
    }

    /// Every `step`-th element of `start..end` of one dimension.
    pub fn stride(self, dim: usize, start: usize, end: usize, step: usize) -> Result<Self> {
        if step == 1 || start >= end {
            return self.narrow(dim, start, end.max(start));
        }
        let shape = self.shape();
        dim_index("slice", dim as i64, shape.len())?;
        if end > shape[dim] || step == 0 {
            return Err(Error::shape("slice", format!("a range within 0..{}", shape[dim]), format!("{start}..{end}")));
        }
        let whole = |n: usize| Slice::new(0, Some(n as isize), 1);
        let mut slices: Vec<Slice> = shape.iter().map(|&n| whole(n)).collect();
        slices[dim] = Slice::new(start as isize, Some(end as isize), step as isize);
        let raw = match self.kind {
            Kind::Float => Dispatch::float_slice(self.raw, &slices),
            Kind::Int => Dispatch::int_slice(self.raw, &slices),
            Kind::Bool => Dispatch::bool_slice(self.raw, &slices),
        };
        Ok(Self { raw, kind: self.kind })
    }

    /// A constant of this value's kind and type, on its device.
    pub fn filled_like(&self, shape: &[usize], x: f64) -> Result<Self> {
        element_count(shape)?;
        match self.kind {
            Kind::Float => self.full_like(shape, x),
            kind => {
                let shape = Shape::from(shape.to_vec());
                let ints = Self::int(Dispatch::int_full(shape, Scalar::Int(x as i64), &self.raw.device(), INT));
                if kind == Kind::Int { Ok(ints) } else { ints.truth() }
            }
        }
    }

    /// A number where the mask is true, `self` elsewhere, for every kind.
    pub fn fill(self, mask: &Self, x: f64) -> Result<Self> {
        let mask = mask.clone().truth()?;
        if self.kind == Kind::Float {
            return self.fill_mask(&mask, x);
        }
        let constant = self.filled_like(&vec![1; self.rank()], x)?;
        self.where_mask(&mask, &constant)
    }

    /// Adds the elements of `values` at `indices` along a dimension (PyTorch's scatter_add): indices and values have one
    /// shape, which in no other dimension is larger than this value's.
    pub fn scatter_add(self, dim: usize, indices: &Self, values: &Self) -> Result<Self> {
        indices.expect_kind(Kind::Int, "scatter_add")?;
        let (shape, places) = (self.shape(), indices.shape());
        dim_index("scatter_add", dim as i64, shape.len())?;
        let fits = places.len() == shape.len() && (0..shape.len()).all(|d| d == dim || places[d] <= shape[d]);
        if !fits || values.shape() != places {
            let found = format!("{places:?} and {:?}", values.shape());
            return Err(Error::shape("scatter_add", format!("indices and values that fit {shape:?}"), found));
        }
        if indices.is_empty() {
            return Ok(self);
        }
        let count = element_count(&shape)?;
        if i32::try_from(count).is_err() {
            return Err(Error::shape("scatter_add", "at most 2^31 elements", count));
        }
        // One list of places in the row-major order of the value.
        let steps = strides(&shape);
        let own = strides(&places);
        let start = |i: usize| -> i32 {
            let place = |d: usize| if d == dim { 0 } else { i / own[d] % places[d] * steps[d] };
            (0..shape.len()).map(place).sum::<usize>() as i32
        };
        let starts = indices.ints_like((0..indices.len()).map(start).collect());
        let flat = indices.clone().reshape(&[indices.len()])?;
        let step = flat.filled_like(&[1], steps[dim] as f64)?;
        let flat = flat.mul(&step)?.add(&starts)?;
        self.reshape(&[count])?.add_along(0, &flat, &values.clone().reshape(&[flat.len()])?)?.reshape(&shape)
    }

    /// As [`Value::add_at`], for integers too.
    pub fn add_along(self, dim: usize, indices: &Self, values: &Self) -> Result<Self> {
        if self.kind == Kind::Float {
            return self.add_at(dim, indices, values);
        }
        let mut expected = self.shape();
        let d = dim_index("add_at", dim as i64, expected.len())?;
        expected[d] = indices.len();
        if self.kind != Kind::Int || values.kind != Kind::Int || values.shape() != expected {
            return Err(Error::shape("add_at", format!("numbers {expected:?}"), format!("{:?}", values.shape())));
        }
        let (indices, values) = (indices.raw.clone(), values.raw.clone());
        Ok(Self::int(Dispatch::int_select_assign(self.raw, dim, indices, values, IndexingUpdateOp::Add)))
    }

    /// The elements [.., i, i + offset] of matrices [.., n, m]: [.., k].
    pub fn diagonal(self, offset: i64) -> Result<Self> {
        let mut shape = self.shape();
        let [.., n, m] = shape[..] else {
            return Err(Error::shape("diagonal", "a matrix [.., n, m]", format!("{shape:?}")));
        };
        let (row, column) = ((-offset).max(0) as usize, offset.max(0) as usize);
        let count = n.saturating_sub(row).min(m.saturating_sub(column));
        let place = |i: usize| ((row + i) * m + column + i) as i32;
        let places = self.ints_like((0..count).map(place).collect());
        shape.truncate(shape.len() - 2);
        let dim = shape.len();
        shape.push(n * m);
        self.reshape(&shape)?.select(dim, &places)
    }

    /// 1 where column - row >= offset in a matrix of this size, as bools [n, m] on this value's device.
    pub fn above_diagonal(&self, n: usize, m: usize, offset: i64) -> Result<Self> {
        let above = |r: usize| (0..m).map(move |c| i32::from(c as i64 - r as i64 >= offset));
        self.ints_like((0..n).flat_map(above).collect()).equal_scalar(1)?.reshape(&[n, m])
    }
}

/// How many elements lie between neighbours along each dimension, row-major.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for d in (0..shape.len().saturating_sub(1)).rev() {
        strides[d] = strides[d + 1] * shape[d + 1];
    }
    strides
}
