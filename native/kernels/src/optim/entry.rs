//! How gradient and parameter enter a step: direction and decay, the same in every optimizer.

use super::Number;

/// Sign of the gradient and decay of the parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// 1, or -1 to ascend.
    pub sign: f64,
    /// L2 penalty: this part of the parameter is added to the gradient.
    pub penalty: f64,
    /// What stays of the parameter under decoupled decay.
    pub keep: f64,
}

impl Entry {
    /// L2 penalty: the decay is added to the gradient.
    pub fn penalty(maximize: bool, weight_decay: f64) -> Self {
        Self { sign: if maximize { -1.0 } else { 1.0 }, penalty: weight_decay, keep: 1.0 }
    }

    /// Decoupled decay: the parameter loses `rate * weight_decay` of itself before the step.
    pub fn decoupled(maximize: bool, weight_decay: f64, rate: f64) -> Self {
        Self { keep: 1.0 - rate * weight_decay, ..Self::penalty(maximize, 0.0) }
    }

    /// One of both.
    pub fn new(maximize: bool, weight_decay: f64, decoupled: bool, rate: f64) -> Self {
        if decoupled { Self::decoupled(maximize, weight_decay, rate) } else { Self::penalty(maximize, weight_decay) }
    }

    /// The gradient that the rule works with.
    #[inline(always)]
    pub(super) fn gradient<T: Number>(&self, parameter: T, gradient: T) -> T {
        let gradient = T::from_f64(self.sign) * gradient;
        if self.penalty != 0.0 { gradient + T::from_f64(self.penalty) * parameter } else { gradient }
    }

    /// The parameter that the rule starts from.
    #[inline(always)]
    pub(super) fn parameter<T: Number>(&self, parameter: T) -> T {
        if self.keep != 1.0 { T::from_f64(self.keep) * parameter } else { parameter }
    }
}

/// The larger one; NaN where `b` is.
#[inline(always)]
pub(super) fn larger<T: Number>(a: T, b: T) -> T {
    if a >= b { a } else { b }
}

/// -1, 0 or 1.
#[inline(always)]
pub(super) fn sign<T: Number>(x: T) -> T {
    let one = T::from_f64(1.0);
    if x > T::ZERO {
        one
    } else if x < T::ZERO {
        -one
    } else {
        T::ZERO
    }
}

/// `old` moved towards `new` by `weight`.
#[inline(always)]
pub(super) fn lerp<T: Number>(old: T, new: T, weight: f64) -> T {
    old + T::from_f64(weight) * (new - old)
}

/// The mean of squares `old` with the square of `x` entering by `1 - keep`.
#[inline(always)]
pub(super) fn mean_square<T: Number>(old: T, x: T, keep: f64) -> T {
    T::from_f64(keep) * old + T::from_f64(1.0 - keep) * x * x
}
