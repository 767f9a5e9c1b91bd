//! Models in files: safetensors.

mod safetensors;

pub use self::safetensors::LoadReport;
