//! Sizes of a recurrent layer.

use crate::KernelError;

/// The kind of a recurrent layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// RNN with tanh.
    Tanh,
    /// RNN with max(0, x).
    Relu,
    Lstm,
    Gru,
}

impl Cell {
    /// Gates, which the weights hold below each other.
    pub fn gates(self) -> usize {
        match self {
            Cell::Tanh | Cell::Relu => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }

    /// Values per hidden unit that the forward pass keeps for the backward pass: i, f, g, o, c' of an LSTM; r, z, n, u_n of
    /// a GRU; nothing beside the output of an RNN.
    pub fn saved(self) -> usize {
        match self {
            Cell::Tanh | Cell::Relu => 0,
            Cell::Lstm => 5,
            Cell::Gru => 4,
        }
    }
}

/// The sizes of one layer in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecurrentShape {
    pub cell: Cell,
    /// Samples. Zero is allowed.
    pub batch: usize,
    /// Steps, at least one.
    pub time: usize,
    /// Hidden units, at least one.
    pub hidden: usize,
    /// Whether sequences are stored `[batch, time, ..]`, else `[time, batch, ..]`.
    pub batch_first: bool,
    /// Whether time runs backwards, from the last step to the first.
    pub reverse: bool,
}

impl RecurrentShape {
    pub(super) fn check(&self) -> Result<Sizes, KernelError> {
        if self.time == 0 || self.hidden == 0 {
            return Err(KernelError::Shape("recurrent: no time steps or no hidden units".into()));
        }
        let gates = self.hidden.checked_mul(self.cell.gates());
        let widest = self.hidden.checked_mul(6);
        let rows = self.batch.checked_mul(self.time);
        let fits = |rows: usize| widest.and_then(|w| w.checked_mul(rows)).is_some_and(|n| n < isize::MAX as usize / 8);
        match (gates, rows) {
            (Some(gates), Some(rows)) if fits(rows) && gates.checked_mul(self.hidden).is_some() => {
                Ok(Sizes { shape: *self, gates, saved: self.cell.saved() * self.hidden, rows })
            }
            _ => Err(KernelError::Shape("recurrent: a size overflows".into())),
        }
    }
}

/// Sizes that were checked, and what follows from them.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub shape: RecurrentShape,
    /// Width of all gates.
    pub gates: usize,
    /// Width of what is kept.
    pub saved: usize,
    /// Samples times steps.
    pub rows: usize,
}

impl Sizes {
    /// The row of a sample at a time.
    pub fn row(&self, time: usize, sample: usize) -> usize {
        if self.shape.batch_first { sample * self.shape.time + time } else { time * self.shape.batch + sample }
    }

    /// Rows from a sample to the next.
    pub fn step(&self) -> usize {
        if self.shape.batch_first { self.shape.time } else { 1 }
    }

    /// The time of the `index`-th step.
    pub fn time(&self, index: usize) -> usize {
        if self.shape.reverse { self.shape.time - 1 - index } else { index }
    }

    /// Multiply-adds of the products with the weights.
    pub fn work(&self) -> usize {
        self.rows.saturating_mul(self.gates).saturating_mul(self.shape.hidden)
    }
}
