//! Activations with a second factor: gated units, and rectifiers whose slope is learned or drawn.

use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("GLU", |c| Gate::new(c, Value::sigmoid)),
    ("SwiGLU", |c| Gate::new(c, Value::silu)),
    ("GEGLU", |c| Gate::new(c, Value::gelu)),
    ("PReLU", PReLU::new),
    ("RReLU", RReLU::new),
];

/// torch.nn.GLU: the first half of a dimension times the sigmoid of the second half. SwiGLU and GEGLU (Shazeer 2020) take
/// SiLU and GELU of the second half instead.
#[derive(Debug)]
pub struct Gate {
    dim: i64,
    activation: fn(Value) -> Result<Value>,
}

impl Gate {
    pub fn new(config: &Config, activation: fn(Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { dim: config.int("dim", -1)?, activation }))
    }
}

impl Layer for Gate {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let even = |size: usize| {
            let expected = || format!("an even size of dimension {}", self.dim);
            if size.is_multiple_of(2) { Ok(size / 2) } else { Err(Error::shape("input", expected(), input)) }
        };
        let Some(shape) = &input.shape else {
            let half = input.last.filter(|_| self.dim == -1).map(even).transpose()?;
            return Ok(vec![half.map_or_else(|| Type::unknown(Kind::Float), Type::ending)]);
        };
        let dim = dim_index("option 'dim'", self.dim, shape.len())?;
        let mut output = shape.clone();
        output[dim] = shape[dim].map(even).transpose()?;
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = &inputs[0];
        let dim = dim_index("option 'dim'", self.dim, input.rank())?;
        let size = input.dim(dim);
        if input.is_empty() {
            return Ok(vec![input.clone().narrow(dim, 0, size / 2)?]);
        }
        let gate = (self.activation)(input.clone().narrow(dim, size / 2, size)?)?;
        Ok(vec![input.clone().narrow(dim, 0, size / 2)?.mul(&gate)?])
    }
}

/// torch.nn.PReLU: x where x > 0, else weight * x, with one weight for all or one per channel (dimension 1).
#[derive(Debug)]
pub struct PReLU {
    count: usize,
    init: f64,
}

impl PReLU {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let count = config.int("num_parameters", 1)?;
        let count = usize::try_from(count)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| Error::argument(format!("option 'num_parameters': expected at least 1, found {count}")))?;
        Ok(Box::new(Self { count, init: config.float("init", 0.25)? }))
    }
}

impl Layer for PReLU {
    fn declare(&self) -> Vec<Declaration> {
        vec![Declaration::parameter("weight", &[self.count], Init::Constant(self.init))]
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        if self.count > 1 {
            let expected = format!("[N, {}, ..]", self.count);
            if input.rank().is_some_and(|rank| rank < 2) {
                return Err(Error::shape("input", expected, input));
            }
            input.expect_dim(1, self.count, &expected)?;
        }
        Ok(vec![input.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = &inputs[0];
        let mut shape = vec![1; input.rank()];
        if self.count > 1 {
            shape[1] = self.count;
        }
        let slope = ctx.get("weight")?.reshape(&shape)?;
        let positive = input.clone().greater_scalar(0.0)?;
        Ok(vec![input.clone().mul(&slope)?.where_mask(&positive, input)?])
    }
}

/// torch.nn.RReLU: x where x > 0, else a * x; a is drawn from U(lower, upper) for each element in training, and is the
/// mean of the two in evaluation.
#[derive(Debug)]
pub struct RReLU {
    lower: f64,
    upper: f64,
}

impl RReLU {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (lower, upper) = (config.float("lower", 1.0 / 8.0)?, config.float("upper", 1.0 / 3.0)?);
        if lower > upper || !(upper - lower).is_finite() {
            return Err(Error::argument(format!("option 'upper': expected at least lower ({lower}), found {upper}")));
        }
        Ok(Box::new(Self { lower, upper }))
    }
}

impl Layer for RReLU {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::single(inputs, Kind::Float)?.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = &inputs[0];
        if !ctx.training {
            return Ok(vec![input.clone().leaky_relu((self.lower + self.upper) / 2.0)?]);
        }
        let mut rng = ctx.rng();
        let slopes = (0..input.len()).map(|_| self.lower + (self.upper - self.lower) * rng.uniform()).collect();
        let slopes = Value::from_doubles(slopes, &input.shape(), input.dtype()?, ctx.device)?;
        let positive = input.clone().greater_scalar(0.0)?;
        Ok(vec![input.clone().mul(&slopes)?.where_mask(&positive, input)?])
    }
}
