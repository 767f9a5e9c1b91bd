//! Models: build, compile, describe, freeze, move, predict.

use crate::array::{self, ExbArray};
use crate::buffer::ExbBuffer;
use crate::device::{ExbDevice, json_buffer, on_device};
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::outputs::{self, ExbOutputs};
use crate::structs::{Out, flag, size};
use crate::text::utf8;
use exburn_core::device::Device;
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, ModelSpec, PartSpec};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, TryLockError};

/// A model. Any thread, one at a time: a second entry gets BUSY.
pub struct ExbModel {
    _opaque: [u8; 0],
}

/// A model behind its lock, and its device beside it, readable while the model works.
pub struct Shared {
    model: Mutex<Model>,
    device: RwLock<Device>,
}

impl Kind for ExbModel {
    type Value = Shared;
    const INDEX: usize = 3;
    const NAME: &'static str = "model";
}

impl Shared {
    fn device(&self) -> Device {
        self.device.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> Result<MutexGuard<'_, Model>> {
        self.model.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => Failure::argument(
                Status::Busy,
                "model",
                "the model is in use by another call; use one model on one thread at a time, or a predictor per reader",
            ),
            TryLockError::Poisoned(_) => Failure::argument(
                Status::Poisoned,
                "model",
                "the model was in use when an internal error happened and may be half changed; load or build it again",
            ),
        })
    }

    /// Locks the model for a call that uses its device.
    pub(crate) fn run<R>(&self, work: impl FnOnce(&mut Model) -> exburn_core::Result<R>) -> Result<R> {
        let mut model = self.lock()?;
        on_device(&self.device(), || work(&mut model))
    }
}

/// Builds a model from its JSON description, with weights drawn from `seed`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_new(
    json: *const u8,
    len: usize,
    seed: u64,
    device: *const ExbDevice,
    out: *mut *mut ExbModel,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, json, device) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, utf8(json, len, "json")?, handle::get::<ExbDevice>(device, "device")?)
        };
        let spec = ModelSpec::from_json(json)?;
        let device = Device::clone(&device);
        let model = on_device(&device, || Model::build(&spec, seed, &device))?;
        out.set(handle::create::<ExbModel>(Shared { model: Mutex::new(model), device: RwLock::new(device) }));
        Ok(())
    })
}

/// Sets loss, optimizer and metrics from their JSON description. Starts the optimizer's state anew.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_compile(
    m: *const ExbModel,
    json: *const u8,
    len: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (model, json) = unsafe { (handle::get::<ExbModel>(m, "m")?, utf8(json, len, "json")?) };
        let spec = CompileSpec::from_json(json)?;
        model.run(|model| model.compile(&spec))
    })
}

/// A second model with the same layers, weights, buffers and frozen marks, compiled where this one is; `with_optimizer` 1: with the
/// optimizer's state too. Memory is shared until one of the two changes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_clone(
    m: *const ExbModel,
    with_optimizer: u32,
    out: *mut *mut ExbModel,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, shared) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbModel>(m, "m")?) };
        let with_optimizer = flag(with_optimizer, "with_optimizer")?;
        let model = shared.run(|model| model.duplicate(with_optimizer))?;
        let device = RwLock::new(model.device());
        out.set(handle::create::<ExbModel>(Shared { model: Mutex::new(model), device }));
        Ok(())
    })
}

/// JSON summary: layers with output shapes and parameter counts, totals.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_summary(m: *const ExbModel, out: *mut ExbBuffer, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbModel>(m, "m")?) };
        let summary = model.lock()?.summary()?;
        out.set(json_buffer(&summary)?);
        Ok(())
    })
}

/// A new handle of the device that the model is on. Works while the model is in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_device(
    m: *const ExbModel,
    out: *mut *mut ExbDevice,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbModel>(m, "m")?) };
        out.set(handle::create::<ExbDevice>(model.device()));
        Ok(())
    })
}

/// Freezes (0) or unfreezes (1) the parameters that match a pattern (`encoder.*`); gives their number. A pattern that matches nothing is NOT_FOUND.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_set_trainable(
    m: *const ExbModel,
    pattern: *const u8,
    len: usize,
    trainable: u32,
    out_count: *mut u64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, pattern) = unsafe {
            let out = Out::new(out_count, 0, "out_count")?;
            (out, handle::get::<ExbModel>(m, "m")?, utf8(pattern, len, "pattern")?)
        };
        let trainable = flag(trainable, "trainable")?;
        let count = model.run(|model| model.set_trainable(pattern, trainable))?;
        out.set(count as u64);
        Ok(())
    })
}

/// Draws the parameters that match a pattern anew, by an initializer (JSON: type, config), and drops their optimizer state;
/// gives their number. A pattern that matches nothing is NOT_FOUND; where the initializer does not fit, nothing changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_initialize(
    m: *const ExbModel,
    pattern: *const u8,
    pattern_len: usize,
    json: *const u8,
    json_len: usize,
    seed: u64,
    out_count: *mut u64,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, pattern, json) = unsafe {
            let out = Out::new(out_count, 0, "out_count")?;
            let model = handle::get::<ExbModel>(m, "m")?;
            (out, model, utf8(pattern, pattern_len, "pattern")?, utf8(json, json_len, "json")?)
        };
        let initializer = PartSpec::from_json("initializer", json)?;
        let count = model.run(|model| model.initialize(pattern, &initializer, seed))?;
        out.set(count as u64);
        Ok(())
    })
}

/// Moves parameters, buffers and optimizer state to a device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_to(m: *const ExbModel, device: *const ExbDevice, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (shared, device) =
            unsafe { (handle::get::<ExbModel>(m, "m")?, handle::get::<ExbDevice>(device, "device")?) };
        let mut model = shared.lock()?;
        let target = Device::clone(&device);
        // A panic may come from either device; both are watched.
        let from = shared.device();
        from.check()?;
        target.check()?;
        on_device(&target, || match on_device(&from, || model.to_device(&target)) {
            Ok(()) => Ok(Ok(())),
            Err(failure) => Ok(Err(failure)),
        })??;
        *shared.device.write().unwrap_or_else(PoisonError::into_inner) = target;
        Ok(())
    })
}

/// Forward pass in inference mode over `n` inputs, in parts of `batch_size` rows (0: all at once).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_predict(
    m: *const ExbModel,
    inputs: *const ExbArray,
    n: usize,
    batch_size: u64,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, inputs) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbModel>(m, "m")?, array::views(inputs, n, "inputs")?)
        };
        let batch_size = size(batch_size, "batch_size")?;
        let arrays = model.run(|model| model.predict(&inputs, batch_size))?;
        out.set(outputs::owned(arrays));
        Ok(())
    })
}

/// Frees a model. Null is allowed, also after an internal error; a running call keeps it until it ends.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_free(m: *mut ExbModel) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbModel>(m) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = r#"{"version":1,"dtype":"f32","inputs":[{"name":"input","shape":[-1,3],"kind":"float"}],
     "nodes":[{"name":"0","type":"ReLU","config":{},"inputs":["input"],"trainable":true}],"outputs":["0"]}"#;

    #[test]
    fn a_panic_poisons_the_model_and_free_still_works() {
        let device = Device::open(&exburn_core::spec::DeviceSpec::from_json(r#"{"kind":"cpu"}"#).unwrap()).unwrap();
        let model = Model::build(&ModelSpec::from_json(MODEL).unwrap(), 0, &device).unwrap();
        let handle = handle::create::<ExbModel>(Shared { model: Mutex::new(model), device: RwLock::new(device) });
        // SAFETY: a live handle; null says that no error is wanted.
        unsafe {
            let lease = handle::get::<ExbModel>(handle, "m").unwrap();
            assert_eq!(guard(std::ptr::null_mut(), || lease.run(|_| panic!("broken"))), 99);
            let mut out = ExbBuffer::EMPTY;
            assert_eq!(exb_model_summary(handle, &mut out, std::ptr::null_mut()), Status::Poisoned as i32);
            let mut same = std::ptr::null_mut();
            assert_eq!(exb_model_device(handle, &mut same, std::ptr::null_mut()), 0);
            crate::device::exb_device_free(same);
            drop(lease);
            exb_model_free(handle);
        }
    }
}
