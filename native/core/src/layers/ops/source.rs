//! Nodes without inputs: a parameter of its own, and numbers that never change.

use crate::array::element_count;
use crate::layers::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Parameter", Parameter::new), ("Constant", Constant::new)];

fn shape(config: &Config) -> Result<Vec<usize>> {
    let given = config.ints_or_none("shape")?.ok_or_else(|| Error::argument("option 'shape' is missing"))?;
    let sizes: Option<Vec<usize>> = given.iter().map(|&n| usize::try_from(n).ok().filter(|&n| n > 0)).collect();
    sizes.ok_or_else(|| Error::argument(format!("option 'shape': expected sizes of at least 1, found {given:?}")))
}

/// torch.nn.Parameter: a trained value of a fixed shape, zeros at first unless an initialiser says otherwise. Its name in
/// the state is the node's own.
#[derive(Debug)]
struct Parameter {
    shape: Vec<usize>,
}

impl Parameter {
    fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { shape: shape(config)? }))
    }
}

impl Layer for Parameter {
    fn declare(&self) -> Vec<Declaration> {
        vec![Declaration::parameter("", &self.shape, Init::Constant(0.0))]
    }

    fn infer(&self, _: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::known(&self.shape, Kind::Float)])
    }

    fn forward(&self, ctx: &mut Context<'_>, _: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![ctx.get("")?])
    }

    fn input_count(&self) -> usize {
        0
    }
}

/// Numbers of a fixed shape: options `shape` and `values` (as many as the shape holds, or one for all).
#[derive(Debug)]
struct Constant {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Constant {
    fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let shape = shape(config)?;
        let values = config.floats_or_none("values")?.ok_or_else(|| Error::argument("option 'values' is missing"))?;
        let count = element_count(&shape)?;
        if values.len() != count && values.len() != 1 {
            return Err(Error::argument(format!(
                "option 'values': expected {count} numbers or 1, found {}",
                values.len()
            )));
        }
        Ok(Box::new(Self { shape, values }))
    }
}

impl Layer for Constant {
    fn infer(&self, _: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::known(&self.shape, Kind::Float)])
    }

    fn forward(&self, ctx: &mut Context<'_>, _: &[Value]) -> Result<Vec<Value>> {
        let value = match self.values[..] {
            [one] => Value::full(one, &self.shape, ctx.dtype, ctx.device)?,
            _ => Value::from_doubles(self.values.clone(), &self.shape, ctx.dtype, ctx.device)?,
        };
        Ok(vec![value])
    }

    fn input_count(&self) -> usize {
        0
    }
}
