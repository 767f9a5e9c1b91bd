//! Options and parameters that sequences and cells share.

use super::Declaration;
use crate::Result;
use crate::layers::Init;
use crate::spec::Config;
use crate::tensor::CellKind;

/// Kind and sizes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub cell: CellKind,
    pub inputs: usize,
    pub hidden: usize,
    pub bias: bool,
}

impl Kind {
    /// The options `input_size`, `hidden_size`, `bias`, and `nonlinearity` where the name leaves the curve open.
    pub fn new(config: &Config, cell: Option<CellKind>) -> Result<Self> {
        let cell = match cell {
            Some(cell) => cell,
            None if config.word("nonlinearity", &["tanh", "relu"], "tanh")? == "relu" => CellKind::Relu,
            None => CellKind::Tanh,
        };
        let (inputs, hidden) = (config.size("input_size")?, config.size("hidden_size")?);
        Ok(Self { cell, inputs, hidden, bias: config.flag("bias", true)? })
    }

    /// Hidden state, and an LSTM's cell state.
    pub fn states(&self) -> usize {
        if self.cell == CellKind::Lstm { 2 } else { 1 }
    }

    /// Parameters for inputs of a width and states of a size, in PyTorch's order; `suffix` follows the names.
    pub fn declare(&self, inputs: usize, state: usize, suffix: &str) -> Vec<Declaration> {
        let rows = self.cell.gates() * self.hidden;
        let init = Init::fan_in(self.hidden);
        let parameter =
            |name: &str, shape: &[usize]| Declaration::parameter(&format!("{name}{suffix}"), shape, init.clone());
        let mut all = vec![parameter("weight_ih", &[rows, inputs]), parameter("weight_hh", &[rows, state])];
        if self.bias {
            all.push(parameter("bias_ih", &[rows]));
            all.push(parameter("bias_hh", &[rows]));
        }
        if state != self.hidden {
            all.push(parameter("weight_hr", &[state, self.hidden]));
        }
        all
    }
}
