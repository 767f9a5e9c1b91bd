//! Sums, means, extremes.

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;

use super::shapes::dim_index;
use super::value::INT;
use super::{Kind, Value};
use crate::{Error, Result};

impl Value {
    /// Sum of all elements, shape [1].
    pub fn sum(self) -> Result<Self> {
        // Burn's gradient of a sum needs a dimension.
        let value = if self.rank() == 0 { self.reshape(&[1])? } else { self };
        value.unary("sum", Dispatch::float_sum)
    }

    /// Mean of all elements, shape [1]; an empty value is an error.
    pub fn mean(self) -> Result<Self> {
        if self.is_empty() {
            return Err(Error::shape("mean", "at least one element", format!("{:?}", self.shape())));
        }
        self.unary("mean", Dispatch::float_mean)
    }

    /// Sum over dimensions, which stay with size 1.
    pub fn sum_dims(self, dims: &[usize]) -> Result<Self> {
        self.check_dims("sum", dims)?;
        dims.iter().try_fold(self, |v, &d| v.unary("sum", |t| Dispatch::float_sum_dim(t, d)))
    }

    /// Mean over dimensions, which stay with size 1.
    pub fn mean_dims(self, dims: &[usize]) -> Result<Self> {
        self.check_dims("mean", dims)?;
        dims.iter().try_fold(self, |v, &d| v.unary("mean", |t| Dispatch::float_mean_dim(t, d)))
    }

    /// Largest element along a dimension, which stays with size 1.
    pub fn max_dim(self, dim: usize) -> Result<Self> {
        self.check_dims("max", &[dim])?;
        self.unary("max", |t| Dispatch::float_max_dim(t, dim))
    }

    /// Index of the largest element along a dimension, which stays with size 1.
    pub fn argmax(self, dim: usize) -> Result<Self> {
        self.check_dims("argmax", &[dim])?;
        self.expect_kind(Kind::Float, "argmax")?;
        Ok(Self::int(Dispatch::float_argmax(self.raw, dim, INT)))
    }

    pub(super) fn check_dims(&self, what: &str, dims: &[usize]) -> Result<()> {
        let rank = self.rank();
        for &d in dims {
            dim_index(what, d as i64, rank)?;
            if self.dim(d) == 0 {
                return Err(Error::shape(what, "a dimension with elements", format!("{:?}", self.shape())));
            }
        }
        Ok(())
    }
}
