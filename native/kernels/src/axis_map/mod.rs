//! A sparse matrix along one axis of an array: padding from the input, windows and their overlapping sums, interpolation,
//! means over bins. The gradient of a map is its transposed map.

mod map;
#[cfg(test)]
mod tests;

pub use map::AxisMap;

use std::ops::Range;

use crate::output::{Output, written_vec};
use crate::parallel::{self, PIECES, piece};
use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError};

/// Applies the map to the middle axis of `x` `[outer, map.inputs(), inner]`; the result is `[outer, map.outputs(), inner]`.
///
/// # Errors
/// [`KernelError`] if the slice has the wrong length.
pub fn apply_to_vec<T: Element>(map: &AxisMap, outer: usize, inner: usize, x: &[T]) -> Result<Vec<T>, KernelError> {
    let count = |axis: usize| {
        let all = outer.checked_mul(axis).and_then(|n| n.checked_mul(inner));
        all.ok_or_else(|| KernelError::Shape(format!("axis map: [{outer}, {axis}, {inner}] is too large")))
    };
    KernelError::check_length("input", count(map.inputs())?, x.len())?;
    let len = count(map.outputs())?;
    let weights: Vec<T> = map.weights().iter().map(|&w| T::from_f64(w)).collect();
    let rows = outer * map.outputs();
    // SAFETY: the pieces write all rows.
    unsafe {
        written_vec(len, |y| {
            let pieces = rows.clamp(1, PIECES);
            parallel::for_each(pieces, len.saturating_mul(map.widest()), |index| {
                let rows = piece(rows, pieces, index);
                if inner > 0 && !rows.is_empty() {
                    simd::run(Rows { map, weights: &weights, inner, x, y, rows });
                }
            });
            Ok(())
        })
    }
}

/// Elements that are filled with zeros and then computed: few enough to stay in the cache between the two.
const BLOCK: usize = 8192;

/// Some rows of the output, counted through all planes.
struct Rows<'a, T> {
    map: &'a AxisMap,
    weights: &'a [T],
    inner: usize,
    x: &'a [T],
    y: Output<T>,
    rows: Range<usize>,
}

impl<T: Element> Job<T> for Rows<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Rows { map, weights, inner, x, y, rows } = self;
        let (inputs, outputs) = (map.inputs(), map.outputs());
        let mut next = rows.start;
        while next < rows.end {
            let (plane, first) = (next / outputs, next % outputs);
            let count = (rows.end - next).min(outputs - first).min((BLOCK / inner).max(1));
            let x = &x[plane * inputs * inner..(plane + 1) * inputs * inner];
            // SAFETY: this job alone writes its rows.
            let y = unsafe { y.filled(next * inner, count * inner, T::ZERO) };
            let range = first..first + count;
            match (map.uniform(), inner) {
                (Some(1), 1) if map.copies() => copies(map, x, y, range),
                (Some(1), 1) => numbers::<T, 1>(map, weights, x, y, range),
                (Some(2), 1) => numbers::<T, 2>(map, weights, x, y, range),
                (Some(3), 1) => numbers::<T, 3>(map, weights, x, y, range),
                (Some(4), 1) => numbers::<T, 4>(map, weights, x, y, range),
                (_, 1) => sums(map, weights, x, y, range),
                _ => lines(map, weights, inner, x, y, range),
            }
            next += count;
        }
    }
}

/// Rows of one number, copied.
#[inline(always)]
fn copies<T: Element>(map: &AxisMap, x: &[T], y: &mut [T], rows: Range<usize>) {
    for (y, &tap) in y.iter_mut().zip(&map.taps()[rows]) {
        *y = x[tap as usize];
    }
}

/// Rows of one number, `K` taps each.
#[inline(always)]
fn numbers<T: Element, const K: usize>(map: &AxisMap, weights: &[T], x: &[T], y: &mut [T], rows: Range<usize>) {
    let range = rows.start * K..rows.end * K;
    let taps = map.taps()[range.clone()].chunks_exact(K).zip(weights[range].chunks_exact(K));
    for (y, (taps, weights)) in y.iter_mut().zip(taps) {
        let mut sum = weights[0] * x[taps[0] as usize];
        for k in 1..K {
            sum += weights[k] * x[taps[k] as usize];
        }
        *y = sum;
    }
}

/// Rows of one number, any number of taps.
#[inline(always)]
fn sums<T: Element>(map: &AxisMap, weights: &[T], x: &[T], y: &mut [T], rows: Range<usize>) {
    for (y, row) in y.iter_mut().zip(rows) {
        let range = map.range(row);
        let mut sum = T::ZERO;
        for (&tap, &weight) in map.taps()[range.clone()].iter().zip(&weights[range]) {
            sum += weight * x[tap as usize];
        }
        *y = sum;
    }
}

/// Rows of any length with any number of taps. `y` comes filled with zeros.
#[inline(always)]
fn lines<T: Element>(map: &AxisMap, weights: &[T], inner: usize, x: &[T], y: &mut [T], rows: Range<usize>) {
    let one = T::from_f64(1.0);
    for (y, row) in y.chunks_exact_mut(inner).zip(rows) {
        let range = map.range(row);
        let line = |at: usize| &x[map.taps()[at] as usize * inner..][..inner];
        let Range { start, end } = range;
        if end == start {
            continue;
        }
        if weights[start] == one {
            y.copy_from_slice(line(start));
        } else {
            for (y, &x) in y.iter_mut().zip(line(start)) {
                *y = weights[start] * x;
            }
        }
        for at in start + 1..end {
            let weight = weights[at];
            for (y, &x) in y.iter_mut().zip(line(at)) {
                *y += weight * x;
            }
        }
    }
}
