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

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompileSpec {
    pub version: u32,
    pub loss: PartSpec,
    pub optimizer: PartSpec,
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
