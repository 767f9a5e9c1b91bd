//! How a pickle of PyTorch writes a tensor: a call of one of a few functions, on a storage that the file keeps elsewhere.

use crate::store::element::StoredType;
use crate::store::pickle::{Id, Object, Pickle};
use crate::{Error, ErrorKind, Result};

/// A part of a file's elements, under a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storage {
    pub key: String,
    /// Of the storage, not always of the tensors on it; `None` for an untyped one, which counts in bytes.
    pub dtype: Option<StoredType>,
    pub elements: u64,
    /// Where it begins in the storage of the key (files of PyTorch 0.x only).
    pub offset: u64,
}

/// A tensor as the pickle describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Described {
    pub storage: Storage,
    pub dtype: StoredType,
    pub offset: usize,
    pub shape: Vec<usize>,
    /// `None`: row-major.
    pub strides: Option<Vec<usize>>,
}

/// Parameters wrap tensors, subclasses wrap calls; no file of `torch.save` does it deeper.
const MAX_WRAPS: usize = 8;

/// The tensor that an object stands for; `None` for one that stands for something else.
pub(super) fn of(pickle: &Pickle, id: Id) -> Option<Result<Described>> {
    let Object::Call { callee, args, .. } = pickle.get(id) else { return None };
    call(pickle, *callee, *args, MAX_WRAPS)
}

fn call(pickle: &Pickle, callee: Id, args: Id, wraps: usize) -> Option<Result<Described>> {
    let (Object::Global(function), Object::Tuple(args)) = (pickle.get(callee), pickle.get(args)) else { return None };
    let wraps = wraps.checked_sub(1)?;
    match (function.as_str(), args.as_slice()) {
        ("torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state", &[data, ..]) => {
            let Object::Call { callee, args, .. } = pickle.get(data) else { return None };
            call(pickle, *callee, *args, wraps)
        }
        ("torch._tensor._rebuild_from_type_v2", &[callee, _, args, ..]) => call(pickle, callee, args, wraps),
        (
            "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2",
            &[storage, offset, shape, strides, ..],
        ) => Some(describe(pickle, storage, offset, shape, strides, None)),
        ("torch._utils._rebuild_tensor_v3", &[storage, offset, shape, strides, _, _, dtype, ..]) => {
            Some(describe(pickle, storage, offset, shape, strides, Some(dtype)))
        }
        _ => None,
    }
}

fn describe(pickle: &Pickle, storage: Id, offset: Id, shape: Id, strides: Id, dtype: Option<Id>) -> Result<Described> {
    let Object::Persistent(id) = pickle.get(storage) else { return Err(wrong("a tensor without a storage")) };
    let storage = self::storage(pickle, *id)?;
    let dtype = match dtype {
        Some(id) => match pickle.get(id) {
            Object::Global(name) => scalar_type(name)?,
            _ => return Err(wrong("a tensor without an element type")),
        },
        None => storage.dtype.ok_or_else(|| wrong("a tensor without an element type"))?,
    };
    let (offset, shape, strides) = (size(pickle, offset)?, sizes(pickle, shape)?, sizes(pickle, strides)?);
    if shape.len() != strides.len() {
        return Err(wrong("a tensor whose shape and strides differ in length"));
    }
    let offset =
        usize::try_from(storage.offset).ok().and_then(|o| o.checked_add(offset)).ok_or_else(|| wrong("an offset"))?;
    let strides = Some(strides).filter(|strides| !is_row_major(&shape, strides));
    Ok(Described { storage, dtype, offset, shape, strides })
}

/// The storage of a persistent id: ("storage", type, key, location, number of elements), and in old files what part of the
/// key's storage it is.
pub(super) fn storage(pickle: &Pickle, id: Id) -> Result<Storage> {
    let unknown = || wrong("a storage of an unknown kind");
    let Object::Tuple(parts) = pickle.get(id) else { return Err(unknown()) };
    let [kind, class, key, _location, elements, view @ ..] = parts.as_slice() else { return Err(unknown()) };
    let Object::Global(class) = pickle.get(*class) else { return Err(unknown()) };
    if pickle.text(*kind) != Some("storage") {
        return Err(unknown());
    }
    let key = match pickle.get(*key) {
        Object::Text(key) => key.clone(),
        Object::Int(key) => key.to_string(),
        _ => return Err(unknown()),
    };
    let offset = match view.first().map(|&view| pickle.get(view)) {
        Some(Object::Tuple(view)) if view.len() == 3 => size(pickle, view[1])? as u64,
        _ => 0,
    };
    Ok(Storage { key, dtype: storage_type(class)?, elements: size(pickle, *elements)? as u64, offset })
}

fn size(pickle: &Pickle, id: Id) -> Result<usize> {
    match pickle.get(id) {
        Object::Int(n) => usize::try_from(*n).map_err(|_| wrong(&format!("a size of {n}"))),
        _ => Err(wrong("a size that is no number")),
    }
}

fn sizes(pickle: &Pickle, id: Id) -> Result<Vec<usize>> {
    let items = pickle.sequence(id).ok_or_else(|| wrong("a shape that is no list"))?;
    if items.len() > 64 {
        return Err(wrong("a shape of more than 64 dimensions"));
    }
    items.iter().map(|&item| size(pickle, item)).collect()
}

fn is_row_major(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1usize;
    shape.contains(&0)
        || shape.iter().zip(strides).rev().all(|(&d, &stride)| {
            let fits = d == 1 || stride == expected;
            expected = expected.saturating_mul(d);
            fits
        })
}

/// The element type of a storage class, `None` for untyped bytes. Those of devices end in the same names (`torch.cuda.FloatStorage`).
fn storage_type(class: &str) -> Result<Option<StoredType>> {
    let known = class.starts_with("torch.").then(|| class.rsplit('.').next()).flatten();
    Ok(Some(match known.unwrap_or_default() {
        "DoubleStorage" => StoredType::F64,
        "FloatStorage" => StoredType::F32,
        "HalfStorage" => StoredType::F16,
        "BFloat16Storage" => StoredType::BF16,
        "LongStorage" => StoredType::I64,
        "IntStorage" => StoredType::I32,
        "ShortStorage" => StoredType::I16,
        "CharStorage" => StoredType::I8,
        "ByteStorage" => StoredType::U8,
        "BoolStorage" => StoredType::Bool,
        "ComplexFloatStorage" => StoredType::Other("C64", 64),
        "ComplexDoubleStorage" => StoredType::Other("C128", 128),
        "QInt8Storage" => StoredType::Other("QI8", 8),
        "QUInt8Storage" => StoredType::Other("QU8", 8),
        "QInt32Storage" => StoredType::Other("QI32", 32),
        "UntypedStorage" => return Ok(None),
        _ => return Err(wrong(&format!("a storage of class {class}"))),
    }))
}

fn scalar_type(name: &str) -> Result<StoredType> {
    Ok(match name {
        "torch.float64" => StoredType::F64,
        "torch.float32" => StoredType::F32,
        "torch.float16" => StoredType::F16,
        "torch.bfloat16" => StoredType::BF16,
        "torch.int64" => StoredType::I64,
        "torch.int32" => StoredType::I32,
        "torch.int16" => StoredType::I16,
        "torch.int8" => StoredType::I8,
        "torch.uint8" => StoredType::U8,
        "torch.bool" => StoredType::Bool,
        "torch.uint16" => StoredType::Other("U16", 16),
        "torch.uint32" => StoredType::Other("U32", 32),
        "torch.uint64" => StoredType::Other("U64", 64),
        "torch.float8_e4m3fn" => StoredType::Other("F8_E4M3", 8),
        "torch.float8_e5m2" => StoredType::Other("F8_E5M2", 8),
        _ => return Err(wrong(&format!("the element type {name}"))),
    })
}

pub(super) fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::Format, format!("not what torch.save writes: {what}"))
}
