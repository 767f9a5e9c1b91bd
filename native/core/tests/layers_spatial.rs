//! Convolutions, pools, pads, upsampling, folds over 1 to 3 dimensions: gradients with all kinds of options against central
//! differences, outputs from their definitions, wrong options and shapes. (PyTorch's values: layers.rs.)

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::layers::{Init, Type, create};
use exburn_core::tensor::{DType, Kind};
use exburn_core::{Error, ErrorKind, HostArray};
use reference::{Worst, devices};
use serde_json::{Value as Json, json};
use single::{Single, config, data, floats, noise, places};

/// The options of `base` and those of `more`.
fn with(base: &Json, more: &Json) -> Json {
    let mut all = base.clone();
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

/// Central differences in double precision on the CPU devices. Losses of some hundred products, divided by the step, leave
/// a rounding of up to 1e-8.
fn check(layer: &str, shape: &[usize], options: Json) {
    for (device, _) in places(devices()).into_iter().filter(|(_, dtype)| *dtype == DType::F64) {
        let case = Single::new(layer, options.clone(), noise(shape, 3));
        let error = case.gradient_error(&device);
        assert!(error < 2e-8, "{device:?} {layer} {options}: {error:.1e}");
    }
}

/// Sizes of inputs with 1 to 3 dimensions behind the channels.
fn shape(batch: usize, channels: usize, d: usize) -> Vec<usize> {
    let mut shape = vec![batch, channels];
    shape.extend(&[4, 5, 3][..d]);
    shape
}

/// `value` for each of `d` dimensions.
fn each(d: usize, values: [usize; 3]) -> Json {
    json!(values[..d])
}

#[test]
fn gradients_of_convolutions() {
    for d in [1, 3] {
        let base = json!({"in_channels": 2, "out_channels": 2});
        for options in [
            json!({"kernel_size": 2}),
            json!({"kernel_size": each(d, [2, 3, 1]), "padding": "same", "groups": 2}),
            json!({"kernel_size": 2, "stride": each(d, [2, 1, 2]), "padding": each(d, [1, 2, 0]), "dilation": each(d, [2, 1, 1]), "bias": false}),
            json!({"kernel_size": 3, "padding": 1, "padding_mode": "reflect"}),
            json!({"kernel_size": 2, "padding": "same", "padding_mode": "replicate"}),
            json!({"kernel_size": 3, "padding": each(d, [2, 1, 1]), "padding_mode": "circular"}),
        ] {
            check(&format!("Conv{d}d"), &shape(2, 2, d), with(&base, &options));
        }
    }
}

#[test]
fn gradients_of_transposed_convolutions() {
    for d in [1, 2, 3] {
        let base = json!({"in_channels": 2, "out_channels": 2});
        for options in [
            json!({"kernel_size": 2}),
            json!({"kernel_size": each(d, [2, 3, 1]), "stride": 2, "padding": each(d, [0, 1, 0]), "output_padding": 1, "groups": 2}),
            json!({"kernel_size": 2, "dilation": 3, "padding": 1, "output_padding": each(d, [1, 2, 0]), "bias": false}),
        ] {
            check(&format!("ConvTranspose{d}d"), &shape(1, 2, d), with(&base, &options));
        }
    }
}

#[test]
fn gradients_of_pools() {
    for d in [1, 2, 3] {
        let shape = shape(1, 2, d);
        for options in [
            json!({"kernel_size": 2}),
            json!({"kernel_size": each(d, [3, 2, 3]), "stride": each(d, [2, 1, 2]), "padding": each(d, [1, 0, 1])}),
            json!({"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": true}),
        ] {
            check(&format!("MaxPool{d}d"), &shape, options.clone());
            check(&format!("AvgPool{d}d"), &shape, options.clone());
            check(&format!("AvgPool{d}d"), &shape, with(&options, &json!({"count_include_pad": false})));
            if d > 1 {
                check(&format!("AvgPool{d}d"), &shape, with(&options, &json!({"divisor_override": 5})));
            }
        }
        check(&format!("MaxPool{d}d"), &shape, json!({"kernel_size": 2, "stride": 1, "dilation": 2, "padding": 1}));
        for size in [json!(1), json!(2), json!(6), json!(null)] {
            check(&format!("AdaptiveAvgPool{d}d"), &shape, json!({"output_size": size}));
            check(&format!("AdaptiveMaxPool{d}d"), &shape, json!({"output_size": size}));
        }
        for p in [1.0, 2.0, 4.0] {
            let options = json!({"norm_type": p, "kernel_size": 2, "stride": each(d, [1, 2, 1]), "ceil_mode": true});
            check(&format!("LPPool{d}d"), &shape, options);
        }
    }
}

#[test]
fn gradients_of_pads() {
    for d in [1, 2, 3] {
        for padding in [json!(1), json!([1, 2, 0, 1, 2, 3][..2 * d]), json!([-1, 1, 2, -1, 0, -2][..2 * d])] {
            for pad in ["ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"] {
                check(&format!("{pad}{d}d"), &shape(1, 2, d), json!({"padding": padding}));
            }
            check(&format!("ConstantPad{d}d"), &shape(1, 2, d), json!({"padding": padding, "value": 0.7}));
        }
    }
}

#[test]
fn gradients_of_resizing() {
    for (mode, d) in [("linear", 1), ("bilinear", 2), ("bicubic", 2), ("trilinear", 3)] {
        for align_corners in [true, false] {
            for target in
                [json!({"scale_factor": 2}), json!({"scale_factor": 1.3}), json!({"size": 3}), json!({"size": 7})]
            {
                let options = with(&target, &json!({"mode": mode, "align_corners": align_corners}));
                check("Upsample", &shape(1, 2, d), options);
            }
        }
    }
    // Kept sizes with steps that are not 1: PyTorch's own gradient is wrong there.
    check("Upsample", &[1, 1, 4, 3], json!({"scale_factor": 1.2, "mode": "bicubic"}));
    for d in [1, 2, 3] {
        for mode in ["nearest", "nearest-exact"] {
            check("Upsample", &shape(1, 2, d), json!({"scale_factor": 1.7, "mode": mode}));
            check("Upsample", &shape(1, 2, d), json!({"size": 3, "mode": mode}));
        }
    }
    check("UpsamplingNearest2d", &[1, 2, 3, 4], json!({"scale_factor": 2}));
    check("UpsamplingBilinear2d", &[1, 2, 3, 4], json!({"size": [5, 9]}));
}

#[test]
fn gradients_of_rearrangements() {
    check("PixelShuffle", &[2, 8, 2, 3], json!({"upscale_factor": 2}));
    check("PixelUnshuffle", &[2, 2, 4, 6], json!({"downscale_factor": 2}));
    check("ChannelShuffle", &[2, 6, 2, 2], json!({"groups": 2}));
    for options in [
        json!({"kernel_size": 2}),
        json!({"kernel_size": [2, 3], "stride": [2, 1], "padding": 1}),
        json!({"kernel_size": 2, "dilation": 2, "stride": 3, "padding": [2, 1]}),
    ] {
        let unfold = Single::new("Unfold", options.clone(), noise(&[2, 2, 5, 4], 3));
        let columns = unfold.output().shape;
        check("Unfold", &[2, 2, 5, 4], options.clone());
        check("Fold", &columns, with(&options, &json!({"output_size": [5, 4]})));
    }
}

/// At ties the first element in memory gets the gradient, as in PyTorch.
#[test]
fn ties() {
    for (layer, d, options) in [
        ("MaxPool1d", 1, json!({"kernel_size": 2})),
        ("MaxPool3d", 3, json!({"kernel_size": 2})),
        ("AdaptiveMaxPool1d", 1, json!({"output_size": 2})),
        ("AdaptiveMaxPool2d", 2, json!({"output_size": 2})),
        ("AdaptiveMaxPool3d", 3, json!({"output_size": 2})),
    ] {
        for (device, dtype) in places(devices()) {
            let mut sizes = vec![1, 1];
            sizes.extend(vec![4; d]);
            let case = Single::new(layer, options.clone(), floats(&sizes, vec![2.5; 4usize.pow(d as u32)]));
            let mut outputs = vec![1, 1];
            outputs.extend(vec![2; d]);
            let ones = floats(&outputs, vec![1.0; 2usize.pow(d as u32)]);
            let run = case.run(&device, dtype, Some(&[ones])).unwrap();
            let gradient = data(run.input_grads[0].as_ref().unwrap());
            // The first corner of every window.
            let corner = |i: usize| (0..d as u32).all(|axis| (i / 4usize.pow(axis)).is_multiple_of(2));
            let expected: Vec<f64> = (0..gradient.len()).map(|i| f64::from(u8::from(corner(i)))).collect();
            assert_eq!(gradient, expected, "{device:?} {dtype:?} {layer}");
        }
    }
}

fn compare(case: &Single, expected: &HostArray) {
    for (device, dtype) in places(devices()) {
        let title = format!("{device:?} {dtype:?} {} {}", case.layer, case.config);
        let found = case.output_on(&device, dtype);
        assert_eq!(found.shape, expected.shape, "{title}");
        Worst::default().meet(dtype, &data(&found), &data(expected), [1e-5, 1e-12], &title);
    }
}

/// Windows of many taps, along the last dimension and along one before it: devices without the kernel multiply by a matrix.
#[test]
fn wide_windows() {
    let input = noise(&[1, 2, 24], 4);
    let x = data(&input);
    let mean = |plane: usize, first: usize| x[24 * plane + first..][..12].iter().sum::<f64>() / 12.0;
    let y: Vec<f64> = (0..2).flat_map(|plane| [0, 5, 10].map(|first| mean(plane, first))).collect();
    compare(&Single::new("AvgPool1d", json!({"kernel_size": 12, "stride": 5}), input), &floats(&[1, 2, 3], y.clone()));
    // The same numbers down the rows of an image of two columns.
    let column = floats(&[1, 1, 24, 2], (0..48).map(|i| x[24 * (i % 2) + i / 2]).collect());
    let case = Single::new("AvgPool2d", json!({"kernel_size": [12, 1], "stride": [5, 1]}), column);
    let turned = [y[0], y[3], y[1], y[4], y[2], y[5]];
    compare(&case, &floats(&[1, 1, 3, 2], turned.to_vec()));
    check("AvgPool1d", &[1, 2, 24], json!({"kernel_size": 12, "stride": 1}));
    check("AvgPool2d", &[1, 1, 24, 2], json!({"kernel_size": [12, 1], "stride": 1}));
}

/// PyTorch 1.13 has no LPPool3d: the definition.
#[test]
fn power_means_of_volumes() {
    let input = noise(&[1, 1, 4, 4, 4], 6);
    let x = data(&input);
    for p in [2.0, 3.0, 2.5] {
        let input = floats(&input.shape, x.iter().map(|x| x.abs()).collect());
        let mut y = Vec::new();
        for corner in [0, 2, 8, 10, 32, 34, 40, 42] {
            let window = [0, 1, 4, 5, 16, 17, 20, 21].map(|at| x[corner + at].abs().powf(p));
            y.push(window.iter().sum::<f64>().powf(1.0 / p));
        }
        let case = Single::new("LPPool3d", json!({"norm_type": p, "kernel_size": 2}), input);
        compare(&case, &floats(&[1, 1, 2, 2, 2], y));
    }
}

/// PyTorch promises a gradient of zero where a window holds zeros only.
#[test]
fn power_mean_of_zeros() {
    for p in [1.5, 2.0, 3.0] {
        let case = Single::new("LPPool1d", json!({"norm_type": p, "kernel_size": 2}), floats(&[1, 1, 4], vec![0.0; 4]));
        for (device, dtype) in places(devices()) {
            let run = case.run(&device, dtype, Some(&[floats(&[1, 1, 2], vec![1.0; 2])])).unwrap();
            assert_eq!(data(&run.outputs[0]), [0.0; 2]);
            assert_eq!(data(run.input_grads[0].as_ref().unwrap()), [0.0; 4], "{device:?} {dtype:?} p {p}");
        }
    }
}

/// Folding what was unfolded multiplies every pixel by the number of windows that hold it.
#[test]
fn folds_undo_unfolds() {
    let options = json!({"kernel_size": [3, 2], "stride": [1, 2], "padding": [1, 0], "dilation": [1, 2]});
    let input = noise(&[2, 3, 5, 6], 8);
    let count = |array: HostArray| {
        let columns = Single::new("Unfold", options.clone(), array).output();
        Single::new("Fold", with(&options, &json!({"output_size": [5, 6]})), columns).output()
    };
    let windows = data(&count(floats(&[2, 3, 5, 6], vec![1.0; 180])));
    assert!(windows.iter().any(|&n| n == 6.0) && windows.iter().any(|&n| n < 6.0));
    let expected: Vec<f64> = data(&input).iter().zip(&windows).map(|(x, n)| x * n).collect();
    Worst::default().meet(DType::F64, &data(&count(input)), &expected, [0.0, 1e-13], "fold of unfold");
}

/// Channel i of group g becomes channel g of group i; pixels of a block lie row by row in the channels.
#[test]
fn shuffled_places() {
    let counted = |shape: &[usize]| floats(shape, (0..shape.iter().product()).map(|i| i as f64).collect());
    compare(
        &Single::new("ChannelShuffle", json!({"groups": 2}), counted(&[1, 6, 1])),
        &floats(&[1, 6, 1], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]),
    );
    compare(
        &Single::new("PixelShuffle", json!({"upscale_factor": 2}), counted(&[1, 4, 1, 2])),
        &floats(&[1, 1, 2, 4], vec![0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]),
    );
    // Any number of dimensions before the channels.
    compare(
        &Single::new("PixelUnshuffle", json!({"downscale_factor": 2}), counted(&[1, 2, 2])),
        &floats(&[4, 1, 1], vec![0.0, 1.0, 2.0, 3.0]),
    );
}

/// A NaN or an infinite number stays where its window is.
#[test]
fn infinite_numbers_do_not_spread() {
    let mut values = vec![1.0; 8];
    values[0] = f64::INFINITY;
    let case = Single::new("Conv3d", json!({"in_channels": 1, "out_channels": 1, "kernel_size": 1, "stride": 2}), {
        floats(&[1, 1, 8, 1, 1], values.clone())
    });
    let weight = data(&case.state[0].1)[0];
    let bias = data(&case.state[1].1)[0];
    let found = data(&case.output());
    assert!(found[0].is_infinite());
    found[1..].iter().for_each(|y| assert!((y - weight - bias).abs() < 1e-14));
    let case = Single::new("Upsample", json!({"scale_factor": 2}), floats(&[1, 1, 8], values));
    assert_eq!(data(&case.output())[1..4], [f64::INFINITY, 1.0, 1.0]);
}

fn refused(layer: &str, options: &Json) -> Error {
    create(layer, &config(options)).err().unwrap_or_else(|| panic!("{layer} takes {options}"))
}

fn infer(layer: &str, options: &Json, shape: &[i64]) -> Result<Type, Error> {
    let input = Type::from_spec(Some(shape), Kind::Float).unwrap();
    create(layer, &config(options)).unwrap().infer(&[input]).map(|mut types| types.remove(0))
}

#[test]
fn wrong_options() {
    let conv = json!({"in_channels": 2, "out_channels": 4});
    for (layer, options, message) in [
        (
            "Conv1d",
            with(&conv, &json!({"kernel_size": [3, 3]})),
            "option 'kernel_size': expected one or 1 integers of at least 1, found [3, 3]",
        ),
        (
            "Conv3d",
            with(&conv, &json!({"kernel_size": [3, 3]})),
            "option 'kernel_size': expected one or 3 integers of at least 1, found [3, 3]",
        ),
        (
            "Conv3d",
            with(&conv, &json!({"kernel_size": 3, "groups": 3})),
            "option 'in_channels': expected a multiple of groups (3), found 2",
        ),
        (
            "Conv1d",
            with(&conv, &json!({"kernel_size": 3, "padding": "same", "stride": 2})),
            "option 'padding': 'same' needs a stride of 1, found [2]",
        ),
        ("Conv1d", with(&conv, &json!({"kernel_size": 3, "output_padding": 1})), "unknown option 'output_padding'"),
        (
            "ConvTranspose2d",
            with(&conv, &json!({"kernel_size": 3, "padding": "same"})),
            "option 'padding': expected an integer or a list of integers, found \"same\"",
        ),
        (
            "ConvTranspose2d",
            with(&conv, &json!({"kernel_size": 3, "padding_mode": "reflect"})),
            "option 'padding_mode': expected one of zeros, found 'reflect'",
        ),
        (
            "ConvTranspose1d",
            with(&conv, &json!({"kernel_size": 3, "stride": 2, "output_padding": 2})),
            "option 'output_padding': expected less than stride or dilation, at most 1, found 2",
        ),
        ("ConvTranspose3d", json!({"in_channels": 2, "kernel_size": 3}), "option 'out_channels' is missing"),
        (
            "MaxPool1d",
            json!({"kernel_size": 3, "padding": 2}),
            "option 'padding': expected at most 1 (half of the kernel's size 3), found 2",
        ),
        ("MaxPool3d", json!({}), "option 'kernel_size' is missing"),
        ("AvgPool1d", json!({"kernel_size": 2, "divisor_override": 2}), "unknown option 'divisor_override'"),
        (
            "AvgPool3d",
            json!({"kernel_size": 2, "divisor_override": 0}),
            "option 'divisor_override': expected at least 1, found 0",
        ),
        ("LPPool1d", json!({"kernel_size": 2}), "option 'norm_type' is missing"),
        (
            "LPPool2d",
            json!({"kernel_size": 2, "norm_type": 0}),
            "option 'norm_type': expected a finite number above 0, found 0",
        ),
        ("LPPool2d", json!({"kernel_size": 2, "norm_type": 2, "padding": 1}), "unknown option 'padding'"),
        (
            "AdaptiveMaxPool1d",
            json!({"output_size": [1, 2]}),
            "option 'output_size': expected an integer of at least 1 or null, found [1,2]",
        ),
        (
            "AdaptiveAvgPool3d",
            json!({"output_size": [1, 2]}),
            "option 'output_size': expected one or 3 integers of at least 1, each of them or null, found [1,2]",
        ),
        ("AdaptiveMaxPool2d", json!({}), "option 'output_size' is missing"),
        ("ZeroPad2d", json!({}), "option 'padding' is missing"),
        ("ZeroPad2d", json!({"padding": [1, 2]}), "option 'padding': expected one or 4 integers, found [1, 2]"),
        (
            "ReflectionPad3d",
            json!({"padding": 3_000_000_000u64}),
            "option 'padding': expected at most 2147483647, found 3000000000",
        ),
        ("ConstantPad1d", json!({"padding": 1}), "option 'value' is missing"),
        ("CircularPad1d", json!({"padding": 1, "value": 1}), "unknown option 'value'"),
        ("Upsample", json!({}), "expected one of the options 'size' and 'scale_factor'"),
        ("Upsample", json!({"size": 2, "scale_factor": 2}), "expected one of the options 'size' and 'scale_factor'"),
        (
            "Upsample",
            json!({"size": 2, "mode": "area"}),
            "option 'mode': expected one of nearest, nearest-exact, linear, bilinear, bicubic, trilinear, found 'area'",
        ),
        (
            "Upsample",
            json!({"size": 2, "align_corners": false}),
            "option 'align_corners': has no meaning in mode 'nearest'",
        ),
        (
            "Upsample",
            json!({"size": 2, "recompute_scale_factor": true}),
            "option 'recompute_scale_factor': has no meaning with a size",
        ),
        (
            "Upsample",
            json!({"scale_factor": 0}),
            "option 'scale_factor': expected one or 1 or 2 or 3 numbers above 0, found 0",
        ),
        (
            "Upsample",
            json!({"size": [2, 2], "mode": "linear"}),
            "option 'size': expected one or 1 integers of at least 1, found [2,2]",
        ),
        ("UpsamplingNearest2d", json!({"size": [2, 2, 2]}), "option 'size': expected one or 2 integers of at least 1"),
        ("UpsamplingBilinear2d", json!({"size": 2, "align_corners": true}), "unknown option 'align_corners'"),
        ("PixelShuffle", json!({"upscale_factor": 0}), "option 'upscale_factor': expected at least 1, found 0"),
        (
            "PixelUnshuffle",
            json!({"downscale_factor": 100_000}),
            "option 'downscale_factor': expected at most 46340, found 100000",
        ),
        ("ChannelShuffle", json!({}), "option 'groups' is missing"),
        (
            "Unfold",
            json!({"kernel_size": 0}),
            "option 'kernel_size': expected one or 2 integers of at least 1, found [0, 0]",
        ),
        ("Fold", json!({"kernel_size": 2}), "option 'output_size' is missing"),
        (
            "Fold",
            json!({"kernel_size": 4, "dilation": 2, "output_size": [9, 5]}),
            "option 'output_size': expected sizes that, padded, hold a window of 7 x 7, found [9, 5]",
        ),
    ] {
        let error = refused(layer, &options);
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
        assert!(error.message.contains(message), "{layer} {options}: {error}");
    }
}

#[test]
fn wrong_shapes() {
    let conv = json!({"in_channels": 2, "out_channels": 4, "kernel_size": 3});
    for (layer, options, shape, message) in [
        ("Conv1d", conv.clone(), &[-1, 2, 8, 8][..], "input: expected [N, 2, L], found [?, 2, 8, 8]"),
        ("Conv1d", conv.clone(), &[-1, 3, 8], "input: expected [N, 2, L], found [?, 3, 8]"),
        (
            "Conv1d",
            conv.clone(),
            &[-1, 2, 2],
            "input: expected a length that with 0 of padding holds a window of 3, found [?, 2, 2]",
        ),
        ("Conv3d", conv.clone(), &[-1, 3, 8, 8, 8], "input: expected [N, 2, D, H, W], found [?, 3, 8, 8, 8]"),
        (
            "Conv3d",
            conv.clone(),
            &[-1, 2, 2, 8, 8],
            "input: expected a depth that with 0 of padding holds a window of 3",
        ),
        (
            "Conv1d",
            with(&conv, &json!({"padding": 4, "padding_mode": "circular"})),
            &[-1, 2, 3],
            "circular padding of 4 and 4: expected a dimension of at least 4, found 3",
        ),
        ("ConvTranspose2d", conv.clone(), &[-1, 4, 8, 8], "input: expected [N, 2, H, W], found [?, 4, 8, 8]"),
        (
            "ConvTranspose1d",
            with(&conv, &json!({"padding": 3})),
            &[-1, 2, 4],
            "input: expected a length of which the padding leaves something, found [?, 2, 4]",
        ),
        ("MaxPool3d", json!({"kernel_size": 2}), &[-1, 2, 8, 8], "input: expected [N, C, D, H, W], found [?, 2, 8, 8]"),
        (
            "AvgPool1d",
            json!({"kernel_size": 3}),
            &[-1, 2, 2],
            "input: expected a length that with 0 of padding holds a window of 3",
        ),
        (
            "LPPool2d",
            json!({"kernel_size": 3, "norm_type": 2}),
            &[-1, 2, 2, 4],
            "input: expected a height that with 0 of padding holds a window of 3",
        ),
        ("AdaptiveAvgPool1d", json!({"output_size": 3}), &[-1, 2], "input: expected [N, C, L], found [?, 2]"),
        (
            "AdaptiveMaxPool3d",
            json!({"output_size": 3}),
            &[-1, 2, 3, 0, 2],
            "input: expected sizes of at least 1 behind the channels",
        ),
        ("ZeroPad3d", json!({"padding": 3}), &[-1, 2], "input: expected a rank of at least 3, found [?, 2]"),
        (
            "ConstantPad1d",
            json!({"padding": [-2, -1], "value": 1}),
            &[-1, 3],
            "padding of -2 and -1: expected a dimension of at least 4, found 3",
        ),
        (
            "ReflectionPad1d",
            json!({"padding": 3}),
            &[-1, 2, 3],
            "reflect padding of 3 and 3: expected a dimension of at least 4, found 3",
        ),
        ("ReplicationPad2d", json!({"padding": 3}), &[-1, 2, 3], "input: expected [N, C, H, W], found [?, 2, 3]"),
        (
            "CircularPad3d",
            json!({"padding": [0, 0, 0, 0, 3, 0]}),
            &[-1, 2, 2, 4, 4],
            "circular padding of 3 and 0: expected a dimension of at least 3, found 2",
        ),
        (
            "Upsample",
            json!({"size": 3, "mode": "bilinear"}),
            &[-1, 2, 3],
            "input: expected [N, C, H, W], found [?, 2, 3]",
        ),
        (
            "Upsample",
            json!({"size": 3}),
            &[-1, 3],
            "input: expected [N, C, L] or [N, C, H, W] or [N, C, D, H, W], found [?, 3]",
        ),
        (
            "Upsample",
            json!({"scale_factor": 0.2}),
            &[-1, 1, 4],
            "input: expected a size that times 0.2 is from 1 to 2147483647, found 4",
        ),
        (
            "UpsamplingNearest2d",
            json!({"scale_factor": 2}),
            &[-1, 1, 4],
            "input: expected [N, C, H, W], found [?, 1, 4]",
        ),
        (
            "PixelShuffle",
            json!({"upscale_factor": 2}),
            &[-1, 6, 4, 4],
            "input: expected [.., C, H, W] with C a multiple of 4, found [?, 6, 4, 4]",
        ),
        (
            "PixelUnshuffle",
            json!({"downscale_factor": 2}),
            &[-1, 6, 4, 3],
            "input: expected [.., C, H, W] with H and W multiples of 2, found [?, 6, 4, 3]",
        ),
        (
            "ChannelShuffle",
            json!({"groups": 4}),
            &[-1, 6, 4],
            "input: expected [N, C, ..] with C a multiple of 4, found [?, 6, 4]",
        ),
        (
            "ChannelShuffle",
            json!({"groups": 2}),
            &[-1, 6],
            "input: expected [N, C, ..] of a rank of at least 3, found [?, 6]",
        ),
        (
            "Unfold",
            json!({"kernel_size": 3}),
            &[-1, 6, 2, 8],
            "input: expected height and width that, padded, hold a window of 3 x 3",
        ),
        (
            "Fold",
            json!({"kernel_size": 2, "output_size": 3}),
            &[-1, 8, 5],
            "input: expected [N, C * 4, 4], found [?, 8, 5]",
        ),
        (
            "Fold",
            json!({"kernel_size": 2, "output_size": 3}),
            &[-1, 6, 4],
            "input: expected [N, C * 4, 4], found [?, 6, 4]",
        ),
    ] {
        let error = infer(layer, &options, shape).err().unwrap_or_else(|| panic!("{layer} takes {shape:?}"));
        assert_eq!(error.kind, ErrorKind::Shape, "{error}");
        assert!(error.message.contains(message), "{layer} {options} {shape:?}: {error}");
        assert!(error.detail.is_some());
    }
}

#[test]
fn unknown_sizes_stay_unknown() {
    let conv = json!({"in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": 2});
    for (layer, options, shape, expected) in [
        ("Conv1d", conv.clone(), &[-1, -1, 9][..], &[-1, 4, 4][..]),
        ("Conv3d", conv.clone(), &[-1, -1, 9, -1, 7], &[-1, 4, 4, -1, 3]),
        ("ConvTranspose2d", conv.clone(), &[-1, 3, -1, 4], &[-1, 4, -1, 9]),
        ("MaxPool3d", json!({"kernel_size": 2}), &[-1, -1, 8, -1, 5], &[-1, -1, 4, -1, 2]),
        ("LPPool1d", json!({"kernel_size": 2, "norm_type": 2}), &[-1, 3, -1], &[-1, 3, -1]),
        ("AdaptiveMaxPool3d", json!({"output_size": [null, 2, null]}), &[-1, 3, 4, 5, -1], &[-1, 3, 4, 2, -1]),
        ("ZeroPad2d", json!({"padding": [1, 0, 2, 3]}), &[-1, 3, 4, -1], &[-1, 3, 9, -1]),
        ("CircularPad1d", json!({"padding": 2}), &[-1, -1, -1], &[-1, -1, -1]),
        ("Upsample", json!({"size": [3, 5]}), &[-1, 2, -1, -1], &[-1, 2, 3, 5]),
        ("Upsample", json!({"scale_factor": 1.5}), &[-1, 2, -1, 3], &[-1, 2, -1, 4]),
        ("PixelShuffle", json!({"upscale_factor": 2}), &[-1, -1, 3, -1], &[-1, -1, 6, -1]),
        ("Unfold", json!({"kernel_size": 2}), &[-1, 3, 4, -1], &[-1, 12, -1]),
        ("Fold", json!({"kernel_size": 2, "output_size": 3}), &[-1, -1, -1], &[-1, -1, 3, 3]),
    ] {
        let found = infer(layer, &options, shape).unwrap_or_else(|e| panic!("{layer} {options}: {e}"));
        assert_eq!(found.to_spec().unwrap(), expected, "{layer} {options}");
    }
    let unknown = |layer: &str, options: &Json| {
        create(layer, &config(options)).unwrap().infer(&[Type::unknown(Kind::Float)]).unwrap()[0].to_spec()
    };
    assert_eq!(unknown("Conv1d", &conv), Some(vec![-1, 4, -1]));
    assert_eq!(unknown("ConvTranspose3d", &conv), Some(vec![-1, 4, -1, -1, -1]));
    assert_eq!(unknown("ZeroPad1d", &json!({"padding": 1})), None);
    assert_eq!(unknown("Upsample", &json!({"size": 4, "mode": "bilinear"})), Some(vec![-1, -1, 4, 4]));
    assert_eq!(unknown("Upsample", &json!({"scale_factor": 2})), None);
}

/// Names, shapes and first values as PyTorch's; the fan of a transposed convolution is that of its second dimension.
#[test]
fn declarations() {
    let declared = |layer: &str, options: Json| {
        let all = create(layer, &config(&options)).unwrap().declare();
        all.into_iter().map(|d| (d.name, d.shape, d.init)).collect::<Vec<_>>()
    };
    let options = json!({"in_channels": 4, "out_channels": 6, "kernel_size": [3, 2, 1], "groups": 2});
    let bound = Init::Uniform(1.0 / 12f64.sqrt());
    let expected = [("weight".into(), vec![6, 2, 3, 2, 1], bound.clone()), ("bias".into(), vec![6], bound)];
    assert_eq!(declared("Conv3d", options.clone()), expected);
    let bound = Init::Uniform(1.0 / 18f64.sqrt());
    let expected = [("weight".into(), vec![4, 3, 3, 2, 1], bound.clone()), ("bias".into(), vec![6], bound)];
    assert_eq!(declared("ConvTranspose3d", options.clone()), expected);
    assert_eq!(declared("ConvTranspose3d", with(&options, &json!({"bias": false}))), expected[..1]);
    let conv = json!({"in_channels": 4, "out_channels": 6, "kernel_size": 3});
    assert_eq!(declared("Conv1d", conv.clone())[0].1, [6, 4, 3]);
    assert_eq!(declared("ConvTranspose1d", conv)[0].1, [4, 6, 3]);
}
