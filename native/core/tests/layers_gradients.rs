//! Gradients of every layer, with all kinds of options, against central differences in double precision.

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::tensor::DType;
use reference::devices;
use serde_json::{Value as Json, json};
use single::{Single, integers, noise, places};

fn check(cases: Vec<Single>) {
    for (device, _) in places(devices()).into_iter().filter(|(_, dtype)| *dtype == DType::F64) {
        for case in &cases {
            let error = case.gradient_error(&device);
            assert!(error < 3e-9, "{device:?} {} {}: {error:.1e}", case.layer, case.config);
        }
    }
}

fn noisy(layer: &str, shape: &[usize], configs: &[Json]) -> Vec<Single> {
    configs.iter().map(|c| Single::new(layer, c.clone(), noise(shape, 3))).collect()
}

#[test]
fn linear_and_embedding() {
    let mut cases = noisy("Linear", &[2, 3, 4], &[json!({"in_features": 4, "out_features": 2})]);
    let table = json!({"num_embeddings": 5, "embedding_dim": 3});
    cases.push(Single::new("Embedding", table, integers(&[2, 3], vec![0, 4, 4, 1, 0, 2])));
    check(cases);
}

#[test]
fn convolutions() {
    check(noisy(
        "Conv2d",
        &[2, 2, 4, 5],
        &[
            json!({"in_channels": 2, "out_channels": 3, "kernel_size": 2}),
            json!({"in_channels": 2, "out_channels": 2, "kernel_size": [3, 2], "padding": "same", "groups": 2}),
            json!({"in_channels": 2, "out_channels": 1, "kernel_size": 3, "padding": [1, 2], "stride": [2, 1], "dilation": [1, 2]}),
            json!({"in_channels": 2, "out_channels": 1, "kernel_size": 3, "padding": 1, "padding_mode": "reflect"}),
            json!({"in_channels": 2, "out_channels": 1, "kernel_size": 2, "padding": "same", "padding_mode": "replicate"}),
            json!({"in_channels": 2, "out_channels": 1, "kernel_size": 3, "padding": [2, 1], "padding_mode": "circular", "bias": false}),
        ],
    ));
}

#[test]
fn pools() {
    let windows = [
        json!({"kernel_size": 2}),
        json!({"kernel_size": [3, 2], "stride": [2, 1], "padding": [1, 0]}),
        json!({"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": true}),
        json!({"kernel_size": 2, "stride": 3, "ceil_mode": true}),
    ];
    check(noisy("MaxPool2d", &[1, 2, 5, 6], &windows));
    check(noisy(
        "MaxPool2d",
        &[1, 2, 5, 6],
        &[json!({"kernel_size": 2, "stride": 1, "dilation": [2, 3], "padding": 1})],
    ));
    for extra in [json!({}), json!({"count_include_pad": false}), json!({"divisor_override": 5})] {
        let with = |window: &Json| {
            let mut options = window.clone();
            options.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            options
        };
        check(noisy("AvgPool2d", &[1, 2, 5, 6], &windows.iter().map(with).collect::<Vec<_>>()));
    }
    let grids = [json!([2, 4]), json!(1), json!([null, 2]), json!([7, 3]), json!(null)];
    check(noisy("AdaptiveAvgPool2d", &[1, 2, 5, 6], &grids.map(|g| json!({"output_size": g}))));
}

#[test]
fn norms() {
    let options = [
        json!({"num_features": 3}),
        json!({"num_features": 3, "affine": false, "eps": 0.01}),
        json!({"num_features": 3, "track_running_stats": false}),
    ];
    for (layer, shape) in [("BatchNorm1d", &[4, 3][..]), ("BatchNorm1d", &[2, 3, 3]), ("BatchNorm2d", &[2, 3, 2, 2])] {
        let cases = noisy(layer, shape, &options);
        check(cases.iter().cloned().map(Single::evaluating).collect());
        check(cases);
    }
    check(noisy(
        "LayerNorm",
        &[2, 3, 4],
        &[
            json!({"normalized_shape": 4}),
            json!({"normalized_shape": [3, 4], "eps": 0.1}),
            json!({"normalized_shape": [4], "bias": false}),
            json!({"normalized_shape": [2, 3, 4], "elementwise_affine": false}),
        ],
    ));
}

#[test]
fn activations() {
    for (layer, options) in [
        ("ReLU", json!({})),
        ("LeakyReLU", json!({"negative_slope": 0.2})),
        ("GELU", json!({})),
        ("GELU", json!({"approximate": "tanh"})),
        ("SiLU", json!({})),
        ("Sigmoid", json!({})),
        ("Tanh", json!({})),
        ("Softmax", json!({"dim": 0})),
        ("Softmax", json!({"dim": -1})),
        ("LogSoftmax", json!({"dim": 1})),
        ("Dropout", json!({"p": 0.3})),
        ("Identity", json!({})),
        ("Flatten", json!({"start_dim": 0})),
        ("Unflatten", json!({"dim": 1, "unflattened_size": [-1, 2]})),
    ] {
        check(noisy(layer, &[3, 4], &[options]));
    }
}
