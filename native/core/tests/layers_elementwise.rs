//! Activations, dropouts and noise: gradients against central differences, statistics of what is drawn, wrong options and
//! shapes.

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::HostArray;
use exburn_core::device::Device;
use exburn_core::layers::{SingleRun, create};
use exburn_core::tensor::DType;
use reference::devices;
use serde_json::{Value as Json, json};
use single::{Single, config, data, floats, noise, places};

/// Standard normal numbers, none of them within 0.02 of a kink of the functions below.
fn smooth(shape: &[usize], seed: u64) -> HostArray {
    let kinks = [-3.0, -0.7, -0.5, -0.4, 0.0, 0.1, 0.4, 0.5, 0.9, 1.0, 3.0];
    let apart = |x: f64| kinks.iter().find(|&&k: &&f64| (x - k).abs() < 0.02).map_or(x, |k| k + 0.02);
    floats(shape, data(&noise(shape, seed)).into_iter().map(apart).collect())
}

fn check(cases: &[Single]) {
    for (device, _) in places(devices()).into_iter().filter(|(_, dtype)| *dtype == DType::F64) {
        for case in cases {
            let error = case.gradient_error(&device);
            assert!(error < 3e-9, "{device:?} {} {}: {error:.1e}", case.layer, case.config);
        }
    }
}

#[test]
fn gradients() {
    let cases = [
        ("ReLU6", json!({})),
        ("LeakyReLU", json!({"negative_slope": 0.3})),
        ("PReLU", json!({})),
        ("PReLU", json!({"num_parameters": 4})),
        ("RReLU", json!({})),
        ("ELU", json!({"alpha": 1.3})),
        ("CELU", json!({"alpha": 0.6})),
        ("SELU", json!({})),
        ("GELU", json!({"approximate": "tanh"})),
        ("QuickGELU", json!({})),
        ("SiLU", json!({})),
        ("Mish", json!({})),
        ("Sigmoid", json!({})),
        ("LogSigmoid", json!({})),
        ("Tanh", json!({})),
        ("Softplus", json!({"beta": 2.0, "threshold": 1.7})),
        ("Softsign", json!({})),
        ("Hardtanh", json!({"min_val": -0.7, "max_val": 0.9})),
        ("Hardsigmoid", json!({})),
        ("Hardswish", json!({})),
        ("Hardshrink", json!({"lambd": 0.4})),
        ("Softshrink", json!({"lambd": 0.4})),
        ("Tanhshrink", json!({})),
        ("Threshold", json!({"threshold": 0.1, "value": -2.0})),
        ("GLU", json!({})),
        ("GLU", json!({"dim": 1})),
        ("SwiGLU", json!({"dim": 1})),
        ("GEGLU", json!({"dim": -1})),
        ("Softmin", json!({"dim": 1})),
        ("Dropout1d", json!({"p": 0.3})),
        ("AlphaDropout", json!({"p": 0.3})),
        ("FeatureAlphaDropout", json!({"p": 0.3})),
        ("GaussianNoise", json!({"std": 0.5})),
        ("GaussianDropout", json!({"p": 0.3})),
    ];
    let mut cases: Vec<_> = cases.iter().map(|(l, c)| Single::new(l, c.clone(), smooth(&[3, 4, 2], 3))).collect();
    cases.push(Single::new("RReLU", json!({}), smooth(&[3, 4], 4)).evaluating());
    cases.push(Single::new("Softmax2d", json!({}), noise(&[2, 3, 2, 2], 4)));
    cases.push(Single::new("Softmax2d", json!({}), noise(&[3, 2, 2], 4)));
    check(&cases);
}

/// Formulas of which PyTorch's reference has no case.
#[test]
fn formulas() {
    let x = noise(&[2, 6], 8);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let near = |layer: &str, options: Json, expected: Vec<f64>| {
        let found = data(&Single::new(layer, options, x.clone()).evaluating().output());
        assert!(reference::difference(&found, &expected) < 1e-14, "{layer}: {found:?} {expected:?}");
    };
    near("QuickGELU", json!({}), data(&x).iter().map(|x| x * sigmoid(1.702 * x)).collect());
    near("RReLU", json!({"lower": 0.1, "upper": 0.5}), data(&x).iter().map(|&x| x.max(0.3 * x)).collect());
    let halves: Vec<(f64, f64)> =
        data(&x).chunks(6).flat_map(|row| (0..3).map(|i| (row[i], row[i + 3])).collect::<Vec<_>>()).collect();
    near("SwiGLU", json!({}), halves.iter().map(|(a, b)| a * b * sigmoid(*b)).collect());
    let gelu = data(&Single::new("GELU", json!({}), x.clone()).output());
    let plain = data(&x);
    let gated = gelu.chunks(6).zip(plain.chunks(6)).flat_map(|(g, x)| [x[0] * g[3], x[1] * g[4], x[2] * g[5]]);
    near("GEGLU", json!({}), gated.collect::<Vec<_>>());
    let wide = floats(&[4, 3, 1, 1], data(&x));
    let found = data(&Single::new("Softmax2d", json!({}), wide).output());
    let plain = data(&Single::new("Softmax", json!({"dim": 1}), floats(&[4, 3], data(&x))).output());
    assert_eq!(found, plain);
}

fn run(case: &Single, device: &Device, dtype: DType) -> SingleRun {
    case.run(device, dtype, None).unwrap()
}

/// What is drawn is the same on every device and in every run, differs by seed, and is nothing in evaluation.
#[test]
fn draws_repeat() {
    for layer in [
        "RReLU",
        "Dropout1d",
        "Dropout2d",
        "Dropout3d",
        "AlphaDropout",
        "FeatureAlphaDropout",
        "GaussianNoise",
        "GaussianDropout",
    ] {
        let shape = if layer == "Dropout3d" { &[3, 4, 2, 2, 1][..] } else { &[3, 4, 4][..] };
        let case = Single::new(layer, json!({}), floats(shape, vec![-1.5; shape.iter().product()]));
        let cpu = Device::cpu();
        let first = data(&run(&case, &cpu, DType::F32).outputs[0]);
        for (device, dtype) in places(devices()) {
            let found = data(&run(&case, &device, dtype).outputs[0]);
            assert!(reference::difference(&found, &first) < 1e-6, "{layer} on {device:?}");
        }
        let other = Single { seed: 6, ..case.clone() };
        assert_ne!(first, data(&run(&other, &cpu, DType::F32).outputs[0]), "{layer}");
        if layer != "RReLU" {
            let still = case.clone().evaluating();
            assert_eq!(data(&run(&still, &cpu, DType::F32).outputs[0]), data(&case.inputs[0]), "{layer}");
        }
    }
}

/// Means and variances of many draws, five standard errors wide.
#[test]
fn draws_have_their_moments() {
    let n = 40_000;
    let moments = |layer: &str, options: Json, x: f64| {
        let y = data(&Single::new(layer, options, floats(&[n], vec![x; n])).output());
        let mean = y.iter().sum::<f64>() / n as f64;
        (mean, y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n as f64)
    };
    let check = |what: &str, (mean, variance): (f64, f64), expected: (f64, f64), fourth: f64| {
        let error = 5.0 * (expected.1 / n as f64).sqrt();
        assert!((mean - expected.0).abs() < error, "{what}: mean {mean}, expected {}", expected.0);
        let error = 5.0 * ((fourth - expected.1 * expected.1) / n as f64).sqrt() + error * error;
        assert!((variance - expected.1).abs() < error, "{what}: variance {variance}, expected {}", expected.1);
    };
    check("noise", moments("GaussianNoise", json!({"std": 0.5}), 2.0), (2.0, 0.25), 3.0 * 0.0625);
    check("gaussian dropout", moments("GaussianDropout", json!({"p": 0.2}), 2.0), (2.0, 1.0), 3.0);
    // x times U(1/8, 1/3): variance x^2 (1/3 - 1/8)^2 / 12, fourth moment x^4 (1/3 - 1/8)^4 / 80.
    let width: f64 = 2.0 * (1.0 / 3.0 - 1.0 / 8.0);
    let expected = (-2.0 * (1.0 / 3.0 + 1.0 / 8.0) / 2.0, width.powi(2) / 12.0);
    check("rrelu", moments("RReLU", json!({}), -2.0), expected, width.powi(4) / 80.0);
    // Alpha dropout keeps mean 0 and variance 1 of normal numbers.
    let x = noise(&[n], 12);
    let y = data(&Single::new("AlphaDropout", json!({"p": 0.3}), x).output());
    let (mean, square) = (y.iter().sum::<f64>() / n as f64, y.iter().map(|y| y * y).sum::<f64>() / n as f64);
    assert!(
        mean.abs() < 5.0 / (n as f64).sqrt() && (square - 1.0).abs() < 5.0 * (4.0 / n as f64).sqrt(),
        "{mean} {square}"
    );
    // Two values come out: a x + b and a limit + b, with PyTorch's constants.
    let y = data(&Single::new("AlphaDropout", json!({"p": 0.3}), floats(&[n], vec![0.5; n])).output());
    let limit = -1.758_099_340_847_376_6;
    let a = ((1.0f64 - 0.3) * (1.0 + 0.3 * limit * limit)).powf(-0.5);
    let (kept, dropped) = (a * 0.5 - a * limit * 0.3, a * limit - a * limit * 0.3);
    assert!(y.iter().all(|y| (y - kept).abs() < 1e-12 || (y - dropped).abs() < 1e-12));
    let share = y.iter().filter(|&&y| (y - dropped).abs() < 1e-12).count() as f64 / n as f64;
    assert!((share - 0.3).abs() < 5.0 * (0.3 * 0.7 / n as f64).sqrt());
}

/// Channels fall whole: which dimensions name a channel depends on the rank, as in PyTorch.
#[test]
fn channels_drop_whole() {
    for (layer, shape, channels) in [
        ("Dropout1d", &[20, 30, 4][..], 600),
        ("Dropout1d", &[200, 4], 200),
        ("Dropout2d", &[20, 30, 2, 3], 600),
        ("Dropout2d", &[20, 30, 4], 600),
        ("Dropout3d", &[20, 30, 2, 1, 3], 600),
        ("Dropout3d", &[200, 2, 1, 3], 200),
        ("FeatureAlphaDropout", &[20, 30, 5], 600),
    ] {
        let count: usize = shape.iter().product();
        let y = data(&Single::new(layer, json!({"p": 0.25}), floats(shape, vec![3.0; count])).output());
        let mut dropped = 0.0;
        for channel in y.chunks(count / channels) {
            assert!(channel.iter().all(|&x| x == channel[0]), "{layer} {shape:?}");
            if layer != "FeatureAlphaDropout" {
                assert!(channel[0] == 0.0 || (channel[0] - 4.0).abs() < 1e-12);
                dropped += f64::from(u8::from(channel[0] == 0.0));
            } else {
                dropped += f64::from(u8::from(channel[0] < 0.0));
            }
        }
        let (share, bound) = (dropped / channels as f64, 5.0 * (0.25 * 0.75 / channels as f64).sqrt());
        assert!((share - 0.25).abs() < bound, "{layer} {shape:?}: {share}");
    }
    for layer in ["Dropout2d", "AlphaDropout", "FeatureAlphaDropout"] {
        let all = Single::new(layer, json!({"p": 1}), noise(&[2, 3, 4], 1)).output();
        assert!(data(&all).iter().all(|&x| x == 0.0), "{layer}");
        let none = Single::new(layer, json!({"p": 0}), noise(&[2, 3, 4], 1));
        assert_eq!(data(&none.output()), data(&none.inputs[0]), "{layer}");
    }
}

#[test]
fn wrong_options() {
    for (layer, options, message) in [
        ("ReLU6", json!({"inplace": true}), "unknown option 'inplace'"),
        ("CELU", json!({"alpha": 0}), "option 'alpha': expected a number above 0, found 0"),
        ("Softplus", json!({"beta": -1}), "option 'beta': expected a number above 0, found -1"),
        ("Hardtanh", json!({"min_val": 1}), "option 'max_val': expected more than min_val (1), found 1"),
        ("Hardshrink", json!({"lambd": -0.5}), "option 'lambd': expected a number of at least 0, found -0.5"),
        ("Softshrink", json!({"lambda": 0.5}), "unknown option 'lambda'; known: lambd"),
        ("Threshold", json!({"threshold": 1}), "option 'value' is missing"),
        ("PReLU", json!({"num_parameters": 0}), "option 'num_parameters': expected at least 1, found 0"),
        ("RReLU", json!({"lower": 0.5}), "option 'upper': expected at least lower (0.5), found 0.333"),
        ("Softmin", json!({}), "option 'dim' is missing"),
        ("Dropout2d", json!({"p": -0.1}), "option 'p': expected a probability, 0 to 1, found -0.1"),
        ("GaussianNoise", json!({"std": -1}), "option 'std': expected a number of at least 0, found -1"),
        ("GaussianDropout", json!({"p": 1}), "option 'p': expected at least 0 and less than 1, found 1"),
    ] {
        let error = create(layer, &config(&options)).err().unwrap_or_else(|| panic!("{layer} takes {options}"));
        assert!(error.message.contains(message), "{layer} {options}: {}", error.message);
    }
}

#[test]
fn wrong_shapes() {
    for (layer, options, shape, message) in [
        ("PReLU", json!({"num_parameters": 3}), &[2, 4][..], "expected [N, 3, ..], found [2, 4]"),
        ("PReLU", json!({"num_parameters": 3}), &[3], "expected [N, 3, ..], found [3]"),
        ("GLU", json!({}), &[2, 3], "expected an even size of dimension -1, found [2, 3]"),
        ("GLU", json!({"dim": 2}), &[2, 4], "dimension 2 does not exist in a tensor of rank 2"),
        ("Softmin", json!({"dim": 2}), &[2, 4], "dimension 2 does not exist in a tensor of rank 2"),
        ("Softmax2d", json!({}), &[2, 4], "expected [N, C, H, W] or [C, H, W], found [2, 4]"),
        ("Dropout1d", json!({}), &[2, 3, 4, 5], "expected 2 or 3 dimensions, found [2, 3, 4, 5]"),
        ("Dropout2d", json!({}), &[2, 3], "expected 3 or 4 dimensions, found [2, 3]"),
        ("Dropout3d", json!({}), &[2, 3, 4], "expected 4 or 5 dimensions, found [2, 3, 4]"),
        ("FeatureAlphaDropout", json!({}), &[2], "expected [N, C, ..], found [2]"),
    ] {
        let error = Single::new(layer, options, noise(shape, 1)).error();
        assert!(error.message.contains(message), "{layer} {shape:?}: {}", error.message);
    }
}

/// Values without elements pass.
#[test]
fn nothing_stays_nothing() {
    for layer in ["Mish", "ELU", "AlphaDropout", "GaussianNoise", "RReLU", "PReLU", "GLU"] {
        let output = Single::new(layer, json!({}), floats(&[0, 4], vec![])).output();
        assert!(data(&output).is_empty(), "{layer}");
    }
}
