//! Small planes: what lies side by side in the registers are images of the batch (output, input's gradient) or channels
//! (weight's gradient), not pixels. Every pixel then has its own list of taps, so padding costs nothing, and any stride and
//! dilation are alike.

mod convolve;
mod outer;
mod turn;

pub(super) use convolve::{forward, input_gradient};
pub(super) use outer::weight_gradient;

use super::shape::Sizes;
use super::tile::VECTORS;
use crate::{Element, simd};

/// Bytes of the planes up to which this path beats the one that reads shifted rows, and the one over patches.
const PLANES_BYTES: [usize; 2] = [8 << 20, 32 << 20];

/// Bytes of the planes of a block of channels that stay in the second-level cache while every tap reads them.
const CACHED_BYTES: usize = 1 << 20;

/// Whether the images of the batch fill registers, the planes are small enough, and there are products enough for the way
/// there and back. `read`, `written`: channels of a group and pixels of what is read and written; `direct`: whether the path
/// that reads shifted rows could be taken instead.
pub(super) fn suits<T: Element>(sizes: &Sizes, [read, written]: [[usize; 2]; 2], direct: bool) -> bool {
    let lanes = simd::registers::<T>().lanes;
    let images = sizes.shape.batch.next_multiple_of(lanes);
    let planes = read[0] * read[1] * VECTORS * lanes * size_of::<T>();
    let products = sizes.out_pixels * sizes.depth * sizes.out_group;
    images * 4 <= sizes.shape.batch * 5
        && planes <= PLANES_BYTES[usize::from(!direct)]
        && products >= 64 * (read[0] * read[1] + written[0] * written[1])
        && written[0] >= 8
}

/// Whether the channels fill registers, and the planes of all images are small enough.
pub(super) fn suits_weight<T: Element>(sizes: &Sizes) -> bool {
    let lanes = simd::registers::<T>().lanes;
    let planes = sizes.shape.batch * sizes.in_pixels * VECTORS * lanes * size_of::<T>();
    sizes.in_group.next_multiple_of(lanes) * 4 <= sizes.in_group * 5 && planes <= CACHED_BYTES
}

/// A product that a tap makes: between an output and an input pixel.
#[derive(Clone, Copy)]
struct Link {
    out: usize,
    input: usize,
    tap: usize,
}

/// All products between pixels, by output pixel, then by tap.
fn links(sizes: &Sizes) -> Vec<Link> {
    let s = &sizes.shape;
    // Input position of a tap along an axis.
    let at = |axis: usize, out: usize, tap: usize| {
        (out * s.stride[axis] + tap * s.dilation[axis]).checked_sub(s.padding[axis].0).filter(|&i| i < s.input[axis])
    };
    let mut links = Vec::with_capacity(sizes.out_pixels * sizes.taps);
    for i in 0..sizes.out[0] {
        for j in 0..sizes.out[1] {
            for u in 0..s.kernel[0] {
                let Some(y) = at(0, i, u) else { continue };
                for v in 0..s.kernel[1] {
                    let Some(x) = at(1, j, v) else { continue };
                    links.push(Link { out: i * sizes.out[1] + j, input: y * s.input[1] + x, tap: u * s.kernel[1] + v });
                }
            }
        }
    }
    links
}
