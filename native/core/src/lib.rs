//! The safe core of ExBurn.Interop over Burn: values without a rank in their type, layers as pure functions,
//! one table of named parameters, training wholly in Rust.
#![forbid(unsafe_code)]

pub mod array;
pub mod backend;
pub mod data;
pub mod eager;
pub mod error;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod model;
pub mod optim;
pub mod spec;
pub mod store;
pub mod tensor;
pub mod train;

pub use array::{ArrayView, DataView, HostArray, HostData};
pub use backend::device;
pub use error::{Error, ErrorKind, Result};
