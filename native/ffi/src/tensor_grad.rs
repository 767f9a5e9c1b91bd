//! Gradients of eager tensors.

use crate::device::on_device;
use crate::error::{ExbError, Failure, Status};
use crate::guard::guard;
use crate::handle;
use crate::structs::{Out, flag, slice_mut};
use crate::tensor::{ExbTensor, owned, tensors};
use exburn_core::eager::{self, Rerun, Tensor};
use exburn_core::{Error, ErrorKind};
use std::ffi::c_void;

/// Asks for gradients of a tensor (1), or no more (0).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_require_grad(t: *const ExbTensor, on: u32, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let tensor = unsafe { handle::get::<ExbTensor>(t, "t")? };
        Ok(tensor.require_gradient(flag(on, "on")?)?)
    })
}

/// Bit 0: gradients flow to it or through it; bit 1: it is a leaf.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_flags(t: *const ExbTensor, out: *mut u32, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor) = unsafe { (Out::new(out, 0, "out")?, handle::get::<ExbTensor>(t, "t")?) };
        out.set(u32::from(tensor.is_tracked()) | u32::from(tensor.is_leaf()) << 1);
        Ok(())
    })
}

/// What backward passes have added up for a leaf; null before the first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_grad(
    t: *const ExbTensor,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbTensor>(t, "t")?) };
        out.set(tensor.gradient()?.map_or(std::ptr::null_mut(), owned));
        Ok(())
    })
}

/// Puts another gradient in the place of a leaf's; null takes it away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_set_grad(
    t: *const ExbTensor,
    gradient: *const ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (tensor, gradient) =
            unsafe { (handle::get::<ExbTensor>(t, "t")?, handle::get_optional::<ExbTensor>(gradient, "gradient")?) };
        Ok(tensor.set_gradient(gradient.as_ref().map(|g| &***g))?)
    })
}

/// The same value outside every graph.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_detach(
    t: *const ExbTensor,
    out: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, tensor) = unsafe { (Out::new(out, std::ptr::null_mut(), "out")?, handle::get::<ExbTensor>(t, "t")?) };
        out.set(owned(tensor.detach()?));
        Ok(())
    })
}

/// Adds gradients to every leaf that a tensor depends on. `gradient` is that of the tensor; null is allowed for one element. The graph is consumed unless
/// `retain` is 1. After an error no leaf has changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_backward(
    t: *const ExbTensor,
    gradient: *const ExbTensor,
    retain: u32,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (tensor, gradient) =
            unsafe { (handle::get::<ExbTensor>(t, "t")?, handle::get_optional::<ExbTensor>(gradient, "gradient")?) };
        let retain = flag(retain, "retain")?;
        on_device(tensor.device(), || eager::backward(&tensor, gradient.as_ref().map(|g| &***g), retain))
    })
}

/// Gradients with respect to `n` tensors, to `results` (null where the tensor does not depend on one); no leaf changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_gradients(
    t: *const ExbTensor,
    gradient: *const ExbTensor,
    of: *const *const ExbTensor,
    n: usize,
    retain: u32,
    results: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (places, tensor, gradient, of) = unsafe {
            let places = slice_mut(results, n, "results")?;
            places.fill(std::ptr::null_mut());
            let tensor = handle::get::<ExbTensor>(t, "t")?;
            let gradient = handle::get_optional::<ExbTensor>(gradient, "gradient")?;
            (places, tensor, gradient, tensors(of, n, "of")?)
        };
        let retain = flag(retain, "retain")?;
        let gradient = gradient.as_ref().map(|g| &***g);
        let found = on_device(tensor.device(), || eager::gradients(&tensor, gradient, &of, retain))?;
        for (place, found) in places.iter_mut().zip(found) {
            *place = found.map_or(std::ptr::null_mut(), owned);
        }
        Ok(())
    })
}

type Function = unsafe extern "C" fn(*mut c_void, *const *mut ExbTensor, usize, *mut *mut ExbTensor, usize) -> i32;
type Release = unsafe extern "C" fn(*mut c_void);

/// The caller's function of a checkpoint.
struct Caller {
    function: Function,
    release: Release,
    state: *mut c_void,
    results: usize,
}

// SAFETY: the contract lets function and release be called from any thread, one after the other.
unsafe impl Send for Caller {}
// SAFETY: as above; a graph is walked by one thread at a time, or the function bears it.
unsafe impl Sync for Caller {}

impl Drop for Caller {
    fn drop(&mut self) {
        // SAFETY: the caller keeps function and state valid until this call, which is the only one.
        unsafe { (self.release)(self.state) };
    }
}

impl Rerun for Caller {
    fn run(&self, inputs: Vec<Tensor>) -> exburn_core::Result<Vec<Tensor>> {
        let inputs: Vec<*mut ExbTensor> = inputs.into_iter().map(owned).collect();
        let mut results: Vec<*mut ExbTensor> = vec![std::ptr::null_mut(); self.results];
        // SAFETY: the caller keeps function and state valid until the release; the handles of `inputs` are given to it.
        let status =
            unsafe { (self.function)(self.state, inputs.as_ptr(), inputs.len(), results.as_mut_ptr(), results.len()) };
        // SAFETY: the function gives over what it wrote: live handles of tensors, or null.
        let taken = results.into_iter().map(|result| unsafe {
            let tensor = handle::get::<ExbTensor>(result, "result").map(|lease| (**lease).clone());
            handle::free::<ExbTensor>(result);
            tensor
        });
        let taken: Vec<_> = taken.collect();
        if status != 0 {
            return Err(Error::new(ErrorKind::Callback, "the function of a gradient checkpoint failed"));
        }
        taken.into_iter().map(|t| t.map_err(|f| Error::argument(f.message))).collect()
    }
}

/// Puts the results of a function, computed with tracking 2, into the graph as one node: `results` has room for `n_results` handles. On the way back
/// `function(state, inputs, n_inputs, results, n_results)` runs it again on the calling thread: the inputs are given to it to be freed, it writes
/// handles that are taken over, and returns 0, or 2 failed (status 14). `release(state)` is called once, on any thread, also after an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_tensor_checkpoint(
    inputs: *const *const ExbTensor,
    n_inputs: usize,
    outputs: *const *const ExbTensor,
    n_results: usize,
    function: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            inputs: *const *mut ExbTensor,
            n_inputs: usize,
            results: *mut *mut ExbTensor,
            n_results: usize,
        ) -> i32,
    >,
    release: Option<unsafe extern "C" fn(state: *mut c_void)>,
    state: *mut c_void,
    results: *mut *mut ExbTensor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        let (Some(function), Some(release)) = (function, release) else {
            return Err(Failure::argument(Status::NullArgument, "function", "'function' or 'release' is null"));
        };
        let caller = Caller { function, release, state, results: n_results };
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (places, inputs, outputs) = unsafe {
            let places = slice_mut(results, n_results, "results")?;
            places.fill(std::ptr::null_mut());
            (places, tensors(inputs, n_inputs, "inputs")?, tensors(outputs, n_results, "outputs")?)
        };
        let made = eager::checkpoint(&inputs, &outputs, Box::new(caller))?;
        for (place, made) in places.iter_mut().zip(made) {
            *place = owned(made);
        }
        Ok(())
    })
}
