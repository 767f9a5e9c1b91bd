//! Values: tensors without a rank in their type, and their checked operations. The one place, with `backend/`,
//! that names Burn's primitives. Burn checks no shapes at this level, so every operation checks before it calls.

mod activation;
mod arith;
mod axis;
mod bits;
mod compare;
mod conv;
mod conv_transpose;
mod create;
mod extremes;
mod finite;
mod functions;
mod host;
mod index;
mod like;
mod matrix;
mod norm;
mod order;
mod pad;
mod pair;
mod place;
mod pool;
mod recurrent;
mod reduce;
mod resize;
mod shape_ops;
pub mod shapes;
mod surrogate;
mod value;
mod windows;

pub use activation::Activation;
pub use bits::Bits;
pub use compare::Comparison;
pub use conv::ConvOptions;
pub use conv_transpose::ConvTransposeOptions;
pub(crate) use host::HostElement;
pub use norm::BatchNormalised;
pub use pool::PoolOptions;
pub(crate) use recurrent::{CellKind, Recurrence, RecurrentRun};
pub use resize::Interpolation;
pub use value::{DType, Gradients, Kind, Value};
pub use windows::FoldOptions;
