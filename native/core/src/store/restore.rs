//! Reading checkpoints: all of a file is checked and made ready before anything of the model changes.

use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, SafeTensorError, SafeTensors, TensorView};

use super::checkpoint::{
    CHECKPOINT_VERSION, FACTS_KEY, Facts, LOG, LOG_LENGTHS, LOG_NUMBERS, NO_SUM, NOTES_KEY, OpenFacts, ParameterFacts,
    RESERVED, SUM_KEY, VERSION_KEY, attachment, average, format_error, numbers, slot, sum_position,
};
use super::crc::Crc;
use super::report::{LoadReport, Mismatch};
use crate::layers::{Bound, Role};
use crate::model::{Entry, Model};
use crate::optim::{State, slot_names};
use crate::tensor::{DType, Value};
use crate::train::{OpenEpoch, Tally};
use crate::{Error, ErrorKind, Result};

/// A checkpoint that has been read and fits the model it was read for.
#[derive(Debug)]
pub struct Checkpoint {
    /// What the writer gave as notes.
    pub notes: String,
    pub attachments: Vec<Vec<u8>>,
    facts: Facts,
    /// In the order of the model's table.
    rows: Vec<Row>,
    open: Option<OpenEpoch>,
}

#[derive(Debug)]
struct Row {
    stored: Bound,
    state: State,
    average: Option<Value>,
    frozen: bool,
}

/// Whether the metadata is that of a checkpoint.
fn is_checkpoint(metadata: &Metadata) -> bool {
    metadata.metadata().as_ref().is_some_and(|texts| texts.contains_key(VERSION_KEY))
}

impl Model {
    /// Reads a checkpoint and makes its arrays ready on the model's device. The model is not changed. A file that is torn,
    /// foreign, newer, or does not fit the model and its optimizer is an error that says so.
    pub fn read_checkpoint(&self, path: &Path) -> Result<Checkpoint> {
        self.device.check()?;
        let name = path.display().to_string();
        let bytes = read(path).map_err(|e| e.at(&name))?;
        self.stream().executes(|| self.stage(&bytes)).map_err(|e| e.at(&name))
    }

    /// Takes over a checkpoint that was read for this model.
    pub fn apply_checkpoint(&mut self, checkpoint: Checkpoint) -> Result<()> {
        self.device.check()?;
        let Checkpoint { facts, rows, open, .. } = checkpoint;
        // The model may have been compiled or moved since.
        self.check_facts(&facts)?;
        if self.averages.in_use {
            return Err(in_use());
        }
        let device = self.device.clone();
        let place = |value: Value| value.to_device(&device);
        self.stream().executes(|| {
            for (entry, row) in self.table.entries.iter_mut().zip(rows) {
                entry.stored = match row.stored {
                    Bound::Tensor(value) => Bound::Tensor(place(value)),
                    counter => counter,
                };
                entry.state = State { slots: row.state.slots.into_iter().map(place).collect(), ..row.state };
                entry.average = row.average.map(place);
                entry.frozen = row.frozen;
            }
        });
        self.passes = facts.passes;
        (self.averages.steps, self.averages.moves) = (facts.average_steps, facts.average_moves);
        self.open = open;
        self.scaler = facts.scaler;
        Ok(())
    }

    fn stage(&self, bytes: &[u8]) -> Result<Checkpoint> {
        if self.averages.in_use {
            return Err(in_use());
        }
        let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| damaged(&e))?;
        let texts = metadata.metadata().as_ref();
        let text = |key: &str| {
            let found = texts.and_then(|texts| texts.get(key));
            found.map(String::as_str).ok_or_else(|| format_error(format!("the checkpoint's header has no '{key}'")))
        };
        if !is_checkpoint(&metadata) {
            return Err(format_error(
                "not a checkpoint: a safetensors file without the state of training (its weights can be loaded into a model)",
            ));
        }
        let version = text(VERSION_KEY)?;
        match version.parse::<u32>() {
            Ok(known) if (1..=CHECKPOINT_VERSION).contains(&known) => {}
            Ok(newer) if newer > CHECKPOINT_VERSION => {
                return Err(format_error(format!(
                    "the checkpoint has version {newer}, this library reads up to version {CHECKPOINT_VERSION}: it was \
                     written by a newer one"
                )));
            }
            _ => return Err(format_error(format!("the checkpoint has the unknown version '{version}'"))),
        }
        check_sum(bytes, header + 8, text(SUM_KEY)?)?;

        let facts: Facts = serde_json::from_str(text(FACTS_KEY)?)
            .map_err(|e| format_error(format!("the checkpoint's description is not valid: {e}")))?;
        self.check_facts(&facts)?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| damaged(&e))?;
        self.check_shapes(&file)?;
        let arrays = Arrays { file: &file, model: self };
        let row = |(entry, facts): (&Entry, &ParameterFacts)| arrays.row(entry, facts).map_err(|e| e.at(&entry.name));
        Ok(Checkpoint {
            notes: text(NOTES_KEY)?.to_owned(),
            attachments: (0..facts.attachments).map(|i| arrays.bytes(&attachment(i))).collect::<Result<_>>()?,
            rows: self.table.entries.iter().zip(&facts.parameters).map(row).collect::<Result<_>>()?,
            open: facts.open.map(|open| arrays.open(open, facts.metrics)).transpose()?,
            facts,
        })
    }

    /// Whether a checkpoint is one of such a model with such an optimizer.
    fn check_facts(&self, facts: &Facts) -> Result<()> {
        let compiled = self.compiled()?;
        let differs = |what: &str, file: &str, model: &str| {
            Err(format_error(format!("the checkpoint does not fit the model: {what}: expected {model}, found {file}"))
                .with_detail(serde_json::json!({ "what": what, "expected": model, "found": file })))
        };
        let mut report = LoadReport::default();
        let missing = self.table.entries.iter().filter(|e| !facts.parameters.iter().any(|p| p.name == e.name));
        report.missing = missing.map(|e| e.name.clone()).collect();
        let unexpected = facts.parameters.iter().filter(|p| self.table.position(&p.name).is_none());
        report.unexpected = unexpected.map(|p| p.name.clone()).collect();
        if !report.is_exact() {
            return Err(report.error());
        }
        if facts.parameters.len() != self.table.entries.len()
            || facts.parameters.iter().zip(&self.table.entries).any(|(p, e)| p.name != e.name)
        {
            return differs("order of the parameters", "another order", "the model's");
        }
        if facts.dtype != self.dtype.name() {
            return differs("type", &facts.dtype, self.dtype.name());
        }
        if facts.optimizers != compiled.optimizer.kinds() {
            return differs("optimizer", &facts.optimizers.join(", "), &compiled.optimizer.kinds().join(", "));
        }
        if facts.open.is_some() && facts.metrics != compiled.metrics.len() {
            let (found, expected) = (facts.metrics.to_string(), compiled.metrics.len().to_string());
            return differs("number of metrics of the epoch that is open", &found, &expected);
        }
        for (row, (entry, facts)) in self.table.entries.iter().zip(&facts.parameters).enumerate() {
            let optimizer = compiled.optimizer.of(row);
            let names = slot_names(optimizer, &entry.shape, facts.slots.len()).unwrap_or(&[]);
            if !facts.slots.is_empty() && facts.slots != names {
                let expected = optimizer.slots(&entry.shape).join(", ");
                let what = format!("optimizer state of '{}' (other options of the optimizer?)", entry.name);
                return differs(&what, &facts.slots.join(", "), &expected);
            }
            if facts.numbers != 0 && facts.numbers != optimizer.numbers().len() {
                let (found, expected) = (facts.numbers.to_string(), optimizer.numbers().len().to_string());
                return differs(&format!("numbers in the optimizer state of '{}'", entry.name), &found, &expected);
            }
        }
        Ok(())
    }

    fn check_shapes(&self, file: &SafeTensors<'_>) -> Result<()> {
        let mut report = LoadReport::default();
        for entry in &self.table.entries {
            match file.tensor(&entry.name) {
                Err(_) => report.missing.push(entry.name.clone()),
                Ok(found) if found.shape() != entry.shape => report.mismatched.push(Mismatch {
                    name: entry.name.clone(),
                    expected: entry.shape.clone(),
                    found: found.shape().to_vec(),
                }),
                Ok(_) => {}
            }
        }
        let stray = |n: &&str| !n.starts_with(RESERVED) && self.table.position(n).is_none();
        report.unexpected = file.names().into_iter().filter(stray).map(str::to_owned).collect();
        if report.is_exact() { Ok(()) } else { Err(report.error()) }
    }
}

fn in_use() -> Error {
    Error::argument("the averaged weights are in use: put the trained ones back before a checkpoint is loaded")
}

/// Compares the sum in the header with that of the file.
fn check_sum(bytes: &[u8], header: usize, expected: &str) -> Result<()> {
    let at = sum_position(&bytes[..header]).ok_or_else(|| format_error("the checkpoint has no check sum"))?;
    let mut crc = Crc::new();
    crc.add(&bytes[..at]);
    crc.add(NO_SUM.as_bytes());
    crc.add(&bytes[at + NO_SUM.len()..]);
    let found = format!("{:08x}", crc.sum());
    if found == expected {
        return Ok(());
    }
    Err(format_error(format!("the checkpoint is damaged: its check sum is {found}, its header says {expected}")))
}

/// The arrays of a checkpoint for a model.
struct Arrays<'a> {
    file: &'a SafeTensors<'a>,
    model: &'a Model,
}

impl Arrays<'_> {
    fn view(&self, name: &str) -> Result<TensorView<'_>> {
        self.file.tensor(name).map_err(|_| format_error(format!("the checkpoint has no array '{name}'")))
    }

    fn row(&self, entry: &Entry, facts: &ParameterFacts) -> Result<Row> {
        let slots = facts.slots.iter().map(|name| self.value(&slot(&entry.name, name), None)).collect::<Result<_>>()?;
        let numbers = if facts.numbers == 0 { vec![] } else { self.doubles(&numbers(&entry.name))? };
        let averaged = || self.value(&average(&entry.name), Some(&entry.shape));
        Ok(Row {
            stored: match entry.role {
                Role::Counter => Bound::Counter(counter(&self.view(&entry.name)?)?),
                _ => {
                    let value = self.value(&entry.name, Some(&entry.shape))?;
                    Bound::Tensor(value.to_float(entry.dtype(self.model.dtype)))
                }
            },
            state: State { step: facts.step, slots, numbers },
            average: if facts.average { Some(averaged()?) } else { None },
            frozen: facts.frozen,
        })
    }

    fn value(&self, name: &str, shape: Option<&[usize]>) -> Result<Value> {
        let view = self.view(name)?;
        if let Some(shape) = shape.filter(|&shape| shape != view.shape()) {
            return Err(format_error(format!("'{name}': expected shape {shape:?}, found {:?}", view.shape())));
        }
        let (model, bytes) = (self.model, view.data());
        match (view.dtype(), model.dtype) {
            (Dtype::F32, DType::F32) => {
                let data = bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
                Value::from_f32(data, view.shape(), &model.device)
            }
            (Dtype::F64, DType::F64) => Value::from_f64(doubles_of(bytes), view.shape(), &model.device),
            (found, expected) => {
                Err(format_error(format!("'{name}': expected type {}, found {found:?}", expected.name())))
            }
        }
    }

    fn doubles(&self, name: &str) -> Result<Vec<f64>> {
        let view = self.view(name)?;
        match view.dtype() {
            Dtype::F64 => Ok(doubles_of(view.data())),
            other => Err(format_error(format!("'{name}': expected type F64, found {other:?}"))),
        }
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        Ok(self.view(name)?.data().to_vec())
    }

    fn open(&self, open: OpenFacts, metrics: usize) -> Result<OpenEpoch> {
        let (log, lengths) = (self.doubles(LOG)?, self.view(LOG_LENGTHS)?);
        let log_lengths: Vec<i64> = lengths.data().as_chunks().0.iter().map(|&b| i64::from_le_bytes(b)).collect();
        let whole = log_lengths.iter().try_fold(0usize, |n, &one| n.checked_add(usize::try_from(one).ok()?));
        let entries = usize::try_from(open.batches).ok().and_then(|batches| batches.checked_mul(metrics));
        let numbers = self.doubles(LOG_NUMBERS)?;
        let [seconds, weighted, last_loss, read_mass, parts @ ..] = numbers.as_slice() else {
            return Err(format_error("the open epoch lacks numbers"));
        };
        if whole != Some(log.len()) || entries != Some(log_lengths.len()) {
            return Err(format_error("the log of the open epoch does not agree with itself"));
        }
        let OpenFacts { epoch, samples, batches, steps, skipped } = open;
        let (seconds, weighted, last_loss, read_mass) = (*seconds, *weighted, *last_loss, *read_mass);
        // A tally that was laid aside has read all its batches.
        let (parts, read_batches) = (parts.to_vec(), batches);
        let tally = Tally {
            samples,
            batches,
            steps,
            skipped,
            seconds,
            weighted,
            read_mass,
            parts,
            last_loss,
            read_batches,
            log,
            log_lengths,
        };
        Ok(OpenEpoch { epoch, tally })
    }
}

fn doubles_of(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect()
}

/// The bytes of a file.
fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| {
        let kind = if e.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Io };
        Error::new(kind, e.to_string())
    })
}

fn damaged(error: &SafeTensorError) -> Error {
    let reason = match error {
        SafeTensorError::HeaderTooSmall | SafeTensorError::MetadataIncompleteBuffer => "the file is truncated",
        SafeTensorError::InvalidHeaderLength => {
            "the header is longer than the file: it is truncated or of another format"
        }
        SafeTensorError::HeaderTooLarge
        | SafeTensorError::InvalidHeader(_)
        | SafeTensorError::InvalidHeaderDeserialization(_) => "the header is not safetensors'",
        _ => "the content contradicts the header",
    };
    format_error(format!("not a whole safetensors file: {reason} ({error})"))
}

fn counter(view: &TensorView<'_>) -> Result<i64> {
    match (view.dtype(), view.data().as_array()) {
        (Dtype::I64, Some(&bytes)) => Ok(i64::from_le_bytes(bytes)),
        (other, _) => Err(format_error(format!("a counter: expected one 64-bit integer, found {other:?}"))),
    }
}
