//! Averaged stochastic gradient descent: `torch.optim.ASGD`.

use exburn_kernels::optim::{Asgd, AsgdOptions};

use super::step::{entering, lerp, prepare, run};
use super::{Optimizer, State, options};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// ASGD. Options: `lr` (1e-2), `lambd` (1e-4), `alpha` (0.75), `t0` (1e6), `weight_decay` (0), `maximize` (false). As in
/// PyTorch a step uses the rate that was given to the step before it; the first one uses its own.
#[derive(Debug)]
struct AsgdOptimizer {
    rate: f64,
    options: AsgdOptions,
}

pub(super) fn asgd(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = AsgdOptions {
        lambd: options::finite(config, "lambd", 1e-4)?,
        alpha: options::finite(config, "alpha", 0.75)?,
        t0: options::finite(config, "t0", 1e6)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        maximize: config.flag("maximize", false)?,
    };
    Ok(Box::new(AsgdOptimizer { rate: options::rate(config, 1e-2)?, options }))
}

impl Optimizer for AsgdOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["ax"]
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["eta", "mu"]
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        let rule = Asgd::new(&self.options, state.step + 1, rate, state.numbers_or([rate, 1.0])?);
        run::<_, 1>(&rule, parameter, gradient, state, operations)?;
        state.numbers = rule.next.to_vec();
        Ok(())
    }
}

/// The rule in operations, for devices without the kernel.
fn operations(rule: &Asgd, parameter: &Value, gradient: Value, slots: &[Value]) -> Result<(Value, Vec<Value>)> {
    let gradient = entering(&rule.entry, parameter, gradient)?;
    let parameter = parameter.clone().mul_scalar(rule.keep)?.sub(&gradient.mul_scalar(rule.eta)?)?;
    let average = if rule.mu == 1.0 { parameter.clone() } else { lerp(&slots[0], &parameter, rule.mu)? };
    Ok((parameter, vec![average]))
}
