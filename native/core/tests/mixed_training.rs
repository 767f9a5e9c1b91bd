//! Training under mixed precision: losses near those of f32, steps that are left out, loss scaling that goes on from a
//! checkpoint, weights stored as halves.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use exburn_core::data::Dataset;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{AverageSpec, CompileSpec, ModelSpec};
use exburn_core::tensor::DType;
use exburn_core::train::{LossScaling, RunResult, TrainOptions, compute_gradients, evaluate, train_epoch, train_step};
use exburn_core::{ArrayView, DataView, ErrorKind};
use serde_json::{Value as Json, json};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Two noisy half moons in four dimensions, by a rule.
fn data(rows: usize) -> (Vec<f32>, Vec<i32>) {
    let noise = |i: usize| ((i * 7919 % 1009) as f32 / 1009.0 - 0.5) * 0.3;
    let row = |i: usize| {
        let (class, t) = ((i % 2) as f32, (i * 613 % 997) as f32 / 997.0 * std::f32::consts::PI);
        let (x, y) = (t.cos() + class, if class > 0.5 { 0.5 - t.sin() } else { t.sin() });
        [x + noise(i), y + noise(i + 1), x * y, x - y]
    };
    ((0..rows).flat_map(row).collect(), (0..rows).map(|i| (i % 2) as i32).collect())
}

fn dataset(rows: usize) -> Dataset {
    let (x, y) = data(rows);
    let mut data = Dataset::new();
    data.add_input(ArrayView::new(vec![rows, 4], DataView::F32(&x)).unwrap()).unwrap();
    data.add_target(ArrayView::new(vec![rows], DataView::I32(&y)).unwrap()).unwrap();
    data
}

fn model(dtype: &str, optimizer: Json, loss: &str) -> Model {
    let layers = [
        ("Linear", json!({"in_features": 4, "out_features": 32})),
        ("BatchNorm1d", json!({"num_features": 32})),
        ("ReLU", json!({})),
        ("Linear", json!({"in_features": 32, "out_features": 2})),
    ];
    let mut model = Model::build(&ModelSpec::sequential(dtype, &layers).unwrap(), 3, &Device::cpu()).unwrap();
    compile(&mut model, optimizer, loss);
    model
}

fn compile(model: &mut Model, optimizer: Json, loss: &str) {
    let spec = json!({"version": 1, "loss": {"type": loss}, "optimizer": optimizer, "metrics": []});
    model.compile(&CompileSpec::from_json(&spec.to_string()).unwrap()).unwrap();
}

fn adam() -> Json {
    json!({"type": "Adam", "config": {"lr": 0.01}})
}

fn mixed(low: DType, scaling: Option<LossScaling>) -> TrainOptions {
    TrainOptions { batch_size: 16, seed: 5, autocast: Some(low), scaling, ..TrainOptions::default() }
}

fn epoch(model: &mut Model, number: u64, options: &TrainOptions) -> RunResult {
    let options = TrainOptions { epoch: number, ..options.clone() };
    train_epoch(model, &dataset(256), &options, &[0.01], &NEVER, None).unwrap()
}

fn step(model: &mut Model, options: &TrainOptions) -> exburn_core::Result<RunResult> {
    let (x, y) = data(16);
    let (x, y) =
        (ArrayView::new(vec![16, 4], DataView::F32(&x)).unwrap(), ArrayView::new(vec![16], DataView::I32(&y)).unwrap());
    train_step(model, &[x], &[y], None, options, 0.01)
}

#[test]
fn the_losses_are_those_of_single_precision_within_two_percent() {
    let plain = TrainOptions { batch_size: 16, seed: 5, ..TrainOptions::default() };
    let runs = [plain, mixed(DType::F16, Some(LossScaling::default())), mixed(DType::BF16, None)].map(|options| {
        let mut model = model("f32", adam(), "CrossEntropy");
        (0..6).map(|e| epoch(&mut model, e, &options).loss).collect::<Vec<f64>>()
    });
    let [single, half, brain] = runs;
    assert!(single[5] < 0.8 * single[0], "{single:?}");
    for mixed in [&half, &brain] {
        for (a, b) in single.iter().zip(mixed) {
            assert!((a - b).abs() < 0.02 * a, "{single:?} {mixed:?}");
        }
        // It is another way of computing.
        assert!(single.iter().zip(mixed).any(|(a, b)| a != b));
    }
}

#[test]
fn a_step_whose_gradients_overflow_changes_nothing_but_the_scale() {
    let huge = LossScaling { init: 2f64.powi(100), ..LossScaling::default() };
    let options = mixed(DType::F16, Some(LossScaling { init: 1024.0, ..LossScaling::default() }));
    for optimizer in [
        adam(),
        json!({"type": "SGD", "config": {"lr": 0.01, "momentum": 0.9}}),
        json!({"type": "RAdam", "config": {"lr": 0.01}}),
    ] {
        let [mut skips, mut plain] = [(); 2].map(|()| {
            let mut model = model("f32", optimizer.clone(), "CrossEntropy");
            model
                .average(Some(AverageSpec { version: 1, decay: Some(0.9), warmup: true, every: 1, buffers: false }))
                .unwrap();
            // Running statistics move in every forward pass, as in PyTorch.
            model.set_trainable("1.running_*", false).unwrap();
            model.set_trainable("1.num_batches_tracked", false).unwrap();
            model
        });
        for model in [&mut skips, &mut plain] {
            step(model, &options).unwrap();
        }
        let before = contents(&skips);
        let skipped = step(&mut skips, &mixed(DType::F16, Some(huge))).unwrap();
        assert_eq!((skipped.steps, skipped.skipped, skipped.loss_scale), (0, 1, Some(2f64.powi(99))));
        assert!(skipped.loss.is_finite() && skipped.grad_norm.is_nan());
        assert_eq!(contents(&skips), before);
        // Steps, momenta and averages go on as if nothing had been.
        for _ in 0..2 {
            let made = [&mut skips, &mut plain].map(|model| step(model, &options).unwrap());
            assert_eq!((made[0].steps, made[0].skipped, made[0].loss), (1, 0, made[1].loss));
        }
        assert_eq!(contents(&skips), contents(&plain));
    }
}

#[test]
fn a_step_left_out_uses_up_no_rate() {
    let mut model = model("f32", json!({"type": "SGD", "config": {"lr": 1.0}}), "CrossEntropy");
    let before = contents(&model);
    // Five halvings bring 2^22 into range; the rates of all rows but the first are 0.
    let options = TrainOptions {
        shuffle: false,
        ..mixed(DType::F16, Some(LossScaling { init: 2f64.powi(40), backoff: 1.0 / 1024.0, ..LossScaling::default() }))
    };
    let mut rates = vec![0.0; 16];
    rates[0] = 0.125;
    let mut seen = Vec::new();
    let mut on_batch = |event: &exburn_core::train::BatchEvent<'_>| {
        seen.push((event.rate, event.skipped, event.steps));
        exburn_core::train::Flow::Continue
    };
    let options = TrainOptions { report_every: 1, ..options };
    let result = train_epoch(&mut model, &dataset(256), &options, &rates, &NEVER, Some(&mut on_batch)).unwrap();
    assert!(result.skipped >= 2, "{result:?}");
    assert_eq!(result.steps + result.skipped, 16);
    let made: Vec<f64> = seen
        .iter()
        .enumerate()
        .filter(|(i, s)| s.1 == if *i == 0 { 0 } else { seen[i - 1].1 })
        .map(|(_, s)| s.0)
        .collect();
    assert_eq!(made[..2], [0.125, 0.0]);
    assert_ne!(contents(&model), before);
}

/// All arrays of a checkpoint of the model.
fn contents(model: &Model) -> Vec<u8> {
    let path = file();
    model.write_checkpoint(&path, "{}", &[]).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut arrays: Vec<_> = file.tensors();
    arrays.sort_by(|a, b| a.0.cmp(&b.0));
    arrays.iter().flat_map(|(name, view)| [name.as_bytes(), view.data()].concat()).collect()
}

fn file() -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("exburn-mixed-{}-{number}", std::process::id()))
}

#[test]
fn the_scale_goes_on_from_a_checkpoint() {
    let scaling = LossScaling { init: 2f64.powi(30), interval: 5, growth: 4.0, ..LossScaling::default() };
    let options = mixed(DType::F16, Some(scaling));
    let mut whole = model("f32", adam(), "CrossEntropy");
    let expected: Vec<RunResult> = (0..4).map(|e| epoch(&mut whole, e, &options)).collect();
    assert!(expected[0].skipped > 0, "{:?}", expected[0]);

    let mut first = model("f32", adam(), "CrossEntropy");
    (0..2).for_each(|e| drop(epoch(&mut first, e, &options)));
    let path = file();
    first.write_checkpoint(&path, "{}", &[]).unwrap();
    let mut second = model("f32", adam(), "CrossEntropy");
    let checkpoint = second.read_checkpoint(&path).unwrap();
    second.apply_checkpoint(checkpoint).unwrap();
    std::fs::remove_file(&path).unwrap();
    for e in 2..4 {
        let (found, wanted) = (epoch(&mut second, e, &options), &expected[e as usize]);
        assert_eq!(
            (found.loss, found.steps, found.skipped, found.loss_scale),
            (wanted.loss, wanted.steps, wanted.skipped, wanted.loss_scale)
        );
    }
    assert_eq!(contents(&second), contents(&whole));
    // Another first scale begins anew.
    let anew = mixed(DType::F16, Some(LossScaling { init: 8.0, ..LossScaling::default() }));
    assert_eq!(step(&mut second, &anew).unwrap().loss_scale, Some(8.0));
}

#[test]
fn accumulated_batches_share_a_scale() {
    let scaling = LossScaling { init: 256.0, interval: 1, ..LossScaling::default() };
    let options = TrainOptions { accumulate: 4, clip_norm: Some(0.5), ..mixed(DType::BF16, Some(scaling)) };
    let mut model = model("f32", adam(), "CrossEntropy");
    let result = epoch(&mut model, 0, &options);
    assert_eq!((result.steps, result.loss_scale), (4, Some(4096.0)));
    // The norm is that of gradients without the scale.
    assert!(result.grad_norm < 5.0, "{}", result.grad_norm);
}

#[test]
fn gradients_of_a_scaled_loss_are_unscaled_and_looked_at() {
    let (x, y) = data(16);
    let (x, y) =
        (ArrayView::new(vec![16, 4], DataView::F32(&x)).unwrap(), ArrayView::new(vec![16], DataView::I32(&y)).unwrap());
    let gradients = |loss_scale: f64| {
        let options = TrainOptions { loss_scale, ..TrainOptions::default() };
        compute_gradients(
            &mut model("f32", adam(), "CrossEntropy"),
            std::slice::from_ref(&x),
            std::slice::from_ref(&y),
            None,
            &options,
            false,
        )
        .unwrap()
    };
    let ((plain, result), (mut scaled, same)) = (gradients(1.0), gradients(1024.0));
    assert_eq!(result.loss, same.loss);
    let get = |g: &exburn_core::train::Gradients| g.get("0.weight").unwrap().unwrap().view_data().to_f64();
    for (a, b) in get(&plain).iter().zip(get(&scaled)) {
        assert_eq!(a * 1024.0, b);
    }
    assert!(scaled.unscale(1024.0).unwrap());
    assert_eq!(get(&plain), get(&scaled));
    scaled.set("0.bias", &ArrayView::new(vec![32], DataView::F32(&[f32::INFINITY; 32])).unwrap()).unwrap();
    assert!(!scaled.unscale(2.0).unwrap());
    assert!(scaled.unscale(0.0).is_err());
}

#[test]
fn what_cannot_be_computed_in_halves_is_refused() {
    let kind = |model: &mut Model, options: &TrainOptions| step(model, options).err().unwrap().kind;
    assert_eq!(kind(&mut model("f64", adam(), "CrossEntropy"), &mixed(DType::F16, None)), ErrorKind::DType);
    assert_eq!(kind(&mut model("f32", adam(), "CrossEntropy"), &mixed(DType::F64, None)), ErrorKind::DType);
    let wrong = LossScaling { growth: 0.5, ..LossScaling::default() };
    assert_eq!(
        kind(&mut model("f32", adam(), "CrossEntropy"), &mixed(DType::F16, Some(wrong))),
        ErrorKind::InvalidArgument
    );
    let error = step(&mut model("f32", adam(), "BCE"), &mixed(DType::BF16, None)).err().unwrap();
    assert!(error.message.contains("BCEWithLogits"), "{}", error.message);
}

#[test]
fn stored_halves_take_half_the_memory_and_compute_as_before() {
    let (x, _) = data(8);
    let input = ArrayView::new(vec![8, 4], DataView::F32(&x)).unwrap();
    let mut stored = model("f32", adam(), "CrossEntropy");
    epoch(&mut stored, 0, &TrainOptions { batch_size: 16, ..TrainOptions::default() });
    let bytes = stored.summary().unwrap().bytes;
    stored.store_parameters(DType::F16).unwrap();
    // 4 * 32 + 32, twice 32, 32 * 2 + 2 parameters.
    assert_eq!(bytes - stored.summary().unwrap().bytes, 2 * 290);
    let found = stored.predict(std::slice::from_ref(&input), 0).unwrap();

    // A model of f32 with the rounded weights gives the same, also from a file, which keeps the type.
    let bytes = stored.export_state().unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("0.weight").unwrap().dtype(), safetensors::Dtype::F16);
    assert_eq!(file.tensor("1.running_mean").unwrap().dtype(), safetensors::Dtype::F32);
    let mut single = model("f32", adam(), "CrossEntropy");
    single.import_state(&bytes, true).unwrap();
    assert_eq!(single.predict(std::slice::from_ref(&input), 0).unwrap(), found);
    assert_eq!(stored.predictor(&[]).unwrap().predict(std::slice::from_ref(&input), 0).unwrap(), found);
    stored.import_state(&bytes, true).unwrap();
    assert_eq!(stored.export_state().unwrap(), bytes);

    let error = step(&mut stored, &TrainOptions::default()).err().unwrap();
    assert_eq!(error.kind, ErrorKind::DType);
    stored.set_trainable("0.*", false).unwrap();
    stored.set_trainable("1.*", false).unwrap();
    assert!(step(&mut stored, &TrainOptions::default()).is_err());
    stored.store_parameters(DType::F32).unwrap();
    step(&mut stored, &TrainOptions::default()).unwrap();
    assert!(stored.store_parameters(DType::F64).is_err());
}

#[test]
fn inference_rounds_where_it_is_told_to() {
    let (x, _) = data(8);
    let input = ArrayView::new(vec![8, 4], DataView::F32(&x)).unwrap();
    let mut model = model("f32", adam(), "CrossEntropy");
    let outputs = |model: &Model| model.predict(std::slice::from_ref(&input), 0).unwrap()[0].view_data().to_f64();
    let single = outputs(&model);
    model.set_inference(Some(DType::BF16)).unwrap();
    let brain = outputs(&model);
    for (a, b) in single.iter().zip(&brain) {
        assert_eq!(half::bf16::from_f64(*b).to_f64(), *b);
        assert!((a - b).abs() < 0.02, "{a} {b}");
    }
    let loss = evaluate(&model, &dataset(64), 64, &NEVER, 0, None).unwrap().loss;
    model.set_inference(None).unwrap();
    assert_eq!(outputs(&model), single);
    let exact = evaluate(&model, &dataset(64), 64, &NEVER, 0, None).unwrap().loss;
    assert!(loss != exact && (loss - exact).abs() < 0.02 * exact);
}
