use serde::Deserialize;

use super::Config;
use crate::Result;

/// A loss, metric or optimizer: its type and its options.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSpec {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub config: Config,
}

/// The optimizer of a model: type and options, and other options for groups of parameters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerSpec {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub config: Config,
    #[serde(default)]
    pub groups: Vec<GroupSpec>,
}

/// Parameters whose name, or whose layer's name, matches a pattern, and what differs for them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    pub params: Vec<String>,
    /// Another optimizer; its options are then its own only.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub config: Config,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompileSpec {
    pub version: u32,
    pub loss: PartSpec,
    pub optimizer: OptimizerSpec,
    #[serde(default)]
    pub metrics: Vec<PartSpec>,
}

impl CompileSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        let spec: Self = super::parse("training", json)?;
        super::check_version("training", spec.version)?;
        Ok(spec)
    }
}
