//! Encoded images into interleaved bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{orientation, png};
use crate::{Error, ErrorKind, Result};

/// Width and height of an image at most, and pixels in all: what a small file claims must not exhaust the memory.
pub(super) const LARGEST_SIDE: usize = 1 << 16;
pub(super) const MOST_PIXELS: usize = 1 << 28;

/// Rows of pixels, channels interleaved, 0 to 255.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    pub data: Vec<u8>,
}

/// Decodes a PNG or JPEG, told apart by their first bytes, to 1 channel (grey) or 3 (RGB). Transparency is dropped, colours
/// become grey by ITU-R 601 (as Pillow's `convert("L")`; a JPEG's own brightness is taken as it is). `upright` applies the orientation of its Exif data.
pub fn decode(bytes: &[u8], channels: usize, upright: bool) -> Result<Pixels> {
    let (decoded, orientation) = if bytes.starts_with(&png::SIGNATURE) {
        png::decode(bytes)?
    } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        // A decoder that gives up on a damaged file by a panic must not end the run.
        catch_unwind(AssertUnwindSafe(|| jpeg(bytes, channels))).unwrap_or_else(|_| Err(format("damaged JPEG")))?
    } else {
        return Err(format("neither a PNG nor a JPEG file"));
    };
    let decoded = converted(decoded, channels);
    Ok(if upright { orientation::upright(decoded, orientation) } else { decoded })
}

pub(super) fn format(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Format, text)
}

pub(super) fn check_size(width: usize, height: usize) -> Result<()> {
    let possible = |n: usize| (1..=LARGEST_SIDE).contains(&n);
    if possible(width) && possible(height) && width * height <= MOST_PIXELS {
        return Ok(());
    }
    Err(format(format!("an image of {width} x {height} pixels is not possible here")))
}

fn jpeg(bytes: &[u8], channels: usize) -> Result<(Pixels, u8)> {
    let space = if channels == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(LARGEST_SIDE)
        .set_max_height(LARGEST_SIDE)
        .jpeg_set_out_colorspace(space);
    let wrong = |e: zune_jpeg::errors::DecodeErrors| format(format!("damaged JPEG: {e}"));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(wrong)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| format("damaged JPEG: no size"))?;
    check_size(width, height)?;
    let data = decoder.decode().map_err(wrong)?;
    let found = data.len() / (width * height);
    if !matches!(found, 1 | 3) || data.len() != width * height * found {
        return Err(format("JPEG with an unknown form of colours"));
    }
    let orientation = decoder.exif().map_or(1, |exif| orientation::read(exif));
    Ok((Pixels { width, height, channels: found, data }, orientation))
}

/// To the wanted number of channels. Two and four have transparency in the last.
fn converted(pixels: Pixels, channels: usize) -> Pixels {
    if pixels.channels == channels {
        return pixels;
    }
    let grey = |p: &[u8]| {
        let [r, g, b] = [p[0], p[1], p[2]].map(u32::from);
        ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as u8
    };
    let each = pixels.data.chunks_exact(pixels.channels);
    let data = match (pixels.channels, channels) {
        (2, 1) => each.map(|p| p[0]).collect(),
        (3 | 4, 1) => each.map(grey).collect(),
        (1 | 2, _) => each.flat_map(|p| [p[0]; 3]).collect(),
        _ => each.flat_map(|p| [p[0], p[1], p[2]]).collect(),
    };
    Pixels { channels, data, ..pixels }
}
