//! Time of a whole training step called from Rust: the same work as benchmarks/ does through C#.
//! One line per repetition: `rust mlp64 <microseconds per step>`; the median is the number to quote.

use std::time::Instant;

use exburn_core::data::Dataset;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, ModelSpec};
use exburn_core::train::{TrainOptions, train_epoch, train_step};
use exburn_core::{ArrayView, DataView};
use serde_json::json;

fn mlp() -> Model {
    let layers = [
        ("Linear", json!({"in_features": 784, "out_features": 256})),
        ("ReLU", json!({})),
        ("Linear", json!({"in_features": 256, "out_features": 128})),
        ("ReLU", json!({})),
        ("Linear", json!({"in_features": 128, "out_features": 10})),
    ];
    build(&layers)
}

fn cnn() -> Model {
    let layers = [
        ("Conv2d", json!({"in_channels": 1, "out_channels": 32, "kernel_size": 3})),
        ("ReLU", json!({})),
        ("Conv2d", json!({"in_channels": 32, "out_channels": 64, "kernel_size": 3})),
        ("ReLU", json!({})),
        ("MaxPool2d", json!({"kernel_size": 2})),
        ("Dropout", json!({"p": 0.25})),
        ("Flatten", json!({})),
        ("Linear", json!({"in_features": 9216, "out_features": 128})),
        ("ReLU", json!({})),
        ("Dropout", json!({"p": 0.5})),
        ("Linear", json!({"in_features": 128, "out_features": 10})),
    ];
    build(&layers)
}

fn build(layers: &[(&str, serde_json::Value)]) -> Model {
    let mut model = Model::build(&ModelSpec::sequential("f32", layers).unwrap(), 1, &Device::cpu()).unwrap();
    let compile = r#"{"version":1,"loss":{"type":"CrossEntropy"},"optimizer":{"type":"Adam","config":{"lr":0.001}}}"#;
    model.compile(&CompileSpec::from_json(compile).unwrap()).unwrap();
    model
}

fn measure(name: &str, model: &mut Model, shape: &[usize], steps: usize) {
    let rows = shape[0];
    let count: usize = shape.iter().product();
    let x: Vec<f32> = (0..count).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    let y: Vec<i32> = (0..rows).map(|i| (i % 10) as i32).collect();
    let input = ArrayView::new(shape.to_vec(), DataView::F32(&x)).unwrap();
    let target = ArrayView::new(vec![rows], DataView::I32(&y)).unwrap();
    let options = TrainOptions { batch_size: rows, ..TrainOptions::default() };
    let (inputs, targets) = ([input], [target]);
    for _ in 0..steps.min(50) {
        train_step(model, &inputs, &targets, None, &options, 1e-3).unwrap();
    }
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..steps {
                train_step(model, &inputs, &targets, None, &options, 1e-3).unwrap();
            }
            start.elapsed().as_secs_f64() * 1e6 / steps as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("rust {name} step {:.1} us (median of 7; {:.1} to {:.1})", times[3], times[0], times[6]);
    epoch(name, model, &inputs, &targets, steps);
}

/// The same steps inside one native call.
fn epoch(name: &str, model: &mut Model, inputs: &[ArrayView<'_>], targets: &[ArrayView<'_>], steps: usize) {
    let rows = inputs[0].rows();
    let DataView::F32(x) = inputs[0].data else { return };
    let DataView::I32(y) = targets[0].data else { return };
    let mut shape = inputs[0].shape.clone();
    shape[0] = rows * steps;
    let mut data = Dataset::new();
    data.add_input(ArrayView::new(shape, DataView::F32(&x.repeat(steps))).unwrap()).unwrap();
    data.add_target(ArrayView::new(vec![rows * steps], DataView::I32(&y.repeat(steps))).unwrap()).unwrap();
    let options = TrainOptions { batch_size: rows, ..TrainOptions::default() };
    let result =
        train_epoch(model, &data, &options, &[1e-3], &std::sync::atomic::AtomicBool::new(false), None).unwrap();
    println!("rust {name} epoch {:.1} us per step", result.seconds * 1e6 / result.steps as f64);
}

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    measure("mlp64", &mut mlp(), &[64, 784], 300);
    measure("cnn64", &mut cnn(), &[64, 1, 28, 28], 10);
}
