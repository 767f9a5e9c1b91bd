//! Optimizers of eager tensors.

use crate::device::on_device;
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::structs::Out;
use crate::tensor::{ExbTensor, tensors};
use crate::text::utf8;
use exburn_core::eager::{TensorOptimizer, clip_gradients};
use exburn_core::spec::PartSpec;
use std::sync::{Mutex, MutexGuard, TryLockError};

/// An optimizer and the tensors it changes. Any thread, one at a time: a second entry gets BUSY.
pub struct ExbTensorOptimizer {
    _opaque: [u8; 0],
}

impl Kind for ExbTensorOptimizer {
    type Value = Mutex<TensorOptimizer>;
    const INDEX: usize = 12;
    const NAME: &'static str = "optimizer of tensors";
}

fn lock(optimizer: &Mutex<TensorOptimizer>) -> Result<MutexGuard<'_, TensorOptimizer>> {
    optimizer.try_lock().map_err(|e| match e {
        TryLockError::WouldBlock => {
            Failure::argument(Status::Busy, "optimizer", "the optimizer is in use by another call")
        }
        TryLockError::Poisoned(_) => {
            let text = "the optimizer was in use when an internal error happened; make it again";
            Failure::argument(Status::Poisoned, "optimizer", text)
        }
    })
}

/// An optimizer (`{"type":"Adam","config":{}}`) for leaves that require gradients. It holds them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_optimizer_new(
    json: *const u8,
    len: usize,
    parameters: *const *const ExbTensor,
    n: usize,
    out: *mut *mut ExbTensorOptimizer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, json, parameters) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, utf8(json, len, "json")?, tensors(parameters, n, "parameters")?)
        };
        let optimizer = TensorOptimizer::new(&PartSpec::from_json("optimizer", json)?, &parameters)?;
        out.set(handle::create::<ExbTensorOptimizer>(Mutex::new(optimizer)));
        Ok(())
    })
}

/// One step of every parameter that has a gradient.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_optimizer_step(
    o: *const ExbTensorOptimizer,
    rate: f64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let optimizer = unsafe { handle::get::<ExbTensorOptimizer>(o, "o")? };
        let mut optimizer = lock(&optimizer)?;
        Ok(optimizer.step(rate)?)
    })
}

/// Takes the gradients of all parameters away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_optimizer_zero_grad(
    o: *const ExbTensorOptimizer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let optimizer = unsafe { handle::get::<ExbTensorOptimizer>(o, "o")? };
        let optimizer = lock(&optimizer)?;
        Ok(optimizer.zero_gradients()?)
    })
}

/// Clips the gradients of tensors of one device by their common norm, then by value (0 or less: off). Gives the norm before, NaN without clipping by norm.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_clip_grad(
    of: *const *const ExbTensor,
    n: usize,
    clip_norm: f64,
    clip_value: f64,
    out_norm: *mut f64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, of) = unsafe { (Out::new(out_norm, f64::NAN, "out_norm")?, tensors(of, n, "of")?) };
        let on = |limit: f64| (limit.is_nan() || limit > 0.0).then_some(limit);
        let clip = || clip_gradients(&of, on(clip_norm), on(clip_value));
        out.set(match of.first() {
            Some(first) => on_device(first.device(), clip)?,
            None => clip()?,
        });
        Ok(())
    })
}

/// Frees an optimizer. Null is allowed; the tensors stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_optimizer_free(o: *mut ExbTensorOptimizer) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbTensorOptimizer>(o) }
}
