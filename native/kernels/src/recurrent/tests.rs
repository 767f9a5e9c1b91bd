//! Against the definition as plain loops in double precision, and gradients against central differences of those.

use super::*;
use crate::Element;

const CELLS: [Cell; 4] = [Cell::Tanh, Cell::Relu, Cell::Lstm, Cell::Gru];

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

/// x, w, bias, h0, c0.
type Inputs = [Vec<f64>; 5];

fn inputs(s: &RecurrentShape) -> Inputs {
    let (state, gates) = (s.batch * s.hidden, s.cell.gates() * s.hidden);
    let cells = if s.cell == Cell::Lstm { state } else { 0 };
    let lengths = [s.batch * s.time * gates, gates * s.hidden, gates, state, cells];
    std::array::from_fn(|i| noise(3 + i as u64, lengths[i]))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// All outputs, and the last cell state.
fn expected(s: &RecurrentShape, [x, w, bias, h0, c0]: &Inputs) -> (Vec<f64>, Vec<f64>) {
    let (n, gates) = (s.hidden, s.cell.gates() * s.hidden);
    let (mut y, mut cells) = (vec![0.0; s.batch * s.time * n], c0.clone());
    for b in 0..s.batch {
        let mut h = h0[b * n..(b + 1) * n].to_vec();
        for step in 0..s.time {
            let t = if s.reverse { s.time - 1 - step } else { step };
            let row = if s.batch_first { b * s.time + t } else { t * s.batch + b };
            let x = &x[row * gates..(row + 1) * gates];
            let u: Vec<f64> =
                (0..gates).map(|g| bias[g] + h.iter().zip(&w[g * n..]).map(|(h, w)| h * w).sum::<f64>()).collect();
            let old = h.clone();
            for j in 0..n {
                let v = |k: usize| x[k * n + j] + u[k * n + j];
                h[j] = match s.cell {
                    Cell::Tanh => v(0).tanh(),
                    Cell::Relu => v(0).max(0.0),
                    Cell::Lstm => {
                        let c = &mut cells[b * n + j];
                        *c = sigmoid(v(1)) * *c + sigmoid(v(0)) * v(2).tanh();
                        sigmoid(v(3)) * c.tanh()
                    }
                    Cell::Gru => {
                        let new = (x[2 * n + j] + sigmoid(v(0)) * u[2 * n + j]).tanh();
                        (1.0 - sigmoid(v(1))) * new + sigmoid(v(1)) * old[j]
                    }
                };
            }
            y[row * n..(row + 1) * n].copy_from_slice(&h);
        }
    }
    (y, cells)
}

fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max)
}

fn typed<T: Element>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&v| T::from_f64(v)).collect()
}

fn doubles<T: Element>(values: &[T]) -> Vec<f64> {
    values.iter().map(|v| v.to_f64()).collect()
}

fn shapes() -> Vec<RecurrentShape> {
    let mut all = Vec::new();
    for cell in CELLS {
        for (batch, time, hidden) in [(1, 1, 1), (3, 4, 5), (17, 3, 33), (40, 2, 20), (2, 7, 64)] {
            for batch_first in [false, true] {
                for reverse in [false, true] {
                    all.push(RecurrentShape { cell, batch, time, hidden, batch_first, reverse });
                }
            }
        }
    }
    all
}

fn run<T: Element>(s: &RecurrentShape, inputs: &Inputs, save: bool) -> States<T> {
    let [x, w, bias, h0, c0] = inputs.each_ref().map(|v| typed::<T>(v));
    forward(s, &x, &w, &bias, [&h0, &c0], save).unwrap()
}

#[test]
fn outputs() {
    for s in shapes() {
        let inputs = inputs(&s);
        let (y, cell) = expected(&s, &inputs);
        for save in [false, true] {
            let double = run::<f64>(&s, &inputs, save);
            assert!(difference(&double.y, &y) < 1e-12 && difference(&double.cell, &cell) < 1e-12, "{s:?}");
            let single = run::<f32>(&s, &inputs, save);
            assert!(difference(&doubles(&single.y), &y) < 2e-4, "{s:?}: {}", difference(&doubles(&single.y), &y));
        }
    }
}

/// Gradients of sum(y * dy) + sum(cell * dc) for x, w, bias, h0, c0.
fn gradients<T: Element>(s: &RecurrentShape, inputs: &Inputs, dy: &[f64], dc: &[f64]) -> [Vec<f64>; 5] {
    let states = run::<T>(s, inputs, true);
    let [_, w, _, h0, c0] = inputs.each_ref().map(|v| typed::<T>(v));
    let (dy, dc) = (typed::<T>(dy), typed::<T>(dc));
    let found = backward(s, &w, [&dy, &dc], [&states.y, &states.saved], [&h0, &c0]).unwrap();
    let inner = doubles(if s.cell == Cell::Gru { &found.hidden } else { &found.x });
    let (n, gates) = (s.hidden, s.cell.gates() * s.hidden);
    let (mut dw, mut db) = (vec![0.0; gates * n], vec![0.0; gates]);
    for b in 0..s.batch {
        for t in 0..s.time {
            let at = |t: usize| if s.batch_first { b * s.time + t } else { t * s.batch + b };
            let before = if s.reverse { (t + 1 < s.time).then(|| at(t + 1)) } else { t.checked_sub(1).map(at) };
            for g in 0..gates {
                let d = inner[at(t) * gates + g];
                db[g] += d;
                for j in 0..n {
                    let h = before.map_or(h0[b * n + j], |row| states.y[row * n + j]);
                    dw[g * n + j] += d * h.to_f64();
                }
            }
        }
    }
    [doubles(&found.x), dw, db, doubles(&found.h0), doubles(&found.c0)]
}

#[test]
fn gradients_meet_differences() {
    for cell in CELLS {
        for (batch_first, reverse) in [(false, false), (true, true)] {
            let s = RecurrentShape { cell, batch: 3, time: 4, hidden: 3, batch_first, reverse };
            let inputs = inputs(&s);
            let dy = noise(50, s.batch * s.time * s.hidden);
            let dc = noise(51, inputs[4].len());
            let loss = |inputs: &Inputs| -> f64 {
                let (y, cell) = expected(&s, inputs);
                y.iter().zip(&dy).chain(cell.iter().zip(&dc)).map(|(a, b)| a * b).sum()
            };
            let found = gradients::<f64>(&s, &inputs, &dy, &dc);
            let single = gradients::<f32>(&s, &inputs, &dy, &dc);
            for (which, (found, single)) in found.iter().zip(&single).enumerate() {
                assert!(difference(single, found) < 1e-5, "{s:?} {which}");
                for (i, &f) in found.iter().enumerate() {
                    let shifted = |by: f64| {
                        let mut moved = inputs.clone();
                        moved[which][i] += by;
                        loss(&moved)
                    };
                    let numeric = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                    assert!((numeric - f).abs() < 1e-8 * numeric.abs().max(1.0), "{s:?} {which} {i}: {f} {numeric}");
                }
            }
        }
    }
}

/// The same bits however many threads there are.
#[test]
fn threads_do_not_matter() {
    for cell in CELLS {
        let s = RecurrentShape { cell, batch: 67, time: 9, hidden: 24, batch_first: true, reverse: false };
        let inputs = inputs(&s);
        let in_pool = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let dy = noise(50, s.batch * s.time * s.hidden);
                (run::<f32>(&s, &inputs, true).y, gradients::<f32>(&s, &inputs, &dy, &noise(51, inputs[4].len())))
            })
        };
        assert_eq!(in_pool(1), in_pool(3));
    }
}

#[test]
fn wrong_lengths_are_errors() {
    let s = RecurrentShape { cell: Cell::Lstm, batch: 2, time: 3, hidden: 4, batch_first: true, reverse: false };
    let good = inputs(&s);
    for which in 0..5 {
        let mut bad = good.clone();
        bad[which].pop();
        let [x, w, bias, h0, c0] = &bad;
        let error = forward(&s, x, w, bias, [h0, c0], true).unwrap_err();
        assert!(matches!(error, crate::KernelError::Length { .. }), "{error}");
    }
    let states = run::<f64>(&s, &good, true);
    let [_, w, _, h0, c0] = &good;
    let (dy, dc) = (&states.y[1..], &states.cell[..]);
    assert!(backward(&s, w, [dy, dc], [&states.y, &states.saved], [h0, c0]).is_err());
    assert!(backward(&s, w, [&states.y, &dc[1..]], [&states.y, &states.saved], [h0, c0]).is_err());
    assert!(backward(&s, w, [&states.y, dc], [&states.y, &states.saved[1..]], [h0, c0]).is_err());
    assert!(forward::<f32>(&RecurrentShape { time: 0, ..s }, &[], &[], &[], [&[], &[]], true).is_err());
    assert!(forward::<f32>(&RecurrentShape { batch: usize::MAX / 3, ..s }, &[], &[], &[], [&[], &[]], true).is_err());
}
