//! Arithmetic of two values, and of a value with a number. Integers keep to integers; where kinds differ, bools become
//! integers and integers floats.

use super::{broadcast, number, op, unary};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Comparison, Kind, Value};
use crate::{Error, Result};

const TWO: &[Kind] = &[Kind::Float, Kind::Float];

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Add", |_| binary("Add", Value::add)),
    ("Sub", |_| binary("Sub", Value::sub)),
    ("Mul", |_| binary("Mul", Value::mul)),
    ("Div", |_| floats("Div", Value::div)),
    ("Pow", |_| floats("Pow", Value::pow)),
    ("Atan2", |_| floats("Atan2", Value::atan2)),
    ("Remainder", |_| binary("Remainder", Value::remainder)),
    ("FloorDivide", |_| binary("FloorDivide", Value::floor_divide)),
    ("Maximum", |_| binary("Maximum", |a, b| extreme(a, b, Comparison::Greater))),
    ("Minimum", |_| binary("Minimum", |a, b| extreme(a, b, Comparison::Less))),
    ("AddScalar", |c| scalar(c, "AddScalar", Value::add_scalar, Value::add)),
    ("MulScalar", |c| scalar(c, "MulScalar", Value::mul_scalar, Value::mul)),
    ("RemainderScalar", |c| scalar(c, "RemainderScalar", |x, n| with(x, n, Value::remainder), Value::remainder)),
    ("FloorDivideScalar", |c| {
        scalar(c, "FloorDivideScalar", |x, n| with(x, n, Value::floor_divide), Value::floor_divide)
    }),
    ("PowScalar", |c| {
        let value = number(c, "value")?;
        unary("PowScalar", move |x| power(x, value))
    }),
    ("Clamp", clamp),
];

type Binary = fn(Value, &Value) -> Result<Value>;

/// The kind that two kinds of numbers meet in.
fn common(a: &Type, b: &Type) -> Result<Kind> {
    match (a.kind, b.kind) {
        (Kind::Bool, Kind::Bool) => Err(Error::dtype("input", "numbers", Kind::Bool)),
        (Kind::Float, _) | (_, Kind::Float) => Ok(Kind::Float),
        _ => Ok(Kind::Int),
    }
}

/// Both of one kind.
fn alike(a: &Value, b: &Value) -> Result<(Value, Value)> {
    if a.kind() == b.kind() {
        return Ok((a.clone(), b.clone()));
    }
    let like = |x: &Value, other: &Value| -> Result<Value> {
        match other.kind() {
            Kind::Float => Ok(x.clone().to_float(other.dtype()?)),
            _ => Ok(x.clone().to_int()),
        }
    };
    let rank = |kind| match kind {
        Kind::Bool => 0,
        Kind::Int => 1,
        Kind::Float => 2,
    };
    if rank(a.kind()) < rank(b.kind()) { Ok((like(a, b)?, b.clone())) } else { Ok((a.clone(), like(b, a)?)) }
}

/// Element by element, with broadcasting.
fn binary(name: &'static str, f: Binary) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| Ok(Type { kind: common(&x[0], &x[1])?, ..broadcast(&x[0], &x[1])? });
    op(name, TWO, infer, move |x| {
        let (a, b) = alike(&x[0], &x[1])?;
        f(a, &b)
    })
}

/// Element by element, with broadcasting; one of the two at least holds floats.
fn floats(name: &'static str, f: Binary) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| match common(&x[0], &x[1])? {
        Kind::Float => Ok(Type { kind: Kind::Float, ..broadcast(&x[0], &x[1])? }),
        kind => Err(Error::dtype("inputs", Kind::Float, kind)),
    };
    op(name, TWO, infer, move |x| {
        let (a, b) = alike(&x[0], &x[1])?;
        f(a, &b)
    })
}

/// With a number: floats by `f`, integers by `ints` with a whole number.
fn scalar(
    config: &Config,
    name: &'static str,
    f: fn(Value, f64) -> Result<Value>,
    ints: Binary,
) -> Result<Box<dyn Layer>> {
    let value = number(config, "value")?;
    let infer = move |x: &[Type]| match x[0].kind {
        Kind::Float => Ok(x[0].clone()),
        Kind::Int if value.fract() == 0.0 && value.abs() <= f64::from(i32::MAX) => Ok(x[0].clone()),
        Kind::Int => {
            Err(Error::argument(format!("option 'value': integers take a whole number of 32 bits, found {value}")))
        }
        Kind::Bool => Err(Error::dtype("input", "numbers", Kind::Bool)),
    };
    op(name, &[Kind::Float], infer, move |x| match x[0].kind() {
        Kind::Float => f(x[0].clone(), value),
        _ => with(x[0].clone(), value, ints),
    })
}

/// With a constant of one number.
fn with(x: Value, value: f64, f: Binary) -> Result<Value> {
    let constant = x.filled_like(&vec![1; x.rank()], value)?;
    f(x, &constant)
}

/// The one of two that is ahead of the other; at ties they share the gradient, as in PyTorch. NaN if either is.
fn extreme(a: Value, b: &Value, ahead: Comparison) -> Result<Value> {
    let (x, y) = (a.clone().detached(), b.clone().detached());
    let second = y.clone().compare(&x, ahead)?.or(&y.clone().is_nan()?)?;
    let value = x.clone().where_mask(&second, &y)?;
    if x.kind() != Kind::Float {
        return Ok(value);
    }
    let share = |mine: &Value, other: &Value| {
        let half = mine.clone().compare(other, Comparison::Equal)?.to_float(mine.dtype()?).mul_scalar(0.5)?;
        mine.clone().compare(other, ahead)?.to_float(mine.dtype()?).add(&half)
    };
    Value::with_slopes(value, &[&a, b], |i| if i == 0 { share(&x, &y) } else { share(&y, &x) })
}

/// torch.clamp with `min`, `max` or both.
fn clamp(config: &Config) -> Result<Box<dyn Layer>> {
    let (min, max) = (config.float_or_none("min")?, config.float_or_none("max")?);
    if min.is_none() && max.is_none() {
        return Err(Error::argument("options 'min' and 'max': at least one is needed"));
    }
    let infer = move |x: &[Type]| match x[0].kind {
        Kind::Float => Ok(x[0].clone()),
        Kind::Int if [min, max].iter().flatten().all(|n| n.fract() == 0.0) => Ok(x[0].clone()),
        Kind::Int => Err(Error::argument("options 'min' and 'max': integers take whole numbers")),
        Kind::Bool => Err(Error::dtype("input", "numbers", Kind::Bool)),
    };
    op("Clamp", &[Kind::Float], infer, move |x| {
        let value = x[0].clone();
        if value.kind() == Kind::Float {
            let value = min.map_or(Ok(value.clone()), |min| value.clone().clamp_min(min))?;
            return max.map_or(Ok(value.clone()), |max| value.clone().clamp_max(max));
        }
        let bound = |value: Value, x: Option<f64>, ahead| match x {
            Some(x) => with(value, x.clamp(f64::from(i32::MIN), f64::from(i32::MAX)), ahead),
            None => Ok(value),
        };
        let value = bound(value, min, |a, b| extreme(a, b, Comparison::Greater))?;
        bound(value, max, |a, b| extreme(a, b, Comparison::Less))
    })
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
