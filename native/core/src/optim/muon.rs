//! Muon: `torch.optim.Muon` (Jordan 2024; the rate's second form: Liu et al. 2025, "Muon is Scalable for LLM Training").

use super::step::{kept, lerp, norm, prepare};
use super::{Optimizer, State, options};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// How the rate depends on the matrix's shape.
#[derive(Debug, Clone, Copy)]
enum Adjust {
    /// sqrt(max(1, rows / columns)).
    Original,
    /// 0.2 * sqrt(max(rows, columns)).
    MatchRmsAdamW,
}

/// Muon: the momentum of a matrix, made nearly orthogonal by Newton-Schulz steps. Only for matrices; another parameter is
/// an error, as in PyTorch: give it a group with another optimizer. Options: `lr` (1e-3), `weight_decay` (0.1, decoupled),
/// `momentum` (0.95), `nesterov` (true), `ns_coefficients` (3.4445, -4.775, 2.0315), `eps` (1e-7), `ns_steps` (5),
/// `adjust_lr_fn` ("original" or "match_rms_adamw"). PyTorch runs the Newton-Schulz steps in bfloat16; here they have the
/// parameter's type. Nearly all the work is products of matrices, so it is made of operations on every device.
#[derive(Debug)]
struct MuonOptimizer {
    rate: f64,
    weight_decay: f64,
    momentum: f64,
    nesterov: bool,
    coefficients: [f64; 3],
    eps: f64,
    steps: i64,
    adjust: Adjust,
}

pub(super) fn muon(config: &Config) -> Result<Box<dyn Optimizer>> {
    let steps = config.int("ns_steps", 5)?;
    if !(0..100).contains(&steps) {
        return Err(Error::argument(format!("option 'ns_steps': expected from 0 to 99, found {steps}")));
    }
    Ok(Box::new(MuonOptimizer {
        rate: options::rate(config, 1e-3)?,
        weight_decay: config.non_negative("weight_decay", 0.1)?,
        momentum: config.non_negative("momentum", 0.95)?,
        nesterov: config.flag("nesterov", true)?,
        coefficients: options::list(config, "ns_coefficients", [3.4445, -4.775, 2.0315], "3 numbers", |_| true)?,
        eps: config.non_negative("eps", 1e-7)?,
        steps,
        adjust: match config.word("adjust_lr_fn", &["original", "match_rms_adamw"], "original")? {
            "original" => Adjust::Original,
            _ => Adjust::MatchRmsAdamW,
        },
    }))
}

impl Optimizer for MuonOptimizer {
    fn rate(&self) -> f64 {
        self.rate
    }

    fn slots(&self, _: &[usize]) -> &'static [&'static str] {
        &["momentum_buffer"]
    }

    fn check(&self, shape: &[usize]) -> Result<()> {
        if shape.len() == 2 {
            return Ok(());
        }
        Err(Error::shape(
            "Muon",
            "a matrix (give other parameters a group with another optimizer)",
            format!("{shape:?}"),
        ))
    }

    fn with_momentum(&self, momentum: f64) -> Option<Box<dyn Optimizer>> {
        Some(Box::new(MuonOptimizer { momentum, ..*self }))
    }

    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        let shape = parameter.shape();
        self.check(&shape)?;
        prepare(parameter, &gradient, state, self.slots(&shape))?;
        let buffer = lerp(&state.slots[0], &gradient, 1.0 - self.momentum)?;
        let update = if self.nesterov { lerp(&gradient, &buffer, self.momentum)? } else { buffer.clone() };
        let update = self.orthogonal(update)?;
        let (rows, columns) = (shape[0] as f64, shape[1] as f64);
        let factor = match self.adjust {
            Adjust::Original => (rows / columns).max(1.0).sqrt(),
            Adjust::MatchRmsAdamW => 0.2 * rows.max(columns).sqrt(),
        };
        *parameter = kept(1.0 - rate * self.weight_decay, parameter)?.sub(&update.mul_scalar(rate * factor)?)?;
        state.slots = vec![buffer];
        state.step += 1;
        Ok(())
    }
}

impl MuonOptimizer {
    /// Pushes all singular values towards 1.
    fn orthogonal(&self, matrix: Value) -> Result<Value> {
        let tall = matrix.dim(0) > matrix.dim(1);
        let mut x = if tall { matrix.transpose()? } else { matrix };
        x = x.clone().div(&norm(&x)?.clamp_min(self.eps)?)?;
        let [a, b, c] = self.coefficients;
        for _ in 0..self.steps {
            let gram = x.clone().matmul(&x.clone().transpose()?)?;
            let inner = gram.clone().mul_scalar(b)?.add(&gram.clone().matmul(&gram)?.mul_scalar(c)?)?;
            x = x.clone().mul_scalar(a)?.add(&inner.matmul(&x)?)?;
        }
        if tall { x.transpose() } else { Ok(x) }
    }
}
