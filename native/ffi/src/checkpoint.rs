//! Checkpoints of training: write, read, take over; averaged weights.

use crate::array::{self, ExbArray};
use crate::buffer::{self, ExbBuffer};
use crate::error::{ExbError, Failure, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::model::ExbModel;
use crate::outputs::{self, ExbOutputs};
use crate::structs::{Out, flag};
use crate::text::utf8;
use exburn_core::spec::AverageSpec;
use exburn_core::store::Checkpoint;
use exburn_core::{DataView, HostArray, HostData};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// A checkpoint that has been read for a model. Any thread.
pub struct ExbCheckpoint {
    _opaque: [u8; 0],
}

impl Kind for ExbCheckpoint {
    type Value = Mutex<Option<Checkpoint>>;
    const INDEX: usize = 8;
    const NAME: &'static str = "checkpoint";
}

fn taken() -> Failure {
    Failure::argument(Status::InvalidArgument, "c", "the checkpoint has been taken over already")
}

/// Writes a checkpoint: weights, buffers, averages, optimizer state, an epoch that is open, with the caller's notes (JSON) and
/// attachments (arrays of u8). Under a temporary name first, then renamed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_checkpoint_write(
    m: *const ExbModel,
    path: *const u8,
    len: usize,
    notes: *const u8,
    notes_len: usize,
    attachments: *const ExbArray,
    n: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (model, path, notes, arrays) = unsafe {
            let model = handle::get::<ExbModel>(m, "m")?;
            let notes = utf8(notes, notes_len, "notes")?;
            (model, utf8(path, len, "path")?, notes, array::views(attachments, n, "attachments")?)
        };
        let bytes = arrays.iter().map(|array| match array.data {
            DataView::U8(bytes) => Ok(bytes),
            _ => Err(Failure::argument(Status::InvalidArgument, "attachments", "attachments must be arrays of u8")),
        });
        let bytes = bytes.collect::<Result<Vec<_>, _>>()?;
        model.run(|model| model.write_checkpoint(Path::new(path), notes, &bytes))
    })
}

/// Reads a checkpoint and checks that it is whole and fits the model; changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_checkpoint_read(
    m: *const ExbModel,
    path: *const u8,
    len: usize,
    out: *mut *mut ExbCheckpoint,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, path) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbModel>(m, "m")?, utf8(path, len, "path")?)
        };
        let checkpoint = model.run(|model| model.read_checkpoint(Path::new(path)))?;
        out.set(handle::create::<ExbCheckpoint>(Mutex::new(Some(checkpoint))));
        Ok(())
    })
}

/// The notes of a checkpoint that was read, and its attachments as outputs (u8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_checkpoint_notes(
    c: *const ExbCheckpoint,
    notes: *mut ExbBuffer,
    attachments: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (text, arrays, checkpoint) = unsafe {
            let text = Out::new(notes, ExbBuffer::EMPTY, "notes")?;
            let arrays = Out::new(attachments, std::ptr::null_mut(), "attachments")?;
            (text, arrays, handle::get::<ExbCheckpoint>(c, "c")?)
        };
        let checkpoint = checkpoint.lock().unwrap_or_else(PoisonError::into_inner);
        let checkpoint = checkpoint.as_ref().ok_or_else(taken)?;
        let bytes = |data: &Vec<u8>| HostArray::new(vec![data.len()], HostData::U8(data.clone()));
        let attached = checkpoint.attachments.iter().map(bytes).collect::<exburn_core::Result<_>>()?;
        text.set(buffer::owned(checkpoint.notes.clone().into_bytes()));
        arrays.set(outputs::owned(attached));
        Ok(())
    })
}

/// Gives a model the state of a checkpoint that was read for it; once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_checkpoint_apply(
    c: *const ExbCheckpoint,
    m: *const ExbModel,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (checkpoint, model) = unsafe { (handle::get::<ExbCheckpoint>(c, "c")?, handle::get::<ExbModel>(m, "m")?) };
        let checkpoint = checkpoint.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(taken)?;
        model.run(|model| model.apply_checkpoint(checkpoint))
    })
}

/// Frees a checkpoint that was read. Null is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_checkpoint_free(c: *mut ExbCheckpoint) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbCheckpoint>(c) }
}

/// Averages the weights after each optimizer step from now on, as the JSON description says; null: no more. Averages that there
/// are stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_average(
    m: *const ExbModel,
    json: *const u8,
    len: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (model, json) = unsafe { (handle::get::<ExbModel>(m, "m")?, utf8(json, len, "json")?) };
        let spec = if json.is_empty() { None } else { Some(AverageSpec::from_json(json)?) };
        model.run(|model| model.average(spec))
    })
}

/// Puts the averaged weights in the place of the trained ones (1), or back (0). Training is an error while they are there. Gives
/// the number of times that the averages moved; with 0 there are none, and nothing is done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_use_average(
    m: *const ExbModel,
    on: u32,
    out_moves: *mut u64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model) = unsafe { (Out::new(out_moves, 0, "out_moves")?, handle::get::<ExbModel>(m, "m")?) };
        let on = flag(on, "on")?;
        out.set(model.run(|model| Ok(model.use_averages(on)))?);
        Ok(())
    })
}
