//! Reference cases of layers: from their JSON to a pass, and everything that they tell against what came out.
#![allow(dead_code)] // each test program uses its part

use exburn_core::HostArray;
use exburn_core::layers::{SingleRun, names};
use serde_json::Value as Json;

use crate::reference::{Array, Worst, devices, unknown};
use crate::single::{Single, data, floats, integers, places};

/// What the references allow: the rounding of a few dozen operations in single precision, their nine digits in double.
pub const LIMITS: [f64; 2] = [1e-5, 1e-7];

fn array(json: &Json) -> HostArray {
    let Array { shape, data, integer } = Array::parse(json);
    if integer { integers(&shape, data.iter().map(|&x| x as i64).collect()) } else { floats(&shape, data) }
}

pub fn arrays(json: &Json) -> Vec<HostArray> {
    json.as_array().expect("a list").iter().map(array).collect()
}

fn named(json: &Json) -> Vec<(String, HostArray)> {
    json.as_object().map(|o| o.iter().map(|(name, a)| (name.clone(), array(a))).collect()).unwrap_or_default()
}

pub fn single(case: &Json) -> Single {
    Single {
        layer: case["layer"].as_str().expect("layer").to_owned(),
        config: case["config"].clone(),
        state: named(&case["state"]),
        inputs: arrays(&case["inputs"]),
        training: case["training"].as_bool().expect("training"),
        frozen: false,
        seed: 0,
    }
}

/// Everything that a case tells, against what came out.
fn compare(case: &Json, run: SingleRun, mut meet: impl FnMut(&HostArray, &HostArray, &str)) {
    let outputs = arrays(&case["outputs"]);
    assert_eq!(run.outputs.len(), outputs.len());
    for (found, expected) in run.outputs.iter().zip(&outputs) {
        meet(found, expected, "output");
    }
    let gradients = case["input_grads"].as_array().expect("input_grads");
    assert_eq!(run.input_grads.len(), gradients.len());
    for (found, expected) in run.input_grads.iter().zip(gradients).filter(|(_, e)| !e.is_null()) {
        meet(found.as_ref().expect("an input gradient"), &array(expected), "input gradient");
    }
    for (name, expected) in named(&case["param_grads"]) {
        let found = run.param_grads.iter().find(|(n, _)| *n == name).and_then(|(_, g)| g.as_ref());
        meet(found.unwrap_or_else(|| panic!("no gradient of {name}")), &expected, &format!("gradient of {name}"));
    }
    for (name, expected) in named(&case["buffers_after"]) {
        let found = run.buffers.iter().find(|(n, _)| *n == name);
        meet(&found.unwrap_or_else(|| panic!("no buffer {name}")).1, &expected, &name);
    }
}

/// The project's own cases have thirteen digits.
pub const OWN_LIMITS: [f64; 2] = [1e-5, 1e-11];

/// Where cases run.
#[derive(Clone, Copy, PartialEq)]
pub enum On {
    /// All devices.
    All,
    /// The CPU devices: for many cases that vary one option of one layer, a software GPU would spend minutes on building
    /// kernels and say no more than the references do.
    Cpu,
}

/// Runs all cases whose layer the core has, in all types.
pub fn check(cases: &[Json], limits: [f64; 2], on: On) {
    let places = places(devices()).into_iter();
    for (device, dtype) in places.filter(|(device, _)| on == On::All || device.info().kind != "gpu") {
        let (mut ran, mut to_come, mut worst) = (0, 0, Worst::default());
        for case in cases {
            let single = single(case);
            let title = format!("{device:?} {dtype:?} {} {}", single.layer, single.config);
            match single.run(&device, dtype, Some(&arrays(&case["output_grads"]))) {
                Ok(run) => compare(case, run, |found, expected, what| {
                    assert_eq!(found.shape, expected.shape, "{title}: {what}");
                    worst.meet(dtype, &data(found), &data(expected), limits, &format!("{title}: {what}"));
                }),
                Err(e) if unknown(&e) && !names().contains(&single.layer.as_str()) => {
                    to_come += 1;
                    continue;
                }
                Err(e) => panic!("{title}: {e}"),
            }
            ran += 1;
        }
        println!("{device:?} {dtype:?}: {ran} cases, {to_come} of layers to come, {worst:?}");
        assert!(ran > 0);
    }
}
