//! How a dataset is fed, and images in files.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::data::images::{ImageSet, Pipeline};
use crate::data::{Dataset, Mix, Sampler};
use crate::{Error, Result};

/// `{"version":1,"files":[...],"channels":3,"transforms":[{"type":"Resize","config":{"size":32}}]}`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagesSpec {
    pub version: u32,
    pub files: Vec<PathBuf>,
    pub channels: usize,
    #[serde(default)]
    pub transforms: Vec<Value>,
    /// Whether images are turned as their Exif data tells.
    #[serde(default = "yes")]
    pub orientation: bool,
}

fn yes() -> bool {
    true
}

impl ImagesSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        let spec: Self = super::parse("images", json)?;
        super::check_version("images", spec.version)?;
        Ok(spec)
    }

    pub fn build(self) -> Result<ImageSet> {
        let pipeline = Pipeline::from_json(self.channels, &self.transforms)?;
        ImageSet::new(self.files, pipeline.with_orientation(self.orientation))
    }
}

/// `{"version":1,"sampler":{"type":"Stratified","config":{"target":0}},"mix":{"mixup":0.2,"cutmix":null,"classes":10}}`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSpec {
    pub version: u32,
    #[serde(default)]
    sampler: Option<super::PartSpec>,
    #[serde(default)]
    mix: Option<MixSpec>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MixSpec {
    mixup: Option<f64>,
    cutmix: Option<f64>,
    classes: usize,
}

impl FeedSpec {
    pub fn from_json(json: &str) -> Result<Self> {
        let spec: Self = super::parse("feed", json)?;
        super::check_version("feed", spec.version)?;
        Ok(spec)
    }

    /// The dataset as it says; `weights` are those of a weighted sampler.
    pub fn apply(&self, data: &Dataset, weights: &[f64]) -> Result<Dataset> {
        let sampler = self.sampler.as_ref().map(|part| sampler(part, data, weights)).transpose();
        let mix = self.mix.as_ref().map(|m| Mix::new(m.mixup, m.cutmix, m.classes)).transpose();
        data.feeding(sampler.map_err(|e| e.at("sampler"))?, mix.map_err(|e| e.at("mix"))?)
    }
}

fn sampler(part: &super::PartSpec, data: &Dataset, weights: &[f64]) -> Result<Sampler> {
    let config = &part.config;
    let sampler = match part.kind.as_str() {
        "Sequential" => Sampler::Sequential,
        "Random" => Sampler::Random,
        "Stratified" => {
            let target = config.int("target", 0)?;
            let target =
                usize::try_from(target).map_err(|_| Error::argument(format!("there is no target {target}")))?;
            Sampler::stratified(data, target)?
        }
        "Weighted" => Sampler::Weighted {
            weights: weights.to_vec(),
            samples: config.size("samples")?,
            replacement: config.flag("replacement", true)?,
        },
        other => return Err(Error::unsupported(format!("there is no sampler '{other}'"))),
    };
    config.finish()?;
    Ok(sampler)
}
