//! PNG (ISO/IEC 15948): all colour types, depths and interlacing.

use std::io::Read;

use super::codec::{Pixels, check_size, format};
use super::orientation;
use crate::Result;

pub(super) const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Grey,
    Rgb,
    Palette,
    GreyAlpha,
    Rgba,
}

struct Header {
    width: usize,
    height: usize,
    depth: usize,
    kind: Kind,
    interlaced: bool,
}

impl Header {
    fn read(data: &[u8]) -> Result<Self> {
        let size = |at: usize| u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]) as usize;
        if data.len() != 13 {
            return Err(format("damaged PNG: the header has a wrong length"));
        }
        let (depth, kind) = match (data[9], data[8]) {
            (0, depth @ (1 | 2 | 4 | 8 | 16)) => (depth, Kind::Grey),
            (2, depth @ (8 | 16)) => (depth, Kind::Rgb),
            (3, depth @ (1 | 2 | 4 | 8)) => (depth, Kind::Palette),
            (4, depth @ (8 | 16)) => (depth, Kind::GreyAlpha),
            (6, depth @ (8 | 16)) => (depth, Kind::Rgba),
            (kind, depth) => return Err(format(format!("damaged PNG: colour type {kind} with depth {depth}"))),
        };
        if data[10] != 0 || data[11] != 0 || data[12] > 1 {
            return Err(format("damaged PNG: unknown compression, filter or interlace method"));
        }
        let header = Self { width: size(0), height: size(4), depth: depth.into(), kind, interlaced: data[12] == 1 };
        check_size(header.width, header.height)?;
        Ok(header)
    }

    fn samples(&self) -> usize {
        match self.kind {
            Kind::Grey | Kind::Palette => 1,
            Kind::GreyAlpha => 2,
            Kind::Rgb => 3,
            Kind::Rgba => 4,
        }
    }

    fn row_bytes(&self, width: usize) -> usize {
        (width * self.samples() * self.depth).div_ceil(8)
    }
}

/// First column and row, and steps, of the seven passes of Adam7.
const ADAM7: [[usize; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// The pixels, and the orientation of an `eXIf` part.
pub(super) fn decode(bytes: &[u8]) -> Result<(Pixels, u8)> {
    let (mut header, mut palette, mut packed, mut orientation) = (None, None, Vec::new(), 1);
    let mut rest = &bytes[SIGNATURE.len()..];
    loop {
        let (name, data) = chunk(&mut rest)?;
        match (name, &header) {
            (b"IHDR", None) => header = Some(Header::read(data)?),
            (_, None) => return Err(format("damaged PNG: it does not begin with a header")),
            (b"PLTE", _) => palette = Some(data),
            (b"IDAT", _) => packed.extend_from_slice(data),
            (b"eXIf", _) => orientation = orientation::read(data),
            (b"IEND", _) => break,
            // A lower-case first letter: the chunk may be left out.
            (name, _) if name[0].is_ascii_lowercase() => {}
            (name, _) => {
                return Err(format(format!("PNG with an unknown part '{}'", String::from_utf8_lossy(name))));
            }
        }
    }
    let header = header.ok_or_else(|| format("damaged PNG: no header"))?;
    if header.kind == Kind::Palette && !palette.is_some_and(|p| !p.is_empty() && p.len() % 3 == 0 && p.len() <= 768) {
        return Err(format("damaged PNG: no palette"));
    }
    Ok((unpack(&header, palette.unwrap_or_default(), &packed)?, orientation))
}

/// The next part; its checksum is compared.
fn chunk<'a>(rest: &mut &'a [u8]) -> Result<(&'a [u8; 4], &'a [u8])> {
    let truncated = || format("damaged PNG: it is cut off");
    let (length, after) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
    let length = u32::from_be_bytes(*length) as usize;
    if after.len() < length.saturating_add(8) {
        return Err(truncated());
    }
    let (named, tail) = after.split_at(4 + length);
    let (sum, tail) = tail.split_first_chunk::<4>().ok_or_else(truncated)?;
    let mut found = flate2::Crc::new();
    found.update(named);
    if found.sum() != u32::from_be_bytes(*sum) {
        return Err(format("damaged PNG: a checksum is wrong"));
    }
    *rest = tail;
    let (name, data) = named.split_first_chunk::<4>().ok_or_else(truncated)?;
    Ok((name, data))
}

fn unpack(header: &Header, palette: &[u8], packed: &[u8]) -> Result<Pixels> {
    let channels = if header.kind == Kind::Palette { 3 } else { header.samples() };
    let (width, height) = (header.width, header.height);
    let mut pixels = Pixels { width, height, channels, data: vec![0; width * height * channels] };
    let mut stream = flate2::bufread::ZlibDecoder::new(packed);
    let passes: &[[usize; 4]] = if header.interlaced { &ADAM7 } else { &[[0, 0, 1, 1]] };
    let reach = (header.samples() * header.depth / 8).max(1);
    for &[left, top, across, down] in passes {
        let columns = width.saturating_sub(left).div_ceil(across);
        let rows = height.saturating_sub(top).div_ceil(down);
        if columns == 0 || rows == 0 {
            continue;
        }
        let size = header.row_bytes(columns);
        let (mut row, mut above) = (vec![0; size + 1], vec![0; size]);
        for r in 0..rows {
            stream.read_exact(&mut row).map_err(|e| format(format!("damaged PNG: {e}")))?;
            unfilter(row[0], &mut row[1..], &above, reach)?;
            above.copy_from_slice(&row[1..]);
            let line = &mut pixels.data[(top + r * down) * width * channels..][..width * channels];
            if header.depth == 8 && header.kind != Kind::Palette && across == 1 {
                line.copy_from_slice(&row[1..]);
                continue;
            }
            for c in 0..columns {
                let to = &mut line[(left + c * across) * channels..][..channels];
                place(header, palette, &row[1..], c, to)?;
            }
        }
    }
    Ok(pixels)
}

/// Undoes the prediction of a row from its neighbours.
fn unfilter(filter: u8, row: &mut [u8], above: &[u8], reach: usize) -> Result<()> {
    match filter {
        0 => {}
        1 => (reach..row.len()).for_each(|i| row[i] = row[i].wrapping_add(row[i - reach])),
        2 => row.iter_mut().zip(above).for_each(|(x, &up)| *x = x.wrapping_add(up)),
        3 => {
            for i in 0..row.len() {
                let left = if i < reach { 0 } else { u16::from(row[i - reach]) };
                row[i] = row[i].wrapping_add(((left + u16::from(above[i])) / 2) as u8);
            }
        }
        4 => {
            for i in 0..row.len() {
                let (left, corner) = if i < reach { (0, 0) } else { (row[i - reach], above[i - reach]) };
                row[i] = row[i].wrapping_add(paeth(left, above[i], corner));
            }
        }
        other => return Err(format(format!("damaged PNG: unknown filter {other}"))),
    }
    Ok(())
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let p = a + b - c;
    let (da, db, dc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}

/// Pixel number `column` of an unpacked row, as bytes.
fn place(header: &Header, palette: &[u8], row: &[u8], column: usize, to: &mut [u8]) -> Result<()> {
    let samples = header.samples();
    match header.depth {
        8 if header.kind != Kind::Palette => to.copy_from_slice(&row[column * samples..][..samples]),
        16 => {
            for (i, byte) in to.iter_mut().enumerate() {
                let at = (column * samples + i) * 2;
                let value = u32::from(u16::from_be_bytes([row[at], row[at + 1]]));
                // value / 257, rounded.
                *byte = ((value * 255 + 32895) >> 16) as u8;
            }
        }
        depth => {
            let bit = column * depth;
            let most = (1u16 << depth) - 1;
            let value = (u16::from(row[bit / 8]) >> (8 - depth - bit % 8)) & most;
            if header.kind == Kind::Palette {
                let entry = palette.get(value as usize * 3..value as usize * 3 + 3);
                to.copy_from_slice(entry.ok_or_else(|| format("damaged PNG: a colour is not in the palette"))?);
            } else {
                to[0] = (value * 255 / most) as u8;
            }
        }
    }
    Ok(())
}
