//! Operations on the nodes of a graph: layers without state, named and defined as PyTorch's functions.

mod math;
mod reduce;
mod sequence;
mod shape;
mod source;

use super::{Context, Layer, Make, Type};
use crate::Result;
use crate::tensor::{Kind, Value};

pub(super) const LAYERS: &[&[(&str, Make)]] =
    &[math::LAYERS, reduce::LAYERS, sequence::LAYERS, shape::LAYERS, source::LAYERS];

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

/// The type of two values that broadcast, of the kind of the first.
fn broadcast(a: &Type, b: &Type) -> Result<Type> {
    Ok(a.broadcast(b)?.map_or(Type::unknown(a.kind), |shape| Type::new(shape, a.kind)))
}

/// Indices must lie in 0..count. Only the CPU can tell at once; elsewhere the answer would wait for the device.
fn check_indices(indices: &Value, count: usize) -> Result<()> {
    let wrong = |i: &i32| *i < 0 || *i as usize >= count;
    match indices.host_slice::<i32>().and_then(|all| all.iter().copied().find(wrong)) {
        None => Ok(()),
        Some(bad) => {
            let message = format!("index {bad} is out of range: expected 0 to {}", count.saturating_sub(1));
            Err(crate::Error::argument(message))
        }
    }
}
