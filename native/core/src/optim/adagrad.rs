//! Adagrad: `torch.optim.Adagrad`.

use exburn_kernels::optim::{Adagrad, AdagradOptions};

use super::step::{entering, prepare_with, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// Adagrad. Options: `lr` (1e-2), `lr_decay` (0), `weight_decay` (0), `initial_accumulator_value` (0), `eps` (1e-10),
/// `maximize` (false).
#[derive(Debug)]
struct AdagradOptimizer {
    rate: f64,
    start: f64,
    options: AdagradOptions,
}

pub(super) fn adagrad(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = AdagradOptions {
        lr_decay: config.non_negative("lr_decay", 0.0)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        eps: config.non_negative("eps", 1e-10)?,
        maximize: config.flag("maximize", false)?,
    };
    let start = config.non_negative("initial_accumulator_value", 0.0)?;
    Ok(Box::new(AdagradOptimizer { rate: options::rate(config, 1e-2)?, start, options }))
}

impl Optimizer for AdagradOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["sum"]
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        let shape = parameter.shape();
        prepare_with(parameter, &gradient, state, self.slots(&[]), |_| (shape.clone(), self.start))?;
        let rule = Adagrad::new(&self.options, state.step + 1, rate);
        run::<_, 1>(&rule, parameter, gradient, state, operations)
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Adagrad, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let sum = slots[0].clone().add(&gradient.clone().mul(&gradient)?)?;
    let moved = gradient.div(&sum.clone().sqrt()?.add_scalar(rule.eps)?)?.mul_scalar(rule.rate)?;
    Ok((parameter.clone().sub(&moved)?, vec![sum]))
}
