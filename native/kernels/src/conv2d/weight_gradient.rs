//! The gradient with respect to the weight: the output's gradient times the transposed patches, summed over all pixels
//! of all images in a fixed order.

use super::blocks::{channel_parts, depth_parts, pixel_ranges};
use super::im2col::{gather, gather_output};
use super::shape::Sizes;
use crate::Element;
use crate::element::{Matrix, gemm};
use crate::output::Output;
use crate::parallel::{self, PIECES, piece};
use std::ops::Range;

/// Bytes of partial sums over the batch that may be held at once.
const PARTIAL_BYTES: usize = 32 << 20;

/// Writes every element of `dw`.
///
/// Pieces are parts of the input channels (which need no sum across pieces) times shares of the pixels; the shares'
/// sums are then added in ascending order.
pub(super) fn weight_gradient<T: Element>(sizes: &Sizes, x: &[T], dy: &[T], dw: Output<T>) {
    let s = &sizes.shape;
    // Parts of the channels first: sums over many pixels at a time, into few sums, keep both in the cache.
    let parts = depth_parts(sizes);
    let wanted = PIECES.div_ceil(parts * s.groups);
    let ranges = pixel_ranges(sizes, sizes.depth.div_ceil(parts), size_of::<T>(), wanted);
    let most = (PARTIAL_BYTES / (sizes.w_len * size_of::<T>()).max(1)).max(1);
    let shares = wanted.min(ranges.len()).min(most).max(1);
    let parts = parts.max(channel_parts(sizes.in_group, shares * s.groups, 32usize.div_ceil(sizes.taps)));
    let mut sums = vec![T::ZERO; shares * sizes.w_len];
    let partial = Output::of(&mut sums);
    parallel::for_each(shares * s.groups * parts, sizes.work(), |index| {
        let (rest, part) = (index / parts, index % parts);
        let (share, group) = (rest / s.groups, rest % s.groups);
        let channels = piece(sizes.in_group, parts, part);
        // Partial sums of a group lie as [depth, out channels], so that the product's long side is contiguous.
        let start =
            share * sizes.w_len + group * sizes.out_group * sizes.depth + channels.start * sizes.taps * sizes.out_group;
        for range in piece(ranges.len(), shares, share) {
            block(sizes, x, dy, partial.at(start), ranges[range].clone(), group, channels.clone());
        }
    });
    drop_partials(sizes, &sums, shares, dw);
}

/// Adds the part of `pixels` to the sums at `target`, `[channels * taps, out channels of the group]`.
fn block<T: Element>(
    sizes: &Sizes,
    x: &[T],
    dy: &[T],
    target: *mut T,
    pixels: Range<usize>,
    group: usize,
    channels: Range<usize>,
) {
    let s = &sizes.shape;
    let (width, rows) = (pixels.len(), channels.len() * sizes.taps);
    let in_first = group * sizes.in_group + channels.start;
    let out_first = group * sizes.out_group;
    let (image, position) = (pixels.start / sizes.out_pixels, pixels.start % sizes.out_pixels);
    let in_one_image = position + width <= sizes.out_pixels;
    let x_in_place = sizes.is_pointwise() && in_one_image;
    let columns_len = if x_in_place { 0 } else { rows * width };
    let dy_len = if in_one_image { 0 } else { sizes.out_group * width };

    T::with_scratch(columns_len + dy_len, |scratch| {
        let (columns, dy_rows) = scratch.split_at_mut(columns_len);
        let patches = if x_in_place {
            let start = (image * s.in_channels + in_first) * sizes.in_pixels + position;
            Matrix::by_rows(x[start..].as_ptr(), sizes.in_pixels)
        } else {
            gather(sizes, x, in_first..in_first + channels.len(), pixels.clone(), columns);
            Matrix::by_rows(columns.as_ptr(), width)
        };
        let gradient = if in_one_image {
            let start = (image * s.out_channels + out_first) * sizes.out_pixels + position;
            Matrix::by_columns(dy[start..].as_ptr(), sizes.out_pixels)
        } else {
            gather_output(sizes, dy, out_first, sizes.out_group, pixels, dy_rows);
            Matrix::by_columns(dy_rows.as_ptr(), width)
        };
        let size = [rows, sizes.out_group, width];
        let target = Matrix::by_rows(target, sizes.out_group);
        // SAFETY: slices checked against the sizes; this piece alone adds to these sums, which start as zero.
        unsafe { gemm(size, target, true, patches, gradient) };
    });
}

/// Adds the shares in order and turns `[depth, out]` into `[out, depth]`, in squares that use whole cache lines on both
/// sides.
fn drop_partials<T: Element>(sizes: &Sizes, sums: &[T], shares: usize, dw: Output<T>) {
    const SIDE: usize = 16;
    let (channels, depth) = (sizes.out_group, sizes.depth);
    let bands = channels.div_ceil(SIDE);
    parallel::for_each(sizes.shape.groups * bands, sums.len(), |index| {
        let (group, first) = (index / bands, index % bands * SIDE);
        let height = SIDE.min(channels - first);
        let start = group * channels * depth;
        // SAFETY: this piece alone writes these rows.
        let to = unsafe { dw.filled(start + first * depth, height * depth, T::ZERO) };
        for left in (0..depth).step_by(SIDE) {
            let width = SIDE.min(depth - left);
            let mut square = [[T::ZERO; SIDE]; SIDE];
            for share in 0..shares {
                for (k, sum) in square.iter_mut().enumerate().take(width) {
                    let from = share * sizes.w_len + start + (left + k) * channels + first;
                    sum.iter_mut().zip(&sums[from..from + height]).for_each(|(o, &v)| *o += v);
                }
            }
            for (row, to) in to.chunks_exact_mut(depth).enumerate() {
                to[left..left + width].iter_mut().zip(&square).for_each(|(o, sum)| *o = sum[row]);
            }
        }
    });
}
