//! Eager tensors: computed at once, with PyTorch's gradients. They run the entries of the layers' table, as a model does.
//!
//! The gradient graph is our own: a node for each operation on something tracked ([`graph`]), which keeps the inputs and
//! knows how to pull gradients back ([`apply`], [`rules`]). Burn differentiates inside one operation only. So a graph belongs
//! to its tensors (dropping them frees it), a consumed one is a clear error before anything is computed, and a checkpoint
//! ([`checkpoint`]) is a node like any other.

mod apply;
mod backward;
mod checkpoint;
mod convert;
mod create;
mod graph;
mod loss;
mod optimizer;
mod rules;
mod tensor;

pub use apply::{Options, Tracking, apply};
pub use backward::{backward, gradients};
pub use checkpoint::{Rerun, checkpoint};
pub use create::Fill;
pub use loss::apply_loss;
pub use optimizer::{TensorOptimizer, clip_gradients};
pub use tensor::{ElementType, Tensor};

use burn::tensor::StreamId;

/// Burn ties GPU work to streams. Eager tensors share one, below those of the models, whichever thread calls.
const STREAM: StreamId = StreamId { value: 1 << 39 };

fn on_stream<R>(work: impl FnOnce() -> R) -> R {
    STREAM.executes(work)
}
