//! Normalisations that only scale: RMSNorm, LocalResponseNorm.

use super::norm::{ending_with, normalized_shape};
use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{DType, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("RMSNorm", RMSNorm::new), ("LocalResponseNorm", LocalResponseNorm::new)];

/// torch.nn.RMSNorm: [.., normalized_shape], shape unchanged: x / sqrt(mean(x^2) + eps) * weight, the mean over those
/// trailing dimensions (Zhang and Sennrich 2019).
#[derive(Debug)]
pub struct RMSNorm {
    shape: Vec<usize>,
    /// `None` is the distance from 1 to the next number of the model's type.
    eps: Option<f64>,
    affine: bool,
}

impl RMSNorm {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let given = config.float_or_none("eps")?.is_some();
        let eps = if given { Some(config.non_negative("eps", 0.0)?) } else { None };
        let (shape, affine) = (normalized_shape(config)?, config.flag("elementwise_affine", true)?);
        Ok(Box::new(Self { shape, eps, affine }))
    }
}

impl Layer for RMSNorm {
    fn declare(&self) -> Vec<Declaration> {
        let weight = || Declaration::parameter("weight", &self.shape, Init::Constant(1.0));
        if self.affine { vec![weight()] } else { Vec::new() }
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        ending_with(inputs, &self.shape)
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let eps = match (self.eps, ctx.dtype) {
            (Some(eps), _) => eps,
            (None, DType::F64) => f64::EPSILON,
            (None, _) => f32::EPSILON.into(),
        };
        Ok(vec![inputs[0].clone().rms_norm(&self.shape, ctx.optional("weight")?.as_ref(), eps)?])
    }

    fn multiply_adds(&self, _: &[Type], _: &[Type]) -> Option<u64> {
        Some(0)
    }
}

/// torch.nn.LocalResponseNorm: [N, C, ..] of at least 3 dimensions, shape unchanged:
/// x / (k + alpha / size * sum of x^2 over `size` channels around)^beta (Krizhevsky et al. 2012).
#[derive(Debug)]
pub struct LocalResponseNorm {
    size: usize,
    alpha: f64,
    beta: f64,
    k: f64,
}

impl LocalResponseNorm {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self {
            size: config.size("size")?,
            alpha: config.float("alpha", 1e-4)?,
            beta: config.float("beta", 0.75)?,
            k: config.float("k", 1.0)?,
        }))
    }
}

impl Layer for LocalResponseNorm {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        if input.rank().is_some_and(|rank| rank < 3) {
            return Err(Error::shape("input", "[N, C, L, ..]", input));
        }
        Ok(vec![input.clone()])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().local_response_norm(self.size, self.alpha, self.beta, self.k)?])
    }
}
