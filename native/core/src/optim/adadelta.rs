//! Adadelta: `torch.optim.Adadelta`.

use exburn_kernels::optim::{Adadelta, AdadeltaOptions};

use super::step::{entering, mean_square, prepare, run};
use super::{Optimizer, State, options};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// Adadelta. Options: `lr` (1), `rho` (0.9, from 0 to 1), `eps` (1e-6), `weight_decay` (0), `maximize` (false).
#[derive(Debug)]
struct AdadeltaOptimizer {
    rate: f64,
    options: AdadeltaOptions,
}

pub(super) fn adadelta(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = AdadeltaOptions {
        rho: config.float("rho", 0.9)?,
        eps: config.non_negative("eps", 1e-6)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        maximize: config.flag("maximize", false)?,
    };
    if !(0.0..=1.0).contains(&options.rho) {
        return Err(Error::argument(format!("option 'rho': expected a number from 0 to 1, found {}", options.rho)));
    }
    Ok(Box::new(AdadeltaOptimizer { rate: options::rate(config, 1.0)?, options }))
}

impl Optimizer for AdadeltaOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["square_avg", "acc_delta"]
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        run::<_, 2>(&Adadelta::new(&self.options, rate), parameter, gradient, state, operations)
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Adadelta, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let square = mean_square(&slots[0], &gradient, rule.rho)?;
    let root = |v: &Value| v.clone().add_scalar(rule.eps)?.sqrt();
    let moved = root(&slots[1])?.div(&root(&square)?)?.mul(&gradient)?;
    let moves = mean_square(&slots[1], &moved, rule.rho)?;
    Ok((parameter.clone().sub(&moved.mul_scalar(rule.rate)?)?, vec![square, moves]))
}
