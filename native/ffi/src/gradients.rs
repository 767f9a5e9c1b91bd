//! Gradients of a batch: computed, read, changed, applied. They stay on the device until they are read.

use crate::array::{self, ExbArray};
use crate::buffer::ExbBuffer;
use crate::device::{json_buffer, on_device};
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::model::ExbModel;
use crate::outputs::{self, ExbOutputs};
use crate::structs::{Out, flag};
use crate::text::utf8;
use crate::train::{ExbRunResult, ExbTrainOptions, ResultPlace, options, split_weights};
use exburn_core::device::Device;
use exburn_core::train::{self, Gradients};
use std::sync::{Mutex, MutexGuard, TryLockError};

/// Gradients of a batch's loss by parameter. Any thread, one at a time: a second entry gets BUSY.
pub struct ExbGradients {
    _opaque: [u8; 0],
}

/// Gradients behind their lock, and the device they are on.
pub struct Shared {
    gradients: Mutex<Gradients>,
    device: Device,
}

impl Kind for ExbGradients {
    type Value = Shared;
    const INDEX: usize = 9;
    const NAME: &'static str = "gradients";
}

impl Shared {
    fn lock(&self) -> Result<MutexGuard<'_, Gradients>> {
        self.gradients.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => {
                Failure::argument(Status::Busy, "gradients", "the gradients are in use by another call")
            }
            TryLockError::Poisoned(_) => Failure::argument(
                Status::Poisoned,
                "gradients",
                "the gradients were in use when an internal error happened; compute them again",
            ),
        })
    }

    /// Locks the gradients for a call that uses their device.
    fn run<R>(&self, work: impl FnOnce(&mut Gradients) -> exburn_core::Result<R>) -> Result<R> {
        let mut gradients = self.lock()?;
        on_device(&self.device, || work(&mut gradients))
    }
}

/// Forward and backward of one batch in training mode; no parameter changes. With `weighted` 1 the last of the targets is a weight for each sample. Of the options epoch, seed, check_finite, precision, loss_scale, segments
/// and input_gradients are used.
/// `update_buffers` 1: the model takes over new running statistics now, else when the gradients are applied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_compute(
    m: *const ExbModel,
    inputs: *const ExbArray,
    n_inputs: usize,
    targets: *const ExbArray,
    n_targets: usize,
    weighted: u32,
    train_options: *const ExbTrainOptions,
    update_buffers: u32,
    out_gradients: *mut *mut ExbGradients,
    out: *mut ExbRunResult,
    metrics: *mut f64,
    metrics_cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (handle_out, place, model, inputs, targets, options) = unsafe {
            let handle_out = Out::new(out_gradients, std::ptr::null_mut(), "out_gradients")?;
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            let model = handle::get::<ExbModel>(m, "m")?;
            let inputs = array::views(inputs, n_inputs, "inputs")?;
            let targets = array::views(targets, n_targets, "targets")?;
            (handle_out, place, model, inputs, targets, options(train_options)?.0)
        };
        let update_buffers = flag(update_buffers, "update_buffers")?;
        let (targets, weights) = split_weights(&targets, weighted)?;
        let (gradients, result) =
            model.run(|model| train::compute_gradients(model, &inputs, targets, weights, &options, update_buffers))?;
        place.set(&result);
        let device = gradients.device();
        handle_out.set(handle::create::<ExbGradients>(Shared { gradients: Mutex::new(gradients), device }));
        Ok(())
    })
}

/// The other half of exb_train_step: clips a copy of the gradients and lets the optimizer change the parameters. They may be applied
/// again, also to a clone of the model. Of the options clip_norm, clip_value and check_finite are used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_apply(
    g: *const ExbGradients,
    m: *const ExbModel,
    train_options: *const ExbTrainOptions,
    rate: f64,
    out_norm: *mut f64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients, model, options) = unsafe {
            let out = Out::new(out_norm, f64::NAN, "out_norm")?;
            let gradients = handle::get::<ExbGradients>(g, "g")?;
            (out, gradients, handle::get::<ExbModel>(m, "m")?, options(train_options)?.0)
        };
        let mut gradients = gradients.lock()?;
        out.set(model.run(|model| train::apply_gradients(model, &mut gradients, &options, rate))?);
        Ok(())
    })
}

/// JSON: name, shape and presence of every parameter's gradient.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_list(
    g: *const ExbGradients,
    out: *mut ExbBuffer,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients) =
            unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbGradients>(g, "g")?) };
        let list = gradients.lock()?.list();
        out.set(json_buffer(&list)?);
        Ok(())
    })
}

/// A copy of one parameter's gradient: one array, or none where the parameter has no gradient.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_get(
    g: *const ExbGradients,
    name: *const u8,
    len: usize,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients, name) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbGradients>(g, "g")?, utf8(name, len, "name")?)
        };
        let array = gradients.run(|gradients| gradients.get(name))?;
        out.set(outputs::owned(array.into_iter().collect()));
        Ok(())
    })
}

/// A copy of the gradient with respect to an input: one array, or none where the loss does not depend on it. Integers have none, and
/// `input_gradients` of the options asks for them: else INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_input(
    g: *const ExbGradients,
    index: usize,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients) =
            unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbGradients>(g, "g")?) };
        let array = gradients.run(|gradients| gradients.input(index))?;
        out.set(outputs::owned(array.into_iter().collect()));
        Ok(())
    })
}

/// Puts another gradient in a parameter's place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_set(
    g: *const ExbGradients,
    name: *const u8,
    len: usize,
    array: *const ExbArray,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (gradients, name, arrays) = unsafe {
            let gradients = handle::get::<ExbGradients>(g, "g")?;
            (gradients, utf8(name, len, "name")?, array::views(array, 1, "array")?)
        };
        gradients.run(|gradients| gradients.set(name, &arrays[0]))
    })
}

/// Multiplies the gradients of the parameters that match a pattern; gives their number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_scale(
    g: *const ExbGradients,
    pattern: *const u8,
    len: usize,
    factor: f64,
    out_count: *mut u64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients, pattern) = unsafe {
            let out = Out::new(out_count, 0, "out_count")?;
            (out, handle::get::<ExbGradients>(g, "g")?, utf8(pattern, len, "pattern")?)
        };
        out.set(gradients.run(|gradients| gradients.scale(pattern, factor))? as u64);
        Ok(())
    })
}

/// Takes away the gradients of the parameters that match a pattern: the optimizer then leaves those alone; gives their number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_remove(
    g: *const ExbGradients,
    pattern: *const u8,
    len: usize,
    out_count: *mut u64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients, pattern) = unsafe {
            let out = Out::new(out_count, 0, "out_count")?;
            (out, handle::get::<ExbGradients>(g, "g")?, utf8(pattern, len, "pattern")?)
        };
        out.set(gradients.run(|gradients| gradients.remove(pattern))? as u64);
        Ok(())
    })
}

/// Adds other gradients of the same model, or of a clone, times a weight.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_add(
    g: *const ExbGradients,
    other: *const ExbGradients,
    weight: f64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (gradients, other) =
            unsafe { (handle::get::<ExbGradients>(g, "g")?, handle::get::<ExbGradients>(other, "other")?) };
        let other = other.lock()?;
        gradients.run(|gradients| gradients.add(&other, weight))
    })
}

/// The common 2-norm of the gradients of the parameters that match a pattern.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_norm(
    g: *const ExbGradients,
    pattern: *const u8,
    len: usize,
    out: *mut f64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients, pattern) = unsafe {
            let out = Out::new(out, 0.0, "out")?;
            (out, handle::get::<ExbGradients>(g, "g")?, utf8(pattern, len, "pattern")?)
        };
        out.set(gradients.run(|gradients| gradients.norm(pattern))?);
        Ok(())
    })
}

/// Clips by the common norm, then by value (0 or less: off). Gives the norm before, NaN without clipping by norm.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_clip(
    g: *const ExbGradients,
    clip_norm: f64,
    clip_value: f64,
    out_norm: *mut f64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients) =
            unsafe { (Out::new(out_norm, f64::NAN, "out_norm")?, handle::get::<ExbGradients>(g, "g")?) };
        let on = |limit: f64| (limit.is_nan() || limit > 0.0).then_some(limit);
        out.set(gradients.run(|gradients| gradients.clip(on(clip_norm), on(clip_value)))?);
        Ok(())
    })
}

/// Divides all gradients by what the loss was multiplied by. `out_finite`: 1 where all of them are finite, else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_unscale(
    g: *const ExbGradients,
    scale: f64,
    out_finite: *mut u32,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, gradients) =
            unsafe { (Out::new(out_finite, 0, "out_finite")?, handle::get::<ExbGradients>(g, "g")?) };
        out.set(u32::from(gradients.run(|gradients| gradients.unscale(scale))?));
        Ok(())
    })
}

/// Frees gradients. Null is allowed; running calls keep them until they end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_gradients_free(g: *mut ExbGradients) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbGradients>(g) }
}
