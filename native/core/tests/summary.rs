//! What a model's summary says of cost and size, by hand.

use exburn_core::device::Device;
use exburn_core::model::{Model, Summary};
use exburn_core::spec::ModelSpec;
use serde_json::{Value as Json, json};

fn summary(dtype: &str, shape: Json, layers: &[(&str, Json)]) -> Summary {
    let mut from = "x".to_owned();
    let nodes: Vec<Json> = layers
        .iter()
        .enumerate()
        .map(|(i, (layer, config))| {
            let inputs = [std::mem::replace(&mut from, i.to_string())];
            json!({"name": i.to_string(), "type": layer, "config": config, "inputs": inputs})
        })
        .collect();
    let spec = json!({"version": 1, "dtype": dtype, "inputs": [{"name": "x", "shape": shape}], "nodes": nodes, "outputs": [from]});
    let model = Model::build(&ModelSpec::from_json(&spec.to_string()).unwrap(), 0, &Device::cpu()).unwrap();
    model.summary().unwrap()
}

fn costs(summary: &Summary) -> Vec<Option<u64>> {
    summary.layers.iter().map(|layer| layer.multiply_adds).collect()
}

#[test]
fn a_small_cnn() {
    let s = summary(
        "f32",
        json!([-1, 1, 28, 28]),
        &[
            ("Conv2d", json!({"in_channels": 1, "out_channels": 6, "kernel_size": 5})),
            ("BatchNorm2d", json!({"num_features": 6})),
            ("ReLU", json!({})),
            ("MaxPool2d", json!({"kernel_size": 2})),
            (
                "Conv2d",
                json!({"in_channels": 6, "out_channels": 16, "kernel_size": [5, 3], "groups": 2, "stride": [1, 2]}),
            ),
            ("Flatten", json!({})),
            ("Linear", json!({"in_features": 640, "out_features": 10})),
        ],
    );
    // Weights by output pixels: 150 by 24 x 24, then 16 x 3 x 5 x 3 by 8 x 5.
    let expected = [150 * 576, 0, 0, 0, 720 * 40, 0, 6400];
    assert_eq!(costs(&s), expected.map(Some));
    assert_eq!(s.multiply_adds, Some(86_400 + 28_800 + 6_400));
    let outputs = 3 * 6 * 576 + 6 * 144 + 640 + 640 + 10;
    assert_eq!(s.activation_bytes, Some(4 * outputs));
    assert_eq!((s.layers[0].parameters, s.layers[1].buffers, s.layers[6].trainable_parameters), (156, 13, 6410));
}

#[test]
fn sequences_count_every_position() {
    let layers = [
        ("Embedding", json!({"num_embeddings": 100, "embedding_dim": 8})),
        ("LayerNorm", json!({"normalized_shape": [5, 8]})),
        ("Linear", json!({"in_features": 8, "out_features": 12})),
        ("GLU", json!({})),
        ("RMSNorm", json!({"normalized_shape": 6})),
        ("PReLU", json!({"num_parameters": 5})),
    ];
    let s = summary("f64", json!([-1, 5]), &layers);
    assert_eq!(costs(&s), [0, 0, 5 * 96, 0, 0, 0].map(Some));
    assert_eq!(s.activation_bytes, Some(8 * 5 * (8 + 8 + 12 + 6 + 6 + 6)));
    // A batch that is known counts whole; a length that is not leaves the number open.
    assert_eq!(summary("f64", json!([3, 5]), &layers).multiply_adds, Some(3 * 480));
    let open = summary("f64", json!([-1, -1]), &[layers[0].clone(), layers[2].clone(), ("ReLU", json!({}))]);
    assert_eq!(costs(&open), [Some(0), None, Some(0)]);
    assert_eq!((open.multiply_adds, open.activation_bytes), (None, None));
}

/// Sequences of 5: every weight of a recurrent layer and of attention's projections counts per step.
#[test]
fn recurrence_and_attention() {
    let lstm = json!({"input_size": 3, "hidden_size": 4, "num_layers": 2, "bidirectional": true, "batch_first": true});
    let s = summary("f32", json!([-1, 5, 3]), &[("LSTM", lstm)]);
    // Gates of 4 by 4: both directions, from 3 and 4 numbers, then from 8 and 4.
    assert_eq!(s.multiply_adds, Some(5 * 2 * 16 * (3 + 4 + 8 + 4)));
    let attention =
        json!({"embed_dim": 6, "num_heads": 2, "batch_first": true, "self_attention": true, "add_bias_kv": true});
    let s = summary("f32", json!([-1, 5, 6]), &[("MultiheadAttention", attention)]);
    assert_eq!(s.multiply_adds, Some(5 * 4 * 36));
}

#[test]
fn a_bilinear_form() {
    let bilinear = json!({"name": "b", "type": "Bilinear", "inputs": ["x", "y"],
        "config": {"in1_features": 3, "in2_features": 4, "out_features": 2}});
    let input = |name: &str, width: i64| json!({"name": name, "shape": [-1, 5, width]});
    let spec = json!({"version": 1, "inputs": [input("x", 3), input("y", 4)], "nodes": [bilinear], "outputs": ["b"]});
    let model = Model::build(&ModelSpec::from_json(&spec.to_string()).unwrap(), 0, &Device::cpu()).unwrap();
    assert_eq!(model.summary().unwrap().multiply_adds, Some(5 * 24));
}
