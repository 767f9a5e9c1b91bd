//! The handwritten gradient.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Slice, TensorMetadata};
use burn::tensor::Shape;

use super::super::linear::LinearOps;
use super::{Cell, RecurrentOps, RecurrentOptions};

/// Which of the two results a node is. Each has a backward pass of its own, with the other's gradient zero: the gradient is
/// linear in both, and few models use an LSTM's last cell state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Output,
    Cell,
}

/// Parents: x, w, bias, h0 and, with `N = 5`, an LSTM's c0.
#[derive(Debug)]
struct RecurrentBackward;

#[derive(Debug, Clone)]
struct State<B: Backend> {
    which: Which,
    w: FloatTensor<B>,
    y: FloatTensor<B>,
    saved: FloatTensor<B>,
    h0: FloatTensor<B>,
    c0: FloatTensor<B>,
    options: RecurrentOptions,
}

impl<B: Backend + RecurrentOps + LinearOps> Backward<B, 5> for RecurrentBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 5>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let given = grads.consume::<B>(&ops.node);
        let State { which, w, y, saved, h0, c0, options } = ops.state;
        let zeros = |like: &FloatTensor<B>| B::float_zeros(like.shape(), &like.device(), like.dtype().into());
        let (dy, dc) = match which {
            Which::Output => (given, zeros(&c0)),
            Which::Cell => (zeros(&y), given),
        };
        let parent = |index: usize| ops.parents[index].as_ref().map(|p| p.id);
        let (dx, du, dh0, dc0) = B::kernel_recurrent_gradient(dy, dc, w, y.clone(), saved, h0.clone(), c0, options);
        if let Some(node) = parent(1) {
            let dw = B::kernel_linear_weight_gradient(rows::<B>(before::<B>(y, h0, options)), rows::<B>(du.clone()));
            grads.register::<B>(node, dw);
        }
        if let Some(node) = parent(2) {
            grads.register::<B>(node, B::kernel_linear_bias_gradient(rows::<B>(du)));
        }
        if let Some(node) = parent(0) {
            grads.register::<B>(node, dx);
        }
        if let Some(node) = parent(3) {
            grads.register::<B>(node, dh0);
        }
        if let Some(node) = parent(4).filter(|_| options.cell == Cell::Lstm) {
            grads.register::<B>(node, dc0);
        }
    }
}

/// The hidden state before every step.
fn before<B: Backend>(y: FloatTensor<B>, h0: FloatTensor<B>, options: RecurrentOptions) -> FloatTensor<B> {
    let (axis, shape) = (options.axis(), y.shape());
    let time = shape[axis];
    let kept = if options.reverse { 1..time } else { 0..time - 1 };
    let mut one = shape.to_vec();
    one[axis] = 1;
    let h0 = B::float_reshape(h0, Shape::from(one));
    if kept.is_empty() {
        return h0;
    }
    let mut slices = [Slice::full(); 3];
    slices[axis] = Slice::from(kept);
    let y = B::float_slice(y, &slices);
    B::float_cat(if options.reverse { vec![y, h0] } else { vec![h0, y] }, axis)
}

/// Samples and times as the rows of one matrix.
fn rows<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let shape = tensor.shape();
    B::float_reshape(tensor, Shape::from([shape[0] * shape[1], shape[2]]))
}

impl<B: Backend + RecurrentOps + LinearOps, C: CheckpointStrategy> RecurrentOps for Autodiff<B, C> {
    fn kernel_recurrent(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
        options: RecurrentOptions,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = || [x.node(), w.node(), bias.node(), h0.node(), c0.node()];
        let prepare = || RecurrentBackward.prepare::<C>(nodes()).compute_bound().stateful();
        match (prepare(), prepare()) {
            (OpsKind::Tracked(output), OpsKind::Tracked(last)) => {
                let [x, w, bias, h0, c0] = [x, w, bias, h0, c0].map(|t| t.into_primitive());
                let (y, cell, saved) = B::kernel_recurrent_saving(x, w.clone(), bias, h0.clone(), c0.clone(), options);
                let mut state = State { which: Which::Output, w, y: y.clone(), saved, h0, c0, options };
                let y = output.finish(state.clone(), y);
                state.which = Which::Cell;
                (y, last.finish(state, cell))
            }
            (OpsKind::UnTracked(output), OpsKind::UnTracked(last)) => {
                let [x, w, bias, h0, c0] = [x, w, bias, h0, c0].map(|t| t.into_primitive());
                let (y, cell) = B::kernel_recurrent(x, w, bias, h0, c0, options);
                (output.finish(y), last.finish(cell))
            }
            _ => unreachable!("the same parents are tracked or not"),
        }
    }

    // The parts of the gradient are not differentiated (Burn is first order): they are only called on inner backends.
}
