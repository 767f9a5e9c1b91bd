//! Metrics of class scores other than the first guess: top-k accuracy, perplexity.

use super::Metric;
use super::form::{Form, plain};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// Scores [N, C, ..], and class indices as [N, 1, ..] (of shares the largest), with 1 where an index counts and a valid index everywhere.
fn indexed(name: &str, prediction: &Value, targets: &[Value], ignored: i64) -> Result<Option<(Value, Value, Value)>> {
    let (prediction, target) = plain(name, prediction, targets)?;
    let form = Form::of(name, &prediction, &target)?;
    if form == Form::Binary {
        return Err(Error::shape(
            name,
            "a prediction [N, C, ..] with more than one class",
            format!("{:?}", prediction.shape()),
        ));
    }
    if prediction.is_empty() {
        return Ok(None);
    }
    let (dtype, mut column) = (prediction.dtype()?, prediction.shape());
    column[1] = 1;
    let index = match form {
        Form::Shares => target.to_float(dtype).argmax(1)?,
        _ => target.to_int().reshape(&column)?,
    };
    let counted = index.clone().equal_scalar(ignored)?.not()?;
    let index = index.mul(&counted.clone().to_int())?;
    Ok(Some((prediction, index, counted.to_float(dtype))))
}

/// A quotient of two sums.
#[derive(Debug)]
struct Quotient {
    kind: Kind,
    ignored: i64,
    above: f64,
    below: f64,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    TopK(usize),
    Perplexity,
}

/// The share of targets among the `k` (5) highest scores; of equal scores the first are the higher ones. Targets equal to
/// `ignore_index` (-100) do not count.
pub(super) fn top_k_accuracy(config: &Config) -> Result<Box<dyn Metric>> {
    let k = config.int("k", 5)?;
    let wrong = || Error::argument(format!("option 'k': expected at least 1, found {k}"));
    let k = usize::try_from(k).ok().filter(|&k| k > 0).ok_or_else(wrong)?;
    quotient(config, Kind::TopK(k))
}

/// exp of the mean cross-entropy of logits (or log-probabilities) with class indices, over all targets but those equal to
/// `ignore_index` (-100).
pub(super) fn perplexity(config: &Config) -> Result<Box<dyn Metric>> {
    quotient(config, Kind::Perplexity)
}

fn quotient(config: &Config, kind: Kind) -> Result<Box<dyn Metric>> {
    Ok(Box::new(Quotient { kind, ignored: config.int("ignore_index", -100)?, above: 0.0, below: 0.0 }))
}

impl Metric for Quotient {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let name = if matches!(self.kind, Kind::Perplexity) { "perplexity" } else { "top_k_accuracy" };
        let Some((scores, index, counted)) = indexed(name, prediction, targets, self.ignored)? else {
            return prediction.clone().detached().constant_like(&[0.0, 0.0], &[2]);
        };
        let each = match self.kind {
            Kind::Perplexity => scores.log_softmax(1)?.gather(1, &index)?.neg()?,
            Kind::TopK(k) => {
                let (dtype, shape) = (scores.dtype()?, scores.shape());
                let own = scores.clone().gather(1, &index)?;
                // How many are ahead: the higher ones, and equal ones before it.
                let mut along = vec![1; shape.len()];
                along[1] = shape[1];
                let places = scores.ints_like((0..shape[1] as i32).collect()).reshape(&along)?.expand(&shape)?;
                let before = index.expand(&shape)?.greater(&places)?.to_float(dtype);
                let own_wide = own.clone().expand(&shape)?;
                let level = scores.clone().equal(&own_wide)?.to_float(dtype).mul(&before)?;
                let ahead = scores.greater(&own_wide)?.to_float(dtype).add(&level)?.sum_dims(&[1])?;
                // A score that is not a number is equal to nothing, itself included.
                let number = own.clone().equal(&own)?.to_float(dtype);
                ahead.greater_scalar(k as f64 - 0.5)?.not()?.to_float(dtype).mul(&number)?
            }
        };
        Value::concat(vec![each.mul(&counted)?.sum()?, counted.sum()?], 0)
    }

    fn absorb(&mut self, partial: &[f64]) {
        self.above += partial[0];
        self.below += partial[1];
    }

    fn value(&self) -> f64 {
        let mean = self.above / self.below;
        if matches!(self.kind, Kind::Perplexity) { mean.exp() } else { mean }
    }

    fn reset(&mut self) {
        (self.above, self.below) = (0.0, 0.0);
    }

    fn fresh(&self) -> Box<dyn Metric> {
        Box::new(Self { kind: self.kind, ignored: self.ignored, above: 0.0, below: 0.0 })
    }
}
