//! Every case of ops.json (PyTorch's values and gradients) on the CPU devices, in both types. A case of an operation that the
//! library has not fails.

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use std::panic::{AssertUnwindSafe, catch_unwind};

use exburn_core::HostArray;
use exburn_core::device::Device;
use exburn_core::tensor::DType;
use reference::{Array, Worst, cases, devices, difference};
use serde_json::{Map, Value as Json, json};
use single::{Single, data, floats, integers, noise, places};

/// The references have nine digits, of which sums of products lose a little; f32 allows a few roundings.
const LIMITS: [f64; 2] = [1e-5, 2e-8];

/// What one rounding of an input changes at most, relative to it: in the file's ninth digit, and in single precision.
const ROUNDING: [f64; 2] = [6e-8, 5e-9];

/// Inputs as the file's rounding, or that of the type, might have left them: every number moved, up or down.
fn moved(inputs: &[HostArray], dtype: DType, pattern: usize) -> Vec<HostArray> {
    let by = ROUNDING[usize::from(dtype == DType::F64)];
    let one = |input: &HostArray| {
        if !input.view_data().is_float() {
            return input.clone();
        }
        let sign = |i: usize| if (i >> pattern) & 1 == 0 { 1.0 } else { -1.0 };
        floats(&input.shape, data(input).iter().enumerate().map(|(i, x)| x * (1.0 + sign(i) * by)).collect())
    };
    inputs.iter().map(one).collect()
}

fn array(json: &Json) -> HostArray {
    let Array { shape, data, .. } = Array::parse(json);
    let whole = json["kind"] != "float";
    if whole { integers(&shape, data.iter().map(|&x| x as i64).collect()) } else { floats(&shape, data) }
}

fn arrays(json: &Json) -> Vec<HostArray> {
    json.as_array().map(|all| all.iter().map(array).collect()).unwrap_or_default()
}

/// Operations whose name is not torch's in another spelling.
fn name(op: &str) -> String {
    match op {
        "eq" => "Equal",
        "ne" => "NotEqual",
        "lt" => "Less",
        "le" => "LessEqual",
        "gt" => "Greater",
        "ge" => "GreaterEqual",
        "amax" => "Max",
        "amin" => "Min",
        "cat" => "Concat",
        "relu" => "ReLU",
        "argmax" => "ArgMax",
        "argmin" => "ArgMin",
        "argsort" => "ArgSort",
        "cumsum" => "CumSum",
        "cumprod" => "CumProd",
        "logsumexp" => "LogSumExp",
        "topk" => "TopK",
        "matmul" => "MatMul",
        "cdist" => "CDist",
        "remainder" => "RemainderScalar",
        other => {
            let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
            return other.split('_').map(capital).collect();
        }
    }
    .to_owned()
}

/// A case's options as the layer has them: `dim` of a reduction is a list or missing, and so on.
fn options(name: &str, case: &Json) -> Json {
    let mut config: Map<String, Json> = case["config"].as_object().cloned().unwrap_or_default();
    config.remove("broadcast");
    let mut rename = |from: &str, to: &str, list: bool| {
        if let Some(value) = config.remove(from)
            && !value.is_null()
        {
            config.insert(to.to_owned(), if list && !value.is_array() { json!([value]) } else { value });
        }
    };
    match name {
        "Sum" | "Mean" | "Prod" | "Max" | "Min" | "Var" | "Std" | "Norm" | "LogSumExp" | "Any" | "All" => {
            rename("dim", "dims", true);
        }
        "Roll" => {
            rename("dim", "dims", true);
            rename("shifts", "shifts", true);
        }
        "PowScalar" => rename("exponent", "value", false),
        "RemainderScalar" => rename("divisor", "value", false),
        "Concat" | "Stack" => {
            let count = case["inputs"].as_array().map_or(0, Vec::len);
            config.insert("inputs".to_owned(), json!(count));
        }
        _ => {}
    }
    Json::Object(config)
}

fn single(layer: &str, config: Json, inputs: Vec<HostArray>) -> Single {
    Single { layer: layer.to_owned(), config, state: vec![], inputs, training: true, frozen: false, seed: 0 }
}

/// Cases of several operations in a row; graphs and eager tensors compute them.
fn composed(case: &Json) -> bool {
    case["config"]["formula"].is_string()
}

/// Runs a piece of a test; what goes wrong is remembered, so that one failure does not hide the others.
fn attempt(failures: &mut Vec<String>, title: &str, f: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        failures.push(format!("{title}: {}", text.unwrap_or("a panic without text")));
    }
}

fn run_case(case: &Json, name: &str, config: Json, (device, dtype): (&Device, DType), worst: &mut Worst) {
    let (outputs, grads) = (arrays(&case["outputs"]), arrays(&case["output_grads"]));
    let grads = (!grads.is_empty()).then_some(&grads[..]);
    let inputs = arrays(&case["inputs"]);
    let run = |inputs| {
        let run = single(name, config.clone(), inputs).run(device, dtype, grads).unwrap_or_else(|e| panic!("{e}"));
        run.outputs.into_iter().map(Some).chain(run.input_grads).collect::<Vec<Option<HostArray>>>()
    };
    let found = run(inputs.clone());
    // A steep function magnifies what the inputs lost.
    let near = [0, 1].map(|pattern| run(moved(&inputs, dtype, pattern)));
    let gradients = case["input_grads"].as_array().cloned().unwrap_or_default();
    let gradients = gradients.iter().map(|g| (!g.is_null()).then(|| array(g)));
    assert_eq!(found.len(), outputs.len() + inputs.len());
    let expected = outputs.into_iter().map(Some).chain(gradients);
    for (i, (expected, found)) in expected.zip(&found).enumerate().filter_map(|(i, (e, f))| Some((i, (e?, f)))) {
        let found = found.as_ref().expect("a gradient");
        assert_eq!(found.shape, expected.shape, "shape of array {i}");
        let change =
            |near: &Vec<Option<HostArray>>| difference(&data(near[i].as_ref().expect("as before")), &data(found));
        let steep = 2.0 * near.iter().map(change).fold(0.0, f64::max);
        worst.meet(dtype, &data(found), &data(&expected), LIMITS.map(|limit| limit + steep), "array");
    }
}

#[test]
fn every_case() {
    let cases = cases("ops.json");
    let mut failures = Vec::new();
    for (device, dtype) in places(devices()) {
        let (mut ran, mut worst) = (0, Worst::default());
        for case in cases.iter().filter(|case| !composed(case)) {
            let name = name(case["op"].as_str().expect("op"));
            let config = options(&name, case);
            let title = format!("{device:?} {dtype:?} {name} {config}");
            attempt(&mut failures, &title, || run_case(case, &name, config, (&device, dtype), &mut worst));
            ran += 1;
        }
        println!("{device:?} {dtype:?}: {ran} cases, {worst:?}");
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// Where an operation's derivative has no closed form in the cases, or its options are not in them.
#[test]
fn gradients_follow_central_differences() {
    let (a, b) = (noise(&[2, 3, 4], 1), noise(&[3, 4], 2));
    let positive = floats(&[2, 3], vec![0.5, 1.5, 2.0, 0.7, 1.1, 3.0]);
    let within = floats(&[5], vec![-0.9, -0.3, 0.1, 0.45, 0.8]);
    let zeros = floats(&[2, 4], vec![2.0, 0.0, -1.5, 3.0, 0.0, 1.2, 0.0, 0.7]);
    let square = floats(&[2, 2, 2], vec![1.0, 2.0, 3.0, 5.0, -1.0, 0.5, 2.0, 0.3]);
    let one = |name: &str, config: Json, x: &HostArray| single(name, config, vec![x.clone()]);
    let mut failures = Vec::new();
    let mut all = vec![
        single("Pow", json!({}), vec![positive.clone(), noise(&[3], 3)]),
        single("Pow", json!({}), vec![positive.clone(), noise(&[2, 1], 3)]),
        single("Atan2", json!({}), vec![a.clone(), b.clone()]),
        single(
            "Remainder",
            json!({}),
            vec![floats(&[4], vec![7.2, -7.3, 7.4, -7.6]), floats(&[4], vec![2.0, 2.0, -3.0, -3.0])],
        ),
        single("MatMul", json!({}), vec![noise(&[3], 3), noise(&[3], 4)]),
        single("MatMul", json!({}), vec![noise(&[3], 3), a.clone()]),
        single("MatMul", json!({}), vec![a.clone(), noise(&[4], 4)]),
        single("Einsum", json!({"equation": "bij,jk,k->bi"}), vec![a.clone(), noise(&[4, 2], 3), noise(&[2], 4)]),
        single("Einsum", json!({"equation": "...j,kj"}), vec![a.clone(), noise(&[5, 4], 3)]),
        single("Einsum", json!({"equation": "iij->ji"}), vec![noise(&[3, 3, 2], 3)]),
        single("Einsum", json!({"equation": "b...d,b...d->b..."}), vec![a.clone(), noise(&[2, 1, 4], 3)]),
        single("CDist", json!({"p": 3}), vec![a.clone(), noise(&[5, 4], 3)]),
        single("Where", json!({}), vec![integers(&[3, 1], vec![1, 0, 1]), a.clone(), b.clone()]),
        single(
            "ScatterAdd",
            json!({"dim": 1}),
            vec![a.clone(), integers(&[1, 2, 3], vec![0, 2, 0, 2, 1, 0]), noise(&[1, 2, 3], 5)],
        ),
        single("IndexAdd", json!({"dim": 1}), vec![a.clone(), integers(&[3], vec![2, 0, 2]), noise(&[2, 3, 4], 5)]),
        one("Prod", json!({"dims": [1]}), &zeros),
        one("Prod", json!({}), &floats(&[3], vec![2.0, 0.0, 4.0])),
        one("CumProd", json!({"dim": 1}), &zeros),
        one("CumSum", json!({"dim": 0}), &a),
        one("Norm", json!({"p": 3, "dims": [0, 2], "keepdim": true}), &a),
        one("Norm", json!({"p": 1.5}), &a),
        one("Norm", json!({"p": "inf", "dims": [1]}), &a),
        one("Std", json!({"dims": [0, -1], "correction": 0}), &a),
        one("LogSumExp", json!({}), &a),
        one("Max", json!({"dims": [0, 2]}), &a),
        one("Slice", json!({"ranges": [[null, null, 1], [0, 3, 2], [1]]}), &a),
        one("Slice", json!({"dim": 2, "start": 1, "step": 3}), &a),
        one("Chunk", json!({"dim": 2, "chunks": 2}), &a),
        one("Roll", json!({"shifts": [5]}), &a),
        one("Roll", json!({"shifts": [-1, 2], "dims": [1, -1]}), &a),
        one("Repeat", json!({"repeats": [2, 1, 3, 2]}), &a),
        one("RepeatInterleave", json!({"dim": 1, "repeats": 2}), &a),
        one("Pad", json!({"padding": [1, -1, 0, 2], "value": 3}), &a),
        one("Flip", json!({"dims": [0, -1]}), &a),
        one("Diag", json!({"diagonal": -1}), &noise(&[3], 3)),
        one("Diag", json!({"diagonal": 2}), &b),
        one("Diagonal", json!({"offset": -1}), &a),
        one("Trace", json!({}), &a),
        one("Tril", json!({"diagonal": -1}), &a),
        one("Inverse", json!({}), &square),
        one("Det", json!({}), &square),
        one("Det", json!({}), &floats(&[2, 2], vec![1.0, 2.0, 2.0, 4.0])),
        one("MaskedFill", json!({"value": 2}), &a),
        one("Expm1", json!({}), &a),
        one("Erfc", json!({}), &a),
        one("Erfinv", json!({}), &within),
        one("Asin", json!({}), &within),
        one("Acos", json!({}), &within),
        one("Atanh", json!({}), &within),
        one("Acosh", json!({}), &floats(&[3], vec![1.1, 2.0, 5.0])),
        one("Cbrt", json!({}), &a),
    ];
    if let Some(fill) = all.iter_mut().find(|s| s.layer == "MaskedFill") {
        fill.inputs.push(integers(&[4], vec![0, 1, 0, 1]));
    }
    for (device, _) in devices().into_iter().filter(|(device, _)| device.info().kind != "gpu") {
        for single in &all {
            let title = format!("{device:?} {} {}", single.layer, single.config);
            attempt(&mut failures, &title, || {
                let error = single.gradient_error(&device);
                assert!(error < 2e-7, "off by {error}");
            });
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
