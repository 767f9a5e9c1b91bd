//! Dropout.

use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{DType, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Dropout", Dropout::new)];

/// torch.nn.Dropout: in training every element is zero with probability p, else divided by 1 - p; in evaluation
/// nothing changes. The mask is made on the host, so it is the same on every device.
#[derive(Debug)]
pub struct Dropout {
    p: f64,
}

impl Dropout {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let p = config.float("p", 0.5)?;
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::argument(format!("option 'p': expected a probability, 0 to 1, found {p}")));
        }
        Ok(Box::new(Self { p }))
    }
}

impl Layer for Dropout {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::single(inputs, Kind::Float)?.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        if !ctx.training || self.p == 0.0 || input.is_empty() {
            return Ok(vec![input]);
        }
        let scale = if self.p < 1.0 { 1.0 / (1.0 - self.p) } else { 0.0 };
        let (shape, count) = (input.shape(), input.len());
        let mask = match input.dtype()? {
            DType::F32 => Value::from_f32(ctx.rng().mask(count, self.p, scale as f32), &shape, ctx.device)?,
            DType::F64 => {
                let keep = ctx.rng().mask(count, self.p, 1.0);
                let mask = keep.into_iter().map(|k| f64::from(k) * scale).collect();
                Value::from_f64(mask, &shape, ctx.device)?
            }
        };
        Ok(vec![input.mul(&mask)?])
    }
}
