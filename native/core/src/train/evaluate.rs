//! Loss and metrics without training.

use std::sync::atomic::AtomicBool;

use super::epoch::{cancelled, check_dataset, views};
use super::ledger::{Ledger, Plan};
use super::step::{bind_targets, check_data};
use super::{Flow, OnBatch, RunResult};
use crate::data::{Batches, Dataset};
use crate::model::{Model, Pass};
use crate::{ArrayView, Error, Result};

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
    check_dataset(model, data, false)?;
    let batches = Batches::new(data.len(), batch_size, false, false, 0, 0)?;
    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, false, 0);
        let plan = Plan { batches: batches.count() as u64, samples: data.len() as u64, report_every };
        let mut stopped = false;
        for index in 0..batches.count() {
            cancelled(cancel)?;
            let (inputs, targets) = data.gather(batches.batch(index));
            run(model, &mut ledger, &views(&inputs), &views(&targets))?;
            if ledger.report(&plan, 0.0, &mut on_batch)? == Flow::Stop {
                stopped = true;
                break;
            }
        }
        ledger.finish(stopped, 0, f64::NAN)
    })
}

/// Loss and metrics of one batch in evaluation mode.
pub fn evaluate_step(model: &Model, inputs: &[ArrayView<'_>], targets: &[ArrayView<'_>]) -> Result<RunResult> {
    model.device.check()?;
    check_data(model, inputs, targets)?;
    model.stream().executes(|| {
        let mut ledger = Ledger::new(&model.compiled()?.metrics, false, 0);
        run(model, &mut ledger, inputs, targets)?;
        ledger.finish(false, 0, f64::NAN)
    })
}

fn run(model: &Model, ledger: &mut Ledger, inputs: &[ArrayView<'_>], targets: &[ArrayView<'_>]) -> Result<()> {
    let (bound, frozen) = (model.table.plain(), model.table.frozen());
    let pass = Pass {
        training: false,
        device: &model.device,
        dtype: model.dtype,
        bound: &bound,
        frozen: &frozen,
        seed: 0,
        pass: 0,
    };
    let values = model.graph.bind_inputs(inputs, model.dtype, &model.device)?;
    let prediction = model.graph.forward(&pass, values, &mut Vec::new())?.swap_remove(0);
    let targets = bind_targets(model, targets)?;
    let loss = model.compiled()?.loss.forward(&prediction, &targets)?;
    ledger.add(loss, &prediction, &targets, inputs[0].rows())
}
