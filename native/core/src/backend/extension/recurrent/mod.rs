//! One recurrent layer in one direction over whole sequences: PyTorch's RNN, LSTM and GRU after the product of the inputs
//! with `weight_ih`. Formulas and memory layout: [`exburn_kernels::recurrent`].
#![expect(deprecated, reason = "NdArray stays a device by choice")]

mod autodiff;
mod flex;
mod steps;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchTensor, NdArray, TensorMetadata, backend_extension};
pub(crate) use exburn_kernels::recurrent::Cell;

use crate::{Error, Result};

/// The kind of layer, whether sequences are `[batch, time, ..]` instead of `[time, batch, ..]`, and whether time runs
/// backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecurrentOptions {
    pub cell: Cell,
    pub batch_first: bool,
    pub reverse: bool,
}

/// The layer and its gradients as operations of a backend. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait RecurrentOps: Backend {
    /// Gates' inputs x `[.., gates * hidden]`, w `[gates * hidden, hidden]`, bias `[gates * hidden]`, first states `[batch,
    /// hidden]` -> all hidden states, and an LSTM's last cell state; other cells leave `c0` and give their last argument.
    #[fusion(default)]
    fn kernel_recurrent(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        options: RecurrentOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (y, cell, _) = Self::kernel_recurrent_saving(x, w, bias, h0, c0, options);
        (y, cell)
    }

    /// The same, and what the gradients need: `[.., saved * hidden]`; of cells that keep nothing, the output.
    #[fusion(default)]
    fn kernel_recurrent_saving(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        options: RecurrentOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        steps::forward::<Self>(x, w, bias, h0, c0, options)
    }

    /// From the gradients of the output and of the last cell state: those of x, of w h + bias, of h0 and of c0.
    #[fusion(default)]
    #[expect(clippy::too_many_arguments, reason = "an extension takes tensors one by one")]
    fn kernel_recurrent_gradient(
        dy: FloatTensor<Self>,
        dc: FloatTensor<Self>,
        w: FloatTensor<Self>,
        y: FloatTensor<Self>,
        saved: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        options: RecurrentOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        steps::backward::<Self>(dy, dc, w, y, saved, h0, c0, options)
    }
}

impl RecurrentOps for NdArray {}

#[cfg(feature = "gpu")]
impl RecurrentOps for burn_cubecl::CubeBackend {}

/// Sizes of a layer: samples, steps, hidden units, width of all gates.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    batch: usize,
    time: usize,
    hidden: usize,
    gates: usize,
}

impl RecurrentOptions {
    /// The dimension of time.
    fn axis(&self) -> usize {
        usize::from(self.batch_first)
    }

    /// Sizes from the gates' inputs, or anything else of their rank, and the weights.
    fn sizes(&self, x: &impl TensorMetadata, w: &impl TensorMetadata) -> Sizes {
        let (x, w) = (x.shape(), w.shape());
        Sizes { batch: x[1 - self.axis()], time: x[self.axis()], hidden: w[1], gates: w[0] }
    }
}

/// All hidden states of a layer, `[time, batch, hidden]` or `[batch, time, hidden]` as its input, and an LSTM's last cell
/// state `[batch, hidden]`.
///
/// `x` are the inputs of the gates `[.., gates * hidden]`, `w` is `[gates * hidden, hidden]`, `bias` `[gates * hidden]`, `h0`
/// and, for an LSTM, `c0` `[batch, hidden]`.
///
/// # Errors
/// A shape error if the sizes do not fit each other.
pub(crate) fn recurrent(
    x: DispatchTensor,
    w: DispatchTensor,
    bias: DispatchTensor,
    h0: DispatchTensor,
    c0: Option<DispatchTensor>,
    options: RecurrentOptions,
) -> Result<(DispatchTensor, Option<DispatchTensor>)> {
    let (input, weight) = (x.shape().to_vec(), w.shape().to_vec());
    let gates = options.cell.gates();
    let [rows, hidden] = weight[..] else {
        return Err(Error::shape("recurrent weight", "[gates * hidden, hidden]", format!("{weight:?}")));
    };
    if rows != gates * hidden || hidden == 0 {
        return Err(Error::shape("recurrent weight", format!("[{}, {hidden}]", gates * hidden), format!("{weight:?}")));
    }
    if input.len() != 3 || input[2] != rows || input[options.axis()] == 0 {
        let expected = format!("[.., .., {rows}] with at least one step");
        return Err(Error::shape("recurrent input", expected, format!("{input:?}")));
    }
    let state = vec![input[1 - options.axis()], hidden];
    let lstm = options.cell == Cell::Lstm;
    if lstm != c0.is_some() {
        return Err(Error::internal("a cell state goes with an LSTM"));
    }
    let parts = [("bias", &bias, vec![rows]), ("hidden state", &h0, state.clone())];
    for (what, found, expected) in parts.into_iter().chain(c0.iter().map(|c| ("cell state", c, state.clone()))) {
        if found.shape().to_vec() != expected {
            let found = format!("{:?}", found.shape().to_vec());
            return Err(Error::shape(format!("recurrent {what}"), format!("{expected:?}"), found));
        }
    }
    let c0 = c0.unwrap_or_else(|| h0.clone());
    let (y, cell) = Dispatch::kernel_recurrent(x, w, bias, h0, c0, options);
    Ok((y, lstm.then_some(cell)))
}
