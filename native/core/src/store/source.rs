//! The bytes of a file, in memory or on disk, read where they are needed. Every range is checked before anything is allocated.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::{Error, ErrorKind, Result};

/// Large enough to be fast, small enough to stay in the processor's cache.
const BLOCK: usize = 1 << 18;

#[derive(Debug)]
pub(crate) enum Source<'a> {
    Memory(&'a [u8]),
    File { file: Mutex<File>, len: u64 },
}

impl Source<'static> {
    pub fn open(path: &Path) -> Result<Self> {
        let open = || {
            let file = File::open(path)?;
            let len = file.metadata()?.len();
            Ok(Self::File { file: Mutex::new(file), len })
        };
        open().map_err(|e: std::io::Error| {
            let kind = if e.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Io };
            Error::new(kind, e.to_string())
        })
    }
}

impl Source<'_> {
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// A range, in blocks of at most 256 KiB whose sizes are multiples of 16 except for the last.
    pub fn blocks(&self, at: u64, len: u64, mut visit: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if at.checked_add(len).is_none_or(|end| end > self.len()) {
            return Err(truncated());
        }
        match self {
            Self::Memory(bytes) => bytes[at as usize..(at + len) as usize].chunks(BLOCK).try_for_each(visit),
            Self::File { file, .. } => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(at))?;
                let mut buffer = vec![0; BLOCK.min(len as usize)];
                let mut left = len;
                while left > 0 {
                    let block = &mut buffer[..(BLOCK as u64).min(left) as usize];
                    file.read_exact(block)?;
                    visit(block)?;
                    left -= block.len() as u64;
                }
                Ok(())
            }
        }
    }

    /// A range as a whole.
    pub fn read(&self, at: u64, len: u64) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(len.min(self.len()) as usize);
        self.blocks(at, len, |block| {
            out.extend_from_slice(block);
            Ok(())
        })?;
        Ok(out)
    }

    /// The first bytes, at most `len`.
    pub fn head(&self, len: u64) -> Result<Vec<u8>> {
        self.read(0, len.min(self.len()))
    }
}

pub(crate) fn truncated() -> Error {
    Error::new(ErrorKind::Format, "the file is truncated or damaged: it ends before what it announces")
}

/// Reads a source from a position on.
pub(crate) struct Cursor<'s, 'a> {
    source: &'s Source<'a>,
    /// Of the byte after the window.
    next: u64,
    end: u64,
    window: Vec<u8>,
    at: usize,
}

impl<'s, 'a> Cursor<'s, 'a> {
    pub fn new(source: &'s Source<'a>, start: u64, end: u64) -> Self {
        Self { source, next: start, end: end.min(source.len()), window: Vec::new(), at: 0 }
    }

    pub fn position(&self) -> u64 {
        self.next - (self.window.len() - self.at) as u64
    }

    pub fn byte(&mut self) -> Result<u8> {
        if self.at == self.window.len() {
            let len = self.end.saturating_sub(self.next).min(1 << 14);
            if len == 0 {
                return Err(truncated());
            }
            self.window = self.source.read(self.next, len)?;
            self.next += len;
            self.at = 0;
        }
        self.at += 1;
        Ok(self.window[self.at - 1])
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = [0; N];
        for place in &mut out {
            *place = self.byte()?;
        }
        Ok(out)
    }

    pub fn take(&mut self, len: u64) -> Result<Vec<u8>> {
        let at = self.position();
        if at.checked_add(len).is_none_or(|end| end > self.end) {
            return Err(truncated());
        }
        let there = self.window.len() - self.at;
        if len as usize <= there {
            self.at += len as usize;
            return Ok(self.window[self.at - len as usize..self.at].to_vec());
        }
        let bytes = self.source.read(at, len)?;
        (self.next, self.at) = (at + len, 0);
        self.window.clear();
        Ok(bytes)
    }

    /// Up to the next line feed, without it.
    pub fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Ok(line),
                byte => line.push(byte),
            }
        }
    }
}
