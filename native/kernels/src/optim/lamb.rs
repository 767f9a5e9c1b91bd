//! LAMB (You et al. 2020, "Large Batch Optimization for Deep Learning", algorithm 2).

use super::entry::{Entry, lerp, mean_square};
use super::{Number, Rule};

/// Options of LAMB, the paper's defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LambOptions {
    /// Decay of the mean of gradients and of the mean of their squares.
    pub betas: [f64; 2],
    /// Added to the root.
    pub eps: f64,
    /// This part of the parameter is added to its direction.
    pub weight_decay: f64,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of the first pass of a step of LAMB: it finds the direction, the parameter stays. State: mean of
/// gradients, mean of their squares, and the direction for the second pass, which needs the norms of parameter and
/// direction ([`super::sum_squares`]) and is plain descent ([`super::Sgd`]).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lamb {
    /// Direction.
    pub entry: Entry,
    /// 1 - beta1.
    pub rise1: f64,
    /// beta2.
    pub beta2: f64,
    /// Added to the root.
    pub eps: f64,
    /// 1 / (1 - beta1^t).
    pub scale: f64,
    /// 1 / sqrt(1 - beta2^t).
    pub root_scale: f64,
    /// Part of the parameter in its direction.
    pub weight_decay: f64,
}

impl Lamb {
    /// The step number `t` counts from 1.
    pub fn new(options: &LambOptions, t: u64) -> Self {
        let [beta1, beta2] = options.betas;
        Self {
            entry: Entry::penalty(options.maximize, 0.0),
            rise1: 1.0 - beta1,
            beta2,
            eps: options.eps,
            scale: 1.0 / (1.0 - beta1.powf(t as f64)),
            root_scale: 1.0 / (1.0 - beta2.powf(t as f64)).sqrt(),
            weight_decay: options.weight_decay,
        }
    }
}

impl Rule<3> for Lamb {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean, square, _]: [T; 3]) -> (T, [T; 3]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let mean = lerp(mean, gradient, self.rise1);
        let square = mean_square(square, gradient, self.beta2);
        let denominator = square.sqrt() * T::from_f64(self.root_scale) + T::from_f64(self.eps);
        let direction = T::from_f64(self.scale) * mean / denominator + T::from_f64(self.weight_decay) * parameter;
        (parameter, [mean, square, direction])
    }
}
