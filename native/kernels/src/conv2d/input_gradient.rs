//! The gradient with respect to the input: transposed weights times the output's gradient, added back to where the
//! patches came from.

use super::blocks::{block_columns, channel_parts};
use super::im2col::scatter_add;
use super::shape::Sizes;
use crate::Element;
use crate::element::{Matrix, gemm};
use crate::output::Output;
use crate::parallel::{self, piece};
use std::ops::Range;

/// Writes every element of `dx`.
pub(super) fn input_gradient<T: Element>(sizes: &Sizes, w: &[T], dy: &[T], dx: Output<T>) {
    let s = &sizes.shape;
    let others = s.batch * s.groups;
    // Planes of the input are disjoint, so channels may be cut without any sum across pieces.
    let parts = channel_parts(sizes.in_group, others, 64usize.div_ceil(sizes.taps));
    parallel::for_each(others * parts, sizes.work(), |index| {
        let (rest, part) = (index / parts, index % parts);
        let (image, group) = (rest / s.groups, rest % s.groups);
        let channels = piece(sizes.in_group, parts, part);
        planes(sizes, w, dy, dx, image, group, channels);
    });
}

/// The planes of input channels `channels` of group `group` in one image.
fn planes<T: Element>(
    sizes: &Sizes,
    w: &[T],
    dy: &[T],
    dx: Output<T>,
    image: usize,
    group: usize,
    channels: Range<usize>,
) {
    let s = &sizes.shape;
    let first = group * sizes.in_group + channels.start;
    let start = (image * s.in_channels + first) * sizes.in_pixels;
    let rows = channels.len() * sizes.taps;
    let w_start = group * sizes.out_group * sizes.depth + channels.start * sizes.taps;
    let weights = Matrix::by_columns(w[w_start..].as_ptr(), sizes.depth);
    let dy_start = (image * s.out_channels + group * sizes.out_group) * sizes.out_pixels;
    let dy = &dy[dy_start..][..sizes.out_group * sizes.out_pixels];

    if sizes.is_pointwise() {
        let size = [rows, sizes.out_pixels, sizes.out_group];
        let target = Matrix::by_rows(dx.at(start), sizes.in_pixels);
        let gradient = Matrix::by_rows(dy.as_ptr(), sizes.out_pixels);
        // SAFETY: slices checked against the sizes; these planes belong to this piece.
        return unsafe { gemm(size, target, false, weights, gradient) };
    }

    // SAFETY: these planes belong to this piece.
    let dx = unsafe { dx.filled(start, channels.len() * sizes.in_pixels, T::ZERO) };
    let limit = block_columns(rows, size_of::<T>());
    let blocks = sizes.out_pixels.div_ceil(limit);
    let step = sizes.out_pixels.div_ceil(blocks).next_multiple_of(16);
    T::with_scratch(rows * step.min(sizes.out_pixels), |columns| {
        for from in (0..sizes.out_pixels).step_by(step) {
            let pixels = from..(from + step).min(sizes.out_pixels);
            let size = [rows, pixels.len(), sizes.out_group];
            let target = Matrix::by_rows(columns.as_mut_ptr(), pixels.len());
            let gradient = Matrix::by_rows(dy[from..].as_ptr(), sizes.out_pixels);
            // SAFETY: slices checked against the sizes; `columns` holds rows * step elements.
            unsafe { gemm(size, target, false, weights, gradient) };
            scatter_add(sizes, columns, channels.len(), pixels, dx);
        }
    });
}
