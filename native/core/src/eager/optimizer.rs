//! Optimizers on tensors: the same rules and state as in a model.

use super::on_stream;
use super::tensor::{ElementType, Tensor, device_mix};
use crate::optim::{Optimizer, State, create};
use crate::spec::PartSpec;
use crate::tensor::Value;
use crate::train::clip;
use crate::{Error, Result};

/// An optimizer and the parameters it changes.
pub struct TensorOptimizer {
    optimizer: Box<dyn Optimizer>,
    rows: Vec<Row>,
}

struct Row {
    parameter: Tensor,
    state: State,
}

impl Drop for Row {
    fn drop(&mut self) {
        let state = std::mem::take(&mut self.state);
        on_stream(|| drop(state));
    }
}

impl TensorOptimizer {
    /// For leaves that require gradients, each given once.
    pub fn new(spec: &PartSpec, parameters: &[Tensor]) -> Result<Self> {
        let optimizer = create(spec)?;
        if parameters.is_empty() {
            return Err(Error::argument("the optimizer got no parameters"));
        }
        for (i, parameter) in parameters.iter().enumerate() {
            let at = |e: Error| e.at(format!("parameter {i}"));
            if !matches!(parameter.element(), ElementType::Float(_)) {
                let found = parameter.element().name();
                return Err(at(Error::dtype("optimizer", "a floating-point type", found)));
            }
            if !parameter.is_leaf() {
                return Err(at(Error::argument("it is the result of an operation; an optimizer changes leaves only")));
            }
            if !parameter.is_tracked() {
                return Err(at(Error::argument("it does not require a gradient: call RequiresGrad first")));
            }
            if parameters[..i].iter().any(|other| other.is(parameter)) {
                return Err(at(Error::argument("it is given twice")));
            }
            optimizer.check(parameter.shape()).map_err(at)?;
        }
        let rows = parameters.iter().map(|p| Row { parameter: p.clone(), state: State::default() }).collect();
        Ok(Self { optimizer, rows })
    }

    /// One step of every parameter that has a gradient; the others are left alone, state and step count included.
    pub fn step(&mut self, rate: f64) -> Result<()> {
        if !(rate.is_finite() && rate >= 0.0) {
            return Err(Error::argument(format!(
                "learning rate: expected a finite number of at least 0, found {rate}"
            )));
        }
        for (i, row) in self.rows.iter_mut().enumerate() {
            if !row.parameter.is_tracked() {
                continue;
            }
            let Some(gradient) = row.parameter.leaf().and_then(|leaf| leaf.gradient().clone()) else { continue };
            let (optimizer, state) = (&self.optimizer, &mut row.state);
            row.parameter
                .change(|value| optimizer.step(value, gradient, state, rate))
                .map_err(|e| e.at(format!("parameter {i}")))?;
        }
        Ok(())
    }

    /// Takes all gradients away.
    pub fn zero_gradients(&self) -> Result<()> {
        self.rows.iter().try_for_each(|row| row.parameter.set_gradient(None))
    }
}

/// Clips what leaves have as gradients: by the common 2-norm of all, then every element. Tensors without gradient count for
/// nothing. Gives the norm before, NaN where no clipping by norm is asked for.
pub fn clip_gradients(tensors: &[Tensor], norm: Option<f64>, value: Option<f64>) -> Result<f64> {
    clip::check_limit("clip norm", norm)?;
    clip::check_limit("clip value", value)?;
    let Some(first) = tensors.first() else { return Ok(if norm.is_some() { 0.0 } else { f64::NAN }) };
    if let Some(other) = tensors.iter().find(|t| t.device() != first.device()) {
        return Err(device_mix("Clip", first.device(), other.device()));
    }
    on_stream(|| {
        let leaves: Vec<_> = tensors.iter().map(Tensor::leaf).collect();
        let mut all: Vec<Option<Value>> =
            leaves.iter().map(|leaf| leaf.as_ref().and_then(|leaf| leaf.gradient().clone())).collect();
        let before = match norm {
            None => f64::NAN,
            Some(max) => clip::by_norm(&mut all, max, first.device().is_host())?.map_or(Ok(0.0), |n| n.to_scalar())?,
        };
        if let Some(limit) = value {
            clip::by_value(&mut all, limit)?;
        }
        for (leaf, clipped) in leaves.iter().zip(all) {
            if let (Some(leaf), Some(clipped)) = (leaf, clipped) {
                *leaf.gradient() = Some(clipped);
            }
        }
        Ok(before)
    })
}
