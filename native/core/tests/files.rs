//! Files written by PyTorch: they load, give PyTorch's outputs, and come out as they went in.

#[path = "common/reference.rs"]
mod reference;

use exburn_core::ErrorKind;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::ModelSpec;
use reference::{Array, cases, difference, folder};
use serde_json::{Value as Json, json};

/// The model behind a file, from the names and shapes of its state: numbered layers are a chain. Between them stand layers
/// without state: one is a ReLU, three are a ReLU, a global average and a Flatten. `None` for models with named layers.
fn layers(file: &str) -> Option<Vec<(&'static str, Json)>> {
    let bytes = std::fs::read(path(&format!("{file}.safetensors"))).unwrap();
    let state = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut shapes = std::collections::BTreeMap::new();
    for (name, view) in state.tensors() {
        let (layer, part) = name.split_once('.')?;
        if part == "weight" {
            shapes.insert(layer.parse::<usize>().ok()?, view.shape().to_vec());
        }
    }
    let mut layers = Vec::new();
    for (position, shape) in shapes {
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
    assert_eq!(found.shape, expected.shape);
    difference(&found.view_data().to_f64(), &expected.data)
}

#[test]
fn pytorch_files_give_pytorch_outputs() {
    let mut ran = 0;
    for case in cases("files.json") {
        let file = case["file"].as_str().unwrap();
        if layers(file).is_none() {
            continue;
        }
        let mut model = model(file);
        let report = model.load(&path(&format!("{file}.safetensors")), true).unwrap();
        let mut names: Vec<&str> =
            case["state_names"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
        let listed: Vec<String> = model.state_list().into_iter().map(|e| e.name).collect();
        assert_eq!(listed, names, "PyTorch's names in PyTorch's order");
        let mut loaded = report.loaded.clone();
        loaded.sort();
        names.sort_unstable();
        assert_eq!(loaded, names);
        assert!(off(&model, &case) < 1e-6, "{file}");

        // Half precision: eleven bits of every weight.
        model.load(&path(&format!("{file}-f16.safetensors")), true).unwrap();
        assert!(off(&model, &case) < 5e-3, "{file} f16");
        ran += 1;
    }
    assert!(ran >= 1, "no file was a chain");
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
