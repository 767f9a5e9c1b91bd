//! Forward through all times.

use super::product::Packed;
use super::shape::{Cell, RecurrentShape, Sizes};
use crate::output::{Output, written_vec};
use crate::parallel::{self, piece};
use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError};

/// What a layer gives.
#[derive(Debug, Clone)]
pub struct States<T> {
    /// The hidden state after every step, `[batch, time, hidden]` or `[time, batch, hidden]` as the input.
    pub y: Vec<T>,
    /// An LSTM's cell state after the last step, `[batch, hidden]`; empty for other cells.
    pub cell: Vec<T>,
    /// For [`backward`](super::backward): [`Cell::saved`] times hidden numbers per step; empty if they were not wanted.
    pub saved: Vec<T>,
}

/// Runs a layer.
///
/// `x` are the gates' inputs `[.., gates * hidden]`, `w` `[gates * hidden, hidden]`, `bias` `[gates * hidden]`, `h0` the
/// first hidden state `[batch, hidden]` and `c0` an LSTM's first cell state, empty for other cells.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or a slice has the wrong length.
pub fn forward<T: Element>(
    shape: &RecurrentShape,
    x: &[T],
    w: &[T],
    bias: &[T],
    [h0, c0]: [&[T]; 2],
    save: bool,
) -> Result<States<T>, KernelError> {
    let sizes = shape.check()?;
    let (hidden, gates, state) = (shape.hidden, sizes.gates, shape.batch * shape.hidden);
    let cells = if shape.cell == Cell::Lstm { state } else { 0 };
    KernelError::check_length("gates' input", sizes.rows * gates, x.len())?;
    KernelError::check_length("weight", gates * hidden, w.len())?;
    KernelError::check_length("bias", gates, bias.len())?;
    KernelError::check_length("first hidden state", state, h0.len())?;
    KernelError::check_length("first cell state", cells, c0.len())?;

    let packed = Packed::new(hidden, gates, |row, column| w[column * hidden + row]);
    let kept = if save { sizes.rows * sizes.saved } else { 0 };
    let (mut cell, mut saved) = (c0.to_vec(), Vec::new());
    let cell_out = Output::of(&mut cell);
    // SAFETY: every piece writes all rows of its samples in `y`, and in `saved` if that is wanted.
    let y = unsafe {
        written_vec(sizes.rows * hidden, |y| {
            saved = written_vec(kept, |saved| {
                let pieces = super::pieces(shape.batch, w.len());
                parallel::for_each(pieces, sizes.work(), |index| {
                    let samples = piece(shape.batch, pieces, index);
                    // Taken out here: nothing may stand between the choice of registers and the loops.
                    T::with_scratch(samples.len() * packed.width + sizes.saved, |scratch| {
                        let packed = &packed;
                        simd::run(Run { sizes, x, bias, h0, packed, y, cell: cell_out, saved, save, samples, scratch });
                    });
                });
                Ok(())
            })?;
            Ok(())
        })
    }?;
    Ok(States { y, cell, saved })
}

/// Some samples through all times.
struct Run<'a, T> {
    sizes: Sizes,
    x: &'a [T],
    bias: &'a [T],
    h0: &'a [T],
    packed: &'a Packed<T>,
    y: Output<T>,
    /// The cell state, which every step replaces.
    cell: Output<T>,
    saved: Output<T>,
    save: bool,
    samples: std::ops::Range<usize>,
    /// Products of all samples, and room for what is kept of one where nothing is kept.
    scratch: &'a mut [T],
}

impl<T: Element> Job<T> for Run<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Run { sizes, x, bias, h0, packed, y, cell, saved, save, samples, scratch } = self;
        let (hidden, gates, kept) = (sizes.shape.hidden, sizes.gates, sizes.saved);
        let (rows, first) = (samples.len(), samples.start);
        let (products, unused) = scratch.split_at_mut(rows * packed.width);
        let mut before = (h0[first * hidden..].as_ptr(), hidden);
        for index in 0..sizes.shape.time {
            let time = sizes.time(index);
            // SAFETY: the previous states are `h0` or rows of `y` that were written one step ago; `products` has the
            // packed matrix' width per row.
            unsafe { packed.multiply::<S>(before.0, before.1, rows, products.as_mut_ptr()) };
            for (r, sample) in samples.clone().enumerate() {
                let row = sizes.row(time, sample);
                let x = &x[row * gates..(row + 1) * gates];
                let u = &products[r * packed.width..][..gates];
                // SAFETY: previous states, as above; this piece alone writes the rows of its samples.
                let (h, y, cell) = unsafe {
                    (
                        std::slice::from_raw_parts(before.0.add(r * before.1), hidden),
                        y.filled(row * hidden, hidden, T::ZERO),
                        if cell.len() == 0 { &mut [] } else { part(&cell, sample * hidden, hidden) },
                    )
                };
                let keep = match save {
                    // SAFETY: as above.
                    true => unsafe { saved.filled(row * kept, kept, T::ZERO) },
                    false => &mut *unused,
                };
                match sizes.shape.cell {
                    Cell::Tanh => rnn(x, u, bias, y, T::tanh),
                    Cell::Relu => rnn(x, u, bias, y, positive),
                    Cell::Lstm => lstm(x, u, bias, cell, y, keep),
                    Cell::Gru => gru(x, u, bias, h, y, keep),
                }
            }
            before = (y.at(sizes.row(time, first) * hidden).cast_const(), sizes.step() * hidden);
        }
    }
}

/// A part of an output that is initialised already.
///
/// # Safety
/// The part must lie inside, and nobody else may use it while the slice lives.
#[inline(always)]
pub(super) unsafe fn part<'a, T: Element>(all: &Output<T>, start: usize, len: usize) -> &'a mut [T] {
    // SAFETY: by the caller's word.
    unsafe { std::slice::from_raw_parts_mut(all.at(start), len) }
}

/// max(0, x); NaN stays NaN.
#[inline(always)]
fn positive<T: Element>(x: T) -> T {
    if x < T::ZERO { T::ZERO } else { x }
}

#[inline(always)]
fn rnn<T: Element>(x: &[T], u: &[T], b: &[T], y: &mut [T], curve: impl Fn(T) -> T) {
    for (((y, &x), &u), &b) in y.iter_mut().zip(x).zip(u).zip(b) {
        *y = curve(x + u + b);
    }
}

/// The `index`-th part of as many numbers as there are hidden units.
#[inline(always)]
pub(super) fn gate<T>(all: &[T], index: usize, hidden: usize) -> &[T] {
    &all[index * hidden..(index + 1) * hidden]
}

#[inline(always)]
fn lstm<T: Element>(x: &[T], u: &[T], b: &[T], cell: &mut [T], y: &mut [T], keep: &mut [T]) {
    let n = y.len();
    let cell = &mut cell[..n];
    // One gate after the other: few streams of memory at a time, all loops without branches.
    let (gates, c) = keep[..5 * n].split_at_mut(4 * n);
    for (index, gate) in gates.chunks_exact_mut(n).enumerate() {
        let at = index * n..(index + 1) * n;
        let inputs = gate.iter_mut().zip(&x[at.clone()]).zip(&u[at.clone()]).zip(&b[at]);
        if index == 2 {
            inputs.for_each(|(((g, &x), &u), &b)| *g = (x + u + b).tanh());
        } else {
            inputs.for_each(|(((g, &x), &u), &b)| *g = (x + u + b).sigmoid());
        }
    }
    let [i, f, g, o] = [0, 1, 2, 3].map(|k| gate(gates, k, n));
    for j in 0..n {
        let next = f[j] * cell[j] + i[j] * g[j];
        cell[j] = next;
        c[j] = next;
        y[j] = o[j] * next.tanh();
    }
}

#[inline(always)]
fn gru<T: Element>(x: &[T], u: &[T], b: &[T], h: &[T], y: &mut [T], keep: &mut [T]) {
    let n = y.len();
    let (rz, rest) = keep[..4 * n].split_at_mut(2 * n);
    let (new, inner) = rest.split_at_mut(n);
    for (((gate, &x), &u), &b) in rz.iter_mut().zip(x).zip(u).zip(b) {
        *gate = (x + u + b).sigmoid();
    }
    let (r, z) = (gate(rz, 0, n), gate(rz, 1, n));
    let (x, u, b, h) = (gate(x, 2, n), gate(u, 2, n), gate(b, 2, n), &h[..n]);
    for j in 0..n {
        inner[j] = u[j] + b[j];
        new[j] = (x[j] + r[j] * inner[j]).tanh();
        y[j] = new[j] + z[j] * (h[j] - new[j]);
    }
}
