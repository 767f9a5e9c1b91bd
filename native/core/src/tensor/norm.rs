//! Normalisations.

use burn::backend::Dispatch;
use burn::backend::ops::ModuleOps;

use super::{Kind, Value};
use crate::array::element_count;
use crate::{Error, Result};

/// Result of a batch normalisation with the statistics of the batch.
#[derive(Debug, Clone)]
pub struct BatchNormalised {
    pub output: Value,
    /// Mean per channel, [channels]; a constant.
    pub mean: Value,
    /// Biased variance per channel, [channels]; a constant.
    pub variance: Value,
}

impl Value {
    /// Checks [batch, channels, ..] and per-channel vectors; returns the number of channels.
    fn channels(&self, vectors: &[Option<&Value>]) -> Result<usize> {
        self.expect_kind(Kind::Float, "batch_norm")?;
        let shape = self.shape();
        let [_, channels, ..] = shape[..] else {
            return Err(Error::shape("batch_norm input", "[batch, channels, ..]", format!("{shape:?}")));
        };
        for vector in vectors.iter().flatten() {
            if vector.shape() != [channels] {
                let found = format!("{:?}", vector.shape());
                return Err(Error::shape("batch_norm parameter", format!("[{channels}]"), found));
            }
        }
        Ok(channels)
    }

    /// (x - mean) / sqrt(variance + eps) * weight + bias with the batch's own mean and biased variance per channel
    /// (dimension 1). Differentiated as one operation.
    pub fn batch_norm_train(self, weight: Option<&Value>, bias: Option<&Value>, eps: f64) -> Result<BatchNormalised> {
        let channels = self.channels(&[weight, bias])?;
        if self.is_empty() {
            return Err(Error::shape("batch_norm input", "at least one element", format!("{:?}", self.shape())));
        }
        let weight = weight.map_or_else(|| self.full_like(&[channels], 1.0), |v| Ok(v.clone()))?;
        let bias = bias.map_or_else(|| self.full_like(&[channels], 0.0), |v| Ok(v.clone()))?;
        let result = Dispatch::batch_norm_train(self.raw, weight.raw, bias.raw, eps);
        Ok(BatchNormalised {
            output: Self::float(result.output),
            mean: Self::float(result.mean).detached(),
            variance: Self::float(result.variance).detached(),
        })
    }

    /// The same with given statistics: one multiplication and one addition per element.
    pub fn batch_norm(
        self,
        mean: &Value,
        variance: &Value,
        weight: Option<&Value>,
        bias: Option<&Value>,
        eps: f64,
    ) -> Result<Self> {
        let channels = self.channels(&[Some(mean), Some(variance), weight, bias])?;
        let mut scale = variance.clone().add_scalar(eps)?.sqrt()?.recip()?;
        if let Some(weight) = weight {
            scale = scale.mul(weight)?;
        }
        let mut shift = mean.clone().mul(&scale)?.neg()?;
        if let Some(bias) = bias {
            shift = shift.add(bias)?;
        }
        let mut per_channel = vec![1; self.rank()];
        per_channel[1] = channels;
        self.mul(&scale.reshape(&per_channel)?)?.add(&shift.reshape(&per_channel)?)
    }

    /// (x - mean) / sqrt(variance + eps) * weight + bias over the trailing dimensions `normalised`, biased variance.
    pub fn layer_norm(
        self,
        normalised: &[usize],
        weight: Option<&Value>,
        bias: Option<&Value>,
        eps: f64,
    ) -> Result<Self> {
        self.expect_kind(Kind::Float, "layer_norm")?;
        let shape = self.shape();
        if !shape.ends_with(normalised) || normalised.is_empty() {
            return Err(Error::shape("layer_norm input", format!("[.., {normalised:?}]"), format!("{shape:?}")));
        }
        for vector in [weight, bias].into_iter().flatten() {
            if vector.shape() != normalised {
                let found = format!("{:?}", vector.shape());
                return Err(Error::shape("layer_norm parameter", format!("{normalised:?}"), found));
            }
        }
        if self.is_empty() {
            return Ok(self);
        }
        let width = element_count(normalised)?;
        let mut rows = shape[..shape.len() - normalised.len()].to_vec();
        rows.push(width);
        let weight = weight.map_or_else(|| self.full_like(&[width], 1.0), |v| v.clone().reshape(&[width]))?;
        let bias = bias.map(|v| v.clone().reshape(&[width])).transpose()?;
        let rows = self.reshape(&rows)?;
        Self::float(Dispatch::layer_norm(rows.raw, weight.raw, bias.map(|b| b.raw), eps)).reshape(&shape)
    }
}
