//! Version, struct sizes, status names, build information, live handles. None of these needs anything else to be called first.

use crate::array::ExbArray;
use crate::buffer::{self, ExbBuffer};
use crate::error::{ExbError, Status};
use crate::guard::guard;
use crate::handle;
use crate::stream::ExbStreamBatch;
use crate::structs::Out;
use crate::tensor::ExbTensorOptions;
use crate::train::{ExbBatchEvent, ExbRunResult, ExbTrainOptions};

/// Raised when something existing changes.
pub const MAJOR: u32 = 1;
/// Raised when something is added.
pub const MINOR: u32 = 2;

/// Version of this ABI: major << 16 | minor. Equal major and at least the caller's minor is compatible.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_abi_version() -> u32 {
    MAJOR << 16 | MINOR
}

/// Size in bytes of a struct: 0 ExbArray, 1 ExbBuffer, 2 ExbTrainOptions, 3 ExbBatchEvent, 4 ExbRunResult, 5 ExbStreamBatch, 6 ExbTensorOptions. 0 for any other number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_struct_size(id: i32) -> usize {
    match id {
        0 => size_of::<ExbArray>(),
        1 => size_of::<ExbBuffer>(),
        2 => size_of::<ExbTrainOptions>(),
        3 => size_of::<ExbBatchEvent>(),
        4 => size_of::<ExbRunResult>(),
        5 => size_of::<ExbStreamBatch>(),
        6 => size_of::<ExbTensorOptions>(),
        _ => 0,
    }
}

/// Name of a status number, static UTF-8 without terminator; null and 0 for an unknown number. `len` may be null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_status_name(code: i32, len: *mut usize) -> *const u8 {
    let name = Status::from_code(code).map(Status::name);
    if !len.is_null() && len.is_aligned() {
        // SAFETY: the caller gives null or a place for a length.
        unsafe { len.write(name.map_or(0, str::len)) };
    }
    name.map_or(std::ptr::null(), str::as_ptr)
}

/// JSON about this build: version, abi, commit, features, target, profile, functions (number of exports).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_build_info(out: *mut ExbBuffer, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let out = unsafe { Out::new(out, ExbBuffer::EMPTY, "out")? };
        let mut features = Vec::new();
        if cfg!(feature = "gpu") {
            features.push("gpu");
        }
        if cfg!(feature = "spirv") {
            features.push("spirv");
        }
        let info = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "abi": format!("{MAJOR}.{MINOR}"),
            "commit": option_env!("EXBURN_COMMIT"),
            "features": features,
            "target": env!("EXBURN_TARGET"),
            "profile": env!("EXBURN_PROFILE"),
            "functions": env!("EXBURN_FUNCTIONS").parse::<u32>().unwrap_or(0),
        });
        out.set(buffer::owned(info.to_string().into_bytes()));
        Ok(())
    })
}

/// Number of live objects of a kind: 0 error, 1 device, 2 dataset, 3 model, 4 predictor, 5 cancel, 6 outputs, 7 buffer, 8 checkpoint, 9 gradients, 10 weights file, 11 tensor, 12 optimizer of tensors; -1 all of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_debug_live_handles(kind: i32) -> i64 {
    match usize::try_from(kind) {
        Ok(index) if index < handle::KINDS => handle::live(index),
        Err(_) if kind == -1 => (0..handle::KINDS).map(handle::live).sum(),
        _ => 0,
    }
}

/// Panics inside the guard, to prove that it holds: returns 99 with an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_debug_panic(error: *mut *mut ExbError) -> i32 {
    guard(error, || panic!("exb_debug_panic was called"))
}
