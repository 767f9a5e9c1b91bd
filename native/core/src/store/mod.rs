//! Models in files: safetensors, and checkpoints of training.

mod checkpoint;
mod crc;
mod restore;
mod safetensors;
mod whole;

pub use self::checkpoint::CHECKPOINT_VERSION;
pub use self::restore::Checkpoint;
pub use self::safetensors::LoadReport;
