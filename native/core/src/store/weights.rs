//! Files of weights: which tensors they hold, and one tensor at a time. The format is told by the content, not by the name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::element::{StoredType, decode};
use super::source::Source;
use super::{safetensors, shards, torch};
use crate::array::element_count;
use crate::{Error, ErrorKind, HostArray, HostData, Result};

/// A tensor that shows one stored element several times (`expand`) may have at most as many elements as this,
/// or as its storage: a few bytes must not ask for all memory.
const MAX_EXPANDED: usize = 1 << 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    SafeTensors,
    /// `torch.save` since 1.6: a zip archive.
    PyTorch,
    /// `torch.save` before 1.6, or with `_use_new_zipfile_serialization=False`.
    PyTorchLegacy,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::SafeTensors => "safetensors",
            Self::PyTorch => "pytorch",
            Self::PyTorchLegacy => "pytorch-legacy",
        }
    }
}

/// A tensor of a file.
#[derive(Debug, Clone)]
pub struct StoredTensor {
    pub name: String,
    pub dtype: StoredType,
    pub shape: Vec<usize>,
    pub(super) place: Place,
}

/// Where a tensor's elements lie.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Number of the source.
    pub source: usize,
    /// First byte and length of the storage.
    pub start: u64,
    pub len: u64,
    /// Elements of the storage before the tensor's first.
    pub offset: usize,
    /// Elements from one to the next in each dimension; `None`: row-major.
    pub strides: Option<Vec<usize>>,
    pub big_endian: bool,
    /// CRC-32 of the storage.
    pub checksum: Option<u32>,
}

impl StoredTensor {
    /// Checks that the tensor lies within its storage.
    pub(super) fn check(self) -> Result<Self> {
        self.bounds().map_err(|e| e.at(&self.name))?;
        Ok(self)
    }

    fn bounds(&self) -> Result<()> {
        let outside = || Error::new(ErrorKind::Format, "the tensor's elements lie outside its storage");
        let count = element_count(&self.shape)?;
        if count == 0 {
            return Ok(());
        }
        let end = self.span(count).and_then(|span| span.checked_add(self.place.offset)).ok_or_else(outside)?;
        let bits = (end as u64).checked_mul(self.dtype.bits() as u64).ok_or_else(outside)?;
        if bits.div_ceil(8) > self.place.len {
            return Err(outside());
        }
        if count > MAX_EXPANDED && (count as u64).saturating_mul(self.dtype.bits() as u64) / 8 > self.place.len {
            return Err(Error::unsupported(format!("an expanded tensor of shape {:?} over few elements", self.shape)));
        }
        Ok(())
    }

    /// Elements of the storage from the first to the last of the tensor's.
    fn span(&self, count: usize) -> Option<usize> {
        let Some(strides) = &self.place.strides else { return Some(count) };
        let reach = |sum: usize, (&d, &s): (&usize, &usize)| sum.checked_add((d - 1).checked_mul(s)?);
        self.shape.iter().zip(strides).try_fold(0, reach)?.checked_add(1)
    }
}

/// An open file of weights; what of it is not memory stays open.
#[derive(Debug)]
pub struct WeightsFile<'a> {
    pub format: Format,
    /// In the file's order.
    pub tensors: Vec<StoredTensor>,
    /// Texts beside the tensors (safetensors only).
    pub metadata: BTreeMap<String, String>,
    /// PyTorch's version of a module's state, by the module's name.
    pub(super) versions: HashMap<String, i64>,
    pub(super) sources: Vec<Source<'a>>,
    pub(super) names: HashMap<String, usize>,
    verified: Mutex<HashSet<(usize, u64)>>,
}

impl WeightsFile<'static> {
    /// Opens a file: safetensors, PyTorch's in both formats, an index of sharded files, or a folder with one of them under the
    /// name that Hugging Face gives it. `key`: see [`WeightsFile::from_source`].
    pub fn open(path: &Path, key: Option<&str>) -> Result<Self> {
        shards::open(path, key).map_err(|e| e.at(path.display().to_string()))
    }
}

impl<'a> WeightsFile<'a> {
    /// As [`WeightsFile::open`], of one whole file in memory.
    pub fn from_bytes(bytes: &'a [u8], key: Option<&str>) -> Result<Self> {
        Self::from_source(Source::Memory(bytes), key)
    }

    /// `key` names the part of a checkpoint that holds the tensors, dots between nested ones; by default it is looked for
    /// under the usual names (`state_dict`, `model` ...).
    pub(super) fn from_source(source: Source<'a>, key: Option<&str>) -> Result<Self> {
        let head = source.head(16)?;
        // safetensors first: the length that it begins with may look like anything.
        if !safetensors::is_safetensors(&head) {
            if head.starts_with(b"PK\x03\x04") {
                return torch::zip::open(source, key);
            }
            if torch::legacy::is_legacy(&head) {
                return torch::legacy::open(source, key);
            }
        }
        let mut file = safetensors::open(source)?;
        if let Some(key) = key {
            file.keep_under(key)?;
        }
        Ok(file)
    }

    pub(super) fn new(format: Format, sources: Vec<Source<'a>>, tensors: Vec<StoredTensor>) -> Self {
        let (metadata, versions, names) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        let mut file = Self { format, tensors, metadata, versions, sources, names, verified: Mutex::default() };
        file.index();
        file
    }

    /// Keeps the tensors whose names begin with the key and a dot, and takes that off.
    pub(super) fn keep_under(&mut self, key: &str) -> Result<()> {
        let under = |name: &str| name.strip_prefix(key).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned);
        self.tensors.retain_mut(|t| under(&t.name).map(|name| t.name = name).is_some());
        self.versions =
            std::mem::take(&mut self.versions).into_iter().filter_map(|(m, v)| Some((under(&m)?, v))).collect();
        self.index();
        if self.tensors.is_empty() {
            return Err(Error::not_found(format!("nothing in the file is under the key '{key}'")));
        }
        Ok(())
    }

    /// The tensors of both.
    pub(super) fn join(mut self, other: Self) -> Self {
        let before = self.sources.len();
        self.sources.extend(other.sources);
        self.tensors.extend(other.tensors.into_iter().map(|mut t| {
            t.place.source += before;
            t
        }));
        self.metadata.extend(other.metadata);
        self.versions.extend(other.versions);
        self.index();
        self
    }

    fn index(&mut self) {
        self.names = self.tensors.iter().enumerate().map(|(i, t)| (t.name.clone(), i)).collect();
    }

    /// The tensor of a name.
    pub fn tensor(&self, name: &str) -> Option<&StoredTensor> {
        self.names.get(name).map(|&i| &self.tensors[i])
    }

    /// Copies a tensor to host memory: half precision as f32, narrow integers as i32, bools as u8.
    pub fn read(&self, name: &str) -> Result<HostArray> {
        let tensor = self.tensor(name).ok_or_else(|| Error::not_found(format!("the file has no tensor '{name}'")))?;
        let data = tensor.dtype.host().and_then(|host| self.elements(tensor, host)).map_err(|e| e.at(name))?;
        Ok(HostArray { shape: tensor.shape.clone(), data })
    }

    /// Format, metadata and tensors as JSON.
    pub fn describe(&self) -> serde_json::Value {
        let tensor = |t: &StoredTensor| json!({ "name": t.name, "shape": t.shape, "dtype": t.dtype.name() });
        json!({
            "format": self.format.name(),
            "files": self.sources.len(),
            "metadata": self.metadata,
            "tensors": self.tensors.iter().map(tensor).collect::<Vec<_>>(),
        })
    }

    /// The elements of a tensor of this file in row-major order, appended to `out` and converted to its type.
    pub(super) fn elements(&self, tensor: &StoredTensor, mut out: HostData) -> Result<HostData> {
        let (count, place) = (element_count(&tensor.shape)?, &tensor.place);
        let Some(span) = tensor.span(count).filter(|_| count > 0) else { return Ok(out) };
        let size = tensor.dtype.bits() / 8;
        let (at, bytes) = (place.start + (place.offset * size) as u64, (span * size) as u64);
        reserve(&mut out, span);
        let source = &self.sources[place.source];
        let whole = bytes == place.len;
        let mut sum = place.checksum.filter(|_| whole).map(|_| crc32fast::Hasher::new());
        source.blocks(at, bytes, |block| {
            if let Some(sum) = &mut sum {
                sum.update(block);
            }
            decode(tensor.dtype, place.big_endian, block, &mut out)
        })?;
        match sum {
            Some(sum) => compare(place, sum.finalize())?,
            None => self.verify(place)?,
        }
        Ok(match &place.strides {
            Some(strides) => gather(&out, &tensor.shape, strides, count),
            None => out,
        })
    }

    /// Compares a storage that several tensors share with its checksum, once.
    fn verify(&self, place: &Place) -> Result<()> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if place.checksum.is_none() || verified.contains(&(place.source, place.start)) {
            return Ok(());
        }
        let mut sum = crc32fast::Hasher::new();
        self.sources[place.source].blocks(place.start, place.len, |block| {
            sum.update(block);
            Ok(())
        })?;
        compare(place, sum.finalize())?;
        verified.insert((place.source, place.start));
        Ok(())
    }
}

fn compare(place: &Place, found: u32) -> Result<()> {
    match place.checksum {
        Some(expected) if expected != found => Err(Error::new(
            ErrorKind::Format,
            format!("the values are damaged: checksum {found:08x}, the file says {expected:08x}"),
        )),
        _ => Ok(()),
    }
}

macro_rules! each {
    ($data:expr, $v:ident => $body:expr) => {
        match $data {
            HostData::F32($v) => $body,
            HostData::F64($v) => $body,
            HostData::I32($v) => $body,
            HostData::I64($v) => $body,
            HostData::U8($v) => $body,
        }
    };
}

fn reserve(data: &mut HostData, count: usize) {
    each!(data, v => v.reserve_exact(count));
}

/// The elements at the strides, row-major.
fn gather(data: &HostData, shape: &[usize], strides: &[usize], count: usize) -> HostData {
    match data {
        HostData::F32(v) => HostData::F32(strided(v, shape, strides, count)),
        HostData::F64(v) => HostData::F64(strided(v, shape, strides, count)),
        HostData::I32(v) => HostData::I32(strided(v, shape, strides, count)),
        HostData::I64(v) => HostData::I64(strided(v, shape, strides, count)),
        HostData::U8(v) => HostData::U8(strided(v, shape, strides, count)),
    }
}

fn strided<T: Copy>(data: &[T], shape: &[usize], strides: &[usize], count: usize) -> Vec<T> {
    let mut out = Vec::with_capacity(count);
    let mut index = vec![0; shape.len()];
    let mut at = 0;
    while out.len() < count {
        out.push(data[at]);
        for d in (0..shape.len()).rev() {
            index[d] += 1;
            at += strides[d];
            if index[d] < shape[d] {
                break;
            }
            at -= strides[d] * shape[d];
            index[d] = 0;
        }
    }
    out
}
