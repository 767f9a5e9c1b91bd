//! Datasets in native memory.

use crate::array::{self, ExbArray};
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::structs::Out;
use exburn_core::data::{Dataset, Role};
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

/// Rows of inputs and targets. Several runs may read one dataset at a time; adding excludes all of them.
pub struct ExbDataset {
    _opaque: [u8; 0],
}

impl Kind for ExbDataset {
    type Value = RwLock<Dataset>;
    const INDEX: usize = 2;
    const NAME: &'static str = "dataset";
}

fn refused<G>(error: TryLockError<G>) -> Failure {
    match error {
        TryLockError::WouldBlock => Failure::argument(Status::Busy, "dataset", "the dataset is in use by another call"),
        TryLockError::Poisoned(_) => Failure::argument(
            Status::Poisoned,
            "dataset",
            "the dataset was being changed when an internal error happened; make a new one",
        ),
    }
}

/// Reads a dataset for a run.
pub(crate) fn read(dataset: &RwLock<Dataset>) -> Result<RwLockReadGuard<'_, Dataset>> {
    dataset.try_read().map_err(refused)
}

/// A dataset to change.
pub(crate) fn write(dataset: &RwLock<Dataset>) -> Result<RwLockWriteGuard<'_, Dataset>> {
    dataset.try_write().map_err(refused)
}

pub(crate) fn role_of(role: i32) -> Result<Role> {
    match role {
        0 => Ok(Role::Input),
        1 => Ok(Role::Target),
        2 => Ok(Role::Weight),
        _ => {
            let text = format!("'role' must be 0 (input), 1 (target) or 2 (weight), found {role}");
            Err(Failure::argument(Status::InvalidArgument, "role", text))
        }
    }
}

/// Hands a dataset to the caller.
pub(crate) fn owned(dataset: Dataset) -> *mut ExbDataset {
    handle::create::<ExbDataset>(RwLock::new(dataset))
}

/// Makes an empty dataset.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_new(out: *mut *mut ExbDataset, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let out = unsafe { Out::new(out, std::ptr::null_mut(), "out")? };
        out.set(owned(Dataset::new()));
        Ok(())
    })
}

/// Copies an array in as the next input (role 0) or target (role 1), or as the sample weights (role 2, shape [rows]). Its first
/// dimension is the rows; all arrays have the same number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_add(
    ds: *const ExbDataset,
    role: i32,
    array: *const ExbArray,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (dataset, view) = unsafe { (handle::get::<ExbDataset>(ds, "ds")?, array::view(array, "array")?) };
        let role = role_of(role)?;
        let mut dataset = write(&dataset)?;
        match role {
            Role::Input => dataset.add_input(view)?,
            Role::Target => dataset.add_target(view)?,
            Role::Weight => dataset.add_weights(view)?,
        }
        Ok(())
    })
}

/// Number of rows.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_len(ds: *const ExbDataset, out: *mut u64, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, dataset) = unsafe { (Out::new(out, 0, "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        out.set(read(&dataset)?.len() as u64);
        Ok(())
    })
}

/// Frees a dataset. Null is allowed; a running call keeps it until it ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_free(ds: *mut ExbDataset) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbDataset>(ds) }
}
