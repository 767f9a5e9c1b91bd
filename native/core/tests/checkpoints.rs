//! Checkpoints: a run that is interrupted and goes on from one gives the bits of one that is not; every other file is an
//! error that changes nothing.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use exburn_core::data::Dataset;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{AverageSpec, CompileSpec, ModelSpec};
use exburn_core::train::{RunResult, TrainOptions, train_epoch};
use exburn_core::{ArrayView, DataView, ErrorKind};
use serde_json::{Value as Json, json};

/// A folder of the test's own, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("exburn-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn data(rows: usize) -> Dataset {
    let x: Vec<f32> = (0..rows * 6).map(|i| ((i * 37 % 101) as f32 / 50.0) - 1.0).collect();
    let y: Vec<i32> = (0..rows).map(|i| (i * 7 % 3) as i32).collect();
    let mut data = Dataset::new();
    data.add_input(ArrayView::new(vec![rows, 6], DataView::F32(&x)).unwrap()).unwrap();
    data.add_target(ArrayView::new(vec![rows], DataView::I32(&y)).unwrap()).unwrap();
    data
}

fn built(dtype: &str, hidden: usize, seed: u64) -> Model {
    let layers = [
        ("Linear", json!({"in_features": 6, "out_features": hidden})),
        ("BatchNorm1d", json!({"num_features": hidden})),
        ("ReLU", json!({})),
        ("Dropout", json!({"p": 0.3})),
        ("Linear", json!({"in_features": hidden, "out_features": 3})),
    ];
    Model::build(&ModelSpec::sequential(dtype, &layers).unwrap(), seed, &Device::cpu()).unwrap()
}

fn compile(model: &mut Model, optimizer: &Json) {
    let spec = json!({"version": 1, "loss": {"type": "CrossEntropy"}, "optimizer": optimizer,
        "metrics": [{"type": "Accuracy"}, {"type": "RocAuc"}]});
    model.compile(&CompileSpec::from_json(&spec.to_string()).unwrap()).unwrap();
}

fn ema() -> AverageSpec {
    AverageSpec { version: 1, decay: Some(0.9), warmup: true, every: 1, buffers: true }
}

fn model(optimizer: &Json, seed: u64) -> Model {
    let mut model = built("f32", 16, seed);
    compile(&mut model, optimizer);
    model.average(Some(ema())).unwrap();
    model
}

/// Batches of 7 of 52 rows, two to a step: eight batches, four steps.
fn options(epoch: u64) -> TrainOptions {
    TrainOptions { epoch, seed: 5, batch_size: 7, accumulate: 2, keep_open: true, ..TrainOptions::default() }
}

fn part(model: &mut Model, epoch: u64, start_batch: u64, pause_after: Option<u64>) -> RunResult {
    let options = TrainOptions { start_batch, pause_after, ..options(epoch) };
    let mut result = train_epoch(model, &data(52), &options, &[0.05], &AtomicBool::new(false), None).unwrap();
    // NaN is not equal to itself.
    (result.seconds, result.grad_norm) = (0.0, 0.0);
    result
}

/// All that a checkpoint of the model holds: state, averages, optimizer.
fn contents(model: &Model, folder: &Folder) -> Vec<u8> {
    let path = folder.file("contents");
    model.write_checkpoint(&path, "{}", &[]).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    // The time that an open epoch took differs, and with it the sum.
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut arrays: Vec<_> = file.tensors().into_iter().filter(|(name, _)| name != "exburn.epoch/numbers").collect();
    arrays.sort_by(|a, b| a.0.cmp(&b.0));
    arrays.iter().flat_map(|(name, view)| [name.as_bytes(), view.data()].concat()).collect()
}

fn restore(model: &mut Model, path: &Path) -> exburn_core::Result<()> {
    let checkpoint = model.read_checkpoint(path)?;
    model.apply_checkpoint(checkpoint)
}

#[test]
fn a_run_that_goes_on_gives_the_bits_of_one_that_never_stopped() {
    let folder = Folder::new("resume");
    let optimizers = [
        json!({"type": "SGD", "config": {"lr": 0.05, "momentum": 0.9, "nesterov": true}}),
        json!({"type": "NAdam", "config": {"lr": 0.05}}),
        json!({"type": "Adam", "config": {"lr": 0.05, "amsgrad": true},
            "groups": [{"params": ["*.bias"], "type": "RMSprop", "config": {"lr": 0.01, "momentum": 0.5, "centered": true}}]}),
        json!({"type": "ASGD", "config": {"lr": 0.05}}),
        json!({"type": "Adafactor", "config": {"lr": 0.05}}),
    ];
    for optimizer in &optimizers {
        let mut whole = model(optimizer, 1);
        let expected: Vec<RunResult> = (0..4).map(|epoch| part(&mut whole, epoch, 0, None)).collect();

        // Interrupted at the end of epoch 1, then within epoch 2, then within it again.
        let path = folder.file("run.safetensors");
        let mut first = model(optimizer, 1);
        let mut found: Vec<RunResult> = (0..2).map(|epoch| part(&mut first, epoch, 0, None)).collect();
        first.write_checkpoint(&path, r#"{"a":"b\"exburn.checksum\":\"x"}"#, &[b"one", b""]).unwrap();

        let mut second = model(optimizer, 2);
        let checkpoint = second.read_checkpoint(&path).unwrap();
        assert_eq!(checkpoint.notes, r#"{"a":"b\"exburn.checksum\":\"x"}"#);
        assert_eq!(checkpoint.attachments, [b"one".to_vec(), vec![]]);
        second.apply_checkpoint(checkpoint).unwrap();
        let paused = part(&mut second, 2, 0, Some(1));
        assert_eq!((paused.steps, paused.batches, paused.samples), (1, 2, 14));
        second.write_checkpoint(&path, "", &[]).unwrap();

        let mut third = model(optimizer, 3);
        restore(&mut third, &path).unwrap();
        part(&mut third, 2, 2, Some(2));
        third.write_checkpoint(&path, "", &[]).unwrap();

        let mut fourth = model(optimizer, 4);
        restore(&mut fourth, &path).unwrap();
        found.push(part(&mut fourth, 2, 6, None));
        found.push(part(&mut fourth, 3, 0, None));
        assert_eq!(found, expected, "{optimizer}");
        assert_eq!(contents(&fourth, &folder), contents(&whole, &folder), "{optimizer}");
        // The weights can be had alone, under their own names.
        let mut weights = built("f32", 16, 9);
        let report = weights.load(&path, true).unwrap();
        assert!(report.unexpected.is_empty() && report.missing.is_empty());
        assert_eq!(weights.export_state().unwrap(), {
            third.use_averages(false);
            third.export_state().unwrap()
        });
    }
}

#[test]
fn what_does_not_fit_is_named_and_changes_nothing() {
    let folder = Folder::new("mismatch");
    let (adam, sgd) = (json!({"type": "Adam", "config": {}}), json!({"type": "SGD", "config": {"momentum": 0.9}}));
    let path = folder.file("run.safetensors");
    let mut source = model(&adam, 1);
    part(&mut source, 0, 0, None);
    source.write_checkpoint(&path, "{}", &[]).unwrap();

    let check = |mut target: Model, words: &[&str]| {
        part(&mut target, 0, 0, None);
        let before = contents(&target, &folder);
        let error = restore(&mut target, &path).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Format, "{error}");
        for word in words {
            assert!(error.message.contains(word), "{error}");
        }
        assert_eq!(contents(&target, &folder), before);
        part(&mut target, 1, 0, None);
    };
    check(model(&sgd, 2), &["optimizer", "expected SGD", "found Adam"]);
    check(
        model(&json!({"type": "Adam", "config": {"amsgrad": true}}), 2),
        &["optimizer state of '0.weight'", "max_exp_avg_sq"],
    );
    let mut double = built("f64", 16, 2);
    compile(&mut double, &adam);
    check(double, &["type: expected f64, found f32"]);
    let mut wide = built("f32", 17, 2);
    compile(&mut wide, &adam);
    check(wide, &["0.weight: expected [17, 6], found [16, 6]"]);
    let grouped = json!({"type": "Adam", "config": {}, "groups": [{"params": ["0"], "config": {"lr": 1.0}}]});
    check(model(&grouped, 2), &["expected Adam, Adam, found Adam"]);
    let layers = [("Linear", json!({"in_features": 6, "out_features": 3}))];
    let mut other = Model::build(&ModelSpec::sequential("f32", &layers).unwrap(), 1, &Device::cpu()).unwrap();
    compile(&mut other, &adam);
    check(other, &["unexpected", "4.weight"]);

    let mut plain = built("f32", 16, 2);
    assert_eq!(restore(&mut plain, &path).unwrap_err().kind, ErrorKind::InvalidArgument, "not compiled");
    let missing = restore(&mut model(&adam, 2), &folder.file("none")).unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
    let mut averaged = model(&adam, 2);
    part(&mut averaged, 0, 0, None);
    averaged.use_averages(true);
    assert_eq!(restore(&mut averaged, &path).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(averaged.write_checkpoint(&path, "", &[]).unwrap_err().kind, ErrorKind::InvalidArgument);
    let unwritable = source.write_checkpoint(&folder.file("no/such/folder"), "", &[]).unwrap_err();
    assert_eq!(unwritable.kind, ErrorKind::Io);
}

#[test]
fn damaged_foreign_and_newer_files_are_errors() {
    let folder = Folder::new("damage");
    let adam = json!({"type": "Adam", "config": {}});
    let path = folder.file("run.safetensors");
    let mut model = model(&adam, 1);
    part(&mut model, 0, 0, Some(2));
    model.write_checkpoint(&path, "{}", &[b"attached"]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let before = contents(&model, &folder);
    let error = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = model.read_checkpoint(&path).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Format, "{error}");
        error.message
    };
    // Cut at every place of the header, and at many after it.
    for end in (0..header + 64).chain((header..whole.len()).step_by(97)).chain([whole.len() - 1]) {
        error(&whole[..end]);
    }
    // One bit of each byte of the header turned, and of many after it.
    for at in (0..header).chain((header..whole.len()).step_by(7)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let message = error(&bytes);
        assert!(at < header || message.contains("damaged"), "{at}: {message}");
    }
    assert!(error(&[&whole[..], b"x"].concat()).contains("not a whole safetensors file"));
    assert!(error(&model.export_state().unwrap()).contains("not a checkpoint"));
    assert!(error(b"PK\x03\x04 nothing of the kind, but long enough for a length").contains("safetensors"));
    let replaced = |from: &str, to: &str| {
        let at = whole.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        [&whole[..at], to.as_bytes(), &whole[at + from.len()..]].concat()
    };
    let newer = error(&replaced(r#""exburn.checkpoint":"1""#, r#""exburn.checkpoint":"2""#));
    assert!(newer.contains("version 2") && newer.contains("newer"), "{newer}");
    assert!(error(&replaced(r#""exburn.checkpoint":"1""#, r#""exburn.checkpoint":"x""#)).contains("version"));
    std::fs::write(&path, &whole).unwrap();
    model.read_checkpoint(&path).unwrap();
    assert_eq!(contents(&model, &folder), before);
}

#[test]
fn an_open_epoch_is_gone_on_with_only_where_it_stands() {
    let adam = json!({"type": "Adam", "config": {}});
    let mut model = model(&adam, 1);
    let cancel = AtomicBool::new(false);
    let mut run = |options: TrainOptions| train_epoch(&mut model, &data(52), &options, &[0.1], &cancel, None);
    assert!(run(TrainOptions { start_batch: 2, ..options(0) }).unwrap_err().message.contains("no epoch open"));
    run(TrainOptions { pause_after: Some(1), ..options(0) }).unwrap();
    for wrong in [
        TrainOptions { start_batch: 4, ..options(0) },
        TrainOptions { start_batch: 2, ..options(1) },
        TrainOptions { start_batch: 2, accumulate: 4, ..options(0) },
        TrainOptions { start_batch: 2, batch_size: 50, ..options(0) },
    ] {
        assert_eq!(run(wrong).unwrap_err().kind, ErrorKind::InvalidArgument);
    }
    let whole = run(TrainOptions { start_batch: 2, ..options(0) }).unwrap();
    assert_eq!((whole.batches, whole.samples, whole.steps), (8, 52, 4));
    assert!(run(TrainOptions { start_batch: 8, ..options(0) }).is_err());
}
