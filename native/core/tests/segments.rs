//! Gradient checkpointing: a pass in segments gives what the whole pass gives, bit for bit where no value is read three
//! times (then sums may round in another order).

use std::sync::atomic::AtomicBool;

use exburn_core::data::Dataset;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, ModelSpec};
use exburn_core::train::{TrainOptions, compute_gradients, train_epoch, train_step};
use exburn_core::{ArrayView, DataView, ErrorKind, HostArray, HostData};
use serde_json::{Value as Json, json};

/// Numbers that repeat, from -1 to 1.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * 37 % 101) as f64 / 50.0) - 1.0).collect()
}

fn floats(shape: &[usize]) -> HostArray {
    HostArray::new(shape.to_vec(), HostData::F64(numbers(shape.iter().product()))).unwrap()
}

struct Case {
    name: &'static str,
    spec: ModelSpec,
    loss: Json,
    inputs: Vec<HostArray>,
    targets: Vec<HostArray>,
    nodes: usize,
}

fn chain(name: &'static str, layers: &[(&str, Json)], input: &[usize], target: &[usize]) -> Case {
    Case {
        name,
        spec: ModelSpec::sequential("f32", layers).unwrap(),
        loss: json!({"type": "MSE"}),
        inputs: vec![floats(input)],
        targets: vec![floats(target)],
        nodes: layers.len(),
    }
}

fn mlp() -> Case {
    let linear = |i, o| ("Linear", json!({"in_features": i, "out_features": o}));
    let layers = [
        linear(6, 16),
        ("ReLU", json!({})),
        ("Dropout", json!({"p": 0.3})),
        linear(16, 12),
        ("Tanh", json!({})),
        ("LayerNorm", json!({"normalized_shape": [12]})),
        linear(12, 3),
    ];
    chain("mlp", &layers, &[24, 6], &[24, 3])
}

fn cnn() -> Case {
    let conv = |i, o| ("Conv2d", json!({"in_channels": i, "out_channels": o, "kernel_size": 3, "padding": 1}));
    let layers = [
        conv(2, 4),
        ("BatchNorm2d", json!({"num_features": 4})),
        ("ReLU", json!({})),
        ("Dropout2d", json!({"p": 0.25})),
        ("MaxPool2d", json!({"kernel_size": 2})),
        conv(4, 6),
        ("BatchNorm2d", json!({"num_features": 6})),
        ("GELU", json!({})),
        ("Flatten", json!({})),
        ("Dropout", json!({"p": 0.5})),
        ("Linear", json!({"in_features": 96, "out_features": 3})),
    ];
    chain("cnn", &layers, &[24, 2, 8, 8], &[24, 3])
}

fn lstm() -> Case {
    let layers = [
        ("LSTM", json!({"input_size": 3, "hidden_size": 5, "num_layers": 2, "dropout": 0.2, "batch_first": true})),
        ("Tanh", json!({})),
        ("Flatten", json!({})),
        ("Linear", json!({"in_features": 20, "out_features": 2})),
    ];
    // The chain reads the first output of the LSTM only.
    chain("lstm", &layers, &[24, 4, 3], &[24, 2])
}

/// Two inputs, two outputs (one of them given in the middle), two losses, residual links, a layer applied twice.
fn graph() -> Case {
    let node = |name: &str, layer: &str, config: Json, inputs: &[&str]| json!({"name": name, "type": layer, "config": config, "inputs": inputs});
    let linear = json!({"in_features": 5, "out_features": 5});
    let mut again = node("again", "Linear", linear.clone(), &["norm"]);
    again["shares"] = json!("first");
    let mut norm_again = node("norm_again", "BatchNorm1d", json!({"num_features": 5}), &["sum"]);
    norm_again["shares"] = json!("norm");
    let nodes = json!([
        node("first", "Linear", linear, &["a"]),
        node("act", "Tanh", json!({}), &["first"]),
        node("norm", "BatchNorm1d", json!({"num_features": 5}), &["act"]),
        again,
        node("sum", "Add", json!({}), &["again", "first"]),
        norm_again,
        node("early", "Linear", json!({"in_features": 5, "out_features": 2}), &["act"]),
        node("drop", "Dropout", json!({"p": 0.4}), &["norm_again"]),
        node("both", "Mul", json!({}), &["drop", "b"]),
        node("late", "Linear", json!({"in_features": 5, "out_features": 3}), &["both"]),
    ]);
    let spec = json!({"version": 1, "dtype": "f32", "inputs": [{"name": "a", "shape": [-1, 5]}, {"name": "b", "shape": [-1, 5]}],
        "nodes": nodes, "outputs": ["late", "early"]});
    Case {
        name: "graph",
        spec: ModelSpec::from_json(&spec.to_string()).unwrap(),
        loss: json!([{"type": "MSE"}, {"type": "L1", "weight": 0.5}]),
        inputs: vec![floats(&[24, 5]), floats(&[24, 5])],
        targets: vec![floats(&[24, 3]), floats(&[24, 2])],
        nodes: 10,
    }
}

fn all() -> [Case; 4] {
    [mlp(), cnn(), lstm(), graph()]
}

fn build(case: &Case) -> Model {
    let mut model = Model::build(&case.spec, 7, &Device::cpu()).unwrap();
    let compile = json!({"version": 1, "loss": case.loss, "optimizer": {"type": "Adam", "config": {"lr": 0.01}}});
    model.compile(&CompileSpec::from_json(&compile.to_string()).unwrap()).unwrap();
    model
}

fn views(arrays: &[HostArray]) -> Vec<ArrayView<'_>> {
    arrays.iter().map(HostArray::view).collect()
}

fn in_segments(segments: usize) -> TrainOptions {
    TrainOptions { segments, seed: 11, ..TrainOptions::default() }
}

/// Name and bits of every gradient, and of the state after the pass has moved the buffers.
type Bits = (Vec<(String, Option<Vec<u64>>)>, Vec<u8>, u64);

fn bits(model: &mut Model, case: &Case, segments: usize) -> Bits {
    let (inputs, targets) = (views(&case.inputs), views(&case.targets));
    let (gradients, result) = compute_gradients(model, &inputs, &targets, None, &in_segments(segments), true).unwrap();
    let of = |name: &str| {
        let found = gradients.get(name).unwrap();
        found.map(|g| g.view_data().to_f64().iter().map(|x| x.to_bits()).collect())
    };
    let found = gradients.list().iter().map(|entry| (entry.name.clone(), of(&entry.name))).collect();
    (found, model.export_state().unwrap(), result.loss.to_bits())
}

fn first_difference(found: &Bits, expected: &Bits) -> String {
    let number = |bits: &Option<Vec<u64>>, i: usize| bits.as_ref().and_then(|b| b.get(i)).map(|&b| f64::from_bits(b));
    for ((name, found), (_, expected)) in found.0.iter().zip(&expected.0) {
        if let Some(i) = (0..1 << 16).find(|&i| number(found, i) != number(expected, i)) {
            return format!("{name}[{i}]: {:?}, expected {:?}", number(found, i), number(expected, i));
        }
    }
    format!("state {}, loss {}", found.1 == expected.1, found.2 == expected.2)
}

#[test]
fn gradients_are_those_of_the_whole_pass() {
    for case in all() {
        let expected = bits(&mut build(&case), &case, 1);
        assert!(expected.0.iter().all(|(_, gradient)| gradient.is_some()), "{}", case.name);
        for segments in 2..=case.nodes + 1 {
            let found = bits(&mut build(&case), &case, segments);
            assert!(found == expected, "{} in {segments} segments: {}", case.name, first_difference(&found, &expected));
        }
    }
}

fn dataset(case: &Case) -> Dataset {
    let mut data = Dataset::new();
    case.inputs.iter().for_each(|array| data.add_input(array.view()).unwrap());
    case.targets.iter().for_each(|array| data.add_target(array.view()).unwrap());
    data
}

/// Whole runs: shuffling, masks, running statistics, accumulation, both kinds of clipping, frozen layers.
#[test]
fn runs_are_those_of_the_whole_pass() {
    for case in all() {
        let data = dataset(&case);
        let run = |segments: usize, frozen: Option<&str>| {
            let mut model = build(&case);
            if let Some(pattern) = frozen {
                model.set_trainable(pattern, false).unwrap();
            }
            let losses: Vec<u64> = (0..3)
                .map(|epoch| {
                    let options = TrainOptions {
                        epoch,
                        batch_size: 5,
                        accumulate: 2,
                        clip_norm: Some(0.5),
                        clip_value: Some(0.1),
                        ..in_segments(segments)
                    };
                    let none = AtomicBool::new(false);
                    train_epoch(&mut model, &data, &options, &[0.01], &none, None).unwrap().loss.to_bits()
                })
                .collect();
            (losses, model.export_state().unwrap())
        };
        for frozen in [None, Some(if case.name == "graph" { "first" } else { "0" })] {
            let expected = run(1, frozen);
            for segments in [2, 3, case.nodes] {
                let same = run(segments, frozen) == expected;
                assert!(same, "{} in {segments} segments, frozen {frozen:?}", case.name);
            }
        }
        assert_ne!(run(1, None).1, build(&case).export_state().unwrap());
    }
}

/// A value that four layers read, three of them in one segment: the sum of its gradients is rounded in another order.
#[test]
fn many_readers_agree_to_rounding() {
    let node = |name: &str, layer: &str, inputs: &[&str]| json!({"name": name, "type": layer, "inputs": inputs});
    let mut nodes = vec![
        json!({"name": "in", "type": "Linear", "config": {"in_features": 4, "out_features": 4}, "inputs": ["x"]}),
        node("tanh", "Tanh", &["in"]),
        node("sin", "Sin", &["in"]),
        node("exp", "Exp", &["in"]),
        node("cos", "Cos", &["in"]),
    ];
    nodes.extend([
        node("s1", "Add", &["tanh", "sin"]),
        node("s2", "Add", &["exp", "cos"]),
        node("s3", "Add", &["s1", "s2"]),
    ]);
    let spec = json!({"version": 1, "dtype": "f64", "inputs": [{"name": "x", "shape": [-1, 4]}], "nodes": nodes, "outputs": ["s3"]});
    let case = Case {
        name: "fan",
        spec: ModelSpec::from_json(&spec.to_string()).unwrap(),
        loss: json!({"type": "MSE"}),
        inputs: vec![floats(&[8, 4])],
        targets: vec![floats(&[8, 4])],
        nodes: 8,
    };
    let numbers = |segments: usize| -> Vec<f64> {
        let (found, ..) = bits(&mut build(&case), &case, segments);
        found.into_iter().flat_map(|(_, bits)| bits.unwrap()).map(f64::from_bits).collect()
    };
    let expected = numbers(1);
    for segments in 2..=8 {
        for (found, expected) in numbers(segments).iter().zip(&expected) {
            assert!((found - expected).abs() <= 1e-15 * expected.abs().max(1.0), "{segments}: {found}, {expected}");
        }
    }
}

#[test]
fn errors_are_those_of_the_whole_pass() {
    let case = mlp();
    let mut model = build(&case);
    let before = model.export_state().unwrap();
    let (inputs, targets) = (views(&case.inputs), views(&case.targets));
    let mut step = |inputs: &[ArrayView<'_>], segments| {
        train_step(&mut model, inputs, &targets, None, &in_segments(segments), 0.1).unwrap_err()
    };
    let none = step(&inputs, 0);
    assert_eq!(none.kind, ErrorKind::InvalidArgument);
    assert_eq!(none.message, "segments: expected at least 1, found 0");
    let wide = numbers(24 * 7);
    let wide = step(&[ArrayView::new(vec![24, 7], DataView::F64(&wide)).unwrap()], 3);
    assert_eq!((wide.kind, wide.subject.as_deref()), (ErrorKind::Shape, Some("0")), "{wide}");
    // A loss that is not finite is found before the backward pass.
    let mut holed = numbers(24 * 6);
    holed[7] = f64::NAN;
    let holed = step(&[ArrayView::new(vec![24, 6], DataView::F64(&holed)).unwrap()], 3);
    assert_eq!(holed.kind, ErrorKind::Numerical, "{holed}");
    assert_eq!(model.export_state().unwrap(), before);
}
