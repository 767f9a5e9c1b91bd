//! What is in a dataset: values read back, statistics, transforms of an array, images in files.

use crate::buffer::ExbBuffer;
use crate::dataset::{self, ExbDataset, role_of};
use crate::device::json_buffer;
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle;
use crate::outputs::{self, ExbOutputs};
use crate::structs::{Out, size, slice};
use crate::text::utf8;
use exburn_core::data::Grouping;
use exburn_core::data::images::ImageSet;
use exburn_core::spec::ImagesSpec;
use exburn_core::{HostArray, HostData};

fn grouping_of(grouping: i32) -> Result<Grouping> {
    match grouping {
        0 => Ok(Grouping::Feature),
        1 => Ok(Grouping::Channel),
        2 => Ok(Grouping::All),
        _ => {
            let text = format!("'grouping' must be 0 (feature), 1 (channel) or 2 (all), found {grouping}");
            Err(Failure::argument(Status::InvalidArgument, "grouping", text))
        }
    }
}

/// Copies `count` rows of an array from `first` on; 64-bit integers come back as 32-bit ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_rows(
    ds: *const ExbDataset,
    role: i32,
    index: u64,
    first: u64,
    count: u64,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let (index, first, count) = (size(index, "index")?, size(first, "first")?, size(count, "count")?);
        let rows = dataset::read(&data)?.rows(role_of(role)?, index, first, count)?;
        out.set(outputs::owned(vec![rows]));
        Ok(())
    })
}

/// Four arrays of doubles, one number per group: mean, population deviation, least, most. `grouping`: 0 each element of a row, 1 the
/// first dimension of a row (channels), 2 all together.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_statistics(
    ds: *const ExbDataset,
    role: i32,
    index: u64,
    grouping: i32,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let found = dataset::read(&data)?.statistics(role_of(role)?, size(index, "index")?, grouping_of(grouping)?)?;
        let array = |v: Vec<f64>| HostArray { shape: vec![v.len()], data: HostData::F64(v) };
        out.set(outputs::owned([found.mean, found.deviation, found.least, found.most].map(array).into()));
        Ok(())
    })
}

/// The same rows with one array as floats (x - shift) / scale; `n` shifts and scales, one per group.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_normalize(
    ds: *const ExbDataset,
    role: i32,
    index: u64,
    grouping: i32,
    shift: *const f64,
    scale: *const f64,
    n: usize,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data, shift, scale) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            let data = handle::get::<ExbDataset>(ds, "ds")?;
            (out, data, slice(shift, n, "shift")?, slice(scale, n, "scale")?)
        };
        let (role, index, grouping) = (role_of(role)?, size(index, "index")?, grouping_of(grouping)?);
        let made = dataset::read(&data)?.normalized(role, index, grouping, shift, scale)?;
        out.set(dataset::owned(made));
        Ok(())
    })
}

/// The same rows with each row of one array divided by its Euclidean length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_unit_rows(
    ds: *const ExbDataset,
    role: i32,
    index: u64,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let made = dataset::read(&data)?.unit_rows(role_of(role)?, size(index, "index")?)?;
        out.set(dataset::owned(made));
        Ok(())
    })
}

/// The same rows with an integer target `[rows, ...]` as floats `[rows, ..., classes]`: 1 at the class, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_one_hot(
    ds: *const ExbDataset,
    target: u64,
    classes: u64,
    out: *mut *mut ExbDataset,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let made = dataset::read(&data)?.one_hot(size(target, "target")?, size(classes, "classes")?)?;
        out.set(dataset::owned(made));
        Ok(())
    })
}

/// One array of 64-bit integers: how often each class of an integer target occurs; at least `classes` of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_class_counts(
    ds: *const ExbDataset,
    target: u64,
    classes: u64,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, data) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbDataset>(ds, "ds")?) };
        let counts = dataset::read(&data)?.class_counts(size(target, "target")?, size(classes, "classes")?)?;
        let counts: Vec<i64> = counts.into_iter().map(|n| n as i64).collect();
        out.set(outputs::owned(vec![HostArray { shape: vec![counts.len()], data: HostData::I64(counts) }]));
        Ok(())
    })
}

/// Adds images in files, which are decoded and transformed batch by batch, as an input; writes its shape [rows, channels, height,
/// width] to `shape`, which has room for 4.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_dataset_add_images(
    ds: *const ExbDataset,
    json: *const u8,
    len: usize,
    shape: *mut i64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (data, json, place) = unsafe {
            let data = handle::get::<ExbDataset>(ds, "ds")?;
            (data, utf8(json, len, "json")?, crate::structs::slice_mut(shape, 4, "shape")?)
        };
        let images = ImagesSpec::from_json(json)?.build()?;
        let [channels, height, width] = images.shape();
        let sizes = [images.len(), channels, height, width];
        dataset::write(&data)?.add_images(images)?;
        place.iter_mut().zip(sizes).for_each(|(to, from)| *to = from as i64);
        Ok(())
    })
}

/// Decodes all files; JSON: `[{"index":3,"error":"..."}]`, those that fail.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_images_check(
    json: *const u8,
    len: usize,
    out: *mut ExbBuffer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, json) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, utf8(json, len, "json")?) };
        let spec = ImagesSpec::from_json(json)?;
        let failed = ImageSet::failures(&spec.files).into_iter();
        let failed: Vec<_> =
            failed.map(|(index, error)| serde_json::json!({ "index": index, "error": error })).collect();
        out.set(json_buffer(&failed)?);
        Ok(())
    })
}
