//! Against the functions of the standard library in double precision, and against central differences.

use super::{Activation, Algebra, forward_to_vec, gradient_to_vec};

/// Each function with a plain formula of it; the numbers of the tests keep away from overflow.
fn all() -> Vec<(Activation, Box<dyn Fn(f64) -> f64>)> {
    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }
    fn softplus(x: f64) -> f64 {
        if x > 30.0 { x } else { x.exp().ln_1p() }
    }
    vec![
        (Activation::Sigmoid, Box::new(sigmoid)),
        (Activation::Tanh, Box::new(f64::tanh)),
        (Activation::Swish { beta: 1.0 }, Box::new(|x| x * sigmoid(x))),
        (Activation::Swish { beta: 1.702 }, Box::new(|x| x * sigmoid(1.702 * x))),
        // (1 + tanh(u)) / 2 without its cancellation.
        (
            Activation::GeluTanh,
            Box::new(|x| x * sigmoid(2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3)))),
        ),
        (Activation::LeakyRelu { slope: 0.2 }, Box::new(|x| if x > 0.0 { x } else { 0.2 * x })),
        (
            Activation::Elu { positive: 1.1, negative: 1.3, inner: 0.7 },
            Box::new(|x| if x > 0.0 { 1.1 * x } else { 1.3 * (0.7 * x).exp_m1() }),
        ),
        (Activation::Mish, Box::new(|x| x * softplus(x).tanh())),
        (
            Activation::Softplus { beta: 2.0, threshold: 20.0 },
            Box::new(|x| if 2.0 * x > 20.0 { x } else { softplus(2.0 * x) / 2.0 }),
        ),
        (Activation::LogSigmoid, Box::new(|x| -softplus(-x))),
        (Activation::Softsign, Box::new(|x| x / (1.0 + x.abs()))),
        (Activation::Hardtanh { min: -0.7, max: 0.9 }, Box::new(|x| x.clamp(-0.7, 0.9))),
        (Activation::Hardsigmoid, Box::new(|x| ((x + 3.0) / 6.0).clamp(0.0, 1.0))),
        (Activation::Hardswish, Box::new(|x| x * ((x + 3.0) / 6.0).clamp(0.0, 1.0))),
        (Activation::Hardshrink { lambda: 0.4 }, Box::new(|x| if x.abs() > 0.4 { x } else { 0.0 })),
        (Activation::Softshrink { lambda: 0.4 }, Box::new(|x| x.signum() * (x.abs() - 0.4).max(0.0))),
        (Activation::Tanhshrink, Box::new(|x| x - x.tanh())),
        (Activation::Threshold { threshold: 0.1, value: -2.0 }, Box::new(|x| if x > 0.1 { x } else { -2.0 })),
    ]
}

/// From -40 to 40, denser near 0, none within 1e-4 of a kink.
fn points() -> Vec<f64> {
    let mut all: Vec<f64> = (-2000..=2000).map(|i| f64::from(i) * 0.02 + 0.00313).collect();
    all.extend((1..60).flat_map(|i| [10f64.powf(-f64::from(i) / 4.0), -10f64.powf(-f64::from(i) / 4.0)]));
    all.retain(|x| [-3.0, -0.7, -0.4, 0.0, 0.1, 0.4, 0.9, 3.0, 10.0].iter().all(|kink: &f64| (x - kink).abs() > 1e-4));
    all
}

/// Relative to the larger of the value and a smallest number that counts.
fn error(found: f64, expected: f64, least: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(least)
}

#[test]
fn values_are_the_formulas() {
    let x = points();
    let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    for (activation, expected) in all() {
        for (&x, y) in x.iter().zip(forward_to_vec(activation, &x)) {
            // The plain formulas round, too, and a small difference from x keeps the error of what is subtracted (tanh: 9e-16).
            let off = (y - expected(x)).abs() - 1e-15 * x.abs();
            assert!(off < 4e-15 * x.abs().max(1.0) * expected(x).abs().max(1e-3), "{activation:?}({x}) = {y}");
        }
        for (&x, y) in single.iter().zip(forward_to_vec(activation, &single)) {
            let x = f64::from(x);
            // A threshold of 0.4 has a rounding of its own, tanh an error of up to 5e-7: large beside a small difference.
            let off = (f64::from(y) - expected(x)).abs() - 5e-7 * x.abs();
            assert!(off < 1e-6 * x.abs().max(1.0) * expected(x).abs().max(1e-3), "{activation:?}({x}f32) = {y}");
        }
    }
}

#[test]
fn slopes_are_central_differences() {
    let x = points();
    let dy = vec![2.0; x.len()];
    for (activation, f) in all() {
        let slopes = gradient_to_vec(activation, &x, &dy).unwrap();
        for (&x, slope) in x.iter().zip(&slopes) {
            let step = 1e-5 * x.abs().clamp(1.0, 10.0);
            let numeric = (f(x + step) - f(x - step)) / step;
            assert!((numeric - slope).abs() < 2e-9, "{activation:?} at {x}: {slope}, numeric {numeric}");
        }
        let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let of_single = gradient_to_vec(activation, &single, &vec![2.0f32; x.len()]).unwrap();
        for ((x, wide), narrow) in x.iter().zip(&slopes).zip(of_single) {
            assert!((wide - f64::from(narrow)).abs() < 4e-6 * x.abs().max(1.0), "{activation:?} at {x}f32");
        }
    }
}

/// Exponential, logarithm, hyperbolic tangent: within a few units in the last place, also where the results are tiny
/// (below the smallest normal number they are 0).
#[test]
fn elementary_functions_are_exact() {
    for i in 0..20_000 {
        let x = -f64::from(i) * 0.035;
        assert!(error(x.exp_negative(), x.exp(), 1e-290) < 4e-16, "exp({x})");
        assert!(error((x as f32).exp_negative().into(), f64::from(x as f32).exp(), 1e-30) < 3e-7, "exp({x}f32)");
        let x = -10f64.powf(-f64::from(i) / 2000.0) * 3.0;
        assert!(error(x.exp_m1_negative(), x.exp_m1(), 1e-300) < 6e-16, "exp_m1({x})");
        assert!(error((x as f32).exp_m1_negative().into(), f64::from(x as f32).exp_m1(), 1e-36) < 4e-7);
        assert!(error(Algebra::tanh(x), f64::tanh(x), 1e-300) < 9e-16, "tanh({x})");
        assert!(error(Algebra::tanh(x as f32).into(), f64::tanh(f64::from(x as f32)), 1e-36) < 5e-7);
        let x = -x / 3.0;
        assert!(error(x.ln_1p_unit(), x.ln_1p(), 1e-300) < 6e-16, "ln_1p({x})");
        assert!(error((x as f32).ln_1p_unit().into(), f64::from(x as f32).ln_1p(), 1e-36) < 4e-7);
    }
}

/// Far from 0 the functions reach their limits, and what is not a number stays so.
#[test]
fn limits_and_nan() {
    for (activation, _) in all() {
        let [far, below, nan] = forward_to_vec(activation, &[1e30f32, -1e30, f32::NAN])[..] else { panic!() };
        assert!(far.is_finite() && below.is_finite() && nan.is_nan(), "{activation:?}: {far} {below} {nan}");
    }
    let values = |activation, x: f64| forward_to_vec(activation, &[x])[0];
    assert_eq!(values(Activation::Sigmoid, 1000.0), 1.0);
    assert_eq!(values(Activation::Sigmoid, -1000.0), 0.0);
    assert_eq!(values(Activation::LogSigmoid, -1000.0), -1000.0);
    assert_eq!(values(Activation::Softplus { beta: 1.0, threshold: 20.0 }, 1000.0), 1000.0);
    assert_eq!(values(Activation::Mish, -1000.0), -0.0);
    assert_eq!(values(Activation::Tanh, f64::NEG_INFINITY), -1.0);
    assert_eq!(values(Activation::Hardtanh { min: -1.0, max: 1.0 }, f64::INFINITY), 1.0);
}

/// At the kinks the derivative is the one that PyTorch takes.
#[test]
fn kinks() {
    for (activation, x, slope) in [
        (Activation::LeakyRelu { slope: 0.2 }, 0.0, 0.2),
        (Activation::Elu { positive: 1.0, negative: 1.3, inner: 1.0 }, 0.0, 1.3),
        (Activation::Hardtanh { min: 0.0, max: 6.0 }, 0.0, 0.0),
        (Activation::Hardtanh { min: 0.0, max: 6.0 }, 6.0, 0.0),
        (Activation::Hardsigmoid, 3.0, 0.0),
        (Activation::Hardswish, -3.0, 0.0),
        (Activation::Hardswish, 3.0, 1.0),
        (Activation::Hardshrink { lambda: 0.5 }, 0.5, 0.0),
        (Activation::Softshrink { lambda: 0.5 }, -0.5, 0.0),
        (Activation::Threshold { threshold: 0.5, value: 1.0 }, 0.5, 0.0),
    ] {
        assert_eq!(gradient_to_vec(activation, &[x], &[1.0f64]).unwrap(), [slope], "{activation:?} at {x}");
    }
}

/// Long arrays are cut into pieces; the same numbers come out.
#[test]
fn pieces_agree() {
    let x: Vec<f64> = (0..100_003).map(|i| f64::from(i) * 1e-4 - 5.0).collect();
    let whole = forward_to_vec(Activation::Mish, &x);
    for i in [0, 1, 31_250, 70_001, 100_002] {
        assert_eq!(whole[i], Activation::Mish.value(x[i]));
    }
    assert!(gradient_to_vec(Activation::Mish, &x, &[0.0]).is_err());
    assert!(forward_to_vec::<f32>(Activation::Mish, &[]).is_empty());
}
