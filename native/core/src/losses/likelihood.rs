//! Negative log-likelihoods and divergences of distributions.

use std::f64::consts::PI;

use super::formula::{Formula, TINY, check_count, positive, reduced};
use super::targets::{not_negative, same_shape};
use super::{Elements, Loss, Reduction};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

/// `torch.nn.KLDivLoss`: the prediction is log-probabilities x, the target probabilities t or, with `log_target`, their logarithms:
/// t (log t - x), 0 where t is 0. Reduction `batchmean` is the sum divided by the number of rows, the divergence proper.
#[derive(Debug)]
struct KlDiv {
    log_target: bool,
    per_row: bool,
    reduction: Reduction,
}

pub(super) fn kl_div(config: &Config) -> Result<Box<dyn Loss>> {
    let word = config.word("reduction", &["mean", "sum", "none", "batchmean"], "mean")?;
    // To the trainer a mean over rows is a mean.
    let per_row = word == "batchmean";
    let reduction = if per_row { Reduction::Mean } else { Reduction::parse(config)? };
    Ok(Box::new(KlDiv { log_target: config.flag("log_target", false)?, per_row, reduction }))
}

impl Loss for KlDiv {
    fn target_kind(&self, _index: usize, _found: Kind) -> Kind {
        Kind::Float
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        check_count(1, targets)?;
        same_shape(prediction, &targets[0])?;
        if self.log_target { Ok(()) } else { not_negative(&targets[0], "probability") }
    }

    fn elements(&self, prediction: &Value, targets: &[Value]) -> Result<Elements> {
        let t = targets[0].clone();
        let (share, log) = if self.log_target { (t.clone().exp()?, t) } else { (t.clone(), t.clamp_min(TINY)?.log()?) };
        // The products apart: a share of 0 times log 0 is 0, and so is its product with a prediction that is finite.
        let elements = share.clone().mul(&log)?.sub(&prediction.clone().mul(&share)?)?;
        if !self.per_row {
            return Ok(elements.into());
        }
        let rows = elements.dim(0);
        let width = elements.len() / rows;
        Ok(elements.reshape(&[rows, width])?.sum_dims(&[1])?.reshape(&[rows])?.into())
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// `torch.nn.PoissonNLLLoss` of counts t: exp(x) - t x, or x - t log(x + eps) without `log_input`. `full` adds Stirling's
/// t log t - t + log(2 pi t) / 2 where t is above 1. Defaults: log_input, not full, eps 1e-8.
#[derive(Debug)]
struct PoissonNll {
    log_input: bool,
    full: bool,
    eps: f64,
}

pub(super) fn poisson_nll(config: &Config) -> Result<Box<dyn Loss>> {
    let (log_input, full) = (config.flag("log_input", true)?, config.flag("full", false)?);
    reduced(config, PoissonNll { log_input, full, eps: config.non_negative("eps", 1e-8)? })
}

impl Formula for PoissonNll {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        same_shape(prediction, &targets[0])?;
        not_negative(&targets[0], "count")
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let t = &targets[0];
        let value = if self.log_input {
            x.clone().exp()?.sub(&x.clone().mul(t)?)?
        } else {
            x.clone().sub(&x.clone().add_scalar(self.eps)?.log()?.mul(t)?)?
        };
        if !self.full {
            return Ok(value);
        }
        let small = t.clone().greater_scalar(1.0)?.not()?;
        let log = t.clone().clamp_min(1.0)?.log()?;
        let stirling = t.clone().mul(&log)?.sub(t)?.add(&log.add_scalar((2.0 * PI).ln())?.mul_scalar(0.5)?)?;
        value.add(&stirling.fill_mask(&small, 0.0)?)
    }
}

/// `torch.nn.GaussianNLLLoss`: (log v + (x - t)² / v) / 2 with two targets, t and the variance v, which is not taken below `eps`
/// (1e-6). `full` adds log(2 pi) / 2. The variance has the prediction's shape, or the same with a last dimension of 1, or lacks it.
#[derive(Debug)]
struct GaussianNll {
    full: bool,
    eps: f64,
}

pub(super) fn gaussian_nll(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, GaussianNll { full: config.flag("full", false)?, eps: positive(config, "eps", 1e-6)? })
}

/// The prediction's shape with a last dimension of 1.
fn one_for_all(prediction: &[usize]) -> Vec<usize> {
    let mut shape = prediction.to_vec();
    if let Some(last) = shape.last_mut() {
        *last = 1;
    }
    shape
}

impl Formula for GaussianNll {
    fn targets(&self) -> usize {
        2
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        same_shape(prediction, &targets[0])?;
        let (found, one) = (&targets[1].shape[..], one_for_all(prediction));
        if found != prediction && found != one && found != &prediction[..prediction.len().saturating_sub(1)] {
            return Err(Error::shape("variance", format!("{prediction:?} or {one:?}"), format!("{found:?}")));
        }
        not_negative(&targets[1], "variance")
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let mut variance = targets[1].clone().clamp_min(self.eps)?;
        if variance.shape() != x.shape() {
            variance = variance.reshape(&one_for_all(&x.shape()))?;
        }
        let d = x.clone().sub(&targets[0])?;
        let constant = if self.full { (2.0 * PI).ln() } else { 0.0 };
        d.clone().mul(&d)?.div(&variance)?.add(&variance.log()?)?.add_scalar(constant)?.mul_scalar(0.5)
    }
}
