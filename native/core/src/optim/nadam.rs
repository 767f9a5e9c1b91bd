//! NAdam: `torch.optim.NAdam`.

use exburn_kernels::optim::{Nadam, NadamOptions};

use super::step::{entering, kept, lerp, mean_square, prepare, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// NAdam. Options: `lr` (2e-3), `betas` (0.9, 0.999), `eps` (1e-8), `weight_decay` (0), `momentum_decay` (4e-3),
/// `decoupled_weight_decay` (false), `maximize` (false).
#[derive(Debug)]
struct NadamOptimizer {
    rate: f64,
    options: NadamOptions,
}

pub(super) fn nadam(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = NadamOptions {
        betas: options::betas(config, [0.9, 0.999])?,
        eps: config.non_negative("eps", 1e-8)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        momentum_decay: config.non_negative("momentum_decay", 4e-3)?,
        decoupled: config.flag("decoupled_weight_decay", false)?,
        maximize: config.flag("maximize", false)?,
    };
    Ok(Box::new(NadamOptimizer { rate: options::rate(config, 2e-3)?, options }))
}

impl Optimizer for NadamOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["mu_product"]
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = NadamOptions { betas: [momentum, self.options.betas[1]], ..self.options };
        Some(Box::new(NadamOptimizer { options, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        let [product] = state.numbers_or([1.0])?;
        let rule = Nadam::new(&self.options, state.step + 1, rate, product);
        run::<_, 2>(&rule, parameter, gradient, state, operations)?;
        state.numbers = vec![rule.product];
        Ok(())
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Nadam, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let mean = lerp(&slots[0], &gradient, rule.rise1)?;
    let square = mean_square(&slots[1], &gradient, rule.beta2)?;
    let denominator = square.clone().sqrt()?.mul_scalar(rule.root_scale)?.add_scalar(rule.eps)?;
    let moved = gradient.mul_scalar(rule.by_gradient)?.add(&mean.clone().mul_scalar(rule.by_mean)?)?;
    Ok((kept(rule.entry.keep, parameter)?.sub(&moved.div(&denominator)?)?, vec![mean, square]))
}
