//! Against the definition in double precision, and against central differences.

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

const EPS: f64 = 1e-5;

/// Output, mean and variance as the definition says.
fn definition(s: &BatchNormShape, x: &[f64], w: &[f64], b: &[f64]) -> [Vec<f64>; 3] {
    let of = |c: usize| (0..s.batch * s.pixels).map(move |i| (i / s.pixels * s.channels + c) * s.pixels + i % s.pixels);
    let count = (s.batch * s.pixels) as f64;
    let mean: Vec<f64> = (0..s.channels).map(|c| of(c).map(|i| x[i]).sum::<f64>() / count).collect();
    let variance: Vec<f64> =
        (0..s.channels).map(|c| of(c).map(|i| (x[i] - mean[c]).powi(2)).sum::<f64>() / count).collect();
    let mut y = vec![0.0; x.len()];
    for c in 0..s.channels {
        of(c).for_each(|i| y[i] = (x[i] - mean[c]) / (variance[c] + EPS).sqrt() * w[c] + b[c]);
    }
    [y, mean, variance]
}

fn shapes() -> [BatchNormShape; 5] {
    [(3, 4, 5), (1, 2, 9000), (40, 33, 1), (7, 1, 64), (2, 6, 71)].map(|(batch, channels, pixels)| BatchNormShape {
        batch,
        channels,
        pixels,
    })
}

fn near(got: &[f64], want: &[f64], allowed: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!((g - w).abs() <= allowed * w.abs().max(1.0), "[{i}]: {g}, expected {w}");
    }
}

#[test]
fn the_output_follows_the_definition() {
    for (seed, s) in shapes().into_iter().enumerate() {
        let len = s.check().unwrap();
        // A mean far from 0 must not cost the variance its digits.
        let x: Vec<f64> = noise(seed as u64, len).into_iter().map(|v| ((v + 100.0) as f32) as f64).collect();
        let (w, b) = (noise(50, s.channels), noise(51, s.channels));
        let [y, mean, variance] = definition(&s, &x, &w, &b);
        let got = forward(&s, &x, &w, &b, EPS).unwrap();
        near(&got.output, &y, 1e-10);
        near(&got.mean, &mean, 1e-14);
        near(&got.variance, &variance, 1e-13);
        let single = |v: &[f64]| v.iter().map(|&v| v as f32).collect::<Vec<f32>>();
        let double = |v: &[f32]| v.iter().map(|&v| v as f64).collect::<Vec<f64>>();
        let got = forward(&s, &single(&x), &single(&w), &single(&b), EPS).unwrap();
        // The mean, about 100, is exact to half a unit in the last place: 4e-6.
        near(&double(&got.output), &y, 2e-5);
        near(&double(&got.mean), &mean, 6e-8);
        near(&double(&got.variance), &variance, 2e-6);
    }
}

#[test]
fn gradients_are_the_central_differences_of_the_output() {
    for (seed, s) in shapes().into_iter().enumerate() {
        let len = s.check().unwrap();
        let (x, dy) = (noise(seed as u64 + 10, len), noise(seed as u64 + 20, len));
        let (w, b) = (noise(52, s.channels), noise(53, s.channels));
        let loss = |x: &[f64], w: &[f64], b: &[f64]| -> f64 {
            definition(&s, x, w, b)[0].iter().zip(&dy).map(|(y, d)| y * d).sum()
        };
        let made = forward(&s, &x, &w, &b, EPS).unwrap();
        let got = backward(&s, &x, &w, (&made.mean, &made.variance), EPS, &dy).unwrap();
        let moved = |v: &[f64], i: usize, by: f64| {
            let mut v = v.to_vec();
            v[i] += by;
            v
        };
        let step = 1e-5;
        let numeric = |f: &dyn Fn(f64) -> f64| (f(step) - f(-step)) / (2.0 * step);
        for i in (0..len).step_by(1 + len / 40) {
            let want = numeric(&|by| loss(&moved(&x, i, by), &w, &b));
            assert!((got.input[i] - want).abs() < 1e-7 * want.abs().max(1.0), "{s:?} {i}: {} {want}", got.input[i]);
        }
        for c in 0..s.channels {
            let want = numeric(&|by| loss(&x, &moved(&w, c, by), &b));
            assert!((got.weight[c] - want).abs() < 1e-7 * want.abs().max(1.0));
            let want = numeric(&|by| loss(&x, &w, &moved(&b, c, by)));
            assert!((got.bias[c] - want).abs() < 1e-7 * want.abs().max(1.0));
        }
    }
}

#[test]
fn the_same_bits_whatever_the_threads() {
    let s = BatchNormShape { batch: 9, channels: 40, pixels: 333 };
    let x: Vec<f32> = noise(1, s.check().unwrap()).into_iter().map(|v| v as f32).collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let made = forward(&s, &x, &[0.5; 40], &[0.25; 40], EPS).unwrap();
            let back = backward(&s, &x, &[0.5; 40], (&made.mean, &made.variance), EPS, &x).unwrap();
            (made, back)
        })
    };
    let first = run(1);
    assert_eq!(run(2), first);
    assert_eq!(run(5), first);
}

#[test]
fn nan_stays_in_its_channel() {
    let s = BatchNormShape { batch: 2, channels: 2, pixels: 3 };
    let mut x = noise(1, 12);
    x[7] = f64::NAN;
    let got = forward(&s, &x, &[1.0; 2], &[0.0; 2], EPS).unwrap();
    assert!(got.mean[0].is_nan() && got.variance[0].is_nan() && got.output[0].is_nan() && got.output[8].is_nan());
    assert!(got.mean[1].is_finite() && got.variance[1].is_finite() && got.output[3].is_finite());
}

#[test]
fn bad_arguments_are_errors() {
    let s = BatchNormShape { batch: 2, channels: 3, pixels: 4 };
    let (x, c) = (vec![0.0f32; 24], vec![0.0f32; 3]);
    assert!(forward(&s, &x[1..], &c, &c, EPS).is_err());
    assert!(forward(&s, &x, &c[1..], &c, EPS).is_err());
    assert!(forward(&s, &x, &c, &c[1..], EPS).is_err());
    assert!(backward(&s, &x, &c, (&c, &c), EPS, &x[1..]).is_err());
    assert!(backward(&s, &x, &c, (&c[1..], &c), EPS, &x).is_err());
    let empty = BatchNormShape { batch: 0, ..s };
    assert!(matches!(forward::<f32>(&empty, &[], &c, &c, EPS), Err(KernelError::Shape(_))));
    let large = BatchNormShape { batch: usize::MAX, ..s };
    assert!(forward::<f32>(&large, &[], &c, &c, EPS).is_err());
}
