//! Operations on the nodes of a graph: layers without state, named and defined as PyTorch's functions.

mod math;
mod reduce;
mod sequence;
mod shape;
mod source;

use super::{Context, Dim, Layer, Make, Type};
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
    let (Some(x), Some(y)) = (&a.shape, &b.shape) else { return Ok(Type::unknown(a.kind)) };
    let rank = x.len().max(y.len());
    let at = |s: &[Dim], i: usize| if i + s.len() < rank { Some(1) } else { s[i + s.len() - rank] };
    let dims = (0..rank).map(|i| match (at(x, i), at(y, i)) {
        (m, n) if m == n => Ok(m),
        (Some(1), n) => Ok(n),
        (m, Some(1)) => Ok(m),
        // An unknown size must be the other one, or 1.
        (None, n) => Ok(n),
        (m, None) => Ok(m),
        _ => Err(crate::Error::shape("second input", format!("a shape that broadcasts with {a}"), b)),
    });
    Ok(Type::new(dims.collect::<Result<_>>()?, a.kind))
}
