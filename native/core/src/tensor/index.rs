//! Picking elements by index and by mask.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps, ModuleOps};
use burn::backend::{Dispatch, Scalar};
use burn::tensor::IndexingUpdateOp;

use super::shapes::{broadcast, dim_index};
use super::{Kind, Value};
use crate::{Error, Result};

impl Value {
    /// Elements along `dim` at `indices` (same rank; PyTorch's gather). Indices must lie within the dimension.
    pub fn gather(self, dim: usize, indices: &Self) -> Result<Self> {
        indices.expect_kind(Kind::Int, "gather")?;
        dim_index("gather", dim as i64, self.rank())?;
        let (shape, wanted) = (self.shape(), indices.shape());
        let fits = wanted.len() == shape.len() && (0..shape.len()).all(|d| d == dim || wanted[d] <= shape[d]);
        if !fits {
            return Err(Error::shape("gather", format!("indices that fit {shape:?}"), format!("{wanted:?}")));
        }
        match self.kind {
            Kind::Float => Ok(Self::float(Dispatch::float_gather(dim, self.raw, indices.raw.clone()))),
            Kind::Int => Ok(Self::int(Dispatch::int_gather(dim, self.raw, indices.raw.clone()))),
            Kind::Bool => Ok(Self::bool(Dispatch::bool_gather(dim, self.raw, indices.raw.clone()))),
        }
    }

    /// Whole slices along `dim` at a list of indices (PyTorch's index_select).
    pub fn select(self, dim: usize, indices: &Self) -> Result<Self> {
        indices.expect_kind(Kind::Int, "select")?;
        dim_index("select", dim as i64, self.rank())?;
        if indices.rank() != 1 {
            return Err(Error::shape("select", "a list of indices", format!("{:?}", indices.shape())));
        }
        match self.kind {
            Kind::Float => Ok(Self::float(Dispatch::float_select(self.raw, dim, indices.raw.clone()))),
            Kind::Int => Ok(Self::int(Dispatch::int_select(self.raw, dim, indices.raw.clone()))),
            Kind::Bool => Ok(Self::bool(Dispatch::bool_select(self.raw, dim, indices.raw.clone()))),
        }
    }

    /// Adds whole slices along `dim` at a list of indices, of which several may be the same (PyTorch's index_add).
    pub fn add_at(self, dim: usize, indices: &Self, values: &Self) -> Result<Self> {
        indices.expect_kind(Kind::Int, "add_at")?;
        self.expect_kind(Kind::Float, "add_at")?;
        values.expect_kind(Kind::Float, "add_at")?;
        dim_index("add_at", dim as i64, self.rank())?;
        let mut expected = self.shape();
        expected[dim] = indices.len();
        if indices.rank() != 1 || values.shape() != expected {
            return Err(Error::shape("add_at", format!("{expected:?}"), format!("{:?}", values.shape())));
        }
        let (indices, values) = (indices.raw.clone(), values.raw.clone());
        let add = IndexingUpdateOp::Add;
        Ok(Self::float(Dispatch::float_select_assign(self.raw, dim, indices, values, add)))
    }

    /// Rows of a weight matrix [n, d] at indices of any shape: [..., d].
    pub fn embedding(self, indices: &Self) -> Result<Self> {
        indices.expect_kind(Kind::Int, "embedding")?;
        self.expect_kind(Kind::Float, "embedding")?;
        let [_, width] = self.shape()[..] else {
            return Err(Error::shape("embedding", "a matrix of weights", format!("{:?}", self.shape())));
        };
        let mut shape = indices.shape();
        let flat = indices.clone().reshape(&[1, indices.len()])?;
        shape.push(width);
        Self::float(Dispatch::embedding(self.raw, flat.raw)).reshape(&shape)
    }

    /// `other` where the mask is true, `self` elsewhere; the three broadcast.
    pub fn where_mask(self, mask: &Self, other: &Self) -> Result<Self> {
        mask.expect_kind(Kind::Bool, "where")?;
        other.expect_kind(self.kind, "where")?;
        let shape = broadcast("where", &broadcast("where", &self.shape(), &other.shape())?, &mask.shape())?;
        let a = self.expand_to(&shape)?;
        let b = other.clone().expand_to(&shape)?;
        let m = mask.clone().expand_to(&shape)?;
        match a.kind {
            Kind::Float => Ok(Self::float(Dispatch::float_mask_where(a.raw, m.raw, b.raw))),
            Kind::Int => Ok(Self::int(Dispatch::int_mask_where(a.raw, m.raw, b.raw))),
            Kind::Bool => Ok(Self::bool(Dispatch::bool_mask_where(a.raw, m.raw, b.raw))),
        }
    }

    /// A number where the mask is true, `self` elsewhere.
    pub fn fill_mask(self, mask: &Self, x: f64) -> Result<Self> {
        mask.expect_kind(Kind::Bool, "fill")?;
        self.expect_kind(Kind::Float, "fill")?;
        let shape = self.shape();
        let m = mask.clone().expand_to(&shape)?;
        Ok(Self::float(Dispatch::float_mask_fill(self.raw, m.raw, Scalar::Float(x))))
    }

    pub fn not(self) -> Result<Self> {
        self.expect_kind(Kind::Bool, "not")?;
        Ok(Self::bool(Dispatch::bool_not(self.raw)))
    }

    /// Expands with leading dimensions added where they are missing.
    pub fn expand_to(self, shape: &[usize]) -> Result<Self> {
        let found = self.shape();
        if found.len() > shape.len() {
            return Err(Error::shape("expand", format!("a shape that expands to {shape:?}"), format!("{found:?}")));
        }
        let mut lifted = vec![1; shape.len() - found.len()];
        lifted.extend(found);
        self.reshape(&lifted)?.expand(shape)
    }
}
