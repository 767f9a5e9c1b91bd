//! The inner loop of the direct path: a tile of output channels by pixels, kept in registers.

use super::direct::Strips;
use super::pack::{Block, Packed};
use super::shape::Sizes;
use crate::Element;
use crate::output::Output;
use crate::simd::{Job, Simd};
use std::ops::Range;

/// Registers per row of a tile.
pub(super) const VECTORS: usize = 2;

/// Some blocks of output channels over one strip.
pub(super) struct Strip<'a, T> {
    pub sizes: &'a Sizes,
    pub strips: &'a Strips,
    pub input: &'a [T],
    pub packed: &'a Packed<T>,
    pub bias: Option<&'a [T]>,
    pub out: Output<T>,
    pub image: usize,
    pub group: usize,
    pub out_rows: Range<usize>,
    pub blocks: Range<usize>,
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
            for (j, sum) in sum.iter_mut().enumerate() {
                let w = S::splat(*weights.add(j));
                for (sum, x) in sum.iter_mut().zip(x) {
                    *sum = x.mul_add(w, *sum);
                }
            }
            weights = weights.add(N);
        }
        for (sum, result) in sum.into_iter().zip(result) {
            for (v, sum) in sum.into_iter().enumerate() {
                sum.store(result.as_mut_ptr().add(v * S::LANES));
            }
        }
    }
}
