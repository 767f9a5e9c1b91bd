//! Files written by PyTorch: they load, give PyTorch's outputs, and come out as they went in.

#[path = "common/reference.rs"]
mod reference;

use std::collections::BTreeMap;

use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::ModelSpec;
use exburn_core::store::LoadOptions;
use exburn_core::{ErrorKind, HostArray, HostData};
use reference::{Array, cases, difference, folder};
use serde_json::{Value as Json, json};

/// Shapes of the weights in a file, by the names of their layers.
fn shapes(file: &str) -> BTreeMap<String, Vec<usize>> {
    let bytes = std::fs::read(path(&format!("{file}.safetensors"))).unwrap();
    let state = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    state.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec())).collect()
}

/// The model behind a file, from the names and shapes of its state: numbered layers are a chain. Between them stand layers
/// without state: one is a ReLU, three are a ReLU, a global average and a Flatten. `None` for models with named layers.
fn layers(file: &str) -> Option<Vec<(&'static str, Json)>> {
    let mut weights = BTreeMap::new();
    for (name, shape) in shapes(file) {
        let (layer, part) = name.split_once('.')?;
        if part == "weight" {
            weights.insert(layer.parse::<usize>().ok()?, shape);
        }
    }
    let mut layers = Vec::new();
    for (position, shape) in weights {
        match position - layers.len() {
            0 => {}
            1 => layers.push(("ReLU", json!({}))),
            3 => layers.extend([
                ("ReLU", json!({})),
                ("AdaptiveAvgPool2d", json!({"output_size": 1})),
                ("Flatten", json!({})),
            ]),
            other => panic!("{file}: {other} layers without state before layer {position}"),
        }
        layers.push(match shape[..] {
            [outputs, inputs] => ("Linear", json!({"in_features": inputs, "out_features": outputs})),
            [features] => ("BatchNorm2d", json!({"num_features": features})),
            [outputs, inputs, kernel, _] => (
                "Conv2d",
                json!({"in_channels": inputs, "out_channels": outputs, "kernel_size": kernel, "padding": kernel / 2}),
            ),
            ref other => panic!("{file}: layer {position} has the shape {other:?}"),
        });
    }
    Some(layers)
}

/// A model with named layers: an embedding, a middle on sequences, and a linear head that acts on every step. `None` where the
/// library does not have the middle's layer.
fn named(file: &str) -> Option<ModelSpec> {
    let shapes = shapes(file);
    let size = |name: &str, dimension: usize| shapes[name][dimension];
    let count = |prefix: &str| {
        let numbers = shapes.keys().filter_map(|n| n.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok());
        numbers.max().map_or(0, |last| last + 1)
    };
    let (name, kind, config) = if shapes.contains_key("lstm.weight_hh_l0") {
        let (input, hidden) = (size("lstm.weight_ih_l0", 1), size("lstm.weight_hh_l0", 1));
        ("lstm", "LSTM", json!({"input_size": input, "hidden_size": hidden, "batch_first": true}))
    } else {
        // How many heads there are is in no file of a state_dict: it is what the reference's model was built with.
        let (width, inner) = (size("enc.layers.0.linear1.weight", 1), size("enc.layers.0.linear1.weight", 0));
        let layers = count("enc.layers.");
        let config =
            json!({"d_model": width, "nhead": 2, "dim_feedforward": inner, "num_layers": layers, "batch_first": true});
        ("enc", "TransformerEncoder", config)
    };
    if !exburn_core::layers::names().contains(&kind) {
        return None;
    }
    let [words, width] = shapes["emb.weight"][..] else { panic!("{file}") };
    let [classes, features] = shapes["head.weight"][..] else { panic!("{file}") };
    let node = |name: &str, kind: &str, config: Json, input: &str| json!({"name": name, "type": kind, "config": config, "inputs": [input], "trainable": true});
    let spec = json!({
        "version": 1, "dtype": "f32", "inputs": [{"name": "input", "shape": null, "kind": "int"}], "outputs": ["head"],
        "nodes": [
            node("emb", "Embedding", json!({"num_embeddings": words, "embedding_dim": width}), "input"),
            node(name, kind, config, "emb"),
            node("head", "Linear", json!({"in_features": features, "out_features": classes}), name),
        ],
    });
    Some(ModelSpec::from_json(&spec.to_string()).unwrap())
}

fn model(file: &str) -> Model {
    let spec = ModelSpec::sequential("f32", &layers(file).unwrap()).unwrap();
    Model::build(&spec, 0, &Device::cpu()).unwrap()
}

fn path(name: &str) -> std::path::PathBuf {
    folder().join("files").join(name)
}

/// How far the model's output for the case's input is from PyTorch's.
fn off(model: &Model, case: &Json) -> f64 {
    let (input, expected) = (Array::parse(&case["input"]).host(), Array::parse(&case["output"]));
    let found = model.predict(&[input.view()], 0).unwrap().swap_remove(0);
    let data = found.view_data().to_f64();
    if found.shape == expected.shape {
        return difference(&data, &expected.data);
    }
    // The head gave every step: PyTorch's model takes the last one of an LSTM, the mean of a transformer's. The head is linear,
    // so it does not matter on which side of it that happens.
    let [rows, steps, classes] = found.shape[..] else { panic!("{:?}", found.shape) };
    let last = case["file"] == "lstm";
    let at = |row: usize, step: usize, class: usize| data[(row * steps + step) * classes + class];
    let one = |row: usize, class: usize| {
        if last { at(row, steps - 1, class) } else { (0..steps).map(|s| at(row, s, class)).sum::<f64>() / steps as f64 }
    };
    let picked: Vec<f64> = (0..rows * classes).map(|i| one(i / classes, i % classes)).collect();
    difference(&picked, &expected.data)
}

#[test]
fn pytorch_files_give_pytorch_outputs() {
    let mut ran = 0;
    for case in cases("files.json") {
        let file = case["file"].as_str().unwrap();
        let spec = match layers(file) {
            Some(layers) => Some(ModelSpec::sequential("f32", &layers).unwrap()),
            None => named(file),
        };
        let Some(spec) = spec else { continue };
        let build = || Model::build(&spec, 0, &Device::cpu()).unwrap();
        let mut names: Vec<&str> =
            case["state_names"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        let listed: Vec<String> = build().state_list().into_iter().map(|e| e.name).collect();
        assert_eq!(listed, names, "PyTorch's names in PyTorch's order");
        names.sort_unstable();
        for (ending, limit) in [
            (".safetensors", 1e-6),
            (".pt", 1e-6),
            ("-checkpoint.pt", 1e-6),
            ("-f16.safetensors", 5e-3), // half precision: eleven bits of every weight
        ] {
            let mut model = build();
            let mut loaded = model.load(&path(&format!("{file}{ending}")), true).unwrap().loaded;
            loaded.sort();
            assert_eq!(loaded, names);
            let off = off(&model, &case);
            assert!(off < limit, "{file}{ending}: {off}");
        }
        ran += 1;
    }
    assert!(ran >= 1, "no file has a model");
}

#[test]
fn a_legacy_file_gives_its_linear_function() {
    let spec = ModelSpec::sequential("f32", &[("Linear", json!({"in_features": 3, "out_features": 2}))]).unwrap();
    let mut model = Model::build(&spec, 0, &Device::cpu()).unwrap();
    let options = LoadOptions { rename: vec![("*".into(), "0.$1".into())], ..LoadOptions::default() };
    let report = model.load(&path("linear-legacy.pt"), options).unwrap();
    assert_eq!(report.loaded, ["0.weight", "0.bias"]);
    // The values at the file's end, read by hand: [2, 3] weights, two biases.
    let bytes = std::fs::read(path("linear-legacy.pt")).unwrap();
    let float = |from_end: usize| {
        let at = bytes.len() - from_end;
        f64::from(f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()))
    };
    let x = [0.5, -1.0, 2.0];
    let expected: Vec<f64> =
        (0..2).map(|o| (0..3).map(|i| float(40 - 4 * (3 * o + i)) * x[i]).sum::<f64>() + float(8 - 4 * o)).collect();
    let input = HostArray::new(vec![1, 3], HostData::F64(x.to_vec())).unwrap();
    let found = model.predict(&[input.view()], 0).unwrap().swap_remove(0);
    assert!(difference(&found.view_data().to_f64(), &expected) < 1e-6);
}

#[test]
fn a_saved_file_has_the_bytes_of_the_loaded_one() {
    let mut model = model("cnn");
    model.load(&path("cnn.safetensors"), true).unwrap();
    let temporary = std::env::temp_dir().join(format!("exburn-files-{}", std::process::id()));
    std::fs::create_dir_all(&temporary).unwrap();
    let copy = temporary.join("copy.safetensors");
    model.save(&copy).unwrap();
    let (original, written) = (std::fs::read(path("cnn.safetensors")).unwrap(), std::fs::read(&copy).unwrap());
    let (a, b) = (
        safetensors::SafeTensors::deserialize(&original).unwrap(),
        safetensors::SafeTensors::deserialize(&written).unwrap(),
    );
    assert_eq!(a.len(), b.len());
    for (name, view) in a.tensors() {
        let found = b.tensor(&name).unwrap();
        assert_eq!((found.dtype(), found.shape(), found.data()), (view.dtype(), view.shape(), view.data()), "{name}");
    }
    std::fs::remove_dir_all(temporary).unwrap();
}

#[test]
fn bad_files_are_named_and_change_nothing() {
    let mut model = model("mlp");
    let before = model.export_state().unwrap();
    let temporary = std::env::temp_dir().join(format!("exburn-bad-files-{}", std::process::id()));
    std::fs::create_dir_all(&temporary).unwrap();
    let whole = std::fs::read(path("mlp.safetensors")).unwrap();
    for (name, bytes) in [
        ("torn", &whole[..whole.len() - 5]),
        ("head", &whole[..4]),
        ("empty", &whole[..0]),
        ("foreign", b"PK\x03\x04 something else"),
    ] {
        let file = temporary.join(name);
        std::fs::write(&file, bytes).unwrap();
        let error = model.load(&file, true).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Format, "{name}: {error}");
        assert!(error.subject.as_deref().is_some_and(|s| s.contains(name)), "{name}: {error}");
    }
    let missing = model.load(&temporary.join("missing"), true).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    let other = model.load(&path("cnn.safetensors"), true).unwrap_err();
    assert_eq!(other.kind, ErrorKind::Format);
    let detail = other.detail.unwrap();
    assert_eq!(detail["missing"], json!(["2.weight", "2.bias"]));
    assert_eq!(detail["mismatched"][0]["name"], "0.weight");
    assert_eq!(before, model.export_state().unwrap());
    let report = model.load(&path("cnn.safetensors"), false).unwrap();
    assert_eq!((report.loaded.len() + report.mismatched.len(), report.unexpected.len()), (2, 7), "{report:?}");
    std::fs::remove_dir_all(temporary).unwrap();
}
