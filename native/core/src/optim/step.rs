//! What every optimizer's step does: checks, fresh state, the fused pass on the CPU, the common parts of the formulas in
//! operations.

use exburn_kernels::optim::{Entry, Number, Rule, step};

use super::State;
use crate::tensor::{DType, HostElement, Value};
use crate::{Error, Result};

/// Checks that parameter, gradient and state belong together, and makes the state of a first step: zeros. Nothing has
/// been changed when this is an error.
pub(super) fn prepare(parameter: &Value, gradient: &Value, state: &mut State, slots: &[&str]) -> Result<()> {
    let shape = parameter.shape();
    prepare_with(parameter, gradient, state, slots, |_| (shape.clone(), 0.0))
}

/// As [`prepare`]; `start` gives the shape and the first content of each state value.
pub(super) fn prepare_with(
    parameter: &Value,
    gradient: &Value,
    state: &mut State,
    slots: &[&str],
    start: impl Fn(usize) -> (Vec<usize>, f64),
) -> Result<()> {
    let dtype = parameter.dtype()?;
    let check = |what: &str, value: &Value, shape: Vec<usize>| {
        if value.shape() != shape {
            return Err(Error::shape(what, format!("{shape:?}"), format!("{:?}", value.shape())));
        }
        if value.dtype()? != dtype {
            return Err(Error::dtype(what, dtype.name(), value.dtype()?.name()));
        }
        Ok(())
    };
    check("gradient", gradient, parameter.shape())?;
    if state.slots.is_empty() {
        let fresh = |i| {
            let (shape, x) = start(i);
            Ok(parameter.full_like(&shape, x)?.detached())
        };
        state.slots = (0..slots.len()).map(fresh).collect::<Result<_>>()?;
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
    slots.iter().zip(&state.slots).enumerate().try_for_each(|(i, (name, value))| check(name, value, start(i).0))
}

/// Makes a step: in one pass in place on the CPU, by `operations` (which give the new parameter and state) elsewhere.
/// The state has been prepared and has `N` values.
pub(super) fn run<R: Rule<N>, const N: usize>(
    rule: &R,
    parameter: &mut Value,
    gradient: Value,
    state: &mut State,
    operations: impl FnOnce(&R, &Value, Value, &[Value]) -> Result<(Value, Vec<Value>)>,
) -> Result<()> {
    if !fused::<R, N>(rule, parameter, &gradient, &mut state.slots)? {
        (*parameter, state.slots) = operations(rule, parameter, gradient, &state.slots)?;
    }
    state.step += 1;
    Ok(())
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
        DType::F16 | DType::BF16 => Ok(false),
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

/// The gradient that a rule works with: turned to ascend, with the L2 penalty.
pub(super) fn entering(entry: &Entry, parameter: &Value, gradient: Value) -> Result<Value> {
    let gradient = if entry.sign < 0.0 { gradient.neg()? } else { gradient };
    match entry.penalty {
        0.0 => Ok(gradient),
        penalty => gradient.add(&parameter.clone().mul_scalar(penalty)?),
    }
}

/// The parameter that a rule starts from: less what decoupled decay takes.
pub(super) fn kept(keep: f64, parameter: &Value) -> Result<Value> {
    if keep == 1.0 { Ok(parameter.clone()) } else { parameter.clone().mul_scalar(keep) }
}

/// `old` moved towards `new` by `weight`.
pub(super) fn lerp(old: &Value, new: &Value, weight: f64) -> Result<Value> {
    new.clone().sub(old)?.mul_scalar(weight)?.add(old)
}

/// The mean of squares `old` with the square of `x` entering by `1 - keep`.
pub(super) fn mean_square(old: &Value, x: &Value, keep: f64) -> Result<Value> {
    let square = x.clone().mul(x)?.mul_scalar(1.0 - keep)?;
    old.clone().mul_scalar(keep)?.add(&square)
}

/// Root of the sum of squares, shape [1], in the value's own type; not yet read.
pub(super) fn norm(value: &Value) -> Result<Value> {
    Ok(value.sum_squares()?.sqrt()?.to_float(value.dtype()?))
}
