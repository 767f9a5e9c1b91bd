//! A state in several files with an index, as Hugging Face lays it out: `model-00001-of-00003.safetensors` ...,
//! `model.safetensors.index.json`.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use super::safetensors;
use super::save::{self, Planned};
use super::source::Source;
use super::weights::WeightsFile;
use crate::{Error, ErrorKind, Result};

const INDEX: &str = ".index.json";
/// What a folder may hold, in the order of looking.
const USUAL: [&str; 4] =
    ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];
/// An index is text about names; anything longer is something else.
const MAX_INDEX: u64 = 100_000_000;

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    metadata: serde_json::Map<String, serde_json::Value>,
    /// File by name of the tensor.
    weight_map: BTreeMap<String, String>,
}

/// Where a path leads: in a folder to the file that it holds, else to itself, or to its index where only that exists.
fn resolve(path: &Path) -> PathBuf {
    if path.is_dir()
        && let Some(usual) = USUAL.iter().map(|name| path.join(name)).find(|file| file.is_file())
    {
        return usual;
    }
    let index = beside(path, INDEX);
    if !path.exists() && index.is_file() { index } else { path.to_owned() }
}

/// Opens the file, or all the files, that a path stands for.
pub(super) fn open(path: &Path, key: Option<&str>) -> Result<WeightsFile<'static>> {
    let path = resolve(path);
    if path.is_dir() {
        return Err(Error::not_found(format!("the folder holds none of {}", USUAL.join(", "))));
    }
    let source = Source::open(&path)?;
    match index(&source)? {
        None => WeightsFile::from_source(source, key),
        Some(index) => {
            let mut file = open_all(path.parent().unwrap_or(Path::new("")), index)?;
            if let Some(key) = key {
                file.keep_under(key)?;
            }
            Ok(file)
        }
    }
}

/// The index, where the file is one: JSON from its first byte.
fn index(source: &Source<'_>) -> Result<Option<Index>> {
    let head = source.head(16)?;
    let text = head.trim_ascii_start().starts_with(b"{");
    if !text || safetensors::is_safetensors(&head) || source.len() > MAX_INDEX {
        return Ok(None);
    }
    let bytes = source.read(0, source.len())?;
    let index = serde_json::from_slice(&bytes)
        .map_err(|e| Error::new(ErrorKind::Format, format!("not an index of sharded weights: {e}")))?;
    Ok(Some(index))
}

fn open_all(folder: &Path, index: Index) -> Result<WeightsFile<'static>> {
    let mut files: HashMap<String, WeightsFile<'static>> = HashMap::new();
    for name in index.weight_map.values() {
        if files.contains_key(name) {
            continue;
        }
        // A name, not a path: an index must not lead out of its folder.
        if Path::new(name).file_name().is_none_or(|n| n != name.as_str()) || name.contains(['/', '\\']) {
            return Err(Error::new(
                ErrorKind::Format,
                format!("the index names '{name}', which is no plain file name"),
            ));
        }
        let open = Source::open(&folder.join(name)).and_then(|source| WeightsFile::from_source(source, None));
        files.insert(name.clone(), open.map_err(|e| e.at(name))?);
    }
    let mut places: Vec<(&String, &String)> = index.weight_map.iter().map(|(tensor, file)| (file, tensor)).collect();
    places.sort();
    let mut whole: Option<WeightsFile<'static>> = None;
    for (name, mut file) in files.into_iter().collect::<BTreeMap<_, _>>() {
        for (_, tensor) in places.iter().filter(|(file, _)| **file == name) {
            if file.tensor(tensor).is_none() {
                let message = format!("the index says that it holds '{tensor}', which it does not");
                return Err(Error::new(ErrorKind::Format, message).at(name));
            }
        }
        file.tensors.retain(|t| index.weight_map.get(&t.name) == Some(&name));
        whole = Some(match whole.take() {
            None => file,
            Some(whole) => whole.join(file),
        });
    }
    let mut whole = whole.ok_or_else(|| Error::new(ErrorKind::Format, "the index names no tensors"))?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    whole.metadata.extend(index.metadata.into_iter().map(|(key, value)| (key, text(value))));
    Ok(whole)
}

/// Writes the files, then the index, and takes away what an earlier save under the same name left.
pub(super) fn write<'m>(
    path: &Path,
    planned: Vec<Planned<'m>>,
    most: u64,
    write: impl Fn(&[Planned<'m>], &mut dyn Write) -> Result<()>,
) -> Result<()> {
    let total: u64 = planned.iter().map(|p| p.bytes).sum();
    let mut shards: Vec<Vec<Planned<'m>>> = Vec::new();
    let mut filled = 0;
    for p in planned {
        // A tensor larger than the limit has a file of its own.
        match shards.last_mut() {
            Some(shard) if filled + p.bytes <= most => {
                filled += p.bytes;
                shard.push(p);
            }
            _ => {
                filled = p.bytes;
                shards.push(vec![p]);
            }
        }
    }
    let file_name = path.file_name().ok_or_else(|| Error::argument("the path names no file"))?.to_string_lossy();
    let stem = file_name.strip_suffix(".safetensors").unwrap_or(&file_name).to_owned();
    let name = |i: usize| format!("{stem}-{:05}-of-{:05}.safetensors", i + 1, shards.len());
    let index_path = beside(path, INDEX);
    let earlier = Source::open(&index_path).and_then(|source| index(&source)).ok().flatten();

    let mut weight_map = BTreeMap::new();
    for (i, shard) in shards.iter().enumerate() {
        save::write(&path.with_file_name(name(i)), |file| write(shard, file))?;
        weight_map.extend(shard.iter().map(|p| (p.name().to_owned(), name(i))));
    }
    let index = json!({ "metadata": { "total_size": total }, "weight_map": weight_map });
    let text = serde_json::to_string_pretty(&index).map_err(|e| Error::internal(e.to_string()))?;
    save::write(&index_path, |file| Ok(file.write_all(text.as_bytes())?))?;

    let current: Vec<String> = (0..shards.len()).map(name).collect();
    let old = earlier.into_iter().flat_map(|index| index.weight_map.into_values());
    let ours = |name: &String| name.strip_prefix(stem.as_str()).is_some_and(is_numbered);
    for name in old.filter(|name| !current.contains(name) && ours(name)) {
        let _ = std::fs::remove_file(path.with_file_name(name)); // gone already, or another tensor's turn
    }
    // A single file of an earlier save would be found before the index.
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e.into()),
        _ => Ok(()),
    }
}

/// `-00001-of-00003.safetensors`
fn is_numbered(rest: &str) -> bool {
    let digits = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    let parts = rest.strip_prefix('-').and_then(|r| r.strip_suffix(".safetensors")).and_then(|r| r.split_once("-of-"));
    parts.is_some_and(|(i, n)| digits(i) && digits(n))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
