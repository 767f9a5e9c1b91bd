//! The share of targets that were predicted.

use super::Metric;
use super::form::{Form, plain};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// Accuracy, in one of two forms that the shapes decide:
///
/// - categorical: a prediction [N, C, ..] (logits or probabilities, C > 1) with class indices [N, ..] or with
///   probabilities [N, C, ..]. The predicted class is the largest along C, the first of equals. Targets equal to
///   `ignore_index` (-100, as in the cross-entropy loss) do not count.
/// - binary: a prediction [N] or [N, 1, ..] is compared with `threshold` (0.5; for logits give 0), a target with 0.5.
#[derive(Debug)]
struct Accuracy {
    threshold: f64,
    ignored: i64,
    right: f64,
    all: f64,
}

pub(super) fn accuracy(config: &Config) -> Result<Box<dyn Metric>> {
    let threshold = config.float("threshold", 0.5)?;
    if !threshold.is_finite() {
        return Err(Error::argument(format!("option 'threshold': expected a number, found {threshold}")));
    }
    Ok(Box::new(Accuracy { threshold, ignored: config.int("ignore_index", -100)?, right: 0.0, all: 0.0 }))
}

impl Accuracy {
    /// One value per target: 1 where it was predicted.
    fn binary(&self, prediction: Value, target: Value) -> Result<Value> {
        let dtype = prediction.dtype()?;
        let target = target.to_float(dtype).reshape(&prediction.shape())?;
        let predicted = prediction.greater_scalar(self.threshold)?.to_float(dtype);
        let meant = target.greater_scalar(0.5)?.to_float(dtype);
        Ok(predicted.equal(&meant)?.to_float(dtype))
    }

    /// One value per target: 1 where it was predicted; and the number of targets, where it is not simply all of them.
    fn categorical(&self, prediction: Value, target: Value) -> Result<(Value, Option<Value>)> {
        let (dtype, shape) = (prediction.dtype()?, prediction.shape());
        let predicted = prediction.argmax(1)?;
        if target.shape() == shape {
            let meant = target.to_float(dtype).argmax(1)?;
            return Ok((predicted.equal(&meant)?.to_float(dtype), None));
        }
        let target = target.to_int().reshape(&predicted.shape())?;
        let right = predicted.equal(&target)?.to_float(dtype);
        let in_sight = target.host_slice::<i32>().is_none_or(|t| t.iter().any(|&x| i64::from(x) == self.ignored));
        if !in_sight {
            return Ok((right, None));
        }
        let counted = target.equal_scalar(self.ignored)?.not()?.to_float(dtype);
        Ok((right.mul(&counted)?, Some(counted.sum()?)))
    }
}

impl Metric for Accuracy {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let (prediction, target) = plain("accuracy", prediction, targets)?;
        let form = Form::of("accuracy", &prediction, &target)?;
        if prediction.is_empty() {
            return prediction.constant_like(&[0.0, 0.0], &[2]);
        }
        let all = target.len() / if form == Form::Shares { prediction.dim(1) } else { 1 };
        let (right, counted) = match form {
            Form::Binary => (self.binary(prediction, target)?, None),
            _ => self.categorical(prediction, target)?,
        };
        let all = counted.map_or_else(|| right.constant_like(&[all as f64], &[1]), Ok)?;
        Value::concat(vec![right.sum()?, all], 0)
    }

    fn absorb(&mut self, partial: &[f64]) {
        self.right += partial[0];
        self.all += partial[1];
    }

    fn value(&self) -> f64 {
        self.right / self.all
    }

    fn reset(&mut self) {
        (self.right, self.all) = (0.0, 0.0);
    }

    fn fresh(&self) -> Box<dyn Metric> {
        Box::new(Self { threshold: self.threshold, ignored: self.ignored, right: 0.0, all: 0.0 })
    }
}
