//! RMSprop: `torch.optim.RMSprop`.

use exburn_kernels::optim::{Rmsprop, RmspropOptions};

use super::step::{entering, lerp, mean_square, prepare, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// RMSprop. Options: `lr` (1e-2), `alpha` (0.99), `eps` (1e-8), `weight_decay` (0), `momentum` (0), `centered` (false),
/// `maximize` (false). Where rounding makes the centered variance negative, PyTorch gives NaN; here it counts as 0.
#[derive(Debug)]
struct RmspropOptimizer {
    rate: f64,
    options: RmspropOptions,
    /// Whether there is a momentum buffer: with momentum, and where a schedule cycles it.
    buffered: bool,
}

pub(super) fn rmsprop(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = RmspropOptions {
        alpha: config.non_negative("alpha", 0.99)?,
        eps: config.non_negative("eps", 1e-8)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        momentum: config.non_negative("momentum", 0.0)?,
        centered: config.flag("centered", false)?,
        maximize: config.flag("maximize", false)?,
    };
    let buffered = options.momentum > 0.0;
    Ok(Box::new(RmspropOptimizer { rate: options::rate(config, 1e-2)?, options, buffered }))
}

impl Optimizer for RmspropOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        match (self.buffered, self.options.centered) {
            (false, false) => &["square_avg"],
            (false, true) => &["square_avg", "grad_avg"],
            (true, false) => &["square_avg", "momentum_buffer"],
            (true, true) => &["square_avg", "momentum_buffer", "grad_avg"],
        }
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = RmspropOptions { momentum, ..self.options };
        Some(Box::new(RmspropOptimizer { options, buffered: true, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        let slots = self.slots(&[]);
        // Steps without momentum have left no buffer, or cycled ones a buffer that is not wanted now.
        if self.buffered && state.slots.len() + 1 == slots.len() && !state.slots.is_empty() {
            state.slots.insert(1, parameter.zeros_like()?);
        } else if !self.buffered && state.slots.len() == slots.len() + 1 {
            state.slots.remove(1);
        }
        prepare(parameter, &gradient, state, slots)?;
        let rule = Rmsprop::new(&self.options, rate);
        match slots.len() {
            1 => run::<_, 1>(&rule, parameter, gradient, state, operations),
            2 => run::<_, 2>(&rule, parameter, gradient, state, operations),
            _ => run::<_, 3>(&rule, parameter, gradient, state, operations),
        }
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Rmsprop, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let square = mean_square(&slots[0], &gradient, rule.alpha)?;
    let mut mean = None;
    let mut variance = square.clone();
    if let (true, Some(old)) = (rule.centered, slots.last()) {
        let new = lerp(old, &gradient, 1.0 - rule.alpha)?;
        variance = variance.sub(&new.clone().mul(&new)?)?.clamp_min(0.0)?;
        mean = Some(new);
    }
    let mut direction = gradient.div(&variance.sqrt()?.add_scalar(rule.eps)?)?;
    let mut new = vec![square];
    if slots.len() == 2 + usize::from(rule.centered) {
        direction = slots[1].clone().mul_scalar(rule.momentum)?.add(&direction)?;
        new.push(direction.clone());
    }
    new.extend(mean);
    Ok((parameter.clone().sub(&direction.mul_scalar(rule.rate)?)?, new))
}
