//! Functions of one number that the standard library does not have, in double precision.

/// Chebyshev coefficients of log(erfc(x) exp(x^2) / t) in t = 2 / (2 + x): Numerical Recipes, third edition, 6.2.2.
const CHEBYSHEV: [f64; 28] = [
    -1.3026537197817094,
    6.4196979235649026e-1,
    1.9476473204185836e-2,
    -9.561514786808631e-3,
    -9.46595344482036e-4,
    3.66839497852761e-4,
    4.2523324806907e-5,
    -2.0278578112534e-5,
    -1.624290004647e-6,
    1.303655835580e-6,
    1.5626441722e-8,
    -8.5238095915e-8,
    6.529054439e-9,
    5.059343495e-9,
    -9.91364156e-10,
    -2.27365122e-10,
    9.6467911e-11,
    2.394038e-12,
    -6.886027e-12,
    8.94487e-13,
    3.13092e-13,
    -1.12708e-13,
    3.81e-16,
    7.106e-15,
    -1.523e-15,
    -9.4e-17,
    1.21e-16,
    -2.8e-17,
];

/// 2 / sqrt(pi), the derivative of erf at 0.
const TWO_OVER_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;

/// The error function's complement 1 - erf(x), to a relative 1e-13 where it does not underflow.
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.abs() < 0.5 {
        return 1.0 - erf_series(x);
    }
    let tail = erfc_tail(x.abs());
    if x > 0.0 { tail } else { 2.0 - tail }
}

/// erfc of x >= 0.
fn erfc_tail(x: f64) -> f64 {
    let t = 2.0 / (2.0 + x);
    let ty = 4.0 * t - 2.0;
    let (mut d, mut dd) = (0.0, 0.0);
    for &c in CHEBYSHEV[1..].iter().rev() {
        (d, dd) = (ty * d - dd + c, d);
    }
    t * (-x * x + 0.5 * (CHEBYSHEV[0] + ty * d) - dd).exp()
}

/// erf by Taylor's series, for |x| < 1.
fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..40 {
        term *= -x * x / f64::from(n);
        let part = term / f64::from(2 * n + 1);
        sum += part;
        if part.abs() <= f64::EPSILON * 0.1 * sum.abs() {
            break;
        }
    }
    sum * TWO_OVER_ROOT_PI
}

/// The inverse of the error function: infinite at -1 and 1, NaN outside.
pub fn erf_inv(y: f64) -> f64 {
    if y.is_nan() || y.abs() > 1.0 {
        return f64::NAN;
    }
    if y.abs() == 1.0 {
        return y * f64::INFINITY;
    }
    // Numerical Recipes' first guess, then Halley's steps on whichever of erf and erfc is exact there.
    let p = 1.0 - y.abs();
    let t = (-2.0 * (p / 2.0).ln()).sqrt();
    let mut x = -FRAC_1_SQRT_2 * ((2.30753 + t * 0.27061) / (1.0 + t * (0.99229 + t * 0.04481)) - t);
    for _ in 0..3 {
        let off = if x.abs() < 0.5 { y.abs() - erf_series(x) } else { erfc_tail(x.max(0.0)) - p };
        x += off / (TWO_OVER_ROOT_PI * (-x * x).exp() - x * off);
    }
    x.copysign(y)
}

const FRAC_1_SQRT_2: f64 = std::f64::consts::FRAC_1_SQRT_2;

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of C's erfc (glibc).
    #[test]
    fn complement() {
        let known = [
            (-3.0, 1.9999779095030015),
            (-0.3, 1.3286267594591274),
            (0.0, 1.0),
            (1e-5, 0.9999887162083294),
            (0.49, 0.4883317388114769),
            (0.5, 0.4795001221869535),
            (1.0, 0.15729920705028513),
            (3.0, 2.2090496998585438e-5),
            (6.0, 2.1519736712498916e-17),
            (20.0, 5.3958656116079005e-176),
        ];
        for (x, expected) in known {
            let error = (erfc(x) - expected).abs() / expected;
            assert!(error < 1e-13, "erfc({x}): {} instead of {expected}", erfc(x));
        }
        assert!(erfc(f64::NAN).is_nan());
        assert_eq!((erfc(f64::INFINITY), erfc(f64::NEG_INFINITY)), (0.0, 2.0));
    }

    #[test]
    fn inverse() {
        for x in [1e-12, 1e-3, 0.1, 0.45, 0.5, 0.55, 1.0, 2.0, 3.0] {
            let y = if x < 0.5 { erf_series(x) } else { 1.0 - erfc(x) };
            // Near 1 the argument itself has lost digits: its rounding over the derivative of erf.
            let lost = f64::EPSILON / (TWO_OVER_ROOT_PI * (-x * x).exp());
            assert!((erf_inv(y) - x).abs() <= 4e-16 * x.max(1e-12) + 2.0 * lost, "{x}: {}", erf_inv(y));
            assert_eq!(erf_inv(-y), -erf_inv(y));
        }
        assert_eq!((erf_inv(1.0), erf_inv(-1.0), erf_inv(0.0)), (f64::INFINITY, f64::NEG_INFINITY, 0.0));
        assert!(erf_inv(1.5).is_nan());
    }
}
