//! Recurrent layers over whole sequences.

use super::{Kind, Value};
use crate::backend::extension::{self, Cell, RecurrentOptions};
use crate::{Error, Result};

/// A recurrent layer in one direction: its states at the beginning and its weights for them.
#[derive(Debug, Clone)]
pub(crate) struct Recurrence<'a> {
    pub options: RecurrentOptions,
    /// `[gates * hidden, hidden]`.
    pub weight: &'a Value,
    /// `[gates * hidden]`; zeros where there is none.
    pub bias: Option<&'a Value>,
    /// `[batch, hidden]`.
    pub h0: &'a Value,
    /// `[batch, hidden]`; an LSTM's alone.
    pub c0: Option<&'a Value>,
}

impl Value {
    /// All hidden states of a recurrent layer, and an LSTM's last cell state `[batch, hidden]`. `self` are the inputs of the
    /// gates `[time, batch, gates * hidden]` or, batch first, `[batch, time, gates * hidden]`.
    pub(crate) fn recurrent(self, r: &Recurrence<'_>) -> Result<(Self, Option<Self>)> {
        for value in [Some(&self), Some(r.weight), r.bias, Some(r.h0), r.c0].into_iter().flatten() {
            value.expect_kind(Kind::Float, "recurrent")?;
            if value.dtype()? != self.dtype()? {
                return Err(Error::dtype("recurrent", self.dtype()?.name(), value.dtype()?.name()));
            }
        }
        let bias = match r.bias {
            Some(bias) => bias.clone(),
            None => r.weight.full_like(&[r.weight.dim(0)], 0.0)?.detached(),
        };
        let (weight, h0) = (r.weight.raw.clone(), r.h0.raw.clone());
        let c0 = r.c0.map(|c| c.raw.clone());
        let (y, cell) = extension::recurrent(self.raw, weight, bias.raw, h0, c0, r.options)?;
        Ok((Self::float(y), cell.map(Self::float)))
    }

    /// The hidden state after the last step of such a sequence, `[batch, hidden]`.
    pub(crate) fn last_step(self, options: &RecurrentOptions) -> Result<Self> {
        let axis = usize::from(options.batch_first);
        let (batch, time, hidden) = (self.dim(1 - axis), self.dim(axis), self.dim(2));
        let at = if options.reverse { 0 } else { time - 1 };
        self.narrow(axis, at, at + 1)?.reshape(&[batch, hidden])
    }

    /// The step of a projected LSTM (PyTorch's `proj_size`): all gates' inputs `[batch, 4 * hidden]`, the cell state `[batch,
    /// hidden]`, the projection `[size, hidden]` -> hidden state `[batch, size]`, cell state.
    pub(crate) fn projected_lstm_step(self, cell: &Self, projection: &Self) -> Result<(Self, Self)> {
        let n = cell.dim(1);
        let gate = |k: usize| self.clone().narrow(1, k * n, (k + 1) * n);
        let (input, forget, output) = (gate(0)?.sigmoid()?, gate(1)?.sigmoid()?, gate(3)?.sigmoid()?);
        let cell = forget.mul(cell)?.add(&input.mul(&gate(2)?.tanh()?)?)?;
        let hidden = output.mul(&cell.clone().tanh()?)?.linear(projection, None)?;
        Ok((hidden, cell))
    }
}

/// The kinds of cells, for layers.
pub(crate) type CellKind = Cell;
/// How a layer runs through its sequence.
pub(crate) type RecurrentRun = RecurrentOptions;
