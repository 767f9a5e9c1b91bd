//! Every layer against PyTorch: outputs, gradients, buffers of all cases of layers.json whose layer the core has, and of the
//! project's own cases (tests/fixtures/layers), which hold options that those lack.

#[path = "common/cases.rs"]
mod layer_cases;
#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::layers::names;
use exburn_core::tensor::DType;
use layer_cases::{On, single};
use reference::{Worst, cases};

#[test]
fn reference_cases() {
    layer_cases::check(&cases("layers.json"), layer_cases::LIMITS, On::All);
}

/// The core has every layer of the references.
#[test]
fn no_layer_is_missing() {
    for case in cases("layers.json") {
        let layer = case["layer"].as_str().unwrap();
        assert!(names().contains(&layer), "{layer}");
    }
}

#[test]
fn own_cases() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/layers");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|path| path.extension().is_some_and(|e| e == "json")) {
        println!("{}", file.display());
        let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        layer_cases::check(json["cases"].as_array().expect("cases"), layer_cases::OWN_LIMITS, On::Cpu);
    }
}

/// The same numbers on all CPU devices hold to the last digits, so that a model may move between them.
#[test]
fn devices_agree() {
    let on = |kind: &str| {
        let spec = format!(r#"{{"kind":"{kind}"}}"#);
        exburn_core::device::Device::open(&exburn_core::spec::DeviceSpec::from_json(&spec).unwrap()).unwrap()
    };
    let mut worst = Worst::default();
    for case in cases("layers.json").iter().filter(|c| names().contains(&c["layer"].as_str().unwrap())) {
        let single = single(case);
        let [a, b] = ["cpu", "ndarray"].map(|kind| single.output_on(&on(kind), DType::F64));
        worst.meet(DType::F64, &single::data(&a), &single::data(&b), [0.0, 1e-13], &single.layer);
    }
}
