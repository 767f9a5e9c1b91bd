//! Products, extremes with PyTorch's gradients at ties, norms, and sums of integers.

use burn::backend::Dispatch;
use burn::backend::ops::{FloatTensorOps, IntTensorOps};

use super::compare::Comparison;
use super::shapes::dim_index;
use super::value::INT;
use super::{Kind, Value};
use crate::Result;

impl Value {
    /// Sum of integers over dimensions, which stay with size 1; bools count.
    pub fn sum_ints(self, dims: &[usize]) -> Self {
        dims.iter().fold(self.to_int(), |v, &d| Self::int(Dispatch::int_sum_dim(v.raw, d)))
    }

    /// The largest (or smallest) element over dimensions, which stay with size 1. Where several are as large the gradient is
    /// shared evenly among them. NaN if there is one.
    pub fn extreme(self, dims: &[usize], largest: bool) -> Result<Self> {
        self.check_dims("extreme", dims)?;
        if self.kind != Kind::Float {
            let f = if largest { Dispatch::int_max_dim } else { Dispatch::int_min_dim };
            return Ok(dims.iter().fold(self.to_int(), |v, &d| Self::int(f(v.raw, d))));
        }
        let plain = self.clone().detached();
        let f = if largest { Dispatch::float_max_dim } else { Dispatch::float_min_dim };
        let mut value = dims.iter().fold(plain.clone(), |v, &d| Self::float(f(v.raw, d)));
        // Not every device lets NaN win.
        if !plain.on_flex() {
            let nan = plain.clone().is_nan()?.any_dims(dims)?;
            value = value.fill_mask(&nan, f64::NAN)?;
        }
        if !self.is_tracked() {
            return Ok(value);
        }
        let winners = plain.compare(&value, Comparison::Equal)?.to_float(value.dtype()?);
        let share = winners.clone().div(&winners.sum_dims(dims)?)?;
        self.mul(&share.constant())?.sum_dims(dims)?.replaced_by(&value)
    }

    /// Position of the first largest (or smallest) element along a dimension, which stays with size 1; that of a NaN if there
    /// is one.
    pub fn position(self, dim: usize, largest: bool) -> Result<Self> {
        self.check_dims("position", &[dim])?;
        let plain = self.detached();
        if plain.kind != Kind::Float {
            let f = if largest { Dispatch::int_argmax } else { Dispatch::int_argmin };
            return Ok(Self::int(f(plain.to_int().raw, dim)));
        }
        let f = if largest { Dispatch::float_argmax } else { Dispatch::float_argmin };
        if plain.on_flex() {
            return Ok(Self::int(f(plain.raw, dim, INT)));
        }
        // Elsewhere NaN is turned into the winner first.
        let nan = plain.clone().is_nan()?;
        let winner = if largest { f64::INFINITY } else { f64::NEG_INFINITY };
        let found = Self::int(f(plain.fill_mask(&nan, winner)?.raw, dim, INT));
        let first_nan = Self::int(Dispatch::int_argmax(nan.clone().to_int().raw, dim));
        found.where_mask(&nan.any_dims(&[dim])?, &first_nan)
    }

    /// Product over dimensions, which stay with size 1, by halves: its gradient is exact where elements are 0, too.
    pub fn prod_dims(self, dims: &[usize]) -> Result<Self> {
        if self.kind != Kind::Float {
            return Ok(dims.iter().fold(self.to_int(), |v, &d| Self::int(Dispatch::int_prod_dim(v.raw, d))));
        }
        self.check_dims("product", dims)?;
        let mut value = self;
        for &d in dims {
            while value.dim(d) > 1 {
                let (n, half) = (value.dim(d), value.dim(d) / 2);
                let pairs = value.clone().narrow(d, 0, half)?.mul(&value.clone().narrow(d, half, 2 * half)?)?;
                value = match n % 2 {
                    0 => pairs,
                    _ => Self::concat(vec![pairs, value.narrow(d, n - 1, n)?], d)?,
                };
            }
        }
        Ok(value)
    }

    /// (sum |x|^p)^(1 / p) over dimensions, which stay with size 1; p may be infinite or 0 (how many are not 0). Where it is
    /// 0, so is its gradient.
    pub fn norm(self, p: f64, dims: &[usize]) -> Result<Self> {
        self.expect_kind(Kind::Float, "norm")?;
        if p.is_infinite() {
            return self.abs()?.extreme(dims, p > 0.0);
        }
        if p == 1.0 {
            return self.abs()?.sum_dims(dims);
        }
        let plain = self.clone().detached();
        let raise = |x: &Self, p: f64| x.clone().pow(&x.full_like(&vec![1; x.rank()], p)?);
        let value = if p == 0.0 {
            plain.clone().truth()?.to_float(plain.dtype()?).sum_dims(dims)?
        } else if p == 2.0 {
            plain.clone().mul(&plain)?.sum_dims(dims)?.sqrt()?
        } else {
            raise(&raise(&plain.clone().abs()?, p)?.sum_dims(dims)?, 1.0 / p)?
        };
        if !self.is_tracked() {
            return Ok(value);
        }
        let slope = if p == 0.0 {
            plain.zeros_like()?
        } else if p == 2.0 {
            plain.clone().div(&value)?
        } else {
            let share = raise(&plain.clone().abs()?.div(&value)?, p - 1.0)?;
            share.mul(&plain.clone().sign()?)?
        };
        let flat = plain.truth()?.not()?.or(&value.clone().truth()?.not()?)?;
        let slope = slope.fill_mask(&flat, 0.0)?;
        self.mul(&slope.constant())?.sum_dims(dims)?.replaced_by(&value)
    }

    /// The root of a variance (or anything of at least 0): where it is 0, so is its gradient.
    pub fn deviation(self) -> Result<Self> {
        let value = self.clone().detached().sqrt()?;
        let slope = |_| value.clone().recip()?.mul_scalar(0.5)?.fill_mask(&value.clone().truth()?.not()?, 0.0);
        Self::with_slopes(value.clone(), &[&self], slope)
    }

    /// log(sum(exp(x))) over dimensions, which stay with size 1, without overflow.
    pub fn log_sum_exp(self, dims: &[usize]) -> Result<Self> {
        let largest = self.clone().detached().extreme(dims, true)?;
        let infinite = largest.clone().is_inf()?;
        let shift = largest.fill_mask(&infinite, 0.0)?;
        self.sub(&shift)?.exp()?.sum_dims(dims)?.log()?.add(&shift)
    }

    /// Running sums along a dimension.
    pub fn cumsum(self, dim: usize) -> Result<Self> {
        dim_index("cumsum", dim as i64, self.rank())?;
        match self.kind {
            _ if self.is_empty() => Ok(self),
            Kind::Float => self.unary("cumsum", |t| Dispatch::float_cumsum(t, dim)),
            _ => Ok(Self::int(Dispatch::int_cumsum(self.to_int().raw, dim))),
        }
    }

    /// Running products along a dimension.
    pub fn cumprod(self, dim: usize) -> Result<Self> {
        dim_index("cumprod", dim as i64, self.rank())?;
        match self.kind {
            _ if self.is_empty() => Ok(self),
            Kind::Float => self.unary("cumprod", |t| Dispatch::float_cumprod(t, dim)),
            _ => Ok(Self::int(Dispatch::int_cumprod(self.to_int().raw, dim))),
        }
    }
}
