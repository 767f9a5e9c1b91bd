//! Stride 1 without patches: a kernel that reads the shifted input itself.
//!
//! A strip of padded rows lies in memory as one long row. Output pixel `p` of the strip, counted with the row length of the
//! padded input, is then the sum over channels and taps of `weight * strip[p + offset(channel, tap)]`: every load is
//! contiguous, whatever the tap. The few pixels between the end of an output row and the start of the next are computed
//! and dropped. The input's gradient is the same convolution over the output's gradient, with the weights turned round.

use super::blocks::channel_parts;
use super::shape::{Conv2dShape, Sizes};
use crate::output::Output;
use crate::parallel::{self, PIECES, piece};
use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError};
use std::ops::Range;

/// Bytes of a strip that stay in the second-level cache beside the weights.
const STRIP_BYTES: usize = 384 << 10;

/// Registers per row of a tile.
const VECTORS: usize = 2;

/// Whether this path is made for the sizes: stride 1, and not more than a quarter of the pixels computed in vain.
pub(super) fn suits<T: Element>(sizes: &Sizes) -> bool {
    let s = &sizes.shape;
    let tile = VECTORS * simd::registers::<T>().lanes;
    let row = s.input[1] + s.padding[1].0 + s.padding[1].1;
    let computed = ((sizes.out[0] - 1) * row + sizes.out[1]).next_multiple_of(tile);
    s.stride == [1, 1] && sizes.taps > 1 && sizes.out_group > 1 && computed * 4 <= sizes.out_pixels * 5
}

/// The convolution over the output's gradient that gives the input's gradient, if there is one: stride 1, and no more
/// padding than the kernel spans.
pub(super) fn turned_round(sizes: &Sizes) -> Option<Sizes> {
    let s = &sizes.shape;
    if s.stride != [1, 1] {
        return None;
    }
    let mut padding = [(0, 0); 2];
    for axis in 0..2 {
        let span = (s.kernel[axis] - 1) * s.dilation[axis];
        padding[axis] = (span.checked_sub(s.padding[axis].0)?, span.checked_sub(s.padding[axis].1)?);
    }
    let turned =
        Conv2dShape { in_channels: s.out_channels, input: sizes.out, out_channels: s.in_channels, padding, ..*s };
    let turned: Result<Sizes, KernelError> = turned.check();
    turned.ok().filter(|t| t.out == s.input)
}

/// Output channels that a tile computes together.
#[derive(Clone, Copy)]
struct Block {
    /// First of them, counted in the group.
    first: usize,
    /// How many there are.
    channels: usize,
    /// How many the tile has, the rest being computed in vain: 3, 2 or 1 times the unit.
    width: usize,
    /// Where its weights begin, `[depth, width]`.
    start: usize,
}

/// Weights in the order in which the tiles read them, group after group.
struct Packed<T> {
    blocks: Vec<Block>,
    group_len: usize,
    weights: Vec<T>,
}

/// Cuts a group's output channels into blocks of 3, 2 and 1 units with as little waste as possible.
fn blocks(channels: usize, depth: usize, unit: usize) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let (mut first, mut start) = (0, 0);
    while first < channels {
        let left = (channels - first).div_ceil(unit);
        // Four left are two and two: a block of one unit cannot hide the latency of its sums.
        let units = if left == 4 { 2 } else { left.min(3) };
        let width = units * unit;
        out.push(Block { first, channels: width.min(channels - first), width, start });
        first += width;
        start += width * depth;
    }
    out
}

/// Packs the weights; `at(group, out channel, in channel)` is where a kernel's taps begin, read backwards if `turned`.
fn pack<T: Element>(
    sizes: &Sizes,
    w: &[T],
    turned: bool,
    at: impl Fn(usize, usize, usize) -> usize + Sync,
) -> Packed<T> {
    let unit = if simd::registers::<T>().count >= 32 { 4 } else { 2 };
    let blocks = blocks(sizes.out_group, sizes.depth, unit);
    let group_len = blocks.iter().map(|b| b.width * sizes.depth).sum();
    let mut weights = vec![T::ZERO; group_len * sizes.shape.groups];
    let out = Output::of(&mut weights);
    parallel::for_each(blocks.len() * sizes.shape.groups, out.len(), |index| {
        let (group, block) = (index / blocks.len(), blocks[index % blocks.len()]);
        let start = group * group_len + block.start;
        // SAFETY: this piece alone writes the block.
        let to = unsafe { out.filled(start, block.width * sizes.depth, T::ZERO) };
        for j in 0..block.channels {
            for c in 0..sizes.in_group {
                let from = at(group, block.first + j, c);
                for t in 0..sizes.taps {
                    let tap = if turned { sizes.taps - 1 - t } else { t };
                    to[(c * sizes.taps + t) * block.width + j] = w[from + tap];
                }
            }
        }
    });
    Packed { blocks, group_len, weights }
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
struct Strips {
    /// Padded row.
    row: usize,
    /// From a channel to the next.
    plane: usize,
    /// Elements of a strip, with room for the last tile to read past the end.
    len: usize,
    /// Per channel and tap, where the tap's pixel lies relative to the output pixel.
    offsets: Vec<usize>,
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

/// Some blocks of output channels over one strip.
struct Strip<'a, T> {
    sizes: &'a Sizes,
    strips: &'a Strips,
    input: &'a [T],
    packed: &'a Packed<T>,
    bias: Option<&'a [T]>,
    out: Output<T>,
    image: usize,
    group: usize,
    out_rows: Range<usize>,
    blocks: Range<usize>,
}

impl<T: Element> Job<T> for Strip<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        for block in &self.packed.blocks[self.blocks.clone()] {
            // SAFETY: the job's own promise.
            unsafe {
                match (S::REGISTERS >= 32, block.width) {
                    (true, 12) => self.block::<S, 12>(block),
                    (true, 8) => self.block::<S, 8>(block),
                    (true, _) => self.block::<S, 4>(block),
                    (false, 6) => self.block::<S, 6>(block),
                    (false, 4) => self.block::<S, 4>(block),
                    (false, _) => self.block::<S, 2>(block),
                }
            }
        }
    }
}

impl<T: Element> Strip<'_, T> {
    #[inline(always)]
    unsafe fn block<S: Simd<Element = T>, const N: usize>(&self, block: &Block) {
        let tile = VECTORS * S::LANES;
        let first = self.group * self.sizes.out_group + block.first;
        let mut start = [T::ZERO; N];
        if let Some(bias) = self.bias {
            start[..block.channels].copy_from_slice(&bias[first..first + block.channels]);
        }
        let weights = &self.packed.weights[self.group * self.packed.group_len + block.start..];
        assert!(weights.len() >= self.strips.offsets.len() * N);
        let plane = (self.image * self.sizes.shape.out_channels + first) * self.sizes.out_pixels;
        let pixels = (self.out_rows.len() - 1) * self.strips.row + self.sizes.out[1];
        // Twice the tile, because a row is read from its middle on. 64 is the widest tile.
        let mut result = [[T::ZERO; 128]; N];
        let mut p = 0;
        while p < pixels {
            // SAFETY: the strip has room for a tile after its last pixel, and the weights were measured above.
            unsafe {
                let input = self.input.as_ptr().add(p);
                if pixels - p > S::LANES {
                    sums::<S, N, VECTORS>(input, &self.strips.offsets, weights.as_ptr(), &start, &mut result);
                } else {
                    sums::<S, N, 1>(input, &self.strips.offsets, weights.as_ptr(), &start, &mut result);
                }
                self.keep::<S, N>(p..(p + tile).min(pixels), plane, block.channels, &result);
            }
            p += tile;
        }
    }

    /// Writes the tile's real pixels to their places. Whole registers are written, in ascending order: what goes beyond a
    /// row's end is overwritten by the next row, and near the strip's end single numbers are written.
    #[inline(always)]
    unsafe fn keep<S: Simd<Element = T>, const N: usize>(
        &self,
        pixels: Range<usize>,
        plane: usize,
        channels: usize,
        result: &[[T; 128]; N],
    ) {
        let (row, width) = (self.strips.row, self.sizes.out[1]);
        let end = self.out_rows.end * width;
        let mut p = pixels.start;
        while p < pixels.end {
            let (y, x) = (p / row, p % row);
            let next = pixels.end.min((y + 1) * row);
            if x < width {
                let len = (next - p).min(width - x);
                let to = (self.out_rows.start + y) * width + x;
                let from = p - pixels.start;
                let whole = to + VECTORS * S::LANES <= end;
                for (j, result) in result.iter().enumerate().take(channels) {
                    let target = self.out.at(plane + j * self.sizes.out_pixels + to);
                    let source = result[from..].as_ptr();
                    // SAFETY: inside this strip's part of the channel's plane, which this piece alone writes; `result`
                    // has room after a tile.
                    unsafe {
                        if whole {
                            S::load(source).store(target);
                            if len > S::LANES {
                                S::load(source.add(S::LANES)).store(target.add(S::LANES));
                            }
                        } else {
                            std::ptr::copy_nonoverlapping(source, target, len);
                        }
                    }
                }
            }
            p = next;
        }
    }
}

/// One tile: `N` channels by `V` registers of pixels.
#[inline(always)]
unsafe fn sums<S: Simd, const N: usize, const V: usize>(
    input: *const S::Element,
    offsets: &[usize],
    weights: *const S::Element,
    start: &[S::Element; N],
    result: &mut [[S::Element; 128]; N],
) where
    S::Element: Copy,
{
    // SAFETY: the caller vouches for the registers and for `offsets`, `weights` being in range.
    unsafe {
        let mut sum = start.map(|b| [S::splat(b); V]);
        let mut weights = weights;
        for &offset in offsets {
            let from = input.add(offset);
            let x: [S; V] = std::array::from_fn(|v| S::load(from.add(v * S::LANES)));
            for j in 0..N {
                let w = S::splat(*weights.add(j));
                for v in 0..V {
                    sum[j][v] = x[v].mul_add(w, sum[j][v]);
                }
            }
            weights = weights.add(N);
        }
        for j in 0..N {
            for v in 0..V {
                sum[j][v].store(result[j].as_mut_ptr().add(v * S::LANES));
            }
        }
    }
}
