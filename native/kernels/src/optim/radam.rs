//! RAdam: `torch.optim.RAdam` (Liu et al. 2020).

use super::entry::{Entry, lerp, mean_square};
use super::{Number, Rule};

/// Options of RAdam, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadamOptions {
    /// Decay of the mean of gradients and of the mean of their squares.
    pub betas: [f64; 2],
    /// Added to the root.
    pub eps: f64,
    /// Decay, see `decoupled`.
    pub weight_decay: f64,
    /// Whether the decay acts on the parameter instead of on the gradient.
    pub decoupled: bool,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of RAdam. State: mean of gradients, mean of their squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Radam {
    /// Direction and decay.
    pub entry: Entry,
    /// 1 - beta1.
    pub rise1: f64,
    /// beta2.
    pub beta2: f64,
    /// Added to the root.
    pub eps: f64,
    /// Whether enough steps were made to divide by the root.
    pub rectified: bool,
    /// Factor of the mean of gradients, all corrections included.
    pub step_size: f64,
}

impl Radam {
    /// The step number `t` counts from 1.
    pub fn new(options: &RadamOptions, t: u64, rate: f64) -> Self {
        let [beta1, beta2] = options.betas;
        let t = t as f64;
        let (correction1, correction2) = (1.0 - beta1.powf(t), 1.0 - beta2.powf(t));
        let longest = 2.0 / (1.0 - beta2) - 1.0;
        let length = longest - 2.0 * t * beta2.powf(t) / correction2;
        let rectified = length > 5.0;
        let factor = if rectified {
            let up = (length - 4.0) * (length - 2.0) * longest;
            let down = (longest - 4.0) * (longest - 2.0) * length;
            (up / down).sqrt() * correction2.sqrt()
        } else {
            1.0
        };
        Self {
            entry: Entry::new(options.maximize, options.weight_decay, options.decoupled, rate),
            rise1: 1.0 - beta1,
            beta2,
            eps: options.eps,
            rectified,
            step_size: rate / correction1 * factor,
        }
    }
}

impl Rule<2> for Radam {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean, square]: [T; 2]) -> (T, [T; 2]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let mean = lerp(mean, gradient, self.rise1);
        let square = mean_square(square, gradient, self.beta2);
        let direction = if self.rectified { mean / (square.sqrt() + T::from_f64(self.eps)) } else { mean };
        (self.entry.parameter(parameter) - T::from_f64(self.step_size) * direction, [mean, square])
    }
}
