//! Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2).

use super::entry::{Entry, lerp, sign};
use super::{Number, Rule};

/// Options of Lion, the paper's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LionOptions {
    /// Share of the mean in the step's direction, decay of the mean.
    pub betas: [f64; 2],
    /// Decoupled decay.
    pub weight_decay: f64,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of Lion. State: the mean of gradients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lion {
    /// Direction and decay.
    pub entry: Entry,
    /// Learning rate.
    pub rate: f64,
    /// 1 - beta1, 1 - beta2.
    pub rises: [f64; 2],
}

impl Lion {
    /// The step's coefficients.
    pub fn new(options: &LionOptions, rate: f64) -> Self {
        let entry = Entry::decoupled(options.maximize, options.weight_decay, rate);
        Self { entry, rate, rises: options.betas.map(|b| 1.0 - b) }
    }
}

impl Rule<1> for Lion {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [mean]: [T; 1]) -> (T, [T; 1]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let direction = sign(lerp(mean, gradient, self.rises[0]));
        let mean = lerp(mean, gradient, self.rises[1]);
        (self.entry.parameter(parameter) - T::from_f64(self.rate) * direction, [mean])
    }
}
