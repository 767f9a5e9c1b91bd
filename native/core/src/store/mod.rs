//! Models in files: safetensors, single and sharded, read and written; the files of `torch.save`, read.
//!
//! [`WeightsFile`] opens any of them and tells which by its content. Each format only says which tensors there are and where
//! their elements lie; how elements are read, converted and put into a model is the same for all.

mod element;
mod load;
mod pickle;
mod rename;
mod report;
mod safetensors;
mod save;
mod shards;
mod source;
mod torch;
mod weights;
mod whole;
mod zip;

pub use self::element::StoredType;
pub use self::load::LoadOptions;
pub use self::report::{LoadReport, Mismatch};
pub use self::save::SaveOptions;
pub use self::weights::{Format, StoredTensor, WeightsFile};
