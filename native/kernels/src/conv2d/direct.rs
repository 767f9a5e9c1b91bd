//! Stride 1 without patches: a kernel that reads the shifted input itself.
//!
//! A strip of padded rows lies in memory as one long row. Output pixel `p` of the strip, counted with the row length of the
//! padded input, is then the sum over channels and taps of `weight * strip[p + offset(channel, tap)]`: every load is
//! contiguous, whatever the tap. The few pixels between the end of an output row and the start of the next are computed
//! and dropped. The input's gradient is the same convolution over the output's gradient, with the weights turned round.

use super::blocks::channel_parts;
use super::pack::{Packed, pack};
use super::shape::{Conv2dShape, Sizes};
use super::tile::{Strip, VECTORS};
use crate::output::Output;
use crate::parallel::{self, PIECES, piece};
use crate::simd;
use crate::{Element, KernelError};
use std::ops::Range;

/// Bytes of a strip that stay in the second-level cache beside the weights.
const STRIP_BYTES: usize = 384 << 10;

/// Whether this path is made for the sizes: stride 1, and not more than a third of the pixels computed in vain.
pub(super) fn suits<T: Element>(sizes: &Sizes) -> bool {
    let s = &sizes.shape;
    let lanes = simd::registers::<T>().lanes;
    let row = s.input[1] + s.padding[1].0 + s.padding[1].1;
    let computed = ((sizes.out[0] - 1) * row + sizes.out[1]).next_multiple_of(lanes);
    s.stride == [1, 1] && sizes.taps > 1 && sizes.out_group > 1 && computed * 3 <= sizes.out_pixels * 4
}

/// The convolution over the output's gradient that gives the input's gradient, if there is one: stride 1, and no more
/// padding than the kernel spans.
pub(super) fn turned_round(sizes: &Sizes) -> Option<Sizes> {
    let s = &sizes.shape;
    if s.stride != [1, 1] {
        return None;
    }
    let mut padding = [(0, 0); 2];
    for (axis, padding) in padding.iter_mut().enumerate() {
        let span = (s.kernel[axis] - 1) * s.dilation[axis];
        *padding = (span.checked_sub(s.padding[axis].0)?, span.checked_sub(s.padding[axis].1)?);
    }
    let turned =
        Conv2dShape { in_channels: s.out_channels, input: sizes.out, out_channels: s.in_channels, padding, ..*s };
    let turned: Result<Sizes, KernelError> = turned.check();
    turned.ok().filter(|t| t.out == s.input)
}

/// Writes every element of `out`.
pub(super) fn forward<T: Element>(sizes: &Sizes, x: &[T], w: &[T], bias: Option<&[T]>, out: Output<T>) {
    let packed = pack(sizes, w, false, |group, o, c| (group * sizes.out_group + o) * sizes.depth + c * sizes.taps);
    convolve(sizes, x, &packed, bias, out);
}

/// Writes every element of `dx`; `turned` is [`turned_round`] of the convolution's sizes.
pub(super) fn input_gradient<T: Element>(turned: &Sizes, w: &[T], dy: &[T], dx: Output<T>) {
    // In the turned convolution, outputs are the original's input channels.
    let packed =
        pack(turned, w, true, |group, o, c| ((group * turned.in_group + c) * turned.out_group + o) * turned.taps);
    convolve(turned, dy, &packed, None, dx);
}

/// How strips lie in memory.
pub(super) struct Strips {
    /// Padded row.
    pub row: usize,
    /// From a channel to the next.
    pub plane: usize,
    /// Elements of a strip, with room for the last tile to read past the end.
    pub len: usize,
    /// Per channel and tap, where the tap's pixel lies relative to the output pixel.
    pub offsets: Vec<usize>,
}

fn convolve<T: Element>(sizes: &Sizes, x: &[T], packed: &Packed<T>, bias: Option<&[T]>, out: Output<T>) {
    let s = &sizes.shape;
    let span = (s.kernel[0] - 1) * s.dilation[0];
    let row = s.input[1] + s.padding[1].0 + s.padding[1].1;
    let fitting = (STRIP_BYTES / (sizes.in_group * row * size_of::<T>())).saturating_sub(span);
    let wanted = PIECES.div_ceil((s.batch * s.groups).max(1)).min(sizes.out[0].div_ceil(2 * span + 4));
    let count = sizes.out[0].div_ceil(fitting.max(span + 4)).max(wanted);
    let rows = sizes.out[0].div_ceil(count);
    let count = sizes.out[0].div_ceil(rows);
    let plane = (rows + span) * row;
    let mut offsets = Vec::with_capacity(sizes.depth);
    for c in 0..sizes.in_group {
        for ky in 0..s.kernel[0] {
            for kx in 0..s.kernel[1] {
                offsets.push(c * plane + ky * s.dilation[0] * row + kx * s.dilation[1]);
            }
        }
    }
    let slack = VECTORS * simd::registers::<T>().lanes;
    let strips = Strips { row, plane, len: sizes.in_group * plane + slack, offsets };

    let others = s.batch * s.groups * count;
    let parts = channel_parts(packed.blocks.len(), others, 2);
    parallel::for_each(others * parts, sizes.work(), |index| {
        let (rest, part) = (index / parts, index % parts);
        let (rest, strip) = (rest / count, rest % count);
        let (image, group) = (rest / s.groups, rest % s.groups);
        let out_rows = strip * rows..((strip + 1) * rows).min(sizes.out[0]);
        T::with_scratch(strips.len, |scratch| {
            fill(sizes, &strips, x, image, group, &out_rows, scratch);
            simd::run(Strip {
                sizes,
                strips: &strips,
                input: scratch,
                packed,
                bias,
                out,
                image,
                group,
                out_rows,
                blocks: piece(packed.blocks.len(), parts, part),
            });
        });
    });
}

/// Copies the padded rows that `out_rows` need, for all channels of the group.
fn fill<T: Element>(
    sizes: &Sizes,
    strips: &Strips,
    x: &[T],
    image: usize,
    group: usize,
    out_rows: &Range<usize>,
    scratch: &mut [T],
) {
    let s = &sizes.shape;
    let (left, width) = (s.padding[1].0, s.input[1]);
    let first = image * s.in_channels + group * sizes.in_group;
    let span = (s.kernel[0] - 1) * s.dilation[0];
    for (c, plane) in scratch.chunks_exact_mut(strips.plane).take(sizes.in_group).enumerate() {
        let from = &x[(first + c) * sizes.in_pixels..][..sizes.in_pixels];
        let padded = out_rows.start..out_rows.end + span;
        for (y, to) in padded.zip(plane.chunks_exact_mut(strips.row)) {
            match y.checked_sub(s.padding[0].0).filter(|&y| y < s.input[0]) {
                None => to.fill(T::ZERO),
                Some(y) => {
                    to[..left].fill(T::ZERO);
                    to[left..left + width].copy_from_slice(&from[y * width..(y + 1) * width]);
                    to[left + width..].fill(T::ZERO);
                }
            }
        }
    }
}
