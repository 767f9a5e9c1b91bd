//! Checkpoint files: everything that a run needs to go on bit for bit.
//!
//! A safetensors file. The model's state stands under its plain names, so the file loads as weights too; all else has
//! names that begin with [`RESERVED`]. `__metadata__` holds the format's version, a check sum, the facts below as JSON
//! and the caller's notes. The check sum is the CRC-32C of the whole file with eight zeros in its own place.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::crc::Crc;
use super::whole::write_whole;
use crate::array::element_count;
use crate::layers::{Bound, Role};
use crate::model::Model;
use crate::optim::slot_names;
use crate::tensor::{DType, Value};
use crate::train::Scaler;
use crate::{Error, ErrorKind, HostData, Result};

/// Version of the format that this build writes, and the newest it reads.
pub const CHECKPOINT_VERSION: u32 = 1;
/// How the names begin that are no part of a model's state.
pub(super) const RESERVED: &str = "exburn.";
pub(super) const VERSION_KEY: &str = "exburn.checkpoint";
pub(super) const SUM_KEY: &str = "exburn.checksum";
pub(super) const FACTS_KEY: &str = "exburn.state";
pub(super) const NOTES_KEY: &str = "exburn.notes";
/// What stands in the place of the sum while it is computed.
pub(super) const NO_SUM: &str = "00000000";
pub(super) const LOG: &str = "exburn.epoch/log";
pub(super) const LOG_LENGTHS: &str = "exburn.epoch/log_lengths";
pub(super) const LOG_NUMBERS: &str = "exburn.epoch/numbers";

pub(super) fn slot(parameter: &str, slot: &str) -> String {
    format!("{RESERVED}optimizer/{parameter}/{slot}")
}

pub(super) fn numbers(parameter: &str) -> String {
    format!("{RESERVED}numbers/{parameter}")
}

pub(super) fn average(name: &str) -> String {
    format!("{RESERVED}average/{name}")
}

pub(super) fn attachment(index: usize) -> String {
    format!("{RESERVED}attachment/{index}")
}

/// What a checkpoint says of the model beside its arrays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Facts {
    pub dtype: String,
    /// Types of the optimizers: the common one, then each group's.
    pub optimizers: Vec<String>,
    /// For each state name: steps that its optimizer has made, and names of the optimizer's arrays for it.
    pub parameters: Vec<ParameterFacts>,
    /// See [`Model::passes`].
    pub passes: u64,
    pub average_steps: u64,
    pub average_moves: u64,
    pub metrics: usize,
    pub attachments: usize,
    pub open: Option<OpenFacts>,
    /// The scale of the loss; none in files of runs without loss scaling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaler: Option<Scaler>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ParameterFacts {
    pub name: String,
    pub frozen: bool,
    pub step: u64,
    pub slots: Vec<String>,
    pub numbers: usize,
    pub average: bool,
}

/// An epoch that is not over.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct OpenFacts {
    pub epoch: u64,
    pub samples: u64,
    pub batches: u64,
    pub steps: u64,
    #[serde(default)]
    pub skipped: u64,
}

/// Where an array of the file comes from.
enum Source<'a> {
    Value(&'a Value),
    Bytes(Vec<u8>),
    Borrowed(&'a [u8]),
}

struct Part<'a> {
    name: String,
    dtype: &'static str,
    shape: Vec<usize>,
    source: Source<'a>,
}

impl<'a> Part<'a> {
    fn value(name: String, value: &'a Value) -> Result<Self> {
        let dtype = match value.dtype()? {
            DType::F64 => "F64",
            DType::F32 => "F32",
            // Written as what the host reads: a half is an f32 of the same number.
            DType::F16 | DType::BF16 => "F32",
        };
        Ok(Self { name, dtype, shape: value.shape(), source: Source::Value(value) })
    }

    fn doubles(name: String, data: &[f64]) -> Self {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { name, dtype: "F64", shape: vec![data.len()], source: Source::Bytes(bytes) }
    }

    fn integers(name: String, shape: Vec<usize>, data: &[i64]) -> Self {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self { name, dtype: "I64", shape, source: Source::Bytes(bytes) }
    }

    fn width(&self) -> usize {
        match self.dtype {
            "F64" | "I64" => 8,
            "F32" => 4,
            _ => 1,
        }
    }
}

impl Model {
    /// Writes everything that training needs to go on: weights, buffers, averages, optimizer, an epoch that is open; with
    /// it the caller's own notes (JSON text) and attachments. The file is whole or not there; see the module.
    pub fn write_checkpoint(&self, path: &Path, notes: &str, attachments: &[&[u8]]) -> Result<()> {
        let at = |e: Error| e.at(path.display().to_string());
        self.device.check()?;
        if self.averages.in_use {
            return Err(Error::argument(
                "the averaged weights are in use: put the trained ones back before a checkpoint",
            ));
        }
        self.stream().executes(|| {
            let facts = self.facts(attachments.len())?;
            let parts = self.parts(&facts, attachments)?;
            let header = header(&parts, &facts, notes)?;
            write(path, &header, &parts).map_err(|e| at(Error::from(e)))
        })
    }

    fn facts(&self, attachments: usize) -> Result<Facts> {
        let compiled = self.compiled()?;
        let parameters = self.table.entries.iter().enumerate().map(|(row, entry)| {
            let names = slot_names(compiled.optimizer.of(row), &entry.shape, entry.state.slots.len());
            let none = entry.state.slots.is_empty();
            let names = if none { Some(&[][..]) } else { names };
            let names = names.ok_or_else(|| Error::internal("unknown optimizer state").at(&entry.name))?;
            Ok(ParameterFacts {
                name: entry.name.clone(),
                frozen: entry.frozen,
                step: entry.state.step,
                slots: names.iter().map(|&name| name.to_owned()).collect(),
                numbers: entry.state.numbers.len(),
                average: entry.average.is_some(),
            })
        });
        Ok(Facts {
            dtype: self.dtype.name().to_owned(),
            optimizers: compiled.optimizer.kinds().to_vec(),
            parameters: parameters.collect::<Result<_>>()?,
            passes: self.passes,
            average_steps: self.averages.steps,
            average_moves: self.averages.moves,
            metrics: compiled.metrics.len(),
            attachments,
            open: self.open.as_ref().map(|open| OpenFacts {
                epoch: open.epoch,
                samples: open.tally.samples,
                batches: open.tally.batches,
                steps: open.tally.steps,
                skipped: open.tally.skipped,
            }),
            scaler: self.scaler,
        })
    }

    /// Every array of the file, those of eight bytes first, so that each begins at a multiple of its elements' size.
    fn parts<'a>(&'a self, facts: &Facts, attachments: &[&'a [u8]]) -> Result<Vec<Part<'a>>> {
        let mut parts = Vec::new();
        for (entry, facts) in self.table.entries.iter().zip(&facts.parameters) {
            if entry.name.starts_with(RESERVED) {
                let message = format!("names that begin with '{RESERVED}' are not possible in checkpoints");
                return Err(Error::argument(message).at(&entry.name));
            }
            parts.push(match (&entry.stored, entry.role) {
                (Bound::Counter(n), _) => Part::integers(entry.name.clone(), entry.shape.clone(), &[*n]),
                (_, Role::Counter) => return Err(Error::internal("a counter is no integer").at(&entry.name)),
                (Bound::Tensor(value), _) => Part::value(entry.name.clone(), value)?,
            });
            for (name, value) in facts.slots.iter().zip(&entry.state.slots) {
                parts.push(Part::value(slot(&entry.name, name), value)?);
            }
            if !entry.state.numbers.is_empty() {
                parts.push(Part::doubles(numbers(&entry.name), &entry.state.numbers));
            }
            if let Some(value) = &entry.average {
                parts.push(Part::value(average(&entry.name), value)?);
            }
        }
        if let Some(open) = &self.open {
            let tally = &open.tally;
            parts.push(Part::doubles(LOG.into(), &tally.log));
            parts.push(Part::integers(LOG_LENGTHS.into(), vec![tally.log_lengths.len()], &tally.log_lengths));
            let mut numbers = vec![tally.seconds, tally.weighted, tally.last_loss, tally.read_mass];
            numbers.extend(&tally.parts);
            parts.push(Part::doubles(LOG_NUMBERS.into(), &numbers));
        }
        for (i, bytes) in attachments.iter().enumerate() {
            let (dtype, shape) = ("U8", vec![bytes.len()]);
            parts.push(Part { name: attachment(i), dtype, shape, source: Source::Borrowed(bytes) });
        }
        parts.sort_by_key(|part| std::cmp::Reverse(part.width()));
        Ok(parts)
    }
}

/// Length and header, padded to eight bytes.
fn header(parts: &[Part<'_>], facts: &Facts, notes: &str) -> Result<Vec<u8>> {
    let internal = |e: serde_json::Error| Error::internal(e.to_string());
    let mut header = serde_json::Map::new();
    // "format" is the mark that PyTorch's tools look for.
    let metadata = json!({
        "format": "pt",
        VERSION_KEY: CHECKPOINT_VERSION.to_string(),
        SUM_KEY: NO_SUM,
        FACTS_KEY: serde_json::to_string(facts).map_err(internal)?,
        NOTES_KEY: notes,
    });
    header.insert("__metadata__".into(), metadata);
    let mut start = 0usize;
    for part in parts {
        let end = start + element_count(&part.shape)? * part.width();
        let entry = json!({ "dtype": part.dtype, "shape": part.shape, "data_offsets": [start, end] });
        if header.insert(part.name.clone(), entry).is_some() {
            return Err(Error::internal(format!("two arrays of the checkpoint are called '{}'", part.name)));
        }
        start = end;
    }
    let mut text = serde_json::to_vec(&header).map_err(internal)?;
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    Ok(bytes)
}

/// Where the digits of the sum stand in a file that begins with `header`. The key with its quotes appears once: within
/// texts quotes are escaped.
pub(super) fn sum_position(header: &[u8]) -> Option<usize> {
    let key = format!("\"{SUM_KEY}\":\"");
    let at = header.windows(key.len()).position(|window| window == key.as_bytes())? + key.len();
    (at + NO_SUM.len() <= header.len()).then_some(at)
}

fn write(path: &Path, header: &[u8], parts: &[Part<'_>]) -> std::io::Result<()> {
    let other = |e: Error| std::io::Error::other(e.message);
    write_whole(path, |file| {
        let mut crc = Crc::new();
        crc.add(header);
        file.write_all(header)?;
        let mut buffer = Vec::new();
        for part in parts {
            let mut put = |bytes: &[u8]| {
                crc.add(bytes);
                file.write_all(bytes)
            };
            match &part.source {
                Source::Bytes(bytes) => put(bytes)?,
                Source::Borrowed(bytes) => put(bytes)?,
                Source::Value(value) => match value.to_host().map_err(other)?.data {
                    HostData::F32(data) => in_pieces(&data, f32::to_le_bytes, &mut buffer, put)?,
                    HostData::F64(data) => in_pieces(&data, f64::to_le_bytes, &mut buffer, put)?,
                    _ => return Err(std::io::Error::other("a stored value is not a float")),
                },
            }
        }
        let at = sum_position(header).ok_or_else(|| std::io::Error::other("the header has no check sum"))?;
        file.seek(SeekFrom::Start(at as u64))?;
        file.write_all(format!("{:08x}", crc.sum()).as_bytes())
    })
}

/// Numbers as bytes, some at a time.
fn in_pieces<T: Copy, const N: usize>(
    data: &[T],
    bytes: impl Fn(T) -> [u8; N],
    buffer: &mut Vec<u8>,
    mut put: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    for piece in data.chunks(1 << 16) {
        buffer.resize(piece.len() * N, 0);
        for (place, &x) in buffer.chunks_exact_mut(N).zip(piece) {
            place.copy_from_slice(&bytes(x));
        }
        put(buffer)?;
    }
    Ok(())
}

pub(super) fn format_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Format, message)
}
