//! Functions of straight or parabolic pieces. Their derivatives at the kinks are PyTorch's.

use super::{Algebra, Formula, at_least, at_most, between};

#[derive(Clone, Copy)]
pub(in super::super) struct LeakyRelu {
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
pub(in super::super) struct Hardtanh {
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
pub(in super::super) struct Hardsigmoid;

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
pub(in super::super) struct Hardswish;

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
pub(in super::super) struct Hardshrink {
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
pub(in super::super) struct Softshrink {
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
pub(in super::super) struct Threshold {
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
