//! Gradients of the commonest operations, written out: no second pass forward, and sums keep shapes only.

use super::backward::LeafGradients;
use super::graph::Pull;
use crate::Result;
use crate::tensor::Value;

pub(super) enum Rule {
    /// a + b: their shapes.
    Add(Vec<usize>, Vec<usize>),
    /// a - b: their shapes.
    Sub(Vec<usize>, Vec<usize>),
    /// a b
    Mul(Value, Value),
    /// Matrices a b
    MatMul(Value, Value),
    Neg,
    /// x + number
    AddScalar,
    /// x times a number
    MulScalar(f64),
    /// The shape before.
    Reshape(Vec<usize>),
}

/// The rule of an operation, where it has one. `value` is its option of that name.
pub(super) fn rule(op: &str, value: Option<f64>, inputs: &[Value]) -> Option<Rule> {
    Some(match (op, inputs) {
        ("Add", [a, b]) => Rule::Add(a.shape(), b.shape()),
        ("Sub", [a, b]) => Rule::Sub(a.shape(), b.shape()),
        ("Mul", [a, b]) if a.kind() == b.kind() => Rule::Mul(a.clone(), b.clone()),
        ("MatMul", [a, b]) if a.rank() >= 2 && b.rank() >= 2 => Rule::MatMul(a.clone(), b.clone()),
        ("Neg", [_]) => Rule::Neg,
        ("AddScalar", [_]) => Rule::AddScalar,
        ("MulScalar", [_]) => Rule::MulScalar(value?),
        ("Reshape" | "Flatten" | "Squeeze" | "Unsqueeze", [x]) => Rule::Reshape(x.shape()),
        _ => return None,
    })
}

impl Pull for Rule {
    fn pull(&self, gradients: &[Option<Value>], wants: &[bool], _: &mut LeafGradients) -> Result<Vec<Option<Value>>> {
        let Some(g) = &gradients[0] else { return Ok(vec![None; wants.len()]) };
        let first = |f: &dyn Fn() -> Result<Value>| if wants[0] { f().map(Some) } else { Ok(None) };
        let second = |f: &dyn Fn() -> Result<Value>| if wants[1] { f().map(Some) } else { Ok(None) };
        Ok(match self {
            Self::Add(a, b) => vec![first(&|| sum_to(g, a))?, second(&|| sum_to(g, b))?],
            Self::Sub(a, b) => vec![first(&|| sum_to(g, a))?, second(&|| sum_to(&g.clone().neg()?, b))?],
            Self::Mul(a, b) => vec![
                first(&|| sum_to(&g.clone().mul(b)?, &a.shape()))?,
                second(&|| sum_to(&g.clone().mul(a)?, &b.shape()))?,
            ],
            Self::MatMul(a, b) => vec![
                first(&|| sum_to(&g.clone().matmul(&b.clone().transpose()?)?, &a.shape()))?,
                second(&|| sum_to(&a.clone().transpose()?.matmul(g)?, &b.shape()))?,
            ],
            Self::Neg => vec![first(&|| g.clone().neg())?],
            Self::AddScalar => vec![first(&|| Ok(g.clone()))?],
            Self::MulScalar(x) => vec![first(&|| g.clone().mul_scalar(*x))?],
            Self::Reshape(shape) => vec![first(&|| g.clone().reshape(shape))?],
        })
    }
}

/// Undoes broadcasting: the sum over the dimensions that a value of this shape was repeated along.
fn sum_to(gradient: &Value, shape: &[usize]) -> Result<Value> {
    let found = gradient.shape();
    if found == shape {
        return Ok(gradient.clone());
    }
    let lead = found.len() - shape.len();
    let repeated = |d: &usize| *d < lead || (shape[*d - lead] == 1 && found[*d] != 1);
    let dims: Vec<usize> = (0..found.len()).filter(repeated).collect();
    gradient.clone().sum_dims(&dims)?.reshape(shape)
}
