//! `torch.save` since PyTorch 1.6: a zip archive of uncompressed records, `data.pkl` and one record per storage.

use std::collections::HashMap;

use super::state;
use super::tensor::{Storage, wrong};
use crate::store::element::StoredType;
use crate::store::pickle::Pickle;
use crate::store::source::{Cursor, Source};
use crate::store::weights::{Format, Place, StoredTensor, WeightsFile};
use crate::store::zip::{Archive, Record};
use crate::{Error, ErrorKind, Result};

pub(in crate::store) fn open<'a>(source: Source<'a>, key: Option<&str>) -> Result<WeightsFile<'a>> {
    let archive = Archive::read(&source)?;
    let root = archive.folder_of("data.pkl").ok_or_else(|| wrong("a zip archive without data.pkl"))?;
    let big_endian = match archive.record(&format!("{root}byteorder")) {
        Some(record) => archive.bytes(&source, record)?.starts_with(b"big"),
        None => false,
    };
    let record = archive.record(&format!("{root}data.pkl")).ok_or_else(|| wrong("an archive without data.pkl"))?;
    let (start, len) = archive.verified(&source, record)?;
    let pickle = Pickle::read(&mut Cursor::new(&source, start, start + len))?;
    let state = state::find(&pickle, key)?;

    let mut places: HashMap<String, (u64, &Record)> = HashMap::new();
    let mut tensors = Vec::with_capacity(state.tensors.len());
    for (name, described) in state.tensors {
        let Storage { key, dtype, elements, .. } = &described.storage;
        if !places.contains_key(key) {
            let record = archive.record(&format!("{root}data/{key}")).ok_or_else(|| {
                Error::new(ErrorKind::Format, format!("the file has no values for the storage {key}")).at(&name)
            })?;
            places.insert(key.clone(), (archive.start(&source, record)?, record));
        }
        let (start, record) = places[key];
        let bytes = elements.checked_mul(dtype.map_or(1, |d| d.bits() as u64 / 8));
        if bytes.is_none_or(|bytes| bytes > record.len) {
            return Err(wrong("a storage shorter than it says").at(name));
        }
        let place = Place {
            source: 0,
            start,
            len: record.len,
            offset: described.offset,
            strides: described.strides,
            big_endian: big_endian && described.dtype != StoredType::Bool,
            checksum: record.checksum,
        };
        tensors.push(StoredTensor { name, dtype: described.dtype, shape: described.shape, place }.check()?);
    }
    let mut file = WeightsFile::new(Format::PyTorch, vec![source], tensors);
    file.versions = state.versions;
    Ok(file)
}
