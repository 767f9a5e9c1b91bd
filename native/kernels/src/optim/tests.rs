use super::*;

/// Numbers between -1 and 1 from a fixed sequence.
fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

fn cast<T: Number>(v: &[f64]) -> Vec<T> {
    v.iter().map(|&x| T::from_f64(x)).collect()
}

/// The largest difference, relative to 1 or to the expected number if that is larger.
fn worst<T: Number>(found: &[T], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(f, e)| (f.to_f64() - e).abs() / e.abs().max(1.0)).fold(0.0, f64::max)
}

/// Sizes around blocks and pieces, the last one on several threads.
const SIZES: [usize; 6] = [0, 1, 63, 64, 1000, 3 * PIECE + 17];

fn sgd<T: Number>(options: SgdOptions, tolerance: f64) {
    for n in SIZES {
        let mut p = numbers(n, 1);
        let mut w: Vec<T> = cast(&p);
        let mut buffer = vec![T::ZERO; n];
        let mut b = vec![0.0; n];
        for t in 0..4 {
            let g = numbers(n, 10 + t);
            let rate = 0.1 / (1.0 + t as f64);
            for i in 0..n {
                let mut d = if options.maximize { -g[i] } else { g[i] };
                d += options.weight_decay * p[i];
                if options.momentum != 0.0 {
                    b[i] = if t == 0 { d } else { options.momentum * b[i] + (1.0 - options.dampening) * d };
                    d = if options.nesterov { d + options.momentum * b[i] } else { b[i] };
                }
                p[i] -= rate * d;
            }
            let rule = Sgd::new(&options, rate, t == 0);
            let g = cast::<T>(&g);
            if options.momentum == 0.0 {
                step(&rule, &mut w, &g, []).unwrap();
            } else {
                step(&rule, &mut w, &g, [&mut buffer]).unwrap();
            }
        }
        let error = worst(&w, &p);
        assert!(error < tolerance, "{n}: {error}");
    }
}

#[test]
fn sgd_is_its_formula() {
    let momentum = SgdOptions { momentum: 0.9, ..Default::default() };
    for options in [
        SgdOptions::default(),
        SgdOptions { weight_decay: 0.1, maximize: true, ..Default::default() },
        momentum,
        SgdOptions { dampening: 0.4, weight_decay: 0.01, ..momentum },
        SgdOptions { nesterov: true, maximize: true, ..momentum },
    ] {
        sgd::<f64>(options, 1e-14);
        sgd::<f32>(options, 2e-6);
    }
}

fn adam<T: Number>(options: AdamOptions, amsgrad: bool, tolerance: f64) {
    for n in SIZES {
        let mut p = numbers(n, 1);
        let mut w: Vec<T> = cast(&p);
        let (mut m, mut v, mut most) = (vec![0.0; n], vec![0.0; n], vec![0.0f64; n]);
        let (mut ms, mut vs, mut mosts) = (vec![T::ZERO; n], vec![T::ZERO; n], vec![T::ZERO; n]);
        for t in 1..=5 {
            let g = numbers(n, 10 + t);
            let rate = 0.05 / t as f64;
            let [b1, b2] = options.betas;
            for i in 0..n {
                let mut d = if options.maximize { -g[i] } else { g[i] };
                if options.decoupled {
                    p[i] *= 1.0 - rate * options.weight_decay;
                } else {
                    d += options.weight_decay * p[i];
                }
                m[i] = b1 * m[i] + (1.0 - b1) * d;
                v[i] = b2 * v[i] + (1.0 - b2) * d * d;
                most[i] = most[i].max(v[i]);
                let second = if amsgrad { most[i] } else { v[i] };
                let (c1, c2) = (1.0 - b1.powi(t as i32), 1.0 - b2.powi(t as i32));
                p[i] -= rate / c1 * m[i] / (second.sqrt() / c2.sqrt() + options.eps);
            }
            let rule = Adam::new(&options, t, rate);
            let g = cast::<T>(&g);
            if amsgrad {
                step(&rule, &mut w, &g, [&mut ms, &mut vs, &mut mosts]).unwrap();
            } else {
                step(&rule, &mut w, &g, [&mut ms, &mut vs]).unwrap();
            }
        }
        let error = worst(&w, &p).max(worst(&ms, &m)).max(worst(&vs, &v));
        assert!(error < tolerance, "{n}: {error}");
    }
}

#[test]
fn adam_is_its_formula() {
    let decay = AdamOptions { weight_decay: 0.1, ..Default::default() };
    for (options, amsgrad) in [
        (AdamOptions::default(), false),
        (AdamOptions { maximize: true, betas: [0.8, 0.95], eps: 1e-6, ..decay }, false),
        (AdamOptions { decoupled: true, ..decay }, false),
        (AdamOptions { betas: [0.5, 0.6], ..decay }, true),
    ] {
        adam::<f64>(options, amsgrad, 1e-13);
        // Where a gradient is near eps, single precision loses most of its digits; the step is bounded by the rate.
        adam::<f32>(options, amsgrad, 2e-5);
    }
}

#[test]
fn the_same_element_gives_the_same_bits_at_every_place() {
    let n = 2 * PIECE + 5;
    let (mut w, g) = (vec![0.3f32; n], vec![-0.7f32; n]);
    let (mut m, mut v) = (vec![0.1f32; n], vec![0.2f32; n]);
    step(&Adam::new(&AdamOptions::default(), 3, 0.01), &mut w, &g, [&mut m, &mut v]).unwrap();
    for slice in [&w, &m, &v] {
        assert!(slice.iter().all(|x| x.to_bits() == slice[0].to_bits()));
    }
}

#[test]
fn a_wrong_length_is_an_error_and_changes_nothing() {
    let rule = Adam::new(&AdamOptions::default(), 1, 0.1);
    let mut w = [1.0f64; 4];
    let (mut m, mut v) = ([0.0; 4], [0.0; 3]);
    let error = step(&rule, &mut w, &[1.0; 4], [&mut m, &mut v]).unwrap_err();
    assert_eq!(error, KernelError::Length { argument: "state", expected: 4, found: 3 });
    assert!(step(&rule, &mut w, &[1.0; 5], [&mut m, &mut [0.0; 4]]).is_err());
    assert_eq!((w, m), ([1.0; 4], [0.0; 4]));
}

#[test]
fn squares_add_up() {
    for n in SIZES {
        let x = numbers(n, 5);
        let expected: f64 = x.iter().map(|x| x * x).sum();
        assert!((sum_squares(&x) - expected).abs() <= 1e-12 * expected);
        let single: Vec<f32> = cast(&x);
        let expected: f64 = single.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        assert!((sum_squares(&single) - expected).abs() <= 1e-12 * expected);
    }
    assert!(sum_squares(&[1.0f32, f32::NAN, 2.0]).is_nan());
    assert_eq!(sum_squares(&[1e30f32]), f64::from(1e30f32) * f64::from(1e30f32));
}

#[test]
fn squares_do_not_depend_on_the_number_of_threads() {
    let x: Vec<f32> = cast(&numbers(10 * CHUNKS, 7));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| sum_squares(&x));
    for threads in [2, 3, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| sum_squares(&x)).to_bits(), alone.to_bits());
    }
}

const CHUNKS: usize = 16 << 10;

#[test]
fn an_average_moves_by_its_weight() {
    for n in SIZES {
        let (mut a, values) = (numbers(n, 3), numbers(n, 4));
        let (mut double, mut single) = (a.clone(), cast::<f32>(&a));
        for weight in [1.0, 1e-3, 0.25] {
            a.iter_mut().zip(&values).for_each(|(a, x)| *a = (1.0 - weight) * *a + weight * x);
            step(&Average { weight }, &mut double, &values, []).unwrap();
            step(&Average { weight }, &mut single, &cast::<f32>(&values), []).unwrap();
        }
        assert!(worst(&double, &a) < 1e-15, "{n}");
        assert!(worst(&single, &a) < 1e-6, "{n}");
    }
}
