use serde::{Deserialize, Deserializer};

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

/// A loss or metric, and what of the model's outputs and the data's targets it is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureSpec {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub config: Config,
    /// Factor of a loss in the sum of all losses.
    #[serde(default)]
    pub weight: Option<f64>,
    /// Position of the output. Default: a loss's own position in the list, for a metric the first.
    #[serde(default)]
    pub output: Option<usize>,
    /// Positions of the targets. Default: for a loss those after the loss before it, for a metric those of its output's
    /// first loss.
    #[serde(default)]
    pub targets: Option<Vec<usize>>,
}

impl MeasureSpec {
    pub fn part(&self) -> PartSpec {
        PartSpec { kind: self.kind.clone(), config: self.config.clone() }
    }
}

/// One, or a list.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<MeasureSpec>, D::Error> {
    let list = match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Array(all) => all,
        one => vec![one],
    };
    list.into_iter().map(|one| serde_json::from_value(one).map_err(serde::de::Error::custom)).collect()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompileSpec {
    pub version: u32,
    /// One, or a list whose weighted sum is made small.
    #[serde(deserialize_with = "one_or_many")]
    pub loss: Vec<MeasureSpec>,
    pub optimizer: OptimizerSpec,
    #[serde(default)]
    pub metrics: Vec<MeasureSpec>,
}

impl CompileSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        let spec: Self = super::parse("training", json)?;
        super::check_version("training", spec.version)?;
        Ok(spec)
    }
}
