//! Losses of yes-or-no targets: 0 to 1, of the prediction's shape.

use super::Loss;
use super::formula::{Formula, reduced, softplus, weight_fits, weighted, weights, with_gradient};
use super::targets::{same_shape, shares};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{ArrayView, Error, Result};

/// `torch.nn.BCELoss` of probabilities: -(t log x + (1 - t) log(1 - x)), logarithms not below -100. The derivative is
/// PyTorch's, (x - t) / max(x (1 - x), 1e-12). Option `weight`: a number per position of the last dimension.
#[derive(Debug)]
struct Bce {
    weight: Option<Vec<f64>>,
}

pub(super) fn bce(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, Bce { weight: weights(config, "weight")? })
}

/// An error when a prediction is no probability. Only the CPU can tell at once; elsewhere the loss is not a number.
fn check_probabilities(x: &Value) -> Result<()> {
    let outside = |p: f64| !p.is_nan() && !(0.0..=1.0).contains(&p);
    let plain = x.clone().contiguous();
    let found = plain.host_slice::<f32>().and_then(|v| v.iter().position(|&p| outside(f64::from(p)))).or_else(|| {
        let doubles = plain.host_slice::<f64>();
        doubles.and_then(|v| v.iter().position(|&p| outside(p)))
    });
    let Some(position) = found else { return Ok(()) };
    let sample = position / (x.len() / x.dim(0));
    Err(Error::argument(format!(
        "prediction: sample {sample} is not a probability from 0 to 1; for logits use the loss BCEWithLogits"
    )))
}

impl Formula for Bce {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        weight_fits("weight", self.weight.as_ref(), prediction)?;
        same_shape(prediction, &targets[0])?;
        shares(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (p, t) = (x.clone().detached(), &targets[0]);
        check_probabilities(&p)?;
        let other = p.clone().neg()?.add_scalar(1.0)?;
        let yes = p.clone().log()?.clamp_min(-100.0)?.mul(t)?;
        let no = other.clone().log()?.clamp_min(-100.0)?.mul(&t.clone().neg()?.add_scalar(1.0)?)?;
        let spread = p.clone().mul(&other)?.clamp_min(1e-12)?;
        let gradient = p.sub(t)?.div(&spread)?;
        weighted(with_gradient(x, yes.add(&no)?.neg()?, &gradient)?, self.weight.as_ref())
    }
}

/// `torch.nn.BCEWithLogitsLoss`: (1 - t) x + (1 + (pos_weight - 1) t) log(1 + exp(-x)), stable for every x.
/// Options `weight` and `pos_weight`: a number per position of the last dimension.
#[derive(Debug)]
struct BceWithLogits {
    weight: Option<Vec<f64>>,
    positive: Option<Vec<f64>>,
}

pub(super) fn bce_with_logits(config: &Config) -> Result<Box<dyn Loss>> {
    let (weight, positive) = (weights(config, "weight")?, weights(config, "pos_weight")?);
    reduced(config, BceWithLogits { weight, positive })
}

/// The loss of logits and its derivative, without weights other than that of positives.
pub(super) fn logits(x: Value, t: &Value, positive: Option<&Vec<f64>>) -> Result<(Value, Value)> {
    let tail = softplus(x.clone().neg()?)?;
    let gate = x.clone().sigmoid()?;
    let base = t.clone().neg()?.add_scalar(1.0)?.mul(&x)?;
    let Some(positive) = positive else {
        return Ok((base.add(&tail)?, gate.sub(t)?));
    };
    let positive = x.constant_like(positive, &[positive.len()])?;
    let factor = positive.clone().add_scalar(-1.0)?.mul(t)?.add_scalar(1.0)?;
    let gradient = gate.mul(&factor)?.sub(&positive.mul(t)?)?;
    Ok((base.add(&tail.mul(&factor)?)?, gradient))
}

impl Formula for BceWithLogits {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        weight_fits("weight", self.weight.as_ref(), prediction)?;
        weight_fits("pos_weight", self.positive.as_ref(), prediction)?;
        same_shape(prediction, &targets[0])?;
        shares(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (value, gradient) = logits(x.clone().detached(), &targets[0], self.positive.as_ref())?;
        weighted(with_gradient(x, value, &gradient)?, self.weight.as_ref())
    }
}
