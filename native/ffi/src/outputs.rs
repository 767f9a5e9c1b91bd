//! Arrays that the library gives out.

use crate::array::ExbArray;
use crate::error::{ExbError, Failure, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::structs::{Out, check_pointer, struct_size};
use exburn_core::{HostArray, HostData};

/// Results of a prediction. Any thread, concurrently.
pub struct ExbOutputs {
    _opaque: [u8; 0],
}

/// One result and its shape in the ABI's number type.
pub struct Output {
    array: HostArray,
    shape: Vec<i64>,
}

impl Kind for ExbOutputs {
    type Value = Vec<Output>;
    const INDEX: usize = 6;
    const NAME: &'static str = "outputs";
}

/// Hands arrays to the caller.
pub(crate) fn owned(arrays: Vec<HostArray>) -> *mut ExbOutputs {
    let outputs = arrays.into_iter().map(|array| {
        // A Vec holds at most isize::MAX bytes, so its dimensions fit.
        let shape = array.shape.iter().map(|&d| d as i64).collect();
        Output { array, shape }
    });
    handle::create::<ExbOutputs>(outputs.collect())
}

/// Number of arrays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_outputs_count(o: *const ExbOutputs, out: *mut usize, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, outputs) = unsafe { (Out::new(out, 0, "out")?, handle::get::<ExbOutputs>(o, "o")?) };
        out.set(outputs.len());
        Ok(())
    })
}

/// Array number `i`; its pointers live until the outputs are freed. The caller sets `out.struct_size` before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_outputs_array(
    o: *const ExbOutputs,
    i: usize,
    out: *mut ExbArray,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        check_pointer(out, "out")?;
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (size, outputs) =
            unsafe { (struct_size(out, size_of::<ExbArray>(), "out")?, handle::get::<ExbOutputs>(o, "o")?) };
        let mut result = ExbArray {
            struct_size: size as u32,
            dtype: 0,
            data: std::ptr::null(),
            byte_len: 0,
            shape: std::ptr::null(),
            rank: 0,
        };
        // SAFETY: as above.
        let out = unsafe { Out::new(out, result, "out")? };
        let Some(output) = outputs.get(i) else {
            let text = format!("there is no output {i}, there are {}", outputs.len());
            return Err(Failure::argument(Status::NotFound, "i", text));
        };
        let (dtype, data, bytes) = match &output.array.data {
            HostData::F32(v) => (0, v.as_ptr().cast(), size_of_val(&v[..])),
            HostData::F64(v) => (1, v.as_ptr().cast(), size_of_val(&v[..])),
            HostData::I32(v) => (2, v.as_ptr().cast(), size_of_val(&v[..])),
            HostData::I64(v) => (3, v.as_ptr().cast(), size_of_val(&v[..])),
            HostData::U8(v) => (4, v.as_ptr().cast(), size_of_val(&v[..])),
        };
        result.dtype = dtype;
        result.data = data;
        result.byte_len = bytes;
        result.shape = output.shape.as_ptr();
        result.rank = output.shape.len();
        out.set(result);
        Ok(())
    })
}

/// Frees outputs and all pointers into them. Null is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_outputs_free(o: *mut ExbOutputs) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbOutputs>(o) }
}
