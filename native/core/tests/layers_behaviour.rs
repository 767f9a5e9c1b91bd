//! What layers do in training and in evaluation: dropout, running statistics, padding rows, extreme inputs.

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::device::Device;
use exburn_core::layers::{Init, create};
use exburn_core::tensor::DType;
use exburn_core::{ErrorKind, HostArray};
use reference::devices;
use serde_json::json;
use single::{Single, config, data, floats, integers, noise, places};

fn dropout(p: f64, shape: &[usize]) -> Single {
    Single::new("Dropout", json!({ "p": p }), noise(shape, 1))
}

#[test]
fn dropout_drops_a_share_and_scales_the_rest() {
    let n = 100_000;
    for p in [0.1, 0.5, 0.75] {
        for dtype in [DType::F32, DType::F64] {
            let case = dropout(p, &[n]);
            let (x, y) = (data(&case.inputs[0]), data(&case.output_on(&Device::cpu(), dtype)));
            let dropped = y.iter().filter(|&&v| v == 0.0).count() as f64 / n as f64;
            assert!((dropped - p).abs() < 5.0 * (p * (1.0 - p) / n as f64).sqrt(), "{p}: {dropped}");
            let limit = if dtype == DType::F32 { 1e-6 } else { 1e-15 };
            for (x, y) in x.iter().zip(&y).filter(|(_, y)| **y != 0.0) {
                assert!((y - x / (1.0 - p)).abs() <= limit * y.abs());
            }
        }
    }
}

#[test]
fn dropout_at_the_ends_and_in_evaluation() {
    let x = data(&noise(&[50], 1));
    assert_eq!(data(&dropout(0.0, &[50]).output()), x);
    assert_eq!(data(&dropout(1.0, &[50]).output()), [0.0; 50]);
    assert_eq!(data(&dropout(0.7, &[50]).evaluating().output()), x);
}

/// The mask depends on the seed only, and the gradient passes through the same mask.
#[test]
fn dropout_repeats_on_every_device() {
    let mut case = dropout(0.5, &[40, 5]);
    let mask = |y: &HostArray| data(y).iter().map(|&v| v != 0.0).collect::<Vec<_>>();
    let first = mask(&case.output());
    let ones = [floats(&[40, 5], vec![1.0; 200])];
    for (device, dtype) in places(devices()) {
        let run = case.run(&device, dtype, Some(&ones)).unwrap();
        assert_eq!(mask(&run.outputs[0]), first);
        let expected: Vec<f64> = first.iter().map(|&kept| if kept { 2.0 } else { 0.0 }).collect();
        assert_eq!(data(run.input_grads[0].as_ref().unwrap()), expected);
    }
    case.seed += 1;
    assert_ne!(mask(&case.output()), first);
}

fn buffers(case: &Single) -> Vec<(String, Vec<f64>)> {
    let run = case.run(&Device::cpu(), DType::F64, None).unwrap();
    run.buffers.iter().map(|(name, array)| (name.clone(), data(array))).collect()
}

/// PyTorch: torch.nn.BatchNorm1d(1, momentum=..) on [1, 2, 6], from running mean 10 and variance 4 after 3 batches.
#[test]
fn running_statistics() {
    let after = |options: serde_json::Value| {
        let mut case = Single::new("BatchNorm1d", options, floats(&[3, 1], vec![1.0, 2.0, 6.0]));
        case.state[2].1 = floats(&[1], vec![10.0]);
        case.state[3].1 = floats(&[1], vec![4.0]);
        buffers(&case).into_iter().map(|(_, v)| v[0]).collect::<Vec<_>>()
    };
    let near = |found: Vec<f64>, expected: [f64; 3]| {
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12), "{found:?} {expected:?}");
    };
    // Batch mean 3, unbiased variance 7.
    near(after(json!({"num_features": 1})), [0.9 * 10.0 + 0.1 * 3.0, 0.9 * 4.0 + 0.1 * 7.0, 4.0]);
    near(after(json!({"num_features": 1, "momentum": 0.5})), [6.5, 5.5, 4.0]);
    near(after(json!({"num_features": 1, "momentum": null})), [0.75 * 10.0 + 0.25 * 3.0, 0.75 * 4.0 + 0.25 * 7.0, 4.0]);
    near(after(json!({"num_features": 1, "momentum": 0})), [10.0, 4.0, 4.0]);
}

#[test]
fn frozen_batch_norm_works_as_in_evaluation() {
    for (layer, shape) in [("BatchNorm1d", &[4, 3][..]), ("BatchNorm2d", &[2, 3, 2, 2])] {
        let case = Single::new(layer, json!({"num_features": 3}), noise(shape, 8));
        let (training, frozen, evaluating) = (case.clone(), case.clone().frozen(), case.evaluating());
        assert_eq!(data(&frozen.output()), data(&evaluating.output()));
        assert_ne!(data(&frozen.output()), data(&training.output()));
        assert_eq!(buffers(&frozen), buffers(&evaluating));
        assert_ne!(buffers(&frozen), buffers(&training));
        let run = frozen.run(&Device::cpu(), DType::F64, Some(&[noise(shape, 2)])).unwrap();
        assert!(run.input_grads[0].is_some() && run.param_grads.iter().all(|(_, g)| g.is_none()));
    }
}

#[test]
fn batch_norm_without_running_statistics_uses_the_batch() {
    let case =
        Single::new("BatchNorm2d", json!({"num_features": 3, "track_running_stats": false}), noise(&[2, 3, 2, 2], 8));
    assert_eq!(data(&case.clone().evaluating().output()), data(&case.output()));
    assert!(buffers(&case).is_empty());
}

#[test]
fn one_value_per_channel() {
    for (layer, shape) in [("BatchNorm1d", &[1, 2][..]), ("BatchNorm1d", &[1, 2, 1]), ("BatchNorm2d", &[1, 2, 1, 1])] {
        let case = Single::new(layer, json!({"num_features": 2}), noise(shape, 8));
        let error = case.error();
        assert_eq!(error.kind, ErrorKind::Shape);
        assert!(error.message.contains("more than 1 value per channel when training"), "{error}");
        case.evaluating().output();
    }
}

#[test]
fn padding_row_starts_at_zero_and_gets_no_gradient() {
    for padding in [2, -3] {
        let options = json!({"num_embeddings": 5, "embedding_dim": 2, "padding_idx": padding});
        let declared = create("Embedding", &config(&options)).unwrap().declare();
        let row = if padding < 0 { padding + 5 } else { padding } as usize;
        assert_eq!(declared[0].init, Init::Normal { std: 1.0, zero_row: Some(row) });
        let case = Single::new("Embedding", options, integers(&[2, 3], vec![0, row as i64, 4, 4, 1, row as i64]));
        let ones = [floats(&[2, 3, 2], vec![1.0; 12])];
        for (device, dtype) in places(devices()) {
            let run = case.run(&device, dtype, Some(&ones)).unwrap();
            let gradient = data(run.param_grads[0].1.as_ref().unwrap());
            for (i, times) in [1.0, 1.0, 1.0, 1.0, 2.0].into_iter().enumerate() {
                let times = if i == row {
                    0.0
                } else if [0, 1, 4].contains(&i) {
                    times
                } else {
                    0.0
                };
                assert_eq!(gradient[2 * i..2 * i + 2], [times; 2]);
            }
            // A row that is not zero (loaded from elsewhere) is used as it is.
            let table = data(&case.state[0].1);
            let found = &data(&run.outputs[0])[2..4];
            assert!(found.iter().zip(&table[2 * row..]).all(|(f, e)| (f - e).abs() < 1e-6));
        }
    }
}

/// Far from zero nothing overflows, neither forward nor backward.
#[test]
fn extreme_inputs() {
    let x = [-1000.0, -60.0, 60.0, 1000.0];
    let ones = [floats(&[4], vec![1.0; 4])];
    for (layer, options, y, slope) in [
        ("Sigmoid", json!({}), [0.0, 0.0, 1.0, 1.0], [0.0; 4]),
        ("SiLU", json!({}), [0.0, 0.0, 60.0, 1000.0], [0.0, 0.0, 1.0, 1.0]),
        ("Tanh", json!({}), [-1.0, -1.0, 1.0, 1.0], [0.0; 4]),
        ("GELU", json!({}), [0.0, 0.0, 60.0, 1000.0], [0.0, 0.0, 1.0, 1.0]),
        ("GELU", json!({"approximate": "tanh"}), [0.0, 0.0, 60.0, 1000.0], [0.0, 0.0, 1.0, 1.0]),
        ("Softmax", json!({"dim": 0}), [0.0, 0.0, 0.0, 1.0], [0.0; 4]),
        ("LogSoftmax", json!({"dim": 0}), [-2000.0, -1060.0, -940.0, 0.0], [1.0, 1.0, 1.0, -3.0]),
    ] {
        let case = Single::new(layer, options, floats(&[4], x.to_vec()));
        for (device, dtype) in places(devices()) {
            let run = case.run(&device, dtype, Some(&ones)).unwrap();
            let near = |found: &HostArray, expected: [f64; 4], what: &str| {
                let found = data(found);
                let close = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-20 + 1e-6 * e.abs());
                assert!(close, "{layer} {device:?} {dtype:?} {what}: {found:?}");
            };
            near(&run.outputs[0], y, "output");
            near(run.input_grads[0].as_ref().unwrap(), slope, "gradient");
        }
    }
}

/// PyTorch's gradients where a function has a kink.
#[test]
fn gradients_at_zero() {
    for (device, dtype) in places(devices()) {
        for (layer, options, slope) in [
            ("ReLU", json!({}), 0.0),
            ("LeakyReLU", json!({"negative_slope": 0.25}), 0.25),
            ("Sigmoid", json!({}), 0.25),
            ("SiLU", json!({}), 0.5),
            ("GELU", json!({}), 0.5),
        ] {
            let case = Single::new(layer, options, floats(&[1], vec![0.0]));
            let run = case.run(&device, dtype, Some(&[floats(&[1], vec![1.0])])).unwrap();
            let found = data(run.input_grads[0].as_ref().unwrap())[0];
            assert!((found - slope).abs() < 1e-6, "{layer} {device:?} {dtype:?}: {found}");
        }
    }
}

/// A not-a-number goes through, so that it is noticed.
#[test]
fn nan_passes() {
    for (layer, options) in [
        ("ReLU", json!({})),
        ("LeakyReLU", json!({})),
        ("GELU", json!({})),
        ("Sigmoid", json!({})),
        ("Softmax", json!({"dim": 0})),
        ("Dropout", json!({"p": 0.0})),
    ] {
        let y = Single::new(layer, options, floats(&[2], vec![f64::NAN, 1.0])).output();
        assert!(data(&y)[0].is_nan(), "{layer}");
    }
    let image = floats(&[1, 1, 2, 2], vec![1.0, f64::NAN, 3.0, 2.0]);
    assert!(data(&Single::new("MaxPool2d", json!({"kernel_size": 2}), image).output())[0].is_nan());
}
