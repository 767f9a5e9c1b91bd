//! torch.nn.RNN, LSTM and GRU.

use super::options::Kind;
use super::{Context, Declaration, Layer, Type};
use crate::layers::sequence::{Sequences, batched, expect_count, probability};
use crate::spec::Config;
use crate::tensor::{CellKind, Recurrence, RecurrentRun, Value};
use crate::{Error, Result};

/// `[L, N, input_size]` (`[N, L, input_size]` with `batch_first`, `[L, input_size]` without a batch) -> the last layer's hidden
/// states `[.., directions * state]`, the last hidden states of all layers `h_n` `[layers * directions, N, state]`, and
/// an LSTM's last cell states `c_n` `[layers * directions, N, hidden_size]`; `state` is `proj_size` or `hidden_size`.
///
/// With `initial_state` further inputs `h_0` (and `c_0`) of the shapes of `h_n` and `c_n`, else they are zeros.
#[derive(Debug)]
pub(super) struct Stack {
    kind: Kind,
    layers: usize,
    directions: usize,
    projection: Option<usize>,
    dropout: f64,
    batch_first: bool,
    initial_state: bool,
}

impl Stack {
    pub fn new(config: &Config, cell: Option<CellKind>) -> Result<Box<dyn Layer>> {
        let kind = Kind::new(config, cell)?;
        let layers = config.int("num_layers", 1)?;
        let layers = usize::try_from(layers)
            .ok()
            .filter(|&n| n > 0)
            .ok_or_else(|| Error::argument(format!("option 'num_layers': expected at least 1, found {layers}")))?;
        Ok(Box::new(Self {
            layers,
            directions: if config.flag("bidirectional", false)? { 2 } else { 1 },
            projection: if kind.cell == CellKind::Lstm { projection(config, kind.hidden)? } else { None },
            dropout: probability(config, "dropout", 0.0)?,
            batch_first: config.flag("batch_first", false)?,
            initial_state: config.flag("initial_state", false)?,
            kind,
        }))
    }

    /// Width of a hidden state.
    fn state(&self) -> usize {
        self.projection.unwrap_or(self.kind.hidden)
    }

    fn width(&self) -> usize {
        self.directions * self.state()
    }

    fn suffix(layer: usize, direction: usize) -> String {
        format!("_l{layer}{}", if direction == 1 { "_reverse" } else { "" })
    }

    /// Names and widths of the states.
    fn states(&self) -> impl Iterator<Item = (&'static str, usize)> {
        [("h_0", self.state()), ("c_0", self.kind.hidden)].into_iter().take(self.kind.states())
    }

    /// One layer in one direction: all hidden states, the last one, an LSTM's last cell state.
    fn run(&self, ctx: &Context<'_>, x: &Value, index: usize, first: &[Value]) -> Result<(Value, Vec<Value>)> {
        let suffix = Self::suffix(index / self.directions, index % self.directions);
        let get = |name: &str| ctx.get(&format!("{name}{suffix}"));
        let bias = |name: &str| ctx.optional(&format!("{name}{suffix}"));
        let gates = x.clone().linear(&get("weight_ih")?, bias("bias_ih")?.as_ref())?;
        let reverse = index % self.directions == 1;
        let options = RecurrentRun { cell: self.kind.cell, batch_first: self.batch_first, reverse };
        let (weight, bias) = (get("weight_hh")?, bias("bias_hh")?);
        let start = Recurrence { options, weight: &weight, bias: bias.as_ref(), h0: &first[0], c0: first.get(1) };
        let (y, cell) = match self.projection {
            None => gates.recurrent(&start)?,
            Some(_) => self.projected(gates, &start, &get("weight_hr")?)?,
        };
        let last = y.clone().last_step(&options)?;
        Ok((y, std::iter::once(last).chain(cell).collect()))
    }

    /// A projected LSTM, step by step.
    fn projected(&self, gates: Value, start: &Recurrence<'_>, projection: &Value) -> Result<(Value, Option<Value>)> {
        let axis = usize::from(self.batch_first);
        let (batch, time, width) = (gates.dim(1 - axis), gates.dim(axis), gates.dim(2));
        let (mut hidden, mut cell) = (start.h0.clone(), start.c0.cloned());
        let mut outputs = Vec::with_capacity(time);
        for step in 0..time {
            let at = if start.options.reverse { time - 1 - step } else { step };
            let x = gates.clone().narrow(axis, at, at + 1)?.reshape(&[batch, width])?;
            let inner = hidden.linear(start.weight, start.bias)?;
            let old = cell.take().ok_or_else(|| Error::internal("an LSTM without a cell state"))?;
            let (h, c) = x.add(&inner)?.projected_lstm_step(&old, projection)?;
            let mut shape = [batch, batch, h.dim(1)];
            shape[axis] = 1;
            outputs.push(h.clone().reshape(&shape)?);
            (hidden, cell) = (h, Some(c));
        }
        if start.options.reverse {
            outputs.reverse();
        }
        Ok((Value::concat(outputs, axis)?, cell))
    }
}

/// The option `proj_size`; 0 is none.
fn projection(config: &Config, hidden: usize) -> Result<Option<usize>> {
    let size = config.int("proj_size", 0)?;
    match usize::try_from(size) {
        Ok(0) => Ok(None),
        Ok(n) if n < hidden => Ok(Some(n)),
        _ => {
            Err(Error::argument(format!("option 'proj_size': expected less than hidden_size ({hidden}), found {size}")))
        }
    }
}

impl Layer for Stack {
    fn declare(&self) -> Vec<Declaration> {
        (0..self.layers * self.directions)
            .flat_map(|i| {
                let (layer, direction) = (i / self.directions, i % self.directions);
                let inputs = if layer == 0 { self.kind.inputs } else { self.width() };
                self.kind.declare(inputs, self.state(), &Self::suffix(layer, direction))
            })
            .collect()
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.input_count())?;
        let Some(found) = Sequences::of("input", &inputs[0], self.kind.inputs, self.batch_first)? else {
            let output = Type::ending(self.width());
            return Ok(std::iter::once(output).chain(self.states().map(|(_, n)| Type::ending(n))).collect());
        };
        let count = self.layers * self.directions;
        let mut outputs = vec![found.wide(self.width(), self.batch_first)];
        for (index, (name, width)) in self.states().enumerate() {
            let shape = found.states(&[count], width);
            if let Some(given) = inputs.get(1 + index) {
                given.expect_shape(name, &shape)?;
            }
            outputs.push(Type::float(shape));
        }
        Ok(outputs)
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let alone = inputs[0].rank() == 2;
        let mut x = batched(&inputs[0], self.batch_first)?;
        let batch = x.dim(usize::from(!self.batch_first));
        let mut last: Vec<Vec<Value>> = vec![Vec::new(); self.kind.states()];
        for layer in 0..self.layers {
            let mut outputs = Vec::with_capacity(self.directions);
            for index in layer * self.directions..(layer + 1) * self.directions {
                let first = self
                    .states()
                    .enumerate()
                    .map(|(i, (_, width))| match inputs.get(1 + i) {
                        Some(given) => given.clone().narrow(0, index, index + 1)?.reshape(&[batch, width]),
                        None => Value::zeros(&[batch, width], ctx.dtype, ctx.device),
                    })
                    .collect::<Result<Vec<_>>>()?;
                let (y, states) = self.run(ctx, &x, index, &first)?;
                outputs.push(y);
                for (all, state) in last.iter_mut().zip(states) {
                    let width = state.dim(1);
                    all.push(state.reshape(&[1, batch, width])?);
                }
            }
            x = if self.directions == 1 { outputs.swap_remove(0) } else { Value::concat(outputs, 2)? };
            if layer + 1 < self.layers {
                x = ctx.drop(x, self.dropout, layer as u64)?;
            }
        }
        let mut all = vec![x];
        for states in last {
            all.push(if states.len() == 1 { states[0].clone() } else { Value::concat(states, 0)? });
        }
        if !alone {
            return Ok(all);
        }
        let squeeze = |(i, v): (usize, Value)| {
            let batch = if i == 0 { usize::from(!self.batch_first) } else { 1 };
            let mut shape = v.shape();
            shape.remove(batch);
            v.reshape(&shape)
        };
        all.into_iter().enumerate().map(squeeze).collect()
    }

    fn input_count(&self) -> usize {
        if self.initial_state { 1 + self.kind.states() } else { 1 }
    }

    fn output_count(&self) -> usize {
        1 + self.kind.states()
    }

    fn usual_input(&self, index: usize) -> Type {
        match index.checked_sub(1).and_then(|i| self.states().nth(i)) {
            None => Type::float(vec![None, None, Some(self.kind.inputs)]),
            Some((_, width)) => Type::float(vec![Some(self.layers * self.directions), None, Some(width)]),
        }
    }
}
