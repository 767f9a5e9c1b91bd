//! Sequence layers: PyTorch's results for options beyond layers.json, gradients against central differences, and what has no
//! counterpart in PyTorch against its definition, written out plainly.

#[path = "common/cases.rs"]
mod layer_cases;
#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::HostArray;
use exburn_core::tensor::DType;
use reference::devices;
use serde_json::{Value as Json, json};
use single::{Single, data, floats, integers, noise, places};

/// The project's own file, also when EXBURN_REFERENCE names another folder.
fn more_cases() -> Vec<Json> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/reference/layers_sequence.json");
    let mut json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(json["cases"].take()).unwrap()
}

#[test]
fn reference_cases() {
    let cases = more_cases();
    assert!(cases.len() >= 60);
    layer_cases::check(&cases, layer_cases::LIMITS, layer_cases::On::Cpu);
}

fn case(layer: &str, options: Json, inputs: Vec<HostArray>) -> Single {
    let mut case = Single::new(layer, options, floats(&[0], vec![]));
    case.inputs = inputs;
    case
}

fn gradients(cases: Vec<Single>) {
    gradients_within(3e-9, cases);
}

fn gradients_within(limit: f64, cases: Vec<Single>) {
    for (device, _) in places(devices()).into_iter().filter(|(_, dtype)| *dtype == DType::F64) {
        for case in &cases {
            let error = case.gradient_error(&device);
            assert!(error < limit, "{device:?} {} {}: {error:.1e}", case.layer, case.config);
        }
    }
}

fn noises(shapes: &[&[usize]]) -> Vec<HostArray> {
    shapes.iter().enumerate().map(|(i, shape)| noise(shape, 3 + i as u64)).collect()
}

#[test]
fn recurrent_gradients() {
    for (layer, states) in [("RNN", 1), ("GRU", 1), ("LSTM", 2)] {
        let sizes = json!({"input_size": 2, "hidden_size": 3});
        let with = |more: Json| {
            let mut options = sizes.clone();
            options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            options
        };
        let stacked = with(json!({"num_layers": 2, "bidirectional": true, "dropout": 0.4, "initial_state": true}));
        let mut inputs = noises(&[&[4, 2, 2]]);
        inputs.extend(vec![noise(&[4, 2, 3], 8); states]);
        gradients(vec![
            case(layer, stacked, inputs),
            case(layer, with(json!({"batch_first": true, "bias": false})), noises(&[&[2, 3, 2]])),
            case(layer, with(json!({"bidirectional": true})), noises(&[&[3, 2]])),
            case(&format!("{layer}Cell"), sizes.clone(), noises(&[&[2, 2][..], &[2, 3], &[2, 3]][..1 + states])),
        ]);
    }
    let projected = json!({"input_size": 2, "hidden_size": 3, "proj_size": 2, "bidirectional": true});
    gradients(vec![case("LSTM", projected, noises(&[&[3, 2, 2]]))]);
}

#[test]
fn attention_gradients() {
    let heads = json!({"embed_dim": 4, "num_heads": 2, "batch_first": true, "dropout": 0.3, "need_weights": true});
    let operands = || noises(&[&[2, 3, 4], &[2, 3, 4], &[2, 3, 4]]);
    let mut masked = heads.clone();
    masked["masks"] = json!(["key_padding", "attention"]);
    masked["add_bias_kv"] = json!(true);
    let mut all = operands();
    all.push(integers(&[2, 3], vec![0, 1, 0, 1, 1, 1]));
    all.push(noise(&[3, 3], 12));
    let block =
        json!({"d_model": 4, "nhead": 2, "dim_feedforward": 3, "dropout": 0.2, "activation": "gelu", "bias": false});
    // A normalisation of four numbers is so curved that the differences themselves are off by 1e-8.
    gradients_within(
        3e-8,
        vec![
            case("MultiheadAttention", heads, operands()),
            case("MultiheadAttention", masked, all),
            case("TransformerEncoderLayer", block.clone(), noises(&[&[3, 2, 4]])),
            case("TransformerDecoderLayer", block, noises(&[&[3, 2, 4], &[2, 2, 4]])),
        ],
    );
}

#[test]
fn position_and_embedding_gradients() {
    let table = |more: Json| {
        let mut options = json!({"num_embeddings": 5, "embedding_dim": 3});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        options
    };
    let indices = || integers(&[2, 3], vec![0, 4, 4, 1, 0, 2]);
    let bag = |mode: &str| case("EmbeddingBag", table(json!({"mode": mode})), vec![indices()]);
    let weighted = table(json!({"mode": "sum", "per_sample_weights": true, "offsets": true}));
    let flat = vec![integers(&[4], vec![3, 1, 3, 0]), integers(&[3], vec![0, 0, 3]), noise(&[4], 6)];
    gradients(vec![
        case("PositionalEncoding", json!({"d_model": 3, "dropout": 0.3}), noises(&[&[4, 2, 3]])),
        case("LearnedPositionalEmbedding", json!({"max_len": 5, "embedding_dim": 3}), noises(&[&[4, 2, 3]])),
        case("RotaryEmbedding", json!({"dim": 4}), noises(&[&[2, 3, 6]])),
        case("RotaryEmbedding", json!({"dim": 4, "pairing": "interleaved", "seq_dim": 0}), noises(&[&[3, 2, 4]])),
        bag("sum"),
        bag("mean"),
        bag("max"),
        case("EmbeddingBag", weighted, flat),
    ]);
}

/// PE(p, 2i) = sin(p / 10000^(2i / d)), PE(p, 2i + 1) = cos of the same; also where d is odd.
#[test]
fn sinusoids() {
    for width in [4, 5] {
        let x = noise(&[2, 6, width], 1);
        let found =
            case("PositionalEncoding", json!({"d_model": width, "batch_first": true}), vec![x.clone()]).output();
        for (i, (f, x)) in data(&found).into_iter().zip(data(&x)).enumerate() {
            let (p, feature) = ((i / width % 6) as f64, i % width);
            let angle = p / 10_000f64.powf((feature - feature % 2) as f64 / width as f64);
            let wave = if feature % 2 == 0 { angle.sin() } else { angle.cos() };
            assert!((f - x - wave).abs() < 1e-14);
        }
    }
}

#[test]
fn learned_positions() {
    let (x, weight) = (noise(&[3, 2, 4], 1), noise(&[7, 4], 100));
    let found = case("LearnedPositionalEmbedding", json!({"max_len": 7, "embedding_dim": 4}), vec![x.clone()]).output();
    let w = data(&weight);
    for (i, (f, x)) in data(&found).into_iter().zip(data(&x)).enumerate() {
        assert_eq!(f, x + w[i / 8 * 4 + i % 4]);
    }
}

/// Pairs as complex numbers, multiplied by exp(i t). Products of rotated vectors depend on the distance alone.
#[test]
fn rotations() {
    let (time, width, dim) = (5, 6, 4);
    for (pairing, places) in [("half", [(0, 2), (1, 3)]), ("interleaved", [(0, 1), (2, 3)])] {
        let x = noise(&[time, width], 4);
        let options = json!({"dim": dim, "base": 100.0, "offset": 3, "pairing": pairing});
        let found = data(&case("RotaryEmbedding", options, vec![x.clone()]).output());
        let x = data(&x);
        for p in 0..time {
            for (i, (a, b)) in places.into_iter().enumerate() {
                let angle = (p + 3) as f64 * 100f64.powf(-2.0 * i as f64 / dim as f64);
                let (re, im) = (x[p * width + a], x[p * width + b]);
                let (c, s) = (angle.cos(), angle.sin());
                assert!((found[p * width + a] - (re * c - im * s)).abs() < 1e-14, "{pairing}");
                assert!((found[p * width + b] - (re * s + im * c)).abs() < 1e-14, "{pairing}");
            }
            assert_eq!(found[p * width + dim..(p + 1) * width], x[p * width + dim..(p + 1) * width]);
        }
    }
    let same = |seed: u64| floats(&[4, 4], data(&noise(&[1, 4], seed)).repeat(4));
    let turned = |seed: u64| data(&case("RotaryEmbedding", json!({"dim": 4}), vec![same(seed)]).output());
    let (q, k) = (turned(1), turned(2));
    let dot = |i: usize, j: usize| -> f64 { (0..4).map(|f| q[i * 4 + f] * k[j * 4 + f]).sum() };
    assert!((dot(3, 2) - dot(1, 0)).abs() < 1e-14 && (dot(2, 0) - dot(3, 1)).abs() < 1e-14);
    assert!((dot(2, 0) - dot(0, 2)).abs() > 1e-3);
}

/// A query that may see nothing gets weights of zero, and no gradient is not-a-number.
#[test]
fn closed_rows_are_zero() {
    let options =
        json!({"embed_dim": 4, "num_heads": 2, "batch_first": true, "need_weights": true, "masks": ["key_padding"]});
    let closed = integers(&[2, 3], vec![1, 1, 1, 0, 1, 0]);
    let mut inputs = noises(&[&[2, 2, 4], &[2, 3, 4], &[2, 3, 4]]);
    inputs.push(closed);
    let one = case("MultiheadAttention", options, inputs);
    for (device, dtype) in places(devices()) {
        let grads = [noise(&[2, 2, 4], 1), noise(&[2, 2, 3], 2)];
        let run = one.run(&device, dtype, Some(&grads)).unwrap();
        let weights = data(&run.outputs[1]);
        assert_eq!(weights[..6], [0.0; 6]);
        assert!((weights[6] + weights[8] - 1.0).abs() < 1e-6 && weights[7] == 0.0);
        let bias = data(&one.state.iter().find(|(name, _)| name == "out_proj.bias").unwrap().1);
        for (found, bias) in data(&run.outputs[0]).iter().take(8).zip(bias.repeat(2)) {
            assert!((found - bias).abs() < 1e-6);
        }
        let all = run.input_grads.iter().flatten().chain(run.param_grads.iter().filter_map(|(_, g)| g.as_ref()));
        assert!(all.flat_map(data).all(f64::is_finite));
    }
}

/// A row's gradient divided by how often the bags take the row.
#[test]
fn bag_gradients_by_frequency() {
    let indices = integers(&[2, 3], vec![1, 2, 2, 0, 4, 1]);
    let grads = [noise(&[2, 3], 4)];
    let gradient = |scaled: bool, device: &exburn_core::device::Device| {
        let options = json!({"num_embeddings": 5, "embedding_dim": 3, "mode": "mean", "scale_grad_by_freq": scaled});
        let run = case("EmbeddingBag", options, vec![indices.clone()]).run(device, DType::F64, Some(&grads)).unwrap();
        data(run.param_grads[0].1.as_ref().unwrap())
    };
    for (device, _) in places(devices()).into_iter().filter(|(_, dtype)| *dtype == DType::F64) {
        let (plain, scaled) = (gradient(false, &device), gradient(true, &device));
        for (i, (plain, scaled)) in plain.into_iter().zip(scaled).enumerate() {
            let count = [1.0, 2.0, 2.0, 1.0, 1.0][i / 3];
            assert!((plain / count - scaled).abs() < 1e-15, "{i}");
        }
    }
}

/// Between layers in training only, the same for the same seed.
#[test]
fn dropout_between_layers() {
    let options = json!({"input_size": 2, "hidden_size": 3, "num_layers": 2, "dropout": 0.5});
    let one = case("GRU", options.clone(), noises(&[&[4, 2, 2]]));
    let mut without = one.clone();
    without.config["dropout"] = json!(0.0);
    let mut other = one.clone();
    other.seed += 1;
    assert_eq!(one.output(), one.output());
    assert_ne!(one.output(), other.output());
    assert_ne!(one.output(), without.output());
    assert_eq!(one.clone().evaluating().output(), without.output());
    // The first layer's last state comes before the dropout.
    let state =
        |case: &Single| case.run(&exburn_core::device::Device::cpu(), DType::F64, None).unwrap().outputs[1].clone();
    assert_eq!(data(&state(&one))[..6], data(&state(&without))[..6]);
    assert_ne!(data(&state(&one))[6..], data(&state(&without))[6..]);
}

/// Every dropout of a block has a mask of its own.
#[test]
fn dropout_places_differ() {
    let block =
        json!({"d_model": 4, "nhead": 1, "dim_feedforward": 4, "dropout": 0.5, "batch_first": true, "num_layers": 2});
    let one = case("TransformerEncoder", block, noises(&[&[2, 5, 4]]));
    let mut other = one.clone();
    other.seed += 1;
    assert_eq!(one.output(), one.output());
    assert_ne!(one.output(), other.output());
    assert_ne!(one.output(), one.clone().evaluating().output());
}
