//! Eager tensors: gradients against derivatives worked out by hand, the life of a graph, checkpoints, errors.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use exburn_core::device::Device;
use exburn_core::eager::{
    ElementType, Fill, Options, Rerun, Tensor, TensorOptimizer, Tracking, apply, apply_loss, backward, checkpoint,
    gradients,
};
use exburn_core::spec::{DeviceSpec, PartSpec};
use exburn_core::tensor::DType;
use exburn_core::{ErrorKind, HostArray, HostData, Result};

const F64: ElementType = ElementType::Float(DType::F64);

fn devices() -> Vec<Device> {
    let open = |json: &str| Device::open(&DeviceSpec::from_json(json).unwrap()).unwrap();
    vec![open(r#"{"kind":"cpu"}"#), open(r#"{"kind":"ndarray"}"#)]
}

fn tensor(data: &[f64], shape: &[usize], device: &Device) -> Tensor {
    let array = HostArray::new(shape.to_vec(), HostData::F64(data.to_vec())).unwrap();
    Tensor::from_host(&array.view(), None, device).unwrap()
}

fn leaf(data: &[f64], shape: &[usize], device: &Device) -> Tensor {
    let made = tensor(data, shape, device);
    made.require_gradient(true).unwrap();
    made
}

fn run(op: &str, config: &str, inputs: &[&Tensor]) -> Tensor {
    let inputs: Vec<Tensor> = inputs.iter().map(|&t| t.clone()).collect();
    apply(op, config, &inputs, &Options::default()).unwrap().remove(0)
}

fn sum(x: &Tensor) -> Tensor {
    let dims: Vec<usize> = (0..x.shape().len()).collect();
    run("Sum", &format!("{{\"dims\":{dims:?}}}"), &[x])
}

fn data(x: &Tensor) -> Vec<f64> {
    x.to_host().unwrap().view_data().to_f64()
}

fn gradient(x: &Tensor) -> Option<Vec<f64>> {
    x.gradient().unwrap().as_ref().map(data)
}

#[test]
fn facts_of_gradients() {
    for device in devices() {
        let x = leaf(&[2.0, 3.0], &[2], &device);
        let loss = sum(&run("PowScalar", r#"{"value":2}"#, &[&x]));
        assert!(loss.shape().is_empty(), "a scalar has no dimensions on {device:?}");
        backward(&loss, None, false).unwrap();
        assert_eq!(gradient(&x), Some(vec![4.0, 6.0]));

        let (a, b) = (leaf(&[2.0], &[], &device), leaf(&[3.0], &[], &device));
        let product = run("Mul", "", &[&a, &b]);
        backward(&run("Mul", "", &[&product, &product]), None, false).unwrap();
        assert_eq!((gradient(&a), gradient(&b)), (Some(vec![36.0]), Some(vec![24.0])));
        assert!(a.gradient().unwrap().unwrap().shape().is_empty());
    }
}

#[test]
fn a_consumed_graph_is_an_error_before_anything_changes() {
    for device in devices() {
        let (x, w) = (leaf(&[2.0], &[1], &device), leaf(&[5.0], &[1], &device));
        let shared = run("Mul", "", &[&x, &x]);
        let (first, second) = (sum(&shared), sum(&run("Mul", "", &[&shared, &w])));
        backward(&first, None, false).unwrap();
        for loss in [&first, &second] {
            let error = backward(loss, None, false).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidArgument);
            assert!(error.message.contains("consumed"), "{}", error.message);
        }
        assert_eq!((gradient(&x), gradient(&w)), (Some(vec![4.0]), None));
    }
}

#[test]
fn a_retained_graph_of_a_layer_gives_the_same_again() {
    for device in devices() {
        let x = tensor(&[1.0, -2.0, 0.5, 3.0], &[2, 2], &device);
        let (w, b) = (leaf(&[0.1, 0.2, 0.3, 0.4], &[2, 2], &device), leaf(&[0.5, -0.5], &[2], &device));
        let config = r#"{"in_features":2,"out_features":2,"bias":true}"#;
        let loss = sum(&run("Exp", "", &[&run("Linear", config, &[&x, &w, &b])]));
        let once = gradients(&loss, None, &[w.clone(), b.clone()], true).unwrap();
        backward(&loss, None, false).unwrap();
        assert_eq!(gradient(&w).unwrap(), data(once[0].as_ref().unwrap()));
        assert_eq!(gradient(&b).unwrap(), data(once[1].as_ref().unwrap()));
    }
}

#[test]
fn results_of_operations_have_gradients_as_values() {
    let device = Device::cpu();
    let x = leaf(&[1.0, 2.0], &[2], &device);
    let other = leaf(&[1.0], &[1], &device);
    let square = run("Mul", "", &[&x, &x]);
    let loss = sum(&run("MulScalar", r#"{"value":3}"#, &[&square]));
    let found = gradients(&loss, None, &[square, x.clone(), other], false).unwrap();
    assert_eq!(data(found[0].as_ref().unwrap()), [3.0, 3.0]);
    assert_eq!(data(found[1].as_ref().unwrap()), [6.0, 12.0]);
    assert!(found[2].is_none());
    assert!(x.gradient().unwrap().is_none());
}

/// A chain of this length would overflow the stack if it were freed by recursion.
#[test]
fn long_chains_are_freed_in_a_loop() {
    let device = Device::cpu();
    let x = leaf(&[1.0], &[1], &device);
    for walk in [true, false] {
        let mut y = x.clone();
        for _ in 0..100_000 {
            y = run("AddScalar", r#"{"value":1}"#, &[&y]);
        }
        if walk {
            backward(&y, None, false).unwrap();
        }
    }
    assert_eq!(gradient(&x), Some(vec![1.0]));
}

struct Function {
    weight: Tensor,
    calls: Arc<AtomicUsize>,
    options: Options,
}

impl Function {
    /// Dropout of tanh(x w), with one stream of random numbers.
    fn call(&self, x: &Tensor, tracking: Tracking) -> Result<Tensor> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let options = Options { tracking, ..self.options };
        let product = apply("MatMul", "", &[x.clone(), self.weight.clone()], &options)?;
        let wave = apply("Tanh", "", &product, &options)?;
        Ok(apply("Dropout", r#"{"p":0.5}"#, &wave, &options)?.remove(0))
    }
}

impl Rerun for Function {
    fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        Ok(vec![self.call(&inputs[0], Tracking::On)?])
    }
}

#[test]
fn checkpoints_give_the_gradients_of_the_plain_run() {
    for device in devices() {
        let random = |seed| {
            let made = Tensor::filled(Fill::Normal { mean: 0.0, std: 1.0 }, &[4, 4], F64, &device, (seed, 0)).unwrap();
            made.require_gradient(true).unwrap();
            made
        };
        let (x, weight) = (random(1), random(2));
        let calls = Arc::new(AtomicUsize::new(0));
        let options = Options { training: true, seed: 7, counter: 3, ..Options::default() };
        let mut found = Vec::new();
        for checkpointed in [false, true] {
            x.set_gradient(None).unwrap();
            weight.set_gradient(None).unwrap();
            let function = Function { weight: weight.clone(), calls: Arc::clone(&calls), options };
            // The input is a result, and used before and after.
            let hidden = run("Tanh", "", &[&x]);
            let before = run("MulScalar", r#"{"value":2}"#, &[&hidden]);
            let y = if checkpointed {
                let output = function.call(&hidden, Tracking::Shadow).unwrap();
                assert!(backward(&sum(&before), None, true).is_ok());
                x.set_gradient(None).unwrap();
                checkpoint(&[hidden.clone()], &[output], Box::new(function)).unwrap().remove(0)
            } else {
                function.call(&hidden, Tracking::On).unwrap()
            };
            let loss = sum(&run("Add", "", &[&run("Mul", "", &[&y, &before]), &run("Add", "", &[&hidden, &weight])]));
            backward(&loss, None, false).unwrap();
            found.push((data(&loss), gradient(&x), gradient(&weight)));
        }
        assert_eq!(found[0], found[1]);
        assert_eq!(calls.load(Ordering::Relaxed), 1 + 2);
    }
}

#[test]
fn losses_and_optimizers() {
    for device in devices() {
        // p = 1, g = 1 twice, rate 0.1, momentum 0.9: 0.9, then 0.71.
        let p = leaf(&[1.0], &[1], &device);
        let target = tensor(&[0.5], &[1], &device);
        let spec = PartSpec::from_json("loss", r#"{"type":"MSE"}"#).unwrap();
        let loss = apply_loss(&spec, &p, &[target], &Options::default()).unwrap();
        assert_eq!((data(&loss), loss.shape().len()), (vec![0.25], 0));
        backward(&loss, None, false).unwrap();
        assert_eq!(gradient(&p), Some(vec![1.0]));
        let sgd = PartSpec::from_json("optimizer", r#"{"type":"SGD","config":{"momentum":0.9}}"#).unwrap();
        let mut optimizer = TensorOptimizer::new(&sgd, &[p.clone()]).unwrap();
        let idle = leaf(&[1.0], &[1], &device);
        assert!(TensorOptimizer::new(&sgd, &[idle.clone(), idle.clone()]).is_err());
        optimizer.step(0.1).unwrap();
        assert_eq!(data(&p), [0.9]);
        optimizer.step(0.1).unwrap();
        assert!((data(&p)[0] - 0.71).abs() < 1e-15);
        optimizer.zero_gradients().unwrap();
        optimizer.step(0.1).unwrap();
        assert!((data(&p)[0] - 0.71).abs() < 1e-15, "no gradient, no step");
        assert!(optimizer.step(f64::NAN).is_err());
    }
}

#[test]
fn bad_input_is_an_error_that_names_the_operation() {
    let all = devices();
    let x = tensor(&[1.0, 2.0], &[2], &all[0]);
    let fails = |op: &str, config: &str, inputs: &[Tensor]| apply(op, config, inputs, &Options::default()).unwrap_err();
    let single = Tensor::filled(Fill::Full(1.0), &[2], ElementType::Float(DType::F32), &all[0], (0, 0)).unwrap();
    for (error, kind, op) in [
        (fails("Add", "", &[x.clone(), tensor(&[0.0; 3], &[3], &all[0])]), ErrorKind::Shape, "Add"),
        (fails("Mul", "", &[x.clone(), tensor(&[0.0; 2], &[2], &all[1])]), ErrorKind::Device, "Mul"),
        (fails("Sub", "", &[x.clone(), single]), ErrorKind::DType, "Sub"),
        (fails("Exp", "", &[]), ErrorKind::InvalidArgument, "Exp"),
        (fails("Exp", "", &[x.clone(), x.clone()]), ErrorKind::InvalidArgument, "Exp"),
        (fails("Exp", "{", &[x.clone()]), ErrorKind::InvalidArgument, "Exp"),
        (fails("AddScalar", r#"{"value":1,"x":2}"#, &[x.clone()]), ErrorKind::InvalidArgument, "AddScalar"),
        (fails("NoSuchThing", "", &[x.clone()]), ErrorKind::Unsupported, "NoSuchThing"),
    ] {
        assert_eq!(error.kind, kind, "{}", error.message);
        assert!(error.message.contains(op), "{}", error.message);
    }
    assert!(backward(&x, None, false).unwrap_err().message.contains("depends on nothing"));
    let y = leaf(&[1.0, 2.0], &[2], &all[0]);
    assert_eq!(backward(&y, None, false).unwrap_err().kind, ErrorKind::Shape);
    assert_eq!(backward(&y, Some(&tensor(&[1.0], &[1], &all[0])), false).unwrap_err().kind, ErrorKind::Shape);
    assert!(gradients(&sum(&y), None, &[x], false).is_err());
    let wide = HostArray::new(vec![1; 7], HostData::F64(vec![1.0])).unwrap();
    assert_eq!(Tensor::from_host(&wide.view(), None, &all[1]).err().unwrap().kind, ErrorKind::Unsupported);
    let flag = Tensor::filled(Fill::Full(1.0), &[2], ElementType::Bool, &all[0], (0, 0)).unwrap();
    assert_eq!(flag.require_gradient(true).unwrap_err().kind, ErrorKind::DType);
}
