//! Output and input's gradient: tiles of channels by images, one pixel at a time.

use super::super::pack::{Block, blocks};
use super::super::shape::Sizes;
use super::super::tile::VECTORS;
use super::links;
use super::turn::Turn;
use crate::Element;
use crate::output::{Output, written_vec};
use crate::parallel::{self, piece};
use crate::simd::{self, Job, Simd};
use std::ops::Range;

/// Pixels of a tile's results that are held before they are written.
const HELD: usize = 64;

/// A convolution as sums over the channels and pixels of a source, for every channel and pixel of a target.
struct Sums<'a, T> {
    batch: usize,
    groups: usize,
    /// Channels per group, pixels.
    source: [usize; 2],
    target: [usize; 2],
    /// The taps that make any product.
    taps: Vec<usize>,
    /// Source pixel and number among `taps` of each product; those of target pixel `p` are `starts[p]..starts[p + 1]`.
    links: Vec<(usize, usize)>,
    starts: Vec<usize>,
    weights: &'a [T],
    /// Distances in the weights from a group, a target channel, a source channel to the next.
    steps: [usize; 3],
    bias: Option<&'a [T]>,
    /// Multiply-adds.
    work: usize,
}

/// Writes every element of `out`.
pub(in super::super) fn forward<T: Element>(sizes: &Sizes, x: &[T], w: &[T], bias: Option<&[T]>, out: Output<T>) {
    let links = links(sizes).into_iter().map(|l| (l.out, l.input, l.tap));
    let sums = Sums::new(
        sizes,
        ([sizes.in_group, sizes.in_pixels], [sizes.out_group, sizes.out_pixels]),
        links.collect(),
        (w, [sizes.out_group * sizes.depth, sizes.depth, sizes.taps]),
        bias,
    );
    sums.run(x, out);
}

/// Writes every element of `dx`.
pub(in super::super) fn input_gradient<T: Element>(sizes: &Sizes, w: &[T], dy: &[T], dx: Output<T>) {
    let mut links: Vec<_> = links(sizes).into_iter().map(|l| (l.input, l.out, l.tap)).collect();
    links.sort_by_key(|&(target, ..)| target);
    let sums = Sums::new(
        sizes,
        ([sizes.out_group, sizes.out_pixels], [sizes.in_group, sizes.in_pixels]),
        links,
        (w, [sizes.out_group * sizes.depth, sizes.taps, sizes.depth]),
        None,
    );
    sums.run(dy, dx);
}

impl<'a, T: Element> Sums<'a, T> {
    /// `links`: target pixel, source pixel and tap, by target pixel.
    fn new(
        sizes: &Sizes,
        (source, target): ([usize; 2], [usize; 2]),
        links: Vec<(usize, usize, usize)>,
        (weights, steps): (&'a [T], [usize; 3]),
        bias: Option<&'a [T]>,
    ) -> Self {
        let mut starts = vec![0; target[1] + 1];
        let mut taps: Vec<usize> = links.iter().map(|&(.., tap)| tap).collect();
        taps.sort_unstable();
        taps.dedup();
        links.iter().for_each(|&(pixel, ..)| starts[pixel + 1] += 1);
        (0..target[1]).for_each(|p| starts[p + 1] += starts[p]);
        let work = sizes.shape.batch * links.len() * sizes.in_group * sizes.shape.out_channels;
        let number = |tap: usize| taps.partition_point(|&t| t < tap);
        let links = links.into_iter().map(|(_, pixel, tap)| (pixel, number(tap))).collect();
        let (batch, groups) = (sizes.shape.batch, sizes.shape.groups);
        Sums { batch, groups, source, target, taps, links, starts, weights, steps, bias, work }
    }

    fn run(&self, source: &[T], out: Output<T>) {
        let lanes = simd::registers::<T>().lanes;
        let chunks = chunks(self.batch, lanes, self.groups * self.source[0] * self.source[1]);
        let beside = self.beside(source, &chunks);
        let unit = if simd::registers::<T>().count >= 32 { 4 } else { 2 };
        let blocks = blocks(self.target[0], 0, unit);
        // Pixels are cut too where there are few channels for many threads. No sum depends on the cut.
        let pixels = chunks.len() * self.target[1];
        let wanted = (2 * rayon::current_num_threads()).div_ceil(self.groups * blocks.len());
        let parts = wanted.min(pixels.div_ceil(4)).max(1);
        parallel::for_each(self.groups * blocks.len() * parts, self.work, |index| {
            let (rest, part) = (index / parts, index % parts);
            let (group, block) = (rest / blocks.len(), blocks[rest % blocks.len()]);
            let packed_len = self.taps.len() * self.source[0] * block.width;
            let held = HELD.min(self.target[1]);
            T::with_scratch(packed_len + held * block.width * VECTORS * lanes, |scratch| {
                let (packed, results) = scratch.split_at_mut(packed_len);
                self.pack(group, &block, packed);
                let mut pixels = piece(pixels, parts, part);
                while !pixels.is_empty() {
                    let (chunk, first) = (&chunks[pixels.start / self.target[1]], pixels.start % self.target[1]);
                    let count = pixels.len().min(self.target[1] - first).min(held);
                    let from = chunk.start + group * self.source[0] * self.source[1] * chunk.width;
                    simd::run(Tile {
                        sums: self,
                        beside: &beside[from..],
                        packed,
                        block,
                        bias: self.bias.map(|b| &b[group * self.target[0] + block.first..]),
                        width: chunk.width,
                        pixels: first..first + count,
                        results,
                    });
                    self.spread(chunk, group, &block, first..first + count, results, out);
                    pixels.start += count;
                }
            });
        });
    }

    /// The source as `[chunk][group][pixel][channel][image]`.
    fn beside(&self, source: &[T], chunks: &[Chunk]) -> Vec<T> {
        let [channels, pixels] = self.source;
        let all = self.groups * channels;
        let len = chunks.last().map_or(0, |c| c.start + all * pixels * c.width);
        let written = |out: Output<T>| {
            parallel::for_each(chunks.len() * all, len, |index| {
                let (chunk, channel) = (&chunks[index / all], index % all);
                let (group, inside) = (channel / channels, channel % channels);
                // SAFETY: inside, and this piece alone writes its channel.
                unsafe {
                    let to = out.at(chunk.start + (group * pixels * channels + inside) * chunk.width);
                    let step = channels * chunk.width;
                    simd::run(Turn {
                        from: source[(chunk.images.start * all + channel) * pixels..].as_ptr(),
                        from_step: all * pixels,
                        to,
                        to_step: step,
                        rows: chunk.images.len(),
                        columns: pixels,
                    });
                    for pixel in 0..pixels {
                        (chunk.images.len()..chunk.width).for_each(|i| to.add(pixel * step + i).write(T::ZERO));
                    }
                }
            });
            Ok(())
        };
        // SAFETY: the pieces write every channel of every pixel of every chunk.
        unsafe { written_vec(len, written) }.unwrap_or_default()
    }

    /// The weights of a block as `[tap][source channel][target channel]`; channels that the block has too many keep what is
    /// there.
    fn pack(&self, group: usize, block: &Block, packed: &mut [T]) {
        /// Source channels packed at a time: what they are packed into stays in the first-level cache.
        const TOGETHER: usize = 16;
        let ([by_group, by_target, by_source], channels) = (self.steps, self.source[0]);
        assert!(packed.len() >= self.taps.len() * channels * block.width);
        for band in (0..channels).step_by(TOGETHER) {
            for j in 0..block.channels {
                let from = group * by_group + (block.first + j) * by_target;
                for c in band..channels.min(band + TOGETHER) {
                    let from = &self.weights[from + c * by_source..];
                    for (t, &tap) in self.taps.iter().enumerate() {
                        // SAFETY: measured above.
                        unsafe { *packed.get_unchecked_mut((t * channels + c) * block.width + j) = from[tap] };
                    }
                }
            }
        }
    }

    /// Copies a tile's results to their places, which this piece alone writes.
    fn spread(&self, chunk: &Chunk, group: usize, block: &Block, pixels: Range<usize>, results: &[T], out: Output<T>) {
        let all = self.groups * self.target[0];
        for (j, results) in results.chunks_exact(pixels.len() * chunk.width).take(block.channels).enumerate() {
            let channel = group * self.target[0] + block.first + j;
            simd::run(Turn {
                from: results.as_ptr(),
                from_step: chunk.width,
                to: out.at((chunk.images.start * all + channel) * self.target[1] + pixels.start),
                to_step: all * self.target[1],
                rows: pixels.len(),
                columns: chunk.images.len(),
            });
        }
    }
}

/// Images that are computed together.
struct Chunk {
    images: Range<usize>,
    /// Numbers beside each other: whole registers.
    width: usize,
    /// Where the chunk begins.
    start: usize,
}

/// Cuts the batch; `len` numbers of an image.
fn chunks(batch: usize, lanes: usize, len: usize) -> Vec<Chunk> {
    let tile = VECTORS * lanes;
    (0..batch)
        .step_by(tile)
        .map(|first| {
            let images = first..(first + tile).min(batch);
            Chunk { width: if images.len() > lanes { tile } else { lanes }, images, start: first * len }
        })
        .collect()
}

/// A block of target channels over some pixels of a chunk.
struct Tile<'a, T> {
    sums: &'a Sums<'a, T>,
    /// The source of the chunk's group.
    beside: &'a [T],
    packed: &'a [T],
    block: Block,
    bias: Option<&'a [T]>,
    width: usize,
    pixels: Range<usize>,
    /// `[channel][pixel][image]`.
    results: &'a mut [T],
}

impl<T: Element> Job<T> for Tile<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        // SAFETY: the job's own promise.
        unsafe {
            match (S::REGISTERS >= 32, self.block.width) {
                (true, 12) => self.block::<S, 12>(),
                (true, 8) => self.block::<S, 8>(),
                (true, _) => self.block::<S, 4>(),
                (false, 6) => self.block::<S, 6>(),
                (false, 4) => self.block::<S, 4>(),
                (false, _) => self.block::<S, 2>(),
            }
        }
    }
}

impl<T: Element> Tile<'_, T> {
    #[inline(always)]
    unsafe fn block<S: Simd<Element = T>, const N: usize>(self) {
        // SAFETY: the job's own promise.
        unsafe { if self.width == VECTORS * S::LANES { self.sums::<S, N, VECTORS>() } else { self.sums::<S, N, 1>() } }
    }

    #[inline(always)]
    unsafe fn sums<S: Simd<Element = T>, const N: usize, const V: usize>(self) {
        let (channels, count, width) = (self.sums.source[0], self.pixels.len(), V * S::LANES);
        assert!(self.block.width == N && self.width == width && self.results.len() >= N * count * width);
        assert!(self.packed.len() >= self.sums.taps.len() * channels * N);
        assert!(self.beside.len() >= self.sums.source[1] * channels * width);
        let mut start = [T::ZERO; N];
        if let Some(bias) = self.bias {
            start[..self.block.channels].copy_from_slice(&bias[..self.block.channels]);
        }
        for (p, pixel) in self.pixels.enumerate() {
            // SAFETY: links name pixels of the source and taps; lengths were asserted above.
            unsafe {
                let mut sum = start.map(|b| [S::splat(b); V]);
                for &(source, tap) in &self.sums.links[self.sums.starts[pixel]..self.sums.starts[pixel + 1]] {
                    let mut x = self.beside.as_ptr().add(source * channels * width);
                    let mut weights = self.packed.as_ptr().add(tap * channels * N);
                    for _ in 0..channels {
                        let images: [S; V] = std::array::from_fn(|v| S::load(x.add(v * S::LANES)));
                        for (j, sum) in sum.iter_mut().enumerate() {
                            let w = S::splat(*weights.add(j));
                            for (sum, images) in sum.iter_mut().zip(images) {
                                *sum = images.mul_add(w, *sum);
                            }
                        }
                        x = x.add(width);
                        weights = weights.add(N);
                    }
                }
                for (j, sum) in sum.into_iter().enumerate() {
                    let to = self.results.as_mut_ptr().add((j * count + p) * width);
                    for (v, sum) in sum.into_iter().enumerate() {
                        sum.store(to.add(v * S::LANES));
                    }
                }
            }
        }
    }
}
