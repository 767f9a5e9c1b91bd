//! Whether a model can run under mixed precision.

use crate::model::Model;
use crate::tensor::DType;
use crate::{Error, Result};

/// Mixed precision needs a model of f32 on a device that has the type of 16 bits, and a loss that can be computed from its
/// outputs: a probability near 0 or 1 has lost its digits in half precision before the loss sees it.
pub(crate) fn check_precision(model: &Model, autocast: Option<DType>) -> Result<()> {
    let Some(low) = autocast else { return Ok(()) };
    if !low.is_half() {
        return Err(Error::dtype("mixed precision", "f16 or bf16", low.name()));
    }
    if model.dtype != DType::F32 {
        return Err(Error::dtype("mixed precision", "a model of f32", model.dtype.name()));
    }
    model.device.expect_float(low)?;
    match model.compiled.as_ref().is_some_and(|compiled| compiled.objective.takes_probabilities()) {
        false => Ok(()),
        true => Err(Error::unsupported(
            "the loss BCELoss takes probabilities, which half precision makes too coarse: use BCEWithLogitsLoss and a model \
             without the last Sigmoid",
        )
        .at("loss")),
    }
}
