//! Focal losses (Lin et al., 2017): a cross-entropy that counts less where the prediction is right already.

use super::Loss;
use super::binary::logits;
use super::formula::{Formula, TINY, power, reduced, weights, with_gradient};
use super::targets::{class_indices, classes, same_shape, shares};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

/// Of logits with targets from 0 to 1, torchvision's `sigmoid_focal_loss`: alpha_t (1 - p_t)^gamma times the binary cross-entropy,
/// p_t the probability given to the target, alpha_t = alpha for positives and 1 - alpha for negatives. `alpha` is 0.25 (negative:
/// no such weight), `gamma` 2.
#[derive(Debug)]
struct BinaryFocal {
    alpha: f64,
    gamma: f64,
}

pub(super) fn binary_focal(config: &Config) -> Result<Box<dyn Loss>> {
    let alpha = config.float("alpha", 0.25)?;
    if alpha.is_nan() || alpha > 1.0 {
        return Err(Error::argument(format!("option 'alpha': expected at most 1, found {alpha}")));
    }
    reduced(config, BinaryFocal { alpha, gamma: config.non_negative("gamma", 2.0)? })
}

impl Formula for BinaryFocal {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        same_shape(prediction, &targets[0])?;
        shares(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (z, t) = (x.clone().detached(), &targets[0]);
        let (entropy, slope) = logits(z.clone(), t, None)?;
        let (yes, no) = (z.clone().sigmoid()?, z.neg()?.sigmoid()?);
        let not_t = t.clone().neg()?.add_scalar(1.0)?;
        // What is missing from p_t, its derivative divided by itself, and its power.
        let missing = yes.clone().mul(&not_t)?.add(&no.clone().mul(t)?)?.clamp_min(TINY)?;
        let relative = yes.mul(&no)?.mul(&not_t.sub(t)?)?.div(&missing)?;
        let mut value = entropy.clone();
        let mut gradient = slope;
        if self.gamma > 0.0 {
            let factor = power(missing, self.gamma)?;
            gradient = gradient.add(&entropy.mul(&relative)?.mul_scalar(self.gamma)?)?.mul(&factor)?;
            value = value.mul(&factor)?;
        }
        let value = with_gradient(x, value, &gradient)?;
        if self.alpha < 0.0 {
            return Ok(value);
        }
        value.mul(&t.clone().mul_scalar(2.0 * self.alpha - 1.0)?.add_scalar(1.0 - self.alpha)?)
    }
}

/// Of logits [N, C, ..] with class indices [N, ..]: -alpha[y] (1 - p[y])^gamma log p[y], p the softmax. `alpha` is a weight per class
/// (none), `gamma` 2. The mean is over all targets.
#[derive(Debug)]
struct Focal {
    alpha: Option<Vec<f64>>,
    gamma: f64,
}

pub(super) fn focal(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, Focal { alpha: weights(config, "alpha")?, gamma: config.non_negative("gamma", 2.0)? })
}

impl Formula for Focal {
    fn kind(&self) -> Kind {
        Kind::Int
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        let classes = classes(prediction)?;
        if let Some(alpha) = self.alpha.as_ref().filter(|a| a.len() != classes) {
            return Err(Error::shape("option 'alpha'", format!("{classes} classes"), alpha.len()));
        }
        class_indices(prediction, &targets[0], None)
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let target = &targets[0];
        let (shape, mut column) = (target.shape(), x.shape());
        column[1] = 1;
        let index = target.clone().reshape(&column)?;
        let log = x.clone().log_softmax(1)?.gather(1, &index)?.reshape(&shape)?;
        let mut value = log.clone().neg()?;
        if self.gamma > 0.0 {
            let missing = log.exp()?.neg()?.add_scalar(1.0)?.clamp_min(TINY)?;
            value = value.mul(&power(missing, self.gamma)?)?;
        }
        let Some(alpha) = &self.alpha else { return Ok(value) };
        let alpha = x.constant_like(alpha, &[alpha.len()])?;
        let flat = target.clone().reshape(&[target.len()])?;
        value.mul(&alpha.select(0, &flat)?.reshape(&shape)?)
    }
}
