//! Norms and layers of two inputs: gradients against central differences, running statistics, formulas, wrong options and
//! shapes.

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::layers::{Type, create};
use exburn_core::tensor::{DType, Kind};
use reference::{devices, difference};
use serde_json::{Value as Json, json};
use single::{Single, config, data, floats, noise, places};

fn check(cases: Vec<Single>) {
    for (device, _) in places(devices()).into_iter().filter(|(_, dtype)| *dtype == DType::F64) {
        for case in &cases {
            let error = case.gradient_error(&device);
            assert!(error < 3e-9, "{device:?} {} {}: {error:.1e}", case.layer, case.config);
        }
    }
}

fn noisy(layer: &str, shape: &[usize], options: Json) -> Single {
    Single::new(layer, options, noise(shape, 3))
}

fn two(layer: &str, a: &[usize], b: &[usize], options: Json) -> Single {
    let mut case = noisy(layer, a, options);
    case.inputs.push(noise(b, 4));
    case
}

#[test]
fn gradients_of_norms() {
    let tracked = json!({"num_features": 3, "affine": true, "track_running_stats": true});
    check(vec![
        noisy("BatchNorm3d", &[2, 3, 2, 1, 2], json!({"num_features": 3})),
        noisy("GroupNorm", &[2, 4, 3], json!({"num_groups": 2, "num_channels": 4})),
        noisy("GroupNorm", &[2, 4], json!({"num_groups": 1, "num_channels": 4, "affine": false, "eps": 0.1})),
        noisy("GroupNorm", &[2, 3, 2, 2], json!({"num_groups": 3, "num_channels": 3})),
        noisy("InstanceNorm1d", &[2, 3, 4], tracked.clone()),
        noisy("InstanceNorm1d", &[3, 4], json!({"num_features": 3})),
        noisy("InstanceNorm2d", &[2, 3, 2, 2], tracked.clone()).evaluating(),
        noisy("InstanceNorm3d", &[1, 3, 2, 2, 2], json!({"num_features": 3, "affine": true, "eps": 0.01})),
        noisy("RMSNorm", &[2, 3, 4], json!({"normalized_shape": [4]})),
        noisy("RMSNorm", &[2, 3, 4], json!({"normalized_shape": [3, 4], "eps": 0.1, "elementwise_affine": false})),
        noisy("LocalResponseNorm", &[2, 5, 3], json!({"size": 3, "alpha": 0.5, "beta": 0.75, "k": 1.2})),
        noisy("LocalResponseNorm", &[2, 3, 2, 2], json!({"size": 4, "alpha": 0.5, "beta": 1.5})),
    ]);
}

#[test]
fn gradients_of_pairs() {
    check(vec![
        two("Bilinear", &[3, 2], &[3, 4], json!({"in1_features": 2, "in2_features": 4, "out_features": 3})),
        two(
            "Bilinear",
            &[2, 2, 2],
            &[2, 2, 3],
            json!({"in1_features": 2, "in2_features": 3, "out_features": 1, "bias": false}),
        ),
        two("CosineSimilarity", &[3, 4], &[3, 4], json!({})),
        two("CosineSimilarity", &[3, 4, 2], &[1, 4, 1], json!({"dim": -2})),
        two("PairwiseDistance", &[3, 4], &[3, 4], json!({})),
        two("PairwiseDistance", &[3, 4], &[4], json!({"p": 1, "keepdim": true})),
        two("PairwiseDistance", &[3, 4], &[3, 1], json!({"p": 3.5, "eps": 0.01})),
        two("PairwiseDistance", &[3, 4], &[3, 4], json!({"p": "inf"})),
    ]);
}

/// Normalised by hand: each of `rows` rows of the input has mean 0 and variance 1.
fn by_rows(x: &[f64], rows: usize, eps: f64) -> Vec<f64> {
    x.chunks(x.len() / rows)
        .flat_map(|row| {
            let n = row.len() as f64;
            let mean = row.iter().sum::<f64>() / n;
            let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            row.iter().map(move |x| (x - mean) / (variance + eps).sqrt()).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn formulas() {
    let case = noisy("InstanceNorm3d", &[2, 3, 2, 2, 2], json!({"num_features": 3}));
    assert!(difference(&data(&case.output()), &by_rows(&data(&case.inputs[0]), 6, 1e-5)) < 1e-13);
    let flat = noisy("InstanceNorm2d", &[3, 4, 2], json!({"num_features": 3})).evaluating();
    assert!(difference(&data(&flat.output()), &by_rows(&data(&flat.inputs[0]), 3, 1e-5)) < 1e-13);
    let case = noisy("GroupNorm", &[2, 4, 3], json!({"num_groups": 2, "num_channels": 4, "affine": false}));
    assert!(difference(&data(&case.output()), &by_rows(&data(&case.inputs[0]), 4, 1e-5)) < 1e-13);
    // Without an eps it is the machine's of the type: a zero row stays zero in both.
    for dtype in [DType::F32, DType::F64] {
        let mut case = noisy("RMSNorm", &[2, 2], json!({"normalized_shape": 2, "elementwise_affine": false}));
        let tiny: f64 = if dtype == DType::F32 { f32::EPSILON.into() } else { f64::EPSILON };
        case.inputs = vec![floats(&[2, 2], vec![0.0, 0.0, tiny.sqrt(), -tiny.sqrt()])];
        let found = data(&case.output_on(&exburn_core::device::Device::cpu(), dtype));
        let half = 0.5f64.sqrt();
        assert!(difference(&found, &[0.0, 0.0, half, -half]) < 1e-6, "{found:?}");
    }
    // An even size reaches further before the channel: PyTorch pads size / 2 there and (size - 1) / 2 behind.
    let mut case = noisy("LocalResponseNorm", &[1, 4, 1], json!({"size": 2, "alpha": 2.0, "beta": 1.0}));
    case.inputs = vec![floats(&[1, 4, 1], vec![1.0, 2.0, 3.0, 4.0])];
    let expected = [1.0 / 2.0, 2.0 / 6.0, 3.0 / 14.0, 4.0 / 26.0];
    assert!(difference(&data(&case.output()), &expected) < 1e-14);
}

/// Tracked instance norm: the mean over the samples of their means and unbiased variances; frozen buffers stay.
#[test]
fn instance_norm_tracks() {
    let options = |momentum: Json| json!({"num_features": 2, "track_running_stats": true, "momentum": momentum});
    let x = noise(&[3, 2, 4], 7);
    for (momentum, share) in [(json!(0.1), 0.1), (json!(0.4), 0.4), (json!(null), 0.0)] {
        for (device, dtype) in places(devices()) {
            let case = Single::new("InstanceNorm1d", options(momentum.clone()), x.clone());
            let run = case.run(&device, dtype, None).unwrap();
            let state = |name: &str| data(&case.state.iter().find(|(n, _)| n == name).unwrap().1);
            let mut mean: Vec<f64> = state("running_mean").iter().map(|m| m * (1.0 - share)).collect();
            let mut variance: Vec<f64> = state("running_var").iter().map(|v| v * (1.0 - share)).collect();
            for (i, row) in data(&x).chunks(4).enumerate() {
                let m = row.iter().sum::<f64>() / 4.0;
                mean[i % 2] += share * m / 3.0;
                variance[i % 2] += share * row.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / 3.0 / 3.0;
            }
            let limit = if dtype == DType::F64 { 1e-13 } else { 1e-6 };
            assert!(difference(&data(&run.buffers[0].1), &mean) < limit, "{device:?} {dtype:?}");
            assert!(difference(&data(&run.buffers[1].1), &variance) < limit);
            assert_eq!((run.buffers[2].0.as_str(), data(&run.buffers[2].1)), ("num_batches_tracked", vec![3.0]));
        }
    }
    for still in [noisy("InstanceNorm1d", &[3, 2, 4], options(json!(0.1))).frozen(), {
        noisy("InstanceNorm1d", &[3, 2, 4], options(json!(0.1))).evaluating()
    }] {
        let run = still.run(&exburn_core::device::Device::cpu(), DType::F64, None).unwrap();
        let (mean, variance) = (data(&still.state[0].1), data(&still.state[1].1));
        assert_eq!((data(&run.buffers[0].1), data(&run.buffers[1].1)), (mean.clone(), variance.clone()));
        let expected: Vec<f64> = data(&still.inputs[0])
            .iter()
            .enumerate()
            .map(|(i, x)| (x - mean[i / 4 % 2]) / (variance[i / 4 % 2] + 1e-5).sqrt())
            .collect();
        assert!(difference(&data(&run.outputs[0]), &expected) < 1e-13);
    }
}

/// Where a distance is 0 its gradient is 0, and vectors shorter than eps count as that long.
#[test]
fn pairs_at_their_edges() {
    let cpu = exburn_core::device::Device::cpu();
    let one = [floats(&[1], vec![1.0])];
    let mut same = two("PairwiseDistance", &[1, 3], &[1, 3], json!({"eps": 0}));
    same.inputs[1] = same.inputs[0].clone();
    for p in [json!(1), json!(2), json!(3), json!("inf")] {
        same.config["p"] = p.clone();
        let run = same.run(&cpu, DType::F64, Some(&one)).unwrap();
        assert_eq!(data(&run.outputs[0]), [0.0]);
        let gradient = data(run.input_grads[0].as_ref().unwrap());
        assert!(p == "inf" || gradient == [0.0; 3], "p {p}: {gradient:?}");
    }
    let mut short = two("CosineSimilarity", &[1, 2], &[1, 2], json!({"eps": 0.5}));
    short.inputs = vec![floats(&[1, 2], vec![0.3, 0.0]), floats(&[1, 2], vec![2.0, 0.0])];
    assert!(difference(&data(&short.output()), &[0.3 * 2.0 / (0.5 * 2.0)]) < 1e-15);
    short.inputs[0] = floats(&[1, 2], vec![0.0, 0.0]);
    let run = short.run(&cpu, DType::F64, Some(&one)).unwrap();
    assert_eq!(data(&run.outputs[0]), [0.0]);
    assert!(data(run.input_grads[1].as_ref().unwrap()).iter().all(|x| x.is_finite()));
}

#[test]
fn wrong_options() {
    for (layer, options, message) in [
        ("BatchNorm3d", json!({}), "option 'num_features' is missing"),
        ("GroupNorm", json!({"num_groups": 2}), "option 'num_channels' is missing"),
        (
            "GroupNorm",
            json!({"num_groups": 2, "num_channels": 5}),
            "option 'num_channels': expected a multiple of num_groups (2), found 5",
        ),
        (
            "InstanceNorm2d",
            json!({"num_features": 2, "momentum": -1}),
            "option 'momentum': expected 0 to 1, or null, found -1",
        ),
        ("InstanceNorm1d", json!({"num_features": 0}), "option 'num_features': expected at least 1, found 0"),
        ("RMSNorm", json!({}), "option 'normalized_shape' is missing"),
        (
            "RMSNorm",
            json!({"normalized_shape": 2, "eps": -1}),
            "option 'eps': expected a number of at least 0, found -1",
        ),
        ("RMSNorm", json!({"normalized_shape": 2, "bias": true}), "unknown option 'bias'"),
        ("LocalResponseNorm", json!({}), "option 'size' is missing"),
        ("Bilinear", json!({"in1_features": 2, "in2_features": 2}), "option 'out_features' is missing"),
        ("PairwiseDistance", json!({"p": 0.5}), "option 'p': expected at least 1, or \"inf\", found 0.5"),
        ("PairwiseDistance", json!({"p": "two"}), "option 'p': expected a number, found \"two\""),
        ("CosineSimilarity", json!({"eps": -1}), "option 'eps': expected a number of at least 0, found -1"),
    ] {
        let error = create(layer, &config(&options)).err().unwrap_or_else(|| panic!("{layer} takes {options}"));
        assert!(error.message.contains(message), "{layer} {options}: {}", error.message);
    }
}

#[test]
fn wrong_shapes() {
    for (layer, options, shape, message) in [
        ("BatchNorm3d", json!({"num_features": 3}), &[2, 3, 2, 2][..], "expected [N, 3, D, H, W], found [2, 3, 2, 2]"),
        ("GroupNorm", json!({"num_groups": 1, "num_channels": 3}), &[2, 4], "expected [N, 3, ..], found [2, 4]"),
        ("GroupNorm", json!({"num_groups": 1, "num_channels": 3}), &[3], "expected [N, 3, ..], found [3]"),
        ("InstanceNorm1d", json!({"num_features": 3}), &[2, 4, 3], "expected [N, 3, L] or [3, L], found [2, 4, 3]"),
        ("InstanceNorm1d", json!({"num_features": 3}), &[2, 3, 1], "expected more than 1 element per channel"),
        ("InstanceNorm2d", json!({"num_features": 3}), &[2, 3], "expected [N, 3, H, W] or [3, H, W], found [2, 3]"),
        ("RMSNorm", json!({"normalized_shape": [3, 4]}), &[4], "expected [.., 3, 4], found [4]"),
        ("RMSNorm", json!({"normalized_shape": [3]}), &[2, 4], "expected [.., 3], found [2, 4]"),
        ("LocalResponseNorm", json!({"size": 2}), &[2, 4], "expected [N, C, L, ..], found [2, 4]"),
    ] {
        let error = noisy(layer, shape, options).error();
        assert!(error.message.contains(message), "{layer} {shape:?}: {}", error.message);
    }
    let bilinear = json!({"in1_features": 2, "in2_features": 3, "out_features": 1});
    for (layer, a, b, options, message) in [
        ("Bilinear", &[4, 2][..], &[4, 2][..], bilinear.clone(), "expected [.., 3], found [4, 2]"),
        ("Bilinear", &[4, 2], &[5, 3], bilinear.clone(), "expected [5, 1], found [4, 1]"),
        ("CosineSimilarity", &[4, 2], &[4, 3], json!({}), "expected a shape that broadcasts with [4, 2], found [4, 3]"),
        ("CosineSimilarity", &[4], &[4], json!({}), "dimension 1 does not exist in a tensor of rank 1"),
        ("PairwiseDistance", &[4, 2], &[3, 2], json!({}), "expected a shape that broadcasts with [4, 2], found [3, 2]"),
    ] {
        let error = two(layer, a, b, options).error();
        assert!(error.message.contains(message), "{layer} {a:?} {b:?}: {}", error.message);
    }
    let alone = noisy("Bilinear", &[4, 2], bilinear).error();
    assert!(alone.message.contains("takes 2 inputs, found 1"), "{}", alone.message);
}

/// Shapes of which parts are unknown pass through, with what the options tell filled in.
#[test]
fn unknown_sizes() {
    let float = |shape: &[i64]| Type::from_spec(Some(shape), Kind::Float).unwrap();
    let infer = |layer: &str, options: Json, inputs: &[Type]| {
        create(layer, &config(&options)).unwrap().infer(inputs).unwrap().remove(0).to_string()
    };
    let group = json!({"num_groups": 1, "num_channels": 4});
    assert_eq!(infer("GroupNorm", group, &[float(&[-1, -1, 3])]), "[?, 4, 3]");
    assert_eq!(infer("InstanceNorm1d", json!({"num_features": 4}), &[float(&[-1, -1, -1])]), "[?, 4, ?]");
    assert_eq!(infer("RMSNorm", json!({"normalized_shape": 4}), &[float(&[-1, -1])]), "[?, 4]");
    assert_eq!(infer("GLU", json!({"dim": 1}), &[float(&[-1, 6])]), "[?, 3]");
    assert_eq!(infer("GLU", json!({}), &[Type::ending(6)]), "[.., 3]");
    let pair = [float(&[-1, 4]), float(&[-1, 4])];
    assert_eq!(infer("CosineSimilarity", json!({}), &pair), "[?]");
    assert_eq!(infer("PairwiseDistance", json!({"keepdim": true}), &pair), "[?, 1]");
    let bilinear = json!({"in1_features": 4, "in2_features": 4, "out_features": 7});
    assert_eq!(infer("Bilinear", bilinear, &pair), "[?, 7]");
}

/// Powers whose exponents single precision does not hold.
#[test]
fn odd_powers() {
    check(vec![
        two("PairwiseDistance", &[3, 4], &[3, 4], json!({"p": 2.3})),
        noisy("LocalResponseNorm", &[2, 5, 3], json!({"size": 3, "alpha": 0.5, "beta": 0.7})),
    ]);
    let mut case = two("PairwiseDistance", &[1, 2], &[1, 2], json!({"p": 2.3, "eps": 0}));
    case.inputs = vec![floats(&[1, 2], vec![3.0, -1.0]), floats(&[1, 2], vec![1.0, 2.0])];
    let expected = (2f64.powf(2.3) + 3f64.powf(2.3)).powf(1.0 / 2.3);
    for (device, dtype) in places(devices()) {
        let limit = if dtype == DType::F64 { 1e-14 } else { 1e-6 };
        assert!(difference(&data(&case.output_on(&device, dtype)), &[expected]) < limit, "{device:?} {dtype:?}");
    }
}
