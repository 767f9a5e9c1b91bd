//! LAMB: You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2.

use exburn_kernels::optim::{Lamb, LambOptions, Sgd, SgdOptions};

use super::step::{entering, fused, lerp, mean_square, norm, prepare};
use super::{Optimizer, State, options};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// LAMB: a step's length is the rate times the parameter's norm, where neither norm is 0. Options: `lr` (1e-3), `betas`
/// (0.9, 0.999), `eps` (1e-6), `weight_decay` (0, added to the direction), `max_trust_ratio` (null, no limit to the
/// parameter's norm over the direction's), `maximize` (false). The norms need a pass of their own between the two of the
/// update.
#[derive(Debug)]
struct LambOptimizer {
    rate: f64,
    most: Option<f64>,
    options: LambOptions,
}

pub(super) fn lamb(config: &Config) -> Result<Box<dyn Optimizer>> {
    let options = LambOptions {
        betas: options::betas(config, [0.9, 0.999])?,
        eps: config.non_negative("eps", 1e-6)?,
        weight_decay: config.non_negative("weight_decay", 0.0)?,
        maximize: config.flag("maximize", false)?,
    };
    let most = config.float_or_none("max_trust_ratio")?;
    if let Some(x) = most.filter(|x| x.is_nan() || *x <= 0.0) {
        return Err(Error::argument(format!("option 'max_trust_ratio': expected a number above 0, found {x}")));
    }
    Ok(Box::new(LambOptimizer { rate: options::rate(config, 1e-3)?, most, options }))
}

impl Optimizer for LambOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        let options = LambOptions { betas: [momentum, self.options.betas[1]], ..self.options };
        Some(Box::new(LambOptimizer { options, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        prepare(parameter, &gradient, state, self.slots(&[]))?;
        let rule = Lamb::new(&self.options, state.step + 1);
        // The direction is the kernel's third state, for this step only.
        state.slots.push(parameter.zeros_like()?);
        let done = fused::<_, 3>(&rule, parameter, &gradient, &mut state.slots);
        let direction = state.slots.pop().ok_or_else(|| Error::internal("the direction is lost"))?;
        if done? {
            let length = |v: &Value| Ok::<f64, Error>(v.sum_squares()?.to_scalar()?.sqrt());
            let (p, d) = (length(parameter)?, length(&direction)?);
            let ratio = if p > 0.0 && d > 0.0 { (p / d).min(self.most.unwrap_or(f64::INFINITY)) } else { 1.0 };
            let descent = Sgd::new(&SgdOptions::default(), rate * ratio, true);
            fused::<_, 0>(&descent, parameter, &direction, &mut [])?;
        } else {
            (*parameter, state.slots) = self.operations(&rule, parameter, gradient, &state.slots, rate)?;
        }
        state.step += 1;
        Ok(())
    }
}

impl LambOptimizer {
    /// The rule in operations, for devices without the kernel; nothing is read back.
    fn operations(
        &self,
        rule: &Lamb,
        parameter: &Value,
        gradient: Value,
        slots: &[Value],
        rate: f64,
    ) -> Result<(Value, Vec<Value>)> {
        let gradient = entering(&rule.entry, parameter, gradient)?;
        let mean = lerp(&slots[0], &gradient, rule.rise1)?;
        let square = mean_square(&slots[1], &gradient, rule.beta2)?;
        let denominator = square.clone().sqrt()?.mul_scalar(rule.root_scale)?.add_scalar(rule.eps)?;
        let mut direction = mean.clone().mul_scalar(rule.scale)?.div(&denominator)?;
        if rule.weight_decay != 0.0 {
            direction = direction.add(&parameter.clone().mul_scalar(rule.weight_decay)?)?;
        }
        let (p, d) = (norm(parameter)?, norm(&direction)?);
        let mut ratio = p.clone().div(&d)?;
        if let Some(most) = self.most {
            ratio = ratio.clamp_max(most)?;
        }
        for norm in [p, d] {
            ratio = ratio.fill_mask(&norm.greater_scalar(0.0)?.not()?, 1.0)?;
        }
        let moved = direction.mul(&ratio)?.mul_scalar(rate)?;
        Ok((parameter.clone().sub(&moved)?, vec![mean, square]))
    }
}
