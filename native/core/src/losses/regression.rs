//! Losses of predictions that are quantities.

use super::targets::{same_shape, single};
use super::{Loss, Reduction};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Result};

/// `torch.nn.MSELoss`: the square of the difference. Prediction and target have one shape.
#[derive(Debug)]
struct Mse {
    reduction: Reduction,
}

pub(super) fn mse(config: &Config) -> Result<Box<dyn Loss>> {
    Ok(Box::new(Mse { reduction: Reduction::parse(config)? }))
}

impl Loss for Mse {
    fn target_kind(&self, _index: usize, _found: Kind) -> Kind {
        Kind::Float
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        same_shape(prediction, single(targets)?)
    }

    fn forward(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let difference = prediction.clone().sub(&targets[0])?;
        self.reduction.apply(difference.clone().mul(&difference)?)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
