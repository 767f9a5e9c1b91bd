//! Against the definition as plain loops in double precision, and against central differences.

use super::*;

/// Numbers in -1..1 without pattern (splitmix64).
fn noise(seed: u64, len: usize) -> Vec<f64> {
    (0..len as u64)
        .map(|i| {
            let mut z = (seed.wrapping_mul(7919).wrapping_add(i + 1)).wrapping_mul(0x9E3779B97F4A7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// Calls `f(index in y, index in x, index in w, output channel)` for every product of the definition.
fn products(s: &Conv2dShape, out: [usize; 2], mut f: impl FnMut(usize, usize, usize)) {
    let (ig, og) = (s.in_channels / s.groups, s.out_channels / s.groups);
    for n in 0..s.batch {
        for o in 0..s.out_channels {
            for i in 0..out[0] {
                for j in 0..out[1] {
                    for c in 0..ig {
                        for u in 0..s.kernel[0] {
                            for v in 0..s.kernel[1] {
                                let y = (i * s.stride[0] + u * s.dilation[0]) as isize - s.padding[0].0 as isize;
                                let x = (j * s.stride[1] + v * s.dilation[1]) as isize - s.padding[1].0 as isize;
                                if y < 0 || x < 0 || y >= s.input[0] as isize || x >= s.input[1] as isize {
                                    continue;
                                }
                                let channel = o / og * ig + c;
                                f(
                                    ((n * s.out_channels + o) * out[0] + i) * out[1] + j,
                                    ((n * s.in_channels + channel) * s.input[0] + y as usize) * s.input[1] + x as usize,
                                    ((o * ig + c) * s.kernel[0] + u) * s.kernel[1] + v,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The four results of a type, as doubles: output, input, weight and bias gradient.
fn kernels<T: Element>(s: &Conv2dShape, x: &[f64], w: &[f64], b: &[f64], dy: &[f64]) -> [Vec<f64>; 4] {
    let of = |v: &[f64]| v.iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>();
    let (x, w, b, dy) = (of(x), of(w), of(b), of(dy));
    let mut db = vec![T::ZERO; b.len()];
    let [h, w_out] = s.output_size().unwrap();
    bias_gradient([s.batch, s.out_channels, h, w_out], &dy, &mut db).unwrap();
    [
        forward_to_vec(s, &x, &w, Some(&b)).unwrap(),
        input_gradient_to_vec(s, &w, &dy).unwrap(),
        weight_gradient_to_vec(s, &x, &dy).unwrap(),
        db,
    ]
    .map(|v| v.into_iter().map(T::to_f64).collect())
}

fn check(s: &Conv2dShape, seed: u64) {
    let sizes = s.check().unwrap_or_else(|e| panic!("{s:?}: {e}"));
    let (x, w) = (noise(seed, sizes.x_len), noise(seed + 1, sizes.w_len));
    let (b, dy) = (noise(seed + 2, s.out_channels), noise(seed + 3, sizes.y_len));
    let mut want = [vec![0.0; sizes.y_len], vec![0.0; sizes.x_len], vec![0.0; sizes.w_len], vec![0.0; s.out_channels]];
    for (i, &d) in dy.iter().enumerate() {
        let channel = i / sizes.out_pixels % s.out_channels;
        want[0][i] = b[channel];
        want[3][channel] += d;
    }
    products(s, sizes.out, |yi, xi, wi| {
        want[0][yi] += x[xi] * w[wi];
        want[1][xi] += dy[yi] * w[wi];
        want[2][wi] += dy[yi] * x[xi];
    });
    let summed = [sizes.depth, sizes.depth * sizes.out_group, sizes.y_len, sizes.y_len];
    for (eps, got) in
        [(f32::EPSILON as f64, kernels::<f32>(s, &x, &w, &b, &dy)), (f64::EPSILON, kernels::<f64>(s, &x, &w, &b, &dy))]
    {
        for (what, (got, want)) in got.iter().zip(&want).enumerate() {
            let allowed = eps * 8.0 * (summed[what] as f64).sqrt().max(4.0);
            for (i, (g, w)) in got.iter().zip(want).enumerate() {
                assert!((g - w).abs() <= allowed * w.abs().max(1.0), "{s:?}: result {what}[{i}]: {g}, expected {w}");
            }
        }
    }
    // Without bias, and into a slice that held something else.
    let mut plain = vec![f64::NAN; sizes.y_len];
    forward(s, &x, &w, None, &mut plain).unwrap();
    let biased = forward_to_vec(s, &x, &w, Some(&b)).unwrap();
    for (i, (p, q)) in plain.iter().zip(&biased).enumerate() {
        let channel = i / sizes.out_pixels % s.out_channels;
        assert!((p + b[channel] - q).abs() < 1e-12, "{s:?}");
    }
}

#[test]
fn every_combination_follows_the_definition() {
    let mut seed = 0;
    for (kernel, input) in [([3, 3], [9, 11]), ([1, 1], [5, 7]), ([2, 5], [8, 13]), ([4, 1], [10, 3])] {
        for stride in [[1, 1], [2, 1], [3, 2]] {
            for padding in [[(0, 0), (0, 0)], [(1, 1), (2, 2)], [(0, 3), (2, 1)]] {
                for dilation in [[1, 1], [2, 1], [2, 2]] {
                    for (groups, in_channels, out_channels) in [(1, 1, 3), (1, 3, 5), (2, 4, 6), (4, 4, 4), (3, 3, 6)] {
                        let s = Conv2dShape {
                            batch: 1 + seed as usize % 3,
                            in_channels,
                            input,
                            out_channels,
                            kernel,
                            stride,
                            padding,
                            dilation,
                            groups,
                        };
                        if s.output_size().is_ok() {
                            seed += 1;
                            check(&s, seed);
                        }
                    }
                }
            }
        }
    }
    assert!(seed > 400, "only {seed} combinations were possible");
}

/// Sizes large enough to be cut into blocks, in every way that the cutting knows.
#[test]
fn large_and_small_images_are_cut_right() {
    let cases = [
        (1, 3, 8, [70, 90], 1),   // one large image
        (2, 16, 70, [40, 33], 1), // few images, many channels
        (70, 5, 9, [6, 5], 1),    // many small images together
        (33, 40, 24, [4, 4], 2),
        (3, 64, 64, [3, 3], 1), // few pixels: channels are cut
        (5, 12, 12, [31, 17], 12),
    ];
    for (seed, (batch, in_channels, out_channels, input, groups)) in cases.into_iter().enumerate() {
        for (kernel, padding) in [([3, 3], [(1, 1), (1, 1)]), ([1, 1], [(0, 0), (0, 0)]), ([3, 2], [(0, 2), (1, 0)])] {
            for stride in [[1, 1], [2, 2]] {
                let s = Conv2dShape {
                    batch,
                    in_channels,
                    input,
                    out_channels,
                    kernel,
                    stride,
                    padding,
                    dilation: [1, 1],
                    groups,
                };
                check(&s, 1000 + seed as u64);
            }
        }
    }
}

/// Small planes of many images and channels, where images or channels lie side by side; also in a last, short chunk.
#[test]
fn small_planes_of_whole_batches_follow_the_definition() {
    let mut seed = 2000;
    for (batch, in_channels, out_channels, groups) in
        [(16, 16, 20, 1), (48, 17, 13, 1), (33, 32, 24, 2), (64, 48, 65, 1)]
    {
        let in_channels = in_channels * groups;
        for (input, kernel, padding) in [
            ([1, 1], [3, 3], [(1, 1), (1, 1)]),
            ([2, 3], [3, 3], [(1, 1), (1, 1)]),
            ([5, 4], [3, 2], [(2, 0), (0, 1)]),
            ([6, 6], [1, 1], [(0, 0), (0, 0)]),
        ] {
            for (stride, dilation) in [([1, 1], [1, 1]), ([2, 1], [1, 1]), ([2, 2], [1, 2])] {
                let s = Conv2dShape {
                    batch,
                    in_channels,
                    input,
                    out_channels: out_channels * groups,
                    kernel,
                    stride,
                    padding,
                    dilation,
                    groups,
                };
                if s.output_size().is_ok() {
                    seed += 1;
                    check(&s, seed);
                }
            }
        }
    }
    assert!(seed > 2040, "only {} combinations were possible", seed - 2000);
}

#[test]
fn gradients_are_the_central_differences_of_the_output() {
    for (groups, dilation, stride) in [(1, [1, 1], [1, 1]), (2, [2, 1], [2, 1]), (4, [1, 1], [1, 2])] {
        let mut s = Conv2dShape::new([2, 4, 7, 6], [4, 4 / groups, 3, 2]);
        (s.groups, s.dilation, s.stride, s.padding) = (groups, dilation, stride, [(1, 0), (0, 2)]);
        let sizes = s.check().unwrap();
        let (x, w) = (noise(1, sizes.x_len), noise(2, sizes.w_len));
        let dy = noise(3, sizes.y_len);
        let loss = |x: &[f64], w: &[f64]| -> f64 {
            let y = forward_to_vec(&s, x, w, None).unwrap();
            y.iter().zip(&dy).map(|(a, b)| a * b + a * a * 0.5).sum()
        };
        let y = forward_to_vec(&s, &x, &w, None).unwrap();
        let grad: Vec<f64> = y.iter().zip(&dy).map(|(a, b)| a + b).collect();
        let (dx, dw) = (input_gradient_to_vec(&s, &w, &grad).unwrap(), weight_gradient_to_vec(&s, &x, &grad).unwrap());
        let step = 1e-5;
        let moved = |v: &[f64], i: usize, by: f64| {
            let mut v = v.to_vec();
            v[i] += by;
            v
        };
        for i in (0..x.len()).step_by(5) {
            let numeric = (loss(&moved(&x, i, step), &w) - loss(&moved(&x, i, -step), &w)) / (2.0 * step);
            assert!((numeric - dx[i]).abs() < 1e-7 * numeric.abs().max(1.0));
        }
        for (i, found) in dw.iter().enumerate() {
            let numeric = (loss(&x, &moved(&w, i, step)) - loss(&x, &moved(&w, i, -step))) / (2.0 * step);
            assert!((numeric - found).abs() < 1e-7 * numeric.abs().max(1.0));
        }
    }
}

#[test]
fn the_same_bits_whatever_the_threads() {
    // The first convolution takes the path over pixels, the second the one over images.
    for (input, weight) in [([3, 8, 40, 40], [12, 8, 3, 3]), ([24, 32, 5, 5], [24, 32, 3, 3])] {
        let mut s = Conv2dShape::new(input, weight);
        s.padding = [(1, 1); 2];
        let sizes = s.check().unwrap();
        let (x, w, dy) = (noise(1, sizes.x_len), noise(2, sizes.w_len), noise(3, sizes.y_len));
        let bias = vec![0.5; weight[0]];
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| kernels::<f32>(&s, &x, &w, &bias, &dy))
        };
        let first = run(1);
        for threads in [2, 3, 7, 2, 2] {
            assert_eq!(run(threads), first);
        }
    }
}

#[test]
fn an_empty_batch_has_empty_results_and_a_zero_weight_gradient() {
    for groups in [1, 2] {
        let mut s = Conv2dShape::new([0, 2, 4, 4], [2, 2 / groups, 3, 3]);
        s.groups = groups;
        let w = vec![1.0f32; 36 / groups];
        assert!(forward_to_vec(&s, &[], &w, None).unwrap().is_empty());
        assert!(input_gradient_to_vec(&s, &w, &[]).unwrap().is_empty());
        assert_eq!(weight_gradient_to_vec::<f32>(&s, &[], &[]).unwrap(), vec![0.0; 36 / groups]);
    }
}

#[test]
fn bad_arguments_are_errors() {
    let good = Conv2dShape::new([1, 4, 5, 5], [4, 4, 3, 3]);
    type Change = fn(&mut Conv2dShape);
    let changes: [Change; 8] = [
        |s| s.groups = 0,
        |s| s.groups = 3,
        |s| s.stride[0] = 0,
        |s| s.dilation[1] = 0,
        |s| s.kernel[0] = 6,
        |s| s.dilation[0] = usize::MAX,
        |s| s.padding[1].0 = usize::MAX,
        |s| s.batch = usize::MAX / 8,
    ];
    for change in changes {
        let mut s = good;
        change(&mut s);
        assert!(matches!(s.output_size(), Err(KernelError::Shape(_))), "{s:?}");
        assert!(forward_to_vec::<f32>(&s, &[0.0; 100], &[0.0; 144], None).is_err());
    }
    let error = forward_to_vec(&good, &[0.0f32; 99], &[0.0; 144], None).unwrap_err();
    assert_eq!(error.to_string(), "input: expected 100 elements, found 99");
    assert!(forward_to_vec(&good, &[0.0f32; 100], &[0.0; 144], Some(&[0.0; 3])).is_err());
    assert!(weight_gradient_to_vec(&good, &[0.0f32; 100], &[0.0; 35]).is_err());
}
