//! Functions with exponentials, and softsign.

use super::{Algebra, Formula, at_least, at_most, sigmoid, tail};

#[derive(Clone, Copy)]
pub(in super::super) struct Sigmoid;

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
pub(in super::super) struct Tanh;

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
pub(in super::super) struct Swish {
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
pub(in super::super) struct GeluTanh;

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
pub(in super::super) struct Elu {
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
pub(in super::super) struct Mish;

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
pub(in super::super) struct Softplus {
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
pub(in super::super) struct LogSigmoid;

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
pub(in super::super) struct Softsign;

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
pub(in super::super) struct Tanhshrink;

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
