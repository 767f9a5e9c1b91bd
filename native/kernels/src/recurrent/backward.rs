//! Backward through all times.

use super::forward::{gate, part};
use super::product::Packed;
use super::shape::{Cell, RecurrentShape, Sizes};
use crate::output::{Output, written_vec};
use crate::parallel::{self, piece};
use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError};

/// The gradients of a layer. Those of weight and bias are a product and a sum over `hidden`, or `x`.
#[derive(Debug, Clone)]
pub struct Gradients<T> {
    /// For the gates' inputs.
    pub x: Vec<T>,
    /// A GRU's gradient for `w h + b`, which differs from that of `x`; empty for other cells, where they are the same.
    pub hidden: Vec<T>,
    /// For the first hidden state.
    pub h0: Vec<T>,
    /// For an LSTM's first cell state; empty for other cells.
    pub c0: Vec<T>,
}

/// Gradients from those of the output, `dy`, and of an LSTM's last cell state, `dc` (empty for other cells). `y` and `saved`
/// are what the forward pass gave, `w`, `h0`, `c0` what it got.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or a slice has the wrong length.
pub fn backward<T: Element>(
    shape: &RecurrentShape,
    w: &[T],
    [dy, dc]: [&[T]; 2],
    [y, saved]: [&[T]; 2],
    [h0, c0]: [&[T]; 2],
) -> Result<Gradients<T>, KernelError> {
    let sizes = shape.check()?;
    let (hidden, gates, state) = (shape.hidden, sizes.gates, shape.batch * shape.hidden);
    let cells = if shape.cell == Cell::Lstm { state } else { 0 };
    KernelError::check_length("weight", gates * hidden, w.len())?;
    KernelError::check_length("output gradient", sizes.rows * hidden, dy.len())?;
    KernelError::check_length("cell gradient", cells, dc.len())?;
    KernelError::check_length("output", sizes.rows * hidden, y.len())?;
    KernelError::check_length("saved", sizes.rows * sizes.saved, saved.len())?;
    KernelError::check_length("first hidden state", state, h0.len())?;
    KernelError::check_length("first cell state", cells, c0.len())?;

    let packed = Packed::new(gates, hidden, |row, column| w[row * hidden + column]);
    let (mut dh0, mut dc0, mut inner) = (vec![T::ZERO; state], dc.to_vec(), Vec::new());
    let (dh, dc) = (Output::of(&mut dh0), Output::of(&mut dc0));
    let apart = if shape.cell == Cell::Gru { sizes.rows * gates } else { 0 };
    // SAFETY: every piece writes all rows of its samples.
    let x = unsafe {
        written_vec(sizes.rows * gates, |dx| {
            inner = written_vec(apart, |du| {
                let pieces = super::pieces(shape.batch, w.len());
                parallel::for_each(pieces, sizes.work(), |index| {
                    let samples = piece(shape.batch, pieces, index);
                    T::with_scratch(samples.len() * packed.width, |products| {
                        let packed = &packed;
                        simd::run(Run { sizes, dy, y, saved, h0, c0, packed, dx, du, dh, dc, samples, products });
                    });
                });
                Ok(())
            })?;
            Ok(())
        })
    }?;
    Ok(Gradients { x, hidden: inner, h0: dh0, c0: dc0 })
}

/// Some samples through all times.
struct Run<'a, T> {
    sizes: Sizes,
    dy: &'a [T],
    y: &'a [T],
    saved: &'a [T],
    h0: &'a [T],
    c0: &'a [T],
    packed: &'a Packed<T>,
    dx: Output<T>,
    du: Output<T>,
    /// Gradients of the states between two steps, at last of the first ones.
    dh: Output<T>,
    dc: Output<T>,
    samples: std::ops::Range<usize>,
    products: &'a mut [T],
}

impl<T: Element> Job<T> for Run<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Run { sizes, dy, y, saved, h0, c0, packed, dx, du, dh, dc, samples, products } = self;
        let (hidden, gates, kept) = (sizes.shape.hidden, sizes.gates, sizes.saved);
        let (rows, first, cell) = (samples.len(), samples.start, sizes.shape.cell);
        // What reaches the product: `du` where it is kept apart from `dx`.
        let inner = if cell == Cell::Gru { du } else { dx };
        for index in (0..sizes.shape.time).rev() {
            let time = sizes.time(index);
            for sample in samples.clone() {
                let row = sizes.row(time, sample);
                let here = row * hidden..(row + 1) * hidden;
                let keep = &saved[row * kept..(row + 1) * kept];
                let previous = index.checked_sub(1).map(|i| sizes.row(sizes.time(i), sample));
                // SAFETY: this piece alone uses the rows of its samples, and `dh`, `dc` are initialised.
                unsafe {
                    let dx = dx.filled(row * gates, gates, T::ZERO);
                    let dh = part(&dh, sample * hidden, hidden);
                    let total = dh.iter_mut().zip(&dy[here.clone()]);
                    total.for_each(|(h, &d)| *h += d);
                    match cell {
                        Cell::Tanh => rnn(dh, &y[here], dx, |y| T::from_f64(1.0) - y * y),
                        Cell::Relu => rnn(dh, &y[here], dx, |y| if y > T::ZERO { T::from_f64(1.0) } else { T::ZERO }),
                        Cell::Lstm => {
                            let before = match previous {
                                Some(row) => gate(&saved[row * kept..], 4, hidden),
                                None => gate(c0, sample, hidden),
                            };
                            lstm(dh, part(&dc, sample * hidden, hidden), keep, before, dx);
                        }
                        Cell::Gru => {
                            let before = match previous {
                                Some(row) => gate(y, row, hidden),
                                None => gate(h0, sample, hidden),
                            };
                            gru(dh, keep, before, dx, du.filled(row * gates, gates, T::ZERO));
                        }
                    }
                }
            }
            // SAFETY: the rows of this time were just written; `products` has the packed matrix' width per row.
            unsafe {
                let from = inner.at(sizes.row(time, first) * gates).cast_const();
                packed.multiply::<S>(from, sizes.step() * gates, rows, products.as_mut_ptr());
            }
            for (r, sample) in samples.clone().enumerate() {
                // SAFETY: as above.
                let dh = unsafe { part(&dh, sample * hidden, hidden) };
                let through = &products[r * packed.width..][..hidden];
                if cell == Cell::Gru {
                    // Holds what reaches the previous state past the gates.
                    dh.iter_mut().zip(through).for_each(|(h, &p)| *h += p);
                } else {
                    dh.copy_from_slice(through);
                }
            }
        }
    }
}

#[inline(always)]
fn rnn<T: Element>(dh: &[T], y: &[T], dx: &mut [T], slope: impl Fn(T) -> T) {
    for ((dx, &d), &y) in dx.iter_mut().zip(dh).zip(y) {
        *dx = d * slope(y);
    }
}

/// `dc` comes as the gradient of the new cell state and leaves as that of the old one.
#[inline(always)]
fn lstm<T: Element>(dh: &[T], dc: &mut [T], keep: &[T], before: &[T], dx: &mut [T]) {
    let n = dh.len();
    let one = T::from_f64(1.0);
    let [i, f, g, o, c] = [0, 1, 2, 3, 4].map(|k| gate(keep, k, n));
    let (first, second) = dx[..4 * n].split_at_mut(2 * n);
    let ((di, df), (dg, output)) = (first.split_at_mut(n), second.split_at_mut(n));
    let (dc, before) = (&mut dc[..n], &before[..n]);
    for j in 0..n {
        let t = c[j].tanh();
        output[j] = dh[j] * t * o[j] * (one - o[j]);
        dc[j] += dh[j] * o[j] * (one - t * t);
    }
    for j in 0..n {
        let d = dc[j];
        di[j] = d * g[j] * i[j] * (one - i[j]);
        df[j] = d * before[j] * f[j] * (one - f[j]);
        dg[j] = d * i[j] * (one - g[j] * g[j]);
        dc[j] = d * f[j];
    }
}

/// `dh` comes as the gradient of the new state and leaves as the part of the old one's that goes past the gates.
#[inline(always)]
fn gru<T: Element>(dh: &mut [T], keep: &[T], before: &[T], dx: &mut [T], du: &mut [T]) {
    let n = dh.len();
    let one = T::from_f64(1.0);
    let [r, z, new, inner] = [0, 1, 2, 3].map(|k| gate(keep, k, n));
    let before = &before[..n];
    {
        let (dr, rest) = dx[..3 * n].split_at_mut(n);
        let (dz, dn) = rest.split_at_mut(n);
        for j in 0..n {
            let d = dh[j];
            let through = d * (one - z[j]) * (one - new[j] * new[j]);
            dn[j] = through;
            dr[j] = through * inner[j] * r[j] * (one - r[j]);
            dz[j] = d * (before[j] - new[j]) * z[j] * (one - z[j]);
            dh[j] = d * z[j];
        }
    }
    du[..2 * n].copy_from_slice(&dx[..2 * n]);
    for ((du, &d), &r) in du[2 * n..3 * n].iter_mut().zip(gate(dx, 2, n)).zip(r) {
        *du = d * r;
    }
}
