//! SGD: `torch.optim.SGD`.

use exburn_kernels::optim::{Sgd, SgdOptions};

use super::step::{fused, prepare};
use super::{Optimizer, State, options};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// Stochastic gradient descent. Options: `lr` (1e-3), `momentum` (0), `dampening` (0), `weight_decay` (0), `nesterov`
/// (false), `maximize` (false).
#[derive(Debug)]
struct SgdOptimizer {
    rate: f64,
    options: SgdOptions,
}

pub(super) fn sgd(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = SgdOptions {
        momentum: config.non_negative("momentum", 0.0)?,
        dampening: config.float("dampening", 0.0)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        nesterov: config.flag("nesterov", false)?,
        maximize: config.flag("maximize", false)?,
    };
    if !options.dampening.is_finite() {
        return Err(Error::argument(format!("option 'dampening': expected a number, found {}", options.dampening)));
    }
    if options.nesterov && (options.momentum == 0.0 || options.dampening != 0.0) {
        return Err(Error::argument("option 'nesterov': needs a momentum above 0 and a dampening of 0"));
    }
    Ok(Box::new(SgdOptimizer { rate: options::rate(config, 1e-3)?, options }))
}

impl Optimizer for SgdOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        if self.options.momentum == 0.0 { &[] } else { &["momentum_buffer"] }
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        Some(Box::new(SgdOptimizer { options: SgdOptions { momentum, ..self.options }, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        let first = state.slots.is_empty();
        let rule = Sgd::new(&self.options, rate, first);
        // A buffer from steps with momentum waits while there is none, as in PyTorch.
        let mut waiting = Vec::new();
        if self.options.momentum == 0.0 {
            std::mem::swap(&mut waiting, &mut state.slots);
        }
        let done =
            prepare(parameter, &gradient, state, self.slots(&[])).and_then(|()| match state.slots.as_mut_slice() {
                [] => fused::<_, 0>(&rule, parameter, &gradient, &mut []),
                slots => fused::<_, 1>(&rule, parameter, &gradient, slots),
            });
        let done =
            done.and_then(|done| if done { Ok(()) } else { operations(&rule, parameter, gradient, &mut state.slots) });
        if self.options.momentum == 0.0 {
            state.slots = waiting;
        }
        done?;
        state.step += 1;
        Ok(())
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Sgd, parameter: &mut Value, gradient: Value, slots: &mut [Value]) -> Result<()> {
    let gradient = if rule.sign < 0.0 { gradient.neg()? } else { gradient };
    let mut direction = match rule.weight_decay {
        0.0 => gradient,
        decay => gradient.add(&parameter.clone().mul_scalar(decay)?)?,
    };
    let mut buffer = None;
    if let [old] = &*slots {
        let new = old.clone().mul_scalar(rule.momentum)?.add(&direction.clone().mul_scalar(rule.entering)?)?;
        direction = if rule.nesterov { direction.add(&new.clone().mul_scalar(rule.momentum)?)? } else { new.clone() };
        buffer = Some(new);
    }
    *parameter = parameter.clone().sub(&direction.mul_scalar(rule.rate)?)?;
    if let (Some(new), [slot]) = (buffer, slots) {
        *slot = new;
    }
    Ok(())
}
