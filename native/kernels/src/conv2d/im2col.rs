//! Patches as columns: the matrix `[channel, tap][pixel]` whose product with the weights is a convolution.
//!
//! Pixels are output pixels counted through the whole batch: image `q / out_pixels`, position `q % out_pixels`.

use super::shape::Sizes;
use crate::Element;
use crate::simd::{self, Job, Simd};
use std::ops::Range;

/// The part of an output row that lies in a range of pixels.
struct RowPart {
    /// Where it begins in the range.
    column: usize,
    image: usize,
    row: usize,
    /// Columns of the output row.
    part: Range<usize>,
}

/// The parts of output rows in `pixels`, found once because they are the same for every channel and tap.
fn row_parts(sizes: &Sizes, pixels: Range<usize>) -> Vec<RowPart> {
    let width = sizes.out[1];
    let mut parts = Vec::with_capacity(pixels.len() / width + 2);
    let mut q = pixels.start;
    while q < pixels.end {
        let (image, position) = (q / sizes.out_pixels, q % sizes.out_pixels);
        let (row, from) = (position / width, position % width);
        let to = width.min(from + pixels.end - q);
        parts.push(RowPart { column: q - pixels.start, image, row, part: from..to });
        q += to - from;
    }
    parts
}

/// Copies a row, short ones without a call: rows of a few numbers are the rule in deep layers.
#[inline(always)]
fn copy<T: Element>(to: &mut [T], from: &[T]) {
    let len = to.len();
    let mut piece = |at: usize, size: usize| to[at..at + size].copy_from_slice(&from[at..at + size]);
    match len {
        0 => {}
        1..4 => (0..len).for_each(|i| piece(i, 1)),
        4..8 => {
            piece(0, 4);
            piece(len - 4, 4);
        }
        8..16 => {
            piece(0, 8);
            piece(len - 8, 8);
        }
        16..=32 => {
            piece(0, 16);
            piece(len - 16, 16);
        }
        _ => piece(0, len),
    }
}

/// Every second number of `from`.
#[inline(always)]
fn copy_halved<T: Element>(to: &mut [T], from: &[T]) {
    assert!(to.is_empty() || (to.len() - 1) * 2 < from.len());
    for (i, o) in to.iter_mut().enumerate() {
        // SAFETY: asserted above; unchecked, so that the loop becomes vector code.
        *o = unsafe { *from.get_unchecked(i * 2) };
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
    let parts = row_parts(sizes, pixels.clone());
    simd::run(Gather { sizes, x, channels, width: pixels.len(), parts: &parts, columns });
}

struct Gather<'a, T> {
    sizes: &'a Sizes,
    x: &'a [T],
    channels: Range<usize>,
    width: usize,
    parts: &'a [RowPart],
    columns: &'a mut [T],
}

impl<T: Element> Job<T> for Gather<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Gather { sizes, x, channels, width, parts, columns } = self;
        let s = &sizes.shape;
        let mut rows = columns.chunks_exact_mut(width);
        for channel in channels {
            for ky in 0..s.kernel[0] {
                let (top, bottom, first_y) = sizes.valid(0, ky);
                for kx in 0..s.kernel[1] {
                    let (left, right, first_x) = sizes.valid(1, kx);
                    let Some(out) = rows.next() else { return };
                    for RowPart { column, image, row, part } in parts {
                        let out = &mut out[*column..column + part.len()];
                        let (lo, hi) = (left.max(part.start), right.min(part.end));
                        if *row < top || *row >= bottom || lo >= hi {
                            out.fill(T::ZERO);
                            continue;
                        }
                        let y = first_y + (row - top) * s.stride[0];
                        let plane = (image * s.in_channels + channel) * sizes.in_pixels;
                        let start = plane + y * s.input[1] + first_x + (lo - left) * s.stride[1];
                        let (before, rest) = out.split_at_mut(lo - part.start);
                        let (inside, after) = rest.split_at_mut(hi - lo);
                        // Loops, not `fill`: a padding is one or two numbers, less than a call.
                        before.iter_mut().for_each(|o| *o = T::ZERO);
                        after.iter_mut().for_each(|o| *o = T::ZERO);
                        match s.stride[1] {
                            1 => copy(inside, &x[start..start + inside.len()]),
                            2 => copy_halved(inside, &x[start..]),
                            stride => {
                                let from = x[start..].iter().step_by(stride);
                                inside.iter_mut().zip(from).for_each(|(o, &v)| *o = v);
                            }
                        }
                    }
                }
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
    let parts = row_parts(sizes, pixels.clone());
    let mut rows = columns.chunks_exact(pixels.len());
    for plane in dx.chunks_exact_mut(sizes.in_pixels).take(channels) {
        for ky in 0..s.kernel[0] {
            let (top, bottom, first_y) = sizes.valid(0, ky);
            for kx in 0..s.kernel[1] {
                let (left, right, first_x) = sizes.valid(1, kx);
                let Some(from) = rows.next() else { return };
                for RowPart { column, row, part, .. } in &parts {
                    let (lo, hi) = (left.max(part.start), right.min(part.end));
                    if *row < top || *row >= bottom || lo >= hi {
                        continue;
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
                }
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
