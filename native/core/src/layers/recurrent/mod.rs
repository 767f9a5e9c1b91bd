//! Recurrent layers: RNN, LSTM, GRU over sequences, and their cells for single steps.

mod cell;
mod options;
mod stack;

use super::{Context, Declaration, Layer, Make, Type};
use crate::tensor::CellKind;

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("RNN", |c| stack::Stack::new(c, None)),
    ("LSTM", |c| stack::Stack::new(c, Some(CellKind::Lstm))),
    ("GRU", |c| stack::Stack::new(c, Some(CellKind::Gru))),
    ("RNNCell", |c| cell::SingleStep::new(c, None)),
    ("LSTMCell", |c| cell::SingleStep::new(c, Some(CellKind::Lstm))),
    ("GRUCell", |c| cell::SingleStep::new(c, Some(CellKind::Gru))),
];
