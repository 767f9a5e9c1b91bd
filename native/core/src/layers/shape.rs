//! Layers that only rearrange: Flatten, Unflatten, Identity. They take values of every kind.

use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::Value;
use crate::tensor::shapes::dim_index;
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] =
    &[("Flatten", Flatten::new), ("Unflatten", Unflatten::new), ("Identity", |_| Ok(Box::new(Identity)))];

/// The only input, of whatever kind.
fn single(inputs: &[Type]) -> Result<&Type> {
    let [input] = inputs else {
        return Err(Error::argument(format!("takes 1 input, found {}", inputs.len())));
    };
    Ok(input)
}

/// torch.nn.Flatten: joins the dimensions start_dim..=end_dim.
#[derive(Debug)]
pub struct Flatten {
    start: i64,
    end: i64,
}

impl Flatten {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { start: config.int("start_dim", 1)?, end: config.int("end_dim", -1)? }))
    }

    fn range(&self, rank: usize) -> Result<(usize, usize)> {
        let (start, end) = (dim_index("start_dim", self.start, rank)?, dim_index("end_dim", self.end, rank)?);
        if start > end {
            return Err(Error::argument(format!(
                "start_dim {} comes after end_dim {} in a tensor of rank {rank}",
                self.start, self.end
            )));
        }
        Ok((start, end))
    }
}

impl Layer for Flatten {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = single(inputs)?;
        let Some(shape) = &input.shape else { return Ok(vec![Type::unknown(input.kind)]) };
        let (start, end) = self.range(shape.len())?;
        let mut output = shape[..start].to_vec();
        output.push(Type::product(&shape[start..=end]));
        output.extend(&shape[end + 1..]);
        Ok(vec![Type::new(output, input.kind)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (start, end) = self.range(inputs[0].rank())?;
        Ok(vec![inputs[0].clone().flatten(start, end)?])
    }
}

/// torch.nn.Unflatten: splits one dimension; one of the sizes may be -1, which is what remains.
#[derive(Debug)]
pub struct Unflatten {
    dim: i64,
    /// `None` is the size that remains.
    sizes: Vec<Option<usize>>,
}

impl Unflatten {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let missing = |key: &str| Error::argument(format!("option '{key}' is missing"));
        let dim = config.int_or_none("dim")?.ok_or_else(|| missing("dim"))?;
        let given = config.ints_or_none("unflattened_size")?.ok_or_else(|| missing("unflattened_size"))?;
        let sizes: Option<Vec<Option<usize>>> = given
            .iter()
            .map(|&n| match n {
                -1 => Some(None),
                n => usize::try_from(n).ok().filter(|&n| n > 0).map(Some),
            })
            .collect();
        let valid = |s: &Vec<Option<usize>>| {
            !s.is_empty()
                && s.iter().filter(|n| n.is_none()).count() <= 1
                && s.iter().flatten().try_fold(1usize, |a, &n| a.checked_mul(n)).is_some()
        };
        let sizes = sizes.filter(valid).ok_or_else(|| {
            Error::argument(format!(
                "option 'unflattened_size': expected sizes of at least 1, one of them may be -1, found {given:?}"
            ))
        })?;
        Ok(Box::new(Self { dim, sizes }))
    }

    /// Shape of the output; the remaining size is unknown where the dimension is.
    fn split(&self, input: &Type, shape: &[Option<usize>]) -> Result<Vec<Option<usize>>> {
        let dim = dim_index("dim", self.dim, shape.len())?;
        let known: usize = self.sizes.iter().flatten().product();
        let rest = match shape[dim] {
            Some(n) if !n.is_multiple_of(known) || (n != known && !self.sizes.contains(&None)) => {
                let multiple = if self.sizes.contains(&None) { "a multiple of " } else { "" };
                return Err(Error::shape("input", format!("{multiple}{known} in dimension {}", self.dim), input));
            }
            size => size.map(|n| n / known),
        };
        let mut output = shape[..dim].to_vec();
        output.extend(self.sizes.iter().map(|n| n.or(rest)));
        output.extend(&shape[dim + 1..]);
        Ok(output)
    }
}

impl Layer for Unflatten {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = single(inputs)?;
        let Some(shape) = &input.shape else { return Ok(vec![Type::unknown(input.kind)]) };
        Ok(vec![Type::new(self.split(input, shape)?, input.kind)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let known = Type::known(&inputs[0].shape(), inputs[0].kind());
        let shape = self.split(&known, known.shape.as_deref().unwrap_or_default())?;
        let shape: Vec<usize> = shape.into_iter().flatten().collect();
        Ok(vec![inputs[0].clone().reshape(&shape)?])
    }
}

/// torch.nn.Identity.
#[derive(Debug)]
pub struct Identity;

impl Layer for Identity {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone()])
    }
}
