//! Averaged stochastic gradient descent: `torch.optim.ASGD` (Polyak and Juditsky 1992).

use super::entry::{Entry, lerp};
use super::{Number, Rule};

/// Options of ASGD, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AsgdOptions {
    /// Decay of the parameter.
    pub lambd: f64,
    /// Power of the rate's fall.
    pub alpha: f64,
    /// Step at which averaging starts.
    pub t0: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of ASGD. State: the averaged parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asgd {
    /// Direction and decay.
    pub entry: Entry,
    /// 1 - lambd * eta.
    pub keep: f64,
    /// Rate of this step.
    pub eta: f64,
    /// How far the average moves; 1: it is the parameter.
    pub mu: f64,
    /// Rate and averaging of the next step: the numbers that are kept.
    pub next: [f64; 2],
}

impl Asgd {
    /// The step number `t` counts from 1; `eta` and `mu` come from the step before, at first the learning rate and 1.
    pub fn new(options: &AsgdOptions, t: u64, rate: f64, [eta, mu]: [f64; 2]) -> Self {
        let t = t as f64;
        Self {
            entry: Entry::penalty(options.maximize, options.weight_decay),
            keep: 1.0 - options.lambd * eta,
            eta,
            mu,
            next: [rate / (1.0 + options.lambd * rate * t).powf(options.alpha), 1.0 / (t - options.t0).max(1.0)],
        }
    }
}

impl Rule<1> for Asgd {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [average]: [T; 1]) -> (T, [T; 1]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let parameter = T::from_f64(self.keep) * parameter - T::from_f64(self.eta) * gradient;
        let average = if self.mu == 1.0 { parameter } else { lerp(average, parameter, self.mu) };
        (parameter, [average])
    }
}
