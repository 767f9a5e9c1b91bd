//! Devices, chosen explicitly at run time: `cpu` (Burn Flex), `ndarray`, `gpu` (wgpu).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::{Backend, Dispatch, DispatchDevice};
use serde::Serialize;

use crate::spec::{DeviceKind, DeviceSpec};
use crate::tensor::DType;
use crate::{Error, ErrorKind, Result};

/// An opened device; clones share it.
#[derive(Clone)]
pub struct Device {
    inner: Arc<Inner>,
}

struct Inner {
    plain: DispatchDevice,
    info: DeviceInfo,
    poisoned: AtomicBool,
}

/// What a device is.
#[derive(Debug, Clone, Serialize)]
pub struct DeviceInfo {
    /// `cpu`, `ndarray` or `gpu`.
    pub kind: &'static str,
    /// Name of the hardware as the driver gives it.
    pub name: String,
    /// Burn's name of the backend.
    pub backend: String,
    /// Driver and its version, empty on the CPU.
    pub driver: String,
    /// Floating-point types a model may use there: `f32`, `f64`.
    pub float_types: Vec<&'static str>,
    /// Types of 16 bits that values may have there, for mixed precision and for weights: `f16`, `bf16`.
    pub half_types: Vec<&'static str>,
}

/// What the allocator of a device holds, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DeviceMemory {
    /// Of values that live.
    pub in_use: u64,
    /// Taken from the driver: values, padding, and pages kept for reuse.
    pub reserved: u64,
    /// Number of values that live.
    pub allocations: u64,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Device({} {})", self.inner.info.kind, self.inner.info.name)
    }
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.inner.plain == other.inner.plain
    }
}

impl Device {
    /// Opens the device a description names. A GPU that cannot start gives an error with the driver's reason.
    pub fn open(spec: &DeviceSpec) -> Result<Self> {
        match spec.kind {
            DeviceKind::Cpu => {
                spec.expect_single()?;
                Ok(Self::new(burn::tensor::Device::flex().as_dispatch().clone(), "cpu", cpu_name(), String::new()))
            }
            DeviceKind::NdArray => {
                spec.expect_single()?;
                #[allow(deprecated)] // offered as the second CPU backend for as long as Burn has it
                let device = burn::tensor::Device::ndarray();
                Ok(Self::new(device.as_dispatch().clone(), "ndarray", cpu_name(), String::new()))
            }
            DeviceKind::Gpu => gpu::open(spec),
        }
    }

    /// The default CPU device.
    pub fn cpu() -> Self {
        Self::new(burn::tensor::Device::flex().as_dispatch().clone(), "cpu", cpu_name(), String::new())
    }

    fn new(plain: DispatchDevice, kind: &'static str, name: String, driver: String) -> Self {
        let backend = Dispatch::name(&plain);
        // WGSL has no double precision; drivers that claim it through an extension give NaN (seen with Mesa's lavapipe).
        let float_types = if kind == "gpu" { vec!["f32"] } else { vec!["f32", "f64"] };
        let halves = [DType::F16, DType::BF16].into_iter();
        let half_types =
            halves.filter(|t| Dispatch::supports_dtype(&plain, t.burn().into())).map(DType::name).collect();
        let info = DeviceInfo { kind, name, backend, driver, float_types, half_types };
        Self { inner: Arc::new(Inner { plain, info, poisoned: AtomicBool::new(false) }) }
    }

    pub fn info(&self) -> &DeviceInfo {
        &self.inner.info
    }

    /// Whether results live in host memory: then reading a value costs nothing.
    pub fn is_host(&self) -> bool {
        self.inner.info.kind != "gpu"
    }

    /// An error when models of this type cannot run there; of the types of 16 bits, when values cannot have them there.
    pub(crate) fn expect_float(&self, dtype: DType) -> Result<()> {
        let DeviceInfo { kind, name, float_types, half_types, .. } = &self.inner.info;
        let types = if dtype.is_half() { half_types } else { float_types };
        if types.contains(&dtype.name()) {
            return Ok(());
        }
        let all: Vec<&str> = half_types.iter().chain(float_types).copied().collect();
        let known = if dtype.is_half() { &all } else { float_types };
        Err(Error::dtype(format!("device {kind} ({name})"), known.join(" or "), dtype.name()))
    }

    /// Waits until all work queued on the device is done.
    pub fn sync(&self) -> Result<()> {
        self.check()?;
        Dispatch::sync(&self.inner.plain)
            .map_err(|e| Error::new(ErrorKind::Device, format!("the device failed: {e}")).at(&self.inner.info.name))
    }

    /// What the device's allocator holds, the work queued so far done; none on the CPU, which uses the process's.
    pub fn memory(&self) -> Result<Option<DeviceMemory>> {
        self.check()?;
        Ok(Dispatch::memory_pool_usage(&self.inner.plain).map(|usage| DeviceMemory {
            in_use: usage.bytes_in_use,
            reserved: usage.bytes_reserved,
            allocations: usage.number_allocs,
        }))
    }

    /// Gives memory that is kept for reuse back to the driver, as far as whole pages are free. Nothing on the CPU.
    pub fn release_memory(&self) -> Result<()> {
        self.sync()?;
        Dispatch::memory_cleanup(&self.inner.plain);
        self.sync()
    }

    /// Marks a GPU as unusable after a panic in a call that used it: Burn's device thread may be broken.
    pub fn poison(&self) {
        if !self.is_host() {
            self.inner.poisoned.store(true, Ordering::Release);
        }
    }

    /// An error when the device is poisoned.
    pub fn check(&self) -> Result<()> {
        if self.inner.poisoned.load(Ordering::Acquire) {
            return Err(Error::new(
                ErrorKind::Poisoned,
                "the GPU failed inside an earlier call; restart the process to use it again",
            )
            .at(&self.inner.info.name));
        }
        Ok(())
    }

    pub(crate) fn dispatch(&self) -> &DispatchDevice {
        &self.inner.plain
    }
}

fn cpu_name() -> String {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|l| l.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(feature = "gpu")]
mod gpu {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use burn::tensor::DeviceKind as WgpuKind;

    use super::Device;
    use crate::spec::{Adapter, DeviceSpec};
    use crate::{Error, ErrorKind, Result};

    /// Burn starts a wgpu runtime once per selector and process, so opened devices are kept.
    static OPENED: Mutex<Option<HashMap<(Adapter, usize), Device>>> = Mutex::new(None);

    pub fn open(spec: &DeviceSpec) -> Result<Device> {
        let key = (spec.adapter, spec.index);
        let mut opened = OPENED.lock().unwrap_or_else(|e| e.into_inner());
        let opened = opened.get_or_insert_with(HashMap::new);
        if let Some(device) = opened.get(&key) {
            return Ok(device.clone());
        }
        let kind = match spec.adapter {
            Adapter::Default if spec.index == 0 => WgpuKind::DefaultDevice,
            Adapter::Default | Adapter::Discrete => WgpuKind::DiscreteGpu(spec.index),
            Adapter::Integrated => WgpuKind::IntegratedGpu(spec.index),
            Adapter::Virtual => WgpuKind::VirtualGpu(spec.index),
            Adapter::Cpu => WgpuKind::Cpu,
        };
        let (device, setup) =
            burn::tensor::Device::wgpu_options().device_kind(kind).init_with_setup().map_err(|e| {
                Error::new(
                    ErrorKind::Device,
                    format!(
                        "no GPU could be started for adapter '{}' index {}: {e}. A Vulkan, Metal or DX12 driver is needed",
                        spec.adapter.name(),
                        spec.index
                    ),
                )
            })?;
        let info = setup.adapter.get_info();
        let driver = format!("{:?} {} {}", info.backend, info.driver, info.driver_info);
        let device = Device::new(device.as_dispatch().clone(), "gpu", info.name, driver.trim().to_owned());
        opened.insert(key, device.clone());
        Ok(device)
    }
}

#[cfg(not(feature = "gpu"))]
mod gpu {
    use super::Device;
    use crate::spec::DeviceSpec;
    use crate::{Error, ErrorKind, Result};

    pub fn open(_: &DeviceSpec) -> Result<Device> {
        Err(Error::new(ErrorKind::Device, "this build of the native library has no GPU support"))
    }
}
