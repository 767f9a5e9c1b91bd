//! What layers on sequences share: checks of several inputs, dimensions of batch and time, dropout in several places.

use super::{Context, Dim, Type};
use crate::spec::Config;
use crate::tensor::{DType, Kind, Value};
use crate::{Error, Result};

/// As many inputs as the layer takes.
pub(super) fn expect_count(inputs: &[Type], count: usize) -> Result<()> {
    if inputs.len() == count {
        return Ok(());
    }
    Err(Error::argument(format!("takes {count} input(s), found {}", inputs.len())))
}

/// An option that is a probability.
pub(super) fn probability(config: &Config, key: &str, default: f64) -> Result<f64> {
    let p = config.float(key, default)?;
    if (0.0..=1.0).contains(&p) {
        return Ok(p);
    }
    Err(Error::argument(format!("option '{key}': expected a probability, 0 to 1, found {p}")))
}

impl Type {
    /// Checks an input, called `what` in the error, against dimensions of which some may be open.
    pub(super) fn expect_shape(&self, what: &str, expected: &[Dim]) -> Result<()> {
        if self.kind != Kind::Float {
            return Err(Error::dtype(what, Kind::Float, self.kind));
        }
        let Some(shape) = &self.shape else { return Ok(()) };
        let agree = |(a, b): (&Dim, &Dim)| a.is_none() || b.is_none() || a == b;
        if shape.len() == expected.len() && shape.iter().zip(expected).all(agree) {
            return Ok(());
        }
        Err(Error::shape(what, Type::float(expected.to_vec()), self))
    }
}

/// A batch of sequences, or one sequence alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequences {
    /// `None` for one sequence without a batch.
    pub batch: Option<Dim>,
    pub time: Dim,
}

impl Sequences {
    /// From an input `[time, batch, width]` (batch and time swapped if batch first) or `[time, width]`; `None` if not even the
    /// rank is known.
    pub fn of(what: &str, input: &Type, width: usize, batch_first: bool) -> Result<Option<Self>> {
        if input.kind != Kind::Float {
            return Err(Error::dtype(what, Kind::Float, input.kind));
        }
        let expected = if batch_first { "[N, L, {}] or [L, {}]" } else { "[L, N, {}] or [L, {}]" };
        let wrong = || Error::shape(what, expected.replace("{}", &width.to_string()), input);
        if input.last.is_some_and(|n| n != width) {
            return Err(wrong());
        }
        let sequences = match input.shape.as_deref() {
            None => return Ok(None),
            Some(&[time, _]) => Self { batch: None, time },
            Some(&[a, b, _]) if batch_first => Self { batch: Some(a), time: b },
            Some(&[a, b, _]) => Self { batch: Some(b), time: a },
            Some(_) => return Err(wrong()),
        };
        if sequences.time == Some(0) {
            return Err(Error::shape(what, "at least one step", input));
        }
        Ok(Some(sequences))
    }

    /// The type of a sequence of another width.
    pub fn wide(&self, width: usize, batch_first: bool) -> Type {
        Type::float(match self.batch {
            None => vec![self.time, Some(width)],
            Some(batch) if batch_first => vec![batch, self.time, Some(width)],
            Some(batch) => vec![self.time, batch, Some(width)],
        })
    }

    /// The same without time, behind other dimensions.
    pub fn states(&self, leading: &[usize], width: usize) -> Vec<Dim> {
        leading.iter().map(|&n| Some(n)).chain(self.batch).chain([Some(width)]).collect()
    }
}

/// One sequence `[time, width]` as a batch of one; a batch as it is.
pub(super) fn batched(value: &Value, batch_first: bool) -> Result<Value> {
    match value.shape()[..] {
        [time, width] if batch_first => value.clone().reshape(&[1, time, width]),
        [time, width] => value.clone().reshape(&[time, 1, width]),
        _ => Ok(value.clone()),
    }
}

impl Context<'_> {
    /// Dropout: in training every element is zero with probability `p`, else divided by 1 - p. `part` tells apart the places of
    /// one layer where it drops.
    pub(super) fn drop(&self, value: Value, p: f64, part: u64) -> Result<Value> {
        if !self.training || p == 0.0 || value.is_empty() {
            return Ok(value);
        }
        let scale = if p < 1.0 { 1.0 / (1.0 - p) } else { 0.0 };
        let (shape, count) = (value.shape(), value.len());
        let mut rng = self.rng_of(part);
        let mask = match value.dtype()? {
            DType::F16 | DType::BF16 | DType::F32 => {
                Value::from_f32(rng.mask(count, p, scale as f32), &shape, self.device)?
            }
            DType::F64 => {
                let mask = rng.mask(count, p, 1.0).into_iter().map(|k| f64::from(k) * scale).collect();
                Value::from_f64(mask, &shape, self.device)?
            }
        };
        value.mul(&mask)
    }
}
