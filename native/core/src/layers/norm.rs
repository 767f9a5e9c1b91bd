//! Normalisations.

use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("BatchNorm1d", |c| BatchNorm::new(c, &[2, 3])),
    ("BatchNorm2d", |c| BatchNorm::new(c, &[4])),
    ("BatchNorm3d", |c| BatchNorm::new(c, &[5])),
    ("LayerNorm", LayerNorm::new),
];

/// torch.nn.BatchNorm1d ([N, C] or [N, C, L]), BatchNorm2d ([N, C, H, W]), BatchNorm3d ([N, C, D, H, W]); the shape is
/// unchanged.
///
/// In training it normalises with the batch's mean and biased variance and moves the running statistics towards the
/// batch's mean and unbiased variance; in evaluation, or when its buffers are frozen, it uses the running statistics.
#[derive(Debug)]
pub struct BatchNorm {
    channels: usize,
    eps: f64,
    /// Weight of the new batch in the running statistics; `None` gives every batch so far the same weight.
    momentum: Option<f64>,
    affine: bool,
    track: bool,
    /// Ranks of the input.
    ranks: &'static [usize],
}

impl BatchNorm {
    pub fn new(config: &Config, ranks: &'static [usize]) -> Result<Box<dyn Layer>> {
        let momentum = if config.is_null("momentum") { None } else { Some(config.float("momentum", 0.1)?) };
        if let Some(m) = momentum.filter(|m| !(0.0..=1.0).contains(m)) {
            return Err(Error::argument(format!("option 'momentum': expected 0 to 1, or null, found {m}")));
        }
        Ok(Box::new(Self {
            channels: config.size("num_features")?,
            eps: config.non_negative("eps", 1e-5)?,
            momentum,
            affine: config.flag("affine", true)?,
            track: config.flag("track_running_stats", true)?,
            ranks,
        }))
    }

    fn expected(&self) -> String {
        let c = self.channels;
        match self.ranks {
            [5] => format!("[N, {c}, D, H, W]"),
            [4] => format!("[N, {c}, H, W]"),
            _ => format!("[N, {c}] or [N, {c}, L]"),
        }
    }

    /// Running statistics after a batch of `count` values per channel.
    fn follow(&self, ctx: &mut Context<'_>, mean: &Value, variance: &Value, count: usize) -> Result<()> {
        let batches = ctx.counter("num_batches_tracked")? + 1;
        let share = self.momentum.unwrap_or(1.0 / batches as f64);
        // PyTorch's running variance is unbiased, the one it normalises with is not.
        let unbiased = count as f64 / (count - 1) as f64;
        for (name, batch, factor) in [("running_mean", mean, 1.0), ("running_var", variance, unbiased)] {
            let running = ctx.get(name)?.detached().mul_scalar(1.0 - share)?;
            ctx.update(name, running.add(&batch.clone().mul_scalar(share * factor)?)?)?;
        }
        ctx.update_counter("num_batches_tracked", batches)
    }
}

impl Layer for BatchNorm {
    fn declare(&self) -> Vec<Declaration> {
        let shape = [self.channels];
        let mut all = Vec::new();
        if self.affine {
            all.push(Declaration::parameter("weight", &shape, Init::Constant(1.0)));
            all.push(Declaration::parameter("bias", &shape, Init::Constant(0.0)));
        }
        if self.track {
            all.push(Declaration::buffer("running_mean", &shape, 0.0));
            all.push(Declaration::buffer("running_var", &shape, 1.0));
            all.push(Declaration::counter("num_batches_tracked"));
        }
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let expected = self.expected();
        let Some(shape) = input.with_rank(self.ranks, &expected)? else {
            return Ok(vec![self.natural_input(0)]);
        };
        input.expect_dim(1, self.channels, &expected)?;
        let mut output = shape.to_vec();
        output[1] = Some(self.channels);
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        let (weight, bias) = (ctx.optional("weight")?, ctx.optional("bias")?);
        let learns = self.track && ctx.training && !ctx.buffers_frozen();
        if self.track && !learns {
            let (mean, variance) = (ctx.get("running_mean")?, ctx.get("running_var")?);
            return Ok(vec![input.batch_norm(&mean, &variance, weight.as_ref(), bias.as_ref(), self.eps)?]);
        }
        let (shape, count) = (input.shape(), input.len() / self.channels);
        if count < 2 {
            return Err(Error::shape("input", "more than 1 value per channel when training", format!("{shape:?}")));
        }
        let result = input.batch_norm_train(weight.as_ref(), bias.as_ref(), self.eps)?;
        if learns {
            self.follow(ctx, &result.mean, &result.variance, count)?;
        }
        Ok(vec![result.output])
    }

    fn natural_input(&self, _index: usize) -> Type {
        match self.ranks {
            [rank] => {
                let mut shape = vec![None; *rank];
                shape[1] = Some(self.channels);
                Type::float(shape)
            }
            _ => Type::unknown(Kind::Float),
        }
    }
}

/// The trailing dimensions that a norm works on, from its options.
pub(super) fn normalized_shape(config: &Config) -> Result<Vec<usize>> {
    let given = config
        .ints_or_none("normalized_shape")?
        .ok_or_else(|| Error::argument("option 'normalized_shape' is missing"))?;
    let shape: Option<Vec<usize>> = given.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect();
    shape.filter(|s| !s.is_empty()).ok_or_else(|| {
        Error::argument(format!("option 'normalized_shape': expected integers of at least 1, found {given:?}"))
    })
}

/// An input that ends with these dimensions.
pub(super) fn ending_with(inputs: &[Type], shape: &[usize]) -> Result<Vec<Type>> {
    let input = Type::single(inputs, Kind::Float)?;
    let Some(found) = &input.shape else { return Ok(vec![Type::unknown(Kind::Float)]) };
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    let expected = format!("[.., {}]", sizes.join(", "));
    let Some(leading) = found.len().checked_sub(shape.len()) else {
        return Err(Error::shape("input", expected, input));
    };
    let mut output = found[..leading].to_vec();
    for (i, &size) in shape.iter().enumerate() {
        input.expect_dim(leading + i, size, &expected)?;
        output.push(Some(size));
    }
    Ok(vec![Type::float(output)])
}

/// torch.nn.LayerNorm: [.., normalized_shape], shape unchanged; mean and biased variance over those trailing dimensions.
#[derive(Debug)]
pub struct LayerNorm {
    shape: Vec<usize>,
    eps: f64,
    affine: bool,
    bias: bool,
}

impl LayerNorm {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let shape = normalized_shape(config)?;
        Ok(Box::new(Self {
            shape,
            eps: config.non_negative("eps", 1e-5)?,
            affine: config.flag("elementwise_affine", true)?,
            bias: config.flag("bias", true)?,
        }))
    }
}

impl Layer for LayerNorm {
    fn declare(&self) -> Vec<Declaration> {
        let mut all = Vec::new();
        if self.affine {
            all.push(Declaration::parameter("weight", &self.shape, Init::Constant(1.0)));
            if self.bias {
                all.push(Declaration::parameter("bias", &self.shape, Init::Constant(0.0)));
            }
        }
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        ending_with(inputs, &self.shape)
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (weight, bias) = (ctx.optional("weight")?, ctx.optional("bias")?);
        Ok(vec![inputs[0].clone().layer_norm(&self.shape, weight.as_ref(), bias.as_ref(), self.eps)?])
    }

    fn multiply_adds(&self, _: &[Type], _: &[Type]) -> Option<u64> {
        Some(0)
    }
}
