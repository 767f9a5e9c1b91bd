//! One epoch over a dataset.

use std::sync::atomic::{AtomicBool, Ordering};

use super::ledger::{Ledger, Plan};
use super::step::{BatchId, apply, check_data, check_rate, check_ready, gradients};
use super::{Flow, OnBatch, RunResult, TrainOptions};
use crate::data::{Batches, Column, Dataset};
use crate::model::Model;
use crate::tensor::Value;
use crate::{Error, ErrorKind, Result};

/// Trains one epoch. `rates` holds one rate for all steps, or one for each optimizer step. Cancel and callbacks are
/// looked at between batches; after an error or a cancel the model is as after its last whole optimizer step.
pub fn train_epoch(
    model: &mut Model,
    data: &Dataset,
    options: &TrainOptions,
    rates: &[f64],
    cancel: &AtomicBool,
    mut on_batch: OnBatch<'_>,
) -> Result<RunResult> {
    check_ready(model, options)?;
    check_options(options)?;
    check_dataset(model, data, options.check_finite)?;
    let batches =
        Batches::new(data.len(), options.batch_size, options.shuffle, options.drop_last, options.seed, options.epoch)?;
    let all_steps = batches.count().div_ceil(options.accumulate);
    let steps = options.max_steps.map_or(all_steps, |most| all_steps.min(usize::try_from(most).unwrap_or(usize::MAX)));
    check_rates(rates, steps)?;

    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, options.check_finite, options.epoch);
        let planned = batches.count().min(steps * options.accumulate);
        let plan = Plan {
            batches: planned as u64,
            samples: batches.rows(0..planned) as u64,
            report_every: options.report_every,
        };
        let (mut done, mut stopped, mut norm) = (0u64, false, None);
        'steps: for step in 0..steps {
            let group = step * options.accumulate..((step + 1) * options.accumulate).min(batches.count());
            let group_mass = batches.rows(group.clone()) as f64;
            let rate = if rates.len() == 1 { rates[0] } else { rates[step] };
            let mut total: Vec<Option<Value>> = Vec::new();
            let mut flow = Flow::Continue;
            for index in group.clone() {
                cancelled(cancel)?;
                let rows = batches.batch(index);
                let id = BatchId { epoch: options.epoch, batch: index as u64 };
                let (inputs, targets) = data.gather(rows);
                let batch = gradients(model, inputs, targets, None, &id, options)?;
                ledger.add(batch.losses, &batch.outputs, &batch.targets, rows.len(), batch.mass)?;
                if group.len() == 1 {
                    total = batch.gradients;
                } else {
                    add_weighted(model, &mut total, batch.gradients, batch.mass, group_mass)?;
                }
                model.table.commit(batch.updates);
                if index + 1 < group.end {
                    flow = ledger.report(&plan, rate, &mut on_batch)?;
                }
                if flow == Flow::Stop {
                    // A group that is not whole makes no step.
                    stopped = true;
                    break 'steps;
                }
            }
            let id = BatchId { epoch: options.epoch, batch: group.end as u64 - 1 };
            norm = apply(model, total, rate, options, &id)?;
            done += 1;
            if ledger.report(&plan, rate, &mut on_batch)? == Flow::Stop {
                stopped = true;
                break;
            }
        }
        let norm = norm.map_or(Ok(f64::NAN), |n: Value| n.to_scalar())?;
        ledger.finish(stopped, done, norm)
    })
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
    let weight = if mean && group_mass > 0.0 { mass / group_mass } else { 1.0 };
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

fn check_options(options: &TrainOptions) -> Result<()> {
    for (name, value) in [("batch_size", options.batch_size), ("accumulate", options.accumulate)] {
        if value == 0 {
            return Err(Error::argument(format!("{name}: expected at least 1, found 0")));
        }
    }
    Ok(())
}

fn check_rates(rates: &[f64], steps: usize) -> Result<()> {
    if rates.is_empty() || (rates.len() != 1 && rates.len() < steps) {
        return Err(Error::argument(format!("rates: expected 1 or at least {steps}, found {}", rates.len())));
    }
    rates.iter().try_for_each(|&rate| check_rate(rate))
}

/// Shapes, kinds, class ranges and finiteness of the whole dataset, before the first batch.
pub(super) fn check_dataset(model: &Model, data: &Dataset, finite: bool) -> Result<()> {
    if data.is_empty() {
        return Err(Error::argument("the dataset holds no samples"));
    }
    check_data(model, &data.input_views(), &data.target_views())?;
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
