use serde::{Deserialize, Deserializer, Serialize};

use super::Config;
use crate::{Error, Result};

/// A loss, metric or optimizer: its type and its options.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSpec {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub config: Config,
}

impl PartSpec {
    /// From JSON; `what` names it in errors.
    pub fn from_json(what: &str, json: &str) -> Result<Self> {
        super::parse(what, json)
    }
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

/// How weights are averaged during training.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AverageSpec {
    pub version: u32,
    /// average = decay * average + (1 - decay) * weights; without it the plain mean of all.
    #[serde(default)]
    pub decay: Option<f64>,
    /// Whether the decay is at most (1 + n) / (10 + n) after n moves.
    #[serde(default)]
    pub warmup: bool,
    /// Optimizer steps between two moves.
    pub every: u64,
    /// Whether buffers (running statistics) are averaged too; else they are the model's.
    #[serde(default)]
    pub buffers: bool,
}

impl AverageSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        let spec: Self = super::parse("averaging", json)?;
        super::check_version("averaging", spec.version)?;
        spec.check()?;
        Ok(spec)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if let Some(decay) = self.decay.filter(|decay| !(0.0..=1.0).contains(decay)) {
            return Err(Error::argument(format!("averaging: 'decay': expected from 0 to 1, found {decay}")));
        }
        if self.every == 0 {
            return Err(Error::argument("averaging: 'every': expected at least 1, found 0"));
        }
        Ok(())
    }
}
