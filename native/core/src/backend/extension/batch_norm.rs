//! Batch normalisation with the statistics of the batch: PyTorch's `batch_norm(training=True)`.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, DispatchTensor, Flex, NdArray, TensorMetadata, backend_extension,
};
use burn::tensor::DType;
use exburn_kernels::batch_norm::{self as kernel, BatchNormShape};

use super::flex::Number;
use crate::{Error, Result};

/// Normalisation and its gradients as operations of a backend. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait BatchNormOps: Backend {
    /// Output, mean and biased variance.
    #[fusion(default)]
    fn kernel_batch_norm_train(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        burn_forward::<Self>(x, weight, bias, eps)
    }

    /// The gradients of input, weight and bias.
    #[fusion(default)]
    fn kernel_batch_norm_gradient(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        burn_gradient::<Self>(x, weight, mean, variance, dy, eps)
    }
}

type Three<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

fn burn_forward<B: Backend>(x: FloatTensor<B>, weight: FloatTensor<B>, bias: FloatTensor<B>, eps: f64) -> Three<B> {
    let result = B::batch_norm_train(x, weight, bias, eps);
    (result.output, result.mean, result.variance)
}

fn burn_gradient<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
    dy: FloatTensor<B>,
    eps: f64,
) -> Three<B> {
    let result = B::batch_norm_train_backward(x, weight, mean, variance, eps, dy);
    (result.x_grad, result.gamma_grad, result.beta_grad)
}

/// Output, mean and biased variance per channel (dimension 1) of `x`; `weight` and `bias` are `[channels]`.
///
/// # Errors
/// A shape error if the sizes do not fit each other.
pub(crate) fn batch_norm_train(
    x: DispatchTensor,
    weight: DispatchTensor,
    bias: DispatchTensor,
    eps: f64,
) -> Result<(DispatchTensor, DispatchTensor, DispatchTensor)> {
    let input = x.shape();
    if input.num_dims() < 2 || input.num_elements() == 0 {
        let found = format!("{:?}", input.to_vec());
        return Err(Error::shape("batch_norm input", "[batch, channels, ..] with elements", found));
    }
    for (what, found) in [("weight", weight.shape()), ("bias", bias.shape())] {
        if found.to_vec() != [input[1]] {
            let found = format!("{:?}", found.to_vec());
            return Err(Error::shape(format!("batch_norm {what}"), format!("[{}]", input[1]), found));
        }
    }
    Ok(Dispatch::kernel_batch_norm_train(x, weight, bias, eps))
}

impl BatchNormOps for NdArray {}

#[cfg(feature = "gpu")]
impl BatchNormOps for burn_cubecl::CubeBackend {}

type Float = FloatTensor<Flex>;

impl BatchNormOps for Flex {
    fn kernel_batch_norm_train(x: Float, weight: Float, bias: Float, eps: f64) -> (Float, Float, Float) {
        match x.dtype() {
            DType::F32 => forward::<f32>(&x, &weight, &bias, eps),
            DType::F64 => forward::<f64>(&x, &weight, &bias, eps),
            _ => burn_forward::<Self>(x, weight, bias, eps),
        }
    }

    fn kernel_batch_norm_gradient(
        x: Float,
        weight: Float,
        mean: Float,
        variance: Float,
        dy: Float,
        eps: f64,
    ) -> (Float, Float, Float) {
        match x.dtype() {
            DType::F32 => gradient::<f32>(&x, &weight, (&mean, &variance), &dy, eps),
            DType::F64 => gradient::<f64>(&x, &weight, (&mean, &variance), &dy, eps),
            _ => burn_gradient::<Self>(x, weight, mean, variance, dy, eps),
        }
    }
}

/// The kernel's only errors are shapes, and those were checked where the operation was called.
const CHECKED: &str = "shapes were checked by the caller";

fn sizes(x: &Float) -> BatchNormShape {
    let shape = x.shape();
    BatchNormShape { batch: shape[0], channels: shape[1], pixels: shape[2..].iter().product() }
}

fn forward<T: Number>(x: &Float, weight: &Float, bias: &Float, eps: f64) -> (Float, Float, Float) {
    let shape = sizes(x);
    let (x, weight, bias) = (x.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
    let made = kernel::forward(&shape, T::slice(&x), T::slice(&weight), T::slice(&bias), eps).expect(CHECKED);
    let channels = [shape.channels];
    (T::tensor(made.output, x.shape()), T::tensor(made.mean, channels), T::tensor(made.variance, channels))
}

fn gradient<T: Number>(
    x: &Float,
    weight: &Float,
    (mean, variance): (&Float, &Float),
    dy: &Float,
    eps: f64,
) -> (Float, Float, Float) {
    let shape = sizes(x);
    let (x, weight, dy) = (x.to_contiguous(), weight.to_contiguous(), dy.to_contiguous());
    let (mean, variance) = (mean.to_contiguous(), variance.to_contiguous());
    let statistics = (T::slice(&mean), T::slice(&variance));
    let made =
        kernel::backward(&shape, T::slice(&x), T::slice(&weight), statistics, eps, T::slice(&dy)).expect(CHECKED);
    let channels = [shape.channels];
    (T::tensor(made.input, x.shape()), T::tensor(made.weight, channels), T::tensor(made.bias, channels))
}

/// The backward pass; parents are input, weight and bias. The gradients have most of their work in common, so they are
/// computed together.
#[derive(Debug)]
struct BatchNormBackward;

impl<B: Backend + BatchNormOps> Backward<B, 3> for BatchNormBackward {
    type State = (NodeId, NodeId, FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let (x, weight, mean, variance, eps) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        let (dx, dw, db) = B::kernel_batch_norm_gradient(x, weight, mean, variance, dy, eps);
        for (parent, gradient) in ops.parents.into_iter().zip([dx, dw, db]) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Backend + BatchNormOps, C: CheckpointStrategy> BatchNormOps for Autodiff<B, C> {
    fn kernel_batch_norm_train(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        eps: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let constant = |value: FloatTensor<B>| <Self as AutodiffBackend>::from_inner(value);
        let nodes = [x.node(), weight.node(), bias.node()];
        match BatchNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let (x_node, weight_node) = (prep.checkpoint(&x), prep.checkpoint(&weight));
                let (y, mean, variance) =
                    B::kernel_batch_norm_train(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), eps);
                let state = (x_node, weight_node, mean.clone(), variance.clone(), eps);
                (prep.finish(state, y), constant(mean), constant(variance))
            }
            OpsKind::UnTracked(prep) => {
                let (y, mean, variance) =
                    B::kernel_batch_norm_train(x.into_primitive(), weight.into_primitive(), bias.into_primitive(), eps);
                (prep.finish(y), constant(mean), constant(variance))
            }
        }
    }

    // The gradients themselves are not differentiated (Burn is first order): they are only called on inner backends.
}
