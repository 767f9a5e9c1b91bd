//! Loss and metrics without training.

use std::sync::atomic::AtomicBool;

use super::epoch::{cancelled, check_dataset};
use super::ledger::{Ledger, Plan};
use super::step::{arrays, bind_targets, bind_weights, check_data, check_weights};
use super::{Flow, OnBatch, RunResult};
use crate::data::{Batch, Batches, Dataset, Feed};
use crate::layers::Bound;
use crate::model::{Model, Pass};
use crate::{ArrayView, Error, HostArray, Result};

/// Loss and metrics over a dataset in evaluation mode, exact over all samples.
pub fn evaluate(
    model: &Model,
    data: &Dataset,
    batch_size: usize,
    cancel: &AtomicBool,
    report_every: usize,
    mut on_batch: OnBatch<'_>,
) -> Result<RunResult> {
    model.device.check()?;
    if batch_size == 0 {
        return Err(Error::argument("batch_size: expected at least 1, found 0"));
    }
    check_dataset(model, data, false, false)?;
    let batches = Batches::new(data.len(), batch_size, false, false, 0, 0)?;
    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, false, 0);
        let plan = Plan { batches: batches.count() as u64, samples: data.len() as u64, report_every };
        let evaluator = Evaluator::new(model);
        let mut feed = Feed::new(data, &batches, None, 0..batches.count())?;
        let mut stopped = false;
        for index in 0..batches.count() {
            cancelled(cancel)?;
            let Batch { inputs, targets, weights, rows } = feed.next(index)?;
            evaluator.run(&mut ledger, inputs, targets, weights, rows)?;
            if ledger.report(&plan, 0.0, (0, &[], &[]), &mut on_batch)? == Flow::Stop {
                stopped = true;
                break;
            }
        }
        ledger.finish(stopped, 0, f64::NAN)
    })
}

/// Loss and metrics of one batch in evaluation mode.
pub fn evaluate_step(
    model: &Model,
    inputs: &[ArrayView<'_>],
    targets: &[ArrayView<'_>],
    weights: Option<&ArrayView<'_>>,
) -> Result<RunResult> {
    model.device.check()?;
    check_data(model, inputs, targets)?;
    check_weights(weights, inputs[0].rows())?;
    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, false, 0);
        let weights = weights.map(ArrayView::to_array);
        Evaluator::new(model).run(&mut ledger, arrays(inputs), arrays(targets), weights, inputs[0].rows())?;
        ledger.finish(false, 0, f64::NAN)
    })
}

/// Runs batches of one evaluation; the parameters are looked up once.
pub(super) struct Evaluator<'a> {
    model: &'a Model,
    bound: Vec<Bound>,
    frozen: Vec<bool>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        Self { model, bound: model.table.plain(), frozen: model.table.frozen() }
    }

    pub(super) fn run(
        &self,
        ledger: &mut Ledger,
        inputs: Vec<HostArray>,
        targets: Vec<HostArray>,
        weights: Option<HostArray>,
        rows: usize,
    ) -> Result<()> {
        let model = self.model;
        let pass = Pass {
            training: false,
            device: &model.device,
            dtype: model.dtype,
            autocast: model.inference,
            bound: &self.bound,
            frozen: &self.frozen,
            seed: 0,
            pass: 0,
        };
        let values = model.graph.bind_inputs(inputs, model.dtype, &model.device)?;
        let outputs = model.graph.forward(&pass, values, &mut Vec::new())?;
        let targets = bind_targets(model, targets)?;
        let weights = bind_weights(model, weights)?;
        let mass = weights.as_ref().map_or(rows as f64, |w| w.total);
        let losses = model.compiled()?.objective.evaluate(&outputs, &targets, weights.as_ref())?;
        ledger.add(losses, &outputs, &targets, rows, mass)
    }
}
