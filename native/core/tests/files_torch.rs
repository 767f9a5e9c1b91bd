//! What `torch.save` writes, read without Python. The files of tests/fixtures/files are PyTorch's (make.py beside them), and so are
//! the values in expected.json; the .safetensors files of the reference hold the values of the .pt files beside them.

#[path = "common/reference.rs"]
mod reference;

use std::path::{Path, PathBuf};

use exburn_core::store::{Format, WeightsFile};
use exburn_core::{ErrorKind, HostArray};
use serde_json::Value as Json;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/files").join(name)
}

fn expected() -> serde_json::Map<String, Json> {
    let text = std::fs::read_to_string(fixture("expected.json")).unwrap();
    match serde_json::from_str::<Json>(&text).unwrap()["files"].take() {
        Json::Object(files) => files,
        other => panic!("{other}"),
    }
}

/// Name in a safetensors header of PyTorch's element type.
fn stored_name(torch: &str) -> String {
    match torch {
        "bfloat16" => "BF16".to_owned(),
        "bool" => "BOOL".to_owned(),
        "uint8" => "U8".to_owned(),
        other => other.replace("float", "F").replace("int", "I"),
    }
}

fn check(file: &WeightsFile<'_>, expected: &Json, what: &str) {
    let expected = expected.as_object().unwrap();
    let mut names: Vec<&str> = file.tensors.iter().map(|t| t.name.as_str()).collect();
    names.sort_unstable();
    let mut wanted: Vec<&str> = expected.keys().map(String::as_str).collect();
    wanted.sort_unstable();
    assert_eq!(names, wanted, "{what}");
    for (name, tensor) in expected {
        let found = file.read(name).unwrap_or_else(|e| panic!("{what}: {e}"));
        let shape: Vec<u64> = found.shape.iter().map(|&d| d as u64).collect();
        assert_eq!(serde_json::json!(shape), tensor["shape"], "{what} {name}");
        assert_eq!(file.tensor(name).unwrap().dtype.name(), stored_name(tensor["dtype"].as_str().unwrap()), "{name}");
        let data: Vec<f64> = tensor["data"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        assert_eq!(found.view_data().to_f64(), data, "{what} {name}");
    }
}

#[test]
fn every_file_of_torch_save_has_its_values() {
    let keys = [("deep.pt", "run.ema.model.encoder"), ("two-models.pt", "generator")];
    for (name, mut tensors) in expected() {
        let key = keys.iter().find(|(file, _)| *file == name).map(|(_, key)| *key);
        if tensors.as_object().unwrap().is_empty() {
            continue; // several models or none by itself: other tests choose
        }
        let open = || WeightsFile::open(&fixture(&name), key).unwrap_or_else(|e| panic!("{e}"));
        let legacy = name.contains("legacy");
        assert_eq!(open().format, if legacy { Format::PyTorchLegacy } else { Format::PyTorch }, "{name}");
        if name == "data-parallel.pt" {
            // The part under 'state_dict' is found by itself.
            assert!(open().tensor("best_acc1").is_none());
        }
        check(&open(), &tensors.take(), &name);
        let bytes = std::fs::read(fixture(&name)).unwrap();
        let memory = WeightsFile::from_bytes(&bytes, key).unwrap();
        assert_eq!(memory.tensors.len(), open().tensors.len());
    }
}

#[test]
fn the_key_chooses_a_part() {
    let open = |file: &str, key: Option<&str>| WeightsFile::open(&fixture(file), key);
    let names = |file: WeightsFile<'static>| -> Vec<String> { file.tensors.into_iter().map(|t| t.name).collect() };
    assert_eq!(names(open("two-models.pt", Some("critic")).unwrap()), ["weight", "bias"]);
    let several = open("two-models.pt", None).unwrap_err();
    assert_eq!(several.kind, ErrorKind::InvalidArgument);
    assert!(several.message.contains("generator, critic"), "{several}");
    assert_eq!(
        names(open("two-models.pt", Some("")).unwrap()),
        ["generator.weight", "generator.bias", "critic.weight", "critic.bias"]
    );
    let wrong = open("two-models.pt", Some("discriminator")).unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::NotFound);
    assert!(wrong.message.contains("its keys are: generator, critic"), "{wrong}");
    let deep = open("deep.pt", None).unwrap_err();
    assert_eq!(deep.kind, ErrorKind::NotFound);
    assert!(deep.message.contains("run, lr"), "{deep}");

    // A part of a flat state_dict: what its names begin with. In safetensors too.
    assert_eq!(names(open("data-parallel.pt", Some("state_dict.module.3")).unwrap()), ["weight", "bias"]);
    assert_eq!(names(open("data-parallel.pt", Some("module.3")).unwrap()), ["weight", "bias"]);
    let safetensors = reference::folder().join("files/mlp.safetensors");
    assert_eq!(names(WeightsFile::open(&safetensors, Some("2")).unwrap()).len(), 2);
    assert_eq!(WeightsFile::open(&safetensors, Some("3")).unwrap_err().kind, ErrorKind::NotFound);
    // A usual key is not needed where the whole file is a state_dict, and the whole can be had where it is one.
    let all = names(open("data-parallel.pt", Some("")).unwrap());
    assert!(all.iter().any(|n| n == "best_acc1") && all.iter().any(|n| n == "optimizer.state.0.exp_avg"), "{all:?}");
}

#[test]
fn reference_files_hold_what_their_safetensors_twins_hold() {
    let files = reference::folder().join("files");
    let mut compared = 0;
    for entry in std::fs::read_dir(&files).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let twin = files.join(format!("{}.safetensors", name.trim_end_matches("-checkpoint")));
        if path.extension().is_none_or(|e| e != "pt") || !twin.exists() {
            continue;
        }
        let (file, twin) = (WeightsFile::open(&path, None).unwrap(), WeightsFile::open(&twin, None).unwrap());
        assert_eq!((file.tensors.len(), twin.format), (twin.tensors.len(), Format::SafeTensors));
        for tensor in &twin.tensors {
            let (a, b): (HostArray, HostArray) = (file.read(&tensor.name).unwrap(), twin.read(&tensor.name).unwrap());
            assert_eq!(a, b, "{name}: {}", tensor.name);
        }
        compared += 1;
    }
    assert!(compared >= 1, "no .pt file has a .safetensors twin");
}

/// The bytes of linear-legacy.pt, written out: six floats, then two.
#[test]
fn a_legacy_file_has_the_values_at_its_end() {
    let path = reference::folder().join("files/linear-legacy.pt");
    let bytes = std::fs::read(&path).unwrap();
    let file = WeightsFile::open(&path, None).unwrap();
    let tail = |from_end: usize, n: usize| -> Vec<f64> {
        let at = bytes.len() - from_end;
        bytes[at..at + 4 * n].chunks(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect()
    };
    let bias = file.read("bias").unwrap();
    let weight = file.read("weight").unwrap();
    let (w, b) = (weight.view_data().len(), bias.view_data().len());
    assert_eq!(bias.view_data().to_f64(), tail(4 * b, b));
    assert_eq!(weight.view_data().to_f64(), tail(4 * b + 8 + 4 * w, w));
}
