//! How names of files and models come together, and how models are written: element types, metadata, several files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::ModelSpec;
use exburn_core::store::{LoadOptions, SaveOptions, WeightsFile};
use exburn_core::{Error, ErrorKind};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/files").join(name)
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("exburn-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Linear, batch norm, ReLU, Linear: the model of data-parallel.pt, with the names of a Sequential.
fn model(dtype: &str, seed: u64) -> Model {
    let layers = [
        ("Linear", json!({"in_features": 3, "out_features": 4})),
        ("BatchNorm1d", json!({"num_features": 4})),
        ("ReLU", json!({})),
        ("Linear", json!({"in_features": 4, "out_features": 2})),
    ];
    Model::build(&ModelSpec::sequential(dtype, &layers).unwrap(), seed, &Device::cpu()).unwrap()
}

const NAMES: [&str; 9] = [
    "0.weight",
    "0.bias",
    "1.weight",
    "1.bias",
    "1.running_mean",
    "1.running_var",
    "1.num_batches_tracked",
    "3.weight",
    "3.bias",
];

fn rules(rules: &[(&str, &str)]) -> Vec<(String, String)> {
    rules.iter().map(|(p, r)| ((*p).to_owned(), (*r).to_owned())).collect()
}

fn only(patterns: &[&str]) -> LoadOptions {
    LoadOptions { only: patterns.iter().map(|p| (*p).to_owned()).collect(), ..LoadOptions::default() }
}

/// A tensor of the model's state, parsed by the format's own crate.
fn values(model: &Model, name: &str) -> Vec<u8> {
    let bytes = model.export_state().unwrap();
    SafeTensors::deserialize(&bytes).unwrap().tensor(name).unwrap().data().to_vec()
}

#[test]
fn the_prefix_of_data_parallel_is_dropped() {
    let mut one = model("f32", 1);
    let report = one.load(&fixture("data-parallel.pt"), true).unwrap();
    assert_eq!(report.loaded, NAMES);
    // As by hand, and the counter is what BatchNorm1d had seen: one batch.
    let mut two = model("f32", 2);
    let by_hand =
        LoadOptions { key: Some("state_dict".into()), rename: rules(&[("module.*", "$1")]), ..LoadOptions::default() };
    two.load(&fixture("data-parallel.pt"), by_hand).unwrap();
    assert_eq!(one.export_state().unwrap(), two.export_state().unwrap());
    assert_eq!(values(&one, "1.num_batches_tracked"), 1i64.to_le_bytes());
}

#[test]
fn rules_and_patterns_load_parts() {
    let file = fixture("module.pt"); // names fc, norm, head.0
    let mut whole = model("f32", 1);
    let rename = rules(&[("fc.*", "0.$1"), ("norm.*", "1.$1"), ("head.0.*", "3.$1")]);
    assert_eq!(
        whole.load(&file, LoadOptions { rename: rename.clone(), ..LoadOptions::default() }).unwrap().loaded,
        NAMES
    );

    // The backbone only: the head stays as it was, and strict does not ask for it.
    let mut part = model("f32", 2);
    let (head, before) = (values(&part, "3.weight"), values(&part, "0.weight"));
    let options = LoadOptions { rename: rename.clone(), ..only(&["0.*", "1"]) };
    assert_eq!(part.load(&file, options).unwrap().loaded, NAMES[..7]);
    assert_eq!(values(&part, "3.weight"), head);
    assert_ne!(values(&part, "0.weight"), before);
    assert_eq!(values(&part, "0.weight"), values(&whole, "0.weight"));

    // What is chosen is still strict.
    let missing = part.load(&file, only(&["0.*"])).unwrap_err();
    assert_eq!(
        (missing.kind, missing.detail.unwrap()["missing"].clone()),
        (ErrorKind::Format, json!(["0.weight", "0.bias"]))
    );
    assert_eq!(part.load(&file, only(&["encoder.*"])).unwrap_err().kind, ErrorKind::NotFound);
    let both =
        LoadOptions { rename: rules(&[("fc.weight", "0.bias"), ("fc.bias", "0.bias")]), ..LoadOptions::default() };
    let both = part.load(&file, both).unwrap_err();
    assert_eq!(both.kind, ErrorKind::InvalidArgument);
    assert!(
        both.message.contains("'fc.weight' and 'fc.bias'") || both.message.contains("'fc.bias' and 'fc.weight'"),
        "{both}"
    );
    let wrong = LoadOptions { rename: rules(&[("fc", "$1")]), ..LoadOptions::default() };
    assert_eq!(part.load(&file, wrong).unwrap_err().kind, ErrorKind::InvalidArgument);
}

/// The state of the model as a file of another hand.
fn written(model: &Model, change: impl Fn(&str) -> Option<String>) -> Vec<u8> {
    let bytes = model.export_state().unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let kept: Vec<_> = file.tensors().into_iter().filter_map(|(name, view)| Some((change(&name)?, view))).collect();
    safetensors::serialize(kept, None).unwrap()
}

#[test]
fn strict_reports_everything_at_once_and_changes_nothing() {
    let (source, mut target) = (model("f32", 1), model("f32", 2));
    let before = target.export_state().unwrap();
    let bytes = written(&source, |name| match name {
        "0.weight" => None,
        "3.bias" => Some("0.bias2".into()),
        "0.bias" => Some("3.bias".into()), // four values for two
        other => Some(other.into()),
    });
    let error = target.import_state(&bytes, true).unwrap_err();
    let detail = error.detail.clone().unwrap();
    assert_eq!(detail["missing"], json!(["0.weight", "0.bias"]));
    assert_eq!(detail["unexpected"], json!(["0.bias2"]));
    assert_eq!(detail["mismatched"], json!([{"name": "3.bias", "expected": [2], "found": [4]}]));
    for word in ["0.weight", "0.bias2", "3.bias: expected [2], found [4]", "nothing was changed"] {
        assert!(error.message.contains(word), "{error}");
    }
    assert_eq!(target.export_state().unwrap(), before);
    let report = target.import_state(&bytes, false).unwrap();
    assert_eq!(report.loaded.len(), 6);
    assert_eq!(values(&target, "3.weight"), values(&source, "3.weight"));
}

/// PyTorch's rule: a state of version 1 (or of none, as in safetensors) may lack the counters; they keep their values.
#[test]
fn counters_may_be_missing_where_the_file_is_old() {
    let (mut source, mut target) = (model("f32", 1), model("f32", 2));
    source.load(&fixture("data-parallel.pt"), true).unwrap();
    let bytes = written(&source, |name| (!name.ends_with("tracked")).then(|| name.to_owned()));
    let report = target.import_state(&bytes, true).unwrap();
    assert_eq!((report.loaded.len(), report.missing.len()), (8, 0));
    assert_eq!(values(&target, "1.num_batches_tracked"), 0i64.to_le_bytes());
    // A pickled state_dict says its version: 2 has them, so their lack is an error.
    let error = target.load(&fixture("no-counter.pt"), true).unwrap_err();
    assert_eq!(error.detail.unwrap()["missing"], json!(["1.num_batches_tracked"]));
    assert_eq!(target.load(&fixture("no-counter.pt"), false).unwrap().missing, ["1.num_batches_tracked"]);
}

#[test]
fn floats_are_stored_in_every_precision() {
    let folder = Folder::new("precision");
    for (kind, stored) in [("f32", 4), ("f64", 8)] {
        let source = model(kind, 3);
        let whole = source.export_state().unwrap();
        let whole = SafeTensors::deserialize(&whole).unwrap();
        for (name, dtype) in [("F64", Dtype::F64), ("F32", Dtype::F32), ("F16", Dtype::F16), ("BF16", Dtype::BF16)] {
            let path = folder.file(&format!("{kind}-{name}.safetensors"));
            let metadata = BTreeMap::from([("author".to_owned(), "\"tester\"".to_owned())]);
            let options = SaveOptions { dtype: Some(name.into()), metadata, ..SaveOptions::default() };
            source.save_with(&path, &options).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
            let texts = header.metadata().clone().unwrap();
            assert_eq!((texts["format"].as_str(), texts["author"].as_str()), ("pt", "\"tester\""));
            let file = SafeTensors::deserialize(&bytes).unwrap();
            assert_eq!(file.tensor("1.num_batches_tracked").unwrap().dtype(), Dtype::I64);
            for name in NAMES.iter().filter(|n| !n.ends_with("tracked")) {
                let (exact, found) = (whole.tensor(name).unwrap(), file.tensor(name).unwrap());
                assert_eq!((found.dtype(), found.shape()), (dtype, exact.shape()), "{name}");
                let exact = exact.data().chunks(stored).map(|b| match stored {
                    4 => f64::from(f32::from_le_bytes(b.try_into().unwrap())),
                    _ => f64::from_le_bytes(b.try_into().unwrap()),
                });
                let expected: Vec<u8> = match dtype {
                    Dtype::F64 => exact.flat_map(f64::to_le_bytes).collect(),
                    Dtype::F32 => exact.flat_map(|x| (x as f32).to_le_bytes()).collect(),
                    Dtype::F16 => exact.flat_map(|x| f16::from_f64(x).to_le_bytes()).collect(),
                    _ => exact.flat_map(|x| bf16::from_f64(x).to_le_bytes()).collect(),
                };
                assert_eq!(found.data(), expected, "{kind} {name}");
            }
            let mut back = model(kind, 4);
            assert_eq!(back.load(&path, true).unwrap().loaded.len(), NAMES.len());
        }
    }
    for wrong in ["I8", "F8_E4M3", "float16", ""] {
        let options = SaveOptions { dtype: Some(wrong.into()), ..SaveOptions::default() };
        assert_eq!(
            model("f32", 1).save_with(&folder.file("x"), &options).unwrap_err().kind,
            ErrorKind::DType,
            "{wrong}"
        );
    }
    assert!(!folder.file("x").exists());
}

#[test]
fn shards_are_found_by_index_folder_and_name() {
    let folder = Folder::new("shards");
    let path = folder.file("model.safetensors");
    let source = model("f32", 5);
    let shards = |most: u64| SaveOptions { max_shard_bytes: Some(most), ..SaveOptions::default() };
    source.save_with(&path, &shards(1 << 20)).unwrap();
    assert_eq!(folder.names(), ["model.safetensors"], "what fits is one file");

    source.save_with(&path, &shards(64)).unwrap();
    let names = folder.names();
    let index: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.file("model.safetensors.index.json")).unwrap()).unwrap();
    assert_eq!(index["metadata"]["total_size"], 4 * (12 + 4 + 4 * 4 + 8 + 2) + 8);
    let map = index["weight_map"].as_object().unwrap();
    assert_eq!(map.len(), NAMES.len());
    let count = names.len() - 1;
    assert!(count >= 3 && !path.exists(), "{names:?}");
    for (name, file) in map {
        let bytes = std::fs::read(folder.file(file.as_str().unwrap())).unwrap();
        let shard = SafeTensors::deserialize(&bytes).unwrap();
        assert!(shard.tensor(name).is_ok(), "{name} in {file}");
        assert!(file.as_str().unwrap().ends_with(&format!("-of-{count:05}.safetensors")));
        assert!(shard.tensors().iter().map(|(_, v)| v.data().len()).sum::<usize>() <= 64);
    }
    for open in [&path, &folder.file("model.safetensors.index.json"), &folder.0] {
        let mut back = model("f32", 6);
        assert_eq!(back.load(open, true).unwrap().loaded, NAMES, "{}", open.display());
        assert_eq!(back.export_state().unwrap(), source.export_state().unwrap());
    }
    // Fewer shards: the earlier ones go, strangers stay.
    std::fs::write(folder.file("model-notes.txt"), "mine").unwrap();
    source.save_with(&path, &shards(128)).unwrap();
    let fewer = folder.names();
    assert!(fewer.len() < names.len() + 1 && fewer.contains(&"model-notes.txt".to_owned()), "{fewer:?}");
    assert_eq!(model("f32", 7).load(&folder.0, true).unwrap().loaded.len(), NAMES.len());
}

#[test]
fn broken_indexes_are_errors() {
    let folder = Folder::new("indexes");
    let path = folder.file("model.safetensors");
    let source = model("f32", 5);
    source.save_with(&path, &SaveOptions { max_shard_bytes: Some(64), ..SaveOptions::default() }).unwrap();
    let index = folder.file("model.safetensors.index.json");
    let text = std::fs::read_to_string(&index).unwrap();
    let load = |text: &str| -> Error {
        std::fs::write(&index, text).unwrap();
        model("f32", 1).load(&index, true).unwrap_err()
    };
    assert_eq!(load("{}").kind, ErrorKind::Format);
    assert_eq!(load(r#"{"weight_map":{}}"#).kind, ErrorKind::Format);
    assert_eq!(load(r#"{"weight_map":{"0.weight":"gone.safetensors"}}"#).kind, ErrorKind::NotFound);
    for outside in ["../secret.safetensors", "/etc/passwd", "..", "a/b", "a\\b", ""] {
        let error = load(&json!({"weight_map": {"0.weight": outside}}).to_string());
        assert_eq!(error.kind, ErrorKind::Format, "{outside}: {error}");
    }
    let wrong = text.replacen("0.bias", "0.other", 1);
    assert!(load(&wrong).message.contains("0.other"));
    assert_eq!(load(&text[..text.len() / 2]).kind, ErrorKind::Format);
    std::fs::write(&index, &text).unwrap();
    let first = folder.names().into_iter().find(|n| n.contains("-00001-")).unwrap();
    std::fs::remove_file(folder.file(&first)).unwrap();
    let error = model("f32", 1).load(&folder.0, true).unwrap_err();
    assert!(error.kind == ErrorKind::NotFound && error.message.contains(&first), "{error}");
    let empty = Folder::new("empty");
    assert_eq!(WeightsFile::open(&empty.0, None).unwrap_err().kind, ErrorKind::NotFound);
}
