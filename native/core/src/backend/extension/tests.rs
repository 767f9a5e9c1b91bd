//! The Flex kernels against Burn's own operations on the same device and on NdArray, gradients through autodiff included.

use burn::backend::ops::{ConvOptions, FloatTensorOps, ModuleOps};
use burn::backend::{AutodiffBackend, Dispatch, DispatchDevice, DispatchTensor, FloatDType, TensorMetadata};
use burn::tensor::{Device, TensorData, try_read_sync};

use super::{MaxPool2dOptions, conv2d, max_pool2d};
use crate::ErrorKind;

fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

fn plain(seed: u64, shape: &[usize], dtype: FloatDType, device: &DispatchDevice) -> DispatchTensor {
    let values = noise(seed, shape.iter().product());
    let data = TensorData::new(values, shape.to_vec()).convert_dtype(dtype.into());
    Dispatch::float_from_data(data, device)
}

fn leaf(tensor: DispatchTensor, tracked: bool) -> DispatchTensor {
    Dispatch::float_set_require_grad(<Dispatch as AutodiffBackend>::from_inner(tensor), tracked)
}

fn values(tensor: DispatchTensor) -> Vec<f64> {
    let data = try_read_sync(Dispatch::float_into_data(tensor)).expect("synchronous").expect("readable");
    data.iter::<f64>().collect()
}

struct Case {
    input: [usize; 4],
    weight: [usize; 4],
    options: ConvOptions<2>,
}

fn cases() -> Vec<Case> {
    let case = |input, weight, stride, padding, dilation, groups| Case {
        input,
        weight,
        options: ConvOptions::new_with_padding(stride, padding, dilation, groups),
    };
    vec![
        case([2, 3, 8, 9], [4, 3, 3, 3], [1, 1], [(0, 0), (0, 0)], [1, 1], 1),
        case([3, 4, 9, 7], [6, 2, 3, 2], [2, 1], [(1, 1), (2, 2)], [1, 2], 2),
        case([2, 4, 7, 7], [4, 1, 3, 3], [1, 1], [(1, 1), (1, 1)], [1, 1], 4),
        case([2, 2, 6, 8], [3, 2, 2, 4], [1, 2], [(0, 1), (2, 0)], [1, 1], 1),
        case([5, 6, 5, 5], [8, 6, 1, 1], [1, 1], [(0, 0), (0, 0)], [1, 1], 1),
        case([1, 4, 10, 6], [8, 1, 3, 2], [2, 2], [(2, 1), (0, 1)], [2, 1], 4),
    ]
}

/// Output and the gradients of sum(y * dy) for input, weight and bias.
type Results = Vec<Vec<f64>>;

fn results(
    case: &Case,
    dtype: FloatDType,
    device: &DispatchDevice,
    conv: impl Fn(DispatchTensor, DispatchTensor, Option<DispatchTensor>) -> DispatchTensor,
    bias: bool,
) -> Results {
    let leaves: Vec<_> = [&case.input[..], &case.weight[..], &case.weight[..1]]
        .iter()
        .zip(1..)
        .map(|(shape, seed)| leaf(plain(seed, shape, dtype, device), true))
        .collect();
    let y = conv(leaves[0].clone(), leaves[1].clone(), bias.then(|| leaves[2].clone()));
    let dy = <Dispatch as AutodiffBackend>::from_inner(plain(4, &y.shape().to_vec(), dtype, device));
    let loss = Dispatch::float_sum(Dispatch::float_mul(y.clone(), dy));
    let gradients = Dispatch::backward(loss);
    let mut out = vec![values(<Dispatch as AutodiffBackend>::inner(y))];
    for leaf in &leaves[..2 + usize::from(bias)] {
        out.push(values(Dispatch::grad(leaf, &gradients).expect("a gradient")));
    }
    out
}

fn assert_close(found: &Results, expected: &Results, tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (part, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len(), "{what}, part {part}");
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() <= tolerance * e.abs().max(1.0), "{what}, part {part}: {f}, expected {e}");
        }
    }
}

#[test]
fn conv2d_is_burns_own_on_every_cpu_device() {
    for case in cases() {
        for (dtype, tolerance) in [(FloatDType::F32, 2e-5), (FloatDType::F64, 1e-12)] {
            for bias in [true, false] {
                let flex = Device::flex().as_dispatch().clone();
                let burns = |x, w, b| Dispatch::conv2d(x, w, b, case.options.clone());
                let ours = |x, w, b| conv2d(x, w, b, case.options.clone()).expect("fitting shapes");
                let expected = results(&case, dtype, &flex, burns, bias);
                let what = format!("{:?} {dtype:?}", case.options);
                assert_close(&results(&case, dtype, &flex, ours, bias), &expected, tolerance, &what);
                #[expect(deprecated, reason = "NdArray stays a device by choice")]
                let ndarray = Device::ndarray().as_dispatch().clone();
                assert_close(&results(&case, dtype, &ndarray, ours, bias), &expected, tolerance, &what);
            }
        }
    }
}

#[test]
fn only_the_gradients_asked_for_are_computed() {
    let device = Device::flex().as_dispatch().clone();
    let case = &cases()[0];
    for (x_tracked, w_tracked) in [(true, false), (false, true)] {
        let x = leaf(plain(1, &case.input, FloatDType::F32, &device), x_tracked);
        let w = leaf(plain(2, &case.weight, FloatDType::F32, &device), w_tracked);
        let y = conv2d(x.clone(), w.clone(), None, case.options.clone()).expect("fitting shapes");
        let gradients = Dispatch::backward(Dispatch::float_sum(y));
        assert_eq!(Dispatch::grad(&x, &gradients).is_some(), x_tracked);
        assert_eq!(Dispatch::grad(&w, &gradients).is_some(), w_tracked);
    }
}

#[test]
fn a_transposed_input_and_weight_are_read_right() {
    let device = Device::flex().as_dispatch().clone();
    let x = Dispatch::float_swap_dims(plain(1, &[2, 3, 6, 5], FloatDType::F32, &device), 2, 3);
    let w = Dispatch::float_swap_dims(plain(2, &[3, 4, 3, 2], FloatDType::F32, &device), 0, 1);
    let options = ConvOptions::new([1, 1], [1, 0], [1, 1], 1);
    let expected = values(Dispatch::conv2d(x.clone(), w.clone(), None, options.clone()));
    let found = values(conv2d(x, w, None, options).expect("fitting shapes"));
    assert_close(&vec![found], &vec![expected], 2e-5, "transposed");
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let device = Device::flex().as_dispatch().clone();
    let tensor = |shape: &[usize]| plain(1, shape, FloatDType::F32, &device);
    let refused = |x: &[usize], w: &[usize], bias: Option<&[usize]>, groups| {
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], groups);
        let error = conv2d(tensor(x), tensor(w), bias.map(tensor), options).expect_err("must be refused");
        assert_eq!(error.kind, ErrorKind::Shape, "{error:?}");
    };
    refused(&[1, 4, 5], &[2, 4, 3, 3], None, 1);
    refused(&[1, 4, 5, 5], &[2, 4, 3], None, 1);
    refused(&[1, 4, 5, 5], &[2, 3, 3, 3], None, 1);
    refused(&[1, 4, 5, 5], &[2, 4, 6, 3], None, 1);
    refused(&[1, 4, 5, 5], &[3, 2, 3, 3], None, 2);
    refused(&[1, 4, 5, 5], &[2, 4, 3, 3], Some(&[3]), 1);
}

#[test]
fn max_pool2d_is_burns_own_on_every_cpu_device() {
    let cases = [
        ([2, 3, 8, 8], [2, 2], [2, 2], [0, 0], [1, 1], false),
        ([3, 2, 9, 7], [3, 2], [2, 1], [1, 1], [1, 1], true),
        ([1, 4, 10, 11], [3, 3], [1, 2], [0, 1], [2, 1], false),
    ];
    for (input, kernel, stride, padding, dilation, ceil) in cases {
        for dtype in [FloatDType::F32, FloatDType::F64] {
            let options = MaxPool2dOptions { kernel, stride, padding, dilation, ceil };
            let run = |device: &DispatchDevice, ours: bool| {
                let x = leaf(plain(1, &input, dtype, device), true);
                let y = if ours {
                    max_pool2d(x.clone(), options).expect("fitting shapes")
                } else {
                    Dispatch::max_pool2d(x.clone(), kernel, stride, padding, dilation, ceil)
                };
                let dy = <Dispatch as AutodiffBackend>::from_inner(plain(2, &y.shape().to_vec(), dtype, device));
                let gradients = Dispatch::backward(Dispatch::float_sum(Dispatch::float_mul(y.clone(), dy)));
                let dx = Dispatch::grad(&x, &gradients).expect("a gradient");
                vec![values(<Dispatch as AutodiffBackend>::inner(y)), values(dx)]
            };
            let flex = Device::flex().as_dispatch().clone();
            #[expect(deprecated, reason = "NdArray stays a device by choice")]
            let ndarray = Device::ndarray().as_dispatch().clone();
            let expected = run(&flex, false);
            assert_close(&run(&flex, true), &expected, 1e-6, &format!("{options:?}"));
            assert_close(&run(&ndarray, true), &expected, 1e-6, &format!("{options:?}"));
        }
    }
    let device = Device::flex().as_dispatch().clone();
    let too_large = MaxPool2dOptions { kernel: [3, 3], stride: [1, 1], padding: [0, 0], dilation: [1, 1], ceil: false };
    let error = max_pool2d(plain(1, &[1, 1, 2, 2], FloatDType::F32, &device), too_large).expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Shape);
}
