//! What formulas are written on.

/// Numbers, or tensors of numbers: the operations of the formulas, element by element.
///
/// Exponentials are only taken of numbers that are not positive, so that nothing overflows.
pub trait Algebra: Clone {
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// Adds a number.
    fn plus(self, x: f64) -> Self;
    /// Multiplies by a number.
    fn times(self, x: f64) -> Self;
    fn abs(self) -> Self;
    /// A number, as often as `self` has elements.
    fn constant(&self, x: f64) -> Self;
    /// `yes` where self > bound, else `no`, also where self is not a number.
    fn above(self, bound: f64, yes: Self, no: Self) -> Self;
    /// `yes` where self <= bound, else `no`, also where self is not a number.
    fn up_to(self, bound: f64, yes: Self, no: Self) -> Self;
    /// exp(x) for x <= 0.
    fn exp_negative(self) -> Self;
    /// exp(x) - 1 for x <= 0, exact near 0.
    fn exp_m1_negative(self) -> Self;
    /// ln(1 + x) for x in 0..=1, exact near 0.
    fn ln_1p_unit(self) -> Self;
    fn tanh(self) -> Self;
}
