//! The C ABI of ExBurn.Interop: exports only, one file per area. The contract is `native/ABI.md`.
//!
//! Every export is written out plainly, because csbindgen reads these files as text and writes the C# declarations from them.
//! The work itself is in `exburn_core`; here pointers become references, failures become status codes, and no panic gets out.

// The rules for the pointers are the same for all exports and stand in native/ABI.md.
#![allow(clippy::missing_safety_doc)]

pub mod abi;
pub mod array;
pub mod buffer;
pub mod cancel;
pub mod checkpoint;
pub mod dataset;
pub mod dataset_parts;
pub mod dataset_values;
pub mod device;
pub mod error;
pub mod gradients;
pub mod log;
pub mod model;
pub mod outputs;
pub mod precision;
pub mod predictor;
pub mod runtime;
pub mod store;
pub mod stream;
pub mod tensor;
pub mod tensor_grad;
pub mod tensor_optimizer;
pub mod train;
pub mod weights;

mod guard;
mod handle;
mod structs;
mod text;

/// Small models allocate much: mimalloc makes their training step 2.5 times faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
