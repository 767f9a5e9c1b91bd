//! Convolution and pooling over many options against the plain definitions of PyTorch's kernels, on every device.

#[path = "common/reference.rs"]
mod reference;
#[path = "common/single.rs"]
mod single;

use exburn_core::HostArray;
use exburn_core::tensor::DType;
use reference::{Worst, devices};
use serde_json::{Value as Json, json};
use single::{Single, data, floats, noise, places};

/// The sizes of PyTorch's pooling_output_shape.
fn size(input: i64, k: i64, s: i64, p: i64, d: i64, ceil: bool) -> i64 {
    let size = (input + 2 * p - d * (k - 1) - 1 + if ceil { s - 1 } else { 0 }).div_euclid(s) + 1;
    if ceil && (size - 1) * s >= input + p { size - 1 } else { size }
}

#[derive(Clone, Copy)]
struct Window {
    k: i64,
    s: i64,
    p: i64,
    d: i64,
    ceil: bool,
}

/// Applies `f(rows, columns, area)` to every window of a one-image, one-channel input: the positions inside the input, and
/// the window's area within the padded input (avg_pool2d's pool_size).
fn slide(h: i64, w: i64, o: Window, mut f: impl FnMut(Vec<i64>, Vec<i64>, i64)) -> [usize; 2] {
    let (oh, ow) = (size(h, o.k, o.s, o.p, o.d, o.ceil), size(w, o.k, o.s, o.p, o.d, o.ceil));
    let positions = |i: i64, n: i64| (0..o.k).map(|t| i * o.s - o.p + t * o.d).filter(|x| (0..n).contains(x)).collect();
    let span = |i: i64, n: i64| (i * o.s - o.p + o.k).min(n + o.p) - (i * o.s - o.p);
    for i in 0..oh {
        for j in 0..ow {
            f(positions(i, h), positions(j, w), span(i, h) * span(j, w));
        }
    }
    [oh as usize, ow as usize]
}

/// The elements of an image of width `w` at all pairs of the positions.
fn pick(x: &[f64], w: usize, rows: &[i64], columns: &[i64]) -> Vec<f64> {
    rows.iter().flat_map(|&r| columns.iter().map(move |&c| x[r as usize * w + c as usize])).collect()
}

fn compare(case: &Single, expected: &HostArray, worst: &mut Worst) {
    for (device, dtype) in places(devices()) {
        let title = format!("{device:?} {dtype:?} {} {} {:?}", case.layer, case.config, case.inputs[0].shape);
        let found = case.output_on(&device, dtype);
        assert_eq!(found.shape, expected.shape, "{title}");
        worst.meet(dtype, &data(&found), &data(expected), [1e-5, 1e-12], &title);
    }
}

fn windows() -> impl Iterator<Item = Window> {
    let options = [
        (1, 1, 0, 1),
        (2, 2, 0, 1),
        (2, 1, 1, 1),
        (2, 3, 0, 1),
        (3, 2, 1, 1),
        (3, 3, 1, 1),
        (2, 2, 1, 2),
        (3, 1, 1, 2),
    ];
    options.into_iter().flat_map(|(k, s, p, d)| [false, true].map(|ceil| Window { k, s, p, d, ceil }))
}

fn options(o: Window) -> Json {
    json!({"kernel_size": o.k, "stride": o.s, "padding": o.p, "ceil_mode": o.ceil})
}

#[test]
fn max_pools() {
    let mut worst = Worst::default();
    for (h, w) in [(6, 7), (5, 5)] {
        // All elements below zero: padding must not count as zero.
        let input = floats(&[1, 1, h, w], data(&noise(&[1, 1, h, w], 1)).iter().map(|x| x - 10.0).collect());
        let x = data(&input);
        for o in windows() {
            let mut y = Vec::new();
            let shape = slide(h as i64, w as i64, o, |rows, columns, _| {
                y.push(pick(&x, w, &rows, &columns).into_iter().fold(f64::NEG_INFINITY, f64::max));
            });
            let mut options = options(o);
            options["dilation"] = json!(o.d);
            let case = Single::new("MaxPool2d", options, input.clone());
            compare(&case, &floats(&[1, 1, shape[0], shape[1]], y), &mut worst);
        }
    }
    println!("{worst:?}");
}

#[test]
fn average_pools() {
    let mut worst = Worst::default();
    for (h, w) in [(6, 7), (5, 5)] {
        let input = noise(&[1, 1, h, w], 1);
        let x = data(&input);
        for o in windows().filter(|o| o.d == 1) {
            for (count, divisor) in [(true, None), (false, None), (true, Some(7)), (false, Some(3))] {
                let mut y = Vec::new();
                let shape = slide(h as i64, w as i64, o, |rows, columns, area| {
                    let all = pick(&x, w, &rows, &columns);
                    let divisor = divisor.unwrap_or(if count { area } else { all.len() as i64 });
                    y.push(all.iter().sum::<f64>() / divisor as f64);
                });
                let mut options = options(o);
                options["count_include_pad"] = json!(count);
                options["divisor_override"] = json!(divisor);
                let case = Single::new("AvgPool2d", options, input.clone());
                compare(&case, &floats(&[1, 1, shape[0], shape[1]], y), &mut worst);
            }
        }
    }
    println!("{worst:?}");
}

#[test]
fn adaptive_pools() {
    let mut worst = Worst::default();
    let (h, w) = (7, 10);
    let input = noise(&[1, 1, h, w], 1);
    let x = data(&input);
    for (oh, ow) in [(1, 1), (2, 3), (3, 4), (7, 10), (5, 7), (9, 13)] {
        let bin = |i: usize, n: usize, size: usize| i * size / n..((i + 1) * size).div_ceil(n);
        let mut y = Vec::new();
        for i in 0..oh {
            for j in 0..ow {
                let all: Vec<f64> =
                    bin(i, oh, h).flat_map(|r| bin(j, ow, w).map(move |c| (r, c))).map(|(r, c)| x[r * w + c]).collect();
                y.push(all.iter().sum::<f64>() / all.len() as f64);
            }
        }
        let case = Single::new("AdaptiveAvgPool2d", json!({"output_size": [oh, ow]}), input.clone());
        compare(&case, &floats(&[1, 1, oh, ow], y), &mut worst);
    }
    println!("{worst:?}");
}

/// A window larger than the input is allowed with ceil_mode, as in PyTorch.
#[test]
fn window_larger_than_the_input() {
    let case =
        Single::new("MaxPool2d", json!({"kernel_size": 3, "stride": 2, "ceil_mode": true}), noise(&[1, 1, 2, 2], 2));
    let largest = data(&case.inputs[0]).into_iter().fold(f64::MIN, f64::max);
    compare(&case, &floats(&[1, 1, 1, 1], vec![largest]), &mut Worst::default());
}

/// One output of a convolution from its definition; `at(row, column, channel)` reads the padded input.
fn convolve(
    case: &Single,
    o: [usize; 2],
    stride: [i64; 2],
    dilation: [i64; 2],
    at: impl Fn(i64, i64, usize) -> f64,
) -> Vec<f64> {
    let (w, bias) = (&case.state[0].1, &case.state[1].1);
    let [outputs, per_group, kh, kw] = w.shape[..] else { panic!("weight") };
    let groups = case.config["groups"].as_u64().unwrap_or(1) as usize;
    let (w, bias) = (data(w), data(bias));
    let mut y = Vec::new();
    for m in 0..outputs {
        let first = m / (outputs / groups) * per_group;
        for i in 0..o[0] as i64 {
            for j in 0..o[1] as i64 {
                let mut sum = bias[m];
                for c in 0..per_group {
                    for a in 0..kh {
                        for b in 0..kw {
                            let (r, s) =
                                (i * stride[0] + a as i64 * dilation[0], j * stride[1] + b as i64 * dilation[1]);
                            sum += w[((m * per_group + c) * kh + a) * kw + b] * at(r, s, first + c);
                        }
                    }
                }
                y.push(sum);
            }
        }
    }
    y
}

/// Kernel, stride, padding (top, bottom, left, right), dilation, and the options that say so.
type Geometry = ([i64; 2], [i64; 2], [i64; 4], [i64; 2], Json);

#[test]
fn convolutions() {
    let mut worst = Worst::default();
    let (c, h, w) = (4, 6, 5);
    let input = noise(&[1, c, h, w], 1);
    let x = data(&input);
    let geometries: [Geometry; 5] = [
        ([3, 3], [1, 1], [1, 1, 1, 1], [1, 1], json!({"padding": 1})),
        ([3, 2], [2, 1], [2, 2, 1, 1], [1, 2], json!({"padding": [2, 1], "stride": [2, 1], "dilation": [1, 2]})),
        ([4, 2], [1, 1], [1, 2, 0, 1], [1, 1], json!({"padding": "same"})),
        ([3, 2], [1, 1], [2, 2, 0, 1], [2, 1], json!({"padding": "same", "dilation": [2, 1]})),
        ([2, 3], [2, 2], [0, 0, 0, 0], [1, 1], json!({"padding": "valid", "stride": 2})),
    ];
    for (k, s, p, d, given) in geometries {
        for mode in ["zeros", "reflect", "replicate", "circular"] {
            for groups in [1, 2, 4] {
                let mut options = given.clone();
                let more = json!({"in_channels": c, "out_channels": 4, "kernel_size": k, "groups": groups, "padding_mode": mode});
                options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                let case = Single::new("Conv2d", options, input.clone());
                let source = |i: i64, n: i64| match mode {
                    _ if (0..n).contains(&i) => Some(i),
                    "reflect" => Some(if i < 0 { -i } else { 2 * (n - 1) - i }),
                    "replicate" => Some(i.clamp(0, n - 1)),
                    "circular" => Some(i.rem_euclid(n)),
                    _ => None,
                };
                let at = |r: i64, q: i64, c: usize| {
                    let place = source(r - p[0], h as i64).zip(source(q - p[2], w as i64));
                    place.map_or(0.0, |(r, q)| x[(c * h + r as usize) * w + q as usize])
                };
                let out = |n: usize, i: usize| {
                    ((n as i64 + p[2 * i] + p[2 * i + 1] - d[i] * (k[i] - 1) - 1) / s[i] + 1) as usize
                };
                let o = [out(h, 0), out(w, 1)];
                let expected = floats(&[1, 4, o[0], o[1]], convolve(&case, o, s, d, at));
                compare(&case, &expected, &mut worst);
            }
        }
    }
    println!("{worst:?}");
}

/// Batches and channels do not mix.
#[test]
fn images_are_independent() {
    let whole = noise(&[2, 3, 5, 5], 4);
    let options = json!({"kernel_size": 3, "stride": 2, "padding": 1});
    let together = data(
        &Single::new("MaxPool2d", options.clone(), whole.clone())
            .output_on(&exburn_core::device::Device::cpu(), DType::F32),
    );
    for (i, plane) in data(&whole).chunks(25).enumerate() {
        let alone = Single::new("MaxPool2d", options.clone(), floats(&[1, 1, 5, 5], plane.to_vec()));
        assert_eq!(data(&alone.output_on(&exburn_core::device::Device::cpu(), DType::F32)), together[9 * i..9 * i + 9]);
    }
}
