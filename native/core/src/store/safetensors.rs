//! The safetensors format: the header's length in eight bytes (little endian), the header in JSON, the values.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::element::StoredType;
use super::source::Source;
use super::weights::{Format, Place, StoredTensor, WeightsFile};
use crate::array::element_count;
use crate::{Error, ErrorKind, Result};

/// The format's own limit.
const MAX_HEADER: u64 = 100_000_000;
const METADATA: &str = "__metadata__";
/// The mark of a checkpoint of ours, and how the names in it begin that are no part of the model's state.
const CHECKPOINT: &str = "exburn.checkpoint";
const RESERVED: &str = "exburn.";

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// Whether a file begins as the format demands: a length below the limit, then a JSON object.
pub(super) fn is_safetensors(head: &[u8]) -> bool {
    head.len() > 8 && head[4..8] == [0; 4] && head[8] == b'{'
}

/// Reads the header. The tensors must fill the file without gaps, as the format demands.
pub(super) fn open(source: Source<'_>) -> Result<WeightsFile<'_>> {
    let length: [u8; 8] = match source.head(8)?.try_into() {
        Ok(bytes) => bytes,
        Err(_) => return Err(damaged("the file is truncated")),
    };
    let length = u64::from_le_bytes(length);
    let data = length.saturating_add(8);
    if length > MAX_HEADER || data > source.len() {
        return Err(damaged("the header is longer than the file: it is truncated or of another format"));
    }
    let header = source.read(8, length)?;
    let unreadable = |e: serde_json::Error| damaged(&format!("the header is not safetensors' ({e})"));
    let mut header: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&header).map_err(unreadable)?;
    let metadata = match header.remove(METADATA) {
        Some(metadata) => serde_json::from_value(metadata).map_err(unreadable)?,
        None => BTreeMap::<String, String>::new(),
    };
    let mut tensors = Vec::with_capacity(header.len());
    for (name, entry) in header {
        let entry: Entry = serde_json::from_value(entry).map_err(unreadable)?;
        tensors.push(tensor(name, entry, data)?);
    }
    tensors.sort_by_key(|t| (t.place.start, t.place.len));
    let end = tensors.iter().try_fold(data, |at, t| (t.place.start == at).then(|| at + t.place.len));
    if end != Some(source.len()) {
        return Err(damaged("the content contradicts the header, or it is truncated"));
    }
    if metadata.contains_key(CHECKPOINT) {
        tensors.retain(|t| !t.name.starts_with(RESERVED));
    }
    let mut file = WeightsFile::new(Format::SafeTensors, vec![source], tensors);
    file.metadata = metadata;
    Ok(file)
}

fn tensor(name: String, entry: Entry, data: u64) -> Result<StoredTensor> {
    let contradiction = || damaged("the content contradicts the header").at(&name);
    let dtype = StoredType::parse(&entry.dtype).map_err(|e| e.at(&name))?;
    let [from, to] = entry.data_offsets;
    let len = to.checked_sub(from).ok_or_else(contradiction)?;
    let start = data.checked_add(from).filter(|start| start.checked_add(len).is_some()).ok_or_else(contradiction)?;
    let bits = (element_count(&entry.shape)? as u64).checked_mul(dtype.bits() as u64).ok_or_else(contradiction)?;
    if bits % 8 != 0 || bits / 8 != len {
        return Err(contradiction());
    }
    let place = Place { start, len, ..Place::default() };
    Ok(StoredTensor { name, dtype, shape: entry.shape, place })
}

fn damaged(reason: &str) -> Error {
    Error::new(ErrorKind::Format, format!("not a whole safetensors file: {reason}"))
}

/// A header for these tensors, whose values must follow in this order, with the length before it. Padded so that they begin at a
/// multiple of eight.
pub(super) fn header<'n>(
    tensors: impl Iterator<Item = (&'n str, StoredType, &'n [usize])>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut json = String::from("{");
    if !metadata.is_empty() {
        json += &format!("\"{METADATA}\":{},", text(metadata)?);
    }
    let mut at = 0;
    for (name, dtype, shape) in tensors {
        let end = at + element_count(shape)? * dtype.bits() / 8;
        let (name, dtype) = (text(name)?, dtype.name());
        json += &format!("{name}:{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{at},{end}]}},");
        at = end;
    }
    if json.ends_with(',') {
        json.pop();
    }
    json.push('}');
    while json.len() % 8 != 0 {
        json.push(' ');
    }
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    Ok(bytes)
}

fn text(value: &(impl serde::Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal(e.to_string()))
}
