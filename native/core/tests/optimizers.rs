//! Optimizers against PyTorch's results, and with bad input.

#[path = "common/reference.rs"]
mod reference;

use exburn_core::ErrorKind;
use exburn_core::device::Device;
use exburn_core::optim::{self, Groups, Optimizer, State, Target};
use exburn_core::spec::OptimizerSpec;
use exburn_core::tensor::{DType, Value};
use reference::{Array, Worst, cases, devices, part, unknown};
use serde_json::{Map, Value as Json, json};

#[path = "optimizers/fixture.rs"]
mod fixture;
#[path = "optimizers/formulas.rs"]
mod formulas;
#[path = "optimizers/groups.rs"]
mod groups;

/// A parameter of a case.
struct Parameter {
    name: String,
    value: Value,
    state: State,
    frozen: Option<std::ops::Range<usize>>,
}

/// The optimizers of a case: its options without what is not the optimizer's.
fn optimizers(kind: &str, config: &Map<String, Json>, targets: &[Target<'_>]) -> Groups {
    let own = |config: &Map<String, Json>| {
        let strange = ["groups", "params", "clip_global_norm", "frozen"];
        config.clone().into_iter().filter(|(key, _)| !strange.contains(&key.as_str())).collect::<Map<_, _>>()
    };
    let groups = config.get("groups").and_then(Json::as_array).into_iter().flatten();
    let groups: Vec<Json> =
        groups.map(|g| json!({"params": g["params"], "config": own(g.as_object().unwrap())})).collect();
    let spec = json!({"type": kind, "config": own(config), "groups": groups});
    let spec: OptimizerSpec = serde_json::from_value(spec).unwrap();
    Groups::new(&spec, targets).unwrap_or_else(|e| panic!("{kind} {config:?}: {e}"))
}

fn frozen(config: &Map<String, Json>, name: &str) -> Option<std::ops::Range<usize>> {
    let frozen = config.get("frozen").filter(|f| f["param"] == name)?;
    let step = |key: &str| frozen[key].as_u64().unwrap() as usize;
    Some(step("from_step")..step("to_step_exclusive"))
}

fn clip(gradients: &mut [Value], max: f64, expected_norm: Option<f64>) {
    let squares = gradients.iter().map(|g| g.sum_squares().unwrap().to_scalar().unwrap());
    let norm = squares.sum::<f64>().sqrt();
    if let Some(expected) = expected_norm {
        assert!((norm - expected).abs() < 1e-5 * expected, "norm {norm}, expected {expected}");
    }
    let factor = (max / (norm + 1e-6)).min(1.0);
    for gradient in gradients {
        *gradient = gradient.clone().mul_scalar(factor).unwrap();
    }
}

#[test]
fn reference_cases() {
    let all = cases("optimizers.json");
    let start = all.iter().find(|c| c.get("initial_params").is_some()).unwrap();
    let names: Vec<&String> = start["initial_params"].as_object().unwrap().keys().collect();
    let gradients = start["grads"].as_array().unwrap();
    let targets: Vec<Target<'_>> = names.iter().map(|name| Target { name, shape: &[], parameter: true }).collect();
    let mut ran = 0;
    for (device, types) in devices() {
        let mut worst = Worst::default();
        for (number, case) in all.iter().enumerate().filter(|(_, c)| c.get("optimizer").is_some()) {
            let kind = case["optimizer"].as_str().unwrap();
            let config = case["config"].as_object().unwrap();
            let optimizers = optimizers(kind, config, &targets);
            for &dtype in &types {
                let mut parameters: Vec<Parameter> = names
                    .iter()
                    .map(|name| Parameter {
                        name: name.to_string(),
                        value: Array::parse(&start["initial_params"][name]).value(dtype, &device),
                        state: State::default(),
                        frozen: frozen(config, name),
                    })
                    .collect();
                for (t, after) in case["params_after_each_step"].as_array().unwrap().iter().enumerate() {
                    let read = |name: &String| Array::parse(&gradients[t][name]).value(dtype, &device);
                    let mut gradients: Vec<Value> = names.iter().map(|n| read(n)).collect();
                    if let Some(max) = config.get("clip_global_norm").and_then(Json::as_f64) {
                        clip(&mut gradients, max, case["total_norm_before_clip"][t].as_f64());
                    }
                    for (row, (parameter, gradient)) in parameters.iter_mut().zip(gradients).enumerate() {
                        let Parameter { value, state, .. } = parameter;
                        if parameter.frozen.as_ref().is_none_or(|f| !f.contains(&t)) {
                            optimizers.step(row, value, gradient, state, optimizers.rate()).unwrap();
                        }
                        let what = format!(
                            "{kind} case {number}, {}, {}, {} after step {t}",
                            device.info().kind,
                            dtype.name(),
                            parameter.name
                        );
                        let expected = Array::parse(&after[&parameter.name]);
                        assert_eq!(parameter.value.shape(), expected.shape);
                        let found = parameter.value.to_doubles().unwrap();
                        worst.meet(dtype, &found, &expected.data, [2e-6, 1e-8], &what);
                    }
                }
                ran += 1;
            }
        }
        println!("{}: {worst:?}", device.info().kind);
    }
    println!("{ran} ran");
    assert!(ran > 0);
}

fn adam() -> Box<dyn Optimizer> {
    optim::create(&part("Adam", json!({}))).unwrap()
}

fn value(data: &[f64], shape: &[usize], dtype: DType, device: &Device) -> Value {
    Value::from_doubles(data.to_vec(), shape, dtype, device).unwrap()
}

/// Numbers between -1 and 1 from a fixed sequence.
fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn devices_agree_on_large_parameters() {
    let shape = [300, 257];
    let (start, gradient) = (numbers(300 * 257, 1), numbers(300 * 257, 2));
    for (kind, config) in [
        ("SGD", json!({"momentum": 0.9, "nesterov": true, "weight_decay": 0.1, "maximize": true})),
        ("Adam", json!({"amsgrad": true, "weight_decay": 0.1, "maximize": true})),
        ("AdamW", json!({"lr": 0.1})),
        ("RMSprop", json!({"momentum": 0.9, "centered": true})),
        ("Adagrad", json!({"initial_accumulator_value": 0.1})),
        ("Adadelta", json!({})),
        ("Adamax", json!({"weight_decay": 0.1})),
        ("NAdam", json!({"weight_decay": 0.1, "decoupled_weight_decay": true})),
        ("RAdam", json!({"betas": [0.5, 0.6]})),
        ("ASGD", json!({"t0": 1})),
        ("Rprop", json!({})),
        ("LAMB", json!({"weight_decay": 0.1})),
        ("Lion", json!({"weight_decay": 0.1})),
        ("Adafactor", json!({"weight_decay": 0.1})),
        ("Muon", json!({})),
    ] {
        let optimizer = optim::create(&part(kind, config)).unwrap();
        let mut results = Vec::new();
        for (device, _) in devices() {
            let mut parameter = value(&start, &shape, DType::F32, &device);
            let mut state = State::default();
            for _ in 0..3 {
                let gradient = value(&gradient, &shape, DType::F32, &device);
                optimizer.step(&mut parameter, gradient, &mut state, 0.01).unwrap();
            }
            assert_eq!(state.step, 3);
            assert_eq!(state.slots.len(), optimizer.slots(&shape).len());
            results.push(parameter.to_doubles().unwrap());
        }
        for other in &results[1..] {
            let error = reference::difference(&results[0], other);
            assert!(error < 5e-6, "{kind}: {error}");
        }
    }
}

#[test]
fn a_shared_parameter_keeps_its_copy() {
    for (device, _) in devices() {
        let mut parameter = value(&[1.0, 2.0], &[2], DType::F32, &device);
        let snapshot = parameter.clone();
        let gradient = value(&[1.0, -1.0], &[2], DType::F32, &device);
        let mut state = State::default();
        adam().step(&mut parameter, gradient.clone(), &mut state, 0.5).unwrap();
        let before = state.clone();
        adam().step(&mut parameter, gradient.clone(), &mut state, 0.5).unwrap();
        assert_eq!(snapshot.to_doubles().unwrap(), [1.0, 2.0]);
        assert_eq!(gradient.to_doubles().unwrap(), [1.0, -1.0]);
        assert!(reference::difference(&parameter.to_doubles().unwrap(), &[0.0, 3.0]) < 1e-6);
        assert!(reference::difference(&before.slots[0].to_doubles().unwrap(), &[0.1, -0.1]) < 1e-7);
    }
}

#[test]
fn a_transposed_gradient_is_read_in_its_own_order() {
    for (device, _) in devices() {
        let mut parameter = value(&[0.0; 6], &[2, 3], DType::F64.min_for(&device), &device);
        let gradient = value(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2], DType::F64.min_for(&device), &device);
        let sgd = optim::create(&part("SGD", json!({}))).unwrap();
        sgd.step(&mut parameter, gradient.transpose().unwrap(), &mut State::default(), 1.0).unwrap();
        assert_eq!(parameter.to_doubles().unwrap(), [-1.0, -3.0, -5.0, -2.0, -4.0, -6.0]);
    }
}

trait MinFor {
    fn min_for(self, device: &Device) -> DType;
}

impl MinFor for DType {
    /// This type, or single precision where the device has no other.
    fn min_for(self, device: &Device) -> DType {
        if device.info().float_types.contains(&self.name()) { self } else { DType::F32 }
    }
}

#[test]
fn nothing_changes_on_an_error() {
    for (device, _) in devices() {
        let mut parameter = value(&[1.0, 2.0], &[2], DType::F32, &device);
        let mut state = State::default();
        let error = adam().step(&mut parameter, value(&[1.0], &[1], DType::F32, &device), &mut state, 0.1).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Shape);
        assert!(state.step == 0 && state.slots.is_empty());
        state.slots = vec![value(&[0.0; 2], &[2], DType::F32, &device)];
        let gradient = value(&[1.0, 1.0], &[2], DType::F32, &device);
        assert!(adam().step(&mut parameter, gradient.clone(), &mut state, 0.1).is_err());
        state.slots = vec![value(&[0.0; 3], &[3], DType::F32, &device); 2];
        let error = adam().step(&mut parameter, gradient, &mut state, 0.1).unwrap_err();
        assert!(error.message.contains("exp_avg"), "{error}");
        assert_eq!(parameter.to_doubles().unwrap(), [1.0, 2.0]);
        assert_eq!(state.step, 0);
    }
}

#[test]
fn squares_of_gradients() {
    for (device, types) in devices() {
        for dtype in types {
            let data = numbers(70_000, 3);
            let x = value(&data, &[700, 100], dtype, &device);
            let expected: f64 = x.to_doubles().unwrap().iter().map(|x| x * x).sum();
            for x in [x.clone(), x.clone().transpose().unwrap()] {
                let sum = x.sum_squares().unwrap();
                assert_eq!(sum.shape(), [1]);
                assert!((sum.to_scalar().unwrap() / expected - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn defaults_are_pytorchs() {
    for (kind, rate) in [
        ("SGD", 1e-3),
        ("Adam", 1e-3),
        ("AdamW", 1e-3),
        ("RMSprop", 1e-2),
        ("Adagrad", 1e-2),
        ("Adadelta", 1.0),
        ("Adamax", 2e-3),
        ("NAdam", 2e-3),
        ("RAdam", 1e-3),
        ("ASGD", 1e-2),
        ("Rprop", 1e-2),
        ("LAMB", 1e-3),
        ("Lion", 1e-4),
        ("Adafactor", 1e-2),
        ("Muon", 1e-3),
    ] {
        assert_eq!(optim::create(&part(kind, json!({}))).unwrap().rate(), rate);
    }
}

#[test]
fn options_are_checked() {
    for (kind, config) in [
        ("SGD", json!({"lr": -0.1})),
        ("SGD", json!({"momentum": -0.9})),
        ("SGD", json!({"weight_decay": -1.0})),
        ("SGD", json!({"nesterov": true})),
        ("SGD", json!({"nesterov": true, "momentum": 0.9, "dampening": 0.1})),
        ("SGD", json!({"betas": [0.9, 0.999]})),
        ("Adam", json!({"betas": [0.9]})),
        ("Adam", json!({"betas": [0.9, 1.0]})),
        ("Adam", json!({"betas": [-0.1, 0.9]})),
        ("Adam", json!({"betas": 0.9})),
        ("Adam", json!({"eps": -1e-8})),
        ("AdamW", json!({"weight_decay": -0.1})),
        ("AdamW", json!({"lr": "fast"})),
        ("AdamW", json!({"momentum": 0.9})),
        ("RMSprop", json!({"alpha": -0.1})),
        ("RMSprop", json!({"momentum": -0.1})),
        ("Adagrad", json!({"lr_decay": -0.1})),
        ("Adagrad", json!({"initial_accumulator_value": -0.1})),
        ("Adadelta", json!({"rho": 1.1})),
        ("Adamax", json!({"betas": [0.9, 1.0]})),
        ("NAdam", json!({"momentum_decay": -1.0})),
        ("RAdam", json!({"eps": -1.0})),
        ("ASGD", json!({"weight_decay": -1.0})),
        ("ASGD", json!({"t0": "late"})),
        ("Rprop", json!({"etas": [0.5, 0.9]})),
        ("Rprop", json!({"etas": [0.0, 1.2]})),
        ("Rprop", json!({"step_sizes": [1.0]})),
        ("Rprop", json!({"step_sizes": [2.0, 1.0]})),
        ("Rprop", json!({"weight_decay": 0.1})),
        ("LAMB", json!({"max_trust_ratio": 0.0})),
        ("Lion", json!({"betas": [1.0, 0.9]})),
        ("Adafactor", json!({"beta2_decay": 0.1})),
        ("Adafactor", json!({"d": 0.9})),
        ("Adafactor", json!({"eps": [-1.0, 1e-3]})),
        ("Adafactor", json!({"eps": [null, null]})),
        ("Adafactor", json!({"eps": 1e-3})),
        ("Muon", json!({"ns_steps": 100})),
        ("Muon", json!({"ns_coefficients": [1.0, 2.0]})),
        ("Muon", json!({"adjust_lr_fn": "none"})),
        ("Muon", json!({"maximize": true})),
    ] {
        let error = optim::create(&part(kind, config.clone())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{kind} {config}: {error}");
        assert!(error.message.starts_with(&format!("optimizer {kind}: ")), "{error}");
    }
    assert!(unknown(&optim::create(&part("Adm", json!({}))).unwrap_err()));
}
