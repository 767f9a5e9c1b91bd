//! Losses and metrics of a run: they stay on the device until read, several at once.

use std::cell::Cell;
use std::time::Instant;

use super::step::{Step, loss_scale};
use super::watch::Norms;
use super::{BatchEvent, Flow, OnBatch, RunResult, TrainOptions};
use crate::losses::Evaluated;
use crate::metrics::Measured;
use crate::model::Model;
use crate::tensor::Value;
use crate::{Error, ErrorKind, Result};

/// Batches that may wait on a device before they are read, so that memory stays small.
const MOST_PENDING: usize = 64;

struct Pending {
    losses: Evaluated,
    mass: f64,
    partials: Vec<Value>,
}

/// What an epoch has added up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub samples: u64,
    pub batches: u64,
    /// Steps made, and those left out.
    pub steps: u64,
    pub skipped: u64,
    /// Time of earlier calls.
    pub seconds: f64,
    /// Losses of what has been read, added up.
    pub weighted: f64,
    /// What the losses read so far count: rows, or the sum of sample weights.
    pub read_mass: f64,
    /// The sum of each loss, where there are several.
    pub parts: Vec<f64>,
    pub last_loss: f64,
    pub read_batches: u64,
    /// What the metrics absorbed, one after the other, and how much each time; kept for epochs that may stay open.
    pub log: Vec<f64>,
    pub log_lengths: Vec<i64>,
}

/// An epoch that was left before its end.
#[derive(Debug, Clone)]
pub(crate) struct OpenEpoch {
    pub epoch: u64,
    pub tally: Tally,
}

/// Adds up what batches gave.
pub(super) struct Ledger {
    pending: Vec<Pending>,
    metrics: Vec<Measured>,
    check_finite: bool,
    epoch: u64,
    keep: bool,
    pub tally: Tally,
    /// What the next step's loss is multiplied by; none without loss scaling.
    pub loss_scale: Option<f64>,
    /// Of the step that the next event is about.
    norms: Norms,
    /// The latest norm of all gradients that was watched.
    watched: f64,
    started: Instant,
}

/// What an event says about the whole run.
pub(super) struct Plan {
    pub batches: u64,
    pub samples: u64,
    pub report_every: usize,
}

impl Plan {
    /// Of a single step, which counts as an event.
    pub fn single() -> Self {
        Self { batches: 1, samples: 0, report_every: 1 }
    }
}

impl Ledger {
    pub fn new(metrics: &[Measured], check_finite: bool, epoch: u64) -> Self {
        Self {
            pending: Vec::new(),
            metrics: metrics.iter().map(|m| m.fresh()).collect(),
            check_finite,
            epoch,
            keep: false,
            tally: Tally { last_loss: f64::NAN, ..Tally::default() },
            loss_scale: None,
            norms: Norms::default(),
            watched: f64::NAN,
            started: Instant::now(),
        }
    }

    /// Keeps what the metrics absorb, so that the run may be laid aside, and goes on from an earlier tally.
    pub fn reopened(mut self, keep: bool, earlier: Option<Tally>) -> Self {
        self.keep = keep;
        let Some(tally) = earlier else { return self };
        let mut rest = tally.log.as_slice();
        for (i, &length) in tally.log_lengths.iter().enumerate() {
            let (partial, after) = rest.split_at(length as usize);
            let metrics = self.metrics.len();
            self.metrics[i % metrics].metric.absorb(partial);
            rest = after;
        }
        self.tally = tally;
        self
    }

    fn seconds(&self) -> f64 {
        self.tally.seconds + self.started.elapsed().as_secs_f64()
    }

    /// Notes a batch: its losses, which count `mass`, and what its metrics contribute, without reading them.
    pub fn add(
        &mut self,
        losses: Evaluated,
        outputs: &[Value],
        targets: &[Value],
        rows: usize,
        mass: f64,
    ) -> Result<()> {
        let partials = self.metrics.iter().map(|m| m.partial(outputs, targets)).collect::<Result<_>>()?;
        self.pending.push(Pending { losses, mass, partials });
        self.tally.samples += rows as u64;
        self.tally.batches += 1;
        if self.pending.len() >= MOST_PENDING { self.read() } else { Ok(()) }
    }

    /// Reads what is still on the device.
    pub fn read(&mut self) -> Result<()> {
        for batch in std::mem::take(&mut self.pending) {
            let loss = batch.losses.total.to_scalar()?;
            let tally = &mut self.tally;
            if self.check_finite && !loss.is_finite() {
                return Err(not_finite("loss", loss, self.epoch, tally.read_batches));
            }
            tally.last_loss = loss;
            tally.weighted += loss * batch.mass;
            tally.read_mass += batch.mass;
            if batch.losses.parts.len() > 1 {
                tally.parts.resize(batch.losses.parts.len(), 0.0);
                for (sum, part) in tally.parts.iter_mut().zip(&batch.losses.parts) {
                    *sum += part.to_scalar()? * batch.mass;
                }
            }
            tally.read_batches += 1;
            for (metric, partial) in self.metrics.iter_mut().zip(&batch.partials) {
                let partial = partial.to_doubles()?;
                metric.metric.absorb(&partial);
                if self.keep {
                    tally.log_lengths.push(partial.len() as i64);
                    tally.log.extend(partial);
                }
            }
        }
        Ok(())
    }

    /// Notes a step, the scale that the next one has, and, where somebody hears of this step, the norm that clipping found.
    pub fn note(&mut self, step: &Step, scale: Option<f64>, plan: &Plan, heard: bool) -> Result<()> {
        self.loss_scale = scale;
        match step {
            Step::Made(norm) => {
                self.tally.steps += 1;
                if heard && self.norms.total.is_nan() && self.is_due(plan) {
                    self.norms = Norms { each: std::mem::take(&mut self.norms.each), ..Norms::clipped(norm.as_ref())? };
                }
            }
            // Its gradients overflowed under the scale: their norms say nothing.
            Step::Skipped => {
                self.tally.skipped += 1;
                (self.norms, self.watched) = (Norms::default(), f64::NAN);
            }
        }
        Ok(())
    }

    /// The tally of a run to be gone on with.
    pub fn lay_aside(&mut self) -> Result<Tally> {
        self.read()?;
        let mut tally = self.tally.clone();
        tally.seconds = self.seconds();
        Ok(tally)
    }

    fn is_due(&self, plan: &Plan) -> bool {
        let batches = self.tally.batches;
        batches == plan.batches || (plan.report_every > 0 && batches.is_multiple_of(plan.report_every as u64))
    }

    /// Measures the gradients of a step that the next event will be about, before they are clipped, where asked for.
    pub fn watch(
        &mut self,
        model: &Model,
        gradients: &[Option<Value>],
        plan: &Plan,
        options: &TrainOptions,
    ) -> Result<()> {
        if options.watch_gradients && self.is_due(plan) {
            self.norms = Norms::of(model, gradients, loss_scale(model, options))?;
            self.watched = self.norms.total;
        }
        Ok(())
    }

    /// Tells the callback, when one is due.
    pub fn report(
        &mut self,
        plan: &Plan,
        rate: f64,
        (steps, rates, momenta): (u64, &[Cell<f64>], &[Cell<f64>]),
        on_batch: &mut OnBatch<'_>,
    ) -> Result<Flow> {
        let Some(callback) = on_batch else { return Ok(Flow::Continue) };
        if !self.is_due(plan) {
            return Ok(Flow::Continue);
        }
        self.read()?;
        let norms = std::mem::take(&mut self.norms);
        let metrics = self.values();
        let event = BatchEvent {
            epoch: self.epoch,
            batch: self.tally.batches,
            batches: plan.batches,
            samples: self.tally.samples,
            samples_total: plan.samples,
            loss: self.tally.last_loss,
            mean_loss: self.mean_loss(),
            rate,
            samples_per_second: self.tally.samples as f64 / self.seconds().max(1e-9),
            metrics: &metrics,
            grad_norm: norms.total,
            grad_norms: &norms.each,
            steps,
            rates,
            momenta,
            skipped: self.tally.skipped,
            loss_scale: self.loss_scale,
        };
        match callback(&event) {
            Flow::Fail => Err(Error::new(ErrorKind::Callback, "a callback failed")),
            flow => Ok(flow),
        }
    }

    fn mean_loss(&self) -> f64 {
        self.tally.weighted / self.tally.read_mass
    }

    /// The metrics, and after them, where there are several losses, the mean of each.
    fn values(&self) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.metrics.len());
        self.metrics.iter().for_each(|m| m.metric.values(&mut values));
        values.extend(self.tally.parts.iter().map(|sum| sum / self.tally.read_mass));
        values
    }

    /// Closes the run. Where no norm is given, the result has the latest one that was watched.
    pub fn finish(mut self, stopped: bool, steps: u64, grad_norm: f64) -> Result<RunResult> {
        self.read()?;
        Ok(RunResult {
            stopped,
            samples: self.tally.samples,
            batches: self.tally.batches,
            steps,
            skipped: self.tally.skipped,
            loss_scale: self.loss_scale,
            loss: self.mean_loss(),
            seconds: self.seconds(),
            grad_norm: if grad_norm.is_nan() { self.watched } else { grad_norm },
            metrics: self.values(),
        })
    }
}

pub(super) fn not_finite(what: &str, value: f64, epoch: u64, batch: u64) -> Error {
    Error::new(ErrorKind::Numerical, format!("the {what} is {value} in epoch {epoch}, batch {batch} (counted from 0)"))
        .with_detail(serde_json::json!({ "what": what, "epoch": epoch, "batch": batch }))
}
