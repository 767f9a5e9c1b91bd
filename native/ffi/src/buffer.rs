//! Bytes that the library owns and the caller frees.

use crate::guard::quietly;
use crate::handle::{self, BUFFER};
use std::ffi::c_void;

/// Bytes owned by the library; ended by `exb_buffer_free`. `opaque` is the library's own.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbBuffer {
    pub data: *mut u8,
    pub len: usize,
    pub opaque: *mut c_void,
}

impl ExbBuffer {
    /// Nothing, needs no free.
    pub const EMPTY: ExbBuffer = ExbBuffer { data: std::ptr::null_mut(), len: 0, opaque: std::ptr::null_mut() };
}

/// Hands bytes to the caller.
pub(crate) fn owned(bytes: Vec<u8>) -> ExbBuffer {
    handle::count(BUFFER, 1);
    let mut bytes = Box::new(bytes);
    ExbBuffer { data: bytes.as_mut_ptr(), len: bytes.len(), opaque: Box::into_raw(bytes).cast() }
}

/// Frees a buffer. One that is all zero is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_buffer_free(b: ExbBuffer) {
    if b.opaque.is_null() {
        return;
    }
    // SAFETY: `opaque` is the box that `owned` leaked, and the caller gives it up.
    let bytes = unsafe { Box::from_raw(b.opaque.cast::<Vec<u8>>()) };
    quietly(move || drop(bytes));
    handle::count(BUFFER, -1);
}
