//! From a file into a model.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::rename::{Rule, rename};
use super::report::{LoadReport, Mismatch};
use super::weights::{StoredTensor, WeightsFile};
use crate::layers::{Bound, Role};
use crate::model::{Entry, Model, matches_name};
use crate::tensor::{DType, Value};
use crate::{Error, ErrorKind, HostArray, HostData, Result};

/// What wrappers of a model put before its names: `DataParallel` and `torch.compile`.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];

/// How names of a file and of a model come together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadOptions {
    /// Whether missing, unexpected and mismatched names are an error. Default true.
    pub strict: bool,
    /// The part of a checkpoint to load; see [`WeightsFile::open`].
    pub key: Option<String>,
    /// Rules (pattern, replacement), applied in this order to every name of the file.
    pub rename: Vec<(String, String)>,
    /// Patterns of the model's names to load; others are left as they are, in file and model. Empty: all.
    pub only: Vec<String>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { strict: true, key: None, rename: Vec::new(), only: Vec::new() }
    }
}

impl From<bool> for LoadOptions {
    fn from(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }
}

impl LoadOptions {
    pub fn from_json(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map_err(|e| Error::new(ErrorKind::Format, format!("the load options are not valid: {e}")))
    }
}

impl Model {
    /// Reads a file of any format into the model; `true` and `false` stand for strict and lenient options. Unless strict, what
    /// fits is loaded and the report says what did not. After an error the model is as it was.
    pub fn load(&mut self, path: &Path, options: impl Into<LoadOptions>) -> Result<LoadReport> {
        let options = options.into();
        self.device.check()?;
        let file = WeightsFile::open(path, options.key.as_deref())?;
        self.take(&file, &options).map_err(|e| e.at(path.display().to_string()))
    }

    /// As [`Model::load`], from a whole file in memory.
    pub fn import_state(&mut self, bytes: &[u8], options: impl Into<LoadOptions>) -> Result<LoadReport> {
        let options = options.into();
        self.device.check()?;
        let file = WeightsFile::from_bytes(bytes, options.key.as_deref())?;
        self.take(&file, &options)
    }

    fn take(&mut self, file: &WeightsFile<'_>, options: &LoadOptions) -> Result<LoadReport> {
        let wanted = self.wanted(&options.only)?;
        let names = self.renamed(file, options)?;
        let mut report = LoadReport::default();
        let mut loads: Vec<(usize, Bound)> = Vec::new();
        let stream = self.stream();
        for (position, entry) in self.table.entries.iter().enumerate().filter(|(i, _)| wanted[*i]) {
            let Some(tensor) = names.get(entry.name.as_str()) else {
                if !is_optional(entry, file, options)? {
                    report.missing.push(entry.name.clone());
                }
                continue;
            };
            // PyTorch before 0.4 had no scalars.
            if tensor.shape != entry.shape && !(entry.shape.is_empty() && tensor.shape == [1]) {
                let (expected, found) = (entry.shape.clone(), tensor.shape.clone());
                report.mismatched.push(Mismatch { name: entry.name.clone(), expected, found });
                continue;
            }
            report.loaded.push(entry.name.clone());
            if options.strict && !(report.missing.is_empty() && report.mismatched.is_empty()) {
                continue; // it ends in an error: only the report is still of use
            }
            let bound = stream.executes(|| self.bound(entry, tensor, file)).map_err(|e| e.at(&entry.name))?;
            loads.push((position, bound));
        }
        report.unexpected = names.keys().filter(|n| self.table.position(n).is_none()).cloned().collect();
        report.unexpected.sort();
        if options.strict && !report.is_exact() {
            return Err(report.error());
        }
        self.table.commit(loads);
        Ok(report)
    }

    /// Which entries of the table are to be loaded.
    fn wanted(&self, only: &[String]) -> Result<Vec<bool>> {
        let entries = &self.table.entries;
        if let Some(pattern) = only.iter().find(|p| !entries.iter().any(|e| matches_name(p, &e.name))) {
            return Err(self.table.unknown(pattern));
        }
        Ok(entries.iter().map(|e| is_chosen(only, &e.name)).collect())
    }

    /// The file's tensors under the names that the model may know them by, as far as those are chosen.
    fn renamed<'f>(
        &self,
        file: &'f WeightsFile<'_>,
        options: &LoadOptions,
    ) -> Result<HashMap<String, &'f StoredTensor>> {
        let rules = rules(options)?;
        let mut named: Vec<(String, &StoredTensor)> =
            file.tensors.iter().map(|t| (rename(&rules, &t.name), t)).collect();
        for wrapper in WRAPPERS {
            let foreign = !self.table.entries.iter().any(|e| e.name.starts_with(wrapper));
            if foreign && named.iter().all(|(name, _)| name.starts_with(wrapper)) {
                named.iter_mut().for_each(|(name, _)| drop(name.drain(..wrapper.len())));
            }
        }
        let mut names: HashMap<String, &StoredTensor> = HashMap::with_capacity(named.len());
        for (name, tensor) in named.into_iter().filter(|(name, _)| is_chosen(&options.only, name)) {
            if let Some(other) = names.insert(name.clone(), tensor) {
                let (a, b) = (&other.name, &tensor.name);
                return Err(Error::argument(format!("'{a}' and '{b}' of the file would both be '{name}'")));
            }
        }
        Ok(names)
    }

    fn bound(&self, entry: &Entry, tensor: &StoredTensor, file: &WeightsFile<'_>) -> Result<Bound> {
        if entry.role == Role::Counter {
            return match file.elements(tensor, HostData::I64(Vec::with_capacity(1)))? {
                HostData::I64(v) if v.len() == 1 => Ok(Bound::Counter(v[0])),
                _ => Err(Error::internal("a counter is one integer")),
            };
        }
        let empty = match self.dtype {
            DType::F64 => HostData::F64(Vec::new()),
            _ => HostData::F32(Vec::new()),
        };
        let data = file.elements(tensor, empty)?;
        let array = HostArray { shape: entry.shape.clone(), data };
        Ok(Bound::Tensor(Value::float_from_array(array, entry.dtype(self.dtype), &self.device)?))
    }
}

fn rules(options: &LoadOptions) -> Result<Vec<Rule>> {
    options.rename.iter().map(|(pattern, replacement)| Rule::new(pattern, replacement)).collect()
}

fn is_chosen(only: &[String], name: &str) -> bool {
    only.is_empty() || only.iter().any(|pattern| matches_name(pattern, name))
}

/// Whether an entry may be missing: a batch norm's counter, which PyTorch before 0.4.1 did not have and safetensors files often leave out.
/// As in PyTorch it keeps its value then, unless the file says that its module's state is of the later version 2.
fn is_optional(entry: &Entry, file: &WeightsFile<'_>, options: &LoadOptions) -> Result<bool> {
    if entry.role != Role::Counter {
        return Ok(false);
    }
    let (owner, counter) = entry.name.rsplit_once('.').unwrap_or(("", &entry.name));
    let rules = rules(options)?;
    let same = |module: &str| {
        let name = rename(&rules, &format!("{module}.{counter}"));
        let plain = WRAPPERS.iter().fold(name.as_str(), |name, w| name.strip_prefix(w).unwrap_or(name));
        plain.strip_suffix(counter).and_then(|n| n.strip_suffix('.')) == Some(owner)
    };
    Ok(!file.versions.iter().any(|(module, version)| *version >= 2 && same(module)))
}
