//! Layers that move elements between channels and pixels: PixelShuffle, PixelUnshuffle, ChannelShuffle.

use super::window::{MOST, open};
use super::{Context, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("PixelShuffle", PixelShuffle::new),
    ("PixelUnshuffle", PixelUnshuffle::new),
    ("ChannelShuffle", ChannelShuffle::new),
];

/// A factor whose square, too, counts in 32 bits.
fn factor(config: &Config, key: &str) -> Result<usize> {
    let factor = config.size(key)?;
    match factor.checked_mul(factor) {
        Some(square) if square <= MOST => Ok(factor),
        _ => Err(Error::argument(format!("option '{key}': expected at most 46340, found {factor}"))),
    }
}

/// The dimensions of [.., C, H, W], or `None` where the rank is unknown.
fn images(input: &Type) -> Result<Option<&[Dim]>> {
    match &input.shape {
        Some(shape) if shape.len() < 3 => Err(Error::shape("input", "[.., C, H, W]", input)),
        shape => Ok(shape.as_deref()),
    }
}

/// `size / by`, which must have no remainder; `expected` says so.
fn divided(input: &Type, size: Dim, by: usize, expected: &str) -> Result<Dim> {
    match size {
        Some(n) if !n.is_multiple_of(by) => Err(Error::shape("input", expected, input)),
        size => Ok(size.map(|n| n / by)),
    }
}

/// `size * by`, which must count in 32 bits.
fn multiplied(input: &Type, size: Dim, by: usize) -> Result<Dim> {
    match size {
        Some(n) if n.checked_mul(by).is_none_or(|n| n > MOST) => {
            Err(Error::shape("input", format!("sizes that times {by} are at most {MOST}"), input))
        }
        size => Ok(size.map(|n| n * by)),
    }
}

/// Splits the last three dimensions of `value` into five parts, reorders these, joins them as `joined`.
fn rearranged(value: &Value, split: [usize; 5], order: [usize; 5], joined: [usize; 3]) -> Result<Value> {
    let shape = value.shape();
    let outer = &shape[..shape.len() - 3];
    let count = outer.iter().product();
    let mut parts = vec![count];
    parts.extend(split);
    let mut axes = vec![0];
    axes.extend(order.map(|axis| axis + 1));
    let mut output = outer.to_vec();
    output.extend(joined);
    value.clone().reshape(&parts)?.permute(&axes)?.reshape(&output)
}

/// torch.nn.PixelShuffle: [.., C r², H, W] -> [.., C, H r, W r].
#[derive(Debug)]
pub struct PixelShuffle {
    factor: usize,
}

impl PixelShuffle {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { factor: factor(config, "upscale_factor")? }))
    }
}

impl Layer for PixelShuffle {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(shape) = images(input)? else { return Ok(vec![Type::unknown(Kind::Float)]) };
        let mut output = shape.to_vec();
        let (r, c) = (self.factor, shape.len() - 3);
        output[c] = divided(input, shape[c], r * r, &format!("[.., C, H, W] with C a multiple of {}", r * r))?;
        output[c + 1] = multiplied(input, shape[c + 1], r)?;
        output[c + 2] = multiplied(input, shape[c + 2], r)?;
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (shape, r) = (inputs[0].shape(), self.factor);
        let [channels, height, width] = shape[shape.len() - 3..] else { unreachable!("three dimensions") };
        let channels = channels / (r * r);
        let joined = [channels, height * r, width * r];
        Ok(vec![rearranged(&inputs[0], [channels, r, r, height, width], [0, 3, 1, 4, 2], joined)?])
    }

    fn usual_input(&self, _index: usize) -> Type {
        open::<2>(None)
    }
}

/// torch.nn.PixelUnshuffle: [.., C, H r, W r] -> [.., C r², H, W].
#[derive(Debug)]
pub struct PixelUnshuffle {
    factor: usize,
}

impl PixelUnshuffle {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { factor: factor(config, "downscale_factor")? }))
    }
}

impl Layer for PixelUnshuffle {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(shape) = images(input)? else { return Ok(vec![Type::unknown(Kind::Float)]) };
        let mut output = shape.to_vec();
        let (r, c) = (self.factor, shape.len() - 3);
        output[c] = multiplied(input, shape[c], r * r)?;
        for size in &mut output[c + 1..] {
            *size = divided(input, *size, r, &format!("[.., C, H, W] with H and W multiples of {r}"))?;
        }
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (shape, r) = (inputs[0].shape(), self.factor);
        let [channels, height, width] = shape[shape.len() - 3..] else { unreachable!("three dimensions") };
        let (height, width) = (height / r, width / r);
        let joined = [channels * r * r, height, width];
        Ok(vec![rearranged(&inputs[0], [channels, height, r, width, r], [0, 2, 4, 1, 3], joined)?])
    }

    fn usual_input(&self, _index: usize) -> Type {
        open::<2>(None)
    }
}

/// torch.nn.ChannelShuffle: channel i of group g of [N, C, ..] becomes channel g of group i.
#[derive(Debug)]
pub struct ChannelShuffle {
    groups: usize,
}

impl ChannelShuffle {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { groups: config.size("groups")? }))
    }
}

impl Layer for ChannelShuffle {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        match &input.shape {
            Some(shape) if shape.len() < 3 => Err(Error::shape("input", "[N, C, ..] of a rank of at least 3", input)),
            Some(shape) => {
                divided(input, shape[1], self.groups, &format!("[N, C, ..] with C a multiple of {}", self.groups))?;
                Ok(vec![input.clone()])
            }
            None => Ok(vec![input.clone()]),
        }
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let shape = inputs[0].shape();
        let parts = [shape[0], self.groups, shape[1] / self.groups, shape[2..].iter().product()];
        Ok(vec![inputs[0].clone().reshape(&parts)?.swap_dims(1, 2)?.reshape(&shape)?])
    }

    fn usual_input(&self, _index: usize) -> Type {
        open::<2>(None)
    }
}
