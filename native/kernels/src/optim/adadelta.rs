//! Adadelta: `torch.optim.Adadelta` (Zeiler 2012).

use super::entry::{Entry, mean_square};
use super::{Number, Rule};

/// Options of Adadelta, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdadeltaOptions {
    /// Decay of both means of squares.
    pub rho: f64,
    /// Added under the roots.
    pub eps: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of Adadelta. State: mean of the gradients' squares, mean of the steps' squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adadelta {
    /// Direction and decay.
    pub entry: Entry,
    /// Factor of the step.
    pub rate: f64,
    /// Decay of the means.
    pub rho: f64,
    /// Added under the roots.
    pub eps: f64,
}

impl Adadelta {
    /// The step's coefficients.
    pub fn new(options: &AdadeltaOptions, rate: f64) -> Self {
        let entry = Entry::penalty(options.maximize, options.weight_decay);
        Self { entry, rate, rho: options.rho, eps: options.eps }
    }
}

impl Rule<2> for Adadelta {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [square, moves]: [T; 2]) -> (T, [T; 2]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let eps = T::from_f64(self.eps);
        let square = mean_square(square, gradient, self.rho);
        let moved = (moves + eps).sqrt() / (square + eps).sqrt() * gradient;
        let moves = mean_square(moves, moved, self.rho);
        (parameter - T::from_f64(self.rate) * moved, [square, moves])
    }
}
