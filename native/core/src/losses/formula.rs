//! The common frame of the losses that are one formula per element or per row.

use super::targets::same_shape;
use super::{Elements, Loss, Reduction};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

/// Below every number that matters and a normal one in single precision: its logarithm is finite, 0 times it is 0.
pub(super) const TINY: f64 = 1e-37;

/// What is particular to a loss: its targets and its formula.
pub(super) trait Formula: Send + Sync + std::fmt::Debug + 'static {
    /// Number of target arrays.
    fn targets(&self) -> usize {
        1
    }

    /// Float, or Int for class indices.
    fn kind(&self) -> Kind {
        Kind::Float
    }

    /// Checks shapes and values on the host. There are as many targets as [`Formula::targets`] says.
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        targets.iter().try_for_each(|target| same_shape(prediction, target))
    }

    /// The losses before reduction.
    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value>;
}

#[derive(Debug)]
struct Reduced<F> {
    formula: F,
    reduction: Reduction,
}

/// A loss from a formula and the option `reduction`.
pub(super) fn reduced<F: Formula>(config: &Config, formula: F) -> Result<Box<dyn Loss>> {
    Ok(Box::new(Reduced { formula, reduction: Reduction::parse(config)? }))
}

impl<F: Formula> Loss for Reduced<F> {
    fn target_count(&self) -> usize {
        self.formula.targets()
    }

    fn target_kind(&self, _index: usize, _found: Kind) -> Kind {
        self.formula.kind()
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        check_count(self.formula.targets(), targets)?;
        self.formula.check(prediction, targets)
    }

    fn elements(&self, prediction: &Value, targets: &[Value]) -> Result<Elements> {
        self.formula.elements(prediction, targets).map(Elements::from)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

pub(super) fn check_count(expected: usize, targets: &[ArrayView<'_>]) -> Result<()> {
    if targets.len() == expected {
        return Ok(());
    }
    let s = if expected == 1 { "" } else { "s" };
    Err(Error::argument(format!("the loss takes {expected} target{s}, found {}", targets.len())))
}

/// A value whose derivative by `x` is given rather than derived, where the derivative of the formula is not finite (a logarithm
/// at 0) or less exact. `value` and `gradient` are computed from the detached `x` and have its shape.
pub(super) fn with_gradient(x: &Value, value: Value, gradient: &Value) -> Result<Value> {
    if !x.is_tracked() {
        return Ok(value);
    }
    // Zero, with derivative 1.
    let zero = x.clone().sub(&x.clone().detached())?;
    zero.mul(gradient)?.add(&value)
}

/// log(1 + exp(x)), without overflow, of a value outside the gradient graph.
pub(super) fn softplus(x: Value) -> Result<Value> {
    let tail = x.clone().abs()?.neg()?.exp()?.log1p()?;
    x.relu()?.add(&tail)
}

/// x^p of numbers that are not negative, exact in double precision on every device (Burn rounds exponents to single precision).
pub(super) fn power(x: Value, p: f64) -> Result<Value> {
    match p {
        1.0 => Ok(x),
        2.0 => x.clone().mul(&x),
        _ => x.clamp_min(TINY)?.log()?.mul_scalar(p)?.exp(),
    }
}

/// max(x, 0) with PyTorch's derivative of clamp_min: 1 where x is 0.
pub(super) fn hinge(x: Value) -> Result<Value> {
    let below = x.clone().detached().neg()?.greater_scalar(0.0)?;
    x.fill_mask(&below, 0.0)
}

/// A list of weights for the last dimension of a prediction: one each, or one for all.
pub(super) fn weight_fits(name: &str, weight: Option<&Vec<f64>>, prediction: &[usize]) -> Result<()> {
    let Some(weight) = weight else { return Ok(()) };
    let last = prediction.last().copied().unwrap_or(1);
    if weight.len() == last || weight.len() == 1 {
        return Ok(());
    }
    Err(Error::shape(format!("option '{name}'"), format!("{last} numbers"), weight.len()))
}

/// An optional list of finite numbers.
pub(super) fn weights(config: &Config, name: &str) -> Result<Option<Vec<f64>>> {
    let list = config.floats_or_none(name)?;
    match list.iter().flatten().find(|w| !w.is_finite()) {
        Some(bad) => Err(Error::argument(format!("option '{name}': expected finite numbers, found {bad}"))),
        None => Ok(list),
    }
}

/// Multiplies by weights of the last dimension, where there are any.
pub(super) fn weighted(elements: Value, weight: Option<&Vec<f64>>) -> Result<Value> {
    match weight {
        Some(weight) => {
            let weight = elements.constant_like(weight, &[weight.len()])?;
            elements.mul(&weight)
        }
        None => Ok(elements),
    }
}

/// An option that must be a finite number above zero.
pub(super) fn positive(config: &Config, name: &str, default: f64) -> Result<f64> {
    let value = config.float(name, default)?;
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(Error::argument(format!("option '{name}': expected a number above 0, found {value}")))
}

/// An option that must be a finite number.
pub(super) fn finite(config: &Config, name: &str, default: f64) -> Result<f64> {
    let value = config.float(name, default)?;
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::argument(format!("option '{name}': expected a finite number, found {value}")))
}
