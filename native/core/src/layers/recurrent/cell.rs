//! torch.nn.RNNCell, LSTMCell and GRUCell: one step.

use super::options::Kind;
use super::{Context, Declaration, Layer, Type};
use crate::layers::sequence::expect_count;
use crate::spec::Config;
use crate::tensor::{CellKind, Recurrence, RecurrentRun, Value};
use crate::{Error, Result};

/// Input `[N, input_size]` and states `[N, hidden_size]` -> the new states; everything also without the batch. The states, `h`
/// and an LSTM's `c`, are inputs unless `initial_state` is false; they are zeros then.
#[derive(Debug)]
pub(super) struct SingleStep {
    kind: Kind,
    initial_state: bool,
}

impl SingleStep {
    pub fn new(config: &Config, cell: Option<CellKind>) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { kind: Kind::new(config, cell)?, initial_state: config.flag("initial_state", true)? }))
    }
}

impl Layer for SingleStep {
    fn declare(&self) -> Vec<Declaration> {
        self.kind.declare(self.kind.inputs, self.kind.hidden, "")
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.input_count())?;
        let Kind { inputs: width, hidden, .. } = self.kind;
        inputs[0].expect_kind(crate::tensor::Kind::Float)?;
        let shape = match inputs[0].with_rank(&[1, 2], &format!("[N, {width}] or [{width}]"))? {
            None => return Ok(vec![Type::ending(hidden); self.kind.states()]),
            Some(shape) if shape.last().is_some_and(|d| d.is_some_and(|n| n != width)) => {
                return Err(Error::shape("input", format!("[N, {width}] or [{width}]"), &inputs[0]));
            }
            Some(shape) => [&shape[..shape.len() - 1], &[Some(hidden)]].concat(),
        };
        for (given, name) in inputs[1..].iter().zip(["h", "c"]) {
            given.expect_shape(name, &shape)?;
        }
        Ok(vec![Type::float(shape); self.kind.states()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let alone = inputs[0].rank() == 1;
        let batch = if alone { 1 } else { inputs[0].dim(0) };
        let hidden = self.kind.hidden;
        let x = inputs[0].clone().reshape(&[1, batch, self.kind.inputs])?;
        let states = (0..self.kind.states())
            .map(|i| match inputs.get(1 + i) {
                Some(given) => given.clone().reshape(&[batch, hidden]),
                None => Value::zeros(&[batch, hidden], ctx.dtype, ctx.device),
            })
            .collect::<Result<Vec<_>>>()?;
        let gates = x.linear(&ctx.get("weight_ih")?, ctx.optional("bias_ih")?.as_ref())?;
        let (weight, bias) = (ctx.get("weight_hh")?, ctx.optional("bias_hh")?);
        let options = RecurrentRun { cell: self.kind.cell, batch_first: false, reverse: false };
        let start = Recurrence { options, weight: &weight, bias: bias.as_ref(), h0: &states[0], c0: states.get(1) };
        let (h, c) = gates.recurrent(&start)?;
        let shape: &[usize] = if alone { &[hidden] } else { &[batch, hidden] };
        std::iter::once(h).chain(c).map(|state| state.reshape(shape)).collect()
    }

    fn input_count(&self) -> usize {
        if self.initial_state { 1 + self.kind.states() } else { 1 }
    }

    fn output_count(&self) -> usize {
        self.kind.states()
    }

    fn usual_input(&self, index: usize) -> Type {
        Type::float(vec![None, Some(if index == 0 { self.kind.inputs } else { self.kind.hidden })])
    }
}
