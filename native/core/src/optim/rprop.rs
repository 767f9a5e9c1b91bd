//! Resilient propagation: `torch.optim.Rprop`.

use exburn_kernels::optim::{Entry, Rprop};

use super::step::{entering, prepare_with, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// Rprop, for gradients of the whole data. Options: `lr` (1e-2), `etas` (0.5, 1.2), `step_sizes` (1e-6, 50), `maximize`
/// (false). As in PyTorch the rate of the first step is the first step size; later rates do not matter.
#[derive(Debug)]
struct RpropOptimizer {
    rate: f64,
    rule: Rprop,
}

pub(super) fn rprop(config: &Config) -> Result<Box<dyn Optimizer>> {
    let etas = "a number between 0 and 1 and one above 1";
    let sizes = "the least and the largest step size";
    let rule = Rprop {
        entry: Entry::penalty(config.flag("maximize", false)?, 0.0),
        etas: options::list(config, "etas", [0.5, 1.2], etas, |[a, b]| 0.0 < *a && *a < 1.0 && 1.0 < *b)?,
        step_sizes: options::list(config, "step_sizes", [1e-6, 50.0], sizes, |[a, b]| 0.0 <= *a && a <= b)?,
    };
    Ok(Box::new(RpropOptimizer { rate: options::rate(config, 1e-2)?, rule }))
}

impl Optimizer for RpropOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["prev", "step_size"]
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        let shape = parameter.shape();
        prepare_with(parameter, &gradient, state, self.slots(&[]), |i| (shape.clone(), [0.0, rate][i]))?;
        run::<_, 2>(&self.rule, parameter, gradient, state, operations)
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Rprop, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let product = gradient.clone().mul(&slots[0])?;
    let stayed = product.clone().greater_scalar(0.0)?;
    let turned = product.neg()?.greater_scalar(0.0)?;
    let [minus, plus] = rule.etas;
    let size = slots[1].clone();
    let size = size.clone().where_mask(&stayed, &size.clone().mul_scalar(plus)?)?;
    let size = size.clone().where_mask(&turned, &size.clone().mul_scalar(minus)?)?;
    let size = size.clamp(rule.step_sizes[0], rule.step_sizes[1])?;
    let gradient = gradient.fill_mask(&turned, 0.0)?;
    let moved = gradient.clone().sign()?.mul(&size)?;
    Ok((parameter.clone().sub(&moved)?, vec![gradient, size]))
}
