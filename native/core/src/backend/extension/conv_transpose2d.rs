//! 2-D transposed convolution, PyTorch's `conv_transpose2d` with padding per side: the gradient of a convolution with respect
//! to its input, whose own gradients are that convolution and its weight's gradient.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::ConvOptions;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchTensor, Flex, NdArray, TensorMetadata, backend_extension};

use super::conv2d::{Conv2dOps, burn_input_gradient, shape, sizes};
use crate::{Error, ErrorKind, Result};

/// The transposed convolution as an operation of a backend. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait ConvTranspose2dOps: Backend {
    /// The output, of the sizes `output`, for which the convolution with these options gives the sizes of `x`.
    #[fusion(default)]
    fn kernel_conv_transpose2d(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        output: [usize; 4],
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        burn_input_gradient::<Self>(w, x, output, options)
    }
}

/// Convolves `x` `[batch, in, height, width]` transposed with `w` `[in, out / groups, kernel height, kernel width]`; the
/// result has the size `output` (height, width), which the convolution with the same options turns into that of `x`.
///
/// # Errors
/// A shape error if the sizes do not fit each other.
pub(crate) fn conv_transpose2d(
    x: DispatchTensor,
    w: DispatchTensor,
    output: [usize; 2],
    options: ConvOptions<2>,
) -> Result<DispatchTensor> {
    let (input, weight) = (x.shape(), w.shape());
    for (what, shape) in [("conv_transpose2d input", &input), ("conv_transpose2d weight", &weight)] {
        if shape.num_dims() != 4 {
            return Err(Error::shape(what, "4 dimensions", format!("{:?}", shape.to_vec())));
        }
    }
    let (input, weight) = (sizes(&input), sizes(&weight));
    if weight[0] != input[1] {
        let expected = format!("[{}, {}, {}, {}]", input[1], weight[1], weight[2], weight[3]);
        return Err(Error::shape("conv_transpose2d weight", expected, format!("{weight:?}")));
    }
    let output = [input[0], weight[1] * options.groups, output[0], output[1]];
    let back = shape(output, weight, &options).output_size();
    let back = back.map_err(|e| Error::new(ErrorKind::Shape, e.to_string()))?;
    if back != input[2..] {
        let found = format!("{:?}", &input[2..]);
        return Err(Error::shape("conv_transpose2d input", format!("a height and width of {back:?}"), found));
    }
    Ok(Dispatch::kernel_conv_transpose2d(x, w, output, options))
}

impl ConvTranspose2dOps for NdArray {}

#[cfg(feature = "gpu")]
impl ConvTranspose2dOps for burn_cubecl::CubeBackend {}

impl ConvTranspose2dOps for Flex {
    fn kernel_conv_transpose2d(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        output: [usize; 4],
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::kernel_conv2d_input_gradient(w, x, output, options)
    }
}

/// What the backward pass needs; a tensor is kept only if a gradient will read it.
#[derive(Debug, Clone)]
struct State {
    /// Kept for the weight's gradient.
    x: Option<NodeId>,
    /// Kept for the input's gradient.
    w: Option<NodeId>,
    weight: [usize; 4],
    options: ConvOptions<2>,
}

#[derive(Debug)]
struct ConvTranspose2dBackward;

impl<B: Backend + Conv2dOps> Backward<B, 2> for ConvTranspose2dBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let State { x, w, weight, options } = ops.state;
        let [input, kernel] = ops.parents;
        if let (Some(parent), Some(w)) = (input, w) {
            let w = checkpointer.retrieve_node_output::<FloatTensor<B>>(w);
            grads.register::<B>(parent.id, B::kernel_conv2d(dy.clone(), w, options.clone()));
        }
        if let (Some(parent), Some(x)) = (kernel, x) {
            let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
            grads.register::<B>(parent.id, B::kernel_conv2d_weight_gradient(dy, x, weight, options));
        }
    }
}

impl<B: Backend + Conv2dOps + ConvTranspose2dOps, C: CheckpointStrategy> ConvTranspose2dOps for Autodiff<B, C> {
    fn kernel_conv_transpose2d(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        output: [usize; 4],
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        match ConvTranspose2dBackward.prepare::<C>([x.node(), w.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = State {
                    x: w.is_tracked().then(|| prep.checkpoint(&x)),
                    w: x.is_tracked().then(|| prep.checkpoint(&w)),
                    weight: sizes(&w.shape()),
                    options: options.clone(),
                };
                let y = B::kernel_conv_transpose2d(x.into_primitive(), w.into_primitive(), output, options);
                prep.finish(state, y)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::kernel_conv_transpose2d(x.into_primitive(), w.into_primitive(), output, options))
            }
        }
    }
}
