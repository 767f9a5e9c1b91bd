//! The output: weights times patches, block by block.

use super::blocks::{channel_parts, depth_parts, pixel_ranges};
use super::im2col::gather;
use super::shape::Sizes;
use crate::Element;
use crate::element::{Matrix, gemm};
use crate::output::Output;
use crate::parallel::{self, PIECES, piece};
use std::ops::Range;

/// Writes every element of `out`.
pub(super) fn forward<T: Element>(sizes: &Sizes, x: &[T], w: &[T], bias: Option<&[T]>, out: Output<T>) {
    let ranges = pixel_ranges(
        sizes,
        sizes.depth.div_ceil(depth_parts(sizes)),
        size_of::<T>(),
        PIECES.div_ceil(sizes.shape.groups),
    );
    let others = ranges.len() * sizes.shape.groups;
    // Parts of the channels gather the same patches again: only where there are too few pixels to share out.
    let parts = channel_parts(sizes.out_group, others, 16);
    parallel::for_each(others * parts, sizes.work(), |index| {
        let (rest, part) = (index / parts, index % parts);
        let (range, group) = (rest / sizes.shape.groups, rest % sizes.shape.groups);
        let channels = piece(sizes.out_group, parts, part);
        block(sizes, x, w, bias, out, ranges[range].clone(), group, channels);
    });
}

/// Output channels `channels` of group `group` for `pixels`.
#[allow(clippy::too_many_arguments)]
fn block<T: Element>(
    sizes: &Sizes,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    out: Output<T>,
    pixels: Range<usize>,
    group: usize,
    channels: Range<usize>,
) {
    let (width, depth) = (pixels.len(), sizes.depth);
    let first = group * sizes.out_group + channels.start;
    let in_first = group * sizes.in_group;
    let (image, position) = (pixels.start / sizes.out_pixels, pixels.start % sizes.out_pixels);
    let in_one_image = position + width <= sizes.out_pixels;
    let in_place = sizes.is_pointwise() && in_one_image;
    let depth_parts = if in_place { 1 } else { depth_parts(sizes) };
    let columns_len = if in_place { 0 } else { sizes.in_group.div_ceil(depth_parts) * sizes.taps * width };
    let rows_len = if in_one_image { 0 } else { channels.len() * width };

    T::with_scratch(columns_len + rows_len, |scratch| {
        let (columns, rows) = scratch.split_at_mut(columns_len);
        let (target, started) = if in_one_image {
            let start = (image * sizes.shape.out_channels + first) * sizes.out_pixels + position;
            if let Some(bias) = bias {
                for (i, &b) in bias[first..first + channels.len()].iter().enumerate() {
                    // SAFETY: this block alone writes these pixels of these channels.
                    unsafe { out.filled(start + i * sizes.out_pixels, width, b) };
                }
            }
            (Matrix::by_rows(out.at(start), sizes.out_pixels), bias.is_some())
        } else {
            (Matrix::by_rows(rows.as_mut_ptr(), width), false)
        };
        for part in 0..depth_parts {
            let inputs = piece(sizes.in_group, depth_parts, part);
            let patches = if in_place {
                let start = (image * sizes.shape.in_channels + in_first) * sizes.in_pixels + position;
                Matrix::by_rows(x[start..].as_ptr(), sizes.in_pixels)
            } else {
                let from = in_first + inputs.start..in_first + inputs.end;
                gather(sizes, x, from, pixels.clone(), columns);
                Matrix::by_rows(columns.as_ptr(), width)
            };
            let weights = Matrix::by_rows(w[first * depth + inputs.start * sizes.taps..].as_ptr(), depth);
            let size = [channels.len(), width, inputs.len() * sizes.taps];
            // SAFETY: the slices were checked against the sizes, `columns` and `rows` measured above, and this block
            // alone writes its part of the output.
            unsafe { gemm(size, target, started || part > 0, weights, patches) };
        }
        if !in_one_image {
            spread(sizes, rows, bias, out, pixels, first);
        }
    });
}

/// Copies rows of whole images to their places in the output, adding the bias.
fn spread<T: Element>(
    sizes: &Sizes,
    rows: &[T],
    bias: Option<&[T]>,
    out: Output<T>,
    pixels: Range<usize>,
    first: usize,
) {
    let images = pixels.start / sizes.out_pixels..pixels.end / sizes.out_pixels;
    for (c, row) in rows.chunks_exact(pixels.len()).enumerate() {
        let add = bias.map_or(T::ZERO, |b| b[first + c]);
        for (image, from) in images.clone().zip(row.chunks_exact(sizes.out_pixels)) {
            let start = (image * sizes.shape.out_channels + first + c) * sizes.out_pixels;
            // SAFETY: this block alone writes these channels of these images.
            let to = unsafe { out.filled(start, from.len(), add) };
            to.iter_mut().zip(from).for_each(|(o, &v)| *o += v);
        }
    }
}
