//! Averaged weights against their formulas, and momenta and rates of schedules against the optimizers' own.

use std::sync::atomic::AtomicBool;

use exburn_core::data::Dataset;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{AverageSpec, CompileSpec, ModelSpec};
use exburn_core::train::{BatchEvent, Flow, Pace, TrainOptions, train_epoch};
use exburn_core::{ArrayView, DataView, ErrorKind};
use serde_json::{Value as Json, json};

fn data() -> Dataset {
    let x: Vec<f64> = (0..24 * 4).map(|i| ((i * 37 % 101) as f64 / 50.0) - 1.0).collect();
    let y: Vec<f64> = (0..24 * 2).map(|i| (i * 7 % 13) as f64 / 6.0).collect();
    let mut data = Dataset::new();
    data.add_input(ArrayView::new(vec![24, 4], DataView::F64(&x)).unwrap()).unwrap();
    data.add_target(ArrayView::new(vec![24, 2], DataView::F64(&y)).unwrap()).unwrap();
    data
}

fn model(dtype: &str, optimizer: &Json) -> Model {
    let layers = [
        ("Linear", json!({"in_features": 4, "out_features": 5})),
        ("BatchNorm1d", json!({"num_features": 5})),
        ("Tanh", json!({})),
        ("Linear", json!({"in_features": 5, "out_features": 2})),
    ];
    let mut model = Model::build(&ModelSpec::sequential(dtype, &layers).unwrap(), 3, &Device::cpu()).unwrap();
    let spec = json!({"version": 1, "loss": {"type": "MSE"}, "optimizer": optimizer});
    model.compile(&CompileSpec::from_json(&spec.to_string()).unwrap()).unwrap();
    model
}

/// All floats of a state, by name.
fn state(model: &Model) -> Vec<(String, Vec<f64>)> {
    let bytes = model.export_state().unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut state: Vec<(String, Vec<f64>)> = file
        .tensors()
        .into_iter()
        .filter_map(|(name, view)| {
            let bytes = view.data();
            let numbers = match view.dtype() {
                safetensors::Dtype::F64 => bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
                safetensors::Dtype::F32 => {
                    bytes.as_chunks().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))).collect()
                }
                _ => return None,
            };
            Some((name, numbers))
        })
        .collect();
    state.sort_by(|a, b| a.0.cmp(&b.0));
    state
}

fn near(found: &[(String, Vec<f64>)], expected: &[(String, Vec<f64>)], tolerance: f64, what: &str) {
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() <= tolerance * e.abs().max(1.0), "{what}: {name}: expected {e}, found {f}");
        }
    }
}

fn options() -> TrainOptions {
    TrainOptions { batch_size: 4, shuffle: false, seed: 1, ..TrainOptions::default() }
}

fn train<'a>(model: &mut Model, options: &TrainOptions, pace: impl Into<Pace<'a>>) -> exburn_core::Result<()> {
    train_epoch(model, &data(), options, pace, &AtomicBool::new(false), None).map(|_| ())
}

/// The states after each of six steps.
fn states(model: &mut Model) -> Vec<Vec<(String, Vec<f64>)>> {
    (0..6)
        .map(|step| {
            let pause = TrainOptions { start_batch: step, pause_after: Some(1), keep_open: true, ..options() };
            train(model, &pause, &[0.1]).unwrap();
            state(model)
        })
        .collect()
}

#[test]
fn averages_are_their_formulas() {
    let sgd = json!({"type": "SGD", "config": {"momentum": 0.9}});
    type Decay = fn(f64) -> f64;
    let cases: [(Option<f64>, bool, u64, bool, Decay); 5] = [
        (Some(0.9), false, 1, false, |_| 0.9),
        (Some(0.999), true, 1, true, |n| (1.0 + n) / (10.0 + n)),
        (Some(0.2), true, 1, false, |n| f64::min(0.2, (1.0 + n) / (10.0 + n))),
        (Some(0.75), false, 2, true, |_| 0.75),
        (None, false, 1, false, |n| n / (n + 1.0)),
    ];
    for (dtype, tolerance) in [("f64", 1e-14), ("f32", 1e-6)] {
        for (decay, warmup, every, buffers, formula) in cases {
            let mut model = model(dtype, &sgd);
            assert_eq!(model.use_averages(true), 0);
            model.average(Some(AverageSpec { version: 1, decay, warmup, every, buffers })).unwrap();
            let states = states(&mut model);
            let mut expected = Vec::new();
            for (n, state) in states.iter().skip(every as usize - 1).step_by(every as usize).enumerate() {
                if n == 0 {
                    expected = state.clone();
                    continue;
                }
                let decay = formula(n as f64);
                for ((name, average), (_, value)) in expected.iter_mut().zip(state) {
                    let averaged = buffers || !name.contains("running");
                    for (a, v) in average.iter_mut().zip(value) {
                        *a = if averaged { decay * *a + (1.0 - decay) * v } else { *v };
                    }
                }
            }
            assert_eq!(model.use_averages(true), 6 / every);
            near(&state(&model), &expected, tolerance, &format!("{dtype} {decay:?} {every}"));
            let refused = train(&mut model, &options(), &[0.1]).unwrap_err();
            assert!(refused.message.contains("averaged weights are in use"), "{refused}");
            model.use_averages(false);
            near(&state(&model), &states[5], 0.0, "the trained weights are back");
        }
    }
    let wrong = AverageSpec { version: 1, decay: Some(1.5), warmup: false, every: 1, buffers: false };
    assert_eq!(model("f32", &sgd).average(Some(wrong.clone())).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert!(model("f32", &sgd).average(Some(AverageSpec { decay: None, every: 0, ..wrong })).is_err());
}

/// A momentum that a schedule sets for each step is the momentum of an optimizer made with it, as far as one step goes.
#[test]
fn momenta_of_a_schedule_are_the_optimizers_own() {
    let momenta = [0.95, 0.5, 0.9, 0.8, 0.6, 0.7];
    for (kind, key) in [
        ("SGD", "momentum"),
        ("RMSprop", "momentum"),
        ("Muon", "momentum"),
        ("Adam", "betas"),
        ("AdamW", "betas"),
        ("Adamax", "betas"),
        ("NAdam", "betas"),
        ("RAdam", "betas"),
        ("LAMB", "betas"),
        ("Lion", "betas"),
    ] {
        let optimizer = |momentum: f64| {
            let value = if key == "betas" { json!([momentum, 0.99]) } else { json!(momentum) };
            let mut spec = json!({"type": kind, "config": {"lr": 0.05, key: value}});
            if kind == "Muon" {
                spec["groups"] = json!([{"params": ["*.bias", "1.weight"], "type": "SGD", "config": {"lr": 0.05, "momentum": momentum}}]);
            }
            spec
        };
        let mut cycled = model("f64", &optimizer(0.4));
        let rates = [0.05; 6];
        train(&mut cycled, &options(), Pace { rates: &rates, momenta: &momenta, columns: 1 }).unwrap();
        // The same by steps of optimizers that are made with the step's momentum and take the state of the one before.
        let path = std::env::temp_dir().join(format!("exburn-{}-momenta-{kind}", std::process::id()));
        let mut made = model("f64", &optimizer(0.4));
        for (step, &momentum) in momenta.iter().enumerate() {
            let mut next = model("f64", &optimizer(momentum));
            if step > 0 {
                made.write_checkpoint(&path, "", &[]).unwrap();
                let checkpoint = next.read_checkpoint(&path).unwrap();
                next.apply_checkpoint(checkpoint).unwrap();
            }
            made = next;
            let one = TrainOptions { start_batch: step as u64, pause_after: Some(1), keep_open: true, ..options() };
            train(&mut made, &one, &[0.05]).unwrap();
        }
        std::fs::remove_file(&path).unwrap();
        near(&state(&cycled), &state(&made), 0.0, kind);
        let mut plain = model("f64", &optimizer(0.4));
        train(&mut plain, &options(), &[0.05]).unwrap();
        assert_ne!(state(&plain), state(&cycled), "{kind}");
    }
}

#[test]
fn momentum_comes_and_goes() {
    // From no momentum to some and back, against the recurrence of torch.optim.SGD: a buffer that waits stays as it is.
    let momenta = [0.0, 0.9, 0.0, 0.5, 0.0, 0.9];
    let layers = [("Linear", json!({"in_features": 4, "out_features": 2, "bias": false}))];
    let mut model = Model::build(&ModelSpec::sequential("f64", &layers).unwrap(), 3, &Device::cpu()).unwrap();
    let spec = json!({"version": 1, "loss": {"type": "MSE"}, "optimizer": {"type": "SGD", "config": {"lr": 0.1}}});
    model.compile(&CompileSpec::from_json(&spec.to_string()).unwrap()).unwrap();
    let mut weights = state(&model)[0].1.clone();
    train(&mut model, &options(), Pace { rates: &[0.1], momenta: &momenta, columns: 1 }).unwrap();
    let x: Vec<f64> = (0..24 * 4).map(|i| ((i * 37 % 101) as f64 / 50.0) - 1.0).collect();
    let y: Vec<f64> = (0..24 * 2).map(|i| (i * 7 % 13) as f64 / 6.0).collect();
    let mut buffer: Option<Vec<f64>> = None;
    for (step, momentum) in momenta.into_iter().enumerate() {
        let mut gradient = vec![0.0; 8];
        for row in step * 4..step * 4 + 4 {
            for out in 0..2 {
                let predicted: f64 = (0..4).map(|i| weights[out * 4 + i] * x[row * 4 + i]).sum();
                for i in 0..4 {
                    gradient[out * 4 + i] += 2.0 * (predicted - y[row * 2 + out]) * x[row * 4 + i] / 8.0;
                }
            }
        }
        if momentum != 0.0 {
            let new = match &buffer {
                None => gradient.clone(),
                Some(old) => old.iter().zip(&gradient).map(|(b, g)| momentum * b + g).collect(),
            };
            gradient.clone_from(&new);
            buffer = Some(new);
        }
        weights.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= 0.1 * g);
    }
    near(&state(&model), &[("0.weight".to_owned(), weights)], 1e-14, "momentum");

    // RMSprop gets and loses its buffer.
    let mut rms = self::model("f64", &json!({"type": "RMSprop", "config": {"centered": true}}));
    train(&mut rms, &options(), &[0.01]).unwrap();
    train(&mut rms, &options(), Pace { rates: &[0.01], momenta: &momenta, columns: 1 }).unwrap();
    train(&mut rms, &options(), &[0.01]).unwrap();
}

#[test]
fn each_group_has_its_own_rates() {
    let spec = |bias: f64, rest: f64| json!({"type": "SGD", "config": {"lr": rest, "momentum": 0.9}, "groups": [{"params": ["*.bias"], "config": {"lr": bias}}]});
    let rates = [[0.1, 0.02], [0.05, 0.02], [0.0, 0.03], [0.1, 0.0], [0.07, 0.01], [0.1, 0.1]];
    let mut grouped = model("f64", &spec(0.3, 0.7));
    let flat: Vec<f64> = rates.concat();
    train(&mut grouped, &options(), Pace { rates: &flat, momenta: &[], columns: 2 }).unwrap();
    // Step by step, with descriptions that name the rates.
    let mut steps = model("f64", &spec(0.3, 0.7));
    for (step, [rest, bias]) in rates.into_iter().enumerate() {
        let one = TrainOptions { start_batch: step as u64, pause_after: Some(1), keep_open: true, ..options() };
        train(&mut steps, &one, Pace { rates: &[rest, bias], momenta: &[f64::NAN, f64::NAN], columns: 2 }).unwrap();
    }
    near(&state(&grouped), &state(&steps), 0.0, "rows and calls");
    // A group with a rate of zero stands still, whatever the other has.
    let mut still = model("f64", &spec(0.3, 0.7));
    let before = state(&still);
    train(&mut still, &options(), Pace { rates: &[0.1, 0.0], momenta: &[], columns: 2 }).unwrap();
    let after = state(&still);
    let changed: Vec<&str> = before.iter().zip(&after).filter(|(a, b)| a.1 != b.1).map(|(a, _)| a.0.as_str()).collect();
    assert_eq!(changed, ["0.weight", "1.running_mean", "1.running_var", "1.weight", "3.weight"]);
}

#[test]
fn a_callback_changes_the_rates_of_the_steps_to_come() {
    let sgd = json!({"type": "SGD", "config": {"momentum": 0.9}});
    for rates in [vec![0.1; 6], vec![0.1]] {
        let (mut told, mut planned) = (model("f64", &sgd), model("f64", &sgd));
        let mut seen = Vec::new();
        let mut set = |event: &BatchEvent<'_>| {
            seen.push((event.steps, event.rate));
            if event.steps == 2 {
                event.rates.iter().for_each(|rate| rate.set(0.02));
            }
            Flow::Continue
        };
        let options = TrainOptions { report_every: 1, ..options() };
        train_epoch(&mut told, &data(), &options, &rates, &AtomicBool::new(false), Some(&mut set)).unwrap();
        train(&mut planned, &options, &[0.1, 0.1, 0.02, 0.02, 0.02, 0.02]).unwrap();
        near(&state(&told), &state(&planned), 0.0, "rates");
        assert_eq!(seen, [(1, 0.1), (2, 0.1), (3, 0.02), (4, 0.02), (5, 0.02), (6, 0.02)]);
        let mut spoil = |event: &BatchEvent<'_>| {
            event.rates.iter().for_each(|rate| rate.set(f64::NAN));
            Flow::Continue
        };
        let error = train_epoch(&mut told, &data(), &options, &rates, &AtomicBool::new(false), Some(&mut spoil));
        assert_eq!(error.unwrap_err().kind, ErrorKind::InvalidArgument);
    }
}

#[test]
fn bad_rates_and_momenta_are_errors() {
    let mut sgd = model("f64", &json!({"type": "SGD", "config": {}}));
    for (rates, momenta, columns) in [
        (&[0.1, 0.1][..], &[][..], 1),
        (&[0.1], &[0.9, 0.9], 1),
        (&[0.1], &[1.0], 1),
        (&[0.1], &[-0.1], 1),
        (&[0.1, 0.1], &[], 2),
        (&[], &[], 1),
        (&[f64::INFINITY], &[], 1),
    ] {
        let error = train(&mut sgd, &options(), Pace { rates, momenta, columns }).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{rates:?} {momenta:?} {columns}: {error}");
    }
    let mut adagrad = model("f64", &json!({"type": "Adagrad", "config": {}}));
    let error = train(&mut adagrad, &options(), Pace { rates: &[0.1], momenta: &[0.9], columns: 1 }).unwrap_err();
    assert!(error.message.contains("Adagrad has no momentum"), "{error}");
}
