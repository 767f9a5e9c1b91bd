//! Files of weights without a model.

use crate::buffer::ExbBuffer;
use crate::device::json_buffer;
use crate::error::ExbError;
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::outputs::{self, ExbOutputs};
use crate::structs::Out;
use crate::text::utf8;
use exburn_core::store::WeightsFile;
use std::path::Path;

/// An open file of weights. Any thread, concurrently.
pub struct ExbWeights {
    _opaque: [u8; 0],
}

impl Kind for ExbWeights {
    type Value = WeightsFile<'static>;
    const INDEX: usize = 10;
    const NAME: &'static str = "weights file";
}

/// Opens a file of weights of any format, or a folder or an index of several. `key` names the part of a checkpoint that holds the
/// tensors, dots between nested ones; null: it is looked for; empty: everything.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_weights_open(
    path: *const u8,
    len: usize,
    key: *const u8,
    key_len: usize,
    out: *mut *mut ExbWeights,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, path, given) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, utf8(path, len, "path")?, utf8(key, key_len, "key")?)
        };
        let key = if key.is_null() { None } else { Some(given) };
        out.set(handle::create::<ExbWeights>(WeightsFile::open(Path::new(path), key)?));
        Ok(())
    })
}

/// What the file holds, as JSON: format, files, metadata, and of each tensor name, shape and dtype (safetensors' names).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_weights_list(w: *const ExbWeights, out: *mut ExbBuffer, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, file) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbWeights>(w, "w")?) };
        out.set(json_buffer(&file.describe())?);
        Ok(())
    })
}

/// Copies one tensor: an output. Half precision comes as f32, narrow integers as i32, bools as u8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_weights_read(
    w: *const ExbWeights,
    name: *const u8,
    len: usize,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, file, name) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbWeights>(w, "w")?, utf8(name, len, "name")?)
        };
        out.set(outputs::owned(vec![file.read(name)?]));
        Ok(())
    })
}

/// Closes a file. Null is allowed; a running call keeps it until it ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_weights_free(w: *mut ExbWeights) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbWeights>(w) }
}
