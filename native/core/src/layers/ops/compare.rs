//! Comparisons, logic, and questions about numbers: bools come out, and no gradient flows. Numbers count as true where they
//! are not 0.

use super::{broadcast, extended, missing, op};
use crate::layers::{Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Comparison, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Equal", |_| comparison("Equal", Comparison::Equal)),
    ("NotEqual", |_| comparison("NotEqual", Comparison::NotEqual)),
    ("Less", |_| comparison("Less", Comparison::Less)),
    ("LessEqual", |_| comparison("LessEqual", Comparison::LessEqual)),
    ("Greater", |_| comparison("Greater", Comparison::Greater)),
    ("GreaterEqual", |_| comparison("GreaterEqual", Comparison::GreaterEqual)),
    ("EqualScalar", |c| with_number(c, "EqualScalar", Comparison::Equal)),
    ("NotEqualScalar", |c| with_number(c, "NotEqualScalar", Comparison::NotEqual)),
    ("LessScalar", |c| with_number(c, "LessScalar", Comparison::Less)),
    ("LessEqualScalar", |c| with_number(c, "LessEqualScalar", Comparison::LessEqual)),
    ("GreaterScalar", |c| with_number(c, "GreaterScalar", Comparison::Greater)),
    ("GreaterEqualScalar", |c| with_number(c, "GreaterEqualScalar", Comparison::GreaterEqual)),
    ("LogicalAnd", |_| logic("LogicalAnd", Value::and)),
    ("LogicalOr", |_| logic("LogicalOr", Value::or)),
    ("LogicalXor", |_| logic("LogicalXor", Value::xor)),
    ("LogicalNot", |_| question("LogicalNot", |x| x.truth()?.not())),
    ("IsNaN", |_| question("IsNaN", Value::is_nan)),
    ("IsInfinite", |_| question("IsInfinite", Value::is_inf)),
    ("IsFinite", |_| question("IsFinite", |x| x.clone().is_nan()?.or(&x.is_inf()?)?.not())),
    ("Where", |_| op("Where", &[Kind::Bool, Kind::Float, Kind::Float], choose_type, choose)),
    ("MaskedFill", masked_fill),
];

fn bools(input: Type) -> Type {
    Type { kind: Kind::Bool, ..input }
}

/// Integers beside floats are compared as floats.
fn comparison(name: &'static str, how: Comparison) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| {
        let mixed = x[0].kind != x[1].kind && (x[0].kind == Kind::Bool || x[1].kind == Kind::Bool);
        if mixed {
            Err(Error::dtype("second input", x[0].kind, x[1].kind))
        } else {
            Ok(bools(broadcast(&x[0], &x[1])?))
        }
    };
    op(name, &[Kind::Float, Kind::Float], infer, move |x| match (x[0].kind(), x[1].kind()) {
        (Kind::Float, Kind::Int) => x[0].clone().compare(&x[1].clone().to_float(x[0].dtype()?), how),
        (Kind::Int, Kind::Float) => x[0].clone().to_float(x[1].dtype()?).compare(&x[1], how),
        _ => x[0].clone().compare(&x[1], how),
    })
}

/// With option `value`, which may be infinite but not NaN.
fn with_number(config: &Config, name: &'static str, how: Comparison) -> Result<Box<dyn Layer>> {
    let value = extended(config, "value")?.ok_or_else(|| missing("value"))?;
    if value.is_nan() {
        return Err(Error::argument("option 'value': nothing compares with NaN; ask IsNaN"));
    }
    op(name, &[Kind::Float], |x| Ok(bools(x[0].clone())), move |x| x[0].clone().compare_scalar(value, how))
}

fn logic(name: &'static str, f: fn(Value, &Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| Ok(bools(broadcast(&x[0], &x[1])?));
    op(name, &[Kind::Bool, Kind::Bool], infer, move |x| f(x[0].clone().detached(), &x[1].clone().detached()))
}

fn question(name: &'static str, f: fn(Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
    op(name, &[Kind::Float], |x| Ok(bools(x[0].clone())), move |x| f(x[0].clone().detached()))
}

/// torch.where(condition, a, b): a where the condition holds, else b.
fn choose_type(x: &[Type]) -> Result<Type> {
    if x[1].kind != x[2].kind {
        return Err(Error::dtype("third input", x[1].kind, x[2].kind));
    }
    let value = broadcast(&x[1], &x[2])?;
    broadcast(&value, &x[0])
}

fn choose(x: &[Value]) -> Result<Value> {
    x[2].clone().where_mask(&x[0].clone().detached().truth()?, &x[1])
}

/// torch.masked_fill: option `value` where the second input, which broadcasts to the first, is true.
fn masked_fill(config: &Config) -> Result<Box<dyn Layer>> {
    let value = extended(config, "value")?.ok_or_else(|| missing("value"))?;
    let infer = move |x: &[Type]| {
        if x[0].kind != Kind::Float && (value.fract() != 0.0 || !value.is_finite()) {
            return Err(Error::argument(format!("option 'value': integers take a whole number, found {value}")));
        }
        let grown = |(&own, &both): (&Dim, &Dim)| own.is_some() && own != both;
        match (&x[0].shape, broadcast(&x[0], &x[1])?.shape) {
            (Some(own), Some(both)) if own.len() != both.len() || own.iter().zip(&both).any(grown) => {
                Err(Error::shape("mask", format!("a shape that expands to {}", x[0]), &x[1]))
            }
            _ => Ok(x[0].clone()),
        }
    };
    op("MaskedFill", &[Kind::Float, Kind::Bool], infer, move |x| x[0].clone().fill(&x[1].clone().detached(), value))
}
