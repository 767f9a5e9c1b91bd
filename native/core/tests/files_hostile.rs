//! Files that are torn, damaged or made to harm: always an error, never a panic, never memory without end.

#[path = "common/reference.rs"]
mod reference;

use std::path::{Path, PathBuf};

use exburn_core::store::{StoredType, WeightsFile};
use exburn_core::{ErrorKind, HostData};

fn files() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/files");
    let list = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>();
    let mut files: Vec<PathBuf> = list(&own).into_iter().chain(list(&reference::folder().join("files"))).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "pt" || e == "safetensors"));
    files.sort();
    assert!(!files.is_empty());
    files
}

/// All values of a file, if it can be read.
fn all(bytes: &[u8]) -> Result<Vec<(String, Vec<usize>, HostData)>, exburn_core::Error> {
    under(bytes, key(bytes))
}

/// Everything of a pickle, also what is no state_dict; safetensors and whole modules have no parts.
fn key(bytes: &[u8]) -> Option<&'static str> {
    let everything = bytes.get(8) != Some(&b'{') && WeightsFile::from_bytes(bytes, Some("")).is_ok();
    everything.then_some("")
}

fn under(bytes: &[u8], key: Option<&str>) -> Result<Vec<(String, Vec<usize>, HostData)>, exburn_core::Error> {
    let file = WeightsFile::from_bytes(bytes, key)?;
    let readable = file.tensors.iter().filter(|t| !matches!(t.dtype, StoredType::Other(..)));
    readable.map(|t| file.read(&t.name).map(|a| (t.name.clone(), a.shape, a.data))).collect()
}

#[test]
fn a_file_cut_at_any_byte_is_an_error() {
    for path in files() {
        let whole = std::fs::read(&path).unwrap();
        let name = path.display();
        let key = key(&whole);
        let all = |bytes: &[u8]| under(bytes, key);
        all(&whole).unwrap_or_else(|e| panic!("{name}: {e}"));
        for length in 0..whole.len() {
            // A storage without elements may be all that is behind the cut of a file that has no directory at its end.
            assert!(all(&whole[..length]).is_err(), "{name} cut at {length}");
        }
    }
}

#[test]
fn a_changed_byte_is_an_error_or_changes_values_only() {
    let mut caught = 0usize;
    for path in files() {
        let whole = std::fs::read(&path).unwrap();
        let key = key(&whole);
        let all = |bytes: &[u8]| under(bytes, key);
        let intact = all(&whole).unwrap();
        let zip = whole.starts_with(b"PK");
        let mut bytes = whole.clone();
        for at in 0..whole.len() {
            for change in [0x01, 0x80, 0xFF].into_iter().skip(if whole.len() < 3000 { 0 } else { 2 }) {
                bytes[at] = whole[at] ^ change;
                match all(&bytes) {
                    Err(e) => {
                        assert_ne!(e.kind, ErrorKind::Internal, "{}: byte {at}: {e}", path.display());
                        caught += 1;
                    }
                    // Zip archives have checksums of the names and of the values.
                    Ok(found) => assert!(!zip || same(&found, &intact), "{}: byte {at}", path.display()),
                }
            }
            bytes[at] = whole[at];
        }
    }
    assert!(caught > 1000);
}

fn same(a: &[(String, Vec<usize>, HostData)], b: &[(String, Vec<usize>, HostData)]) -> bool {
    let bits = |data: &HostData| -> Vec<u64> {
        match data {
            HostData::F32(v) => v.iter().map(|x| x.to_bits().into()).collect(),
            HostData::F64(v) => v.iter().map(|x| x.to_bits()).collect(),
            HostData::I32(v) => v.iter().map(|&x| x as u64).collect(),
            HostData::I64(v) => v.iter().map(|&x| x as u64).collect(),
            HostData::U8(v) => v.iter().map(|&x| x.into()).collect(),
        }
    };
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1 == b.1 && bits(&a.2) == bits(&b.2))
}

/// The old format around a pickle of the saved object: magic number, version, system, object, keys, one storage '0' of four floats.
fn legacy(object: &[u8]) -> Vec<u8> {
    let mut file =
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\x0d\x00\x00\x00little_endian\x88s."
            .to_vec();
    file.extend_from_slice(object);
    file.extend_from_slice(b"\x80\x02]X\x01\x00\x00\x000a.");
    file.extend_from_slice(&4u64.to_le_bytes());
    for x in [1f32, 2.0, 3.0, 4.0] {
        file.extend_from_slice(&x.to_le_bytes());
    }
    file
}

/// A pickle of `{"w": tensor}` on that storage, in protocol 0's text where that is shorter.
fn tensor(class: &str, elements: i64, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let tuple = |items: &[i64]| items.iter().map(|i| format!("I{i}\n")).collect::<String>();
    let (shape, strides) = (tuple(shape), tuple(strides));
    format!(
        "}}S'w'\nctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\n{class}\nS'0'\nS'cpu'\nI{elements}\ntQI{offset}\n\
         ({shape}t({strides}tI00\nNtRs."
    )
    .into_bytes()
}

#[test]
fn a_tensor_lies_within_its_storage() {
    let read = |object: Vec<u8>| all(&legacy(&object)).map(|mut all| all.remove(0).2);
    assert_eq!(read(tensor("FloatStorage", 4, 0, &[2, 2], &[1, 2])).unwrap(), HostData::F32(vec![1.0, 3.0, 2.0, 4.0]));
    assert_eq!(read(tensor("FloatStorage", 4, 3, &[1], &[1])).unwrap(), HostData::F32(vec![4.0]));
    assert_eq!(
        read(tensor("FloatStorage", 4, 1, &[2, 3], &[0, 1])).unwrap(),
        HostData::F32(vec![2.0, 3.0, 4.0, 2.0, 3.0, 4.0])
    );
    let max = i64::MAX;
    for (offset, shape, strides) in [
        (4, vec![1], vec![1]),
        (0, vec![5], vec![1]),
        (0, vec![2], vec![4]),
        (1, vec![2, 2], vec![2, 1]),
        (max, vec![1], vec![1]),
        (0, vec![max], vec![max]),
        (0, vec![max, max], vec![1, 1]),
        (0, vec![2, 2], vec![max, max]),
        (0, vec![-1], vec![1]),
        (0, vec![2], vec![-1]),
        (-1, vec![2], vec![1]),
        (0, vec![1 << 40], vec![0]), // four bytes that would become four terabytes
        (0, vec![2], vec![1, 1]),
        (0, vec![1; 65], vec![1; 65]),
    ] {
        let error = read(tensor("FloatStorage", 4, offset, &shape, &strides)).unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Format | ErrorKind::Unsupported | ErrorKind::InvalidArgument),
            "{offset} {shape:?} {strides:?}: {error}"
        );
    }
    // The storage's class decides how many bytes stand behind it.
    assert!(read(tensor("DoubleStorage", 4, 0, &[4], &[1])).is_err());
    assert!(read(tensor("os.system", 4, 0, &[4], &[1])).is_err());
}

#[test]
fn pickles_are_read_and_never_run() {
    // The classical attack: os.system("...") when it is unpickled. Beside a state_dict it is only a name that nobody calls.
    let mut object = b"}(S'evil'\ncos\nsystem\n(S'touch /tmp/exburn-owned'\ntR".to_vec();
    object.extend_from_slice(&tensor("FloatStorage", 4, 0, &[4], &[1])[1..]);
    object.truncate(object.len() - 2);
    object.extend_from_slice(b"u.");
    let found = all(&legacy(&object)).unwrap();
    assert_eq!((found.len(), found[0].0.as_str()), (1, "w"));
    assert!(!Path::new("/tmp/exburn-owned").exists());
    let only = all(&legacy(b"cos\nsystem\n(S'touch /tmp/exburn-owned'\ntR.")).unwrap_err();
    assert_eq!(only.kind, ErrorKind::Format);
    // Names that only look like PyTorch's are no tensors.
    let other = tensor("FloatStorage", 4, 0, &[4], &[1]);
    let other = String::from_utf8(other).unwrap().replace("torch._utils", "evil._utils");
    assert_eq!(all(&legacy(other.as_bytes())).unwrap_err().kind, ErrorKind::NotFound);
}

#[test]
fn nesting_and_repetition_cost_what_the_file_costs() {
    // A million tuples, each in the next.
    let mut deep = b"}S'w'\n)".to_vec();
    deep.extend(std::iter::repeat_n(0x85, 1_000_000));
    deep.extend_from_slice(b"s.");
    assert!(all(&legacy(&deep)).is_err());
    // Dictionaries, each twice in the next: 2^25 or 2^50 paths.
    for levels in [25, 50] {
        let mut wide = b"}q\x00S'x'\nI1\ns".to_vec();
        for i in 0..levels {
            wide.extend_from_slice(&[b'}', b'q', i + 1]);
            for key in [b"S'a'\n", b"S'b'\n"] {
                wide.extend_from_slice(key);
                wide.extend_from_slice(&[b'h', i, b's']);
            }
        }
        wide.push(b'.');
        assert!(all(&legacy(&wide)).is_err());
    }
    // A dictionary that holds itself.
    assert!(all(&legacy(b"}q\x00S'model'\nh\x00s.")).is_err());
    // Lengths that the file does not have.
    for opcode in [
        &b"X\xff\xff\xff\x7f"[..],
        b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x8b\xff\xff\xff\x7f",
        b"B\xff\xff\xff\xff",
    ] {
        assert!(all(&legacy(opcode)).is_err());
    }
}

#[test]
fn damaged_safetensors_headers_are_errors() {
    let file = |header: &str, data: usize| -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    };
    let good = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert_eq!(all(&file(good, 8)).unwrap()[0].2, HostData::F32(vec![0.0; 2]));
    for (header, data) in [
        (good, 7),
        (good, 9),
        ("not json", 8),
        ("[]", 0),
        (r#"{"w":5}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,99]}}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[18446744073709551615,9],"data_offsets":[0,8]}}"#, 8),
        (r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[18446744073709551608,18446744073709551615]}}"#, 8),
        (r#"{"w":{"dtype":"F9","shape":[2],"data_offsets":[0,8]}}"#, 8),
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            4,
        ),
        (
            r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
            12,
        ),
        (r#"{"__metadata__":{"a":1},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8),
    ] {
        let error = all(&file(header, data)).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Format | ErrorKind::InvalidArgument), "{header}: {error}");
    }
    // The length before the header may look like the beginning of a pickle, of an archive or of JSON.
    for length in [0x0280, 0x0580, 0x4B50, 0x7B7B] {
        let found = all(&file(&format!("{good:length$}"), 8)).unwrap_or_else(|e| panic!("{length:#x}: {e}"));
        assert_eq!(found[0].2, HostData::F32(vec![0.0; 2]));
    }
    let mut huge = file(good, 8);
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(all(&huge).unwrap_err().kind, ErrorKind::Format);
}
