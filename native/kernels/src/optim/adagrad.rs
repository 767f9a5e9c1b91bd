//! Adagrad: `torch.optim.Adagrad` (Duchi, Hazan and Singer 2011).

use super::entry::Entry;
use super::{Number, Rule};

/// Options of Adagrad, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdagradOptions {
    /// How the rate falls: rate / (1 + (t - 1) * lr_decay).
    pub lr_decay: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Added to the root.
    pub eps: f64,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of Adagrad. State: the sum of squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adagrad {
    /// Direction and decay.
    pub entry: Entry,
    /// Learning rate of this step.
    pub rate: f64,
    /// Added to the root.
    pub eps: f64,
}

impl Adagrad {
    /// The step number `t` counts from 1.
    pub fn new(options: &AdagradOptions, t: u64, rate: f64) -> Self {
        Self {
            entry: Entry::penalty(options.maximize, options.weight_decay),
            rate: rate / (1.0 + (t - 1) as f64 * options.lr_decay),
            eps: options.eps,
        }
    }
}

impl Rule<1> for Adagrad {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [sum]: [T; 1]) -> (T, [T; 1]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let sum = sum + gradient * gradient;
        let moved = gradient / (sum.sqrt() + T::from_f64(self.eps));
        (parameter - T::from_f64(self.rate) * moved, [sum])
    }
}
