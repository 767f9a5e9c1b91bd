//! Patches as columns: the matrix `[channel, tap][pixel]` whose product with the weights is a convolution.
//!
//! Pixels are output pixels counted through the whole batch: image `q / out_pixels`, position `q % out_pixels`.

use super::shape::Sizes;
use crate::Element;
use std::ops::Range;

/// Calls `f(column, image, row, columns of the row)` for each part of an output row in `pixels`.
#[inline(always)]
fn for_each_row_part(sizes: &Sizes, pixels: Range<usize>, mut f: impl FnMut(usize, usize, usize, Range<usize>)) {
    let width = sizes.out[1];
    let mut q = pixels.start;
    while q < pixels.end {
        let (image, position) = (q / sizes.out_pixels, q % sizes.out_pixels);
        let (row, from) = (position / width, position % width);
        let to = width.min(from + pixels.end - q);
        f(q - pixels.start, image, row, from..to);
        q += to - from;
    }
}

/// Writes the columns of `pixels` for the input channels `channels` (counted through all groups) into `columns`,
/// `channels.len() * taps` rows of `pixels.len()`.
pub(super) fn gather<T: Element>(
    sizes: &Sizes,
    x: &[T],
    channels: Range<usize>,
    pixels: Range<usize>,
    columns: &mut [T],
) {
    let s = &sizes.shape;
    let width = pixels.len();
    let mut rows = columns.chunks_exact_mut(width);
    for channel in channels {
        for ky in 0..s.kernel[0] {
            let (top, bottom, first_y) = sizes.valid(0, ky);
            for kx in 0..s.kernel[1] {
                let (left, right, first_x) = sizes.valid(1, kx);
                let Some(out) = rows.next() else { return };
                for_each_row_part(sizes, pixels.clone(), |column, image, row, part| {
                    let out = &mut out[column..column + part.len()];
                    let (lo, hi) = (left.max(part.start), right.min(part.end));
                    if row < top || row >= bottom || lo >= hi {
                        return out.fill(T::ZERO);
                    }
                    let y = first_y + (row - top) * s.stride[0];
                    let plane = (image * s.in_channels + channel) * sizes.in_pixels;
                    let start = plane + y * s.input[1] + first_x + (lo - left) * s.stride[1];
                    let (before, rest) = out.split_at_mut(lo - part.start);
                    let (inside, after) = rest.split_at_mut(hi - lo);
                    before.fill(T::ZERO);
                    after.fill(T::ZERO);
                    if s.stride[1] == 1 {
                        inside.copy_from_slice(&x[start..start + inside.len()]);
                    } else {
                        let from = x[start..].iter().step_by(s.stride[1]);
                        inside.iter_mut().zip(from).for_each(|(o, &v)| *o = v);
                    }
                });
            }
        }
    }
}

/// The opposite of [`gather`]: adds the columns of `pixels`, which lie in one image, to that image's planes `dx`
/// (`channels` planes of input pixels). Taps in ascending order, so the sums are always formed alike.
pub(super) fn scatter_add<T: Element>(
    sizes: &Sizes,
    columns: &[T],
    channels: usize,
    pixels: Range<usize>,
    dx: &mut [T],
) {
    let s = &sizes.shape;
    let width = pixels.len();
    let mut rows = columns.chunks_exact(width);
    for plane in dx.chunks_exact_mut(sizes.in_pixels).take(channels) {
        for ky in 0..s.kernel[0] {
            let (top, bottom, first_y) = sizes.valid(0, ky);
            for kx in 0..s.kernel[1] {
                let (left, right, first_x) = sizes.valid(1, kx);
                let Some(from) = rows.next() else { return };
                for_each_row_part(sizes, pixels.clone(), |column, _, row, part| {
                    let (lo, hi) = (left.max(part.start), right.min(part.end));
                    if row < top || row >= bottom || lo >= hi {
                        return;
                    }
                    let from = &from[column + lo - part.start..column + hi - part.start];
                    let y = first_y + (row - top) * s.stride[0];
                    let start = y * s.input[1] + first_x + (lo - left) * s.stride[1];
                    if s.stride[1] == 1 {
                        let to = &mut plane[start..start + from.len()];
                        to.iter_mut().zip(from).for_each(|(o, &v)| *o += v);
                    } else {
                        let to = plane[start..].iter_mut().step_by(s.stride[1]);
                        to.zip(from).for_each(|(o, &v)| *o += v);
                    }
                });
            }
        }
    }
}

/// Copies `channels` rows of `pixels` out of `y`, laid out as `[image, all_channels, out_pixels]`, from channel
/// `first`, into `rows`.
pub(super) fn gather_output<T: Element>(
    sizes: &Sizes,
    y: &[T],
    first: usize,
    channels: usize,
    pixels: Range<usize>,
    rows: &mut [T],
) {
    let width = pixels.len();
    for (c, row) in rows.chunks_exact_mut(width).take(channels).enumerate() {
        let mut q = pixels.start;
        while q < pixels.end {
            let (image, position) = (q / sizes.out_pixels, q % sizes.out_pixels);
            let len = (sizes.out_pixels - position).min(pixels.end - q);
            let start = (image * sizes.shape.out_channels + first + c) * sizes.out_pixels + position;
            row[q - pixels.start..][..len].copy_from_slice(&y[start..start + len]);
            q += len;
        }
    }
}
