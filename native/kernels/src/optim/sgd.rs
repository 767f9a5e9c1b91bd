//! Stochastic gradient descent with momentum: `torch.optim.SGD`.

use super::{Number, Rule};

/// Options of SGD, PyTorch's names and defaults.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SgdOptions {
    /// Factor of the old momentum.
    pub momentum: f64,
    /// The part of the gradient that does not enter the momentum.
    pub dampening: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Nesterov's form: the gradient ahead of the momentum.
    pub nesterov: bool,
    /// Ascends instead of descending.
    pub maximize: bool,
}

/// The coefficients of one step of SGD. State: none without momentum, else the momentum buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// 1, or -1 to ascend.
    pub sign: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Learning rate.
    pub rate: f64,
    /// Factor of the old momentum.
    pub momentum: f64,
    /// Factor of the gradient that enters the momentum.
    pub entering: f64,
    /// Nesterov's form.
    pub nesterov: bool,
}

impl Sgd {
    /// `first`: the momentum buffer is new (zero); it then takes the whole gradient, whatever the dampening.
    pub fn new(options: &SgdOptions, rate: f64, first: bool) -> Self {
        Self {
            sign: if options.maximize { -1.0 } else { 1.0 },
            weight_decay: options.weight_decay,
            rate,
            momentum: options.momentum,
            entering: if first { 1.0 } else { 1.0 - options.dampening },
            nesterov: options.nesterov,
        }
    }

    #[inline(always)]
    fn direction<T: Number>(&self, parameter: T, gradient: T) -> T {
        let gradient = T::from_f64(self.sign) * gradient;
        if self.weight_decay != 0.0 { gradient + T::from_f64(self.weight_decay) * parameter } else { gradient }
    }
}

impl Rule<0> for Sgd {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, state: [T; 0]) -> (T, [T; 0]) {
        (parameter - T::from_f64(self.rate) * self.direction(parameter, gradient), state)
    }
}

impl Rule<1> for Sgd {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [buffer]: [T; 1]) -> (T, [T; 1]) {
        let momentum = T::from_f64(self.momentum);
        let gradient = self.direction(parameter, gradient);
        let buffer = momentum * buffer + T::from_f64(self.entering) * gradient;
        let direction = if self.nesterov { gradient + momentum * buffer } else { buffer };
        (parameter - T::from_f64(self.rate) * direction, [buffer])
    }
}
