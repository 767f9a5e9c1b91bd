//! Adam and AdamW: `torch.optim.Adam`, `torch.optim.AdamW`.

use exburn_kernels::optim::{Adam, AdamOptions};

use super::step::{fused, prepare};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// Adam. Options: `lr` (1e-3), `betas` (0.9, 0.999), `eps` (1e-8), `weight_decay` (0; AdamW 1e-2), `amsgrad` (false),
/// `maximize` (false), and for Adam `decoupled_weight_decay` (false; AdamW always).
#[derive(Debug)]
struct AdamOptimizer {
    rate: f64,
    options: AdamOptions,
    amsgrad: bool,
}

pub(super) fn adam(config: &Config) -> Result<Box<dyn Optimizer>> {
    let decoupled = config.flag("decoupled_weight_decay", false)?;
    create(config, decoupled, 0.0)
}

pub(super) fn adamw(config: &Config) -> Result<Box<dyn Optimizer>> {
    create(config, true, 1e-2)
}

fn create(config: &Config, decoupled: bool, decay: f64) -> Result<Box<dyn Optimizer>> {
    Ok(Box::new(AdamOptimizer {
        rate: options::rate(config, 1e-3)?,
        options: AdamOptions {
            betas: options::betas(config, [0.9, 0.999])?,
            eps: config.non_negative("eps", 1e-8)?,
            weight_decay: config.non_negative("weight_decay", decay)?,
            decoupled,
            maximize: config.flag("maximize", false)?,
        },
        amsgrad: config.flag("amsgrad", false)?,
    }))
}

impl Optimizer for AdamOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        if self.amsgrad { &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] } else { &["exp_avg", "exp_avg_sq"] }
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = AdamOptions { betas: [momentum, self.options.betas[1]], ..self.options };
        Some(Box::new(AdamOptimizer { options, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        let rule = Adam::new(&self.options, state.step + 1, rate);
        let done = if self.amsgrad {
            fused::<_, 3>(&rule, parameter, &gradient, &mut state.slots)?
        } else {
            fused::<_, 2>(&rule, parameter, &gradient, &mut state.slots)?
        };
        if !done {
            operations(&rule, parameter, gradient, &mut state.slots)?;
        }
        state.step += 1;
        Ok(())
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Adam, parameter: &mut Value, gradient: Value, slots: &mut Vec<Value>) -> Result<()> {
    let gradient = if rule.sign < 0.0 { gradient.neg()? } else { gradient };
    let gradient = match rule.penalty {
        0.0 => gradient,
        penalty => gradient.add(&parameter.clone().mul_scalar(penalty)?)?,
    };
    let mean = slots[0].clone();
    let mean = gradient.clone().sub(&mean)?.mul_scalar(rule.rise1)?.add(&mean)?;
    let square = gradient.clone().mul(&gradient)?.mul_scalar(rule.rise2)?;
    let square = slots[1].clone().mul_scalar(rule.beta2)?.add(&square)?;
    let mut new = vec![mean.clone(), square];
    if let Some(most) = slots.get(2) {
        new.push(most.clone().maximum(&new[1])?);
    }
    let second = new[new.len() - 1].clone();
    let denominator = second.sqrt()?.mul_scalar(rule.root_scale)?.add_scalar(rule.eps)?;
    let moved = mean.div(&denominator)?.mul_scalar(rule.step_size)?;
    *parameter = match rule.keep {
        1.0 => parameter.clone().sub(&moved)?,
        keep => parameter.clone().mul_scalar(keep)?.sub(&moved)?,
    };
    *slots = new;
    Ok(())
}
