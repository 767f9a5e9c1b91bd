//! How a camera was held: the Exif orientation (CIPA DC-008, tag 0x0112) of a file, and what to do about it.

use super::codec::Pixels;

const TAG: u16 = 0x0112;
const SHORT: u16 = 3;

/// From 1 (upright) to 8, out of an Exif block (a TIFF header and its first directory); 1 where it does not say, or is
/// damaged: that is no reason to refuse an image.
pub(super) fn read(exif: &[u8]) -> u8 {
    find(exif).and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

fn find(exif: &[u8]) -> Option<u16> {
    let little = match exif.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = exif.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let mut entries = (0..entries).map(|i| directory + 2 + 12 * i);
    let entry = entries.find(|&at| short(at) == Some(TAG) && short(at + 2) == Some(SHORT))?;
    short(entry + 8)
}

/// The image as it was seen, as Pillow's `exif_transpose` and torchvision turn it.
pub(super) fn upright(pixels: Pixels, orientation: u8) -> Pixels {
    let (h, w, c) = (pixels.height, pixels.width, pixels.channels);
    // Where a pixel of the result comes from.
    let source: fn(usize, usize, usize, usize) -> (usize, usize) = match orientation {
        2 => |row, column, _, w| (row, w - 1 - column),
        3 => |row, column, h, w| (h - 1 - row, w - 1 - column),
        4 => |row, column, h, _| (h - 1 - row, column),
        5 => |row, column, _, _| (column, row),
        6 => |row, column, h, _| (h - 1 - column, row),
        7 => |row, column, h, w| (h - 1 - column, w - 1 - row),
        8 => |row, column, _, w| (column, w - 1 - row),
        _ => return pixels,
    };
    let (height, width) = if orientation < 5 { (h, w) } else { (w, h) };
    let mut data = Vec::with_capacity(pixels.data.len());
    for row in 0..height {
        for column in 0..width {
            let (from, at) = source(row, column, h, w);
            data.extend_from_slice(&pixels.data[(from * w + at) * c..][..c]);
        }
    }
    Pixels { width, height, channels: c, data }
}

#[cfg(test)]
mod tests {
    use super::read;

    /// A TIFF block of one entry, in the order of bytes of a little-endian camera.
    fn block(tag: u16, kind: u16, value: u16) -> Vec<u8> {
        let mut all = b"II*\0\x08\0\0\0\x01\0".to_vec();
        all.extend([tag, kind, 1, 0, value, 0, 0, 0].iter().flat_map(|x| x.to_le_bytes()));
        all
    }

    #[test]
    fn what_does_not_say_is_upright() {
        assert_eq!(read(&block(0x0112, 3, 6)), 6);
        assert_eq!(read(&block(0x0112, 3, 9)), 1);
        assert_eq!(read(&block(0x0112, 3, 0)), 1);
        assert_eq!(read(&block(0x0112, 4, 6)), 1);
        assert_eq!(read(&block(0x0110, 3, 6)), 1);
        let whole = block(0x0112, 3, 6);
        (0..20).for_each(|length| assert_eq!(read(&whole[..length]), 1, "{length} bytes"));
        let mut far = whole;
        far[4..8].copy_from_slice(&[0xFF; 4]);
        assert_eq!(read(&far), 1);
        assert_eq!(read(b"Exif"), 1);
    }
}
