//! Adamax: `torch.optim.Adamax`.

use exburn_kernels::optim::{Adamax, AdamaxOptions};

use super::step::{entering, lerp, prepare, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// Adamax. Options: `lr` (2e-3), `betas` (0.9, 0.999), `eps` (1e-8), `weight_decay` (0), `maximize` (false).
#[derive(Debug)]
struct AdamaxOptimizer {
    rate: f64,
    options: AdamaxOptions,
}

pub(super) fn adamax(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = AdamaxOptions {
        betas: options::betas(config, [0.9, 0.999])?,
        eps: config.non_negative("eps", 1e-8)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        maximize: config.flag("maximize", false)?,
    };
    Ok(Box::new(AdamaxOptimizer { rate: options::rate(config, 2e-3)?, options }))
}

impl Optimizer for AdamaxOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_inf"]
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = AdamaxOptions { betas: [momentum, self.options.betas[1]], ..self.options };
        Some(Box::new(AdamaxOptimizer { options, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        run::<_, 2>(&Adamax::new(&self.options, state.step + 1, rate), parameter, gradient, state, operations)
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Adamax, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let mean = lerp(&slots[0], &gradient, rule.rise1)?;
    let most = slots[1].clone().mul_scalar(rule.beta2)?.maximum(&gradient.abs()?.add_scalar(rule.eps)?)?;
    let moved = mean.clone().div(&most)?.mul_scalar(rule.step_size)?;
    Ok((parameter.clone().sub(&moved)?, vec![mean, most]))
}
