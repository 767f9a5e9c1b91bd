//! Options that no reference case has, and the optimizers without one: against the published formulas, written here apart
//! from the library in plain double precision.

use exburn_core::optim::{self, State};
use exburn_core::tensor::Value;
use serde_json::{Value as Json, json};

use crate::reference::{Worst, devices, part};
use crate::{numbers, value};

/// Parameter after each of the steps 1, 2, ...: from the parameter and the step's gradient, both row-major.
type Formula = Box<dyn FnMut(i32, &mut [f64], &[f64])>;

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn rmsprop() -> Formula {
    let (alpha, eps, decay, momentum, rate) = (0.9, 1e-6, 0.1, 0.8, 0.02);
    let (mut s, mut m, mut b) = ([0.0; N], [0.0; N], [0.0; N]);
    Box::new(move |_, p, g| {
        for i in 0..p.len() {
            let d = -g[i] + decay * p[i];
            s[i] = alpha * s[i] + (1.0 - alpha) * d * d;
            m[i] = alpha * m[i] + (1.0 - alpha) * d;
            b[i] = momentum * b[i] + d / ((s[i] - m[i] * m[i]).sqrt() + eps);
            p[i] -= rate * b[i];
        }
    })
}

fn adagrad() -> Formula {
    let (rate, lr_decay, decay, eps) = (0.1, 0.2, 0.05, 1e-8);
    let mut s = [0.3; N];
    Box::new(move |t, p, g| {
        for i in 0..p.len() {
            let d = -g[i] + decay * p[i];
            s[i] += d * d;
            p[i] -= rate / (1.0 + f64::from(t - 1) * lr_decay) * d / (s[i].sqrt() + eps);
        }
    })
}

fn adadelta() -> Formula {
    let (rate, rho, decay, eps) = (0.7, 0.8, 0.05, 1e-4);
    let (mut s, mut a) = ([0.0; N], [0.0; N]);
    Box::new(move |_, p, g| {
        for i in 0..p.len() {
            let d = -g[i] + decay * p[i];
            s[i] = rho * s[i] + (1.0 - rho) * d * d;
            let step = ((a[i] + eps) / (s[i] + eps)).sqrt() * d;
            a[i] = rho * a[i] + (1.0 - rho) * step * step;
            p[i] -= rate * step;
        }
    })
}

fn adamax() -> Formula {
    let (rate, b1, b2, decay, eps) = (0.03, 0.8, 0.7, 0.1, 1e-6);
    let (mut m, mut u) = ([0.0; N], [0.0f64; N]);
    Box::new(move |t, p, g| {
        for i in 0..p.len() {
            let d = -g[i] + decay * p[i];
            m[i] = b1 * m[i] + (1.0 - b1) * d;
            u[i] = (b2 * u[i]).max(d.abs() + eps);
            p[i] -= rate / (1.0 - f64::powi(b1, t)) * m[i] / u[i];
        }
    })
}

fn nadam() -> Formula {
    let (rate, b1, b2, decay, eps, psi) = (0.03, 0.8, 0.9, 0.1, 1e-6, 0.05);
    let (mut m, mut v) = ([0.0; N], [0.0; N]);
    let mu = move |t: i32| b1 * (1.0 - 0.96f64.powf(f64::from(t) * psi) / 2.0);
    Box::new(move |t, p, g| {
        let product: f64 = (1..=t).map(mu).product();
        for i in 0..p.len() {
            let d = -g[i] + decay * p[i];
            m[i] = b1 * m[i] + (1.0 - b1) * d;
            v[i] = b2 * v[i] + (1.0 - b2) * d * d;
            let mean = mu(t + 1) * m[i] / (1.0 - product * mu(t + 1)) + (1.0 - mu(t)) * d / (1.0 - product);
            p[i] -= rate * mean / ((v[i] / (1.0 - f64::powi(b2, t))).sqrt() + eps);
        }
    })
}

fn radam(decoupled: bool) -> Formula {
    let (rate, b1, b2, decay, eps) = (0.03f64, 0.8f64, 0.9f64, 0.1, 1e-6);
    let (mut m, mut v) = ([0.0; N], [0.0; N]);
    Box::new(move |t, p, g| {
        let infinite = 2.0 / (1.0 - b2) - 1.0;
        let rho = infinite - 2.0 * f64::from(t) * b2.powi(t) / (1.0 - b2.powi(t));
        for i in 0..p.len() {
            let mut d = -g[i];
            if decoupled {
                p[i] -= rate * decay * p[i];
            } else {
                d += decay * p[i];
            }
            m[i] = b1 * m[i] + (1.0 - b1) * d;
            v[i] = b2 * v[i] + (1.0 - b2) * d * d;
            let mean = m[i] / (1.0 - b1.powi(t));
            p[i] -= rate
                * if rho > 5.0 {
                    let l = (1.0 - b2.powi(t)).sqrt() / (v[i].sqrt() + eps);
                    let r = (rho - 4.0) * (rho - 2.0) * infinite / ((infinite - 4.0) * (infinite - 2.0) * rho);
                    mean * r.sqrt() * l
                } else {
                    mean
                };
        }
    })
}

fn asgd() -> Formula {
    let (rate, lambd, alpha, decay) = (0.1, 0.05, 0.6, 0.1);
    let mut eta = rate;
    Box::new(move |t, p, g| {
        for i in 0..p.len() {
            let d = -g[i] + decay * p[i];
            p[i] = p[i] * (1.0 - lambd * eta) - eta * d;
        }
        eta = rate / (1.0 + lambd * rate * f64::from(t)).powf(alpha);
    })
}

fn rprop() -> Formula {
    let (minus, plus, least, most, rate) = (0.4, 1.5, 0.01, 0.2, 0.05);
    let (mut before, mut size) = ([0.0; N], [rate; N]);
    Box::new(move |_, p, g| {
        for i in 0..p.len() {
            let mut d = -g[i];
            if d * before[i] > 0.0 {
                size[i] = f64::min(size[i] * plus, most);
            } else if d * before[i] < 0.0 {
                size[i] = f64::max(size[i] * minus, least);
                d = 0.0;
            }
            p[i] -= size[i] * if d == 0.0 { 0.0 } else { d.signum() };
            before[i] = d;
        }
    })
}

fn lion() -> Formula {
    let (rate, b1, b2, decay) = (0.02, 0.7, 0.8, 0.3);
    let mut m = [0.0; N];
    Box::new(move |_, p, g| {
        for i in 0..p.len() {
            let c: f64 = b1 * m[i] - (1.0 - b1) * g[i];
            p[i] -= rate * (c.signum() + decay * p[i]);
            m[i] = b2 * m[i] - (1.0 - b2) * g[i];
        }
    })
}

fn lamb() -> Formula {
    let (rate, b1, b2, decay, eps, most) = (0.02, 0.8f64, 0.9f64, 0.3, 1e-5, 0.9);
    let (mut m, mut v) = ([0.0; N], [0.0; N]);
    Box::new(move |t, p, g| {
        let mut d = vec![0.0; p.len()];
        for i in 0..p.len() {
            m[i] = b1 * m[i] - (1.0 - b1) * g[i];
            v[i] = b2 * v[i] + (1.0 - b2) * g[i] * g[i];
            d[i] = m[i] / (1.0 - b1.powi(t)) / ((v[i] / (1.0 - b2.powi(t))).sqrt() + eps) + decay * p[i];
        }
        let ratio = (norm(p) / norm(&d)).min(most);
        p.iter_mut().zip(&d).for_each(|(p, d)| *p -= rate * ratio * d);
    })
}

/// `[rows, columns]`, or with one row a vector.
fn adafactor(rows: usize, columns: usize, decay: f64, eps: [f64; 2], clip: f64, sign: f64) -> Formula {
    let rate = 0.05;
    let (mut r, mut c) = (vec![0.0; rows], vec![0.0; columns]);
    Box::new(move |t, p, g| {
        let t = f64::from(t);
        let rise = t.powf(-0.6);
        let root = (p.len() as f64).sqrt();
        let alpha = eps[1].max(norm(p) / root) * f64::min(rate, 1.0 / t.sqrt());
        p.iter_mut().for_each(|p| *p -= rate * decay * *p);
        let square = |i: usize, j: usize| g[i * columns + j].powi(2);
        for (i, row) in r.iter_mut().enumerate() {
            let mean = (0..columns).map(|j| square(i, j)).sum::<f64>() / columns as f64;
            *row = (1.0 - rise) * *row + rise * mean;
        }
        for (j, column) in c.iter_mut().enumerate() {
            let mean = (0..rows).map(|i| square(i, j)).sum::<f64>() / rows as f64;
            *column = (1.0 - rise) * *column + rise * mean;
        }
        let mean = (r.iter().sum::<f64>() / rows as f64).max(eps[0]);
        let mut u = vec![0.0; p.len()];
        for k in 0..p.len() {
            // One row: the row's mean cancels, what is left are the squares themselves.
            let v = if rows == 1 { c[k] } else { r[k / columns] * c[k % columns] / mean };
            u[k] = sign * g[k] / v.sqrt().max(eps[0]);
        }
        let excess = (norm(&u) / root / clip).max(1.0);
        p.iter_mut().zip(&u).for_each(|(p, u)| *p -= alpha / excess * u);
    })
}

type Matrix = Vec<Vec<f64>>;

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let cell = |row: &Vec<f64>, j: usize| row.iter().zip(b).map(|(x, other)| x * other[j]).sum();
    a.iter().map(|row| (0..b[0].len()).map(|j| cell(row, j)).collect()).collect()
}

fn transposed(a: &Matrix) -> Matrix {
    (0..a[0].len()).map(|j| a.iter().map(|row| row[j]).collect()).collect()
}

fn combined(parts: &[(f64, &Matrix)]) -> Matrix {
    let cell = |i: usize, j: usize| parts.iter().map(|(x, m)| x * m[i][j]).sum();
    let first = parts[0].1;
    (0..first.len()).map(|i| (0..first[0].len()).map(|j| cell(i, j)).collect()).collect()
}

/// X (a I + b XᵀX + c (XᵀX)²), five times: the same polynomial of singular values from the other side than the library's,
/// whose matrix stands wide.
fn muon(rows: usize, columns: usize, momentum: f64, nesterov: bool, factor: f64) -> Formula {
    let (rate, decay, [a, b, c]) = (0.1, 0.2, [3.4445, -4.775, 2.0315]);
    let mut buffer = vec![0.0; rows * columns];
    Box::new(move |_, p, g| {
        let mut update = vec![0.0; p.len()];
        for i in 0..p.len() {
            buffer[i] = momentum * buffer[i] + (1.0 - momentum) * g[i];
            update[i] = if nesterov { momentum * buffer[i] + (1.0 - momentum) * g[i] } else { buffer[i] };
        }
        let length = norm(&update).max(1e-7);
        let mut x: Matrix = update.chunks(columns).map(|row| row.iter().map(|x| x / length).collect()).collect();
        for _ in 0..5 {
            let inner = product(&transposed(&x), &x);
            let once = product(&x, &inner);
            let twice = product(&once, &inner);
            x = combined(&[(a, &x), (b, &once), (c, &twice)]);
        }
        for (p, x) in p.iter_mut().zip(x.iter().flatten()) {
            *p = *p * (1.0 - rate * decay) - rate * factor * x;
        }
    })
}

const N: usize = 20;

#[test]
fn optimizers_are_their_formulas() {
    let eps = [f64::from(f32::EPSILON), 1e-3];
    let cases: Vec<(&str, Json, &[usize], Formula)> = vec![
        (
            "RMSprop",
            json!({"lr": 0.02, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.1, "momentum": 0.8, "centered": true,
                "maximize": true}),
            &[4, 5],
            rmsprop(),
        ),
        (
            "Adagrad",
            json!({"lr": 0.1, "lr_decay": 0.2, "weight_decay": 0.05, "eps": 1e-8, "initial_accumulator_value": 0.3,
                "maximize": true}),
            &[20],
            adagrad(),
        ),
        (
            "Adadelta",
            json!({"lr": 0.7, "rho": 0.8, "weight_decay": 0.05, "eps": 1e-4, "maximize": true}),
            &[20],
            adadelta(),
        ),
        (
            "Adamax",
            json!({"lr": 0.03, "betas": [0.8, 0.7], "weight_decay": 0.1, "eps": 1e-6, "maximize": true}),
            &[20],
            adamax(),
        ),
        (
            "NAdam",
            json!({"lr": 0.03, "betas": [0.8, 0.9], "weight_decay": 0.1, "eps": 1e-6, "momentum_decay": 0.05,
                "maximize": true}),
            &[20],
            nadam(),
        ),
        (
            "RAdam",
            json!({"lr": 0.03, "betas": [0.8, 0.9], "weight_decay": 0.1, "eps": 1e-6, "maximize": true}),
            &[20],
            radam(false),
        ),
        (
            "RAdam",
            json!({"lr": 0.03, "betas": [0.8, 0.9], "weight_decay": 0.1, "eps": 1e-6, "maximize": true,
                "decoupled_weight_decay": true}),
            &[20],
            radam(true),
        ),
        (
            "ASGD",
            json!({"lr": 0.1, "lambd": 0.05, "alpha": 0.6, "t0": 3, "weight_decay": 0.1, "maximize": true}),
            &[20],
            asgd(),
        ),
        ("Rprop", json!({"lr": 0.05, "etas": [0.4, 1.5], "step_sizes": [0.01, 0.2], "maximize": true}), &[20], rprop()),
        ("Lion", json!({"lr": 0.02, "betas": [0.7, 0.8], "weight_decay": 0.3, "maximize": true}), &[20], lion()),
        (
            "LAMB",
            json!({"lr": 0.02, "betas": [0.8, 0.9], "weight_decay": 0.3, "eps": 1e-5, "max_trust_ratio": 0.9,
                "maximize": true}),
            &[20],
            lamb(),
        ),
        (
            "Adafactor",
            json!({"lr": 0.05, "beta2_decay": -0.6, "eps": [eps[0], 1e-3]}),
            &[4, 5],
            adafactor(4, 5, 0.0, eps, 1.0, 1.0),
        ),
        (
            "Adafactor",
            json!({"lr": 0.05, "beta2_decay": -0.6, "eps": [eps[0], 1e-3]}),
            &[20],
            adafactor(1, 20, 0.0, eps, 1.0, 1.0),
        ),
        (
            "Adafactor",
            json!({"lr": 0.05, "beta2_decay": -0.6, "eps": [0.3, 2.0], "d": 1.5, "weight_decay": 0.1, "maximize": true}),
            &[5, 4],
            adafactor(5, 4, 0.1, [0.3, 2.0], 1.5, -1.0),
        ),
        ("Muon", json!({"lr": 0.1, "weight_decay": 0.2}), &[5, 4], muon(5, 4, 0.95, true, 1.25f64.sqrt())),
        (
            "Muon",
            json!({"lr": 0.1, "weight_decay": 0.2, "momentum": 0.5, "nesterov": false}),
            &[4, 5],
            muon(4, 5, 0.5, false, 1.0),
        ),
        (
            "Muon",
            json!({"lr": 0.1, "weight_decay": 0.2, "adjust_lr_fn": "match_rms_adamw"}),
            &[4, 5],
            muon(4, 5, 0.95, true, 0.2 * 5f64.sqrt()),
        ),
    ];
    let count = cases.len();
    let mut worst: Vec<(String, Worst)> =
        devices().iter().map(|(device, _)| (device.info().kind.to_string(), Worst::default())).collect();
    for (kind, config, shape, mut formula) in cases {
        let mut p = numbers(N, 1);
        let gradients: Vec<Vec<f64>> = (0..8).map(|t| numbers(N, 10 + t)).collect();
        let mut expected = Vec::new();
        for (t, g) in gradients.iter().enumerate() {
            formula(t as i32 + 1, &mut p, g);
            expected.push(p.clone());
        }
        let optimizer = optim::create(&part(kind, config)).unwrap();
        for ((device, types), (name, worst)) in devices().into_iter().zip(&mut worst) {
            for dtype in types {
                let mut found = value(&numbers(N, 1), shape, dtype, &device);
                let mut state = State::default();
                for (t, g) in gradients.iter().enumerate() {
                    let g = value(g, shape, dtype, &device);
                    optimizer.step(&mut found, g, &mut state, optimizer.rate()).unwrap();
                    let what = format!("{kind} {shape:?}, {name}, {}, step {}", dtype.name(), t + 1);
                    worst.meet(dtype, &found.to_doubles().unwrap(), &expected[t], [2e-6, 1e-13], &what);
                }
                assert_eq!(state.slots.len(), optimizer.slots(shape).len());
                assert_eq!(state.numbers.len(), optimizer.numbers().len());
            }
        }
    }
    println!("{count} formulas: {worst:?}");
}

#[test]
fn asgd_averages_from_t0_on() {
    for (device, types) in devices() {
        let optimizer = optim::create(&part("ASGD", json!({"lr": 0.1, "t0": 2}))).unwrap();
        let mut parameter = value(&[1.0, -2.0], &[2], types[0], &device);
        let mut state = State::default();
        let mut average = [0.0; 2];
        for t in 1..=6 {
            let gradient = value(&[0.5, f64::from(t)], &[2], types[0], &device);
            optimizer.step(&mut parameter, gradient, &mut state, 0.1).unwrap();
            // The weight of step t was fixed at the step before: 1 / max(1, t - 1 - t0).
            let mu = 1.0 / f64::from(t - 1 - 2).max(1.0);
            let p = parameter.to_doubles().unwrap();
            for i in 0..2 {
                average[i] += mu * (p[i] - average[i]);
            }
        }
        assert!(crate::reference::difference(&state.slots[0].to_doubles().unwrap(), &average) < 1e-6);
    }
}

#[test]
fn adafactor_keeps_factors() {
    for (device, types) in devices() {
        let optimizer = optim::create(&part("Adafactor", json!({}))).unwrap();
        let mut parameter = value(&numbers(24, 1), &[2, 3, 4], types[0], &device);
        let mut state = State::default();
        optimizer
            .step(&mut parameter, value(&numbers(24, 2), &[2, 3, 4], types[0], &device), &mut state, 0.01)
            .unwrap();
        let shapes: Vec<Vec<usize>> = state.slots.iter().map(Value::shape).collect();
        assert_eq!(shapes, [vec![2, 3, 1], vec![2, 1, 4]]);
        assert_eq!(optimizer.slots(&[2, 3, 4]), ["row_var", "col_var"]);
    }
}
