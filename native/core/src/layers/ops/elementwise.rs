//! Functions of every element.

use super::{any_number, op, unary};
use crate::layers::{Layer, Make};
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Neg", |_| numbers("Neg", Value::neg, |x| x.filled_like(&vec![1; x.rank()], 0.0)?.sub(&x))),
    ("Abs", |_| numbers("Abs", Value::abs, integer_abs)),
    ("Sign", |_| numbers("Sign", Value::sign, integer_sign)),
    ("Square", |_| numbers("Square", square, square)),
    ("Exp", |_| unary("Exp", Value::exp)),
    ("Expm1", |_| unary("Expm1", Value::expm1)),
    ("Log", |_| unary("Log", Value::log)),
    ("Log2", |_| unary("Log2", Value::log2)),
    ("Log10", |_| unary("Log10", Value::log10)),
    ("Log1p", |_| unary("Log1p", Value::log1p)),
    ("Sqrt", |_| unary("Sqrt", Value::sqrt)),
    ("Rsqrt", |_| unary("Rsqrt", Value::rsqrt)),
    ("Cbrt", |_| unary("Cbrt", Value::cbrt)),
    ("Reciprocal", |_| unary("Reciprocal", Value::recip)),
    ("Sin", |_| unary("Sin", Value::sin)),
    ("Cos", |_| unary("Cos", Value::cos)),
    ("Tan", |_| unary("Tan", Value::tan)),
    ("Asin", |_| unary("Asin", Value::asin)),
    ("Acos", |_| unary("Acos", Value::acos)),
    ("Atan", |_| unary("Atan", Value::atan)),
    ("Sinh", |_| unary("Sinh", Value::sinh)),
    ("Cosh", |_| unary("Cosh", Value::cosh)),
    ("Asinh", |_| unary("Asinh", Value::asinh)),
    ("Acosh", |_| unary("Acosh", Value::acosh)),
    ("Atanh", |_| unary("Atanh", Value::atanh)),
    ("Erf", |_| unary("Erf", Value::erf)),
    ("Erfc", |_| unary("Erfc", Value::erfc)),
    ("Erfinv", |_| unary("Erfinv", Value::erfinv)),
    ("Floor", |_| numbers("Floor", Value::floor, Ok)),
    ("Ceil", |_| numbers("Ceil", Value::ceil, Ok)),
    ("Round", |_| numbers("Round", Value::round, Ok)),
    ("Trunc", |_| numbers("Trunc", Value::trunc, Ok)),
];

/// A function that floats and integers have, each its own.
fn numbers(
    name: &'static str,
    floats: fn(Value) -> Result<Value>,
    ints: fn(Value) -> Result<Value>,
) -> Result<Box<dyn Layer>> {
    op(
        name,
        &[Kind::Float],
        |x| any_number(&x[0]).cloned(),
        move |x| match x[0].kind() {
            Kind::Float => floats(x[0].clone()),
            Kind::Int => ints(x[0].clone()),
            Kind::Bool => Err(Error::dtype("input", "numbers", Kind::Bool)),
        },
    )
}

fn square(x: Value) -> Result<Value> {
    x.clone().mul(&x)
}

fn integer_sign(x: Value) -> Result<Value> {
    let zero = x.filled_like(&vec![1; x.rank()], 0.0)?;
    x.clone().greater(&zero)?.to_int().sub(&zero.greater(&x)?.to_int())
}

fn integer_abs(x: Value) -> Result<Value> {
    x.clone().mul(&integer_sign(x)?)
}
