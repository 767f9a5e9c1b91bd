//! Values: tensors without a rank in their type, and their checked operations. The one place, with `backend/`,
//! that names Burn's primitives. Burn checks no shapes at this level, so every operation checks before it calls.

mod activation;
mod arith;
mod axis;
mod conv;
mod conv_transpose;
mod create;
mod host;
mod index;
mod like;
mod norm;
mod pad;
mod pool;
mod reduce;
mod resize;
mod shape_ops;
pub mod shapes;
mod value;
mod windows;

pub use conv::ConvOptions;
pub use conv_transpose::ConvTransposeOptions;
pub(crate) use host::HostElement;
pub use norm::BatchNormalised;
pub use pool::PoolOptions;
pub use resize::Interpolation;
pub use value::{DType, Gradients, Kind, Value};
pub use windows::FoldOptions;
