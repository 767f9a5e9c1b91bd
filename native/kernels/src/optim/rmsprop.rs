//! RMSprop: `torch.optim.RMSprop` (Hinton 2012; centered: Graves 2013).

use super::entry::{Entry, lerp, mean_square};
use super::{Number, Rule};

/// Options of RMSprop, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmspropOptions {
    /// Decay of the mean of squares.
    pub alpha: f64,
    /// Added to the root.
    pub eps: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Factor of the old momentum.
    pub momentum: f64,
    /// Divides by an estimate of the variance instead of the mean of squares.
    pub centered: bool,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of RMSprop. State: mean of squares, then the momentum buffer where there is momentum,
/// then the mean of gradients where centered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rmsprop {
    /// Direction and decay.
    pub entry: Entry,
    /// Learning rate.
    pub rate: f64,
    /// Decay of the means.
    pub alpha: f64,
    /// Added to the root.
    pub eps: f64,
    /// Factor of the old momentum.
    pub momentum: f64,
    /// Whether the mean of gradients is taken off.
    pub centered: bool,
}

impl Rmsprop {
    /// The step's coefficients.
    pub fn new(options: &RmspropOptions, rate: f64) -> Self {
        Self {
            entry: Entry::penalty(options.maximize, options.weight_decay),
            rate,
            alpha: options.alpha,
            eps: options.eps,
            momentum: options.momentum,
            centered: options.centered,
        }
    }

    /// The gradient over its root mean square; the mean of gradients is 0 where not centered. Rounding may leave less
    /// than nothing of the variance: that counts as 0.
    #[inline(always)]
    fn scaled<T: Number>(&self, gradient: T, square: T, mean: T) -> T {
        let variance = square - mean * mean;
        let variance = if variance < T::ZERO { T::ZERO } else { variance };
        gradient / (variance.sqrt() + T::from_f64(self.eps))
    }
}

impl Rule<1> for Rmsprop {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [square]: [T; 1]) -> (T, [T; 1]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let square = mean_square(square, gradient, self.alpha);
        (parameter - T::from_f64(self.rate) * self.scaled(gradient, square, T::ZERO), [square])
    }
}

/// Either momentum or centered.
impl Rule<2> for Rmsprop {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [square, other]: [T; 2]) -> (T, [T; 2]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let square = mean_square(square, gradient, self.alpha);
        let rate = T::from_f64(self.rate);
        if self.centered {
            let mean = lerp(other, gradient, 1.0 - self.alpha);
            (parameter - rate * self.scaled(gradient, square, mean), [square, mean])
        } else {
            let buffer = T::from_f64(self.momentum) * other + self.scaled(gradient, square, T::ZERO);
            (parameter - rate * buffer, [square, buffer])
        }
    }
}

/// Momentum and centered.
impl Rule<3> for Rmsprop {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [square, buffer, mean]: [T; 3]) -> (T, [T; 3]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let square = mean_square(square, gradient, self.alpha);
        let mean = lerp(mean, gradient, 1.0 - self.alpha);
        let buffer = T::from_f64(self.momentum) * buffer + self.scaled(gradient, square, mean);
        (parameter - T::from_f64(self.rate) * buffer, [square, buffer, mean])
    }
}
