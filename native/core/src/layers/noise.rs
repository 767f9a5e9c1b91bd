//! Random noise in training; nothing changes in evaluation. It is made on the host, so it is the same on every device.

use super::{Context, Layer, Make, Type};
use crate::Result;
use crate::spec::Config;
use crate::tensor::{Kind, Value};

pub(super) const LAYERS: &[(&str, Make)] =
    &[("GaussianNoise", GaussianNoise::new), ("GaussianDropout", GaussianDropout::new)];

/// Normal numbers for every element of the input.
fn normal(ctx: &Context<'_>, input: &Value, mean: f64, std: f64) -> Result<Value> {
    let mut rng = ctx.rng();
    let numbers = (0..input.len()).map(|_| mean + std * rng.normal()).collect();
    Value::from_doubles(numbers, &input.shape(), input.dtype()?, ctx.device)
}

/// Adds N(0, std^2) to every element.
#[derive(Debug)]
pub struct GaussianNoise {
    std: f64,
}

impl GaussianNoise {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { std: config.non_negative("std", 0.1)? }))
    }
}

impl Layer for GaussianNoise {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::single(inputs, Kind::Float)?.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        if !ctx.training || self.std == 0.0 || input.is_empty() {
            return Ok(vec![input]);
        }
        let noise = normal(ctx, &input, 0.0, self.std)?;
        Ok(vec![input.add(&noise)?])
    }
}

/// Multiplies every element by N(1, p / (1 - p)): as much noise as dropout of p brings (Srivastava et al. 2014, Keras'
/// GaussianDropout).
#[derive(Debug)]
pub struct GaussianDropout {
    std: f64,
}

impl GaussianDropout {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let p = config.fraction("p", 0.5)?;
        Ok(Box::new(Self { std: (p / (1.0 - p)).sqrt() }))
    }
}

impl Layer for GaussianDropout {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::single(inputs, Kind::Float)?.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        if !ctx.training || self.std == 0.0 || input.is_empty() {
            return Ok(vec![input]);
        }
        let noise = normal(ctx, &input, 1.0, self.std)?;
        Ok(vec![input.mul(&noise)?])
    }
}
