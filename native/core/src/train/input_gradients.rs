//! Gradients with respect to a model's inputs.

use super::Gradients;
use super::step::check_model;
use super::{TrainOptions, step};
use crate::layers::Type;
use crate::model::{Graph, Model};
use crate::tensor::{Kind, Value};
use crate::{Error, HostArray, Result};

/// Whether [`super::compute_gradients`] gives the gradients of the float inputs, and how the pass is made for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputGradients {
    #[default]
    None,
    /// Beside those of the parameters, in training mode.
    Added,
    /// They alone, in evaluation mode: random layers rest, batch norm takes its running statistics, which stay, and the
    /// model's next training step is what it would have been. Frozen models have them too.
    Only,
}

/// An input of the batch.
pub(super) struct InputRow {
    name: String,
    kind: Kind,
    gradient: Option<Value>,
}

/// Checks before a pass for gradients.
pub(super) fn check(model: &Model, options: &TrainOptions) -> Result<()> {
    if options.input_gradients != InputGradients::Only {
        return step::check_ready(model, options);
    }
    check_model(model, options)?;
    if model.graph.input_types.iter().any(is_float) {
        return Ok(());
    }
    Err(Error::argument("input gradients: all inputs of the model are integers, which have none"))
}

/// Whether an input has a gradient.
pub(super) fn is_float(declared: &Type) -> bool {
    declared.kind == Kind::Float
}

/// The gradients that a pass found, under the inputs' names; nothing where they were not asked for.
pub(super) fn rows(graph: &Graph, found: Vec<Option<Value>>) -> Vec<InputRow> {
    let inputs = graph.input_names.iter().zip(&graph.input_types).zip(found);
    inputs.map(|((name, t), gradient)| InputRow { name: name.clone(), kind: t.kind, gradient }).collect()
}

impl InputRow {
    pub fn gradient_mut(&mut self) -> &mut Option<Value> {
        &mut self.gradient
    }
}

impl Gradients {
    /// A copy of the gradient of the loss with respect to an input, in the input's shape and the model's type; `None` where the
    /// loss does not depend on it.
    pub fn input(&self, index: usize) -> Result<Option<HostArray>> {
        if self.inputs.is_empty() {
            return Err(Error::argument("input gradients were not asked for when the gradients were computed"));
        }
        let Some(row) = self.inputs.get(index) else {
            let found = format!("the model has {} input(s), there is no input {index}", self.inputs.len());
            return Err(Error::argument(found));
        };
        if row.kind != Kind::Float {
            let text = format!("input '{}' takes integers, which have no gradient", row.name);
            return Err(Error::argument(text));
        }
        self.stream.executes(|| row.gradient.as_ref().map(Value::to_host).transpose())
    }
}
