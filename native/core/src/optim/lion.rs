//! Lion: Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2.

use exburn_kernels::optim::{Lion, LionOptions};

use super::step::{entering, kept, lerp, prepare, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// Lion. Options: `lr` (1e-4), `betas` (0.9, 0.99), `weight_decay` (0, decoupled), `maximize` (false).
#[derive(Debug)]
struct LionOptimizer {
    rate: f64,
    options: LionOptions,
}

pub(super) fn lion(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = LionOptions {
        betas: options::betas(config, [0.9, 0.99])?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        maximize: config.flag("maximize", false)?,
    };
    Ok(Box::new(LionOptimizer { rate: options::rate(config, 1e-4)?, options }))
}

impl Optimizer for LionOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["exp_avg"]
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = LionOptions { betas: [momentum, self.options.betas[1]], ..self.options };
        Some(Box::new(LionOptimizer { options, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        run::<_, 1>(&Lion::new(&self.options, rate), parameter, gradient, state, operations)
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Lion, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let moved = lerp(&slots[0], &gradient, rule.rises[0])?.sign()?.mul_scalar(rule.rate)?;
    let mean = lerp(&slots[0], &gradient, rule.rises[1])?;
    Ok((kept(rule.entry.keep, parameter)?.sub(&moved)?, vec![mean]))
}
