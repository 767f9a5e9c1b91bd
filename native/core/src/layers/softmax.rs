//! Softmax and its relatives: the shape is unchanged, elements along one dimension belong together.

use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Softmax", |c| Softmax::new(c, Value::softmax)),
    ("LogSoftmax", |c| Softmax::new(c, Value::log_softmax)),
    ("Softmin", |c| Softmax::new(c, |x, dim| x.neg()?.softmax(dim))),
    ("Softmax2d", |_| Ok(Box::new(Softmax2d))),
];

/// torch.nn.Softmax (exp(x) divided by its sum along one dimension), LogSoftmax (the logarithm of that), Softmin (of -x).
#[derive(Debug)]
pub struct Softmax {
    dim: i64,
    apply: fn(Value, usize) -> Result<Value>,
}

impl Softmax {
    /// `dim` is required: PyTorch's choice where it is missing depends on the rank and is deprecated there.
    pub fn new(config: &Config, apply: fn(Value, usize) -> Result<Value>) -> Result<Box<dyn Layer>> {
        let dim = config.int_or_none("dim")?.ok_or_else(|| Error::argument("option 'dim' is missing"))?;
        Ok(Box::new(Self { dim, apply }))
    }
}

impl Layer for Softmax {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        if let Some(rank) = input.rank() {
            dim_index("option 'dim'", self.dim, rank)?;
        }
        Ok(vec![input.clone()])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let dim = dim_index("option 'dim'", self.dim, inputs[0].rank())?;
        Ok(vec![(self.apply)(inputs[0].clone(), dim)?])
    }
}

/// torch.nn.Softmax2d: softmax over the channels of [N, C, H, W] or [C, H, W].
#[derive(Debug)]
pub struct Softmax2d;

impl Layer for Softmax2d {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        input.with_rank(&[3, 4], "[N, C, H, W] or [C, H, W]")?;
        Ok(vec![input.clone()])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let dim = inputs[0].rank() - 3;
        Ok(vec![inputs[0].clone().softmax(dim)?])
    }
}
