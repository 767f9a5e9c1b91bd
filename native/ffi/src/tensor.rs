//! Eager tensors: made, read, computed with.

use crate::array::{self, ExbArray};
use crate::device::{ExbDevice, on_device};
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::outputs::{self, ExbOutputs};
use crate::structs::{Out, flag, prefix, slice, slice_mut};
use crate::text::utf8;
use crate::train::half;
use exburn_core::eager::{self, ElementType, Fill, Options, Tensor, Tracking};
use exburn_core::spec::PartSpec;
use exburn_core::tensor::DType;

/// An eager tensor. Any thread, concurrently.
pub struct ExbTensor {
    _opaque: [u8; 0],
}

impl Kind for ExbTensor {
    type Value = Tensor;
    const INDEX: usize = 11;
    const NAME: &'static str = "tensor";
}

/// How an operation on tensors runs. `tracking`: 0 no graph, 1 a graph, 2 only whether there would be one (the first pass of a checkpoint).
/// `training` 1: dropout drops, batch norm uses the batch's statistics. `seed` and `counter` name its random numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbTensorOptions {
    pub struct_size: u32,
    pub tracking: u32,
    pub training: u32,
    /// 0 none, 1 f16, 2 bf16.
    pub autocast: u32,
    pub seed: u64,
    pub counter: u64,
}

/// Reads the options of an operation.
///
/// # Safety
/// `ptr` is null or points to a struct that is as long as its size says.
pub(crate) unsafe fn options(ptr: *const ExbTensorOptions) -> Result<Options> {
    let none = ExbTensorOptions { struct_size: 0, tracking: 0, training: 0, autocast: 0, seed: 0, counter: 0 };
    // SAFETY: the rule of this function.
    let read = unsafe { prefix(ptr, none, size_of::<ExbTensorOptions>(), "options")? };
    let training = flag(read.training, "options.training")?;
    let autocast = half(read.autocast, "options.autocast")?;
    Ok(Options { tracking: tracking(read.tracking)?, training, seed: read.seed, counter: read.counter, autocast })
}

pub(crate) fn tracking(code: u32) -> Result<Tracking> {
    match code {
        0 => Ok(Tracking::Off),
        1 => Ok(Tracking::On),
        2 => Ok(Tracking::Shadow),
        other => {
            let text = format!("'tracking' must be 0, 1 or 2, found {other}");
            Err(Failure::argument(Status::InvalidArgument, "tracking", text))
        }
    }
}

/// 0 f32, 1 f64, 2 i32, 5 bool, 6 f16, 7 bf16.
fn element(code: i32) -> Result<ElementType> {
    match code {
        0 => Ok(ElementType::Float(DType::F32)),
        1 => Ok(ElementType::Float(DType::F64)),
        2 => Ok(ElementType::Int32),
        5 => Ok(ElementType::Bool),
        6 => Ok(ElementType::Float(DType::F16)),
        7 => Ok(ElementType::Float(DType::BF16)),
        other => {
            let text =
                format!("a tensor cannot have elements of type {other}; 0 f32, 1 f64, 2 i32, 5 bool, 6 f16, 7 bf16");
            Err(Failure::argument(Status::DType, "dtype", text))
        }
    }
}

fn element_code(element: ElementType) -> i32 {
    match element {
        ElementType::Float(DType::F32) => 0,
        ElementType::Float(DType::F64) => 1,
        ElementType::Int32 => 2,
        ElementType::Bool => 5,
        ElementType::Float(DType::F16) => 6,
        ElementType::Float(DType::BF16) => 7,
    }
}

/// The tensors behind an array of handles.
///
/// # Safety
/// `ptr` points to `n` handles, each a live tensor or something that [`handle::get`] refuses.
pub(crate) unsafe fn tensors(ptr: *const *const ExbTensor, n: usize, name: &str) -> Result<Vec<Tensor>> {
    // SAFETY: the rule of this function.
    unsafe {
        let handles = slice(ptr, n, name)?;
        handles.iter().map(|&h| Ok((**handle::get::<ExbTensor>(h, name)?).clone())).collect()
    }
}

pub(crate) fn owned(tensor: Tensor) -> *mut ExbTensor {
    handle::create::<ExbTensor>(tensor)
}

/// Copies an array to a device. `dtype`: 0 f32, 1 f64, 2 i32, 5 bool (anything but 0 is true), 6 f16, 7 bf16, -1 the array's own (integers become i32).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_new(
    d: *const ExbDevice,
    array: *const ExbArray,
    dtype: i32,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, device, view) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbDevice>(d, "d")?, array::view(array, "array")?)
        };
        let element = if dtype == -1 { None } else { Some(element(dtype)?) };
        out.set(owned(on_device(&device, || Tensor::from_host(&view, element, &device))?));
        Ok(())
    })
}

/// A tensor made by rule. `kind`: 0 `a` everywhere, 1 `a`, a + `b` ... [n], 2 from `a` to `b` in equal steps [n], 3 ones on the diagonal [n, m],
/// 4 uniform in [a, b), 5 normal with mean `a` and standard deviation `b`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_fill(
    d: *const ExbDevice,
    kind: i32,
    a: f64,
    b: f64,
    shape: *const i64,
    rank: usize,
    dtype: i32,
    seed: u64,
    counter: u64,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, device, shape) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbDevice>(d, "d")?, slice(shape, rank, "shape")?)
        };
        let sizes: Option<Vec<usize>> = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
        let Some(sizes) = sizes else {
            let text = format!("'shape' has a negative dimension: {shape:?}");
            return Err(Failure::argument(Status::InvalidArgument, "shape", text));
        };
        let fill = match kind {
            0 => Fill::Full(a),
            1 => Fill::Range { start: a, step: b },
            2 => Fill::Linspace { start: a, end: b },
            3 => Fill::Eye,
            4 => Fill::Uniform { low: a, high: b },
            5 => Fill::Normal { mean: a, std: b },
            other => {
                let text = format!("'kind' must be 0 to 5, found {other}");
                return Err(Failure::argument(Status::InvalidArgument, "kind", text));
            }
        };
        let element = element(dtype)?;
        out.set(owned(on_device(&device, || Tensor::filled(fill, &sizes, element, &device, (seed, counter)))?));
        Ok(())
    })
}

/// Type, rank, and up to `cap` sizes of a tensor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_info(
    t: *const ExbTensor,
    out_dtype: *mut i32,
    out_rank: *mut usize,
    shape: *mut i64,
    cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out_dtype, out_rank, places, tensor) = unsafe {
            let out_dtype = Out::new(out_dtype, 0, "out_dtype")?;
            let out_rank = Out::new(out_rank, 0, "out_rank")?;
            (out_dtype, out_rank, slice_mut(shape, cap, "shape")?, handle::get::<ExbTensor>(t, "t")?)
        };
        for (place, &size) in places.iter_mut().zip(tensor.shape()) {
            *place = size as i64;
        }
        out_dtype.set(element_code(tensor.element()));
        out_rank.set(tensor.shape().len());
        Ok(())
    })
}

/// Copies a tensor to host memory: one array; bools as u8. Waits for the device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_read(
    t: *const ExbTensor,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbTensor>(t, "t")?) };
        let array = on_device(tensor.device(), || tensor.to_host())?;
        out.set(outputs::owned(vec![array]));
        Ok(())
    })
}

/// Runs an operation or layer of a model on tensors: its inputs, then its parameters and buffers in their order. Gives the number of results; the
/// first `cap` of them are given out. Buffers (running statistics) that the pass updates get their new values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_apply(
    operation: *const u8,
    operation_len: usize,
    config: *const u8,
    config_len: usize,
    inputs: *const *const ExbTensor,
    n: usize,
    options: *const ExbTensorOptions,
    results: *mut *mut ExbTensor,
    cap: usize,
    out_count: *mut usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (count, places, operation, config, inputs, options) = unsafe {
            let places = slice_mut(results, cap, "results")?;
            places.fill(std::ptr::null_mut());
            let count = Out::new(out_count, 0, "out_count")?;
            let operation = utf8(operation, operation_len, "operation")?;
            let config = utf8(config, config_len, "config")?;
            (count, places, operation, config, tensors(inputs, n, "inputs")?, self::options(options)?)
        };
        let results = match inputs.first() {
            Some(first) => on_device(first.device(), || eager::apply(operation, config, &inputs, &options))?,
            None => eager::apply(operation, config, &inputs, &options)?,
        };
        count.set(results.len());
        for (place, result) in places.iter_mut().zip(results) {
            *place = owned(result);
        }
        Ok(())
    })
}

/// A loss of a prediction: `{"type":"MSE","config":{}}`. A scalar, or one number per element with reduction none. Gradients go to the prediction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_loss(
    json: *const u8,
    len: usize,
    prediction: *const ExbTensor,
    targets: *const *const ExbTensor,
    n: usize,
    options: *const ExbTensorOptions,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, json, prediction, targets, options) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            let prediction = handle::get::<ExbTensor>(prediction, "prediction")?;
            (out, utf8(json, len, "json")?, prediction, tensors(targets, n, "targets")?, self::options(options)?)
        };
        let spec = PartSpec::from_json("loss", json)?;
        let result = on_device(prediction.device(), || eager::apply_loss(&spec, &prediction, &targets, &options))?;
        out.set(owned(result));
        Ok(())
    })
}

/// The same numbers with another type of elements; the same tensor where it has it already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_cast(
    t: *const ExbTensor,
    dtype: i32,
    tracking: u32,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbTensor>(t, "t")?) };
        let (element, tracking) = (element(dtype)?, self::tracking(tracking)?);
        out.set(owned(on_device(tensor.device(), || tensor.to_element(element, tracking))?));
        Ok(())
    })
}

/// The same value on another device; the same tensor where it is there already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_to(
    t: *const ExbTensor,
    d: *const ExbDevice,
    tracking: u32,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor, device) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbTensor>(t, "t")?, handle::get::<ExbDevice>(d, "d")?)
        };
        let tracking = self::tracking(tracking)?;
        out.set(owned(on_device(tensor.device(), || tensor.to_device(&device, tracking))?));
        Ok(())
    })
}

/// Gives a leaf the value of another tensor of its shape, type and device.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_assign(
    t: *const ExbTensor,
    other: *const ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (tensor, other) = unsafe { (handle::get::<ExbTensor>(t, "t")?, handle::get::<ExbTensor>(other, "other")?) };
        on_device(tensor.device(), || tensor.assign(&other))
    })
}

/// Another handle of the same tensor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_share(
    t: *const ExbTensor,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbTensor>(t, "t")?) };
        out.set(owned((**tensor).clone()));
        Ok(())
    })
}

/// Frees a handle of a tensor. Null is allowed; graphs and running calls keep its value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_free(t: *mut ExbTensor) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbTensor>(t) }
}
