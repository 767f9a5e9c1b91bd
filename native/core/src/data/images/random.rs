//! Draws of places and sizes, as torchvision makes them.

use super::Picture;
use crate::backend::rng::Rng;

/// Draws before a fixed choice is taken.
const TRIES: usize = 10;

pub(super) fn between(rng: &mut Rng, [low, high]: [f64; 2]) -> f64 {
    low + (high - low) * rng.uniform()
}

/// A whole number from 0 to `most`.
fn up_to(rng: &mut Rng, most: usize) -> usize {
    rng.below(most as u64 + 1) as usize
}

/// A box with a share of the area in `scale` and width / height in `ratio`: top, left, height, width.
fn draw_box(picture: &Picture, scale: [f64; 2], ratio: [f64; 2], rng: &mut Rng) -> (usize, usize) {
    let target = picture.area() as f64 * between(rng, scale);
    let aspect = between(rng, ratio.map(f64::ln)).exp();
    ((target / aspect).sqrt().round() as usize, (target * aspect).sqrt().round() as usize)
}

/// Where RandomResizedCrop cuts.
pub(super) fn resized_crop(picture: &Picture, scale: [f64; 2], ratio: [f64; 2], rng: &mut Rng) -> [usize; 4] {
    for _ in 0..TRIES {
        let (height, width) = draw_box(picture, scale, ratio, rng);
        if (1..=picture.height).contains(&height) && (1..=picture.width).contains(&width) {
            let (top, left) = (up_to(rng, picture.height - height), up_to(rng, picture.width - width));
            return [top, left, height, width];
        }
    }
    central(picture, ratio)
}

/// The largest box in the middle whose width / height is in `ratio`.
pub(super) fn central(picture: &Picture, ratio: [f64; 2]) -> [usize; 4] {
    let (full_height, full_width) = (picture.height, picture.width);
    let own = full_width as f64 / full_height as f64;
    let (height, width) = if own < ratio[0] {
        (((full_width as f64 / ratio[0]).round() as usize).clamp(1, full_height), full_width)
    } else if own > ratio[1] {
        (full_height, ((full_height as f64 * ratio[1]).round() as usize).clamp(1, full_width))
    } else {
        (full_height, full_width)
    };
    [(full_height - height) / 2, (full_width - width) / 2, height, width]
}

/// Where RandomErasing erases; none when no box fits. Its ratio is height / width.
pub(super) fn erasing(picture: &Picture, scale: [f64; 2], ratio: [f64; 2], rng: &mut Rng) -> Option<[usize; 4]> {
    for _ in 0..TRIES {
        let (width, height) = draw_box(picture, scale, ratio, rng);
        if height < picture.height && width < picture.width && height > 0 && width > 0 {
            let (top, left) = (up_to(rng, picture.height - height), up_to(rng, picture.width - width));
            return Some([top, left, height, width]);
        }
    }
    None
}

/// Where RandomCrop cuts out of an image padded on all sides.
pub(super) fn crop(picture: &Picture, height: usize, width: usize, padding: usize, rng: &mut Rng) -> (isize, isize) {
    let mut place = |size: usize, wanted: usize| {
        let room = (size + 2 * padding).checked_sub(wanted);
        match room {
            Some(room) => up_to(rng, room) as isize - padding as isize,
            // Smaller than the crop: in the middle.
            None => -(((wanted - size) / 2) as isize),
        }
    };
    (place(picture.height, height), place(picture.width, width))
}
