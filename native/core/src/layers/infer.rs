//! Types of values while shapes are inferred: a kind, and a shape of which parts may be unknown.

use std::fmt;

use crate::tensor::Kind;
use crate::{Error, Result};

/// One dimension; `None` is unknown (the batch, or a size that the first data will tell).
pub type Dim = Option<usize>;

#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// `None` when even the rank is unknown.
    pub shape: Option<Vec<Dim>>,
    /// The last dimension, where it is known although the rank is not (after a linear layer, say).
    pub last: Dim,
    pub kind: Kind,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(shape) = &self.shape else {
            return match self.last {
                None => f.write_str("[..]"),
                Some(n) => write!(f, "[.., {n}]"),
            };
        };
        let dims: Vec<String> = shape.iter().map(|d| d.map_or("?".to_owned(), |n| n.to_string())).collect();
        write!(f, "[{}]", dims.join(", "))
    }
}

impl Type {
    pub fn unknown(kind: Kind) -> Self {
        Self { shape: None, last: None, kind }
    }

    /// Floats of unknown rank with a known last dimension.
    pub fn ending(last: usize) -> Self {
        Self { shape: None, last: Some(last), kind: Kind::Float }
    }

    pub fn new(shape: Vec<Dim>, kind: Kind) -> Self {
        Self { last: shape.last().copied().flatten(), shape: Some(shape), kind }
    }

    pub fn float(shape: Vec<Dim>) -> Self {
        Self::new(shape, Kind::Float)
    }

    /// A fully known shape.
    pub fn known(shape: &[usize], kind: Kind) -> Self {
        Self::new(shape.iter().map(|&n| Some(n)).collect(), kind)
    }

    /// From a description: -1 is an unknown dimension.
    pub fn from_spec(shape: Option<&[i64]>, kind: Kind) -> Result<Self> {
        let Some(shape) = shape else { return Ok(Self::unknown(kind)) };
        let dims = shape.iter().map(|&d| match d {
            -1 => Ok(None),
            d => usize::try_from(d).map(Some).map_err(|_| Error::argument(format!("dimension {d} in shape {shape:?}"))),
        });
        Ok(Self::new(dims.collect::<Result<_>>()?, kind))
    }

    pub fn to_spec(&self) -> Option<Vec<i64>> {
        Some(self.shape.as_ref()?.iter().map(|d| d.map_or(-1, |n| n as i64)).collect())
    }

    pub fn rank(&self) -> Option<usize> {
        self.shape.as_ref().map(Vec::len)
    }

    /// The only input, which must be of a kind.
    pub fn single(inputs: &[Type], kind: Kind) -> Result<&Type> {
        let [input] = inputs else {
            return Err(Error::argument(format!("takes 1 input, found {}", inputs.len())));
        };
        input.expect_kind(kind)?;
        Ok(input)
    }

    pub fn expect_kind(&self, kind: Kind) -> Result<()> {
        if self.kind == kind {
            return Ok(());
        }
        Err(Error::dtype("input", kind, self.kind))
    }

    /// The dimensions when the rank is known and is one of `ranks`; `Ok(None)` when the rank is unknown.
    pub fn with_rank(&self, ranks: &[usize], expected: &str) -> Result<Option<&[Dim]>> {
        match &self.shape {
            None => Ok(None),
            Some(shape) if ranks.contains(&shape.len()) => Ok(Some(shape)),
            Some(_) => Err(Error::shape("input", expected, self)),
        }
    }

    /// Checks a dimension against a size that the layer's options fix.
    pub fn expect_dim(&self, index: usize, size: usize, expected: &str) -> Result<()> {
        match self.shape.as_ref().and_then(|s| s.get(index)) {
            Some(Some(found)) if *found != size => Err(Error::shape("input", expected, self)),
            _ => Ok(()),
        }
    }

    /// Checks the last dimension against a size that the layer's options fix, whether or not the rank is known.
    pub fn expect_last(&self, size: usize) -> Result<()> {
        let scalar = self.shape.as_ref().is_some_and(Vec::is_empty);
        if scalar || self.last.is_some_and(|found| found != size) {
            return Err(Error::shape("input", format!("[.., {size}]"), self));
        }
        Ok(())
    }

    /// The same with another last dimension.
    pub fn with_last(&self, size: usize) -> Type {
        let mut shape = self.shape.clone();
        if let Some(last) = shape.as_mut().and_then(|s| s.last_mut()) {
            *last = Some(size);
        }
        Type { shape, last: Some(size), kind: self.kind }
    }

    /// The product of some dimensions, unknown if one of them is.
    pub fn product(dims: &[Dim]) -> Dim {
        dims.iter().try_fold(1usize, |n, d| n.checked_mul((*d)?))
    }

    /// The shape of this and a second input that broadcast; `None` where a rank is unknown. An unknown size next to a known
    /// one is that, or 1.
    pub fn broadcast(&self, second: &Type) -> Result<Option<Vec<Dim>>> {
        let (Some(x), Some(y)) = (&self.shape, &second.shape) else { return Ok(None) };
        let rank = x.len().max(y.len());
        let at = |s: &[Dim], i: usize| if i + s.len() < rank { Some(1) } else { s[i + s.len() - rank] };
        let dims = (0..rank).map(|i| match (at(x, i), at(y, i)) {
            (Some(n), Some(m)) if n != m && n != 1 && m != 1 => {
                Err(Error::shape("second input", format!("a shape that broadcasts with {self}"), second))
            }
            (Some(1), other) | (other, Some(1)) => Ok(other),
            (n, m) => Ok(n.or(m)),
        });
        dims.collect::<Result<_>>().map(Some)
    }

    /// What is known from both; an error where they contradict each other.
    pub fn merge(&self, other: &Type) -> Result<Type> {
        self.expect_kind(other.kind)?;
        let (Some(a), Some(b)) = (&self.shape, &other.shape) else {
            return Ok(if self.shape.is_some() { self.clone() } else { other.clone() });
        };
        let clash = || Error::shape("input", other, self);
        if a.len() != b.len() {
            return Err(clash());
        }
        let dims = a.iter().zip(b).map(|(x, y)| match (x, y) {
            (Some(x), Some(y)) if x != y => Err(clash()),
            (x, y) => Ok(x.or(*y)),
        });
        Ok(Type::new(dims.collect::<Result<_>>()?, self.kind))
    }
}
