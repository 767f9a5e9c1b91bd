//! Training and evaluation over batches that the caller makes while the run goes on.

use crate::array::{self, ExbArray};
use crate::cancel::ExbCancel;
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle;
use crate::model::ExbModel;
use crate::structs::{flag, size};
use crate::train::{ExbBatchEvent, ExbRunResult, ExbTrainOptions, ResultPlace, observed, options};
use exburn_core::train::{self, BatchSource, SourceBatch};
use exburn_core::{Error, ErrorKind};
use std::ffi::c_void;

/// One batch of a stream. The caller fills it; its arrays stay valid until the next call for a batch, or the end of the run.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbStreamBatch {
    pub struct_size: u32,
    /// 1: the last of the targets is a weight for each sample.
    pub weighted: u32,
    pub inputs: *const ExbArray,
    pub n_inputs: usize,
    pub targets: *const ExbArray,
    pub n_targets: usize,
}

type Next = unsafe extern "C" fn(*mut c_void, u64, *mut ExbStreamBatch) -> i32;
type Pace = unsafe extern "C" fn(*mut c_void, u64, *mut f64, *mut f64, usize) -> i32;

/// The caller's functions as a source of batches.
struct Caller {
    next: Next,
    /// Missing in evaluation.
    pace: Option<Pace>,
    state: *mut c_void,
}

impl Caller {
    fn new(next: Option<Next>, pace: Option<Pace>, state: *mut c_void) -> Result<Self> {
        let missing = || Failure::argument(Status::NullArgument, "next", "'next' is null");
        Ok(Self { next: next.ok_or_else(missing)?, pace, state })
    }
}

impl BatchSource for Caller {
    fn next(&mut self, step: u64) -> exburn_core::Result<Option<SourceBatch<'_>>> {
        let mut batch = ExbStreamBatch {
            struct_size: size_of::<ExbStreamBatch>() as u32,
            weighted: 0,
            inputs: std::ptr::null(),
            n_inputs: 0,
            targets: std::ptr::null(),
            n_targets: 0,
        };
        // SAFETY: the caller keeps function and state valid for the run.
        match unsafe { (self.next)(self.state, step, &mut batch) } {
            0 => {}
            1 => return Ok(None),
            _ => return Err(train::source_failed()),
        }
        // SAFETY: the caller promises that what it wrote is valid until the next call.
        let views = unsafe {
            array::views(batch.inputs, batch.n_inputs, "inputs")
                .and_then(|inputs| Ok((inputs, array::views(batch.targets, batch.n_targets, "targets")?)))
        };
        let (inputs, mut targets) = views.map_err(as_error)?;
        let weights = if flag(batch.weighted, "weighted").map_err(as_error)? { targets.pop() } else { None };
        if inputs.is_empty() {
            return Err(Error::argument("a batch of a stream has no input"));
        }
        Ok(Some(SourceBatch { inputs, targets, weights }))
    }

    fn pace(&mut self, step: u64, rates: &mut [f64], momenta: &mut [f64]) -> exburn_core::Result<()> {
        let Some(pace) = self.pace else { return Ok(()) };
        // SAFETY: the caller keeps function and state valid for the run; both slices are as long as it is told.
        match unsafe { pace(self.state, step, rates.as_mut_ptr(), momenta.as_mut_ptr(), rates.len()) } {
            0 => Ok(()),
            _ => Err(train::source_failed()),
        }
    }
}

/// What was wrong with the caller's arrays, inside the core.
fn as_error(failure: Failure) -> Error {
    let kind = match failure.status {
        Status::DType => ErrorKind::DType,
        Status::Shape => ErrorKind::Shape,
        _ => ErrorKind::InvalidArgument,
    };
    Error::new(kind, failure.message)
}

/// As exb_train_epoch, over batches that `next(state, step, batch)` gives: 0 a batch is filled in, 1 the end, 2 failed (status 14). It
/// is called on the calling thread. `pace(state, step, rates, momenta, columns)` fills in the row of a step when it begins (`columns` of the options; NaN leaves a momentum as it is): 0, or 2 failed. Of the options, those of the order are not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_train_stream(
    m: *const ExbModel,
    next: Option<unsafe extern "C" fn(state: *mut c_void, step: u64, batch: *mut ExbStreamBatch) -> i32>,
    pace: Option<
        unsafe extern "C" fn(state: *mut c_void, step: u64, rates: *mut f64, momenta: *mut f64, columns: usize) -> i32,
    >,
    next_state: *mut c_void,
    train_options: *const ExbTrainOptions,
    cancel: *const ExbCancel,
    callback: Option<unsafe extern "C" fn(state: *mut c_void, event: *const ExbBatchEvent) -> i32>,
    state: *mut c_void,
    out: *mut ExbRunResult,
    metrics: *mut f64,
    metrics_cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (place, model, (options, native), cancel) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            let model = handle::get::<ExbModel>(m, "m")?;
            (place, model, options(train_options)?, handle::get_optional::<ExbCancel>(cancel, "cancel")?)
        };
        if pace.is_none() {
            return Err(Failure::argument(Status::NullArgument, "pace", "'pace' is null"));
        }
        let columns = size(native.columns.max(1), "columns")?;
        let mut source = Caller::new(next, pace, next_state)?;
        let result = observed(cancel, callback, state, |cancel, observer| {
            model.run(|model| train::train_stream(model, &mut source, &options, columns, cancel, observer))
        })?;
        place.set(&result);
        Ok(())
    })
}

/// Loss and metrics over batches that `next` gives, in inference mode. Arguments as in exb_train_stream; rates are not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_evaluate_stream(
    m: *const ExbModel,
    next: Option<unsafe extern "C" fn(state: *mut c_void, step: u64, batch: *mut ExbStreamBatch) -> i32>,
    next_state: *mut c_void,
    cancel: *const ExbCancel,
    callback: Option<unsafe extern "C" fn(state: *mut c_void, event: *const ExbBatchEvent) -> i32>,
    state: *mut c_void,
    report_every: u64,
    out: *mut ExbRunResult,
    metrics: *mut f64,
    metrics_cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (place, model, cancel) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            (place, handle::get::<ExbModel>(m, "m")?, handle::get_optional::<ExbCancel>(cancel, "cancel")?)
        };
        let mut source = Caller::new(next, None, next_state)?;
        let report_every = size(report_every, "report_every")?;
        let result = observed(cancel, callback, state, |cancel, observer| {
            model.run(|model| train::evaluate_stream(model, &mut source, cancel, report_every, observer))
        })?;
        place.set(&result);
        Ok(())
    })
}
