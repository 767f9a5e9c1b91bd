//! An epoch over batches that somebody else makes, one at a time, as many as there are.

use std::sync::atomic::AtomicBool;

use super::epoch::{cancelled, check_options};
use super::evaluate::Evaluator;
use super::ledger::{Ledger, Plan};
use super::pace::{Pace, Rows, check_rate};
use super::step::{
    BatchId, add_scaled, apply, arrays, check_data, check_ready, check_weights, gradients, norm_or_nan, scale_of,
};
use super::{Flow, OnBatch, RunResult, TrainOptions};
use crate::losses::Reduction;
use crate::model::{Model, check_finite};
use crate::tensor::Value;
use crate::{ArrayView, Error, ErrorKind, HostArray, Result};

/// Arrays of a batch that the source lends until it is asked for the next one.
pub struct SourceBatch<'a> {
    pub inputs: Vec<ArrayView<'a>>,
    pub targets: Vec<ArrayView<'a>>,
    /// What each sample's loss counts `[rows]`.
    pub weights: Option<ArrayView<'a>>,
}

/// Where the batches of a stream come from.
pub trait BatchSource {
    /// The next batch, or none at the end. `step` is the number of the optimizer step that the batch belongs to.
    fn next(&mut self, step: u64) -> Result<Option<SourceBatch<'_>>>;

    /// Fills in the row of an optimizer step, as in [`super::Pace`]; asked for when the step begins, so that what a
    /// callback changed before is in it.
    fn pace(&mut self, step: u64, rates: &mut [f64], momenta: &mut [f64]) -> Result<()>;
}

/// A batch that has been checked and copied.
struct Taken {
    inputs: Vec<HostArray>,
    targets: Vec<HostArray>,
    weights: Option<HostArray>,
    rows: usize,
}

/// Takes the next batch of a source and checks it as a dataset is checked.
fn take(model: &Model, source: &mut dyn BatchSource, step: u64, finite: bool, number: u64) -> Result<Option<Taken>> {
    let Some(batch) = source.next(step)? else { return Ok(None) };
    let wrong = |e: Error| match e.subject {
        Some(_) => e,
        None => e.at(format!("batch {number}")),
    };
    check_data(model, &batch.inputs, &batch.targets).map_err(wrong)?;
    let rows = batch.inputs[0].rows();
    for array in batch.inputs.iter().chain(&batch.targets) {
        if array.rows() != rows {
            return Err(wrong(Error::shape("number of samples", rows, array.rows())));
        }
        if finite {
            check_finite(&array.data, array.data.len() / rows.max(1)).map_err(|e| e.at(format!("batch {number}")))?;
        }
    }
    check_weights(batch.weights.as_ref(), rows).map_err(wrong)?;
    let (inputs, targets) = (arrays(&batch.inputs), arrays(&batch.targets));
    Ok(Some(Taken { inputs, targets, weights: batch.weights.map(|w| w.to_array()), rows }))
}

/// As [`super::train_epoch`], over a source whose rows of rates have `columns` numbers. Of the options, all but those of the order count. A source without a batch
/// is no error: the result then says 0 batches.
pub fn train_stream(
    model: &mut Model,
    source: &mut dyn BatchSource,
    options: &TrainOptions,
    columns: usize,
    cancel: &AtomicBool,
    mut on_batch: OnBatch<'_>,
) -> Result<RunResult> {
    check_ready(model, options)?;
    check_options(options)?;
    model.open = None;
    let most = options.max_steps.unwrap_or(u64::MAX);
    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, options.check_finite, options.epoch);
        let mut plan = Plan { batches: 0, samples: 0, report_every: options.report_every };
        let (mut done, mut stopped, mut latest, mut index) = (0u64, false, None, 0u64);
        let mut next = if most == 0 { None } else { take(model, source, 0, options.check_finite, 0)? };
        while let Some(first) = next.take() {
            let (mut rates, mut momenta) = (vec![f64::NAN; columns], vec![f64::NAN; columns]);
            source.pace(ledger.tally.steps, &mut rates, &mut momenta)?;
            let pace = Pace { rates: &rates, momenta: &momenta, columns };
            let row = Rows::new(pace, 1, model.compiled()?.optimizer.count())?;
            let mut group = Group::default();
            let mut batch = Some(first);
            while let Some(taken) = batch.take() {
                cancelled(cancel)?;
                let id = BatchId { epoch: options.epoch, batch: index };
                let rows = taken.rows;
                let made = gradients(model, taken.inputs, taken.targets, taken.weights, &id, options)?;
                ledger.add(made.losses, &made.outputs, &made.targets, rows, made.mass)?;
                group.add(model, made.gradients, made.mass, options.accumulate == 1)?;
                model.table.commit(made.updates);
                index += 1;
                let closes = group.batches == options.accumulate;
                let step = done + u64::from(closes);
                let following =
                    if step < most { take(model, source, step, options.check_finite, index)? } else { None };
                if following.is_none() {
                    (plan.batches, plan.samples) = (index, ledger.tally.samples);
                }
                if closes || following.is_none() {
                    next = following;
                    break;
                }
                batch = following;
                let now = (0, &row.rates[..], &row.momenta[..]);
                if ledger.report(&plan, row.rate(0), now, &mut on_batch)? == Flow::Stop {
                    // A group that is not whole makes no step.
                    let steps = ledger.tally.steps;
                    return ledger.finish(true, steps, norm_or_nan(latest)?);
                }
            }
            let id = BatchId { epoch: options.epoch, batch: index - 1 };
            let (rates, momenta) = row.at(0);
            rates.iter().try_for_each(|&rate| check_rate(rate))?;
            let total = group.finish()?;
            ledger.watch(model, &total, &plan, options)?;
            let made = apply(model, total, (&rates, &momenta), options, &id)?;
            ledger.note(&made, scale_of(model, options), &plan, on_batch.is_some())?;
            latest = Some(made);
            done += 1;
            let now = (1, &row.rates[..], &row.momenta[..]);
            if ledger.report(&plan, rates[0], now, &mut on_batch)? == Flow::Stop {
                stopped = true;
                break;
            }
        }
        let steps = ledger.tally.steps;
        ledger.finish(stopped, steps, norm_or_nan(latest)?)
    })
}

/// Gradients of the batches of one step. Under a mean each counts by its rows or their weights, whose sum is known at the end only.
#[derive(Default)]
struct Group {
    total: Vec<Option<Value>>,
    mass: f64,
    batches: usize,
    weighted: bool,
}

impl Group {
    /// `alone`: the group has no other batch.
    fn add(&mut self, model: &Model, gradients: Vec<Option<Value>>, mass: f64, alone: bool) -> Result<()> {
        self.batches += 1;
        self.mass += mass;
        if alone {
            self.total = gradients;
            return Ok(());
        }
        self.weighted = mean(model)?;
        add_scaled(&mut self.total, gradients, if self.weighted { mass } else { 1.0 })
    }

    fn finish(mut self) -> Result<Vec<Option<Value>>> {
        if self.weighted && self.mass > 0.0 {
            let share = 1.0 / self.mass;
            for slot in &mut self.total {
                *slot = slot.take().map(|g| g.mul_scalar(share)).transpose()?;
            }
        }
        Ok(self.total)
    }
}

fn mean(model: &Model) -> Result<bool> {
    Ok(model.compiled()?.objective.reduction() == Reduction::Mean)
}

/// As [`super::evaluate`], over a source.
pub fn evaluate_stream(
    model: &Model,
    source: &mut dyn BatchSource,
    cancel: &AtomicBool,
    report_every: usize,
    mut on_batch: OnBatch<'_>,
) -> Result<RunResult> {
    model.device.check()?;
    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, false, 0);
        let evaluator = Evaluator::new(model);
        let mut plan = Plan { batches: 0, samples: 0, report_every };
        let (mut stopped, mut index) = (false, 0);
        let mut next = take(model, source, 0, false, 0)?;
        while let Some(taken) = next.take() {
            cancelled(cancel)?;
            evaluator.run(&mut ledger, taken.inputs, taken.targets, taken.weights, taken.rows)?;
            index += 1;
            next = take(model, source, index, false, index)?;
            if next.is_none() {
                (plan.batches, plan.samples) = (index, ledger.tally.samples);
            }
            if ledger.report(&plan, 0.0, (0, &[], &[]), &mut on_batch)? == Flow::Stop {
                stopped = true;
                break;
            }
        }
        ledger.finish(stopped, 0, f64::NAN)
    })
}

/// The error of a source that failed on the caller's side.
pub fn source_failed() -> Error {
    Error::new(ErrorKind::Callback, "the source of the batches failed")
}
