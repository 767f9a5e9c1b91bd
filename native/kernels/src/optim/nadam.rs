//! NAdam: `torch.optim.NAdam` (Dozat 2016).

use super::entry::{Entry, lerp, mean_square};
use super::{Number, Rule};

/// Options of NAdam, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NadamOptions {
    /// Decay of the mean of gradients and of the mean of their squares.
    pub betas: [f64; 2],
    /// Added to the root.
    pub eps: f64,
    /// Decay, see `decoupled`.
    pub weight_decay: f64,
    /// How fast the momentum reaches beta1.
    pub momentum_decay: f64,
    /// Whether the decay acts on the parameter instead of on the gradient.
    pub decoupled: bool,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of NAdam. State: mean of gradients, mean of their squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nadam {
    /// Direction and decay.
    pub entry: Entry,
    /// 1 - beta1.
    pub rise1: f64,
    /// beta2.
    pub beta2: f64,
    /// Added to the root.
    pub eps: f64,
    /// 1 / sqrt(1 - beta2^t).
    pub root_scale: f64,
    /// Factor of the gradient.
    pub by_gradient: f64,
    /// Factor of the mean of gradients.
    pub by_mean: f64,
    /// Product of the momenta so far, this step's included: the number that is kept.
    pub product: f64,
}

impl Nadam {
    /// The step number `t` counts from 1; `product` is that of the step before, at first 1.
    pub fn new(options: &NadamOptions, t: u64, rate: f64, product: f64) -> Self {
        let [beta1, beta2] = options.betas;
        let momentum = |t: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(t * options.momentum_decay));
        let (now, next) = (momentum(t as f64), momentum(t as f64 + 1.0));
        let product = product * now;
        Self {
            entry: Entry::new(options.maximize, options.weight_decay, options.decoupled, rate),
            rise1: 1.0 - beta1,
            beta2,
            eps: options.eps,
            root_scale: 1.0 / (1.0 - beta2.powf(t as f64)).sqrt(),
            by_gradient: rate * (1.0 - now) / (1.0 - product),
            by_mean: rate * next / (1.0 - product * next),
            product,
        }
    }
}

impl Rule<2> for Nadam {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean, square]: [T; 2]) -> (T, [T; 2]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let mean = lerp(mean, gradient, self.rise1);
        let square = mean_square(square, gradient, self.beta2);
        let denominator = square.sqrt() * T::from_f64(self.root_scale) + T::from_f64(self.eps);
        let moved = T::from_f64(self.by_gradient) * gradient + T::from_f64(self.by_mean) * mean;
        (self.entry.parameter(parameter) - moved / denominator, [mean, square])
    }
}
