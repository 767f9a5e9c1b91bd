//! What every optimizer's step does: checks, fresh state, the fused pass on the CPU.

use exburn_kernels::optim::{Number, Rule, step};

use super::State;
use crate::tensor::{DType, HostElement, Value};
use crate::{Error, Result};

/// Checks that parameter, gradient and state belong together, and makes the state of a first step: zeros. Nothing has
/// been changed when this is an error.
pub(super) fn prepare(parameter: &Value, gradient: &Value, state: &mut State, slots: &[&str]) -> Result<()> {
    let (shape, dtype) = (parameter.shape(), parameter.dtype()?);
    let check = |what: &str, value: &Value| {
        if value.shape() != shape {
            return Err(Error::shape(what, format!("{shape:?}"), format!("{:?}", value.shape())));
        }
        if value.dtype()? != dtype {
            return Err(Error::dtype(what, dtype.name(), value.dtype()?.name()));
        }
        Ok(())
    };
    check("gradient", gradient)?;
    if state.slots.is_empty() {
        state.slots = slots.iter().map(|_| parameter.zeros_like()).collect::<Result<_>>()?;
        return Ok(());
    }
    if state.slots.len() != slots.len() {
        return Err(Error::argument(format!(
            "the optimizer's state has {} values for the parameter, this optimizer keeps {}: {}",
            state.slots.len(),
            slots.len(),
            slots.join(", ")
        )));
    }
    slots.iter().zip(&state.slots).try_for_each(|(name, value)| check(name, value))
}

/// Applies a rule in one pass in place when the values lie in the CPU device's memory. False, with nothing changed, when
/// they do not.
pub(super) fn fused<R: Rule<N>, const N: usize>(
    rule: &R,
    parameter: &mut Value,
    gradient: &Value,
    slots: &mut [Value],
) -> Result<bool> {
    match parameter.dtype()? {
        DType::F32 => fused_as::<f32, R, N>(rule, parameter, gradient, slots),
        DType::F64 => fused_as::<f64, R, N>(rule, parameter, gradient, slots),
    }
}

fn fused_as<T: Number + HostElement, R: Rule<N>, const N: usize>(
    rule: &R,
    parameter: &mut Value,
    gradient: &Value,
    slots: &mut [Value],
) -> Result<bool> {
    // A gradient may be a transposed view.
    let gradient = gradient.clone().contiguous();
    let Some(gradient) = gradient.host_slice::<T>() else { return Ok(false) };
    let Some(parameter) = parameter.host_slice_mut::<T>() else { return Ok(false) };
    let mut state = [(); N].map(|()| Default::default());
    for (slice, slot) in state.iter_mut().zip(slots) {
        let Some(found) = slot.host_slice_mut::<T>() else { return Ok(false) };
        *slice = found;
    }
    step(rule, parameter, gradient, state).map_err(|e| Error::internal(format!("optimizer step: {e}")))?;
    Ok(true)
}
