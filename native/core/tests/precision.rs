//! Values of 16 bits and autocast: which type each operation gives, and the numbers, against sums in double precision of
//! operands rounded here.

use exburn_core::device::Device;
use exburn_core::eager::{ElementType, Options, Tensor, apply, apply_loss, backward};
use exburn_core::spec::PartSpec;
use exburn_core::tensor::DType;
use exburn_core::{ArrayView, DataView, ErrorKind};
use half::{bf16, f16};

const F16: ElementType = ElementType::Float(DType::F16);
const F32: ElementType = ElementType::Float(DType::F32);

fn numbers(count: usize, step: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * step % 97) as f32 - 48.0) / 41.0).collect()
}

fn tensor(data: &[f32], shape: &[usize], element: ElementType) -> Tensor {
    let view = ArrayView::new(shape.to_vec(), DataView::F32(data)).unwrap();
    Tensor::from_host(&view, Some(element), &Device::cpu()).unwrap()
}

fn filled(shape: &[usize], element: ElementType) -> Tensor {
    tensor(&numbers(shape.iter().product(), 37), shape, element)
}

fn autocast(low: DType) -> Options {
    Options { autocast: Some(low), ..Options::default() }
}

fn read(tensor: &Tensor) -> Vec<f64> {
    tensor.to_host().unwrap().view_data().to_f64()
}

fn round(x: f64, low: DType) -> f64 {
    match low {
        DType::F16 => f16::from_f64(x).to_f64(),
        _ => bf16::from_f64(x).to_f64(),
    }
}

/// Half a unit in the last place of a number near x, and what sums in f32 may miss.
fn ulp(x: f64, low: DType) -> f64 {
    let mantissa = if low == DType::F16 { 2f64.powi(-11) } else { 2f64.powi(-8) };
    x.abs() * mantissa * 1.01 + 1e-6
}

fn assert_rounded(found: &[f64], exact: &[f64], low: DType) {
    assert_eq!(found.len(), exact.len());
    for (i, (&f, &e)) in found.iter().zip(exact).enumerate() {
        assert!((f - e).abs() <= ulp(e, low), "{i}: found {f}, expected {e}");
        assert_eq!(round(f, low), f, "{i} is not a number of {}", low.name());
    }
}

/// Operation, options, inputs and parameters: what comes out of f32 and of f16 under autocast.
#[test]
fn every_class_of_operations_has_its_type() {
    let image: &[usize] = &[2, 4, 6, 6];
    let matrix: &[usize] = &[4, 8];
    let cases: &[(&str, &str, &[&[usize]], ElementType)] = &[
        ("Linear", r#"{"in_features": 8, "out_features": 3}"#, &[matrix, &[3, 8], &[3]], F16),
        ("Conv1d", r#"{"in_channels": 4, "out_channels": 2, "kernel_size": 3}"#, &[&[2, 4, 8], &[2, 4, 3], &[2]], F16),
        ("Conv2d", r#"{"in_channels": 4, "out_channels": 2, "kernel_size": 3}"#, &[image, &[2, 4, 3, 3], &[2]], F16),
        (
            "ConvTranspose2d",
            r#"{"in_channels": 4, "out_channels": 2, "kernel_size": 3}"#,
            &[image, &[4, 2, 3, 3], &[2]],
            F16,
        ),
        ("MatMul", "", &[matrix, &[8, 3]], F16),
        ("PReLU", "", &[matrix, &[1]], F16),
        ("LSTM", r#"{"input_size": 8, "hidden_size": 2}"#, &[&[3, 4, 8], &[8, 8], &[8, 2], &[8], &[8]], F16),
        (
            "MultiheadAttention",
            r#"{"embed_dim": 8, "num_heads": 2, "self_attention": true}"#,
            &[&[5, 2, 8], &[24, 8], &[24], &[8, 8], &[8]],
            F16,
        ),
        ("Softmax", r#"{"dim": 1}"#, &[matrix], F32),
        ("LogSoftmax", r#"{"dim": 1}"#, &[matrix], F32),
        ("LayerNorm", r#"{"normalized_shape": [8]}"#, &[matrix, &[8], &[8]], F32),
        ("GroupNorm", r#"{"num_groups": 2, "num_channels": 4}"#, &[image, &[4], &[4]], F32),
        ("Sum", r#"{"dims": [1]}"#, &[matrix], F32),
        ("Exp", "", &[matrix], F32),
        ("PowScalar", r#"{"value": 2.0}"#, &[matrix], F32),
        ("Softplus", "", &[matrix], F32),
        ("Reciprocal", "", &[matrix], F32),
    ];
    for (op, config, shapes, expected) in cases {
        for element in [F32, F16] {
            let inputs: Vec<Tensor> =
                shapes.iter().enumerate().map(|(i, shape)| filled(shape, if i == 0 { element } else { F32 })).collect();
            let found = apply(op, config, &inputs, &autocast(DType::F16)).unwrap();
            assert_eq!(found[0].element(), *expected, "{op} of {}", element.name());
        }
    }
    // These keep what they get.
    for (op, config, shape) in [
        ("ReLU", "", matrix),
        ("GELU", "", matrix),
        ("Tanh", "", matrix),
        ("Mean", r#"{"dims": [1]}"#, matrix),
        ("MaxPool2d", r#"{"kernel_size": 2}"#, image),
        ("AvgPool2d", r#"{"kernel_size": 2}"#, image),
        ("Flatten", "", image),
        ("Upsample", r#"{"scale_factor": 2}"#, image),
        ("ZeroPad2d", r#"{"padding": 1}"#, image),
    ] {
        for element in [F32, F16] {
            let found = apply(op, config, &[filled(shape, element)], &autocast(DType::F16)).unwrap();
            assert_eq!(found[0].element(), element, "{op}");
        }
    }
}

#[test]
fn mixed_inputs_give_the_widest_type() {
    let (single, half, brain) = (filled(&[4], F32), filled(&[4], F16), filled(&[4], ElementType::Float(DType::BF16)));
    let add = |a: &Tensor, b: &Tensor, options: &Options| {
        apply("Add", "", &[a.clone(), b.clone()], options).unwrap()[0].element()
    };
    for options in [Options::default(), autocast(DType::F16)] {
        assert_eq!(add(&half, &single, &options), F32);
        assert_eq!(add(&half, &brain, &options), F32);
        assert_eq!(add(&half, &half, &options), F16);
    }
    // Double precision is left alone.
    let double = filled(&[2, 2], ElementType::Float(DType::F64));
    let product = apply("MatMul", "", &[double.clone(), double], &autocast(DType::F16)).unwrap();
    assert_eq!(product[0].element(), ElementType::Float(DType::F64));
}

#[test]
fn a_linear_layer_rounds_operands_and_result() {
    for low in [DType::F16, DType::BF16] {
        let (n, inputs, outputs) = (3, 5, 4);
        let (x, w, b, g) =
            (numbers(n * inputs, 31), numbers(outputs * inputs, 53), numbers(outputs, 11), numbers(n * outputs, 17));
        let of = |v: &[f32], i: usize| round(f64::from(v[i]), low);
        let tensors = [tensor(&x, &[n, inputs], F32), tensor(&w, &[outputs, inputs], F32), tensor(&b, &[outputs], F32)];
        tensors.iter().for_each(|t| t.require_gradient(true).unwrap());
        let config = format!(r#"{{"in_features": {inputs}, "out_features": {outputs}}}"#);
        let y = apply("Linear", &config, &tensors, &autocast(low)).unwrap().remove(0);
        backward(&y, Some(&tensor(&g, &[n, outputs], ElementType::Float(low))), false).unwrap();

        let product =
            |i: usize, o: usize| (0..inputs).map(|k| of(&x, i * inputs + k) * of(&w, o * inputs + k)).sum::<f64>();
        let exact: Vec<f64> =
            (0..n * outputs).map(|p| product(p / outputs, p % outputs) + of(&b, p % outputs)).collect();
        assert_rounded(&read(&y), &exact, low);

        // Gradients come in the parameters' own type, with numbers of the low one.
        let gradients: Vec<Tensor> = tensors.iter().map(|t| t.gradient().unwrap().unwrap()).collect();
        gradients.iter().for_each(|g| assert_eq!(g.element(), F32));
        let dx =
            |p: usize| (0..outputs).map(|o| of(&g, p / inputs * outputs + o) * of(&w, o * inputs + p % inputs)).sum();
        let dw = |p: usize| (0..n).map(|i| of(&g, i * outputs + p / inputs) * of(&x, i * inputs + p % inputs)).sum();
        let db = |o: usize| (0..n).map(|i| of(&g, i * outputs + o)).sum();
        assert_rounded(&read(&gradients[0]), &(0..n * inputs).map(dx).collect::<Vec<f64>>(), low);
        assert_rounded(&read(&gradients[1]), &(0..outputs * inputs).map(dw).collect::<Vec<f64>>(), low);
        assert_rounded(&read(&gradients[2]), &(0..outputs).map(db).collect::<Vec<f64>>(), low);
    }
}

#[test]
fn a_convolution_rounds_operands_and_result() {
    let low = DType::F16;
    let (channels, outputs, size, kernel) = (2, 3, 5, 3);
    let edge = size - kernel + 1;
    let (x, w) = (numbers(channels * size * size, 29), numbers(outputs * channels * kernel * kernel, 43));
    let g = numbers(outputs * edge * edge, 19);
    let of = |v: &[f32], i: usize| round(f64::from(v[i]), low);
    let tensors = [tensor(&x, &[1, channels, size, size], F32), tensor(&w, &[outputs, channels, kernel, kernel], F32)];
    tensors.iter().for_each(|t| t.require_gradient(true).unwrap());
    let config = r#"{"in_channels": 2, "out_channels": 3, "kernel_size": 3, "bias": false}"#;
    let y = apply("Conv2d", config, &tensors, &autocast(low)).unwrap().remove(0);
    backward(&y, Some(&tensor(&g, &[1, outputs, edge, edge], F16)), false).unwrap();

    let mut exact = vec![0.0; outputs * edge * edge];
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
    for p in 0..exact.len() {
        let (o, row, column) = (p / (edge * edge), p / edge % edge, p % edge);
        for q in 0..channels * kernel * kernel {
            let (c, i, j) = (q / (kernel * kernel), q / kernel % kernel, q % kernel);
            let (at, weight) = ((c * size + row + i) * size + column + j, o * channels * kernel * kernel + q);
            exact[p] += of(&x, at) * of(&w, weight);
            dx[at] += of(&g, p) * of(&w, weight);
            dw[weight] += of(&g, p) * of(&x, at);
        }
    }
    assert_rounded(&read(&y), &exact, low);
    assert_rounded(&read(&tensors[0].gradient().unwrap().unwrap()), &dx, low);
    assert_rounded(&read(&tensors[1].gradient().unwrap().unwrap()), &dw, low);
}

#[test]
fn halves_are_rounded_to_nearest_even_and_overflow_to_infinity() {
    let data = [1.0 + 1.0 / 2048.0, 1.0 + 3.0 / 2048.0, 65504.0, 65520.0, 5.9e-8, 1e-9];
    let expected = [1.0, 1.0 + 4.0 / 2048.0, 65504.0, f64::INFINITY, 2f64.powi(-24), 0.0];
    assert_eq!(read(&tensor(&data, &[6], F16)), expected);
    let brain = read(&tensor(&[1.0 + 1.0 / 256.0, 3e38], &[2], ElementType::Float(DType::BF16)));
    assert_eq!(brain[0], 1.0);
    assert!(brain[1].is_finite());
}

#[test]
fn a_loss_of_probabilities_is_refused_under_autocast() {
    let loss = |kind: &str, options: &Options| {
        let spec = PartSpec::from_json("loss", &format!(r#"{{"type": "{kind}"}}"#)).unwrap();
        apply_loss(&spec, &tensor(&[0.25, 0.5], &[2], F16), &[tensor(&[0.0, 1.0], &[2], F32)], options)
    };
    let error = loss("BCE", &autocast(DType::F16)).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.message.contains("BCEWithLogits"), "{}", error.message);
    assert_eq!(loss("BCEWithLogits", &autocast(DType::F16)).unwrap().element(), F32);
    // -(ln 0.75 + ln 0.5) / 2, without autocast in the type of the prediction.
    let plain = loss("BCE", &Options::default()).unwrap();
    assert_rounded(&read(&plain), &[-(0.75f64.ln() + 0.5f64.ln()) / 2.0], DType::F16);
}

#[test]
fn a_device_without_halves_says_so() {
    let spec = exburn_core::spec::DeviceSpec::from_json(r#"{"kind": "ndarray"}"#).unwrap();
    let device = Device::open(&spec).unwrap();
    let view = ArrayView::new(vec![1], DataView::F32(&[1.0])).unwrap();
    let error = Tensor::from_host(&view, Some(F16), &device).err().unwrap();
    assert_eq!(error.kind, ErrorKind::DType);
    let single = Tensor::from_host(&view, None, &device).unwrap();
    let error = apply("Exp", "", &[single], &autocast(DType::BF16)).err().unwrap();
    assert_eq!(error.kind, ErrorKind::DType);
    assert!(error.message.contains("bf16"), "{}", error.message);
    let wrong = apply("Exp", "", &[filled(&[2], F32)], &autocast(DType::F32)).err().unwrap();
    assert_eq!(wrong.kind, ErrorKind::DType);
}
