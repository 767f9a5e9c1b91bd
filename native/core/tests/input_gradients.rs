//! Gradients with respect to inputs: against central differences in double precision, whole and in segments.

use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, ModelSpec};
use exburn_core::tensor::DType;
use exburn_core::train::{Gradients, InputGradients, TrainOptions, compute_gradients, evaluate_step};
use exburn_core::{ArrayView, ErrorKind, HostArray, HostData};
use serde_json::{Value as Json, json};

/// Numbers that repeat, from -1 to 1.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * 37 % 101) as f64 / 50.0) - 1.0).collect()
}

fn floats(shape: &[usize]) -> HostArray {
    HostArray::new(shape.to_vec(), HostData::F64(numbers(shape.iter().product()))).unwrap()
}

struct Case {
    spec: ModelSpec,
    loss: Json,
    inputs: Vec<HostArray>,
    targets: Vec<HostArray>,
}

fn mlp() -> Case {
    mlp_of("f64")
}

fn mlp_of(dtype: &str) -> Case {
    let layers = [
        ("Linear", json!({"in_features": 5, "out_features": 7})),
        ("Tanh", json!({})),
        ("LayerNorm", json!({"normalized_shape": [7]})),
        ("Linear", json!({"in_features": 7, "out_features": 2})),
    ];
    Case {
        spec: ModelSpec::sequential(dtype, &layers).unwrap(),
        loss: json!({"type": "MSE"}),
        inputs: vec![floats(&[4, 5])],
        targets: vec![floats(&[4, 2])],
    }
}

fn cnn(dropout: f64) -> Case {
    let layers = [
        ("Conv2d", json!({"in_channels": 2, "out_channels": 3, "kernel_size": 3, "padding": 1})),
        ("BatchNorm2d", json!({"num_features": 3})),
        ("GELU", json!({})),
        ("MaxPool2d", json!({"kernel_size": 2})),
        ("Flatten", json!({})),
        ("Dropout", json!({"p": dropout})),
        ("Linear", json!({"in_features": 12, "out_features": 3})),
    ];
    Case {
        spec: ModelSpec::sequential("f64", &layers).unwrap(),
        loss: json!({"type": "CrossEntropy"}),
        inputs: vec![floats(&[3, 2, 4, 4])],
        targets: vec![HostArray::new(vec![3], HostData::I64(vec![0, 2, 1])).unwrap()],
    }
}

/// Two float inputs, one of them read in three places, and one of integers.
fn graph() -> Case {
    let node = |name: &str, layer: &str, config: Json, inputs: &[&str]| json!({"name": name, "type": layer, "config": config, "inputs": inputs});
    let nodes = json!([
        node("word", "Embedding", json!({"num_embeddings": 4, "embedding_dim": 5}), &["ids"]),
        node("first", "Linear", json!({"in_features": 5, "out_features": 5}), &["a"]),
        node("act", "Tanh", json!({}), &["first"]),
        node("sum", "Add", json!({}), &["act", "a"]),
        node("told", "Add", json!({}), &["sum", "word"]),
        node("both", "Mul", json!({}), &["told", "b"]),
        node("again", "Mul", json!({}), &["both", "a"]),
        node("last", "Linear", json!({"in_features": 5, "out_features": 3}), &["again"]),
    ]);
    let spec = json!({"version": 1, "dtype": "f64", "nodes": nodes, "outputs": ["last"], "inputs": [
        {"name": "a", "shape": [-1, 5]}, {"name": "ids", "shape": [-1], "kind": "int"}, {"name": "b", "shape": [-1, 5]}]});
    let ids = HostArray::new(vec![4], HostData::I64(vec![3, 0, 1, 3])).unwrap();
    Case {
        spec: ModelSpec::from_json(&spec.to_string()).unwrap(),
        loss: json!({"type": "MSE"}),
        inputs: vec![floats(&[4, 5]), ids, floats(&[4, 5])],
        targets: vec![floats(&[4, 3])],
    }
}

fn build(case: &Case) -> Model {
    let mut model = Model::build(&case.spec, 7, &Device::cpu()).unwrap();
    let compile = json!({"version": 1, "loss": case.loss, "optimizer": {"type": "SGD", "config": {"lr": 0.1}}});
    model.compile(&CompileSpec::from_json(&compile.to_string()).unwrap()).unwrap();
    model
}

fn views(arrays: &[HostArray]) -> Vec<ArrayView<'_>> {
    arrays.iter().map(HostArray::view).collect()
}

fn wanting(input_gradients: InputGradients, segments: usize) -> TrainOptions {
    TrainOptions { input_gradients, segments, ..TrainOptions::default() }
}

fn pass(model: &mut Model, case: &Case, options: &TrainOptions) -> exburn_core::Result<(Gradients, f64)> {
    let (gradients, result) =
        compute_gradients(model, &views(&case.inputs), &views(&case.targets), None, options, false)?;
    Ok((gradients, result.loss))
}

fn values(gradients: &Gradients, index: usize) -> Vec<f64> {
    gradients.input(index).unwrap().unwrap().view_data().to_f64()
}

/// The loss of the batch where an element of an input is moved.
fn moved(case: &Case, input: usize, element: usize, by: f64, loss: &mut dyn FnMut(&Case) -> f64) -> f64 {
    let mut inputs = case.inputs.clone();
    let mut numbers = inputs[input].view_data().to_f64();
    numbers[element] += by;
    inputs[input] = HostArray::new(inputs[input].view().shape.to_vec(), HostData::F64(numbers)).unwrap();
    let case = Case { spec: case.spec.clone(), loss: case.loss.clone(), inputs, targets: case.targets.clone() };
    loss(&case)
}

fn check(case: &Case, floats: &[usize], kind: InputGradients, loss: &mut dyn FnMut(&Case) -> f64) {
    let mut model = build(case);
    for segments in [1, 2, 3, 100] {
        let (gradients, _) = pass(&mut model, case, &wanting(kind, segments)).unwrap();
        for &input in floats {
            let h = 1e-5;
            let found = values(&gradients, input);
            assert_eq!(found.len(), case.inputs[input].view_data().to_f64().len());
            assert!(found.iter().any(|g| g.abs() > 1e-3), "input {input}: all gradients are small");
            for (i, exact) in found.iter().enumerate() {
                let mut at = |by| moved(case, input, i, by, loss);
                let expected = (at(h) - at(-h)) / (2.0 * h);
                assert!((exact - expected).abs() < 1e-8, "input {input} [{i}], {segments}: {exact} {expected}");
            }
        }
    }
}

#[test]
fn in_training_mode_they_are_central_differences() {
    for (case, floats) in [(mlp(), &[0][..]), (cnn(0.0), &[0]), (graph(), &[0, 2])] {
        let mut model = build(&case);
        let mut loss = |case: &Case| pass(&mut model, case, &wanting(InputGradients::None, 1)).unwrap().1;
        check(&case, floats, InputGradients::Added, &mut loss);
    }
}

#[test]
fn alone_they_are_those_of_evaluation() {
    for (case, floats) in [(mlp(), &[0][..]), (cnn(0.5), &[0]), (graph(), &[0, 2])] {
        let mut model = build(&case);
        let mut loss =
            |case: &Case| evaluate_step(&mut model, &views(&case.inputs), &views(&case.targets), None).unwrap().loss;
        check(&case, floats, InputGradients::Only, &mut loss);
    }
}

#[test]
fn those_of_parameters_are_as_without_and_alone_there_are_none() {
    for case in [mlp(), cnn(0.5), graph()] {
        for segments in [1, 3] {
            let (plain, _) = pass(&mut build(&case), &case, &wanting(InputGradients::None, segments)).unwrap();
            let (added, _) = pass(&mut build(&case), &case, &wanting(InputGradients::Added, segments)).unwrap();
            let mut model = build(&case);
            let before = model.export_state().unwrap();
            let (only, _) = pass(&mut model, &case, &wanting(InputGradients::Only, segments)).unwrap();
            assert!(before == model.export_state().unwrap());
            assert!(only.list().iter().all(|entry| !entry.present));
            // The attack was none of the model's passes: its next draws the masks that it would have drawn.
            let (after, _) = pass(&mut model, &case, &wanting(InputGradients::None, segments)).unwrap();
            for entry in plain.list() {
                let of = |gradients: &Gradients| gradients.get(&entry.name).unwrap().unwrap().view_data().to_f64();
                assert_eq!(of(&plain), of(&after), "{}", entry.name);
                for (found, expected) in of(&added).iter().zip(of(&plain)) {
                    assert!((found - expected).abs() < 1e-13, "{}: {found} {expected}", entry.name);
                }
            }
        }
    }
}

#[test]
fn frozen_models_have_them_alone() {
    let case = mlp();
    let mut model = build(&case);
    let (free, _) = pass(&mut model, &case, &wanting(InputGradients::Only, 1)).unwrap();
    model.set_trainable("*", false).unwrap();
    for segments in [1, 2] {
        let (frozen, _) = pass(&mut model, &case, &wanting(InputGradients::Only, segments)).unwrap();
        assert_eq!(values(&frozen, 0), values(&free, 0));
    }
    let error = pass(&mut model, &case, &wanting(InputGradients::Added, 1)).err().unwrap();
    assert_eq!(error.kind, ErrorKind::InvalidArgument);
}

#[test]
fn in_mixed_precision_they_come_in_the_models_type_times_the_losss_scale() {
    let case = mlp_of("f32");
    let (exact, _) = pass(&mut build(&case), &case, &wanting(InputGradients::Added, 1)).unwrap();
    let options = TrainOptions { autocast: Some(DType::BF16), loss_scale: 1024.0, ..wanting(InputGradients::Added, 1) };
    let (mut half, _) = pass(&mut build(&case), &case, &options).unwrap();
    let scaled = values(&half, 0);
    assert!(half.unscale(1024.0).unwrap());
    assert_eq!(half.input(0).unwrap().unwrap().view_data().dtype_name(), "float32");
    let norm = values(&exact, 0).iter().map(|x| x * x).sum::<f64>().sqrt();
    for ((half, scaled), exact) in values(&half, 0).iter().zip(&scaled).zip(values(&exact, 0)) {
        assert!((half - exact).abs() < 0.03 * norm, "{half} {exact}");
        assert_eq!(half * 1024.0, *scaled);
    }
}

#[test]
fn what_there_is_not_is_told() {
    let case = graph();
    let mut model = build(&case);
    let text = |gradients: &Gradients, index: usize| {
        let error = gradients.input(index).err().unwrap();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        error.to_string()
    };
    let (none, _) = pass(&mut model, &case, &wanting(InputGradients::None, 1)).unwrap();
    assert!(text(&none, 0).contains("not asked for"));
    let (added, _) = pass(&mut model, &case, &wanting(InputGradients::Added, 1)).unwrap();
    assert!(text(&added, 1).contains("'ids' takes integers"));
    assert!(text(&added, 3).contains("3 input(s)"));
    let layers = [
        ("Embedding", json!({"num_embeddings": 4, "embedding_dim": 2})),
        ("Linear", json!({"in_features": 2, "out_features": 1})),
    ];
    let case = Case {
        spec: ModelSpec::sequential("f64", &layers).unwrap(),
        loss: json!({"type": "MSE"}),
        inputs: vec![HostArray::new(vec![2], HostData::I64(vec![3, 0])).unwrap()],
        targets: vec![floats(&[2, 1])],
    };
    let error = pass(&mut build(&case), &case, &wanting(InputGradients::Only, 1)).err().unwrap();
    assert!(error.to_string().contains("integers"), "{error}");
}
