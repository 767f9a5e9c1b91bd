//! Running averages of weights.

use exburn_kernels::optim::Average;

use super::step::{fused, lerp};
use crate::Result;
use crate::tensor::Value;

/// Moves an average towards a value of the same shape and type by `weight` (1 - decay): one pass in place on the CPU,
/// operations elsewhere.
pub(crate) fn average(average: &mut Value, value: &Value, weight: f64) -> Result<()> {
    if !fused::<_, 0>(&Average { weight }, average, value, &mut [])? {
        *average = lerp(average, value, weight)?;
    }
    Ok(())
}
