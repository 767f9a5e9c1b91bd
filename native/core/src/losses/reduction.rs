//! From one value per element to one value.

use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// How the values of the elements become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    Mean,
    Sum,
    /// One value per element: for evaluation by hand, refused in training.
    None,
}

/// Losses before reduction.
#[derive(Debug)]
pub struct Elements {
    /// One per element; the first dimension counts the samples.
    pub losses: Value,
    /// What each element counts in a mean; `None` is one each.
    pub counts: Option<Value>,
}

impl From<Value> for Elements {
    fn from(losses: Value) -> Self {
        Self { losses, counts: None }
    }
}

impl Elements {
    /// The same with the elements of sample n counting `weights[n]` times.
    pub(super) fn weighted(self, weights: &Value) -> Result<Self> {
        let shape = self.losses.shape();
        if weights.shape() != shape[..1.min(shape.len())] {
            return Err(Error::shape(
                "sample weights",
                format!("{:?}", &shape[..1.min(shape.len())]),
                format!("{:?}", weights.shape()),
            ));
        }
        let mut column = vec![1; shape.len()];
        column[0] = shape[0];
        let weights = weights.clone().reshape(&column)?;
        let losses = self.losses.mul(&weights)?;
        let counts = match self.counts {
            Some(counts) => counts.mul(&weights)?,
            None => weights.expand(&shape)?,
        };
        Ok(Self { losses, counts: Some(counts) })
    }
}

impl Reduction {
    /// The option `reduction`: `mean` (the default), `sum` or `none`.
    pub(super) fn parse(config: &Config) -> Result<Self> {
        Ok(match config.word("reduction", &["mean", "sum", "none"], "mean")? {
            "sum" => Self::Sum,
            "none" => Self::None,
            _ => Self::Mean,
        })
    }

    /// Reduces one value per element; the mean is over all that count.
    pub(super) fn apply(self, elements: Elements) -> Result<Value> {
        match (self, elements.counts) {
            (Self::Mean, None) => elements.losses.mean(),
            (Self::Mean, Some(counts)) => elements.losses.sum()?.div(&counts.sum()?),
            (Self::Sum, _) => elements.losses.sum(),
            (Self::None, _) => Ok(elements.losses),
        }
    }
}
