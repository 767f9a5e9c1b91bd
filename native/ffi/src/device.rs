//! Devices.

use crate::buffer::{self, ExbBuffer};
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::structs::Out;
use crate::text::utf8;
use exburn_core::device::Device;
use exburn_core::spec::DeviceSpec;

/// An opened device. Any thread, concurrently.
pub struct ExbDevice {
    _opaque: [u8; 0],
}

impl Kind for ExbDevice {
    type Value = Device;
    const INDEX: usize = 1;
    const NAME: &'static str = "device";
}

/// Poisons the device if the work on it panics. The core does nothing for CPU devices, which a panic cannot break.
struct Watch<'a>(&'a Device);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.poison();
        }
    }
}

/// Runs work that uses a device.
pub(crate) fn on_device<R>(device: &Device, work: impl FnOnce() -> exburn_core::Result<R>) -> Result<R> {
    device.check()?;
    let _watch = Watch(device);
    Ok(work()?)
}

/// JSON text of a description that the library gives out.
pub(crate) fn json_buffer(value: &impl serde::Serialize) -> Result<ExbBuffer> {
    match serde_json::to_vec(value) {
        Ok(bytes) => Ok(buffer::owned(bytes)),
        Err(e) => Err(Failure::new(Status::Internal, format!("the result cannot be written as JSON: {e}"))),
    }
}

/// Opens a device from its JSON description.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_device_open(
    json: *const u8,
    len: usize,
    out: *mut *mut ExbDevice,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, json) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, utf8(json, len, "json")?) };
        let device = Device::open(&DeviceSpec::from_json(json)?)?;
        out.set(handle::create::<ExbDevice>(device));
        Ok(())
    })
}

/// JSON about a device: kind, name, backend, driver, float_types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_device_info(d: *const ExbDevice, out: *mut ExbBuffer, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, device) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbDevice>(d, "d")?) };
        out.set(json_buffer(&device.info())?);
        Ok(())
    })
}

/// Waits until all work queued on the device is done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_device_sync(d: *const ExbDevice, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let device = unsafe { handle::get::<ExbDevice>(d, "d")? };
        on_device(&device, || device.sync())
    })
}

/// JSON about a device's memory: in_use, reserved, allocations (bytes and a number); `null` where the device uses the process's memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_device_memory(d: *const ExbDevice, out: *mut ExbBuffer, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, device) = unsafe { (Out::new(out, ExbBuffer::EMPTY, "out")?, handle::get::<ExbDevice>(d, "d")?) };
        out.set(json_buffer(&on_device(&device, || device.memory())?)?);
        Ok(())
    })
}

/// Gives memory that a device keeps for reuse back to the driver.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_device_release_memory(d: *const ExbDevice, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let device = unsafe { handle::get::<ExbDevice>(d, "d")? };
        on_device(&device, || device.release_memory())
    })
}

/// Frees a device handle. Null is allowed; models on the device keep it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_device_free(d: *mut ExbDevice) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbDevice>(d) }
}
