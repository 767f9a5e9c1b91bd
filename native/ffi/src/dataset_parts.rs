//! Datasets made from datasets. Each result is a handle of its own; where rows are shared it keeps them alive.

use crate::dataset::{self, ExbDataset};
use crate::error::{ExbError, Failure, Status};
use crate::guard::guard;
use crate::handle;
use crate::structs::{Out, check_pointer, size, slice, slice_mut};
use crate::text::utf8;
use exburn_core::data::{Dataset, SplitMode};
use exburn_core::spec::FeedSpec;

/// More parts or datasets than anybody joins at once.
const MAX_PARTS: usize = 1 << 20;

/// `count` rows from `first` on. Shares the arrays; nothing is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_slice(
    ds: *const ExbDataset,
    first: u64,
    count: u64,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let part = dataset::read(&data)?.slice(size(first, "first")?, size(count, "count")?)?;
        out.set(dataset::owned(part));
        Ok(())
    })
}

/// The rows at `n` positions, in that order, repeated where a position is. Copies arrays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_select(
    ds: *const ExbDataset,
    positions: *const u64,
    n: usize,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data, positions) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbDataset>(ds, "ds")?, slice(positions, n, "positions")?)
        };
        let part = dataset::read(&data)?.select(positions)?;
        out.set(dataset::owned(part));
        Ok(())
    })
}

/// Parts of `n` sizes that add up to all rows, into `outs`. `mode`: 0 in order, 1 random, 2 stratified by the integer target number
/// `target`. The same seed gives the same parts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_split(
    ds: *const ExbDataset,
    sizes: *const u64,
    n: usize,
    mode: i32,
    target: u64,
    seed: u64,
    outs: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        if n > MAX_PARTS {
            return Err(Failure::argument(Status::InvalidArgument, "n", format!("{n} parts are too many")));
        }
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (data, sizes, outs) = unsafe {
            let outs = slice_mut(outs, n, "outs")?;
            outs.fill(std::ptr::null_mut());
            (handle::get::<ExbDataset>(ds, "ds")?, slice(sizes, n, "sizes")?, outs)
        };
        let mode = match mode {
            0 => SplitMode::InOrder,
            1 => SplitMode::Random,
            2 => SplitMode::Stratified { target: size(target, "target")? },
            _ => {
                let text = format!("'mode' must be 0 (in order), 1 (random) or 2 (stratified), found {mode}");
                return Err(Failure::argument(Status::InvalidArgument, "mode", text));
            }
        };
        let parts = dataset::read(&data)?.split(sizes, mode, seed)?;
        parts.into_iter().zip(outs).for_each(|(part, out)| *out = dataset::owned(part));
        Ok(())
    })
}

/// The rows of `n` datasets one after the other. Copies arrays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_concat(
    datasets: *const *const ExbDataset,
    n: usize,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        check_pointer(datasets, "datasets")?;
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, leases) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            let list = slice(datasets, n.min(MAX_PARTS), "datasets")?;
            let leases = list.iter().map(|&d| handle::get::<ExbDataset>(d, "datasets"));
            (out, leases.collect::<Result<Vec<_>, _>>()?)
        };
        let guards = leases.iter().map(|d| dataset::read(d)).collect::<Result<Vec<_>, _>>()?;
        let parts: Vec<&Dataset> = guards.iter().map(|g| &**g).collect();
        let joined = Dataset::concat(&parts)?;
        out.set(dataset::owned(joined));
        Ok(())
    })
}

/// The same rows, drawn by a sampler and mixed in training as the JSON says; shares the arrays. `weights`: one per row for the sampler
/// `Weighted`, else none. `epoch_rows` gets the rows drawn in an epoch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_feed(
    ds: *const ExbDataset,
    json: *const u8,
    len: usize,
    weights: *const f64,
    weights_len: usize,
    epoch_rows: *mut u64,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (rows, out, data, json, weights) = unsafe {
            let rows = Out::new(epoch_rows, 0, "epoch_rows")?;
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            let data = handle::get::<ExbDataset>(ds, "ds")?;
            (rows, out, data, utf8(json, len, "json")?, slice(weights, weights_len, "weights")?)
        };
        let fed = FeedSpec::from_json(json)?.apply(&*dataset::read(&data)?, weights)?;
        rows.set(fed.epoch_len() as u64);
        out.set(dataset::owned(fed));
        Ok(())
    })
}

/// The same rows with images decoded into memory as they are outside of training.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_in_memory(
    ds: *const ExbDataset,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let held = dataset::read(&data)?.in_memory()?;
        out.set(dataset::owned(held));
        Ok(())
    })
}
