//! Gradient clipping: torch.nn.utils.clip_grad_norm_ and clip_grad_value_.

use crate::tensor::Value;
use crate::{Error, Result};

/// Scales all gradients so that their common norm is at most `max`: by max / (norm + 1e-6) where that is below 1.
/// Gives the norm before, still on the device.
pub(crate) fn by_norm(gradients: &mut [Option<Value>], max: f64, on_host: bool) -> Result<Option<Value>> {
    let mut total: Option<Value> = None;
    for gradient in gradients.iter().flatten() {
        let squares = gradient.sum_squares()?;
        total = Some(match total {
            None => squares,
            Some(sum) => sum.add(&squares)?,
        });
    }
    let Some(total) = total else { return Ok(None) };
    let norm = total.sqrt()?;
    if on_host {
        let factor = max / (norm.to_scalar()? + 1e-6);
        if factor < 1.0 {
            each(gradients, |g| g.mul_scalar(factor))?;
        }
    } else {
        // Without reading: the device scales by min(1, factor).
        let factor = norm.clone().add_scalar(1e-6)?.recip()?.mul_scalar(max)?.clamp_max(1.0)?;
        each(gradients, |g| {
            let shape = vec![1; g.rank()];
            g.mul(&factor.clone().reshape(&shape)?)
        })?;
    }
    Ok(Some(norm))
}

/// Limits every element of every gradient to [-limit, limit].
pub(crate) fn by_value(gradients: &mut [Option<Value>], limit: f64) -> Result<()> {
    each(gradients, |g| g.clamp(-limit, limit))
}

fn each(gradients: &mut [Option<Value>], f: impl Fn(Value) -> Result<Value>) -> Result<()> {
    for slot in gradients.iter_mut() {
        if let Some(gradient) = slot.take() {
            *slot = Some(f(gradient)?);
        }
    }
    Ok(())
}

/// A limit must be a positive number.
pub(crate) fn check_limit(name: &str, limit: Option<f64>) -> Result<()> {
    match limit {
        Some(x) if x.is_nan() || x <= 0.0 => {
            Err(Error::argument(format!("{name}: expected a positive number, found {x}")))
        }
        _ => Ok(()),
    }
}
