//! From a model into safetensors files.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde::Deserialize;

use super::element::{StoredType, encode};
use super::whole::write_whole;
use super::{safetensors, shards};
use crate::array::element_count;
use crate::layers::Bound;
use crate::model::{Entry, Model};
use crate::tensor::DType;
use crate::{Error, ErrorKind, Result};

/// How a state is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SaveOptions {
    /// Type of the floats: F64, F32, F16, BF16. Default: the model's.
    pub dtype: Option<String>,
    /// Texts beside the tensors.
    pub metadata: BTreeMap<String, String>,
    /// Most bytes of tensors in one file; more are spread over several, with an index. Default: one file.
    pub max_shard_bytes: Option<u64>,
}

impl SaveOptions {
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map_err(|e| Error::new(ErrorKind::Format, format!("the save options are not valid: {e}")))
    }
}

/// An entry of the model as it will be written.
pub(super) struct Planned<'m> {
    entry: &'m Entry,
    dtype: StoredType,
    pub bytes: u64,
}

impl Planned<'_> {
    pub fn name(&self) -> &str {
        &self.entry.name
    }
}

impl Model {
    /// The whole state as a safetensors file in memory.
    pub fn export_state(&self) -> Result<Vec<u8>> {
        let options = SaveOptions::default();
        let planned = self.plan(&options)?;
        let total: u64 = planned.iter().map(|p| p.bytes).sum();
        let mut bytes = Vec::with_capacity(total as usize + 4096);
        self.write(&planned, &options, &mut bytes)?;
        Ok(bytes)
    }

    /// Writes the state to a temporary name beside the file, then renames it: a crash leaves the earlier file whole.
    pub fn save(&self, path: &Path) -> Result<()> {
        self.save_with(path, &SaveOptions::default())
    }

    /// As [`Model::save`]. A state larger than `max_shard_bytes` becomes `name-00001-of-00003.safetensors` ... and
    /// `name.safetensors.index.json`, as Hugging Face writes it.
    pub fn save_with(&self, path: &Path, options: &SaveOptions) -> Result<()> {
        let planned = self.plan(options)?;
        let total: u64 = planned.iter().map(|p| p.bytes).sum();
        let saved = match options.max_shard_bytes {
            Some(most) if total > most => {
                shards::write(path, planned, most, |shard, file| self.write(shard, options, file))
            }
            _ => write(path, |file| self.write(&planned, options, file)),
        };
        saved.map_err(|e| e.at(path.display().to_string()))
    }

    /// What is written, the largest elements first, so that all of a file are aligned.
    fn plan(&self, options: &SaveOptions) -> Result<Vec<Planned<'_>>> {
        let chosen = match &options.dtype {
            Some(name) => StoredType::parse(name).ok().filter(|t| t.is_float()),
            None => Some(if self.dtype == DType::F64 { StoredType::F64 } else { StoredType::F32 }),
        };
        // Parameters that are stored as halves stay that in the file.
        let kept = |entry: &Entry| match entry.dtype(self.dtype) {
            _ if options.dtype.is_some() => None,
            DType::F16 => Some(StoredType::F16),
            DType::BF16 => Some(StoredType::BF16),
            _ => None,
        };
        let Some(float) = chosen else {
            let found = options.dtype.as_deref().unwrap_or_default();
            return Err(Error::dtype("type of the file", "F64, F32, F16 or BF16", found));
        };
        let mut planned = Vec::with_capacity(self.table.entries.len());
        for entry in &self.table.entries {
            let float = kept(entry).unwrap_or(float);
            let dtype = if matches!(entry.stored, Bound::Counter(_)) { StoredType::I64 } else { float };
            planned.push(Planned { entry, dtype, bytes: (element_count(&entry.shape)? * dtype.bits() / 8) as u64 });
        }
        planned.sort_by_key(|p| Reverse(p.dtype.bits()));
        Ok(planned)
    }

    fn write(&self, planned: &[Planned<'_>], options: &SaveOptions, file: &mut dyn Write) -> Result<()> {
        // PyTorch tools look for this mark.
        let mut metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        metadata.extend(options.metadata.clone());
        let tensors = planned.iter().map(|p| (p.name(), p.dtype, p.entry.shape.as_slice()));
        file.write_all(&safetensors::header(tensors, &metadata)?)?;
        for p in planned {
            let bytes = self.stream().executes(|| bytes_of(p)).map_err(|e| e.at(p.name()))?;
            file.write_all(&bytes)?;
        }
        Ok(())
    }
}

/// A file that is whole or not there. An error of ours goes through the writer's and comes out as it was.
pub(super) fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    write_whole(path, |file| content(file).map_err(std::io::Error::other)).map_err(|e| match e.downcast::<Error>() {
        Ok(ours) => ours,
        Err(other) => other.into(),
    })
}

fn bytes_of(planned: &Planned<'_>) -> Result<Vec<u8>> {
    match &planned.entry.stored {
        Bound::Counter(n) => Ok(n.to_le_bytes().to_vec()),
        Bound::Tensor(value) => encode(&value.to_host()?.data, planned.dtype),
    }
}
