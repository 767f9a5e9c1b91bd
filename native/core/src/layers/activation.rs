//! Activations; the shape is unchanged.

use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("ReLU", |_| relu()),
    ("LeakyReLU", leaky_relu),
    ("GELU", gelu),
    ("SiLU", |_| silu()),
    ("Sigmoid", |_| sigmoid()),
    ("Tanh", |_| tanh()),
    ("Softmax", |c| Softmax::new(c, false)),
    ("LogSoftmax", |c| Softmax::new(c, true)),
];

/// A layer that is a function of one value and keeps its shape.
struct Elementwise<F> {
    name: &'static str,
    apply: F,
}

impl<F> std::fmt::Debug for Elementwise<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: Fn(Value) -> Result<Value> + Send + Sync> Layer for Elementwise<F> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::single(inputs, Kind::Float)?.clone()])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![(self.apply)(inputs[0].clone())?])
    }
}

fn elementwise<F>(name: &'static str, apply: F) -> Result<Box<dyn Layer>>
where
    F: Fn(Value) -> Result<Value> + Send + Sync + 'static,
{
    Ok(Box::new(Elementwise { name, apply }))
}

/// torch.nn.ReLU: max(0, x).
pub fn relu() -> Result<Box<dyn Layer>> {
    elementwise("ReLU", Value::relu)
}

/// torch.nn.LeakyReLU: x where x > 0, else negative_slope * x.
pub fn leaky_relu(config: &Config) -> Result<Box<dyn Layer>> {
    let slope = config.float("negative_slope", 0.01)?;
    elementwise("LeakyReLU", move |x| x.leaky_relu(slope))
}

/// torch.nn.GELU: x * Phi(x), exactly or with tanh.
pub fn gelu(config: &Config) -> Result<Box<dyn Layer>> {
    match config.word("approximate", &["none", "tanh"], "none")? {
        "tanh" => elementwise("GELU", Value::gelu_tanh),
        _ => elementwise("GELU", Value::gelu),
    }
}

/// torch.nn.SiLU: x * sigmoid(x).
pub fn silu() -> Result<Box<dyn Layer>> {
    elementwise("SiLU", Value::silu)
}

/// torch.nn.Sigmoid: 1 / (1 + exp(-x)).
pub fn sigmoid() -> Result<Box<dyn Layer>> {
    elementwise("Sigmoid", Value::sigmoid)
}

/// torch.nn.Tanh.
pub fn tanh() -> Result<Box<dyn Layer>> {
    elementwise("Tanh", Value::tanh)
}

/// torch.nn.Softmax and LogSoftmax: exp(x) divided by its sum along one dimension, and the logarithm of that.
#[derive(Debug)]
pub struct Softmax {
    dim: i64,
    log: bool,
}

impl Softmax {
    /// `dim` is required: PyTorch's choice where it is missing depends on the rank and is deprecated there.
    pub fn new(config: &Config, log: bool) -> Result<Box<dyn Layer>> {
        let dim = config.int_or_none("dim")?.ok_or_else(|| Error::argument("option 'dim' is missing"))?;
        Ok(Box::new(Self { dim, log }))
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
        let input = inputs[0].clone();
        let dim = dim_index("option 'dim'", self.dim, input.rank())?;
        Ok(vec![if self.log { input.log_softmax(dim)? } else { input.softmax(dim)? }])
    }
}
