//! Normalisations of each sample by itself, over groups of channels or single channels.

use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("GroupNorm", GroupNorm::new),
    ("InstanceNorm1d", |c| InstanceNorm::new(c, 1)),
    ("InstanceNorm2d", |c| InstanceNorm::new(c, 2)),
    ("InstanceNorm3d", |c| InstanceNorm::new(c, 3)),
];

fn affine(channels: usize) -> Vec<Declaration> {
    vec![
        Declaration::parameter("weight", &[channels], Init::Constant(1.0)),
        Declaration::parameter("bias", &[channels], Init::Constant(0.0)),
    ]
}

/// torch.nn.GroupNorm: [N, C, ..], shape unchanged; mean and biased variance over each of `num_groups` groups of channels
/// and everything behind them.
#[derive(Debug)]
pub struct GroupNorm {
    groups: usize,
    channels: usize,
    eps: f64,
    affine: bool,
}

impl GroupNorm {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (groups, channels) = (config.size("num_groups")?, config.size("num_channels")?);
        if !channels.is_multiple_of(groups) {
            let message = format!("expected a multiple of num_groups ({groups}), found {channels}");
            return Err(Error::argument(format!("option 'num_channels': {message}")));
        }
        let (eps, affine) = (config.non_negative("eps", 1e-5)?, config.flag("affine", true)?);
        Ok(Box::new(Self { groups, channels, eps, affine }))
    }
}

impl Layer for GroupNorm {
    fn declare(&self) -> Vec<Declaration> {
        if self.affine { affine(self.channels) } else { Vec::new() }
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let expected = format!("[N, {}, ..]", self.channels);
        if input.rank().is_some_and(|rank| rank < 2) {
            return Err(Error::shape("input", expected, input));
        }
        input.expect_dim(1, self.channels, &expected)?;
        let Some(mut shape) = input.shape.clone() else { return Ok(vec![input.clone()]) };
        shape[1] = Some(self.channels);
        Ok(vec![Type::float(shape)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (weight, bias) = (ctx.optional("weight")?, ctx.optional("bias")?);
        Ok(vec![inputs[0].clone().group_norm(self.groups, weight.as_ref(), bias.as_ref(), self.eps)?])
    }
}

/// torch.nn.InstanceNorm1d ([N, C, L]), InstanceNorm2d ([N, C, H, W]), InstanceNorm3d ([N, C, D, H, W]), each also without
/// N; the shape is unchanged. Mean and biased variance over every channel of every sample.
///
/// With `track_running_stats`, training moves the running statistics towards the mean over the batch of the samples' means
/// and unbiased variances, and evaluation, or frozen buffers, uses them. As in PyTorch, `num_batches_tracked` stays 0 and a
/// momentum of null never moves them.
#[derive(Debug)]
pub struct InstanceNorm {
    channels: usize,
    eps: f64,
    momentum: f64,
    affine: bool,
    track: bool,
    /// Dimensions behind the channels.
    dims: usize,
}

impl InstanceNorm {
    pub fn new(config: &Config, dims: usize) -> Result<Box<dyn Layer>> {
        let momentum = if config.is_null("momentum") { 0.0 } else { config.float("momentum", 0.1)? };
        if !(0.0..=1.0).contains(&momentum) {
            return Err(Error::argument(format!("option 'momentum': expected 0 to 1, or null, found {momentum}")));
        }
        Ok(Box::new(Self {
            channels: config.size("num_features")?,
            eps: config.non_negative("eps", 1e-5)?,
            momentum,
            affine: config.flag("affine", false)?,
            track: config.flag("track_running_stats", false)?,
            dims,
        }))
    }

    fn expected(&self) -> String {
        let c = self.channels;
        let rest = ["L", "H, W", "D, H, W"][self.dims - 1];
        format!("[N, {c}, {rest}] or [{c}, {rest}]")
    }

    /// Running statistics after this batch [N, C, ..].
    fn follow(&self, ctx: &mut Context<'_>, input: &Value) -> Result<()> {
        let count = input.len() / (input.dim(0) * self.channels);
        let (mean, variance) = input.channel_moments()?;
        let unbiased = count as f64 / (count - 1) as f64;
        for (name, batch, factor) in [("running_mean", mean, 1.0), ("running_var", variance, unbiased)] {
            let batch = batch.mean_dims(&[0])?.reshape(&[self.channels])?;
            let running = ctx.get(name)?.detached().mul_scalar(1.0 - self.momentum)?;
            ctx.update(name, running.add(&batch.mul_scalar(self.momentum * factor)?)?)?;
        }
        Ok(())
    }
}

impl Layer for InstanceNorm {
    fn declare(&self) -> Vec<Declaration> {
        let mut all = if self.affine { affine(self.channels) } else { Vec::new() };
        if self.track {
            all.push(Declaration::buffer("running_mean", &[self.channels], 0.0));
            all.push(Declaration::buffer("running_var", &[self.channels], 1.0));
            all.push(Declaration::counter("num_batches_tracked"));
        }
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let expected = self.expected();
        let Some(shape) = input.with_rank(&[self.dims + 1, self.dims + 2], &expected)? else {
            return Ok(vec![Type::unknown(Kind::Float)]);
        };
        let at = shape.len() - self.dims - 1;
        input.expect_dim(at, self.channels, &expected)?;
        let mut output = shape.to_vec();
        output[at] = Some(self.channels);
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let shape = inputs[0].shape();
        let mut batched = shape.clone();
        if shape.len() == self.dims + 1 {
            batched.insert(0, 1);
        }
        let input = inputs[0].clone().reshape(&batched)?;
        let (weight, bias) = (ctx.optional("weight")?, ctx.optional("bias")?);
        let learns = self.track && ctx.training && !ctx.buffers_frozen();
        if self.track && !learns {
            let (mean, variance) = (ctx.get("running_mean")?, ctx.get("running_var")?);
            let output = input.batch_norm(&mean, &variance, weight.as_ref(), bias.as_ref(), self.eps)?;
            return Ok(vec![output.reshape(&shape)?]);
        }
        if batched[2..].iter().product::<usize>() < 2 {
            return Err(Error::shape("input", "more than 1 element per channel", format!("{shape:?}")));
        }
        if learns {
            self.follow(ctx, &input)?;
        }
        let output = input.group_norm(self.channels, weight.as_ref(), bias.as_ref(), self.eps)?;
        Ok(vec![output.reshape(&shape)?])
    }
}
