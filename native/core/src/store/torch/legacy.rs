//! `torch.save` before PyTorch 1.6: five pickles (a number that marks the format, its version, facts about the machine, the saved object,
//! the storages' keys) and then the storages, each with its element count.

use std::collections::HashMap;

use super::state;
use super::tensor::{self, Storage, wrong};
use crate::store::pickle::{Object, Pickle};
use crate::store::source::{Cursor, Source};
use crate::store::weights::{Format, Place, StoredTensor, WeightsFile};
use crate::{Error, Result};

/// 0x1950a86a20f9469cfc6c, little endian.
const MAGIC: [u8; 10] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];
const VERSION: i64 = 1001;

/// Whether a file begins with a pickle.
pub(in crate::store) fn is_legacy(head: &[u8]) -> bool {
    head.len() > 2 && head[0] == 0x80 && (2..=5).contains(&head[1])
}

pub(in crate::store) fn open<'a>(source: Source<'a>, key: Option<&str>) -> Result<WeightsFile<'a>> {
    let mut cursor = Cursor::new(&source, 0, source.len());
    let magic = Pickle::read(&mut cursor)?;
    if *magic.get(magic.root) != Object::Long(MAGIC.to_vec()) {
        return Err(wrong("a pickle that is not torch.save's"));
    }
    let version = Pickle::read(&mut cursor)?;
    if *version.get(version.root) != Object::Int(VERSION) {
        return Err(Error::unsupported("a version of torch.save's old format other than 1001"));
    }
    let system = Pickle::read(&mut cursor)?;
    let little = system.lookup(system.root, "little_endian").map(|id| system.get(id));
    let big_endian = little == Some(&Object::Bool(false));
    let pickle = Pickle::read(&mut cursor)?;
    let keys = Pickle::read(&mut cursor)?;
    let places = places(&source, &pickle, &keys, cursor.position(), big_endian)?;

    let state = state::find(&pickle, key)?;
    let mut tensors = Vec::with_capacity(state.tensors.len());
    for (name, described) in state.tensors {
        let Some(&(start, len)) = places.get(&described.storage.key) else {
            return Err(wrong("a storage without values").at(name));
        };
        let (offset, strides) = (described.offset, described.strides);
        let place = Place { source: 0, start, len, offset, strides, big_endian, checksum: None };
        tensors.push(StoredTensor { name, dtype: described.dtype, shape: described.shape, place }.check()?);
    }
    let mut file = WeightsFile::new(Format::PyTorchLegacy, vec![source], tensors);
    file.versions = state.versions;
    Ok(file)
}

/// First byte and length of each storage, by its key. They stand in the order of the keys.
fn places(
    source: &Source<'_>,
    pickle: &Pickle,
    keys: &Pickle,
    start: u64,
    big_endian: bool,
) -> Result<HashMap<String, (u64, u64)>> {
    let mut sizes: HashMap<String, u64> = HashMap::new();
    for object in &pickle.objects {
        if let Object::Persistent(id) = object
            && let Ok(Storage { key, dtype, .. }) = tensor::storage(pickle, *id)
        {
            sizes.insert(key, dtype.map_or(1, |d| d.bits() as u64 / 8));
        }
    }
    let keys_list = keys.sequence(keys.root).ok_or_else(|| wrong("a file without the keys of its storages"))?;
    let mut places = HashMap::new();
    let mut at = start;
    for &key in keys_list {
        let key = keys.text(key).ok_or_else(|| wrong("a key that is no text"))?;
        let size = *sizes.get(key).ok_or_else(|| wrong("values of a storage that nothing uses"))?;
        let count: [u8; 8] = source.read(at, 8)?.try_into().unwrap_or_default();
        let count = if big_endian { u64::from_be_bytes(count) } else { u64::from_le_bytes(count) };
        let end = at + 8;
        let len = count
            .checked_mul(size)
            .filter(|len| *len <= source.len() - end)
            .ok_or_else(super::super::source::truncated)?;
        places.insert(key.to_owned(), (end, len));
        at = end + len;
    }
    Ok(places)
}
