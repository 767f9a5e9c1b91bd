//! Element-wise arithmetic with broadcasting, comparisons, matrix products.

use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch, DispatchTensor, Scalar};

use super::shapes::broadcast;
use super::{DType, Kind, Value};
use crate::{Error, Result};

type Binary = fn(DispatchTensor, DispatchTensor) -> DispatchTensor;

impl Value {
    /// Both operands with the same rank, so that the backend's broadcasting of size-1 dimensions applies.
    pub(super) fn align(what: &str, a: Self, b: &Self) -> Result<(Self, Self)> {
        if a.kind != b.kind {
            return Err(Error::dtype(what, a.kind, b.kind));
        }
        if a.kind == Kind::Float && a.dtype()? != b.dtype()? {
            return Err(Error::dtype(what, a.dtype()?.name(), b.dtype()?.name()));
        }
        let (sa, sb) = (a.shape(), b.shape());
        if sa == sb {
            return Ok((a, b.clone()));
        }
        let rank = broadcast(what, &sa, &sb)?.len();
        let lift = |v: Value, shape: Vec<usize>| {
            if shape.len() == rank {
                return Ok(v);
            }
            let mut lifted = vec![1; rank - shape.len()];
            lifted.extend(shape);
            v.reshape(&lifted)
        };
        Ok((lift(a, sa)?, lift(b.clone(), sb)?))
    }

    fn arithmetic(self, what: &str, other: &Self, float: Binary, int: Binary) -> Result<Self> {
        let (a, b) = Self::align(what, self, other)?;
        match a.kind {
            Kind::Float => Ok(Self::float(float(a.raw, b.raw))),
            Kind::Int => Ok(Self::int(int(a.raw, b.raw))),
            Kind::Bool => Err(Error::dtype(what, "numbers", "bool")),
        }
    }

    pub fn add(self, other: &Self) -> Result<Self> {
        self.arithmetic("add", other, Dispatch::float_add, Dispatch::int_add)
    }

    pub fn sub(self, other: &Self) -> Result<Self> {
        self.arithmetic("subtract", other, Dispatch::float_sub, Dispatch::int_sub)
    }

    pub fn mul(self, other: &Self) -> Result<Self> {
        self.arithmetic("multiply", other, Dispatch::float_mul, Dispatch::int_mul)
    }

    pub fn div(self, other: &Self) -> Result<Self> {
        self.arithmetic("divide", other, Dispatch::float_div, Dispatch::int_div)
    }

    /// Element-wise maximum; at ties the gradient goes to the first operand.
    pub fn maximum(self, other: &Self) -> Result<Self> {
        let mask = other.clone().greater(&self)?;
        self.where_mask(&mask, other)
    }

    pub fn add_scalar(self, x: f64) -> Result<Self> {
        self.unary("add", |t| Dispatch::float_add_scalar(t, Scalar::Float(x)))
    }

    /// To divide by a number, multiply by its inverse: Burn's derivative of a division is rounded to single precision.
    pub fn mul_scalar(self, x: f64) -> Result<Self> {
        self.unary("multiply", |t| Dispatch::float_mul_scalar(t, Scalar::Float(x)))
    }

    pub fn pow_scalar(self, x: f64) -> Result<Self> {
        self.expect_kind(Kind::Float, "power")?;
        // NdArray rounds an exponent that is a number to single precision, but not one that is a tensor.
        if self.dtype()? == DType::F64 && !self.on_flex() && f64::from(x as f32) != x {
            let exponent = self.full_like(&self.shape(), x)?;
            return Ok(Self::float(Dispatch::float_powf(self.raw, exponent.raw)));
        }
        self.unary("power", |t| Dispatch::float_powf_scalar(t, Scalar::Float(x)))
    }

    pub fn neg(self) -> Result<Self> {
        self.unary("negate", Dispatch::float_neg)
    }

    pub fn exp(self) -> Result<Self> {
        self.unary("exp", Dispatch::float_exp)
    }

    pub fn log(self) -> Result<Self> {
        self.unary("log", Dispatch::float_log)
    }

    /// log(1 + x), exact for small x.
    pub fn log1p(self) -> Result<Self> {
        self.unary("log1p", Dispatch::float_log1p)
    }

    pub fn sqrt(self) -> Result<Self> {
        self.unary("sqrt", Dispatch::float_sqrt)
    }

    pub fn abs(self) -> Result<Self> {
        self.unary("abs", Dispatch::float_abs)
    }

    pub fn erf(self) -> Result<Self> {
        self.unary("erf", Dispatch::float_erf)
    }

    pub fn sin(self) -> Result<Self> {
        self.unary("sin", Dispatch::float_sin)
    }

    pub fn cos(self) -> Result<Self> {
        self.unary("cos", Dispatch::float_cos)
    }

    pub fn recip(self) -> Result<Self> {
        self.unary("reciprocal", Dispatch::float_recip)
    }

    pub fn sign(self) -> Result<Self> {
        self.unary("sign", Dispatch::float_sign)
    }

    pub fn clamp(self, min: f64, max: f64) -> Result<Self> {
        self.unary("clamp", |t| Dispatch::float_clamp(t, Scalar::Float(min), Scalar::Float(max)))
    }

    pub fn clamp_min(self, min: f64) -> Result<Self> {
        self.unary("clamp", |t| Dispatch::float_clamp_min(t, Scalar::Float(min)))
    }

    pub fn clamp_max(self, max: f64) -> Result<Self> {
        self.unary("clamp", |t| Dispatch::float_clamp_max(t, Scalar::Float(max)))
    }

    /// A float operation on every element.
    pub(crate) fn unary(self, what: &str, f: impl FnOnce(DispatchTensor) -> DispatchTensor) -> Result<Self> {
        self.expect_kind(Kind::Float, what)?;
        Ok(Self::float(f(self.raw)))
    }

    /// self > other, element by element.
    pub fn greater(self, other: &Self) -> Result<Self> {
        let out = self.bool_dtype();
        let (a, b) = Self::align("greater", self, other)?;
        match a.kind {
            Kind::Float => Ok(Self::bool(Dispatch::float_greater(a.raw, b.raw, out))),
            Kind::Int => Ok(Self::bool(Dispatch::int_greater(a.raw, b.raw, out))),
            Kind::Bool => Err(Error::dtype("greater", "numbers", "bool")),
        }
    }

    /// self == other, element by element.
    pub fn equal(self, other: &Self) -> Result<Self> {
        let out = self.bool_dtype();
        let (a, b) = Self::align("equal", self, other)?;
        match a.kind {
            Kind::Float => Ok(Self::bool(Dispatch::float_equal(a.raw, b.raw, out))),
            Kind::Int => Ok(Self::bool(Dispatch::int_equal(a.raw, b.raw, out))),
            Kind::Bool => Err(Error::dtype("equal", "numbers", "bool")),
        }
    }

    /// self == x, element by element.
    pub fn equal_scalar(self, x: i64) -> Result<Self> {
        let out = self.bool_dtype();
        match self.kind {
            Kind::Float => Ok(Self::bool(Dispatch::float_equal_elem(self.raw, Scalar::Float(x as f64), out))),
            Kind::Int => Ok(Self::bool(Dispatch::int_equal_elem(self.raw, Scalar::Int(x), out))),
            Kind::Bool => Err(Error::dtype("equal", "numbers", "bool")),
        }
    }

    /// self > x, element by element.
    pub fn greater_scalar(self, x: f64) -> Result<Self> {
        self.expect_kind(Kind::Float, "greater")?;
        let out = self.bool_dtype();
        Ok(Self::bool(Dispatch::float_greater_elem(self.raw, Scalar::Float(x), out)))
    }

    /// Matrix product of the last two dimensions; leading dimensions broadcast. [.., n, k] x [.., k, m] -> [.., n, m].
    pub fn matmul(self, other: &Self) -> Result<Self> {
        self.expect_kind(Kind::Float, "matmul")?;
        other.expect_kind(Kind::Float, "matmul")?;
        let (a, b) = (self.shape(), other.shape());
        if a.len() < 2 || b.len() < 2 || a[a.len() - 1] != b[b.len() - 2] {
            return Err(Error::shape(
                "matmul",
                format!("a matrix that {a:?} can be multiplied with"),
                format!("{b:?}"),
            ));
        }
        let batch = broadcast("matmul", &a[..a.len() - 2], &b[..b.len() - 2])?;
        let lift = |v: Self, shape: &[usize]| {
            let mut lifted = vec![1; batch.len() + 2 - shape.len()];
            lifted.extend(shape);
            v.reshape(&lifted)
        };
        let (x, y) = (lift(self, &a)?, lift(other.clone(), &b)?);
        Ok(Self::float(Dispatch::float_matmul(x.raw, y.raw)))
    }
}
