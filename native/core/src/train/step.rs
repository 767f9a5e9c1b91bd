//! One training step: forward, loss, backward, clip, optimizer.

use super::ledger::{Ledger, Plan, not_finite};
use super::pace::check_rate;
use super::scaler::{Scaler, unscale};
use super::tape::Tape;
use super::{InputGradients, RunResult, TrainOptions, check_precision, clip};
use crate::layers::Bound;
use crate::losses::{Evaluated, SampleWeights};
use crate::model::{Model, Pass};
use crate::tensor::Value;
use crate::{ArrayView, Error, HostArray, Result};

/// What one batch gave: everything that a step needs, nothing of the model changed yet.
pub(super) struct BatchGradients {
    pub losses: Evaluated,
    /// What the losses count among those of other batches: rows, or the sum of the samples' weights.
    pub mass: f64,
    pub outputs: Vec<Value>,
    pub targets: Vec<Value>,
    /// By table position; `None` where a parameter is frozen or the loss does not depend on it.
    pub gradients: Vec<Option<Value>>,
    /// By input, where they were asked for.
    pub input_gradients: Vec<Option<Value>>,
    pub updates: Vec<(usize, Bound)>,
}

/// A part of a step, for its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The batch on its way to the device.
    Data,
    /// Forward pass and loss.
    Forward,
    Backward,
    /// Clipping and the optimizer.
    Optimizer,
}

/// Names a batch in errors, and its random numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchId {
    pub epoch: u64,
    pub batch: u64,
}

/// Target arrays, already checked, as values.
pub(super) fn bind_targets(model: &Model, targets: Vec<HostArray>) -> Result<Vec<Value>> {
    let objective = &model.compiled()?.objective;
    targets
        .into_iter()
        .enumerate()
        .map(|(i, array)| {
            use crate::tensor::Kind;
            let found = if array.view_data().is_float() { Kind::Float } else { Kind::Int };
            match objective.target_kind(i, found) {
                Kind::Int => Value::ints_from_array(array, &model.device),
                _ => Value::float_from_array(array, model.dtype, &model.device),
            }
        })
        .collect()
}

/// Checks inputs and targets against model and loss before anything is computed.
pub(super) fn check_data(model: &Model, inputs: &[ArrayView<'_>], targets: &[ArrayView<'_>]) -> Result<()> {
    let objective = &model.compiled()?.objective;
    let outputs = model.graph.check_inputs(inputs)?;
    objective.check(&outputs, targets)
}

/// A weight for each sample, each a number of at least 0.
pub(super) fn check_weights(weights: Option<&ArrayView<'_>>, rows: usize) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    if weights.shape != [rows] {
        return Err(Error::shape("sample weights", format!("[{rows}]"), format!("{:?}", weights.shape)));
    }
    let wrong = weights.data.to_f64().into_iter().enumerate().find(|(_, w)| !w.is_finite() || *w < 0.0);
    match wrong {
        Some((i, w)) => Err(Error::argument(format!("sample weights: sample {i} has {w}, expected at least 0"))),
        None => Ok(()),
    }
}

/// Weights, already checked, on the device.
pub(super) fn bind_weights(model: &Model, weights: Option<HostArray>) -> Result<Option<SampleWeights>> {
    let Some(weights) = weights else { return Ok(None) };
    let total = weights.view_data().to_f64().iter().sum();
    Ok(Some(SampleWeights { values: Value::float_from_array(weights, model.dtype, &model.device)?, total }))
}

/// Forward and backward of one batch.
pub(super) fn gradients(
    model: &Model,
    inputs: Vec<HostArray>,
    targets: Vec<HostArray>,
    weights: Option<HostArray>,
    id: &BatchId,
    options: &TrainOptions,
) -> Result<BatchGradients> {
    gradients_in_parts(model, inputs, targets, weights, id, options, &mut |_| Ok(()))
}

/// As [`gradients`]; `done` hears of the end of each part.
pub(super) fn gradients_in_parts(
    model: &Model,
    inputs: Vec<HostArray>,
    targets: Vec<HostArray>,
    weights: Option<HostArray>,
    id: &BatchId,
    options: &TrainOptions,
    done: &mut dyn FnMut(Part) -> Result<()>,
) -> Result<BatchGradients> {
    let compiled = model.compiled()?;
    let inputs_only = options.input_gradients == InputGradients::Only;
    let bound = if inputs_only { model.table.plain() } else { model.table.tracked() };
    let frozen = model.table.frozen();
    let pass = Pass {
        training: !inputs_only,
        device: &model.device,
        dtype: model.dtype,
        autocast: options.autocast,
        bound: &bound,
        frozen: &frozen,
        seed: options.seed,
        pass: (id.epoch << 32) ^ id.batch,
    };
    let rows = inputs.first().map_or(0, |i| i.shape[0]);
    let targets = bind_targets(model, targets)?;
    let weights = bind_weights(model, weights)?;
    let mass = weights.as_ref().map_or(rows as f64, |w| w.total);
    let mut updates = Vec::new();
    let inputs = model.graph.bind_inputs(inputs, model.dtype, &model.device)?;
    done(Part::Data)?;
    let track = options.input_gradients != InputGradients::None;
    let (tape, outputs) = Tape::record(&model.graph, &pass, options.segments, inputs, track, &mut updates)?;
    let mut losses = compiled.objective.evaluate(&outputs, &targets, weights.as_ref())?;
    let value = losses.total.clone().detached();
    let mut loss = std::mem::replace(&mut losses.total, value.clone());
    if options.check_finite && model.device.is_host() {
        let x = value.to_scalar()?;
        if !x.is_finite() {
            return Err(not_finite("loss", x, id.epoch, id.batch));
        }
    }
    let outputs = outputs.into_iter().map(Value::detached).collect();
    if let Some(scale) = loss_scale(model, options) {
        loss = loss.mul_scalar(scale)?;
    }
    if inputs_only && !loss.is_recorded() {
        return Err(Error::argument("input gradients: the loss depends on no float input"));
    }
    done(Part::Forward)?;
    let (gradients, input_gradients) = tape.gradients(loss.backward()?)?;
    done(Part::Backward)?;
    Ok(BatchGradients { losses, mass, outputs, targets, gradients, input_gradients, updates })
}

/// What the loss is multiplied by before the backward pass.
pub(super) fn loss_scale(model: &Model, options: &TrainOptions) -> Option<f64> {
    match options.scaling {
        Some(scaling) => Some(model.scaler.map_or(scaling.init, |scaler| scaler.under(scaling).scale)),
        None => Some(options.loss_scale).filter(|&scale| scale != 1.0),
    }
}

/// What the next step's loss is multiplied by under loss scaling.
pub(super) fn scale_of(model: &Model, options: &TrainOptions) -> Option<f64> {
    options.scaling.and(model.scaler).map(|scaler| scaler.scale)
}

/// What became of a step.
pub(super) enum Step {
    /// With the norm before clipping, if one was asked for.
    Made(Option<Value>),
    /// A gradient was not finite: nothing but the loss scale changed.
    Skipped,
}

impl Step {
    pub fn is_made(&self) -> bool {
        matches!(self, Self::Made(_))
    }
}

/// Undoes the loss scale, clips, then lets the optimizer change the parameters, and moves their averages.
pub(super) fn apply(
    model: &mut Model,
    mut gradients: Vec<Option<Value>>,
    (rates, momenta): (&[f64], &[f64]),
    options: &TrainOptions,
    id: &BatchId,
) -> Result<Step> {
    if let Some(scaling) = options.scaling {
        let mut scaler = model.scaler.map_or_else(|| Scaler::new(scaling), |scaler| scaler.under(scaling));
        let finite = unscale(gradients.iter_mut(), scaler.scale)?;
        scaler.update(!finite);
        model.scaler = Some(scaler);
        if !finite {
            return Ok(Step::Skipped);
        }
    }
    let mut norm = None;
    if let Some(max) = options.clip_norm {
        norm = clip::by_norm(&mut gradients, max, model.device.is_host())?;
        if let Some(n) = norm.as_ref().filter(|_| options.check_finite && model.device.is_host()) {
            let n = n.to_scalar()?;
            if !n.is_finite() {
                return Err(not_finite("gradient norm", n, id.epoch, id.batch));
            }
        }
    }
    if let Some(limit) = options.clip_value {
        clip::by_value(&mut gradients, limit)?;
    }
    let compiled = model.compiled.as_ref().ok_or_else(|| Error::internal("not compiled"))?;
    let optimizers = compiled.optimizer.paced(rates, momenta)?;
    for (row, (entry, gradient)) in model.table.entries.iter_mut().zip(gradients).enumerate() {
        let Some(gradient) = gradient else { continue };
        let Bound::Tensor(parameter) = &mut entry.stored else {
            return Err(Error::internal("a counter has a gradient").at(&entry.name));
        };
        optimizers.step(row, parameter, gradient, &mut entry.state).map_err(|e| e.at(&entry.name))?;
    }
    model.move_averages()?;
    Ok(Step::Made(norm))
}

/// The norm of a step's gradients; NaN where none was asked for, or no step made.
pub(super) fn norm_or_nan(step: Option<Step>) -> Result<f64> {
    match step {
        Some(Step::Made(Some(norm))) => norm.to_scalar(),
        _ => Ok(f64::NAN),
    }
}

/// Adds a batch's gradients, times a weight, to the sums of its step.
pub(super) fn add_scaled(total: &mut Vec<Option<Value>>, gradients: Vec<Option<Value>>, weight: f64) -> Result<()> {
    total.resize(gradients.len(), None);
    for (sum, gradient) in total.iter_mut().zip(gradients) {
        let Some(gradient) = gradient else { continue };
        let gradient = if weight == 1.0 { gradient } else { gradient.mul_scalar(weight)? };
        *sum = Some(match sum.take() {
            None => gradient,
            Some(sum) => sum.add(&gradient)?,
        });
    }
    Ok(())
}

pub(super) fn check_ready(model: &Model, options: &TrainOptions) -> Result<()> {
    check_model(model, options)?;
    clip::check_limit("clip_norm", options.clip_norm)?;
    clip::check_limit("clip_value", options.clip_value)?;
    if let Some(scaling) = &options.scaling {
        scaling.check()?;
    }
    if model.averages.in_use {
        return Err(Error::argument("the averaged weights are in use: put the trained ones back before training"));
    }
    if !model.table.trains() {
        return Err(Error::argument("there is nothing to train: the model has no parameters, or all are frozen"));
    }
    Ok(())
}

/// What a pass with gradients needs, whether or not parameters train.
pub(super) fn check_model(model: &Model, options: &TrainOptions) -> Result<()> {
    model.device.check()?;
    model.compiled()?;
    if options.segments == 0 {
        return Err(Error::argument("segments: expected at least 1, found 0"));
    }
    check_precision(model, options.autocast)?;
    model.table.check_trainable()
}

pub(super) fn arrays(views: &[ArrayView<'_>]) -> Vec<HostArray> {
    views.iter().map(ArrayView::to_array).collect()
}

/// One optimizer step on one batch; `weights` [N] weigh its samples. Of the options, epoch, seed, clipping and check_finite count. On an error the
/// model is as before.
pub fn train_step(
    model: &mut Model,
    inputs: &[ArrayView<'_>],
    targets: &[ArrayView<'_>],
    weights: Option<&ArrayView<'_>>,
    options: &TrainOptions,
    rate: f64,
) -> Result<RunResult> {
    check_ready(model, options)?;
    check_rate(rate)?;
    check_data(model, inputs, targets)?;
    check_weights(weights, inputs[0].rows())?;
    model.stream().executes(|| {
        let id = BatchId { epoch: options.epoch, batch: model.passes };
        let mut ledger = Ledger::new(&model.compiled()?.metrics, options.check_finite, options.epoch);
        let weights = weights.map(ArrayView::to_array);
        let batch = gradients(model, arrays(inputs), arrays(targets), weights, &id, options)?;
        ledger.add(batch.losses, &batch.outputs, &batch.targets, inputs[0].rows(), batch.mass)?;
        ledger.watch(model, &batch.gradients, &Plan::single(), options)?;
        let step = apply(model, batch.gradients, (&[rate], &[]), options, &id)?;
        ledger.note(&step, scale_of(model, options), &Plan::single(), false)?;
        model.table.commit(batch.updates);
        model.passes += 1;
        let made = u64::from(step.is_made());
        let norm = norm_or_nan(Some(step))?;
        ledger.finish(false, made, norm)
    })
}
