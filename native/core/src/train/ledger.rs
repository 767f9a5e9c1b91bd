//! Losses and metrics of a run: they stay on the device until read, several at once.

use std::time::Instant;

use super::{BatchEvent, Flow, OnBatch, RunResult};
use crate::losses::Evaluated;
use crate::metrics::Measured;
use crate::tensor::Value;
use crate::{Error, ErrorKind, Result};

/// Batches that may wait on a device before they are read, so that memory stays small.
const MOST_PENDING: usize = 64;

struct Pending {
    losses: Evaluated,
    mass: f64,
    partials: Vec<Value>,
}

/// Adds up what batches gave.
pub(super) struct Ledger {
    pending: Vec<Pending>,
    metrics: Vec<Measured>,
    check_finite: bool,
    epoch: u64,
    last_loss: f64,
    weighted: f64,
    /// What the losses read so far count: rows, or the sum of sample weights.
    read_mass: f64,
    /// The sum of each loss, where there are several.
    parts: Vec<f64>,
    read_batches: usize,
    pub samples: u64,
    pub batches: u64,
    started: Instant,
}

/// What an event says about the whole run.
pub(super) struct Plan {
    pub batches: u64,
    pub samples: u64,
    pub report_every: usize,
}

impl Ledger {
    pub fn new(metrics: &[Measured], check_finite: bool, epoch: u64) -> Self {
        Self {
            pending: Vec::new(),
            metrics: metrics.iter().map(|m| m.fresh()).collect(),
            check_finite,
            epoch,
            last_loss: f64::NAN,
            weighted: 0.0,
            read_mass: 0.0,
            parts: Vec::new(),
            read_batches: 0,
            samples: 0,
            batches: 0,
            started: Instant::now(),
        }
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
        self.samples += rows as u64;
        self.batches += 1;
        if self.pending.len() >= MOST_PENDING { self.read() } else { Ok(()) }
    }

    /// Reads what is still on the device.
    pub fn read(&mut self) -> Result<()> {
        for batch in std::mem::take(&mut self.pending) {
            let loss = batch.losses.total.to_scalar()?;
            if self.check_finite && !loss.is_finite() {
                return Err(not_finite("loss", loss, self.epoch, self.read_batches as u64));
            }
            self.last_loss = loss;
            self.weighted += loss * batch.mass;
            self.read_mass += batch.mass;
            if batch.losses.parts.len() > 1 {
                self.parts.resize(batch.losses.parts.len(), 0.0);
                for (sum, part) in self.parts.iter_mut().zip(&batch.losses.parts) {
                    *sum += part.to_scalar()? * batch.mass;
                }
            }
            self.read_batches += 1;
            for (metric, partial) in self.metrics.iter_mut().zip(&batch.partials) {
                metric.metric.absorb(&partial.to_doubles()?);
            }
        }
        Ok(())
    }

    /// Tells the callback, when one is due.
    pub fn report(&mut self, plan: &Plan, rate: f64, on_batch: &mut OnBatch<'_>) -> Result<Flow> {
        let Some(callback) = on_batch else { return Ok(Flow::Continue) };
        let last = self.batches == plan.batches;
        let due = last || (plan.report_every > 0 && self.batches.is_multiple_of(plan.report_every as u64));
        if !due {
            return Ok(Flow::Continue);
        }
        self.read()?;
        let metrics = self.values();
        let event = BatchEvent {
            epoch: self.epoch,
            batch: self.batches,
            batches: plan.batches,
            samples: self.samples,
            samples_total: plan.samples,
            loss: self.last_loss,
            mean_loss: self.mean_loss(),
            rate,
            samples_per_second: self.samples as f64 / self.started.elapsed().as_secs_f64().max(1e-9),
            metrics: &metrics,
        };
        match callback(&event) {
            Flow::Fail => Err(Error::new(ErrorKind::Callback, "a callback failed")),
            flow => Ok(flow),
        }
    }

    fn mean_loss(&self) -> f64 {
        self.weighted / self.read_mass
    }

    /// The metrics, and after them, where there are several losses, the mean of each.
    fn values(&self) -> Vec<f64> {
        let mut values = Vec::with_capacity(self.metrics.len());
        self.metrics.iter().for_each(|m| m.metric.values(&mut values));
        values.extend(self.parts.iter().map(|sum| sum / self.read_mass));
        values
    }

    /// Closes the run.
    pub fn finish(mut self, stopped: bool, steps: u64, grad_norm: f64) -> Result<RunResult> {
        self.read()?;
        Ok(RunResult {
            stopped,
            samples: self.samples,
            batches: self.batches,
            steps,
            loss: self.mean_loss(),
            seconds: self.started.elapsed().as_secs_f64(),
            grad_norm,
            metrics: self.values(),
        })
    }
}

pub(super) fn not_finite(what: &str, value: f64, epoch: u64, batch: u64) -> Error {
    Error::new(ErrorKind::Numerical, format!("the {what} is {value} in epoch {epoch}, batch {batch} (counted from 0)"))
        .with_detail(serde_json::json!({ "what": what, "epoch": epoch, "batch": batch }))
}
