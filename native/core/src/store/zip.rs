//! Zip archives of uncompressed records: the directory at the end, with the 64-bit extension, and where each record's bytes lie.

use std::collections::HashMap;

use super::source::{Source, truncated};
use crate::{Error, ErrorKind, Result};

const LOCAL: u32 = 0x0403_4B50;
const CENTRAL: u32 = 0x0201_4B50;
const END: u32 = 0x0605_4B50;
const END_64: u32 = 0x0606_4B50;
const LOCATOR_64: u32 = 0x0706_4B50;
/// The end record and the longest comment behind it.
const MAX_TAIL: u64 = 22 + 0xFFFF;

/// A record of an archive.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Of its local header; the bytes come after it.
    header: u64,
    pub len: u64,
    /// Neither compressed nor encrypted.
    plain: bool,
    /// CRC-32; PyTorch can be told to leave it out, and writes 0 then.
    pub checksum: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Archive {
    records: HashMap<String, Record>,
}

impl Archive {
    pub fn read(source: &Source<'_>) -> Result<Self> {
        let (start, len, count) = directory(source)?;
        let bytes = source.read(start, len)?;
        let mut rest = bytes.as_slice();
        let mut records = HashMap::new();
        for _ in 0..count {
            let (name, record, after) = entry(rest)?;
            if records.insert(name, record).is_some() {
                return Err(damaged("a record stands in it twice"));
            }
            rest = after;
        }
        Ok(Self { records })
    }

    pub fn record(&self, name: &str) -> Option<&Record> {
        self.records.get(name)
    }

    /// The folder (ending in a slash, or empty) of the record with this last name; the shortest, where there are several.
    pub fn folder_of(&self, last: &str) -> Option<String> {
        let folder =
            |name: &String| name.strip_suffix(last).filter(|f| f.is_empty() || f.ends_with('/')).map(str::to_owned);
        self.records.keys().filter_map(folder).min_by_key(|f| (f.len(), f.clone()))
    }

    /// First byte of a record.
    pub fn start(&self, source: &Source<'_>, record: &Record) -> Result<u64> {
        if !record.plain {
            return Err(Error::unsupported(
                "a compressed or encrypted record of the zip archive; torch.save writes neither",
            ));
        }
        let header = source.read(record.header, 30)?;
        if u32_at(&header, 0)? != LOCAL {
            return Err(damaged("a record does not begin where the directory says"));
        }
        let start = record.header + 30 + u64::from(u16_at(&header, 26)?) + u64::from(u16_at(&header, 28)?);
        match start.checked_add(record.len) {
            Some(end) if end <= source.len() => Ok(start),
            _ => Err(truncated()),
        }
    }

    /// The bytes of a record.
    pub fn bytes(&self, source: &Source<'_>, record: &Record) -> Result<Vec<u8>> {
        source.read(self.start(source, record)?, record.len)
    }

    /// First byte and length of a record whose checksum is right.
    pub fn verified(&self, source: &Source<'_>, record: &Record) -> Result<(u64, u64)> {
        let start = self.start(source, record)?;
        let mut sum = crc32fast::Hasher::new();
        source.blocks(start, record.len, |block| {
            sum.update(block);
            Ok(())
        })?;
        if record.checksum.is_some_and(|expected| expected != sum.finalize()) {
            return Err(damaged("a record has another checksum than the directory says"));
        }
        Ok((start, record.len))
    }
}

/// First byte, length and number of entries of the directory.
fn directory(source: &Source<'_>) -> Result<(u64, u64, u64)> {
    let tail_at = source.len().saturating_sub(MAX_TAIL);
    let tail = source.read(tail_at, source.len() - tail_at)?;
    // The comment, if any, must reach to the end of the file: its bytes may look like an end record.
    let is_end = |&at: &usize| {
        u32_at(&tail, at).is_ok_and(|mark| mark == END)
            && u16_at(&tail, at + 20).is_ok_and(|comment| at + 22 + usize::from(comment) == tail.len())
    };
    let at = (0..tail.len().saturating_sub(21)).rev().find(is_end);
    let at = at.ok_or_else(|| damaged("the directory at its end is missing, it may be truncated"))?;
    let (count, len, start) = (u16_at(&tail, at + 10)?, u32_at(&tail, at + 12)?, u32_at(&tail, at + 16)?);
    let end = tail_at + at as u64;
    if let Some(locator) = end.checked_sub(20) {
        let locator = source.read(locator, 20)?;
        if u32_at(&locator, 0)? == LOCATOR_64 {
            let record = source.read(u64_at(&locator, 8)?, 56)?;
            if u32_at(&record, 0)? != END_64 {
                return Err(damaged("the 64-bit directory is not where it should be"));
            }
            return checked(source, u64_at(&record, 48)?, u64_at(&record, 40)?, u64_at(&record, 32)?);
        }
    }
    checked(source, start.into(), len.into(), count.into())
}

fn checked(source: &Source<'_>, start: u64, len: u64, count: u64) -> Result<(u64, u64, u64)> {
    if start.checked_add(len).is_none_or(|end| end > source.len()) || count > len / 46 {
        return Err(damaged("the directory does not fit into the file"));
    }
    Ok((start, len, count))
}

/// Reads one entry of the directory; gives what follows it.
fn entry(bytes: &[u8]) -> Result<(String, Record, &[u8])> {
    if u32_at(bytes, 0)? != CENTRAL {
        return Err(damaged("the directory has an entry of an unknown kind"));
    }
    let (flags, method, checksum) = (u16_at(bytes, 8)?, u16_at(bytes, 10)?, u32_at(bytes, 16)?);
    let (packed, len) = (u32_at(bytes, 20)?, u32_at(bytes, 24)?);
    let [name, extra, comment] = [u16_at(bytes, 28)?, u16_at(bytes, 30)?, u16_at(bytes, 32)?].map(usize::from);
    let header = u32_at(bytes, 42)?;
    let name_bytes = bytes.get(46..46 + name).ok_or_else(truncated)?;
    let extra_bytes = bytes.get(46 + name..46 + name + extra).ok_or_else(truncated)?;
    let after = bytes.get(46 + name + extra + comment..).ok_or_else(truncated)?;
    let [len, packed, header] = wide(extra_bytes, [len, packed, header])?;
    let name = String::from_utf8_lossy(name_bytes).into_owned();
    let plain = method == 0 && flags & 1 == 0 && packed == len;
    Ok((name, Record { header, len, plain, checksum: Some(checksum).filter(|&sum| sum != 0) }, after))
}

/// Numbers of which those that are all ones stand in the 64-bit extension, in this order.
fn wide(extra: &[u8], narrow: [u32; 3]) -> Result<[u64; 3]> {
    let mut numbers = narrow.map(u64::from);
    let mut rest = extra;
    while rest.len() >= 4 {
        let (id, len) = (u16_at(rest, 0)?, usize::from(u16_at(rest, 2)?));
        let field = rest.get(4..4 + len).ok_or_else(truncated)?;
        if id == 1 {
            let mut at = 0;
            for (number, _) in numbers.iter_mut().zip(narrow).filter(|(_, narrow)| *narrow == u32::MAX) {
                *number = u64_at(field, at)?;
                at += 8;
            }
            return Ok(numbers);
        }
        rest = &rest[4 + len..];
    }
    Ok(numbers)
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    bytes.get(at..).and_then(|rest| rest.first_chunk().copied()).ok_or_else(truncated)
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    bytes_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64> {
    bytes_at(bytes, at).map(u64::from_le_bytes)
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Format, format!("the zip archive is damaged: {what}"))
}
