//! Operations on the nodes of a graph: layers without state, named and defined as PyTorch's functions.

mod bits;
mod compare;
mod einsum;
mod elementwise;
mod index;
mod join;
mod linear;
mod math;
mod reduce;
mod scan;
mod sequence;
mod shape;
mod slice;
mod source;

use super::{Context, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[&[(&str, Make)]] = &[
    bits::LAYERS,
    compare::LAYERS,
    einsum::LAYERS,
    elementwise::LAYERS,
    index::LAYERS,
    join::LAYERS,
    linear::LAYERS,
    math::LAYERS,
    reduce::LAYERS,
    scan::LAYERS,
    sequence::LAYERS,
    shape::LAYERS,
    slice::LAYERS,
    source::LAYERS,
];

type Infer = Box<dyn Fn(&[Type]) -> Result<Vec<Type>> + Send + Sync>;
type Run = Box<dyn Fn(&[Value]) -> Result<Vec<Value>> + Send + Sync>;

/// An operation: what comes out of which types, and how.
struct Op {
    name: &'static str,
    /// Kinds of the inputs.
    inputs: Vec<Kind>,
    outputs: usize,
    infer: Infer,
    run: Run,
}

impl std::fmt::Debug for Op {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Layer for Op {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        (self.infer)(inputs)
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        (self.run)(inputs)
    }

    fn input_kind(&self, index: usize) -> Kind {
        self.inputs[index]
    }

    fn input_count(&self) -> usize {
        self.inputs.len()
    }

    fn output_count(&self) -> usize {
        self.outputs
    }
}

/// An operation with one output.
fn op(
    name: &'static str,
    inputs: &[Kind],
    infer: impl Fn(&[Type]) -> Result<Type> + Send + Sync + 'static,
    run: impl Fn(&[Value]) -> Result<Value> + Send + Sync + 'static,
) -> Result<Box<dyn Layer>> {
    Ok(Box::new(Op {
        name,
        inputs: inputs.to_vec(),
        outputs: 1,
        infer: Box::new(move |inputs| Ok(vec![infer(inputs)?])),
        run: Box::new(move |inputs| Ok(vec![run(inputs)?])),
    }))
}

/// A function of every element of a float value.
fn unary(name: &'static str, f: impl Fn(Value) -> Result<Value> + Send + Sync + 'static) -> Result<Box<dyn Layer>> {
    op(name, &[Kind::Float], |x| float(&x[0]).cloned(), move |x| f(x[0].clone()))
}

/// An operation on values of every kind that is decided by the input's dimensions: none are known, or `shape` says what they
/// become.
fn shaped(
    name: &'static str,
    shape: impl Fn(&Type, &[Dim]) -> Result<Vec<Dim>> + Send + Sync + 'static,
    run: impl Fn(&[Value]) -> Result<Value> + Send + Sync + 'static,
) -> Result<Box<dyn Layer>> {
    let infer = move |x: &[Type]| match &x[0].shape {
        None => Ok(Type::unknown(x[0].kind)),
        Some(dims) => Ok(Type::new(shape(&x[0], dims)?, x[0].kind)),
    };
    op(name, &[Kind::Float], infer, run)
}

/// An input that must hold floats.
fn float(input: &Type) -> Result<&Type> {
    input.expect_kind(Kind::Float)?;
    Ok(input)
}

/// An input that must hold floats or integers.
fn any_number(input: &Type) -> Result<&Type> {
    if input.kind == Kind::Bool { Err(Error::dtype("input", "numbers", Kind::Bool)) } else { Ok(input) }
}

fn missing(key: &str) -> Error {
    Error::argument(format!("option '{key}' is missing"))
}

fn required_int(config: &Config, key: &str) -> Result<i64> {
    config.int_or_none(key)?.ok_or_else(|| missing(key))
}

/// A number that may be infinite, which JSON has only as text: "inf", "-inf".
fn extended(config: &Config, key: &str) -> Result<Option<f64>> {
    match config.raw(key).and_then(serde_json::Value::as_str) {
        Some("inf") => Ok(Some(f64::INFINITY)),
        Some("-inf") => Ok(Some(f64::NEG_INFINITY)),
        Some("nan") => Ok(Some(f64::NAN)),
        _ => config.float_or_none(key),
    }
}

/// A finite number that must be there.
fn number(config: &Config, key: &str) -> Result<f64> {
    match config.float_or_none(key)? {
        Some(x) if x.is_finite() => Ok(x),
        Some(x) => Err(Error::argument(format!("option '{key}': expected a finite number, found {x}"))),
        None => Err(missing(key)),
    }
}

/// The type of two values that broadcast, of the kind of the first.
fn broadcast(a: &Type, b: &Type) -> Result<Type> {
    Ok(a.broadcast(b)?.map_or(Type::unknown(a.kind), |shape| Type::new(shape, a.kind)))
}

/// Indices must lie in 0..count. Only the CPU can tell at once; elsewhere the answer would wait for the device.
fn check_indices(indices: &Value, count: usize) -> Result<()> {
    let wrong = |i: &i32| *i < 0 || *i as usize >= count;
    let indices = indices.clone().detached().contiguous();
    match indices.host_slice::<i32>().and_then(|all| all.iter().copied().find(wrong)) {
        None => Ok(()),
        Some(bad) => {
            let message = format!("index {bad} is out of range: expected 0 to {}", count.saturating_sub(1));
            Err(Error::argument(message))
        }
    }
}
