//! Activations: functions of one number, computed in one pass forward and one backward.
//!
//! A function is written once, as a formula over an [`Algebra`]: numbers here, whole tensors where a device has no kernel of
//! its own. The kernels of this file run a formula over slices, in vectors and on the pool. Exponentials and logarithms are
//! polynomials of our own (`number.rs`): they cost a few vector operations instead of a call per number, and give the same
//! bits on every processor.
//!
//! To add one: a formula in `formulas.rs` and a line in [`Activation`].
//!
//! # Example
//! ```
//! use exburn_kernels::activation::{self, Activation};
//! let y = activation::forward_to_vec(Activation::Softsign, &[1.0f32, -3.0]);
//! assert_eq!(y, [0.5, -0.75]);
//! let dx = activation::gradient_to_vec(Activation::Softsign, &[1.0f32, -3.0], &[4.0, 16.0]).unwrap();
//! assert_eq!(dx, [1.0, 1.0]);
//! ```

mod algebra;
mod formulas;
mod number;
#[cfg(test)]
mod tests;

pub use algebra::Algebra;

use crate::output::{Output, written_vec};
use crate::parallel::{PIECES, for_each, piece};
use crate::simd::{Job, Simd, run};
use crate::{Element, KernelError};
use formulas::Formula;

/// A function of one number with its options. The derivative at a kink is PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    Tanh,
    /// x * sigmoid(beta x): SiLU with beta = 1, QuickGELU with beta = 1.702.
    Swish {
        beta: f64,
    },
    /// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
    GeluTanh,
    /// x where x > 0, else slope * x.
    LeakyRelu {
        slope: f64,
    },
    /// positive * x where x > 0, else negative * (exp(inner * x) - 1): ELU, CELU, SELU. `inner` is positive.
    Elu {
        positive: f64,
        negative: f64,
        inner: f64,
    },
    /// x * tanh(ln(1 + exp(x))).
    Mish,
    /// ln(1 + exp(beta x)) / beta, and x where beta x > threshold.
    Softplus {
        beta: f64,
        threshold: f64,
    },
    /// ln(sigmoid(x)).
    LogSigmoid,
    /// x / (1 + |x|).
    Softsign,
    /// x, but at least `min` and at most `max`: ReLU6 and Hardtanh.
    Hardtanh {
        min: f64,
        max: f64,
    },
    /// x / 6 + 1/2, but at least 0 and at most 1.
    Hardsigmoid,
    /// x times [`Activation::Hardsigmoid`].
    Hardswish,
    /// x where |x| > lambda, else 0.
    Hardshrink {
        lambda: f64,
    },
    /// x moved towards 0 by lambda, 0 on the way.
    Softshrink {
        lambda: f64,
    },
    /// x - tanh(x).
    Tanhshrink,
    /// x where x > threshold, else value.
    Threshold {
        threshold: f64,
        value: f64,
    },
}

/// Runs `$body` with `$f`, the formula of an activation.
macro_rules! with_formula {
    ($activation:expr, $f:ident => $body:expr) => {
        match $activation {
            Activation::Sigmoid => with_formula!(@ formulas::Sigmoid, $f, $body),
            Activation::Tanh => with_formula!(@ formulas::Tanh, $f, $body),
            Activation::Swish { beta } => with_formula!(@ formulas::Swish { beta }, $f, $body),
            Activation::GeluTanh => with_formula!(@ formulas::GeluTanh, $f, $body),
            Activation::LeakyRelu { slope } => with_formula!(@ formulas::LeakyRelu { slope }, $f, $body),
            Activation::Elu { positive, negative, inner } => {
                with_formula!(@ formulas::Elu { positive, negative, inner }, $f, $body)
            }
            Activation::Mish => with_formula!(@ formulas::Mish, $f, $body),
            Activation::Softplus { beta, threshold } => {
                with_formula!(@ formulas::Softplus { beta, threshold }, $f, $body)
            }
            Activation::LogSigmoid => with_formula!(@ formulas::LogSigmoid, $f, $body),
            Activation::Softsign => with_formula!(@ formulas::Softsign, $f, $body),
            Activation::Hardtanh { min, max } => with_formula!(@ formulas::Hardtanh { min, max }, $f, $body),
            Activation::Hardsigmoid => with_formula!(@ formulas::Hardsigmoid, $f, $body),
            Activation::Hardswish => with_formula!(@ formulas::Hardswish, $f, $body),
            Activation::Hardshrink { lambda } => with_formula!(@ formulas::Hardshrink { lambda }, $f, $body),
            Activation::Softshrink { lambda } => with_formula!(@ formulas::Softshrink { lambda }, $f, $body),
            Activation::Tanhshrink => with_formula!(@ formulas::Tanhshrink, $f, $body),
            Activation::Threshold { threshold, value } => {
                with_formula!(@ formulas::Threshold { threshold, value }, $f, $body)
            }
        }
    };
    (@ $formula:expr, $f:ident, $body:expr) => {{
        let $f = $formula;
        $body
    }};
}

impl Activation {
    /// The function's value.
    pub fn value<A: Algebra>(self, x: A) -> A {
        with_formula!(self, f => f.value(x))
    }

    /// Its derivative at `x`.
    pub fn slope<A: Algebra>(self, x: A) -> A {
        with_formula!(self, f => f.slope(x))
    }
}

/// The values at `x`.
pub fn forward_to_vec<T: Element + Algebra>(activation: Activation, x: &[T]) -> Vec<T> {
    let write = |out: Output<T>| {
        with_formula!(activation, f => for_each(PIECES, x.len() * WORK, |i| {
            let range = piece(x.len(), PIECES, i);
            run(Values { f, x: &x[range.clone()], out: out.at(range.start) });
        }));
        Ok(())
    };
    // SAFETY: the pieces cover everything. Nothing above gives an error.
    unsafe { written_vec(x.len(), write) }.unwrap_or_default()
}

/// The derivatives at `x` times `dy`, which is as long as `x`.
pub fn gradient_to_vec<T: Element + Algebra>(activation: Activation, x: &[T], dy: &[T]) -> Result<Vec<T>, KernelError> {
    KernelError::check_length("dy", x.len(), dy.len())?;
    let write = |out: Output<T>| {
        with_formula!(activation, f => for_each(PIECES, x.len() * WORK, |i| {
            let range = piece(x.len(), PIECES, i);
            run(Slopes { f, x: &x[range.clone()], dy: &dy[range.clone()], out: out.at(range.start) });
        }));
        Ok(())
    };
    // SAFETY: the pieces cover everything.
    unsafe { written_vec(x.len(), write) }
}

/// Cost of a number, in multiply-adds.
const WORK: usize = 8;

struct Values<'a, T, F> {
    f: F,
    x: &'a [T],
    /// Room for as many numbers, nobody else's.
    out: *mut T,
}

impl<T: Element + Algebra, F: Formula> Job<T> for Values<'_, T, F> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        for (i, &x) in self.x.iter().enumerate() {
            // SAFETY: there is room for as many numbers as in `x`.
            unsafe { self.out.add(i).write(self.f.value(x)) };
        }
    }
}

struct Slopes<'a, T, F> {
    f: F,
    x: &'a [T],
    dy: &'a [T],
    /// Room for as many numbers, nobody else's.
    out: *mut T,
}

impl<T: Element + Algebra, F: Formula> Job<T> for Slopes<'_, T, F> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        for (i, (&x, &dy)) in self.x.iter().zip(self.dy).enumerate() {
            // SAFETY: there is room for as many numbers as in `x`.
            unsafe { self.out.add(i).write(dy * self.f.slope(x)) };
        }
    }
}
