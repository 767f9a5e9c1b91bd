//! Values and derivatives of the activations.
//!
//! Written so that no intermediate overflows and nothing cancels: with t = exp(-|x|), sigmoid is 1 / (1 + t) or t / (1 + t),
//! its derivative t / (1 + t)^2. Comparisons leave what is not a number to the branch that keeps it.

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

#[derive(Clone, Copy)]
pub(super) struct Sigmoid;

impl Formula for Sigmoid {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        sigmoid(x).0
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        sigmoid(x).1
    }
}

#[derive(Clone, Copy)]
pub(super) struct Tanh;

impl Formula for Tanh {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.tanh()
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        // sech^2(x) is four times the sigmoid's derivative at 2x.
        sigmoid(x.times(2.0)).1.times(4.0)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Swish {
    pub beta: f64,
}

impl Formula for Swish {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.clone().mul(sigmoid(x.times(self.beta)).0)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let (s, slope) = sigmoid(x.clone().times(self.beta));
        s.add(x.times(self.beta).mul(slope))
    }
}

/// 2 sqrt(2 / pi): 1 + tanh(u) is twice sigmoid(2u).
const GELU: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::SQRT_2;
const GELU_CUBE: f64 = 0.044715;

#[derive(Clone, Copy)]
pub(super) struct GeluTanh;

impl Formula for GeluTanh {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        let inner = x.clone().mul(x.clone()).times(GELU_CUBE).plus(1.0).mul(x.clone()).times(GELU);
        x.mul(sigmoid(inner).0)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let square = x.clone().mul(x.clone()).times(GELU_CUBE);
        let (s, slope) = sigmoid(square.clone().plus(1.0).mul(x.clone()).times(GELU));
        let inner = square.times(3.0).plus(1.0).times(GELU);
        s.add(x.mul(slope).mul(inner))
    }
}

#[derive(Clone, Copy)]
pub(super) struct LeakyRelu {
    pub slope: f64,
}

impl Formula for LeakyRelu {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.clone().above(0.0, x.clone(), x.times(self.slope))
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        x.clone().above(0.0, x.constant(1.0), x.constant(self.slope))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Elu {
    pub positive: f64,
    pub negative: f64,
    pub inner: f64,
}

impl Formula for Elu {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        let below = at_most(x.clone(), 0.0).times(self.inner).exp_m1_negative().times(self.negative);
        x.clone().above(0.0, x.times(self.positive), below)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let below = at_most(x.clone(), 0.0).times(self.inner).exp_negative().times(self.negative * self.inner);
        x.clone().above(0.0, x.constant(self.positive), below)
    }
}

/// tanh(ln(1 + exp(x))) is ((1 + e)^2 - 1) / ((1 + e)^2 + 1) with e = exp(x); numerator and denominator by t.
#[inline(always)]
fn mish<A: Algebra>(x: A, t: A) -> (A, A) {
    let (once, square) = (t.clone().times(2.0), t.clone().mul(t));
    let numerator = x.clone().above(0.0, once.clone().plus(1.0), square.clone().add(once.clone()));
    let denominator = x.above(0.0, square.clone().times(2.0).add(once.clone()).plus(1.0), square.add(once).plus(2.0));
    (numerator, denominator)
}

#[derive(Clone, Copy)]
pub(super) struct Mish;

impl Formula for Mish {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        let (numerator, denominator) = mish(x.clone(), tail(x.clone()));
        x.mul(numerator).div(denominator)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let t = tail(x.clone());
        let (numerator, denominator) = mish(x.clone(), t.clone());
        let once = t.clone().plus(1.0).mul(t.clone()).times(4.0);
        let slope = x.clone().above(0.0, once.clone().mul(t), once);
        let gate = numerator.div(denominator.clone());
        gate.add(x.mul(slope).div(denominator.clone().mul(denominator)))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Softplus {
    pub beta: f64,
    pub threshold: f64,
}

impl Formula for Softplus {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        let inner = x.clone().times(self.beta);
        let soft = at_least(inner.clone(), 0.0).add(tail(inner.clone()).ln_1p_unit()).times(1.0 / self.beta);
        inner.above(self.threshold, x, soft)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let inner = x.times(self.beta);
        inner.clone().above(self.threshold, inner.constant(1.0), sigmoid(inner).0)
    }
}

#[derive(Clone, Copy)]
pub(super) struct LogSigmoid;

impl Formula for LogSigmoid {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        at_most(x.clone(), 0.0).sub(tail(x).ln_1p_unit())
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        sigmoid(x.times(-1.0)).0
    }
}

#[derive(Clone, Copy)]
pub(super) struct Softsign;

impl Formula for Softsign {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.clone().div(x.abs().plus(1.0))
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let sum = x.clone().abs().plus(1.0);
        x.constant(1.0).div(sum.clone().mul(sum))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Hardtanh {
    pub min: f64,
    pub max: f64,
}

impl Formula for Hardtanh {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        at_most(at_least(x, self.min), self.max)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        between(x.clone(), self.min, self.max, x.constant(1.0))
    }
}

/// x + 3, at least 0 and at most 6.
#[inline(always)]
fn hard_gate<A: Algebra>(x: A) -> A {
    at_most(at_least(x.plus(3.0), 0.0), 6.0)
}

#[derive(Clone, Copy)]
pub(super) struct Hardsigmoid;

impl Formula for Hardsigmoid {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        hard_gate(x).times(1.0 / 6.0)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        between(x.clone(), -3.0, 3.0, x.constant(1.0 / 6.0))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Hardswish;

impl Formula for Hardswish {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        hard_gate(x.clone()).mul(x).times(1.0 / 6.0)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let inside = x.clone().times(1.0 / 3.0).plus(0.5);
        let below = x.clone().times(-1.0).up_to(-3.0, x.constant(1.0), inside);
        x.clone().up_to(-3.0, x.constant(0.0), below)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Hardshrink {
    pub lambda: f64,
}

impl Formula for Hardshrink {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.clone().abs().up_to(self.lambda, x.constant(0.0), x)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        x.clone().abs().up_to(self.lambda, x.constant(0.0), x.constant(1.0))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Softshrink {
    pub lambda: f64,
}

impl Formula for Softshrink {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        let outside = x.clone().above(0.0, x.clone().plus(-self.lambda), x.clone().plus(self.lambda));
        x.clone().abs().up_to(self.lambda, x.constant(0.0), outside)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        x.clone().abs().up_to(self.lambda, x.constant(0.0), x.constant(1.0))
    }
}

#[derive(Clone, Copy)]
pub(super) struct Tanhshrink;

impl Formula for Tanhshrink {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.clone().sub(x.tanh())
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        let tanh = x.tanh();
        tanh.clone().mul(tanh)
    }
}

#[derive(Clone, Copy)]
pub(super) struct Threshold {
    pub threshold: f64,
    pub value: f64,
}

impl Formula for Threshold {
    #[inline(always)]
    fn value<A: Algebra>(self, x: A) -> A {
        x.clone().up_to(self.threshold, x.constant(self.value), x)
    }

    #[inline(always)]
    fn slope<A: Algebra>(self, x: A) -> A {
        x.clone().up_to(self.threshold, x.constant(0.0), x.constant(1.0))
    }
}
