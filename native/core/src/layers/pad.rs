//! Padding of the last 1 to 3 dimensions.

use super::window::{MOST, layout, open};
use super::{Context, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::{Padding, check_padding, padded_size};
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("ZeroPad1d", ConstantPad::<1>::zero),
    ("ZeroPad2d", ConstantPad::<2>::zero),
    ("ZeroPad3d", ConstantPad::<3>::zero),
    ("ConstantPad1d", ConstantPad::<1>::new),
    ("ConstantPad2d", ConstantPad::<2>::new),
    ("ConstantPad3d", ConstantPad::<3>::new),
    ("ReflectionPad1d", InputPad::<1>::reflect),
    ("ReflectionPad2d", InputPad::<2>::reflect),
    ("ReflectionPad3d", InputPad::<3>::reflect),
    ("ReplicationPad1d", InputPad::<1>::replicate),
    ("ReplicationPad2d", InputPad::<2>::replicate),
    ("ReplicationPad3d", InputPad::<3>::replicate),
    ("CircularPad1d", InputPad::<1>::circular),
    ("CircularPad2d", InputPad::<2>::circular),
    ("CircularPad3d", InputPad::<3>::circular),
];

/// `padding` as PyTorch writes it, one number or (before, after) from the last dimension on, in the order of the dimensions.
fn padding<const D: usize>(config: &Config) -> Result<[(i64, i64); D]> {
    let given = config.ints_or_none("padding")?.ok_or_else(|| Error::argument("option 'padding' is missing"))?;
    let sides = if given.len() == 1 { vec![given[0]; 2 * D] } else { given.clone() };
    if sides.len() != 2 * D {
        return Err(Error::argument(format!("option 'padding': expected one or {} integers, found {given:?}", 2 * D)));
    }
    if let Some(side) = sides.iter().find(|side| side.unsigned_abs() > MOST as u64) {
        return Err(Error::argument(format!("option 'padding': expected at most {MOST}, found {side}")));
    }
    Ok(std::array::from_fn(|i| (sides[2 * (D - 1 - i)], sides[2 * (D - 1 - i) + 1])))
}

/// The input's type with its last dimensions padded; `check` may refuse a dimension.
fn infer<const D: usize>(
    padding: &[(i64, i64); D],
    input: &Type,
    shape: &[Dim],
    check: impl Fn(usize, i64, i64) -> Result<()>,
) -> Result<Vec<Type>> {
    let mut output = shape.to_vec();
    let first = shape.len() - D;
    for (size, &(before, after)) in output[first..].iter_mut().zip(padding) {
        if let Some(n) = *size {
            check(n, before, after)?;
            *size = Some(padded_size(n, before, after)?);
        }
    }
    Ok(vec![Type::new(output, input.kind)])
}

/// torch.nn.ZeroPad1d ... ConstantPad3d: pads the last `D` dimensions of any input with a number.
#[derive(Debug)]
pub struct ConstantPad<const D: usize> {
    padding: [(i64, i64); D],
    value: f64,
}

impl<const D: usize> ConstantPad<D> {
    pub fn zero(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { padding: padding(config)?, value: 0.0 }))
    }

    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let value = config.float_or_none("value")?.ok_or_else(|| Error::argument("option 'value' is missing"))?;
        Ok(Box::new(Self { padding: padding(config)?, value }))
    }
}

impl<const D: usize> Layer for ConstantPad<D> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(shape) = &input.shape else { return Ok(vec![Type::unknown(Kind::Float)]) };
        if shape.len() < D {
            return Err(Error::shape("input", format!("a rank of at least {D}"), input));
        }
        infer(&self.padding, input, shape, |_, _, _| Ok(()))
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().pad_constant(&self.padding, self.value)?])
    }

    fn usual_input(&self, _index: usize) -> Type {
        open::<D>(None)
    }
}

/// torch.nn.ReflectionPad1d ... CircularPad3d: pads what lies behind the channels of [N, C, ..] with its own elements.
#[derive(Debug)]
pub struct InputPad<const D: usize> {
    padding: [(i64, i64); D],
    mode: Padding,
}

impl<const D: usize> InputPad<D> {
    fn new(config: &Config, mode: Padding) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { padding: padding(config)?, mode }))
    }

    pub fn reflect(config: &Config) -> Result<Box<dyn Layer>> {
        Self::new(config, Padding::Reflect)
    }

    pub fn replicate(config: &Config) -> Result<Box<dyn Layer>> {
        Self::new(config, Padding::Replicate)
    }

    pub fn circular(config: &Config) -> Result<Box<dyn Layer>> {
        Self::new(config, Padding::Circular)
    }
}

impl<const D: usize> Layer for InputPad<D> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        match input.with_rank(&[D + 2], &layout::<D>("C"))? {
            None => Ok(vec![open::<D>(None)]),
            Some(shape) => {
                infer(&self.padding, input, shape, |n, before, after| check_padding(self.mode, n, before, after))
            }
        }
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().pad_from_input(&self.padding, self.mode)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        open::<D>(None)
    }
}
