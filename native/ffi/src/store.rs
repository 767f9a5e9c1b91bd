//! State of a model: list, export, import, save, load.

use crate::buffer::{self, ExbBuffer};
use crate::device::json_buffer;
use crate::error::ExbError;
use crate::guard::guard;
use crate::handle;
use crate::model::ExbModel;
use crate::structs::{Out, flag, slice};
use crate::text::utf8;
use exburn_core::store::{LoadOptions, SaveOptions};
use std::path::Path;

/// JSON list of the state's entries: name, shape, dtype, kind, trainable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_state_list(
    m: *const ExbModel,
    out: *mut ExbBuffer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbModel>(m, "m")?) };
        let list = model.run(|model| Ok(model.state_list()))?;
        out.set(json_buffer(&list)?);
        Ok(())
    })
}

/// The whole state as a safetensors file in memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_state_export(
    m: *const ExbModel,
    out: *mut ExbBuffer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbModel>(m, "m")?) };
        let bytes = model.run(|model| model.export_state())?;
        out.set(buffer::owned(bytes));
        Ok(())
    })
}

/// Reads a state from a safetensors file in memory; gives the report as JSON. With `strict` 1, anything missing, unexpected or of another shape
/// is an error with the report as its detail, and nothing is changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_state_import(
    m: *const ExbModel,
    data: *const u8,
    len: usize,
    strict: u32,
    report: *mut ExbBuffer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, bytes) = unsafe {
            let out = Out::new(report, ExbBuffer::EMPTY, "report")?;
            (out, handle::get::<ExbModel>(m, "m")?, slice(data, len, "data")?)
        };
        let strict = flag(strict, "strict")?;
        let report = model.run(|model| model.import_state(bytes, strict))?;
        out.set(json_buffer(&report)?);
        Ok(())
    })
}

/// Writes the state to a safetensors file: under a temporary name first, then renamed. The options are JSON:
/// `{"dtype":"F64"|"F32"|"F16"|"BF16"|null,"metadata":{name: text},"max_shard_bytes":n|null}`; empty: all by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_save(
    m: *const ExbModel,
    path: *const u8,
    len: usize,
    options: *const u8,
    options_len: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (model, path, options) = unsafe {
            let options = utf8(options, options_len, "options")?;
            (handle::get::<ExbModel>(m, "m")?, utf8(path, len, "path")?, options)
        };
        let options = if options.is_empty() { SaveOptions::default() } else { SaveOptions::from_json(options)? };
        model.run(|model| model.save_with(Path::new(path), &options))
    })
}

/// Reads a file of weights of any format into the model; gives the report as JSON. The options are JSON:
/// `{"strict":true,"key":text|null,"rename":[[pattern,replacement],...],"only":[pattern,...]}`; empty: all by default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_load(
    m: *const ExbModel,
    path: *const u8,
    len: usize,
    options: *const u8,
    options_len: usize,
    report: *mut ExbBuffer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, path, options) = unsafe {
            let out = Out::new(report, ExbBuffer::EMPTY, "report")?;
            let options = utf8(options, options_len, "options")?;
            (out, handle::get::<ExbModel>(m, "m")?, utf8(path, len, "path")?, options)
        };
        let options = if options.is_empty() { LoadOptions::default() } else { LoadOptions::from_json(options)? };
        let report = model.run(|model| model.load(Path::new(path), options))?;
        out.set(json_buffer(&report)?);
        Ok(())
    })
}
