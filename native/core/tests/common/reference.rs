//! The reference cases (PyTorch's results) and the devices they run on.
#![allow(dead_code)] // each test program uses its part

use std::path::PathBuf;

use exburn_core::device::Device;
use exburn_core::spec::{Config, DeviceSpec, PartSpec};
use exburn_core::tensor::{DType, Value};
use exburn_core::{Error, HostArray, HostData};
use serde_json::Value as Json;

/// The folder of the cases: `EXBURN_REFERENCE`, or the project's own copy.
pub fn folder() -> PathBuf {
    std::env::var_os("EXBURN_REFERENCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/reference"), PathBuf::from)
}

/// The cases of a file of the folder.
pub fn cases(file: &str) -> Vec<Json> {
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut json: Json = serde_json::from_str(&text).unwrap();
    match json["cases"].take() {
        Json::Array(cases) if !cases.is_empty() => cases,
        other => panic!("{}: no cases, found {other}", path.display()),
    }
}

/// An array of a case.
#[derive(Debug, Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
    pub integer: bool,
}

impl Array {
    pub fn parse(json: &Json) -> Self {
        let list = |key: &str| json[key].as_array().unwrap_or_else(|| panic!("no '{key}' in {json}"));
        let shape: Vec<usize> = list("shape").iter().map(|d| d.as_u64().unwrap() as usize).collect();
        let data: Vec<f64> = list("data").iter().map(number).collect();
        assert_eq!(shape.iter().product::<usize>(), data.len());
        Self { shape, data, integer: json["kind"] == "int" }
    }

    /// As a host array: f64, or i64 for integers.
    pub fn host(&self) -> HostArray {
        let data = if self.integer {
            HostData::I64(self.data.iter().map(|&x| x as i64).collect())
        } else {
            HostData::F64(self.data.clone())
        };
        HostArray::new(self.shape.clone(), data).unwrap()
    }

    /// As a value; single numbers get the shape [1].
    pub fn value(&self, dtype: DType, device: &Device) -> Value {
        let shape = if self.shape.is_empty() { vec![1] } else { self.shape.clone() };
        if self.integer {
            Value::from_ints(self.data.iter().map(|&x| x as i32).collect(), &shape, device).unwrap()
        } else {
            Value::from_doubles(self.data.clone(), &shape, dtype, device).unwrap()
        }
    }
}

/// A number, also where JSON has none: "nan", "inf", "-inf"; true is 1, false 0.
fn number(json: &Json) -> f64 {
    json.as_f64()
        .or_else(|| json.as_bool().map(f64::from))
        .or_else(|| json.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("not a number: {json}"))
}

/// An object of arrays, by name.
pub fn named(json: &Json) -> Vec<(String, Array)> {
    json.as_object().unwrap().iter().map(|(name, array)| (name.clone(), Array::parse(array))).collect()
}

/// A part of a description.
pub fn part(kind: &str, config: Json) -> PartSpec {
    PartSpec { kind: kind.to_owned(), config: Config::from_value(config).unwrap() }
}

/// A device and the types to test on it. `EXBURN_TEST_GPU=1` adds the GPU.
pub fn devices() -> Vec<(Device, Vec<DType>)> {
    let open = |kind: &str| Device::open(&DeviceSpec::from_json(&format!(r#"{{"kind":"{kind}"}}"#)).unwrap());
    let mut all = vec![open("cpu").unwrap(), open("ndarray").unwrap()];
    if std::env::var("EXBURN_TEST_GPU").is_ok_and(|v| v == "1") {
        all.push(open("gpu").unwrap());
    }
    let types = |device: &Device| device.info().float_types.iter().map(|t| DType::parse(t).unwrap()).collect();
    all.into_iter().map(|device| (device.clone(), types(&device))).collect()
}

/// The largest difference: absolute below 1, relative above; not-a-number must meet its like.
pub fn difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let one = |(&f, &e): (&f64, &f64)| match (f.is_nan(), e.is_nan()) {
        (true, true) => 0.0,
        (false, false) if f == e => 0.0,
        (false, false) => (f - e).abs() / e.abs().max(1.0),
        _ => f64::INFINITY,
    };
    found.iter().zip(expected).map(one).fold(0.0, f64::max)
}

/// The largest difference met, per type.
#[derive(Debug, Default)]
pub struct Worst {
    single: f64,
    double: f64,
}

impl Worst {
    /// Compares, with a limit per type, and remembers.
    pub fn meet(&mut self, dtype: DType, found: &[f64], expected: &[f64], [single, double]: [f64; 2], what: &str) {
        let error = difference(found, expected);
        let (limit, worst) = match dtype {
            DType::F32 => (single, &mut self.single),
            DType::F64 => (double, &mut self.double),
            half => panic!("{what}: no limit for {}", half.name()),
        };
        assert!(
            error <= limit,
            "{what}: off by {error:e} (limit {limit:e})\nfound    {found:?}\nexpected {expected:?}"
        );
        *worst = worst.max(error);
    }
}

/// Whether an error says that the library has no part of this name.
pub fn unknown(error: &Error) -> bool {
    error.kind == exburn_core::ErrorKind::Unsupported && error.message.starts_with("there is no ")
}
