//! A training step in two halves: gradients to look at and change, then the optimizer. The gradients stay on the device.

use std::sync::Arc;

use burn::tensor::StreamId;
use serde::Serialize;

use super::input_gradients::InputRow;
use super::ledger::Ledger;
use super::pace::check_rate;
use super::scaler::unscale;
use super::step::{BatchId, apply, arrays, check_data, check_ready, check_weights, gradients, norm_or_nan};
use super::{InputGradients, RunResult, TrainOptions, clip, input_gradients};
use crate::layers::{Bound, Role};
use crate::model::{Graph, Model, matches_name};
use crate::tensor::{DType, Value};
use crate::{ArrayView, Error, HostArray, Result};

/// The gradient of a batch's loss with respect to every parameter that trains, under the parameters' names.
pub struct Gradients {
    graph: Arc<Graph>,
    rows: Vec<Row>,
    /// By input; none where they were not asked for.
    pub(super) inputs: Vec<InputRow>,
    /// What the pass computed for the buffers, until [`apply_gradients`] takes it over.
    updates: Vec<(usize, Bound)>,
    id: BatchId,
    device: crate::device::Device,
    dtype: DType,
    pub(super) stream: StreamId,
}

/// A parameter.
struct Row {
    /// In the model's table.
    position: usize,
    name: String,
    shape: Vec<usize>,
    trains: bool,
    gradient: Option<Value>,
}

/// A line of [`Gradients::list`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradientEntry {
    pub name: String,
    pub shape: Vec<usize>,
    /// False for a frozen parameter, one that the loss does not depend on, or one that was removed: the optimizer will
    /// leave it wholly alone.
    pub present: bool,
}

/// Forward and backward of one batch in training mode; `weights` [N] weigh its samples. No parameter changes. The running statistics of the pass are kept
/// with the gradients until they are applied, or taken over at once with `update_buffers`. Of the options, epoch, seed,
/// check_finite, autocast, loss_scale, segments and input_gradients count. Random layers draw as they would in the training
/// step in whose place this stands.
pub fn compute_gradients(
    model: &mut Model,
    inputs: &[ArrayView<'_>],
    targets: &[ArrayView<'_>],
    weights: Option<&ArrayView<'_>>,
    options: &TrainOptions,
    update_buffers: bool,
) -> Result<(Gradients, RunResult)> {
    input_gradients::check(model, options)?;
    check_data(model, inputs, targets)?;
    check_weights(weights, inputs[0].rows())?;
    model.stream().executes(|| {
        let id = BatchId { epoch: options.epoch, batch: model.passes };
        let mut ledger = Ledger::new(&model.compiled()?.metrics, options.check_finite, options.epoch);
        let weights = weights.map(ArrayView::to_array);
        let mut batch = gradients(model, arrays(inputs), arrays(targets), weights, &id, options)?;
        ledger.add(batch.losses, &batch.outputs, &batch.targets, inputs[0].rows(), batch.mass)?;
        let result = ledger.finish(false, 0, f64::NAN)?;
        if update_buffers {
            model.table.commit(std::mem::take(&mut batch.updates));
        }
        if options.input_gradients != InputGradients::Only {
            model.passes += 1;
        }
        let entries = model.table.entries.iter().enumerate().zip(batch.gradients);
        let rows = entries.filter(|((_, entry), _)| entry.role == Role::Parameter);
        let rows = rows.map(|((position, entry), gradient)| Row {
            position,
            name: entry.name.clone(),
            shape: entry.shape.clone(),
            trains: !entry.frozen,
            gradient,
        });
        let gradients = Gradients {
            graph: Arc::clone(&model.graph),
            rows: rows.collect(),
            inputs: input_gradients::rows(&model.graph, batch.input_gradients),
            updates: batch.updates,
            id,
            device: model.device(),
            dtype: model.dtype,
            stream: model.stream(),
        };
        Ok((gradients, result))
    })
}

/// Clips, then lets the optimizer change the parameters: with unchanged gradients of the latest batch, bit for bit what
/// [`super::train_step`] does. The gradients stay as they are and may be applied again, also to a copy of the model.
/// Parameters frozen since are left alone. Gives the norm before clipping, NaN where no clipping by norm was asked for.
pub fn apply_gradients(model: &mut Model, gradients: &mut Gradients, options: &TrainOptions, rate: f64) -> Result<f64> {
    check_ready(model, options)?;
    check_rate(rate)?;
    if !Arc::ptr_eq(&model.graph, &gradients.graph) {
        return Err(Error::argument("the gradients belong to another model, or to this one before it was built anew"));
    }
    model.stream().executes(|| {
        let elsewhere = model.device() != gradients.device;
        let here = |value: &Value| if elsewhere { value.to_device(&model.device) } else { value.clone() };
        let mut by_position = vec![None; model.table.entries.len()];
        for row in gradients.rows.iter().filter(|row| !model.table.entries[row.position].frozen) {
            by_position[row.position] = row.gradient.as_ref().map(here);
        }
        let updates = gradients.updates.iter().map(|(position, stored)| match stored {
            Bound::Tensor(value) => (*position, Bound::Tensor(here(value))),
            other => (*position, other.clone()),
        });
        let updates = updates.filter(|(position, _)| !model.table.entries[*position].frozen).collect();
        let step = apply(model, by_position, (&[rate], &[]), options, &gradients.id)?;
        model.table.commit(updates);
        gradients.updates.clear();
        norm_or_nan(Some(step))
    })
}

impl Gradients {
    /// Divides all gradients by what the loss was multiplied by. Whether all those of parameters are finite.
    pub fn unscale(&mut self, scale: f64) -> Result<bool> {
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(Error::argument(format!("unscale: expected a positive number, found {scale}")));
        }
        let stream = self.stream;
        stream.executes(|| {
            unscale(self.inputs.iter_mut().map(InputRow::gradient_mut), scale)?;
            unscale(self.rows.iter_mut().map(|row| &mut row.gradient), scale)
        })
    }

    /// All parameters of the model, in its order.
    pub fn list(&self) -> Vec<GradientEntry> {
        let line = |row: &Row| GradientEntry {
            name: row.name.clone(),
            shape: row.shape.clone(),
            present: row.gradient.is_some(),
        };
        self.rows.iter().map(line).collect()
    }

    pub fn device(&self) -> crate::device::Device {
        self.device.clone()
    }

    /// A copy of a parameter's gradient; `None` where it has none.
    pub fn get(&self, name: &str) -> Result<Option<HostArray>> {
        let row = &self.rows[self.position(name)?];
        self.stream.executes(|| row.gradient.as_ref().map(Value::to_host).transpose())
    }

    /// Puts another gradient in a parameter's place, or gives it one.
    pub fn set(&mut self, name: &str, array: &ArrayView<'_>) -> Result<()> {
        let position = self.position(name)?;
        let row = &self.rows[position];
        if !row.trains {
            return Err(Error::argument("the parameter is frozen and takes no gradient").at(name));
        }
        if array.shape != row.shape {
            return Err(Error::shape("gradient", format!("{:?}", row.shape), format!("{:?}", array.shape)).at(name));
        }
        if !array.data.is_float() {
            return Err(Error::dtype("gradient", "float32 or float64", array.data.dtype_name()).at(name));
        }
        let value = self.stream.executes(|| Value::float_from_host(array, self.dtype, &self.device))?;
        self.rows[position].gradient = Some(value);
        Ok(())
    }

    /// Multiplies the gradients whose parameters, or whose layers, match; gives their number. A pattern that matches no
    /// parameter is an error.
    pub fn scale(&mut self, pattern: &str, factor: f64) -> Result<usize> {
        if !factor.is_finite() {
            return Err(Error::argument(format!("factor: expected a finite number, found {factor}")));
        }
        self.each(pattern, |gradient| Ok(Some(gradient.mul_scalar(factor)?)))
    }

    /// Takes away the gradients whose parameters match, so that the optimizer leaves those alone; gives their number.
    pub fn remove(&mut self, pattern: &str) -> Result<usize> {
        self.each(pattern, |_| Ok(None))
    }

    /// Adds the other gradients times a weight; a parameter that has none here takes the other's.
    pub fn add(&mut self, other: &Gradients, weight: f64) -> Result<()> {
        if !Arc::ptr_eq(&self.graph, &other.graph) {
            return Err(Error::argument("the gradients belong to different models"));
        }
        if !weight.is_finite() {
            return Err(Error::argument(format!("weight: expected a finite number, found {weight}")));
        }
        let device = self.device.clone();
        self.stream.executes(|| {
            for (row, added) in self.rows.iter_mut().zip(&other.rows) {
                let Some(added) = added.gradient.as_ref().filter(|_| row.trains) else { continue };
                let added = if other.device == device { added.clone() } else { added.to_device(&device) };
                let added = if weight == 1.0 { added } else { added.mul_scalar(weight)? };
                row.gradient = Some(match row.gradient.take() {
                    None => added,
                    Some(own) => own.add(&added)?,
                });
            }
            Ok(())
        })
    }

    /// The common 2-norm of the gradients whose parameters match; 0 where none is there.
    pub fn norm(&self, pattern: &str) -> Result<f64> {
        let rows = self.matching(pattern)?;
        self.stream.executes(|| {
            let mut total = 0.0;
            for gradient in rows.iter().filter_map(|&i| self.rows[i].gradient.as_ref()) {
                total += gradient.sum_squares()?.to_scalar()?;
            }
            Ok(total.sqrt())
        })
    }

    /// Clips in place, by the common norm, then by value. Gives the norm before, NaN without clipping by norm.
    pub fn clip(&mut self, norm: Option<f64>, value: Option<f64>) -> Result<f64> {
        clip::check_limit("clip_norm", norm)?;
        clip::check_limit("clip_value", value)?;
        let on_host = self.device.is_host();
        self.stream.executes(|| {
            let mut all: Vec<Option<Value>> = self.rows.iter().map(|row| row.gradient.clone()).collect();
            let before = match norm {
                None => f64::NAN,
                Some(max) => clip::by_norm(&mut all, max, on_host)?.map_or(Ok(0.0), |n| n.to_scalar())?,
            };
            if let Some(limit) = value {
                clip::by_value(&mut all, limit)?;
            }
            for (row, gradient) in self.rows.iter_mut().zip(all) {
                row.gradient = gradient;
            }
            Ok(before)
        })
    }

    fn each(&mut self, pattern: &str, f: impl Fn(Value) -> Result<Option<Value>>) -> Result<usize> {
        let rows = self.matching(pattern)?;
        self.stream.executes(|| {
            let mut found = 0;
            for i in rows {
                if let Some(gradient) = self.rows[i].gradient.clone() {
                    self.rows[i].gradient = f(gradient)?;
                    found += 1;
                }
            }
            Ok(found)
        })
    }

    fn matching(&self, pattern: &str) -> Result<Vec<usize>> {
        let rows = self.rows.iter().enumerate();
        let found: Vec<usize> = rows.filter(|(_, row)| matches_name(pattern, &row.name)).map(|(i, _)| i).collect();
        if found.is_empty() { Err(self.unknown(pattern)) } else { Ok(found) }
    }

    fn position(&self, name: &str) -> Result<usize> {
        self.rows.iter().position(|row| row.name == name).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, pattern: &str) -> Error {
        let names: Vec<&str> = self.rows.iter().take(20).map(|row| row.name.as_str()).collect();
        Error::not_found(format!("no parameter matches '{pattern}'; there are: {}", names.join(", ")))
    }
}

impl Drop for Gradients {
    fn drop(&mut self) {
        // Burn counts a tensor's uses per stream: it is given up where it was made.
        let (rows, inputs) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.inputs));
        let updates = std::mem::take(&mut self.updates);
        self.stream.executes(move || drop((rows, inputs, updates)));
    }
}
