//! RAdam: `torch.optim.RAdam`.

use exburn_kernels::optim::{Radam, RadamOptions};

use super::step::{entering, kept, lerp, mean_square, prepare, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// RAdam. Options: `lr` (1e-3), `betas` (0.9, 0.999), `eps` (1e-8), `weight_decay` (0), `decoupled_weight_decay` (false),
/// `maximize` (false).
#[derive(Debug)]
struct RadamOptimizer {
    rate: f64,
    options: RadamOptions,
}

pub(super) fn radam(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = RadamOptions {
        betas: options::betas(config, [0.9, 0.999])?,
        eps: config.non_negative("eps", 1e-8)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        decoupled: config.flag("decoupled_weight_decay", false)?,
        maximize: config.flag("maximize", false)?,
    };
    Ok(Box::new(RadamOptimizer { rate: options::rate(config, 1e-3)?, options }))
}

impl Optimizer for RadamOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = RadamOptions { betas: [momentum, self.options.betas[1]], ..self.options };
        Some(Box::new(RadamOptimizer { options, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        run::<_, 2>(&Radam::new(&self.options, state.step + 1, rate), parameter, gradient, state, operations)
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Radam, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let mean = lerp(&slots[0], &gradient, rule.rise1)?;
    let square = mean_square(&slots[1], &gradient, rule.beta2)?;
    let mut direction = mean.clone();
    if rule.rectified {
        direction = direction.div(&square.clone().sqrt()?.add_scalar(rule.eps)?)?;
    }
    let moved = direction.mul_scalar(rule.step_size)?;
    Ok((kept(rule.entry.keep, parameter)?.sub(&moved)?, vec![mean, square]))
}
