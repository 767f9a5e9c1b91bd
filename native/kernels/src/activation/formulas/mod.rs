//! Values and derivatives of the activations: the smooth ones, and those of straight pieces.
//!
//! Written so that no intermediate overflows and nothing cancels: with t = exp(-|x|), sigmoid is 1 / (1 + t) or t / (1 + t),
//! its derivative t / (1 + t)^2. Comparisons leave what is not a number to the branch that keeps it.

mod pieces;
mod smooth;

pub(super) use pieces::{Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, Softshrink, Threshold};
pub(super) use smooth::{Elu, GeluTanh, LogSigmoid, Mish, Sigmoid, Softplus, Softsign, Swish, Tanh, Tanhshrink};

use super::Algebra;

pub(super) trait Formula: Copy + Send + Sync {
    fn value<A: Algebra>(self, x: A) -> A;
    fn slope<A: Algebra>(self, x: A) -> A;
}

#[inline(always)]
fn tail<A: Algebra>(x: A) -> A {
    x.abs().times(-1.0).exp_negative()
}

/// sigmoid(x) and its derivative.
#[inline(always)]
fn sigmoid<A: Algebra>(x: A) -> (A, A) {
    let t = tail(x.clone());
    let one = x.constant(1.0);
    let inverse = one.clone().div(t.clone().plus(1.0));
    let slope = t.clone().mul(inverse.clone()).mul(inverse.clone());
    (x.above(0.0, one, t).mul(inverse), slope)
}

/// Whichever is larger; what is not a number stays.
#[inline(always)]
fn at_least<A: Algebra>(x: A, bound: f64) -> A {
    let least = x.constant(bound);
    x.clone().up_to(bound, least, x)
}

/// Whichever is smaller; what is not a number stays.
#[inline(always)]
fn at_most<A: Algebra>(x: A, bound: f64) -> A {
    let most = x.constant(bound);
    x.clone().above(bound, most, x)
}

/// `inside` where min < x < max, else 0.
#[inline(always)]
fn between<A: Algebra>(x: A, min: f64, max: f64, inside: A) -> A {
    let zero = x.constant(0.0);
    let below = x.clone().times(-1.0).up_to(-max, zero.clone(), inside);
    x.up_to(min, zero, below)
}
