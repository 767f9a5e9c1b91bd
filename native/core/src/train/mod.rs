//! Training wholly in Rust: step, epoch, evaluation.

use std::cell::Cell;

use crate::tensor::DType;

pub(crate) mod clip;
mod epoch;
mod evaluate;
mod gradients;
mod input_gradients;
mod ledger;
mod pace;
mod precision;
mod profile;
mod scaler;
mod step;
mod stream;
mod tape;
mod watch;

pub use epoch::train_epoch;
pub use evaluate::{evaluate, evaluate_step};
pub use gradients::{GradientEntry, Gradients, apply_gradients, compute_gradients};
pub use input_gradients::InputGradients;
pub(crate) use ledger::{OpenEpoch, Tally};
pub use pace::Pace;
pub(crate) use precision::check_precision;
pub use profile::{StepProfile, profile_step};
pub use scaler::LossScaling;
pub(crate) use scaler::Scaler;
pub use step::train_step;
pub use stream::{BatchSource, SourceBatch, evaluate_stream, source_failed, train_stream};

/// How an epoch or step is to run.
#[derive(Debug, Clone)]
pub struct TrainOptions {
    /// Number of the epoch, for shuffling and masks.
    pub epoch: u64,
    /// Seed of shuffling and masks.
    pub seed: u64,
    pub batch_size: usize,
    pub shuffle: bool,
    /// Leave out a last batch that is not full.
    pub drop_last: bool,
    /// Stop with a numerical error on data, losses or gradient norms that are not finite.
    pub check_finite: bool,
    /// Batches whose gradients make one optimizer step (mean weighted by rows); the last group may be short.
    pub accumulate: usize,
    /// Batches between two events; 0: only at the end.
    pub report_every: usize,
    /// Largest norm of all gradients together.
    pub clip_norm: Option<f64>,
    /// Largest absolute value of a gradient's element.
    pub clip_value: Option<f64>,
    /// Optimizer steps after which the epoch ends.
    pub max_steps: Option<u64>,
    /// Optimizer steps after which the call returns, with the epoch open to be gone on with.
    pub pause_after: Option<u64>,
    /// Batches of the epoch that are done: the model has the epoch open there.
    pub start_batch: u64,
    /// An epoch that ends before its last batch stays open: a later call with `start_batch` goes on with it, and checkpoints
    /// hold it. Loss and metrics are then those of the whole epoch.
    pub keep_open: bool,
    /// The type of 16 bits in which layers compute what may be computed in it; the model has f32.
    pub autocast: Option<DType>,
    /// How the loss is scaled; the scale itself is the model's. Steps whose gradients are not finite are left out.
    pub scaling: Option<LossScaling>,
    /// What [`compute_gradients`] multiplies the loss by before its gradients are computed.
    pub loss_scale: f64,
    /// Measure the gradients of the steps that events are about.
    pub watch_gradients: bool,
    /// Gradient checkpointing: parts of the graph whose inner values are computed again for the backward pass instead of being
    /// kept; 1 keeps all.
    pub segments: usize,
    /// Of [`compute_gradients`] alone.
    pub input_gradients: InputGradients,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            epoch: 0,
            seed: 0,
            batch_size: 32,
            shuffle: true,
            drop_last: false,
            check_finite: true,
            accumulate: 1,
            report_every: 0,
            clip_norm: None,
            clip_value: None,
            max_steps: None,
            pause_after: None,
            start_batch: 0,
            keep_open: false,
            autocast: None,
            scaling: None,
            loss_scale: 1.0,
            watch_gradients: false,
            segments: 1,
            input_gradients: InputGradients::None,
        }
    }
}

/// Progress within an epoch. Values are those of the epoch so far.
#[derive(Debug)]
pub struct BatchEvent<'a> {
    pub epoch: u64,
    /// Batches done.
    pub batch: u64,
    pub batches: u64,
    pub samples: u64,
    pub samples_total: u64,
    /// Loss of the latest batch.
    pub loss: f64,
    /// Mean loss so far, weighted by rows.
    pub mean_loss: f64,
    pub rate: f64,
    pub samples_per_second: f64,
    pub metrics: &'a [f64],
    /// Norm of the gradients of the step that this batch completed, before clipping; NaN where it completed none, or neither
    /// clipping nor watching computed it.
    pub grad_norm: f64,
    /// That of each parameter, in the model's order, NaN where one has no gradient; empty unless watched.
    pub grad_norms: &'a [f64],
    /// Rows of rates and momenta that are used up. What a callback writes into the later ones holds for the steps to come;
    /// both are empty in evaluation.
    pub steps: u64,
    pub rates: &'a [Cell<f64>],
    pub momenta: &'a [Cell<f64>],
    /// Steps that were left out because a gradient was not finite.
    pub skipped: u64,
    /// What the next step's loss is multiplied by; none without loss scaling.
    pub loss_scale: Option<f64>,
}

/// What a callback wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Continue,
    /// End the epoch after this batch, normally.
    Stop,
    /// The callback itself failed.
    Fail,
}

/// What an epoch, step or evaluation gave. Of an epoch that was gone on with: all of the epoch so far, seconds included.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// A callback asked to stop.
    pub stopped: bool,
    pub samples: u64,
    pub batches: u64,
    /// Optimizer steps that were made.
    pub steps: u64,
    /// Those left out because a gradient was not finite.
    pub skipped: u64,
    /// What the next step's loss is multiplied by; none without loss scaling.
    pub loss_scale: Option<f64>,
    /// Mean loss weighted by rows; NaN when there was no batch.
    pub loss: f64,
    pub seconds: f64,
    /// Norm of the last step's gradients before clipping; NaN where neither clipping nor watching computed it.
    pub grad_norm: f64,
    pub metrics: Vec<f64>,
}

/// Called between batches.
pub type OnBatch<'a> = Option<&'a mut dyn FnMut(&BatchEvent<'_>) -> Flow>;
