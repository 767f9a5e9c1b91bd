//! Whole runs against PyTorch's: the cases of training.json whose layers, loss and optimizer the core knows.

#[path = "common/reference.rs"]
mod reference;

use std::sync::atomic::AtomicBool;

use exburn_core::data::Dataset;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, ModelSpec};
use exburn_core::tensor::DType;
use exburn_core::train::{BatchEvent, Flow, TrainOptions, train_epoch};
use exburn_core::{ArrayView, ErrorKind, HostArray};
use reference::{Array, cases, devices, difference, named, unknown};
use serde_json::{Value as Json, json};

/// How PyTorch names the positional arguments of a layer in a case.
fn positional(layer: &str) -> &'static [&'static str] {
    match layer {
        "Linear" => &["in_features", "out_features"],
        "Bilinear" => &["in1_features", "in2_features", "out_features"],
        "Embedding" => &["num_embeddings", "embedding_dim"],
        "LayerNorm" | "RMSNorm" => &["normalized_shape"],
        "GroupNorm" => &["num_groups", "num_channels"],
        "Dropout" => &["p"],
        "Flatten" => &["start_dim", "end_dim"],
        "Unflatten" => &["dim", "unflattened_size"],
        "LeakyReLU" => &["negative_slope"],
        "Softmax" | "LogSoftmax" => &["dim"],
        name if name.starts_with("Conv") => &["in_channels", "out_channels", "kernel_size"],
        name if name.starts_with("BatchNorm") || name.starts_with("InstanceNorm") => &["num_features"],
        name if name.starts_with("Adaptive") => &["output_size"],
        name if name.contains("Pool") => &["kernel_size"],
        _ => &[],
    }
}

/// `["Conv2d", 1, 4, 3, {"padding": 1}]` as type and options; `None` for a form that is no chain.
fn chain(model: &Json) -> Option<Vec<(String, Json)>> {
    let layers = model.as_array()?.iter().map(|layer| {
        let parts = layer.as_array().expect("a layer is a list");
        let name = parts[0].as_str().expect("a layer's name").to_owned();
        let mut config = serde_json::Map::new();
        let mut keys = positional(&name).iter();
        for part in &parts[1..] {
            match part {
                Json::Object(options) => config.extend(options.clone()),
                value => {
                    let key = keys.next().unwrap_or_else(|| panic!("argument {value} of {name}"));
                    config.insert((*key).to_owned(), value.clone());
                }
            }
        }
        (name, Json::Object(config))
    });
    Some(layers.collect())
}

/// The rows that the steps see one after the other: sequential, wrapping at the end of the data.
fn wrapped(array: &HostArray, rows: usize) -> HostArray {
    use exburn_core::HostData::*;
    let width = array.shape[1..].iter().product::<usize>();
    fn pick<T: Copy>(data: &[T], width: usize, have: usize, rows: usize) -> Vec<T> {
        (0..rows).flat_map(|r| data[(r % have) * width..][..width].iter().copied()).collect()
    }
    let have = array.shape[0];
    let data = match &array.data {
        F32(v) => F32(pick(v, width, have, rows)),
        F64(v) => F64(pick(v, width, have, rows)),
        I32(v) => I32(pick(v, width, have, rows)),
        I64(v) => I64(pick(v, width, have, rows)),
        U8(v) => U8(pick(v, width, have, rows)),
    };
    let mut shape = array.shape.clone();
    shape[0] = rows;
    HostArray::new(shape, data).unwrap()
}

/// A state as safetensors, the form in which the core takes one.
fn safetensors_of(state: &Json) -> Vec<u8> {
    let arrays: Vec<(String, safetensors::Dtype, Vec<usize>, Vec<u8>)> = named(state)
        .into_iter()
        .map(|(name, array)| {
            let (dtype, bytes) = if array.integer {
                (safetensors::Dtype::I64, array.data.iter().flat_map(|x| (*x as i64).to_le_bytes()).collect())
            } else {
                (safetensors::Dtype::F64, array.data.iter().flat_map(|x| x.to_le_bytes()).collect())
            };
            (name, dtype, array.shape, bytes)
        })
        .collect();
    let views = arrays.iter().map(|(name, dtype, shape, bytes)| {
        (name.as_str(), safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// Worst relative errors of a run.
#[derive(Debug, Default)]
struct Worst {
    loss: f64,
    state: f64,
    prediction: f64,
}

fn unknown_part(error: &exburn_core::Error) -> bool {
    unknown(error) || (error.kind == ErrorKind::Unsupported && error.message.contains("there is no layer"))
}

/// `None` when the core lacks a part of the case.
fn run(case: &Json, device: &Device, dtype: DType) -> Option<Worst> {
    let layers = chain(&case["model"])?;
    let layers: Vec<(&str, Json)> = layers.iter().map(|(n, c)| (n.as_str(), c.clone())).collect();
    let spec = ModelSpec::sequential(dtype.name(), &layers).unwrap();
    let mut model = match Model::build(&spec, 0, device) {
        Err(e) if unknown_part(&e) => return None,
        other => other.unwrap(),
    };
    let (optimizer, options) = case["optimizer"].as_object().unwrap().iter().next().unwrap();
    let compile = json!({ "version": 1, "loss": { "type": case["loss"] }, "optimizer": { "type": optimizer, "config": options } });
    match model.compile(&CompileSpec::from_json(&compile.to_string()).unwrap()) {
        Err(e) if unknown_part(&e) => return None,
        other => other.unwrap(),
    }
    model.import_state(&safetensors_of(&case["initial_state"]), true).unwrap();

    let number = |key: &str| case[key].as_u64().unwrap() as usize;
    let (batch_size, steps, accumulate) = (number("batch_size"), number("steps"), number("accumulate"));
    let rows = batch_size * steps * accumulate;
    let inputs = Array::parse(&case["inputs"]).host();
    let mut data = Dataset::new();
    data.add_input(wrapped(&inputs, rows).view()).unwrap();
    data.add_target(wrapped(&Array::parse(&case["targets"]).host(), rows).view()).unwrap();
    let rates: Vec<f64> = case["rates"].as_array().unwrap().iter().map(|r| r.as_f64().unwrap()).collect();
    let options = TrainOptions {
        batch_size,
        shuffle: false,
        accumulate,
        report_every: 1,
        clip_norm: case["clip_global_norm"].as_f64(),
        ..TrainOptions::default()
    };
    let mut losses = Vec::new();
    let mut note = |event: &BatchEvent<'_>| {
        losses.push(event.loss);
        Flow::Continue
    };
    train_epoch(&mut model, &data, &options, &rates, &AtomicBool::new(false), Some(&mut note)).unwrap();

    let mut worst = Worst::default();
    let expected: Vec<f64> = case["loss_curve"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(losses.len(), expected.len() * accumulate, "{}: number of losses", case["name"]);
    for (group, expected) in losses.chunks(accumulate).zip(expected) {
        let mean = group.iter().sum::<f64>() / group.len() as f64;
        worst.loss = worst.loss.max((mean - expected).abs() / expected.abs());
    }
    let bytes = model.export_state().unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for (name, expected) in named(&case["final_state"]) {
        let found = file.tensor(&name).unwrap_or_else(|_| panic!("{}: no {name}", case["name"]));
        let data: Vec<f64> = match found.dtype() {
            safetensors::Dtype::F32 => {
                found.data().chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect()
            }
            safetensors::Dtype::F64 => {
                found.data().chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
            }
            safetensors::Dtype::I64 => {
                found.data().chunks(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64).collect()
            }
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(found.shape(), expected.shape, "{name}");
        worst.state = worst.state.max(difference(&data, &expected.data));
    }
    let prediction = model.predict(&[inputs.view()], 0).unwrap().swap_remove(0);
    let expected = Array::parse(&case["final_eval_prediction"]);
    assert_eq!(prediction.shape, expected.shape);
    worst.prediction = difference(&prediction.view_data().to_f64(), &expected.data);
    Some(worst)
}

#[test]
fn runs_follow_pytorch() {
    for (device, types) in devices() {
        for dtype in types {
            // In single precision only the loss can be compared, by the file's own advice to 1e-4: the gradient of a bias
            // before a batch norm is zero but for rounding, and Adam makes steps of full length out of that noise.
            let (loss, rest) = if dtype == DType::F64 { (1e-7, 1e-7) } else { (1e-4, f64::INFINITY) };
            let mut ran = 0;
            for case in cases("training.json") {
                let Some(worst) = run(&case, &device, dtype) else { continue };
                println!("{} {dtype:?} {}: {worst:?}", device.info().kind, case["name"]);
                assert!(worst.loss <= loss, "{} {dtype:?}: loss {worst:?}", case["name"]);
                assert!(worst.state <= rest && worst.prediction <= rest, "{} {dtype:?}: {worst:?}", case["name"]);
                ran += 1;
            }
            assert!(ran >= 1, "no case ran");
        }
    }
}

fn digits(rows: usize) -> Dataset {
    let x: Vec<f32> = (0..rows * 6).map(|i| ((i * 37 % 101) as f32 / 50.0) - 1.0).collect();
    let y: Vec<i32> = (0..rows).map(|i| (i * 7 % 3) as i32).collect();
    let mut data = Dataset::new();
    data.add_input(ArrayView::new(vec![rows, 6], exburn_core::DataView::F32(&x)).unwrap()).unwrap();
    data.add_target(ArrayView::new(vec![rows], exburn_core::DataView::I32(&y)).unwrap()).unwrap();
    data
}

fn small(seed: u64) -> Model {
    let layers = [
        ("Linear", json!({"in_features": 6, "out_features": 16})),
        ("ReLU", json!({})),
        ("Dropout", json!({"p": 0.3})),
        ("Linear", json!({"in_features": 16, "out_features": 3})),
    ];
    let mut model = Model::build(&ModelSpec::sequential("f32", &layers).unwrap(), seed, &Device::cpu()).unwrap();
    let compile = r#"{"version":1,"loss":{"type":"CrossEntropy"},"metrics":[{"type":"Accuracy"}],
        "optimizer":{"type":"SGD","config":{"lr":0.1,"momentum":0.9,"weight_decay":0.01}}}"#;
    model.compile(&CompileSpec::from_json(compile).unwrap()).unwrap();
    model
}

fn history(model: &mut Model, data: &Dataset, epochs: u64) -> Vec<u64> {
    let mut losses = Vec::new();
    for epoch in 0..epochs {
        let options = TrainOptions { epoch, seed: 5, batch_size: 8, report_every: 1, ..TrainOptions::default() };
        let mut note = |event: &BatchEvent<'_>| {
            losses.push(event.loss.to_bits());
            Flow::Continue
        };
        train_epoch(model, data, &options, &[0.1], &AtomicBool::new(false), Some(&mut note)).unwrap();
    }
    losses
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let data = digits(50);
    let (mut a, mut b, mut c) = (small(1), small(1), small(2));
    let first = history(&mut a, &data, 3);
    assert_eq!(first, history(&mut b, &data, 3));
    assert_eq!(a.export_state().unwrap(), b.export_state().unwrap());
    assert_ne!(first, history(&mut c, &data, 3));
}

#[test]
fn frozen_parameters_keep_their_bits_and_their_momentum_waits() {
    let data = digits(40);
    let mut model = small(3);
    history(&mut model, &data, 1);
    let state = |m: &Model| {
        let bytes = m.export_state().unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        ["0.weight", "0.bias", "3.weight"].map(|n| file.tensor(n).unwrap().data().to_vec())
    };
    let before = state(&model);
    assert_eq!(model.set_trainable("0.*", false).unwrap(), 2);
    history(&mut model, &data, 2);
    let after = state(&model);
    assert_eq!(before[..2], after[..2]);
    assert_ne!(before[2], after[2]);
    model.set_trainable("0", true).unwrap();
    history(&mut model, &data, 1);
    assert_ne!(before[0], state(&model)[0]);
    assert_eq!(model.set_trainable("nothing", false).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn errors_leave_the_model_as_it_was() {
    let mut model = small(4);
    let before = model.export_state().unwrap();
    let run = |model: &mut Model, data: &Dataset, options: &TrainOptions| {
        train_epoch(model, data, options, &[0.1], &AtomicBool::new(false), None).unwrap_err()
    };
    let options = TrainOptions { batch_size: 8, ..TrainOptions::default() };
    let with = |x: Vec<f32>, width: usize, y: Vec<i32>| {
        let rows = y.len();
        let mut data = Dataset::new();
        data.add_input(ArrayView::new(vec![rows, width], exburn_core::DataView::F32(&x)).unwrap()).unwrap();
        data.add_target(ArrayView::new(vec![rows], exburn_core::DataView::I32(&y)).unwrap()).unwrap();
        data
    };
    let wide = run(&mut model, &with(vec![0.0; 14], 7, vec![0, 1]), &options);
    assert_eq!((wide.kind, wide.subject.as_deref()), (ErrorKind::Shape, Some("0")), "{wide}");
    let mut nan = vec![0.5; 12];
    nan[7] = f32::NAN;
    let nan = run(&mut model, &with(nan, 6, vec![0, 1]), &options);
    assert_eq!(nan.kind, ErrorKind::Numerical);
    assert!(nan.message.contains("sample 1"), "{nan}");
    let class = run(&mut model, &with(vec![0.5; 12], 6, vec![0, 3]), &options);
    assert!(class.message.contains('3'), "{class}");
    let empty = run(&mut model, &Dataset::new(), &options);
    assert_eq!(empty.kind, ErrorKind::InvalidArgument);
    let cancelled = train_epoch(&mut model, &digits(20), &options, &[0.1], &AtomicBool::new(true), None).unwrap_err();
    assert_eq!(cancelled.kind, ErrorKind::Cancelled);
    assert_eq!(before, model.export_state().unwrap());
    history(&mut model, &digits(20), 1);
    assert_ne!(before, model.export_state().unwrap());
}
