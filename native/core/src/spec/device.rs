use serde::Deserialize;

use crate::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    Cpu,
    NdArray,
    Gpu,
}

/// Which kind of GPU adapter to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Adapter {
    #[default]
    Default,
    Discrete,
    Integrated,
    Virtual,
    Cpu,
}

impl Adapter {
    pub fn name(self) -> &'static str {
        match self {
            Adapter::Default => "default",
            Adapter::Discrete => "discrete",
            Adapter::Integrated => "integrated",
            Adapter::Virtual => "virtual",
            Adapter::Cpu => "cpu",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    pub kind: DeviceKind,
    #[serde(default)]
    pub adapter: Adapter,
    #[serde(default)]
    pub index: usize,
}

impl DeviceSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        super::parse("device", json)
    }

    /// The CPU devices exist once.
    pub(crate) fn expect_single(&self) -> Result<()> {
        if self.index == 0 {
            return Ok(());
        }
        Err(Error::new(
            crate::ErrorKind::Device,
            format!("there is only one CPU device, index {} does not exist", self.index),
        ))
    }
}
