//! Values: tensors without a rank in their type, and their checked operations. The one place, with `backend/`,
//! that names Burn's primitives. Burn checks no shapes at this level, so every operation checks before it calls.

mod activation;
mod arith;
mod conv;
mod create;
mod host;
mod index;
mod like;
mod norm;
mod pair;
mod pool;
mod recurrent;
mod reduce;
mod shape_ops;
pub mod shapes;
mod value;

pub use activation::Activation;
pub use conv::Conv2dOptions;
pub(crate) use host::HostElement;
pub use norm::BatchNormalised;
pub use pool::PoolOptions;
pub(crate) use recurrent::{CellKind, Recurrence, RecurrentRun};
pub use value::{DType, Gradients, Kind, Value};
