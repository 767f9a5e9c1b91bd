//! Normalisations.

use burn::backend::Dispatch;
use burn::backend::ops::ModuleOps;

use super::{Kind, Value};
use crate::array::element_count;
use crate::backend::extension::batch_norm_train;
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
        let (output, mean, variance) = batch_norm_train(self.raw, weight.raw, bias.raw, eps)?;
        Ok(BatchNormalised {
            output: Self::float(output),
            mean: Self::float(mean).detached(),
            variance: Self::float(variance).detached(),
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
        self.channels(&[Some(mean), Some(variance), weight, bias])?;
        let mut scale = variance.clone().add_scalar(eps)?.sqrt()?.recip()?;
        if let Some(weight) = weight {
            scale = scale.mul(weight)?;
        }
        let mut shift = mean.clone().mul(&scale)?.neg()?;
        if let Some(bias) = bias {
            shift = shift.add(bias)?;
        }
        self.per_channel(Some(&scale), Some(&shift))
    }

    /// x * scale + shift, both per channel (dimension 1).
    fn per_channel(self, scale: Option<&Value>, shift: Option<&Value>) -> Result<Self> {
        let mut shape = vec![1; self.rank()];
        shape[1] = self.dim(1);
        let mut result = self;
        if let Some(scale) = scale {
            result = result.mul(&scale.clone().reshape(&shape)?)?;
        }
        match shift {
            Some(shift) => result.add(&shift.clone().reshape(&shape)?),
            None => Ok(result),
        }
    }

    /// (x - mean) / sqrt(variance + eps) * weight + bias with mean and biased variance of each sample's `groups` groups of
    /// channels (dimension 1); weight and bias are per channel.
    pub fn group_norm(self, groups: usize, weight: Option<&Value>, bias: Option<&Value>, eps: f64) -> Result<Self> {
        let channels = self.channels(&[weight, bias])?;
        let shape = self.shape();
        if groups == 0 || !channels.is_multiple_of(groups) {
            return Err(Error::shape("group_norm input", format!("channels in {groups} groups"), format!("{shape:?}")));
        }
        if self.is_empty() {
            return Ok(self);
        }
        let rows = shape[0] * groups;
        let width = self.len() / rows;
        let normalised = self.reshape(&[rows, width])?.layer_norm(&[width], None, None, eps)?;
        normalised.reshape(&shape)?.per_channel(weight, bias)
    }

    /// Mean and biased variance of every sample's channels, both [batch, channels]; constants.
    pub fn channel_moments(&self) -> Result<(Self, Self)> {
        self.channels(&[])?;
        let (batch, channels) = (self.dim(0), self.dim(1));
        let rows = self.clone().detached().reshape(&[batch * channels, self.len() / (batch * channels).max(1)])?;
        let mean = rows.clone().mean_dims(&[1])?;
        let centred = rows.sub(&mean)?;
        let variance = centred.clone().mul(&centred)?.mean_dims(&[1])?;
        Ok((mean.reshape(&[batch, channels])?, variance.reshape(&[batch, channels])?))
    }

    /// x / sqrt(mean(x^2) + eps) * weight over the trailing dimensions `normalised`.
    pub fn rms_norm(self, normalised: &[usize], weight: Option<&Value>, eps: f64) -> Result<Self> {
        let shape = self.shape();
        let width = self.normalised("rms_norm", normalised, [weight, None])?;
        if self.is_empty() {
            return Ok(self);
        }
        let rows = self.len() / width;
        let rows = self.reshape(&[rows, width])?;
        let scale = rows.clone().mul(&rows)?.mean_dims(&[1])?.add_scalar(eps)?.sqrt()?.recip()?;
        let mut result = rows.mul(&scale)?;
        if let Some(weight) = weight {
            result = result.mul(&weight.clone().reshape(&[1, width])?)?;
        }
        result.reshape(&shape)
    }

    /// x / (k + alpha / size * sum of x^2 over the `size` channels around)^beta, channels in dimension 1 of at least 3;
    /// beyond the ends the channels are 0. Of an even size, the larger half lies before the channel.
    pub fn local_response_norm(self, size: usize, alpha: f64, beta: f64, k: f64) -> Result<Self> {
        let channels = self.channels(&[])?;
        let shape = self.shape();
        if shape.len() < 3 {
            return Err(Error::shape("local_response_norm input", "[N, C, L, ..]", format!("{shape:?}")));
        }
        if self.is_empty() {
            return Ok(self);
        }
        // The sum over neighbours is a product with a band of ones: one operation, whatever the size.
        let near = |to: usize, from: usize| from + size / 2 >= to && from <= to + (size - 1) / 2;
        let share = alpha / size as f64;
        let band =
            (0..channels * channels).map(|i| if near(i / channels, i % channels) { share } else { 0.0 }).collect();
        let band = self.doubles_like(band, &[1, channels, channels])?;
        let planes = [shape[0], channels, self.len() / (shape[0] * channels)];
        let planes = self.reshape(&planes)?;
        let square = planes.clone().mul(&planes)?;
        // The power as exp(beta ln x): Burn's rounds its exponent to single precision on some devices.
        let divisor = band.matmul(&square)?.add_scalar(k)?.log()?.mul_scalar(beta)?.exp()?;
        planes.div(&divisor)?.reshape(&shape)
    }

    /// Checks the trailing dimensions that a norm works on and its parameters of that shape; gives their product.
    fn normalised(&self, what: &str, normalised: &[usize], parameters: [Option<&Value>; 2]) -> Result<usize> {
        self.expect_kind(Kind::Float, what)?;
        let shape = self.shape();
        if !shape.ends_with(normalised) || normalised.is_empty() {
            return Err(Error::shape(format!("{what} input"), format!("[.., {normalised:?}]"), format!("{shape:?}")));
        }
        for parameter in parameters.into_iter().flatten() {
            if parameter.shape() != normalised {
                let found = format!("{:?}", parameter.shape());
                return Err(Error::shape(format!("{what} parameter"), format!("{normalised:?}"), found));
            }
        }
        element_count(normalised)
    }

    /// (x - mean) / sqrt(variance + eps) * weight + bias over the trailing dimensions `normalised`, biased variance.
    pub fn layer_norm(
        self,
        normalised: &[usize],
        weight: Option<&Value>,
        bias: Option<&Value>,
        eps: f64,
    ) -> Result<Self> {
        let shape = self.shape();
        let width = self.normalised("layer_norm", normalised, [weight, bias])?;
        if self.is_empty() {
            return Ok(self);
        }
        let mut rows = shape[..shape.len() - normalised.len()].to_vec();
        rows.push(width);
        let weight = weight.map_or_else(|| self.full_like(&[width], 1.0), |v| v.clone().reshape(&[width]))?;
        let bias = bias.map(|v| v.clone().reshape(&[width])).transpose()?;
        let rows = self.reshape(&rows)?;
        Self::float(Dispatch::layer_norm(rows.raw, weight.raw, bias.map(|b| b.raw), eps)).reshape(&shape)
    }
}
