//! Adam and AdamW: `torch.optim.Adam`, `torch.optim.AdamW` (Kingma and Ba 2015; Loshchilov and Hutter 2019).

use super::{Number, Rule};

/// Options of Adam, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamOptions {
    /// Decay of the mean of gradients and of the mean of their squares.
    pub betas: [f64; 2],
    /// Added to the root of the second mean.
    pub eps: f64,
    /// L2 penalty (added to the gradient) or, decoupled, the part that the parameter loses per unit of rate.
    pub weight_decay: f64,
    /// Whether the decay acts on the parameter (AdamW) instead of on the gradient.
    pub decoupled: bool,
    /// Ascends instead of descending.
    pub maximize: bool,
}

impl Default for AdamOptions {
    fn default() -> Self {
        Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decoupled: false, maximize: false }
    }
}

/// The coefficients of one step of Adam. State: mean, mean of squares and, with AMSGrad, the largest mean of squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// 1, or -1 to ascend.
    pub sign: f64,
    /// L2 penalty.
    pub penalty: f64,
    /// What stays of the parameter under decoupled decay.
    pub keep: f64,
    /// 1 - beta1.
    pub rise1: f64,
    /// beta2.
    pub beta2: f64,
    /// 1 - beta2.
    pub rise2: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// 1 / sqrt(1 - beta2^t).
    pub root_scale: f64,
    /// rate / (1 - beta1^t).
    pub step_size: f64,
}

impl Adam {
    /// The step number `t` counts from 1.
    pub fn new(options: &AdamOptions, t: u64, rate: f64) -> Self {
        let [beta1, beta2] = options.betas;
        let power = t as f64;
        Self {
            sign: if options.maximize { -1.0 } else { 1.0 },
            penalty: if options.decoupled { 0.0 } else { options.weight_decay },
            keep: if options.decoupled { 1.0 - rate * options.weight_decay } else { 1.0 },
            rise1: 1.0 - beta1,
            beta2,
            rise2: 1.0 - beta2,
            eps: options.eps,
            root_scale: 1.0 / (1.0 - beta2.powf(power)).sqrt(),
            step_size: rate / (1.0 - beta1.powf(power)),
        }
    }

    #[inline(always)]
    fn means<T: Number>(&self, parameter: T, gradient: T, mean: T, square: T) -> (T, T) {
        let gradient = T::from_f64(self.sign) * gradient;
        let gradient = if self.penalty != 0.0 { gradient + T::from_f64(self.penalty) * parameter } else { gradient };
        let mean = mean + T::from_f64(self.rise1) * (gradient - mean);
        let square = T::from_f64(self.beta2) * square + T::from_f64(self.rise2) * gradient * gradient;
        (mean, square)
    }

    #[inline(always)]
    fn moved<T: Number>(&self, parameter: T, mean: T, square: T) -> T {
        let denominator = square.sqrt() * T::from_f64(self.root_scale) + T::from_f64(self.eps);
        T::from_f64(self.keep) * parameter - T::from_f64(self.step_size) * (mean / denominator)
    }
}

impl Rule<2> for Adam {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean, square]: [T; 2]) -> (T, [T; 2]) {
        let (mean, square) = self.means(parameter, gradient, mean, square);
        (self.moved(parameter, mean, square), [mean, square])
    }
}

/// AMSGrad.
impl Rule<3> for Adam {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean, square, most]: [T; 3]) -> (T, [T; 3]) {
        let (mean, square) = self.means(parameter, gradient, mean, square);
        let most = if most >= square { most } else { square };
        (self.moved(parameter, mean, most), [mean, square, most])
    }
}
