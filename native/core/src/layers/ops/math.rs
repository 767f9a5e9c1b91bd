//! Arithmetic, functions of every element, comparisons, matrix products.

use super::{broadcast, op};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

const FLOATS: &[Kind] = &[Kind::Float, Kind::Float];

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Add", |_| binary("Add", Value::add)),
    ("Sub", |_| binary("Sub", Value::sub)),
    ("Mul", |_| binary("Mul", Value::mul)),
    ("Div", |_| binary("Div", Value::div)),
    ("Maximum", |_| binary("Maximum", Value::maximum)),
    ("Minimum", |_| binary("Minimum", minimum)),
    ("MatMul", |_| op("MatMul", FLOATS, matmul, |x| x[0].clone().matmul(&x[1]))),
    ("AddScalar", |c| scalar(c, "AddScalar", Value::add_scalar)),
    ("MulScalar", |c| scalar(c, "MulScalar", Value::mul_scalar)),
    ("PowScalar", |c| scalar(c, "PowScalar", power)),
    ("Clamp", clamp),
    ("Neg", |_| unary("Neg", Value::neg)),
    ("Exp", |_| unary("Exp", Value::exp)),
    ("Log", |_| unary("Log", Value::log)),
    ("Sqrt", |_| unary("Sqrt", Value::sqrt)),
    ("Abs", |_| unary("Abs", Value::abs)),
    ("Sin", |_| unary("Sin", Value::sin)),
    ("Cos", |_| unary("Cos", Value::cos)),
    ("Erf", |_| unary("Erf", Value::erf)),
    ("Reciprocal", |_| unary("Reciprocal", Value::recip)),
    ("Greater", |_| comparison("Greater", Value::greater)),
    ("Less", |_| comparison("Less", |a, b| b.clone().greater(&a))),
    ("Equal", |_| comparison("Equal", Value::equal)),
    ("Where", |_| op("Where", &[Kind::Bool, Kind::Float, Kind::Float], choose_type, choose)),
];

fn float(input: &Type) -> Result<&Type> {
    input.expect_kind(Kind::Float)?;
    Ok(input)
}

/// Element by element, with broadcasting.
fn binary(name: &'static str, f: fn(Value, &Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
    op(name, FLOATS, |x| broadcast(float(&x[0])?, float(&x[1])?), move |x| f(x[0].clone(), &x[1]))
}

/// Element by element, with broadcasting: true or false. No gradient flows through it.
fn comparison(name: &'static str, f: fn(Value, &Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| Ok(Type { kind: Kind::Bool, ..broadcast(float(&x[0])?, float(&x[1])?)? });
    op(name, FLOATS, infer, move |x| f(x[0].clone(), &x[1]))
}

fn unary(name: &'static str, f: fn(Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
    op(name, &[Kind::Float], |x| float(&x[0]).cloned(), move |x| f(x[0].clone()))
}

fn number(config: &Config, key: &str) -> Result<f64> {
    match config.float_or_none(key)? {
        Some(x) if x.is_finite() => Ok(x),
        Some(x) => Err(Error::argument(format!("option '{key}': expected a finite number, found {x}"))),
        None => Err(Error::argument(format!("option '{key}' is missing"))),
    }
}

fn scalar(config: &Config, name: &'static str, f: fn(Value, f64) -> Result<Value>) -> Result<Box<dyn Layer>> {
    let value = number(config, "value")?;
    op(name, &[Kind::Float], |x| float(&x[0]).cloned(), move |x| f(x[0].clone(), value))
}

fn minimum(a: Value, b: &Value) -> Result<Value> {
    a.neg()?.maximum(&b.clone().neg()?)?.neg()
}

/// torch.clamp with `min`, `max` or both.
fn clamp(config: &Config) -> Result<Box<dyn Layer>> {
    let (min, max) = (config.float_or_none("min")?, config.float_or_none("max")?);
    if min.is_none() && max.is_none() {
        return Err(Error::argument("options 'min' and 'max': at least one is needed"));
    }
    op(
        "Clamp",
        &[Kind::Float],
        |x| float(&x[0]).cloned(),
        move |x| {
            let value = min.map_or(Ok(x[0].clone()), |min| x[0].clone().clamp_min(min))?;
            max.map_or(Ok(value.clone()), |max| value.clone().clamp_max(max))
        },
    )
}

/// x^p, exact in double precision on every device (Burn rounds exponents to single precision): whole exponents by
/// multiplication; others are NaN where x is negative, as in PyTorch.
fn power(x: Value, p: f64) -> Result<Value> {
    const MOST_MULTIPLIED: f64 = 64.0;
    if p.fract() == 0.0 && p.abs() <= MOST_MULTIPLIED {
        let mut rest = p.abs() as u32;
        let mut square = x.clone();
        let mut result: Option<Value> = None;
        while rest > 0 {
            if rest & 1 == 1 {
                result = Some(result.map_or(Ok(square.clone()), |r| r.mul(&square))?);
            }
            rest >>= 1;
            if rest > 0 {
                square = square.clone().mul(&square)?;
            }
        }
        // A power of 0 is 1 whatever x is, and its derivative 0.
        let Some(result) = result else { return x.clone().sub(&x)?.add_scalar(1.0) };
        return if p < 0.0 { result.recip() } else { Ok(result) };
    }
    if p.abs() == 0.5 {
        let root = x.sqrt()?;
        return if p < 0.0 { root.recip() } else { Ok(root) };
    }
    let negative = x.clone().detached().neg()?.greater_scalar(0.0)?;
    let zero = x.clone().detached().equal_scalar(0)?;
    // A small number rather than 0, because its logarithm is finite.
    let power = x.clamp_min(1e-37)?.log()?.mul_scalar(p)?.exp()?;
    power.fill_mask(&zero, if p > 0.0 { 0.0 } else { f64::INFINITY })?.fill_mask(&negative, f64::NAN)
}

/// [.., n, k] x [.., k, m] -> [.., n, m]; leading dimensions broadcast.
fn matmul(x: &[Type]) -> Result<Type> {
    let (a, b) = (float(&x[0])?, float(&x[1])?);
    let (Some(p), Some(q)) = (&a.shape, &b.shape) else { return Ok(Type::unknown(Kind::Float)) };
    let clash = || Error::shape("second input", format!("a matrix that {a} can be multiplied with"), b);
    let ([head @ .., n, k], [tail @ .., l, m]) = (&p[..], &q[..]) else { return Err(clash()) };
    if matches!((k, l), (Some(k), Some(l)) if k != l) {
        return Err(clash());
    }
    let mut shape = broadcast(&Type::float(head.to_vec()), &Type::float(tail.to_vec()))?.shape.unwrap_or_default();
    shape.extend([*n, *m]);
    Ok(Type::float(shape))
}

/// torch.where(condition, a, b): a where the condition holds, else b.
fn choose_type(x: &[Type]) -> Result<Type> {
    x[0].expect_kind(Kind::Bool)?;
    let value = broadcast(float(&x[1])?, float(&x[2])?)?;
    broadcast(&value, &x[0])
}

fn choose(x: &[Value]) -> Result<Value> {
    x[2].clone().where_mask(&x[0], &x[1])
}
