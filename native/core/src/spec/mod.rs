//! What C# sends: versioned JSON, read into these types. Keys are PyTorch's names.

mod config;
mod data;
mod device;
mod init;
mod model;
mod training;

pub use config::Config;
pub use data::{FeedSpec, ImagesSpec};
pub use device::{Adapter, DeviceKind, DeviceSpec};
pub use init::InitSpec;
pub use model::{InputSpec, ModelSpec, NodeSpec, ValueKind};
pub use training::{AverageSpec, CompileSpec, GroupSpec, MeasureSpec, OptimizerSpec, PartSpec};

use crate::{Error, ErrorKind, Result};

/// The version of the descriptions that this build reads.
pub const VERSION: u32 = 1;

fn parse<T: serde::de::DeserializeOwned>(what: &str, json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|e| Error::new(ErrorKind::Format, format!("the {what} description is not valid: {e}")))
}

fn check_version(what: &str, version: u32) -> Result<()> {
    if version == VERSION {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Format,
        format!("the {what} description has version {version}, this library reads version {VERSION}"),
    ))
}

/// A list of names.
pub fn names_from_json(what: &'static str, json: &str) -> Result<Vec<String>> {
    parse(what, json)
}
