//! Losses of predictions that are quantities. Prediction and target have one shape; d is their difference.

use super::Loss;
use super::formula::{Formula, positive, reduced, softplus, with_gradient};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

fn difference(x: &Value, targets: &[Value]) -> Result<Value> {
    x.clone().sub(&targets[0])
}

/// `torch.nn.MSELoss`: d².
#[derive(Debug)]
struct Mse;

pub(super) fn mse(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, Mse)
}

impl Formula for Mse {
    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let d = difference(x, targets)?;
        d.clone().mul(&d)
    }
}

/// `torch.nn.L1Loss`: |d|. The derivative at 0 is 0.
#[derive(Debug)]
struct L1;

pub(super) fn l1(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, L1)
}

impl Formula for L1 {
    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        difference(x, targets)?.abs()
    }
}

/// A parabola up to `limit`, straight beyond it, times `scale`: c (|d| - c / 2) with c the smaller of |d| and the limit.
#[derive(Debug)]
struct Bent {
    limit: f64,
    scale: f64,
}

/// `torch.nn.SmoothL1Loss`: d² / (2 beta) below `beta` (1), |d| - beta / 2 from there on; beta 0 is L1.
pub(super) fn smooth_l1(config: &Config) -> Result<Box<dyn Loss>> {
    match config.non_negative("beta", 1.0)? {
        0.0 => reduced(config, L1),
        beta => reduced(config, Bent { limit: beta, scale: 1.0 / beta }),
    }
}

/// `torch.nn.HuberLoss`: d² / 2 up to `delta` (1), delta (|d| - delta / 2) beyond.
pub(super) fn huber(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, Bent { limit: positive(config, "delta", 1.0)?, scale: 1.0 })
}

impl Formula for Bent {
    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let d = difference(&x.clone().detached(), targets)?;
        let (size, sign) = (d.clone().abs()?, d.sign()?);
        let bent = size.clone().clamp_max(self.limit)?;
        let value = size.sub(&bent.clone().mul_scalar(0.5)?)?.mul(&bent)?.mul_scalar(self.scale)?;
        with_gradient(x, value, &bent.mul(&sign)?.mul_scalar(self.scale)?)
    }
}

/// log(cosh(d)), as Keras' `LogCosh`: |d| + log(1 + exp(-2|d|)) - log 2. Its derivative is tanh(d).
#[derive(Debug)]
struct LogCosh;

pub(super) fn log_cosh(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, LogCosh)
}

impl Formula for LogCosh {
    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let d = difference(&x.clone().detached(), targets)?;
        let size = d.clone().abs()?;
        let value = softplus(size.clone().mul_scalar(-2.0)?)?.add(&size)?.add_scalar(-std::f64::consts::LN_2)?;
        with_gradient(x, value, &d.tanh()?)
    }
}
