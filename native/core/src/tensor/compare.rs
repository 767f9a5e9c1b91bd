//! Comparisons, logic, and questions about numbers. Everything here ends in bools; no gradient flows through it.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::backend::{BoolDType, Dispatch, DispatchTensor, Scalar};

use super::value::INT;
use super::{Kind, Value};
use crate::{Error, Result};

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

type Compare = fn(DispatchTensor, DispatchTensor, BoolDType) -> DispatchTensor;
type CompareWith = fn(DispatchTensor, Scalar, BoolDType) -> DispatchTensor;

impl Comparison {
    fn floats(self) -> (Compare, CompareWith) {
        match self {
            Self::Equal => (Dispatch::float_equal, Dispatch::float_equal_elem),
            Self::NotEqual => (Dispatch::float_not_equal, Dispatch::float_not_equal_elem),
            Self::Less => (Dispatch::float_lower, Dispatch::float_lower_elem),
            Self::LessEqual => (Dispatch::float_lower_equal, Dispatch::float_lower_equal_elem),
            Self::Greater => (Dispatch::float_greater, Dispatch::float_greater_elem),
            Self::GreaterEqual => (Dispatch::float_greater_equal, Dispatch::float_greater_equal_elem),
        }
    }

    fn ints(self) -> (Compare, CompareWith) {
        match self {
            Self::Equal => (Dispatch::int_equal, Dispatch::int_equal_elem),
            Self::NotEqual => (Dispatch::int_not_equal, Dispatch::int_not_equal_elem),
            Self::Less => (Dispatch::int_lower, Dispatch::int_lower_elem),
            Self::LessEqual => (Dispatch::int_lower_equal, Dispatch::int_lower_equal_elem),
            Self::Greater => (Dispatch::int_greater, Dispatch::int_greater_elem),
            Self::GreaterEqual => (Dispatch::int_greater_equal, Dispatch::int_greater_equal_elem),
        }
    }

    /// The whole number by which integers compare as they do with `x`.
    fn whole(self, x: f64) -> f64 {
        match self {
            Self::Greater | Self::LessEqual => x.floor(),
            Self::Less | Self::GreaterEqual => x.ceil(),
            Self::Equal | Self::NotEqual => x,
        }
    }
}

impl Value {
    /// Element by element, with broadcasting. Bools compare as 0 and 1.
    pub fn compare(self, other: &Self, how: Comparison) -> Result<Self> {
        let out = self.bool_dtype();
        let (a, b) = Self::align("comparison", self, other)?;
        let raw = match a.kind {
            Kind::Float => how.floats().0(a.detached().raw, b.detached().raw, out),
            Kind::Int => how.ints().0(a.raw, b.raw, out),
            Kind::Bool => how.ints().0(a.to_int().raw, b.to_int().raw, out),
        };
        Ok(Self::bool(raw).detached())
    }

    /// Every element with a number.
    pub fn compare_scalar(self, x: f64, how: Comparison) -> Result<Self> {
        let out = self.bool_dtype();
        if self.kind == Kind::Float {
            return Ok(Self::bool(how.floats().1(self.detached().raw, Scalar::Float(x), out)).detached());
        }
        let value = self.to_int();
        let whole = how.whole(x);
        if whole.fract() != 0.0 || x.is_nan() || whole.abs() > f64::from(i32::MAX) {
            let same = value.clone().compare(&value, Comparison::Equal)?;
            let holds = match how {
                Comparison::Equal => false,
                Comparison::NotEqual => true,
                Comparison::Less | Comparison::LessEqual => x > 0.0,
                Comparison::Greater | Comparison::GreaterEqual => x < 0.0,
            };
            return if holds { Ok(same) } else { same.not() };
        }
        Ok(Self::bool(how.ints().1(value.raw, Scalar::Int(whole as i64), out)).detached())
    }

    /// Bools as they are; numbers are true where they are not 0.
    pub fn truth(self) -> Result<Self> {
        match self.kind {
            Kind::Bool => Ok(self),
            _ => self.compare_scalar(0.0, Comparison::NotEqual),
        }
    }

    fn logic(self, other: &Self, f: fn(DispatchTensor, DispatchTensor) -> DispatchTensor) -> Result<Self> {
        let shape = super::shapes::broadcast("logic", &self.shape(), &other.shape())?;
        let (a, b) = (self.truth()?.expand_to(&shape)?, other.clone().truth()?.expand_to(&shape)?);
        Ok(Self::bool(f(a.raw, b.raw)))
    }

    pub fn and(self, other: &Self) -> Result<Self> {
        self.logic(other, Dispatch::bool_and)
    }

    pub fn or(self, other: &Self) -> Result<Self> {
        self.logic(other, Dispatch::bool_or)
    }

    /// True where exactly one of the two is.
    pub fn xor(self, other: &Self) -> Result<Self> {
        self.logic(other, Dispatch::bool_xor)
    }

    /// True where any element over dimensions is, which stay with size 1. Nothing is false.
    pub fn any_dims(self, dims: &[usize]) -> Result<Self> {
        let mut shape = self.shape();
        let numbers = self.truth()?.to_int();
        dims.iter().for_each(|&d| shape[d] = 1);
        if numbers.is_empty() {
            let zeros = Dispatch::int_zeros(shape.into(), &burn::backend::TensorMetadata::device(&numbers.raw), INT);
            return Self::int(zeros).truth();
        }
        dims.iter().fold(numbers, |v, &d| Self::int(Dispatch::int_sum_dim(v.raw, d))).truth()
    }

    /// True where all elements over dimensions are, which stay with size 1. Nothing is true.
    pub fn all_dims(self, dims: &[usize]) -> Result<Self> {
        self.truth()?.not()?.any_dims(dims)?.not()
    }

    pub fn is_nan(self) -> Result<Self> {
        let plain = self.detached();
        plain.clone().compare(&plain, Comparison::NotEqual)
    }

    /// True for both infinities.
    pub fn is_inf(self) -> Result<Self> {
        match self.kind {
            Kind::Float => self.detached().abs()?.compare_scalar(f64::INFINITY, Comparison::Equal),
            Kind::Int => self.is_nan(),
            Kind::Bool => Err(Error::dtype("is_inf", "numbers", "bool")),
        }
    }
}
