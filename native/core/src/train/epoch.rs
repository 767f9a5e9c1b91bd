//! One epoch over a dataset.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ledger::{Ledger, OpenEpoch, Plan, Tally};
use super::pace::{Pace, Rows, check_rate};
use super::step::{BatchId, add_scaled, apply, check_data, check_ready, gradients, norm_or_nan, scale_of};
use super::{Flow, OnBatch, RunResult, TrainOptions};
use crate::data::images::Moment;
use crate::data::{Batch, Column, Dataset, Feed};
use crate::model::Model;
use crate::tensor::Value;
use crate::{Error, ErrorKind, Result};

/// Trains one epoch, or a part of it. Cancel and callbacks are looked at between batches; after an error or a cancel the
/// model is as after its last whole optimizer step.
pub fn train_epoch<'p>(
    model: &mut Model,
    data: &Dataset,
    options: &TrainOptions,
    pace: impl Into<Pace<'p>>,
    cancel: &AtomicBool,
    mut on_batch: OnBatch<'_>,
) -> Result<RunResult> {
    check_ready(model, options)?;
    check_options(options)?;
    check_dataset(model, data, options.check_finite, true)?;
    let batches = data.batches(options)?;
    let earlier = earlier(model, options, batches.count())?;
    let first = options.start_batch as usize / options.accumulate;
    let at_most = |all: usize, most: Option<u64>| {
        most.map_or(all, |most| all.min(usize::try_from(most).map_or(usize::MAX, |most| first.saturating_add(most))))
    };
    let last = at_most(batches.count().div_ceil(options.accumulate), options.max_steps);
    let until = at_most(last, options.pause_after);
    let rows = Rows::new(pace.into(), until.saturating_sub(first), model.compiled()?.optimizer.count())?;

    model.open = None;
    model.stream().executes(|| {
        let ledger = Ledger::new(&model.compiled()?.metrics, options.check_finite, options.epoch);
        let mut ledger = ledger.reopened(options.keep_open, earlier);
        let planned = batches.count().min(last * options.accumulate);
        let plan = Plan {
            batches: planned as u64,
            samples: batches.rows(0..planned) as u64,
            report_every: options.report_every,
        };
        let moment = Moment { seed: options.seed, epoch: options.epoch };
        let needed = first * options.accumulate..batches.count().min(until * options.accumulate);
        let mut feed = Feed::new(data, &batches, Some(moment), needed)?;
        let (mut stopped, mut latest) = (false, None);
        // Steps that are left out use up no row of rates.
        let earlier_steps = ledger.tally.steps;
        'steps: for step in first..until {
            let group = step * options.accumulate..((step + 1) * options.accumulate).min(batches.count());
            let row = (ledger.tally.steps - earlier_steps) as usize;
            let group_mass = group.clone().map(|index| data.mass(batches.batch(index))).sum();
            let mut total: Vec<Option<Value>> = Vec::new();
            let mut flow = Flow::Continue;
            for index in group.clone() {
                cancelled(cancel)?;
                let id = BatchId { epoch: options.epoch, batch: index as u64 };
                let Batch { inputs, targets, weights, rows: samples } = feed.next(index)?;
                let batch = gradients(model, inputs, targets, weights, &id, options)?;
                ledger.add(batch.losses, &batch.outputs, &batch.targets, samples, batch.mass)?;
                if group.len() == 1 {
                    total = batch.gradients;
                } else {
                    add_weighted(model, &mut total, batch.gradients, batch.mass, group_mass)?;
                }
                model.table.commit(batch.updates);
                if index + 1 < group.end {
                    let steps = (row as u64, &rows.rates[..], &rows.momenta[..]);
                    flow = ledger.report(&plan, rows.rate(row), steps, &mut on_batch)?;
                }
                if flow == Flow::Stop {
                    // A group that is not whole makes no step.
                    stopped = true;
                    break 'steps;
                }
            }
            let id = BatchId { epoch: options.epoch, batch: group.end as u64 - 1 };
            let (rates, momenta) = rows.at(row);
            rates.iter().try_for_each(|&rate| check_rate(rate))?;
            ledger.watch(model, &total, &plan, options)?;
            let made = apply(model, total, (&rates, &momenta), options, &id)?;
            ledger.note(&made, scale_of(model, options), &plan, on_batch.is_some())?;
            latest = Some(made);
            let steps = (ledger.tally.steps - earlier_steps, &rows.rates[..], &rows.momenta[..]);
            if ledger.report(&plan, rates[0], steps, &mut on_batch)? == Flow::Stop {
                stopped = true;
                break;
            }
        }
        let whole_groups = ledger.tally.batches == batches.count() as u64
            || ledger.tally.batches.is_multiple_of(options.accumulate as u64);
        if options.keep_open && whole_groups && ledger.tally.batches < batches.count() as u64 {
            model.open = Some(OpenEpoch { epoch: options.epoch, tally: ledger.lay_aside()? });
        }
        let norm = norm_or_nan(latest)?;
        let steps = ledger.tally.steps;
        ledger.finish(stopped, steps, norm)
    })
}

/// What the epoch has added up so far, where the call goes on with one.
fn earlier(model: &Model, options: &TrainOptions, batches: usize) -> Result<Option<Tally>> {
    if options.start_batch == 0 {
        return Ok(None);
    }
    let start = options.start_batch;
    match &model.open {
        Some(open) if open.epoch == options.epoch && open.tally.batches == start && start < batches as u64 => {
            if start.is_multiple_of(options.accumulate as u64) {
                return Ok(Some(open.tally.clone()));
            }
            let message =
                format!("start_batch: expected a multiple of accumulate ({}), found {start}", options.accumulate);
            Err(Error::argument(message))
        }
        Some(open) => Err(Error::argument(format!(
            "start_batch: epoch {} of {batches} batches is to go on after batch {start}, but the model stands after batch {} \
             of epoch {}",
            options.epoch, open.tally.batches, open.epoch
        ))),
        None => Err(Error::argument(format!("start_batch: found {start}, but the model has no epoch open"))),
    }
}

/// Adds a batch's gradients to those of its group. Under a mean each counts by its share of the group, so that
/// the group's gradient is that of one large batch; under a sum they simply add up.
fn add_weighted(
    model: &Model,
    total: &mut Vec<Option<Value>>,
    gradients: Vec<Option<Value>>,
    mass: f64,
    group_mass: f64,
) -> Result<()> {
    let mean = model.compiled()?.objective.reduction() == crate::losses::Reduction::Mean;
    add_scaled(total, gradients, if mean && group_mass > 0.0 { mass / group_mass } else { 1.0 })
}

pub(super) fn check_options(options: &TrainOptions) -> Result<()> {
    for (name, value) in [("batch_size", options.batch_size), ("accumulate", options.accumulate)] {
        if value == 0 {
            return Err(Error::argument(format!("{name}: expected at least 1, found 0")));
        }
    }
    Ok(())
}

/// Shapes, kinds, class ranges and finiteness of the whole dataset, before the first batch.
pub(super) fn check_dataset(model: &Model, data: &Dataset, finite: bool, training: bool) -> Result<()> {
    if data.is_empty() {
        return Err(Error::argument("the dataset holds no samples"));
    }
    check_data(model, &data.input_views(), &data.target_views(training))?;
    let named = |kind: &'static str, columns: &[Column]| {
        columns.iter().enumerate().try_for_each(|(i, c)| c.check_finite().map_err(|e| e.at(format!("{kind} {i}"))))
    };
    if finite {
        named("input", &data.inputs)?;
        named("target", &data.targets)?;
    }
    Ok(())
}

pub(super) fn cancelled(cancel: &AtomicBool) -> Result<()> {
    if cancel.load(Ordering::Relaxed) {
        return Err(Error::new(ErrorKind::Cancelled, "cancelled"));
    }
    Ok(())
}
