//! Parameter groups.

use exburn_core::ErrorKind;
use exburn_core::optim::{Groups, State, Target};
use exburn_core::spec::OptimizerSpec;
use exburn_core::{Error, Result};
use serde_json::{Value as Json, json};

use crate::reference::{devices, difference};
use crate::value;

/// A model's rows: two layers, and a buffer.
const ROWS: [Target<'_>; 5] = [
    Target { name: "0.weight", shape: &[3, 2], parameter: true },
    Target { name: "0.bias", shape: &[3], parameter: true },
    Target { name: "1.running_mean", shape: &[3], parameter: false },
    Target { name: "2.weight", shape: &[2, 3], parameter: true },
    Target { name: "2.bias", shape: &[2], parameter: true },
];

fn groups(json: Json) -> Result<Groups> {
    Groups::new(&serde_json::from_value::<OptimizerSpec>(json).unwrap(), &ROWS)
}

fn error(json: Json) -> Error {
    groups(json).unwrap_err()
}

#[test]
fn a_group_has_its_own_options() {
    let groups = groups(json!({
        "type": "SGD", "config": {"lr": 0.1, "weight_decay": 0.5},
        "groups": [{"params": ["*.bias"], "config": {"weight_decay": 0}},
            {"params": ["2.weight"], "config": {"lr": 0.02, "momentum": 0.9}}]
    }))
    .unwrap();
    let expected = [1.0 - 0.1 * 1.5, 0.9, 1.0, 1.0 - 0.02 * 1.5, 0.9];
    for (device, types) in devices() {
        for row in [0, 1, 3, 4] {
            let shape = ROWS[row].shape;
            let ones = vec![1.0; shape.iter().product()];
            let mut parameter = value(&ones, shape, types[0], &device);
            let gradient = value(&ones, shape, types[0], &device);
            let mut state = State::default();
            groups.step(row, &mut parameter, gradient, &mut state, groups.rate()).unwrap();
            let found = parameter.to_doubles().unwrap();
            assert!(difference(&found, &vec![expected[row]; ones.len()]) < 1e-7, "{row}: {found:?}");
            assert_eq!(state.slots.len(), usize::from(row == 3));
        }
    }
}

#[test]
fn rates_keep_their_proportion() {
    let groups = groups(json!({
        "type": "AdamW", "config": {"lr": 0.1},
        "groups": [{"params": ["0"], "config": {"lr": 0.02}}, {"params": ["2.bias"], "config": {"weight_decay": 0}}]
    }))
    .unwrap();
    assert_eq!(groups.rate(), 0.1);
    assert_eq!([0, 1, 3, 4].map(|row| groups.rate_of(row, 0.1)), [0.02, 0.02, 0.1, 0.1]);
    let later = [0, 1, 3, 4].map(|row| groups.rate_of(row, 0.03));
    assert!(difference(&later, &[0.006, 0.006, 0.03, 0.03]) < 1e-15);
    // A group without a rate of its own follows exactly.
    assert_eq!(later[3], 0.03);
}

#[test]
fn a_group_may_have_another_optimizer() {
    let muon = json!({"type": "Muon", "config": {"momentum": 0.9, "nesterov": false}});
    let refused = error(muon.clone());
    assert_eq!(refused.kind, ErrorKind::Shape);
    assert!(refused.to_string().contains("0.bias"), "{refused}");
    let mut spec = muon;
    spec["groups"] = json!([{"params": ["*.bias"], "type": "AdamW", "config": {"lr": 0.01}}]);
    let groups = groups(spec).unwrap();
    assert_eq!(groups.of(1).slots(&[3]), ["exp_avg", "exp_avg_sq"]);
    assert_eq!(groups.of(0).slots(&[3, 2]), ["momentum_buffer"]);
    assert_eq!(groups.rate_of(1, 1e-3), 0.01);
}

#[test]
fn mistakes_are_named() {
    let with = |groups: Json| error(json!({"type": "SGD", "config": {"lr": 0.1}, "groups": groups}));
    let twice = with(json!([{"params": ["*.bias"]}, {"params": ["2.*"]}]));
    assert!(twice.kind == ErrorKind::InvalidArgument && twice.message.contains("'2.bias'"), "{twice}");
    let nothing = with(json!([{"params": ["*.bais"]}]));
    assert!(nothing.kind == ErrorKind::NotFound && nothing.message.contains("*.bais"), "{nothing}");
    // Buffers are not trained.
    assert_eq!(with(json!([{"params": ["*.running_mean"]}])).kind, ErrorKind::NotFound);
    assert_eq!(with(json!([{"params": []}])).kind, ErrorKind::InvalidArgument);
    let option = with(json!([{"params": ["*.bias"], "config": {"betas": [0.9, 0.99]}}]));
    assert!(option.message.contains("betas"), "{option}");
    // One parameter named twice by one group is no mistake.
    assert!(groups(json!({"type": "SGD", "groups": [{"params": ["*.bias", "0.bias"]}]})).is_ok());
}
