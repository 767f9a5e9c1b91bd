//! A flag that ends a run between two batches.

use crate::error::ExbError;
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::structs::Out;
use std::sync::atomic::{AtomicBool, Ordering};

/// A cancel flag. Any thread, concurrently.
pub struct ExbCancel {
    _opaque: [u8; 0],
}

impl Kind for ExbCancel {
    type Value = AtomicBool;
    const INDEX: usize = 5;
    const NAME: &'static str = "cancel flag";
}

/// Makes a flag that is not set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_cancel_new(out: *mut *mut ExbCancel, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let out = unsafe { Out::new(out, std::ptr::null_mut(), "out")? };
        out.set(handle::create::<ExbCancel>(AtomicBool::new(false)));
        Ok(())
    })
}

/// Sets the flag, for good. Null does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_cancel_set(c: *const ExbCancel) {
    // SAFETY: the caller gives a live flag or null.
    if let Ok(flag) = unsafe { handle::get::<ExbCancel>(c, "c") } {
        flag.store(true, Ordering::Release);
    }
}

/// Frees a flag. Null is allowed; a running call keeps it until it ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_cancel_free(c: *mut ExbCancel) {
    // SAFETY: the caller gives up its flag.
    unsafe { handle::free::<ExbCancel>(c) }
}
