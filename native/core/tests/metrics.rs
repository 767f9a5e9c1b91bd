//! Metrics against values worked out by hand (Keras' documented samples among them).

#[path = "common/reference.rs"]
mod reference;

use exburn_core::ErrorKind;
use exburn_core::device::Device;
use exburn_core::metrics::{self, Metric};
use exburn_core::tensor::Value;
use reference::{devices, part, unknown};
use serde_json::{Value as Json, json};

fn accuracy(config: Json) -> Box<dyn Metric> {
    metrics::create(&part("Accuracy", config)).unwrap()
}

fn floats(data: &[f32], shape: &[usize], device: &Device) -> Value {
    Value::from_f32(data.to_vec(), shape, device).unwrap()
}

fn ints(data: &[i32], shape: &[usize], device: &Device) -> Value {
    Value::from_ints(data.to_vec(), shape, device).unwrap()
}

fn add(metric: &mut dyn Metric, prediction: &Value, target: &Value) {
    let partial = metric.partial(prediction, std::slice::from_ref(target)).unwrap();
    assert!(partial.rank() == 1 && !partial.is_tracked());
    metric.absorb(&partial.to_doubles().unwrap());
}

fn once(config: Json, prediction: &Value, target: &Value) -> f64 {
    let mut metric = accuracy(config);
    add(&mut *metric, prediction, target);
    metric.value()
}

#[test]
fn categorical() {
    for (device, _) in devices() {
        let scores = floats(&[0.1, 0.9, 0.8, 0.05, 0.95, 0.0], &[2, 3], &device);
        let hot = floats(&[0.0, 0.0, 1.0, 0.0, 1.0, 0.0], &[2, 3], &device);
        assert_eq!(once(json!({}), &scores, &hot), 0.5);
        assert_eq!(once(json!({}), &scores, &ints(&[2, 1], &[2], &device)), 0.5);
        assert_eq!(once(json!({}), &scores, &ints(&[0, 0, 1, 0, 1, 0], &[2, 3], &device)), 0.5);
        // The same under a gradient graph.
        assert_eq!(once(json!({}), &scores.tracked(), &ints(&[2, 1], &[2], &device)), 0.5);
    }
}

#[test]
fn labels_1234_against_0234() {
    for (device, _) in devices() {
        let mut one_hot = vec![0.0; 20];
        for (row, class) in [1, 2, 3, 4].into_iter().enumerate() {
            one_hot[row * 5 + class] = 1.0;
        }
        let scores = floats(&one_hot, &[4, 5], &device);
        assert_eq!(once(json!({}), &scores, &ints(&[0, 2, 3, 4], &[4], &device)), 0.75);
    }
}

#[test]
fn binary() {
    for (device, _) in devices() {
        for shape in [&[4][..], &[4, 1]] {
            let scores = floats(&[0.98, 1.0, 0.0, 0.6], shape, &device);
            for target in [&[4][..], &[4, 1]] {
                assert_eq!(once(json!({}), &scores, &floats(&[1.0, 1.0, 0.0, 0.0], target, &device)), 0.75);
                assert_eq!(once(json!({}), &scores, &ints(&[1, 1, 0, 0], target, &device)), 0.75);
            }
        }
        let logits = floats(&[2.0, 0.3, -1.0, 0.2], &[4, 1], &device);
        let target = floats(&[1.0, 1.0, 0.0, 0.0], &[4], &device);
        assert_eq!(once(json!({"threshold": 0.0}), &logits, &target), 0.75);
        assert_eq!(once(json!({}), &logits, &target), 0.75);
        assert_eq!(once(json!({"threshold": 0.25}), &logits, &target), 1.0);
        // A score at the threshold is not above it.
        let edge = floats(&[0.5], &[1], &device);
        assert_eq!(once(json!({}), &edge, &floats(&[1.0], &[1], &device)), 0.0);
    }
}

#[test]
fn per_position_and_ignored() {
    for (device, _) in devices() {
        // [1, 2, 3]: classes 0, 1, 0 win at the three positions.
        let scores = floats(&[0.9, 0.2, 0.6, 0.1, 0.8, 0.4], &[1, 2, 3], &device);
        let target = ints(&[0, 1, 1], &[1, 3], &device);
        assert!((once(json!({}), &scores, &target) - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(once(json!({}), &scores, &ints(&[0, -100, 1], &[1, 3], &device)), 0.5);
        assert_eq!(once(json!({"ignore_index": 1}), &scores, &target), 1.0);
        assert!(once(json!({}), &scores, &ints(&[-100; 3], &[1, 3], &device)).is_nan());
    }
}

#[test]
fn the_first_of_equal_scores_wins() {
    for (device, _) in devices() {
        let scores = floats(&[0.5, 0.5, 0.1, 0.2, 0.7, 0.7], &[2, 3], &device);
        assert_eq!(once(json!({}), &scores, &ints(&[0, 1], &[2], &device)), 1.0);
    }
}

#[test]
fn batches_add_up_by_their_size() {
    for (device, _) in devices() {
        let mut metric = accuracy(json!({}));
        assert!(metric.value().is_nan());
        let scores = floats(&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0], &[3, 2], &device);
        add(&mut *metric, &scores, &ints(&[0, 0, 0], &[3], &device));
        add(&mut *metric, &floats(&[1.0, 0.0], &[1, 2], &device), &ints(&[1], &[1], &device));
        assert_eq!(metric.value(), 0.75);
        assert!(metric.fresh().value().is_nan());
        metric.reset();
        assert!(metric.value().is_nan());
    }
}

#[test]
fn bad_input() {
    for (device, _) in devices() {
        let scores = floats(&[0.0; 6], &[2, 3], &device);
        let metric = accuracy(json!({}));
        for target in
            [ints(&[0; 3], &[3], &device), ints(&[0; 2], &[2, 1], &device), floats(&[0.0; 4], &[2, 2], &device)]
        {
            assert_eq!(metric.partial(&scores, &[target]).unwrap_err().kind, ErrorKind::Shape);
        }
        assert!(metric.partial(&scores, &[]).is_err());
    }
    assert!(metrics::create(&part("Accuracy", json!({"treshold": 0.1}))).is_err());
    assert!(unknown(&metrics::create(&part("Acuracy", json!({}))).unwrap_err()));
}
