//! Half precision of a model: how its parameters are stored, and what prediction and evaluation round to.

use crate::error::ExbError;
use crate::guard::guard;
use crate::handle;
use crate::model::ExbModel;
use crate::train::half;

/// Stores the parameters as halves: 1 f16, 2 bf16; 0 in the model's own type again. Optimizer state and averages are dropped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_quantize(m: *const ExbModel, precision: u32, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let model = unsafe { handle::get::<ExbModel>(m, "m")? };
        let half = half(precision, "precision")?;
        model.run(|model| model.store_parameters(half.unwrap_or(model.dtype())))
    })
}

/// Mixed precision in prediction and evaluation, also of predictors made later: 0 none, 1 f16, 2 bf16.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_model_set_inference(m: *const ExbModel, precision: u32, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let model = unsafe { handle::get::<ExbModel>(m, "m")? };
        let half = half(precision, "precision")?;
        model.run(|model| model.set_inference(half))
    })
}
