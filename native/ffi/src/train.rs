//! Training and evaluation: whole epochs with events by callback, and single steps.

use crate::array::{self, ExbArray};
use crate::cancel::ExbCancel;
use crate::dataset::{self, ExbDataset};
use crate::error::{ExbError, Failure, Result, Status};
use crate::guard::guard;
use crate::handle::{self, Lease};
use crate::model::ExbModel;
use crate::structs::{check_pointer, flag, prefix, size, slice, slice_mut, struct_size};
use exburn_core::ArrayView;
use exburn_core::tensor::DType;
use exburn_core::train::{self, BatchEvent, Flow, InputGradients, LossScaling, OnBatch, Pace, RunResult, TrainOptions};
use std::ffi::c_void;
use std::sync::atomic::AtomicBool;

/// Options of a training call. Flags are 0 or 1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbTrainOptions {
    pub struct_size: u32,
    pub shuffle: u32,
    /// Leave out a last batch that is not full.
    pub drop_last: u32,
    /// Stop with NUMERICAL when the loss is not finite.
    pub check_finite: u32,
    /// Number of the epoch; with the seed it alone decides the order.
    pub epoch: u64,
    pub seed: u64,
    pub batch_size: u64,
    /// Batches per optimizer step; 0 is 1.
    pub accumulate: u64,
    /// Batches between two events; 0 is only the last batch.
    pub report_every: u64,
    /// Clip the gradient's global norm; 0 or less is off.
    pub clip_norm: f64,
    /// Clip each gradient value; 0 or less is off.
    pub clip_value: f64,
    /// Optimizer steps at most; 0 is all.
    pub max_steps: u64,
    /// Batches of the epoch that are done already; the model has the epoch open there (`keep_open`).
    pub start_batch: u64,
    /// Optimizer steps after which the call returns with the epoch open; 0 is none.
    pub pause_after: u64,
    /// An epoch that ends before its last batch stays open, to be gone on with or written to a checkpoint.
    pub keep_open: u32,
    pub _pad: u32,
    /// Numbers in a row of `rates` and `momenta`: 1 (that of the common optimizer, the groups' rates follow it) or one for each
    /// optimizer, the common one first. 0 is 1.
    pub columns: u64,
    /// Momentum (or first beta) for all steps or per step, in rows as `rates`; NaN is the optimizer's own. Null: all their own.
    pub momenta: *const f64,
    pub momenta_len: usize,
    /// Mixed precision: 0 none, 1 f16, 2 bf16.
    pub precision: u32,
    /// 1: dynamic loss scaling by the four fields that follow; the model keeps the scale.
    pub loss_scaling: u32,
    pub scale_init: f64,
    pub scale_growth: f64,
    pub scale_backoff: f64,
    pub scale_interval: u64,
    /// What exb_gradients_compute multiplies the loss by; 0 is 1.
    pub loss_scale: f64,
    /// Gradient checkpointing: segments of the model whose inner values the backward pass computes again; 0 or 1 keeps all values.
    pub segments: u64,
    /// Events, and the result of a single step, tell the norms of the gradients.
    pub watch_gradients: u32,
    /// Of exb_gradients_compute: 0 none, 1 those of the float inputs besides, 2 they alone, in evaluation mode.
    pub input_gradients: u32,
}

/// Bytes of ExbTrainOptions and ExbRunResult as of ABI 1.0.
const OPTIONS_1_0: usize = 80;
const RESULT_1_0: usize = 64;

impl ExbTrainOptions {
    /// What holds for fields that the caller's struct does not have.
    const NONE: Self = Self {
        struct_size: 0,
        shuffle: 0,
        drop_last: 0,
        check_finite: 0,
        epoch: 0,
        seed: 0,
        batch_size: 0,
        accumulate: 0,
        report_every: 0,
        clip_norm: 0.0,
        clip_value: 0.0,
        max_steps: 0,
        start_batch: 0,
        pause_after: 0,
        keep_open: 0,
        _pad: 0,
        columns: 0,
        momenta: std::ptr::null(),
        momenta_len: 0,
        precision: 0,
        loss_scaling: 0,
        scale_init: 0.0,
        scale_growth: 0.0,
        scale_backoff: 0.0,
        scale_interval: 0,
        loss_scale: 0.0,
        segments: 0,
        watch_gradients: 0,
        input_gradients: 0,
    };
}

/// The type of a number for mixed precision: 0 none, 1 f16, 2 bf16.
pub(crate) fn half(number: u32, name: &str) -> Result<Option<DType>> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(DType::F16)),
        2 => Ok(Some(DType::BF16)),
        other => {
            let text = format!("'{name}' must be 0, 1 or 2, found {other}");
            Err(Failure::argument(Status::InvalidArgument, name, text))
        }
    }
}

/// One batch of a run; valid during the callback only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbBatchEvent {
    pub struct_size: u32,
    pub _pad: u32,
    pub epoch: u64,
    /// Batches done, this one included.
    pub batch: u64,
    pub batches: u64,
    pub samples: u64,
    pub samples_total: u64,
    /// Loss of this batch.
    pub loss: f64,
    /// Row-weighted loss of the epoch so far.
    pub mean_loss: f64,
    pub rate: f64,
    pub samples_per_second: f64,
    pub metric_count: u64,
    /// Metrics of the epoch so far.
    pub metrics: *const f64,
    /// Rows of rates and momenta that are used up. The callback may write into the later ones, or into a single row for all:
    /// that holds for the steps to come.
    pub steps: u64,
    pub rates: *mut f64,
    pub rates_len: usize,
    pub momenta: *mut f64,
    pub momenta_len: usize,
    /// Steps of the epoch that were left out because a gradient was not finite.
    pub skipped: u64,
    /// What the loss is multiplied by; NaN without loss scaling.
    pub loss_scale: f64,
    /// Norm of the gradients of the step that this batch completed, before clipping; NaN where it was not computed.
    pub grad_norm: f64,
    /// That of each parameter in the model's order, NaN where one has no gradient; empty without `watch_gradients`.
    pub grad_norms: *const f64,
    pub grad_norms_len: usize,
}

/// What a run came to. The caller sets `struct_size`; all else is written.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ExbRunResult {
    pub struct_size: u32,
    /// 1: a callback asked to stop.
    pub stopped: u32,
    pub samples: u64,
    pub batches: u64,
    pub steps: u64,
    pub loss: f64,
    pub seconds: f64,
    /// Norm of the last step's gradients before clipping; NaN if it was not computed.
    pub grad_norm: f64,
    /// Number of metrics there are; at most the given capacity of them were written.
    pub metric_count: u64,
    /// Steps that were left out because a gradient was not finite.
    pub skipped: u64,
    /// What the next step's loss is multiplied by; NaN without loss scaling.
    pub loss_scale: f64,
}

pub(crate) type Callback = Option<unsafe extern "C" fn(*mut c_void, *const ExbBatchEvent) -> i32>;

/// Where a run's result goes.
pub(crate) struct ResultPlace<'a> {
    out: *mut ExbRunResult,
    /// As the caller gave it.
    size: u32,
    metrics: &'a mut [f64],
}

impl<'a> ResultPlace<'a> {
    /// # Safety
    /// The pointers keep the rules of ABI.md.
    pub(crate) unsafe fn new(out: *mut ExbRunResult, metrics: *mut f64, metrics_cap: usize) -> Result<Self> {
        // SAFETY: the rule of this function.
        let (size, metrics) =
            unsafe { (struct_size(out, RESULT_1_0, "out")?, slice_mut(metrics, metrics_cap, "metrics")?) };
        metrics.fill(0.0);
        let place = ResultPlace { out, size: size as u32, metrics };
        place.write(ExbRunResult {
            struct_size: place.size,
            stopped: 0,
            samples: 0,
            batches: 0,
            steps: 0,
            loss: 0.0,
            seconds: 0.0,
            grad_norm: 0.0,
            metric_count: 0,
            skipped: 0,
            loss_scale: f64::NAN,
        });
        Ok(place)
    }

    fn write(&self, result: ExbRunResult) {
        let bytes = (self.size as usize).min(size_of::<ExbRunResult>());
        // SAFETY: `new` checked the pointer; it is valid for the call and as long as its size says.
        unsafe { std::ptr::copy_nonoverlapping((&raw const result).cast::<u8>(), self.out.cast::<u8>(), bytes) };
    }

    pub(crate) fn set(self, result: &RunResult) {
        let n = self.metrics.len().min(result.metrics.len());
        self.metrics[..n].copy_from_slice(&result.metrics[..n]);
        self.write(ExbRunResult {
            struct_size: self.size,
            stopped: u32::from(result.stopped),
            samples: result.samples,
            batches: result.batches,
            steps: result.steps,
            loss: result.loss,
            seconds: result.seconds,
            grad_norm: result.grad_norm,
            metric_count: result.metrics.len() as u64,
            skipped: result.skipped,
            loss_scale: result.loss_scale.unwrap_or(f64::NAN),
        });
    }
}

/// # Safety
/// `ptr` is null or points to options that keep the rules of ABI.md.
pub(crate) unsafe fn options(ptr: *const ExbTrainOptions) -> Result<(TrainOptions, ExbTrainOptions)> {
    // SAFETY: the rule of this function.
    let o = unsafe { prefix(ptr, ExbTrainOptions::NONE, OPTIONS_1_0, "options")? };
    for (value, name) in [(o.clip_norm, "clip_norm"), (o.clip_value, "clip_value"), (o.loss_scale, "loss_scale")] {
        if value.is_nan() {
            return Err(Failure::argument(Status::InvalidArgument, name, format!("'{name}' is not a number")));
        }
    }
    let positive = |v: f64| (v > 0.0).then_some(v);
    let options = TrainOptions {
        epoch: o.epoch,
        seed: o.seed,
        batch_size: size(o.batch_size, "batch_size")?,
        shuffle: flag(o.shuffle, "shuffle")?,
        drop_last: flag(o.drop_last, "drop_last")?,
        check_finite: flag(o.check_finite, "check_finite")?,
        accumulate: size(o.accumulate.max(1), "accumulate")?,
        report_every: size(o.report_every, "report_every")?,
        clip_norm: positive(o.clip_norm),
        clip_value: positive(o.clip_value),
        max_steps: (o.max_steps > 0).then_some(o.max_steps),
        pause_after: (o.pause_after > 0).then_some(o.pause_after),
        start_batch: o.start_batch,
        keep_open: flag(o.keep_open, "keep_open")?,
        autocast: half(o.precision, "precision")?,
        scaling: flag(o.loss_scaling, "loss_scaling")?.then_some(LossScaling {
            init: o.scale_init,
            growth: o.scale_growth,
            backoff: o.scale_backoff,
            interval: o.scale_interval,
        }),
        loss_scale: if o.loss_scale == 0.0 { 1.0 } else { o.loss_scale },
        watch_gradients: flag(o.watch_gradients, "watch_gradients")?,
        segments: size(o.segments.max(1), "segments")?,
        input_gradients: input_gradients(o.input_gradients)?,
    };
    Ok((options, o))
}

/// Which gradients of inputs are wanted: 0 none, 1 besides, 2 alone.
fn input_gradients(number: u32) -> Result<InputGradients> {
    match number {
        0 => Ok(InputGradients::None),
        1 => Ok(InputGradients::Added),
        2 => Ok(InputGradients::Only),
        other => {
            let text = format!("'input_gradients' must be 0, 1 or 2, found {other}");
            Err(Failure::argument(Status::InvalidArgument, "input_gradients", text))
        }
    }
}

/// The targets, and the weights of the samples where they come last.
pub(crate) fn split_weights<'a, 'b>(
    arrays: &'a [ArrayView<'b>],
    weighted: u32,
) -> Result<(&'a [ArrayView<'b>], Option<&'a ArrayView<'b>>)> {
    match (flag(weighted, "weighted")?, arrays) {
        (false, all) => Ok((all, None)),
        (true, [targets @ .., weights]) => Ok((targets, Some(weights))),
        (true, []) => {
            Err(Failure::argument(Status::InvalidArgument, "weighted", "'weighted' is set, but there is no array"))
        }
    }
}

/// Turns the caller's function into the core's. It runs on the calling thread, inside the guard.
fn observer(callback: Callback, state: *mut c_void) -> Option<impl FnMut(&BatchEvent) -> Flow> {
    let callback = callback?;
    Some(move |event: &BatchEvent| {
        let event = ExbBatchEvent {
            struct_size: size_of::<ExbBatchEvent>() as u32,
            _pad: 0,
            epoch: event.epoch,
            batch: event.batch,
            batches: event.batches,
            samples: event.samples,
            samples_total: event.samples_total,
            loss: event.loss,
            mean_loss: event.mean_loss,
            rate: event.rate,
            samples_per_second: event.samples_per_second,
            metric_count: event.metrics.len() as u64,
            metrics: event.metrics.as_ptr(),
            steps: event.steps,
            // A cell has the layout of what is in it, and may be written through.
            rates: event.rates.as_ptr().cast_mut().cast(),
            rates_len: event.rates.len(),
            momenta: event.momenta.as_ptr().cast_mut().cast(),
            momenta_len: event.momenta.len(),
            skipped: event.skipped,
            loss_scale: event.loss_scale.unwrap_or(f64::NAN),
            grad_norm: event.grad_norm,
            grad_norms: event.grad_norms.as_ptr(),
            grad_norms_len: event.grad_norms.len(),
        };
        // SAFETY: the caller keeps function and state valid for the call; the event lives until it returns.
        match unsafe { callback(state, &event) } {
            0 => Flow::Continue,
            1 => Flow::Stop,
            _ => Flow::Fail,
        }
    })
}

/// Runs work that looks at a cancel flag, where there is one, and tells the caller's function of batches.
pub(crate) fn observed<R>(
    cancel: Option<Lease<ExbCancel>>,
    callback: Callback,
    state: *mut c_void,
    work: impl FnOnce(&AtomicBool, OnBatch<'_>) -> R,
) -> R {
    let never = AtomicBool::new(false);
    let mut observer = observer(callback, state);
    let cancel = cancel.as_ref().map_or(&never, |flag| flag);
    work(cancel, observer.as_mut().map(|f| f as &mut dyn FnMut(&BatchEvent) -> Flow))
}

/// Trains one epoch. `rates`: one row for all steps, or one per optimizer step (`columns` of the options). `cancel` and `callback` may be null.
/// The callback returns 0 go on, 1 stop (a normal end), 2 failed (status 14). Metrics are written up to their capacity.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_train_epoch(
    m: *const ExbModel,
    dataset: *const ExbDataset,
    train_options: *const ExbTrainOptions,
    rates: *const f64,
    rates_len: usize,
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
        let (place, model, data, options, pace, cancel) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            let model = handle::get::<ExbModel>(m, "m")?;
            let data = handle::get::<ExbDataset>(dataset, "dataset")?;
            let (options, native) = options(train_options)?;
            let rates = slice(rates, rates_len, "rates")?;
            let momenta = slice(native.momenta, native.momenta_len, "momenta")?;
            let pace = Pace { rates, momenta, columns: size(native.columns.max(1), "columns")? };
            (place, model, data, options, pace, handle::get_optional::<ExbCancel>(cancel, "cancel")?)
        };
        let data = dataset::read(&data)?;
        let result = observed(cancel, callback, state, |cancel, observer| {
            model.run(|model| train::train_epoch(model, &data, &options, pace, cancel, observer))
        })?;
        place.set(&result);
        Ok(())
    })
}

/// One optimizer step on one batch. With `weighted` 1 the last of the targets is a weight for each sample. Of the options, seed, clip_norm, clip_value and check_finite are used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_train_step(
    m: *const ExbModel,
    inputs: *const ExbArray,
    n_inputs: usize,
    targets: *const ExbArray,
    n_targets: usize,
    weighted: u32,
    train_options: *const ExbTrainOptions,
    rate: f64,
    out: *mut ExbRunResult,
    metrics: *mut f64,
    metrics_cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (place, model, inputs, targets, options) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            let model = handle::get::<ExbModel>(m, "m")?;
            let inputs = array::views(inputs, n_inputs, "inputs")?;
            let targets = array::views(targets, n_targets, "targets")?;
            (place, model, inputs, targets, options(train_options)?.0)
        };
        let (targets, weights) = split_weights(&targets, weighted)?;
        let result = model.run(|model| train::train_step(model, &inputs, targets, weights, &options, rate))?;
        place.set(&result);
        Ok(())
    })
}

/// As exb_train_step, and how many seconds its parts took: `seconds` takes four numbers, for the data's way to the device, the
/// forward pass with the loss, the backward pass, and clipping with the optimizer. The device is waited for after each part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_train_profile(
    m: *const ExbModel,
    inputs: *const ExbArray,
    n_inputs: usize,
    targets: *const ExbArray,
    n_targets: usize,
    weighted: u32,
    train_options: *const ExbTrainOptions,
    rate: f64,
    seconds: *mut f64,
    out: *mut ExbRunResult,
    metrics: *mut f64,
    metrics_cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (place, seconds, model, inputs, targets, options) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            check_pointer(seconds, "seconds")?;
            let seconds = slice_mut(seconds, 4, "seconds")?;
            let model = handle::get::<ExbModel>(m, "m")?;
            let inputs = array::views(inputs, n_inputs, "inputs")?;
            let targets = array::views(targets, n_targets, "targets")?;
            (place, seconds, model, inputs, targets, options(train_options)?.0)
        };
        seconds.fill(0.0);
        let (targets, weights) = split_weights(&targets, weighted)?;
        let (profile, result) =
            model.run(|model| train::profile_step(model, &inputs, targets, weights, &options, rate))?;
        seconds.copy_from_slice(&[profile.data, profile.forward, profile.backward, profile.optimizer]);
        place.set(&result);
        Ok(())
    })
}

/// Loss and metrics over a dataset, in inference mode. Arguments as in exb_train_epoch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_evaluate(
    m: *const ExbModel,
    dataset: *const ExbDataset,
    batch_size: u64,
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
        let (place, model, data, cancel) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            let model = handle::get::<ExbModel>(m, "m")?;
            let data = handle::get::<ExbDataset>(dataset, "dataset")?;
            (place, model, data, handle::get_optional::<ExbCancel>(cancel, "cancel")?)
        };
        let batch_size = size(batch_size, "batch_size")?;
        let report_every = size(report_every, "report_every")?;
        let data = dataset::read(&data)?;
        let result = observed(cancel, callback, state, |cancel, observer| {
            model.run(|model| train::evaluate(model, &data, batch_size, cancel, report_every, observer))
        })?;
        place.set(&result);
        Ok(())
    })
}

/// Loss and metrics of one batch, in inference mode. With `weighted` 1 the last of the targets is a weight for each sample.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_evaluate_step(
    m: *const ExbModel,
    inputs: *const ExbArray,
    n_inputs: usize,
    targets: *const ExbArray,
    n_targets: usize,
    weighted: u32,
    out: *mut ExbRunResult,
    metrics: *mut f64,
    metrics_cap: usize,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (place, model, inputs, targets) = unsafe {
            let place = ResultPlace::new(out, metrics, metrics_cap)?;
            let model = handle::get::<ExbModel>(m, "m")?;
            let inputs = array::views(inputs, n_inputs, "inputs")?;
            (place, model, inputs, array::views(targets, n_targets, "targets")?)
        };
        let (targets, weights) = split_weights(&targets, weighted)?;
        let result = model.run(|model| train::evaluate_step(model, &inputs, targets, weights))?;
        place.set(&result);
        Ok(())
    })
}
