//! Where the time of a training step goes.

use std::time::Instant;

use super::ledger::{Ledger, Plan};
use super::pace::check_rate;
use super::step::{
    BatchId, Part, apply, arrays, check_data, check_ready, check_weights, gradients_in_parts, norm_or_nan, scale_of,
};
use super::{RunResult, TrainOptions};
use crate::model::Model;
use crate::{ArrayView, Result};

/// Seconds of the parts of one step. The device is waited for after each, so that each counts its own work only; on a
/// GPU that makes the whole a little slower than a step that is not profiled.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StepProfile {
    /// Copying the batch and moving it to the device.
    pub data: f64,
    /// Forward pass and loss.
    pub forward: f64,
    pub backward: f64,
    /// Clipping and the optimizer.
    pub optimizer: f64,
}

/// As [`super::train_step`]: a whole step, with its effects and its result, measured in parts.
pub fn profile_step(
    model: &mut Model,
    inputs: &[ArrayView<'_>],
    targets: &[ArrayView<'_>],
    weights: Option<&ArrayView<'_>>,
    options: &TrainOptions,
    rate: f64,
) -> Result<(StepProfile, RunResult)> {
    check_ready(model, options)?;
    check_rate(rate)?;
    check_data(model, inputs, targets)?;
    check_weights(weights, inputs[0].rows())?;
    model.stream().executes(|| {
        let device = model.device();
        device.sync()?;
        let mut profile = StepProfile::default();
        let mut since = Instant::now();
        let mut done = |part| {
            device.sync()?;
            let now = Instant::now();
            *match part {
                Part::Data => &mut profile.data,
                Part::Forward => &mut profile.forward,
                Part::Backward => &mut profile.backward,
                Part::Optimizer => &mut profile.optimizer,
            } = (now - since).as_secs_f64();
            since = now;
            Ok(())
        };
        let id = BatchId { epoch: options.epoch, batch: model.passes };
        let mut ledger = Ledger::new(&model.compiled()?.metrics, options.check_finite, options.epoch);
        let weights = weights.map(ArrayView::to_array);
        let batch = gradients_in_parts(model, arrays(inputs), arrays(targets), weights, &id, options, &mut done)?;
        ledger.watch(model, &batch.gradients, &Plan::single(), options)?;
        let step = apply(model, batch.gradients, (&[rate], &[]), options, &id)?;
        done(Part::Optimizer)?;
        ledger.add(batch.losses, &batch.outputs, &batch.targets, inputs[0].rows(), batch.mass)?;
        model.table.commit(batch.updates);
        model.passes += 1;
        ledger.note(&step, scale_of(model, options), &Plan::single(), false)?;
        let made = u64::from(step.is_made());
        let norm = norm_or_nan(Some(step))?;
        Ok((profile, ledger.finish(false, made, norm)?))
    })
}
