//! Adafactor: `torch.optim.Adafactor` (Shazeer and Stern 2018; PyTorch's use of the rate and of the first epsilon).

use super::step::{kept, lerp, norm, prepare_with};
use super::{Optimizer, State, options};
use crate::spec::Config;
use crate::tensor::{DType, Value};
use crate::{Error, Result};

/// Adafactor: of a matrix only the means of squares of its rows and of its columns are kept (of more dimensions, those of
/// the last two). Options: `lr` (1e-2, the largest relative step), `beta2_decay` (-0.8), `eps` (null, 1e-3; null is the
/// type's epsilon), `d` (1, clips the update's root mean square), `weight_decay` (0, decoupled), `maximize` (false). Its
/// means and norms span the parameter, so it is made of operations on every device.
#[derive(Debug)]
struct AdafactorOptimizer {
    rate: f64,
    beta2_decay: f64,
    eps: (Option<f64>, f64),
    d: f64,
    weight_decay: f64,
    maximize: bool,
}

pub(super) fn adafactor(config: &Config) -> Result<Box<dyn Optimizer>> {
    let optimizer = AdafactorOptimizer {
        rate: options::rate(config, 1e-2)?,
        beta2_decay: options::finite(config, "beta2_decay", -0.8)?,
        eps: eps(config)?,
        d: options::finite(config, "d", 1.0)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        maximize: config.flag("maximize", false)?,
    };
    if optimizer.beta2_decay > 0.0 {
        return Err(Error::argument("option 'beta2_decay': expected a number of at most 0"));
    }
    if optimizer.d < 1.0 {
        return Err(Error::argument("option 'd': expected a number of at least 1"));
    }
    Ok(Box::new(optimizer))
}

/// Null or a number, then a number.
fn eps(config: &Config) -> Result<(Option<f64>, f64)> {
    let Some(raw) = config.raw("eps") else { return Ok((None, 1e-3)) };
    let fits = |x: &f64| *x >= 0.0 && x.is_finite();
    let pair = raw.as_array().filter(|list| list.len() == 2).and_then(|list| {
        let second = list[1].as_f64().filter(fits)?;
        if list[0].is_null() { Some((None, second)) } else { Some((Some(list[0].as_f64().filter(fits)?), second)) }
    });
    pair.ok_or_else(|| Error::argument(format!("option 'eps': expected null or a number, and a number, found {raw}")))
}

impl Optimizer for AdafactorOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, shape: &[usize]) -> &'static [&'static str] {
        if shape.len() > 1 { &["row_var", "col_var"] } else { &["variance"] }
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        let shape = parameter.shape();
        let rank = shape.len();
        let slot = |i: usize| {
            let mut shape = shape.clone();
            if rank > 1 {
                shape[rank - 1 - i] = 1;
            }
            (shape, 0.0)
        };
        prepare_with(parameter, &gradient, state, self.slots(&shape), slot)?;

        let t = (state.step + 1) as f64;
        let rise = t.powf(self.beta2_decay);
        let least = self.eps.0.unwrap_or(match parameter.dtype()? {
            DType::F16 => half::f16::EPSILON.to_f64(),
            DType::BF16 => half::bf16::EPSILON.to_f64(),
            DType::F32 => f64::from(f32::EPSILON),
            DType::F64 => f64::EPSILON,
        });
        let per_root = 1.0 / (parameter.len() as f64).sqrt();

        let gradient = if self.maximize { gradient.neg()? } else { gradient };
        let square = gradient.clone().mul(&gradient)?;
        let (slots, variance) = if rank > 1 {
            let row = lerp(&state.slots[0], &square.clone().mean_dims(&[rank - 1])?, rise)?;
            let column = lerp(&state.slots[1], &square.mean_dims(&[rank - 2])?, rise)?;
            let mean = row.clone().mean_dims(&[rank - 2])?.clamp_min(least)?;
            let variance = row.clone().mul(&column)?.div(&mean)?;
            (vec![row, column], variance)
        } else {
            let variance = lerp(&state.slots[0], &square, rise)?;
            (vec![variance.clone()], variance)
        };
        let update = gradient.div(&variance.clamp_min(least * least)?.sqrt()?)?;
        // Both norms stay on the device.
        let alpha = norm(parameter)?.mul_scalar(per_root)?.clamp_min(self.eps.1)?;
        let excess = norm(&update)?.mul_scalar(per_root / self.d)?.clamp_min(1.0)?;
        let factor = alpha.div(&excess)?.mul_scalar(rate.min(1.0 / t.sqrt()))?;
        *parameter = kept(1.0 - rate * self.weight_decay, parameter)?.sub(&update.mul(&factor)?)?;
        state.slots = slots;
        state.step += 1;
        Ok(())
    }
}
