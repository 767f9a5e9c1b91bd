//! safetensors, in memory and in files: PyTorch's names, shapes and layouts.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use serde::Serialize;

use super::checkpoint::RESERVED;
use super::restore::is_checkpoint;
use super::whole::write_whole;
use crate::array::element_count;
use crate::layers::{Bound, Role};
use crate::model::{Entry, Model};
use crate::tensor::Value;
use crate::{Error, ErrorKind, HostData, Result};

/// A name whose shape in the file is not the model's.
#[derive(Debug, Clone, Serialize)]
pub struct Mismatch {
    pub name: String,
    pub expected: Vec<usize>,
    pub found: Vec<usize>,
}

/// What a load did, or would have to ignore.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadReport {
    pub loaded: Vec<String>,
    /// The model has them, the file does not.
    pub missing: Vec<String>,
    /// The file has them, the model does not.
    pub unexpected: Vec<String>,
    pub mismatched: Vec<Mismatch>,
}

impl LoadReport {
    pub(super) fn is_exact(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.mismatched.is_empty()
    }

    pub(super) fn error(&self) -> Error {
        let list = |names: &[String]| names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("{} missing ({})", self.missing.len(), list(&self.missing)));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("{} unexpected ({})", self.unexpected.len(), list(&self.unexpected)));
        }
        let wrong = |m: &Mismatch| format!("{}: expected {:?}, found {:?}", m.name, m.expected, m.found);
        if !self.mismatched.is_empty() {
            let shown: Vec<String> = self.mismatched.iter().take(8).map(wrong).collect();
            parts.push(format!("{} of another shape ({})", self.mismatched.len(), shown.join("; ")));
        }
        Error::new(
            ErrorKind::Format,
            format!("the state does not fit the model: {}; nothing was changed", parts.join(", ")),
        )
        .with_detail(serde_json::to_value(self).unwrap_or_default())
    }
}

impl Model {
    /// The whole state as a safetensors file in memory.
    pub fn export_state(&self) -> Result<Vec<u8>> {
        let arrays = self.stream().executes(|| self.table.entries.iter().map(bytes_of).collect::<Result<Vec<_>>>())?;
        let views = arrays
            .iter()
            .zip(&self.table.entries)
            .map(|((dtype, bytes), entry)| {
                let view = TensorView::new(*dtype, entry.shape.clone(), bytes);
                view.map(|v| (entry.name.as_str(), v)).map_err(|e| Error::internal(e.to_string()))
            })
            .collect::<Result<Vec<_>>>()?;
        // PyTorch tools look for this mark.
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| Error::internal(e.to_string()))
    }

    /// Takes over a state. `strict`: names and shapes must agree exactly, else nothing changes. Otherwise what fits is
    /// loaded and the report says what did not. f16, bf16, f32 and f64 are converted to the model's type.
    pub fn import_state(&mut self, bytes: &[u8], strict: bool) -> Result<LoadReport> {
        self.device.check()?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| format_error(&e))?;
        // Of a checkpoint the weights are taken.
        let checkpoint = SafeTensors::read_metadata(bytes).is_ok_and(|(_, metadata)| is_checkpoint(&metadata));
        let mut report = LoadReport::default();
        let mut loads: Vec<(usize, Bound)> = Vec::new();
        for (position, entry) in self.table.entries.iter().enumerate() {
            let Ok(found) = file.tensor(&entry.name) else {
                report.missing.push(entry.name.clone());
                continue;
            };
            if found.shape() != entry.shape {
                let (expected, found) = (entry.shape.clone(), found.shape().to_vec());
                report.mismatched.push(Mismatch { name: entry.name.clone(), expected, found });
                continue;
            }
            let bound = match entry.role {
                Role::Counter => Bound::Counter(counter(&found).map_err(|e| e.at(&entry.name))?),
                _ => {
                    let data = floats(&found).map_err(|e| e.at(&entry.name))?;
                    Bound::Tensor(Value::from_doubles(data, &entry.shape, self.dtype, &self.device)?)
                }
            };
            loads.push((position, bound));
            report.loaded.push(entry.name.clone());
        }
        let ours = |n: &str| checkpoint && n.starts_with(RESERVED);
        let stray = |n: &&str| self.table.position(n).is_none() && !ours(n);
        let mut unexpected: Vec<String> = file.names().into_iter().filter(stray).map(str::to_owned).collect();
        unexpected.sort();
        report.unexpected = unexpected;
        if strict && !report.is_exact() {
            return Err(report.error());
        }
        self.table.commit(loads);
        Ok(report)
    }

    /// Writes the state to a temporary name beside the file, then renames it: a crash leaves the earlier file whole.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.export_state()?;
        write_whole(path, |file| file.write_all(&bytes)).map_err(|e| Error::from(e).at(path.display().to_string()))
    }

    /// Reads a safetensors file into the model; see [`Model::import_state`].
    pub fn load(&mut self, path: &Path, strict: bool) -> Result<LoadReport> {
        let name = path.display().to_string();
        let bytes = read(path).map_err(|e| e.at(&name))?;
        self.import_state(&bytes, strict).map_err(|e| e.at(&name))
    }
}

/// A stored value as safetensors holds it.
fn bytes_of(entry: &Entry) -> Result<(Dtype, Vec<u8>)> {
    match &entry.stored {
        Bound::Counter(n) => Ok((Dtype::I64, n.to_le_bytes().to_vec())),
        Bound::Tensor(value) => match value.to_host()?.data {
            HostData::F64(v) => Ok((Dtype::F64, v.iter().flat_map(|x| x.to_le_bytes()).collect())),
            HostData::F32(v) => Ok((Dtype::F32, v.iter().flat_map(|x| x.to_le_bytes()).collect())),
            _ => Err(Error::internal("a parameter is not a float").at(&entry.name)),
        },
    }
}

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| {
        let kind = if e.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Io };
        Error::new(kind, e.to_string())
    })
}

pub(super) fn format_error(error: &SafeTensorError) -> Error {
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
    Error::new(ErrorKind::Format, format!("not a whole safetensors file: {reason} ({error})"))
}

fn floats(view: &TensorView<'_>) -> Result<Vec<f64>> {
    let bytes = view.data();
    let values: Vec<f64> = match view.dtype() {
        Dtype::F32 => bytes.chunks_exact(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect(),
        Dtype::F64 => bytes
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect(),
        Dtype::F16 => bytes.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f64()).collect(),
        Dtype::BF16 => bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f64()).collect(),
        other => return Err(Error::dtype("stored tensor", "f16, bf16, f32 or f64", format!("{other:?}"))),
    };
    debug_assert_eq!(Some(values.len()), element_count(view.shape()).ok());
    Ok(values)
}

pub(super) fn counter(view: &TensorView<'_>) -> Result<i64> {
    match (view.dtype(), view.data()) {
        (Dtype::I64, b) if b.len() == 8 => Ok(i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])),
        (Dtype::I32, b) if b.len() == 4 => Ok(i32::from_le_bytes([b[0], b[1], b[2], b[3]]).into()),
        (other, _) => Err(Error::dtype("stored counter", "one 64-bit integer", format!("{other:?}"))),
    }
}
