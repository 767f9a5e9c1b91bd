//! Weights in the order in which the tiles of the direct path read them.

use super::shape::Sizes;
use crate::Element;
use crate::output::Output;
use crate::parallel;
use crate::simd;

/// Output channels that a tile computes together.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// First of them, counted in the group.
    pub first: usize,
    /// How many there are.
    pub channels: usize,
    /// How many the tile has, the rest being computed in vain: 3, 2 or 1 times the unit.
    pub width: usize,
    /// Where its weights begin, `[depth, width]`.
    pub start: usize,
}

/// Weights in the order in which the tiles read them, group after group.
pub(super) struct Packed<T> {
    pub blocks: Vec<Block>,
    pub group_len: usize,
    pub weights: Vec<T>,
}

/// Cuts a group's output channels into blocks of 3, 2 and 1 units with as little waste as possible.
pub(super) fn blocks(channels: usize, depth: usize, unit: usize) -> Vec<Block> {
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
pub(super) fn pack<T: Element>(
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
