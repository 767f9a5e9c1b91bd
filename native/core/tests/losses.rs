//! Losses against PyTorch's results, against central differences, and with bad input.

#[path = "common/reference.rs"]
mod reference;

use exburn_core::losses::{self, Loss};
use exburn_core::tensor::{DType, Kind, Value};
use exburn_core::{ArrayView, DataView, Error, ErrorKind};
use reference::{Array, Worst, cases, devices, part, unknown};
use serde_json::{Value as Json, json};

/// The project's own cases, wherever PyTorch's lie.
const BOXES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/reference/losses_boxes.json");

fn loss(kind: &str, config: Json) -> Box<dyn Loss> {
    losses::create(&part(kind, config)).unwrap()
}

/// A host view of a target, as a caller would give it.
fn checked(loss: &dyn Loss, prediction: &[usize], targets: &[Array]) -> Result<(), Error> {
    let ints: Vec<Vec<i64>> = targets.iter().map(|t| t.data.iter().map(|&x| x as i64).collect()).collect();
    let views = targets.iter().zip(&ints).map(|(target, ints)| {
        let data = if target.integer { DataView::I64(ints) } else { DataView::F64(&target.data) };
        ArrayView::new(target.shape.clone(), data).unwrap()
    });
    loss.check(prediction, &views.collect::<Vec<_>>())
}

/// Value, and gradient of the sum of the value.
fn value_and_gradient(loss: &dyn Loss, prediction: &Value, targets: &[Value]) -> (Vec<usize>, Vec<f64>, Vec<f64>) {
    let leaf = prediction.tracked();
    let value = loss.forward(&leaf, targets).unwrap();
    let gradient = value.clone().sum().unwrap().backward().unwrap().of(&leaf).unwrap();
    assert_eq!(gradient.shape(), prediction.shape());
    (value.shape(), value.to_doubles().unwrap(), gradient.to_doubles().unwrap())
}

#[test]
fn reference_cases() {
    let (mut ran, mut skipped) = (0, 0);
    for (device, types) in devices() {
        let mut worst = Worst::default();
        for (number, case) in ["losses.json", BOXES].into_iter().flat_map(cases).enumerate() {
            let kind = case["loss"].as_str().unwrap();
            let mut config = case["config"].clone();
            // Notes on the layout of the data, for the reader of the cases.
            for note in ["target", "layout"] {
                config.as_object_mut().unwrap().remove(note);
            }
            config["reduction"] = case["reduction"].clone();
            let loss = match losses::create(&part(kind, config)) {
                Ok(loss) => loss,
                Err(e) if unknown(&e) => {
                    skipped += 1;
                    continue;
                }
                Err(e) => panic!("{kind}, case {number}: {e}"),
            };
            let prediction = Array::parse(&case["prediction"]);
            let targets: Vec<Array> = case["targets"].as_array().unwrap().iter().map(Array::parse).collect();
            let (value, gradient) = (Array::parse(&case["value"]), Array::parse(&case["grad_of_sum"]));
            assert_eq!(loss.target_count(), targets.len());
            checked(&*loss, &prediction.shape, &targets).unwrap();
            for &dtype in &types {
                let what =
                    format!("{kind} {} case {number}, {}, {}", case["reduction"], device.info().kind, dtype.name());
                let values: Vec<Value> = targets.iter().map(|t| t.value(dtype, &device)).collect();
                let (shape, v, g) = value_and_gradient(&*loss, &prediction.value(dtype, &device), &values);
                let expected = if value.shape.is_empty() { vec![1] } else { value.shape.clone() };
                assert_eq!(shape, expected, "{what}");
                // Vulkan lets atan be off by 4096 units in the last place.
                let rough = kind == "CompleteBoxIoU" && device.info().kind == "gpu";
                let limits = if rough { [2e-5, 1e-8] } else { [2e-6, 1e-8] };
                worst.meet(dtype, &v, &value.data, limits, &what);
                worst.meet(dtype, &g, &gradient.data, limits, &format!("{what}, gradient"));
                // Without a gradient graph, as in evaluation, the value is the same.
                let plain = loss.forward(&prediction.value(dtype, &device), &values).unwrap();
                assert!(!plain.is_tracked());
                assert_eq!(plain.to_doubles().unwrap(), v, "{what}");
                ran += 1;
            }
        }
        println!("{}: {worst:?}", device.info().kind);
    }
    println!("{ran} ran, {skipped} skipped");
    assert!(ran > 0);
}

/// Numbers between -2 and 2 from a fixed sequence.
fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 51) as f64 - 2.0
    };
    (0..n).map(|_| next()).collect()
}

fn floats(shape: &[usize], seed: u64) -> Array {
    Array { shape: shape.to_vec(), data: numbers(shape.iter().product(), seed), integer: false }
}

fn classes(shape: &[usize], data: &[i64]) -> Array {
    Array { shape: shape.to_vec(), data: data.iter().map(|&x| x as f64).collect(), integer: true }
}

#[test]
fn gradients_are_central_differences() {
    let shape = [3, 4, 2];
    let indices = classes(&[3, 2], &[0, 3, -1, 1, 2, -1]);
    let weight = json!([0.5, 1.5, 0.0, 2.0]);
    let softened = Array { data: numbers(24, 9).iter().map(|x| x.abs()).collect(), ..floats(&shape, 9) };
    let all = [
        ("CrossEntropy", json!({"ignore_index": -1}), indices.clone()),
        ("CrossEntropy", json!({"ignore_index": -1, "weight": weight, "label_smoothing": 0.3}), indices.clone()),
        ("CrossEntropy", json!({"ignore_index": -1, "label_smoothing": 1.0, "reduction": "sum"}), indices),
        ("CrossEntropy", json!({"weight": weight, "label_smoothing": 0.3}), softened.clone()),
        ("CrossEntropy", json!({"reduction": "none"}), softened),
        ("MSE", json!({}), floats(&shape, 4)),
        ("MSE", json!({"reduction": "sum"}), floats(&shape, 4)),
    ];
    for (device, types) in devices().into_iter().filter(|(_, types)| types.contains(&DType::F64)) {
        for (kind, config, target) in &all {
            let loss = loss(kind, config.clone());
            checked(&*loss, &shape, std::slice::from_ref(target)).unwrap();
            let targets = [target.value(types[types.len() - 1], &device)];
            let point = numbers(24, 1);
            let at = |point: &[f64]| {
                let x = Value::from_f64(point.to_vec(), &shape, &device).unwrap();
                loss.forward(&x, &targets).unwrap().sum().unwrap().to_scalar().unwrap()
            };
            let x = Value::from_f64(point.clone(), &shape, &device).unwrap();
            let (_, _, gradient) = value_and_gradient(&*loss, &x, &targets);
            for i in 0..24 {
                let moved = |by: f64| {
                    let mut p = point.clone();
                    p[i] += by;
                    at(&p)
                };
                let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((gradient[i] - expected).abs() < 1e-8, "{kind} {config}, {i}: {} {expected}", gradient[i]);
            }
        }
    }
}

#[test]
fn all_targets_ignored() {
    for (device, _) in devices() {
        let x = Value::from_f32(vec![1.0, 2.0, 3.0, 4.0], &[2, 2], &device).unwrap();
        let target = Value::from_ints(vec![-100, -100], &[2], &device).unwrap();
        let of = |reduction: &str| {
            let loss = loss("CrossEntropy", json!({"reduction": reduction}));
            loss.forward(&x, std::slice::from_ref(&target)).unwrap().to_doubles().unwrap()
        };
        // As in PyTorch: a mean over nothing.
        assert!(of("mean")[0].is_nan());
        assert_eq!(of("sum"), [0.0]);
        assert_eq!(of("none"), [0.0, 0.0]);
    }
}

#[test]
fn large_logits_stay_finite() {
    for (device, _) in devices() {
        let x = Value::from_f32(vec![1e4, -1e4, 0.0, -3e4, 3e4, 0.0], &[2, 3], &device).unwrap();
        let target = Value::from_ints(vec![0, 0], &[2], &device).unwrap();
        let (_, value, gradient) =
            value_and_gradient(&*loss("CrossEntropy", json!({"reduction": "none"})), &x, &[target]);
        assert_eq!(value, [0.0, 6e4]);
        assert!(reference::difference(&gradient, &[0.0, 0.0, 0.0, -1.0, 1.0, 0.0]) < 1e-6);
    }
}

#[test]
fn class_numbers_are_checked() {
    let plain = loss("CrossEntropy", json!({}));
    let error = checked(&*plain, &[3, 5], &[classes(&[3], &[4, 0, 5])]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidArgument);
    assert!(error.message.contains("sample 2 has class 5"), "{error}");
    assert!(error.message.contains("5 classes (0 to 4)"), "{error}");
    let error = checked(&*plain, &[2, 3, 2, 2], &[classes(&[2, 2, 2], &[0, 1, 2, 0, 1, 2, -1, 0])]).unwrap_err();
    assert!(error.message.contains("sample 1 (position [1, 1, 0]) has class -1"), "{error}");
    checked(&*plain, &[2, 3], &[classes(&[2], &[-100, 2])]).unwrap();
    let other = loss("CrossEntropy", json!({"ignore_index": 7}));
    checked(&*other, &[2, 3], &[classes(&[2], &[7, 2])]).unwrap();
    assert!(checked(&*other, &[2, 3], &[classes(&[2], &[-100, 2])]).is_err());
}

#[test]
fn shapes_are_checked() {
    let entropy = loss("CrossEntropy", json!({"weight": [1.0, 2.0, 3.0]}));
    let mse = loss("MSE", json!({}));
    let fails = |loss: &dyn Loss, prediction: &[usize], target: Array, kind: ErrorKind| {
        let error = checked(loss, prediction, &[target]).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        error.message
    };
    let text = fails(&*mse, &[4, 1], floats(&[4], 1), ErrorKind::Shape);
    assert!(text.contains("[4, 1]") && text.contains("found [4]"), "{text}");
    fails(&*mse, &[4, 3], floats(&[1, 3], 1), ErrorKind::Shape);
    fails(&*entropy, &[4], classes(&[4], &[0; 4]), ErrorKind::Shape);
    fails(&*entropy, &[4, 2], classes(&[4], &[0; 4]), ErrorKind::Shape);
    fails(&*entropy, &[4, 3], classes(&[4, 1], &[0; 4]), ErrorKind::Shape);
    fails(&*entropy, &[4, 3], classes(&[5], &[0; 5]), ErrorKind::Shape);
    fails(&*entropy, &[4, 3], floats(&[4], 1), ErrorKind::DType);
    fails(&*entropy, &[4, 3], floats(&[4, 2], 1), ErrorKind::Shape);
    fails(&*entropy, &[4, 0], classes(&[4], &[0; 4]), ErrorKind::Shape);
    assert!(mse.check(&[2], &[]).is_err());
    assert_eq!(entropy.target_kind(0, Kind::Float), Kind::Float);
    assert_eq!(entropy.target_kind(0, Kind::Int), Kind::Int);
    assert_eq!(mse.target_kind(0, Kind::Int), Kind::Float);
}

#[test]
fn options_are_checked() {
    for (kind, config) in [
        ("CrossEntropy", json!({"label_smoothing": 1.5})),
        ("CrossEntropy", json!({"label_smoothing": -0.1})),
        ("CrossEntropy", json!({"weight": "heavy"})),
        ("CrossEntropy", json!({"ignore_index": 1u64 << 40})),
        ("CrossEntropy", json!({"smoothing": 0.1})),
        ("MSE", json!({"reduction": "average"})),
        ("MSE", json!({"weight": [1.0]})),
    ] {
        let error = losses::create(&part(kind, config.clone())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{kind} {config}: {error}");
        assert!(error.message.starts_with(&format!("loss {kind}: ")), "{error}");
    }
    let error = losses::create(&part("Crossentropy", json!({}))).unwrap_err();
    assert!(unknown(&error) && error.message.contains("CrossEntropy"), "{error}");
}
