//! Linear: x W^T + b with PyTorch's weight layout [out, in]. Burn's own operation wants [in, out]; through it the weight's
//! gradient would come back transposed, and every optimizer step would have to put it in order again.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchTensor, Flex, NdArray, TensorMetadata, backend_extension};
use burn::tensor::Shape;

use crate::{Error, Result};

/// Linear on matrices, and its gradients. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait LinearOps: Backend {
    /// x [rows, in], w [out, in] -> [rows, out].
    #[fusion(default)]
    fn kernel_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, Self::float_swap_dims(w, 0, 1))
    }

    /// The same plus a bias [out].
    #[fusion(default)]
    fn kernel_linear_biased(x: FloatTensor<Self>, w: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let outputs = w.shape()[0];
        let bias = Self::float_reshape(bias, Shape::from([1, outputs]));
        Self::float_add(Self::kernel_linear(x, w), bias)
    }

    /// dy [rows, out], w [out, in] -> [rows, in].
    #[fusion(default)]
    fn kernel_linear_input_gradient(w: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(dy, w)
    }

    /// dy [rows, out], x [rows, in] -> [out, in].
    #[fusion(default)]
    fn kernel_linear_weight_gradient(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(Self::float_swap_dims(dy, 0, 1), x)
    }

    /// dy [rows, out] -> [out].
    #[fusion(default)]
    fn kernel_linear_bias_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self> {
        let outputs = dy.shape()[1];
        Self::float_reshape(Self::float_sum_dim(dy, 0), Shape::from([outputs]))
    }
}

impl LinearOps for Flex {}
impl LinearOps for NdArray {}

#[cfg(feature = "gpu")]
impl LinearOps for burn_cubecl::CubeBackend {}

/// `x` `[.., in]` by `w` `[out, in]` plus `bias` `[out]`: `[.., out]`.
///
/// # Errors
/// A shape error if the sizes do not fit each other.
pub(crate) fn linear(x: DispatchTensor, w: DispatchTensor, bias: Option<DispatchTensor>) -> Result<DispatchTensor> {
    use burn::backend::ops::FloatTensorOps;
    let (input, weight) = (x.shape().to_vec(), w.shape().to_vec());
    let [outputs, inputs] = weight[..] else {
        return Err(Error::shape("linear weight", "[out, in]", format!("{weight:?}")));
    };
    if input.last() != Some(&inputs) {
        return Err(Error::shape("linear input", format!("[.., {inputs}]"), format!("{input:?}")));
    }
    if let Some(b) = bias.as_ref().filter(|b| b.shape().to_vec() != [outputs]) {
        return Err(Error::shape("linear bias", format!("[{outputs}]"), format!("{:?}", b.shape().to_vec())));
    }
    let rows = input[..input.len() - 1].iter().product();
    let matrix = input.len() == 2;
    let x = if matrix { x } else { Dispatch::float_reshape(x, Shape::from([rows, inputs])) };
    let y = match bias {
        None => Dispatch::kernel_linear(x, w),
        Some(bias) => Dispatch::kernel_linear_biased(x, w, bias),
    };
    if matrix {
        return Ok(y);
    }
    let mut shape = input;
    if let Some(last) = shape.last_mut() {
        *last = outputs;
    }
    Ok(Dispatch::float_reshape(y, Shape::from(shape)))
}

/// What the backward pass needs; a tensor is kept only if a gradient will read it.
#[derive(Debug, Clone)]
struct State {
    /// Kept for the weight's gradient.
    x: Option<NodeId>,
    /// Kept for the input's gradient.
    w: Option<NodeId>,
}

/// The backward pass; parents are input and weight, and with `N = 3` the bias.
#[derive(Debug)]
struct LinearBackward;

impl<B: Backend + LinearOps, const N: usize> Backward<B, N> for LinearBackward {
    type State = State;

    fn backward(self, ops: Ops<State, N>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let State { x, w } = ops.state;
        let parent = |index: usize| ops.parents.get(index).and_then(|p| p.as_ref()).map(|p| p.id);
        if let (Some(node), Some(w)) = (parent(0), w) {
            let w = checkpointer.retrieve_node_output::<FloatTensor<B>>(w);
            grads.register::<B>(node, B::kernel_linear_input_gradient(w, dy.clone()));
        }
        if let (Some(node), Some(x)) = (parent(1), x) {
            let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
            grads.register::<B>(node, B::kernel_linear_weight_gradient(x, dy.clone()));
        }
        if let Some(node) = parent(2) {
            grads.register::<B>(node, B::kernel_linear_bias_gradient(dy));
        }
    }
}

/// Records one product with the parents `nodes`.
macro_rules! recorded {
    ($nodes:expr, $x:ident, $w:ident, $forward:expr) => {
        match LinearBackward.prepare::<C>($nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = State {
                    x: $w.is_tracked().then(|| prep.checkpoint(&$x)),
                    w: $x.is_tracked().then(|| prep.checkpoint(&$w)),
                };
                prep.finish(state, $forward)
            }
            OpsKind::UnTracked(prep) => prep.finish($forward),
        }
    };
}

impl<B: Backend + LinearOps, C: CheckpointStrategy> LinearOps for Autodiff<B, C> {
    fn kernel_linear(x: FloatTensor<Self>, w: FloatTensor<Self>) -> FloatTensor<Self> {
        recorded!([x.node(), w.node()], x, w, B::kernel_linear(x.into_primitive(), w.into_primitive()))
    }

    fn kernel_linear_biased(x: FloatTensor<Self>, w: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        recorded!([x.node(), w.node(), bias.node()], x, w, {
            B::kernel_linear_biased(x.into_primitive(), w.into_primitive(), bias.into_primitive())
        })
    }
}
