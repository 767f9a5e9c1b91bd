//! Depthwise convolution with stride 1: every plane is copied once with its padding, and an output row is then a weighted
//! sum of shifted rows, kept in registers.

use super::shape::Sizes;
use crate::Element;
use crate::output::Output;
use crate::parallel;
use crate::simd::{self, Job, Simd};

/// Registers per row of a tile; several, to hide the latency of the sums.
const VECTORS: usize = 4;

/// Writes every element of `out`: `weights(out channel, tap)` times the plane of the channel's group, plus the bias.
pub(super) fn forward<T: Element>(
    sizes: &Sizes,
    x: &[T],
    weight: impl Fn(usize, usize) -> T + Sync,
    bias: Option<&[T]>,
    out: Output<T>,
) {
    let s = &sizes.shape;
    let row = s.input[1] + s.padding[1].0 + s.padding[1].1;
    let rows = s.input[0] + s.padding[0].0 + s.padding[0].1;
    // A whole tile may be read past the last pixel.
    let padded = rows * row + VECTORS * simd::registers::<T>().lanes;
    let offsets: Vec<usize> =
        (0..sizes.taps).map(|t| (t / s.kernel[1]) * s.dilation[0] * row + (t % s.kernel[1]) * s.dilation[1]).collect();
    parallel::for_each(s.batch * s.in_channels, sizes.work(), |index| {
        let (image, group) = (index / s.in_channels, index % s.in_channels);
        T::with_scratch(padded + sizes.taps, |scratch| {
            let (plane, taps) = scratch.split_at_mut(padded);
            fill(sizes, &x[index * sizes.in_pixels..(index + 1) * sizes.in_pixels], row, plane);
            for channel in group * sizes.out_group..(group + 1) * sizes.out_group {
                taps.iter_mut().enumerate().for_each(|(t, w)| *w = weight(channel, t));
                let to = (image * s.out_channels + channel) * sizes.out_pixels;
                let start = bias.map_or(T::ZERO, |b| b[channel]);
                simd::run(Plane { sizes, plane, row, offsets: &offsets, taps, start, to: out.at(to) });
            }
        });
    });
}

/// Copies a plane between its zeros.
fn fill<T: Element>(sizes: &Sizes, x: &[T], row: usize, plane: &mut [T]) {
    let s = &sizes.shape;
    let (top, left, width) = (s.padding[0].0, s.padding[1].0, s.input[1]);
    for (y, to) in plane.chunks_exact_mut(row).enumerate() {
        match y.checked_sub(top).filter(|&y| y < s.input[0]) {
            None => to.fill(T::ZERO),
            Some(y) => {
                to[..left].fill(T::ZERO);
                to[left..left + width].copy_from_slice(&x[y * width..(y + 1) * width]);
                to[left + width..].fill(T::ZERO);
            }
        }
    }
}

struct Plane<'a, T> {
    sizes: &'a Sizes,
    plane: &'a [T],
    row: usize,
    offsets: &'a [usize],
    taps: &'a [T],
    start: T,
    /// The output plane, which this piece alone writes.
    to: *mut T,
}

impl<T: Element> Job<T> for Plane<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let [height, width] = self.sizes.out;
        for y in 0..height {
            let mut x = 0;
            while x < width {
                let left = width - x;
                let at = y * self.row + x;
                // SAFETY: the plane has room for a tile after its last pixel; a tile that is wider than what is left of
                // the row writes into the next row, which comes later, and near the end to a buffer.
                unsafe {
                    let to = self.to.add(y * width + x);
                    let vectors = left.div_ceil(S::LANES).min(VECTORS);
                    let whole = y * width + x + vectors * S::LANES <= height * width;
                    let mut buffer = [T::ZERO; 64];
                    let target = if whole { to } else { buffer.as_mut_ptr() };
                    match vectors {
                        1 => self.tile::<S, 1>(at, target),
                        2 => self.tile::<S, 2>(at, target),
                        3 => self.tile::<S, 3>(at, target),
                        _ => self.tile::<S, VECTORS>(at, target),
                    }
                    if !whole {
                        std::ptr::copy_nonoverlapping(target, to, left.min(vectors * S::LANES));
                    }
                    x += vectors * S::LANES;
                }
            }
        }
    }
}

impl<T: Element> Plane<'_, T> {
    #[inline(always)]
    unsafe fn tile<S: Simd<Element = T>, const V: usize>(&self, at: usize, to: *mut T) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [S::splat(self.start); V];
            for (&offset, &w) in self.offsets.iter().zip(self.taps) {
                let (from, w) = (self.plane.as_ptr().add(at + offset), S::splat(w));
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = S::load(from.add(v * S::LANES)).mul_add(w, *sum);
                }
            }
            for (v, sum) in sums.into_iter().enumerate() {
                sum.store(to.add(v * S::LANES));
            }
        }
    }
}
