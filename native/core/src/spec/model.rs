use serde::Deserialize;

use super::{Config, InitSpec};
use crate::{Error, Result};

/// What an input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueKind {
    Float,
    Int,
    Bool,
}

impl std::fmt::Display for ValueKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ValueKind::Float => "float",
            ValueKind::Int => "integer",
            ValueKind::Bool => "bool",
        })
    }
}

/// One input: the whole shape with the batch dimension, -1 where unknown; no shape where even the rank is unknown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    pub name: String,
    #[serde(default)]
    pub shape: Option<Vec<i64>>,
    #[serde(default)]
    pub kind: Option<ValueKind>,
}

/// One node: a layer applied to earlier values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSpec {
    pub name: String,
    #[serde(rename = "type")]
    pub layer: String,
    #[serde(default)]
    pub config: Config,
    /// First values of parameters that differ from the layer's own.
    #[serde(default)]
    pub init: InitSpec,
    pub inputs: Vec<String>,
    #[serde(default = "yes")]
    pub trainable: bool,
    /// An earlier node of the same type and options whose parameters and buffers it uses.
    #[serde(default)]
    pub shares: Option<String>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    pub version: u32,
    #[serde(default = "f32_name")]
    pub dtype: String,
    pub inputs: Vec<InputSpec>,
    pub nodes: Vec<NodeSpec>,
    pub outputs: Vec<String>,
}

fn f32_name() -> String {
    "f32".to_owned()
}

impl ModelSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        let spec: Self = super::parse("model", json)?;
        super::check_version("model", spec.version)?;
        Ok(spec)
    }

    /// A chain of layers named by their index, as a Sequential sends it; for tests and benchmarks.
    pub fn sequential(dtype: &str, layers: &[(&str, serde_json::Value)]) -> Result<Self> {
        let nodes = layers
            .iter()
            .enumerate()
            .map(|(i, (layer, config))| {
                Ok(NodeSpec {
                    name: i.to_string(),
                    layer: (*layer).to_owned(),
                    config: Config::from_value(config.clone())?,
                    init: InitSpec::default(),
                    inputs: vec![if i == 0 { "input".to_owned() } else { (i - 1).to_string() }],
                    trainable: true,
                    shares: None,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let last = nodes.last().ok_or_else(|| Error::argument("a model needs at least one layer"))?.name.clone();
        Ok(Self {
            version: super::VERSION,
            dtype: dtype.to_owned(),
            inputs: vec![InputSpec { name: "input".to_owned(), shape: None, kind: None }],
            nodes,
            outputs: vec![last],
        })
    }
}
