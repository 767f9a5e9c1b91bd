//! Every layer against PyTorch: outputs, gradients, buffers of all cases of layers.json whose layer the core has.

#[path = "common/cases.rs"]
mod layer_cases;
#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::layers::names;
use exburn_core::tensor::DType;
use layer_cases::single;
use reference::{Worst, cases};

#[test]
fn reference_cases() {
    layer_cases::check(&cases("layers.json"));
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
