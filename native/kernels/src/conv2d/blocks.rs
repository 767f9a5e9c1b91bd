//! How a convolution is cut into pieces. Depends on the sizes only.

use super::shape::Sizes;
use crate::parallel::PIECES;
use std::ops::Range;

/// Bytes of patches that a piece works on at a time, so that they stay in the second-level cache.
const PATCH_BYTES: usize = 384 << 10;

/// Rows of patches (channels times taps) for one block: with more, the block is so narrow that its product is slow.
const ROWS: usize = 320;

/// Number of parts to cut a group's input channels into for blocks of patches of at most about [`ROWS`] rows.
pub(super) fn depth_parts(sizes: &Sizes) -> usize {
    sizes.depth.div_ceil(ROWS).min(sizes.in_group)
}

/// Columns of patches for one block.
pub(super) fn block_columns(depth: usize, element: usize) -> usize {
    (PATCH_BYTES / (depth.max(1) * element)).clamp(64, 4096)
}

/// Cuts the output pixels of the whole batch into ranges, each inside one image or made of whole images. Fewer images
/// than wanted pieces are cut finer, down to about 64 pixels.
pub(super) fn pixel_ranges(sizes: &Sizes, rows: usize, element: usize, wanted: usize) -> Vec<Range<usize>> {
    let (batch, pixels) = (sizes.shape.batch, sizes.out_pixels);
    let limit = block_columns(rows, element);
    if pixels * 2 > limit || batch <= 1 {
        let parts = pixels.div_ceil(limit).max(wanted.div_ceil(batch.max(1)).min(pixels / 64)).max(1);
        // A multiple of the widest register, but for the last.
        let size = pixels.div_ceil(parts).next_multiple_of(16);
        (0..batch)
            .flat_map(|image| {
                (0..pixels).step_by(size).map(move |p| image * pixels + p..image * pixels + (p + size).min(pixels))
            })
            .collect()
    } else {
        let images = (limit / pixels).min(batch.div_ceil(wanted)).max(1);
        (0..batch).step_by(images).map(|i| i * pixels..(i + images).min(batch) * pixels).collect()
    }
}

/// Number of parts to cut `len` channels into, so that `others` pieces become about [`PIECES`], each part having at least
/// `least` channels.
pub(super) fn channel_parts(len: usize, others: usize, least: usize) -> usize {
    PIECES.div_ceil(others.max(1)).min(len.div_ceil(least)).max(1)
}
