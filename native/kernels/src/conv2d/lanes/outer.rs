//! The weight's gradient: for every tap the sum of outer products of output channels by input channels, over images and
//! pixels, in tiles that stay in registers. No sum crosses pieces.

use super::super::pack::{Block, blocks};
use super::super::shape::Sizes;
use super::super::tile::VECTORS;
use super::links;
use super::turn::Turn;
use crate::Element;
use crate::output::{Output, written_vec};
use crate::parallel;
use crate::simd::{self, Job, Simd};

/// Writes every element of `dw`.
pub(in super::super) fn weight_gradient<T: Element>(sizes: &Sizes, x: &[T], dy: &[T], dw: Output<T>) {
    let s = &sizes.shape;
    let registers = simd::registers::<T>();
    let rows = blocks(sizes.out_group, s.batch * sizes.out_pixels, if registers.count >= 32 { 4 } else { 2 });
    let columns = columns(sizes.in_group, s.batch * sizes.in_pixels, registers.lanes);
    let dy = beside(dy, [s.batch, s.groups, sizes.out_group, sizes.out_pixels], &rows);
    let x = beside(x, [s.batch, s.groups, sizes.in_group, sizes.in_pixels], &columns);
    let mut taps = vec![Vec::new(); sizes.taps];
    let mut work = 0;
    for link in links(sizes) {
        taps[link.tap].push((link.out, link.input));
        work += s.batch * sizes.in_group * s.out_channels;
    }
    let tiles = rows.len() * columns.len();
    parallel::for_each(s.groups * tiles, work, |index| {
        let (group, tile) = (index / tiles, index % tiles);
        let (row, column) = (rows[tile / columns.len()], columns[tile % columns.len()]);
        T::with_scratch(sizes.taps * row.width * column.width, |sums| {
            simd::run(Tile {
                batch: s.batch,
                pixels: [sizes.out_pixels, sizes.in_pixels],
                taps: &taps,
                dy: &dy.numbers[group * dy.group_len + row.start..],
                x: &x.numbers[group * x.group_len + column.start..],
                width: [row.width, column.width],
                sums,
            });
            for j in 0..row.channels {
                let out = (group * sizes.out_group + row.first + j) * sizes.in_group + column.first;
                let to = dw.at(out * sizes.taps);
                for (t, sums) in sums.chunks_exact(row.width * column.width).enumerate() {
                    for (c, &sum) in sums[j * column.width..][..column.channels].iter().enumerate() {
                        // SAFETY: inside, and this piece alone writes these kernels.
                        unsafe { to.add(c * sizes.taps + t).write(sum) };
                    }
                }
            }
        });
    });
}

/// Cuts a group's input channels into blocks of one or [`VECTORS`] registers.
fn columns(channels: usize, depth: usize, lanes: usize) -> Vec<Block> {
    let (mut first, mut start, mut blocks) = (0, 0, Vec::new());
    while first < channels {
        let left = channels - first;
        let width = if left > lanes { VECTORS * lanes } else { lanes };
        blocks.push(Block { first, channels: left.min(width), width, start });
        first += width;
        start += width * depth;
    }
    blocks
}

/// Planes with the channels of a block beside each other: `[group][block][image][pixel][channel]`.
struct Beside<T> {
    numbers: Vec<T>,
    group_len: usize,
}

fn beside<T: Element>(planes: &[T], [batch, groups, channels, pixels]: [usize; 4], blocks: &[Block]) -> Beside<T> {
    let group_len = blocks.iter().map(|b| b.width).sum::<usize>() * batch * pixels;
    let len = groups * group_len;
    let written = |out: Output<T>| {
        parallel::for_each(groups * blocks.len() * batch, len, |index| {
            let (rest, image) = (index / batch, index % batch);
            let (group, block) = (rest / blocks.len(), blocks[rest % blocks.len()]);
            let start = group * group_len + block.start + image * pixels * block.width;
            let first = (image * groups + group) * channels + block.first;
            // This piece alone writes this image of the block.
            let to = out.at(start);
            simd::run(Turn {
                from: planes[first * pixels..].as_ptr(),
                from_step: pixels,
                to,
                to_step: block.width,
                rows: block.channels,
                columns: pixels,
            });
            for pixel in 0..pixels {
                // SAFETY: inside, and nobody else writes here.
                (block.channels..block.width).for_each(|j| unsafe { to.add(pixel * block.width + j).write(T::ZERO) });
            }
        });
        Ok(())
    };
    // SAFETY: the pieces write every image of every block of every group.
    let numbers = unsafe { written_vec(len, written) }.unwrap_or_default();
    Beside { numbers, group_len }
}

/// One block of output channels by one of input channels, all taps.
struct Tile<'a, T> {
    batch: usize,
    /// Of output and input.
    pixels: [usize; 2],
    /// For every tap the pixels of output and input that it links.
    taps: &'a [Vec<(usize, usize)>],
    dy: &'a [T],
    x: &'a [T],
    /// Channels of output and input.
    width: [usize; 2],
    /// `[tap][output channel][input channel]`.
    sums: &'a mut [T],
}

impl<T: Element> Job<T> for Tile<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        // SAFETY: the job's own promise.
        unsafe {
            match (S::REGISTERS >= 32, self.width[0]) {
                (true, 12) => self.rows::<S, 12>(),
                (true, 8) => self.rows::<S, 8>(),
                (true, _) => self.rows::<S, 4>(),
                (false, 6) => self.rows::<S, 6>(),
                (false, 4) => self.rows::<S, 4>(),
                (false, _) => self.rows::<S, 2>(),
            }
        }
    }
}

impl<T: Element> Tile<'_, T> {
    #[inline(always)]
    unsafe fn rows<S: Simd<Element = T>, const N: usize>(self) {
        // SAFETY: the job's own promise.
        unsafe {
            if self.width[1] == VECTORS * S::LANES { self.tile::<S, N, VECTORS>() } else { self.tile::<S, N, 1>() }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd<Element = T>, const N: usize, const V: usize>(self) {
        let width = V * S::LANES;
        let [out_pixels, in_pixels] = self.pixels;
        assert!(self.width == [N, width] && self.sums.len() >= self.taps.len() * N * width);
        assert!(self.dy.len() >= self.batch * out_pixels * N && self.x.len() >= self.batch * in_pixels * width);
        for (t, links) in self.taps.iter().enumerate() {
            // SAFETY: links name pixels of the planes; lengths were asserted above.
            unsafe {
                let mut sum = [[S::splat(T::ZERO); V]; N];
                for image in 0..self.batch {
                    let dy = self.dy.as_ptr().add(image * out_pixels * N);
                    let x = self.x.as_ptr().add(image * in_pixels * width);
                    for &(out, input) in links {
                        let (dy, x) = (dy.add(out * N), x.add(input * width));
                        let channels: [S; V] = std::array::from_fn(|v| S::load(x.add(v * S::LANES)));
                        for (j, sum) in sum.iter_mut().enumerate() {
                            let d = S::splat(*dy.add(j));
                            for (sum, channels) in sum.iter_mut().zip(channels) {
                                *sum = channels.mul_add(d, *sum);
                            }
                        }
                    }
                }
                for (j, sum) in sum.into_iter().enumerate() {
                    let to = self.sums.as_mut_ptr().add((t * N + j) * width);
                    for (v, sum) in sum.into_iter().enumerate() {
                        sum.store(to.add(v * S::LANES));
                    }
                }
            }
        }
    }
}
