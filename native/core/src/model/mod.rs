//! A model: a graph of pure layers and one table of named parameters and buffers.

mod average;
mod build;
mod copy;
mod graph;
mod initialise;
mod inputs;
mod pattern;
mod predict;
mod quantize;
mod segment;
mod summary;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::StreamId;

use crate::device::Device;
use crate::losses::Objective;
use crate::metrics::{self, Measured};
use crate::optim;
use crate::spec::{CompileSpec, MeasureSpec};
use crate::tensor::DType;
use crate::train::{OpenEpoch, Scaler, check_precision};
use crate::{Error, Result};

pub use predict::Predictor;
pub use summary::{LayerSummary, StateEntry, Summary};

pub(crate) use average::Averages;
pub(crate) use graph::{Graph, Pass};
pub(crate) use inputs::{check_finite, check_indices};
pub(crate) use pattern::matches_name;
pub(crate) use segment::Segment;
pub(crate) use table::{Entry, Table};

/// A model on a device. One call at a time; see [`Predictor`] for many.
pub struct Model {
    pub(crate) graph: Arc<Graph>,
    pub(crate) table: Table,
    pub(crate) device: Device,
    pub(crate) dtype: DType,
    /// Shared by the model's copies: it holds options only.
    pub(crate) compiled: Option<Arc<Compiled>>,
    /// Forward passes of [`crate::train::train_step`] so far: names their random numbers.
    pub(crate) passes: u64,
    pub(crate) averages: Averages,
    /// The epoch that was left before its end.
    pub(crate) open: Option<OpenEpoch>,
    /// The scale of the loss, once training has used one.
    pub(crate) scaler: Option<Scaler>,
    /// What prediction and evaluation round to; see [`Model::set_inference`].
    pub(crate) inference: Option<DType>,
    stream: StreamId,
}

/// What training needs besides the model.
pub(crate) struct Compiled {
    pub objective: Objective,
    pub optimizer: optim::Groups,
    pub metrics: Vec<Measured>,
}

/// Burn ties GPU work to streams; every model has its own, whichever thread calls. The numbers start far above
/// those of Burn's own threads.
fn new_stream() -> StreamId {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 40);
    StreamId { value: NEXT.fetch_add(1, Ordering::Relaxed) }
}

impl Model {
    /// Sets loss, optimizer and metrics; weights stay, the state of an earlier optimizer and averages are dropped.
    pub fn compile(&mut self, spec: &CompileSpec) -> Result<()> {
        let outputs = self.graph.output_count();
        let objective = Objective::new(&spec.loss, outputs)?;
        let optimizer = optim::Groups::new(&spec.optimizer, &self.table.targets())?;
        let measured = |spec: &MeasureSpec| -> Result<Measured> {
            let (metric, output) = (metrics::create(&spec.part())?, spec.output.unwrap_or(0));
            let targets = spec.targets.clone().unwrap_or_else(|| objective.targets_of(output));
            if output >= outputs || targets.iter().any(|&t| t >= objective.target_count()) {
                let message = format!(
                    "output {output} and targets {targets:?}: the model has {outputs} output(s), its loss {} target(s)",
                    objective.target_count()
                );
                return Err(Error::argument(message).at(format!("metric {}", spec.kind)));
            }
            Ok(Measured { metric, output, targets })
        };
        let metrics = spec.metrics.iter().map(measured).collect::<Result<_>>()?;
        self.compiled = Some(Arc::new(Compiled { objective, optimizer, metrics }));
        self.table.reset_states();
        self.drop_averages();
        self.open = None;
        self.scaler = None;
        Ok(())
    }

    pub(crate) fn compiled(&self) -> Result<&Compiled> {
        self.compiled.as_deref().ok_or_else(|| Error::argument("the model has no loss and optimizer: compile it first"))
    }

    pub fn device(&self) -> Device {
        self.device.clone()
    }

    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Number of metrics that training and evaluation report.
    pub fn metric_count(&self) -> usize {
        self.compiled.as_ref().map_or(0, |c| c.metrics.len())
    }

    /// Freezes or unfreezes every parameter and buffer whose name, or whose layer's name, matches the pattern
    /// (`*` any text, `?` one character). Gives the number of parameters and buffers matched; none is an error.
    pub fn set_trainable(&mut self, pattern: &str, trainable: bool) -> Result<usize> {
        let matched: Vec<usize> = (0..self.table.entries.len())
            .filter(|&i| pattern::matches_name(pattern, &self.table.entries[i].name))
            .collect();
        if matched.is_empty() {
            return Err(self.table.unknown(pattern));
        }
        for &i in &matched {
            self.table.entries[i].frozen = !trainable;
        }
        Ok(matched.len())
    }

    /// Moves parameters, buffers, averages and optimizer state.
    pub fn to_device(&mut self, device: &Device) -> Result<()> {
        device.check()?;
        device.expect_float(self.dtype)?;
        for half in self.inference.into_iter().chain(self.table.half()) {
            device.expect_float(half)?;
        }
        let stream = self.stream;
        stream.executes(|| self.table.move_to(device))?;
        self.device = device.clone();
        Ok(())
    }

    /// The stream on which the model's work runs.
    pub(crate) fn stream(&self) -> StreamId {
        self.stream
    }
}
