//! Adamax: `torch.optim.Adamax` (Kingma and Ba 2015, section 7).

use super::entry::{Entry, larger, lerp};
use super::{Number, Rule};

/// Options of Adamax, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamaxOptions {
    /// Decay of the mean of gradients and of the largest gradient.
    pub betas: [f64; 2],
    /// Added to the gradient's size.
    pub eps: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of Adamax. State: mean of gradients, largest gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adamax {
    /// Direction and decay.
    pub entry: Entry,
    /// 1 - beta1.
    pub rise1: f64,
    /// beta2.
    pub beta2: f64,
    /// Added to the gradient's size.
    pub eps: f64,
    /// rate / (1 - beta1^t).
    pub step_size: f64,
}

impl Adamax {
    /// The step number `t` counts from 1.
    pub fn new(options: &AdamaxOptions, t: u64, rate: f64) -> Self {
        let [beta1, beta2] = options.betas;
        Self {
            entry: Entry::penalty(options.maximize, options.weight_decay),
            rise1: 1.0 - beta1,
            beta2,
            eps: options.eps,
            step_size: rate / (1.0 - beta1.powf(t as f64)),
        }
    }
}

impl Rule<2> for Adamax {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean, most]: [T; 2]) -> (T, [T; 2]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let mean = lerp(mean, gradient, self.rise1);
        let most = larger(T::from_f64(self.beta2) * most, gradient.abs() + T::from_f64(self.eps));
        (parameter - T::from_f64(self.step_size) * (mean / most), [mean, most])
    }
}
