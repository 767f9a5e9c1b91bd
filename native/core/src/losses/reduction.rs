//! From one value per element to one value.

use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// How the values of the elements become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    Mean,
    Sum,
    /// One value per element: for evaluation by hand, refused in training.
    None,
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

    /// Reduces one value per element; the mean is over all of them.
    pub(super) fn apply(self, elements: Value) -> Result<Value> {
        match self {
            Self::Mean => elements.mean(),
            Self::Sum => elements.sum(),
            Self::None => Ok(elements),
        }
    }
}
