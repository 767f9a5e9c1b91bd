//! Norms of gradients, for those who watch them: nothing is computed for others.

use crate::Result;
use crate::layers::Role;
use crate::model::Model;
use crate::tensor::Value;

/// Norms of one step's gradients before clipping.
#[derive(Debug, Clone)]
pub(super) struct Norms {
    /// Of all together; NaN where it was not computed.
    pub total: f64,
    /// Of each parameter, in the table's order; NaN where it has no gradient. Empty where they were not asked for.
    pub each: Vec<f64>,
}

impl Default for Norms {
    fn default() -> Self {
        Self { total: f64::NAN, each: Vec::new() }
    }
}

impl Norms {
    /// From gradients by table position, each of the loss times `scale`: one pass over them, read from the device at once.
    pub fn of(model: &Model, gradients: &[Option<Value>], scale: Option<f64>) -> Result<Self> {
        let squares: Vec<Value> = gradients.iter().flatten().map(Value::sum_squares).collect::<Result<_>>()?;
        let squares = if squares.is_empty() { Vec::new() } else { Value::concat(squares, 0)?.to_doubles()? };
        let scale = scale.unwrap_or(1.0);
        let total = squares.iter().sum::<f64>().sqrt() / scale;
        let mut left = squares.iter();
        let rows = model.table.entries.iter().enumerate();
        let parameters = rows.filter(|(_, entry)| entry.role == Role::Parameter);
        // A group without a batch has no gradients at all.
        let mut norm =
            |at: usize| gradients.get(at)?.as_ref().and_then(|_| left.next()).map(|square| square.sqrt() / scale);
        let each = parameters.map(|(at, _)| norm(at).unwrap_or(f64::NAN)).collect();
        Ok(Self { total, each })
    }

    /// Of all gradients together, on the way.
    pub fn clipped(norm: Option<&Value>) -> Result<Self> {
        Ok(Self { total: norm.map_or(Ok(f64::NAN), Value::to_scalar)?, each: Vec::new() })
    }
}
