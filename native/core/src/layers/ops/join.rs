//! Several values in one. They take values of every kind.

use super::{op, required_int as dim};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Concat", |c| join(c, false)), ("Stack", |c| join(c, true))];

/// torch.cat along option `dim`, or torch.stack along a new one, of option `inputs` values.
fn join(config: &Config, new: bool) -> Result<Box<dyn Layer>> {
    let (name, at, count) = (if new { "Stack" } else { "Concat" }, dim(config, "dim")?, config.size("inputs")?);
    let infer = move |x: &[Type]| {
        let first = &x[0];
        let mut merged = first.clone();
        let mut total: Option<usize> = Some(0);
        let Some(rank) = x.iter().find_map(Type::rank) else { return Ok(Type::unknown(first.kind)) };
        let d = dim_index("option 'dim'", at, rank + usize::from(new))?;
        for (i, input) in x.iter().enumerate() {
            let mut alike = input.clone();
            if let (false, Some(shape)) = (new, alike.shape.as_mut()) {
                let own = shape
                    .get_mut(d)
                    .ok_or_else(|| Error::shape(format!("input {i}"), format!("rank {rank}"), input))?;
                total = total.zip(own.take()).map(|(a, b)| a + b);
            } else if !new {
                total = None;
            }
            alike.last = None;
            if i == 0 {
                merged = alike;
            } else {
                merged = merged
                    .merge(&alike)
                    .map_err(|_| Error::shape(format!("input {i}"), format!("a shape that fits {first}"), input))?;
            }
        }
        let Some(mut shape) = merged.shape else { return Ok(Type::unknown(first.kind)) };
        if new {
            shape.insert(d, Some(count));
        } else {
            shape[d] = total;
        }
        Ok(Type::new(shape, first.kind))
    };
    let run = move |x: &[Value]| {
        let d = dim_index("option 'dim'", at, x[0].rank() + usize::from(new))?;
        if !new {
            return Value::concat(x.to_vec(), d);
        }
        let lift = |v: &Value| {
            let mut shape = v.shape();
            shape.insert(d, 1);
            v.clone().reshape(&shape)
        };
        Value::concat(x.iter().map(lift).collect::<Result<_>>()?, d)
    };
    op(name, &vec![Kind::Float; count], infer, run)
}
