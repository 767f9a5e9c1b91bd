//! 2-D convolution: PyTorch's `conv2d` with padding per side.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::{ConvOptions, ModuleOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchTensor, Flex, NdArray, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape};
use exburn_kernels::conv2d::{self as kernel, Conv2dShape};

use super::flex::Number;
use crate::{Error, ErrorKind, Result};

/// Convolution and its gradients as operations of a backend. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait Conv2dOps: Backend {
    /// The output without bias.
    #[fusion(default)]
    fn kernel_conv2d(x: FloatTensor<Self>, w: FloatTensor<Self>, options: ConvOptions<2>) -> FloatTensor<Self> {
        Self::conv2d(x, w, None, options)
    }

    /// The output with bias.
    #[fusion(default)]
    fn kernel_conv2d_biased(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        Self::conv2d(x, w, Some(bias), options)
    }

    /// The gradient for an input of the sizes `input`.
    #[fusion(default)]
    fn kernel_conv2d_input_gradient(
        w: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        input: [usize; 4],
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        burn_input_gradient::<Self>(w, dy, input, options)
    }

    /// The gradient for a weight of the sizes `weight`.
    #[fusion(default)]
    fn kernel_conv2d_weight_gradient(
        x: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        weight: [usize; 4],
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        burn_weight_gradient::<Self>(x, dy, weight, options)
    }

    /// The gradient for the bias: the sum over batch and pixels.
    #[fusion(default)]
    fn kernel_conv2d_bias_gradient(dy: FloatTensor<Self>) -> FloatTensor<Self> {
        burn_bias_gradient::<Self>(dy)
    }
}

pub(super) fn burn_input_gradient<B: Backend>(
    w: FloatTensor<B>,
    dy: FloatTensor<B>,
    input: [usize; 4],
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    // Burn reads only the shape of its first argument.
    let x = B::float_empty(Shape::from(input), &dy.device(), dy.dtype().into());
    B::conv2d_x_backward(x, w, dy, options)
}

fn burn_weight_gradient<B: Backend>(
    x: FloatTensor<B>,
    dy: FloatTensor<B>,
    weight: [usize; 4],
    options: ConvOptions<2>,
) -> FloatTensor<B> {
    let w = B::float_empty(Shape::from(weight), &dy.device(), dy.dtype().into());
    B::conv2d_weight_backward(x, w, dy, options)
}

fn burn_bias_gradient<B: Backend>(dy: FloatTensor<B>) -> FloatTensor<B> {
    let channels = sizes(&dy.shape())[1];
    B::float_reshape(B::float_sum_dims(dy, &[0, 2, 3]), Shape::from([channels]))
}

/// Convolves `x` `[batch, in, height, width]` with `w` `[out, in / groups, kernel height, kernel width]` and adds
/// `bias` `[out]`; the result is `[batch, out, out height, out width]`.
///
/// # Errors
/// A shape error if the sizes do not fit each other.
pub(crate) fn conv2d(
    x: DispatchTensor,
    w: DispatchTensor,
    bias: Option<DispatchTensor>,
    options: ConvOptions<2>,
) -> Result<DispatchTensor> {
    let (input, weight) = (x.shape(), w.shape());
    for (what, shape) in [("conv2d input", &input), ("conv2d weight", &weight)] {
        if shape.num_dims() != 4 {
            return Err(Error::shape(what, "4 dimensions", format!("{:?}", shape.to_vec())));
        }
    }
    let (input, weight) = (sizes(&input), sizes(&weight));
    shape(input, weight, &options).output_size().map_err(|e| Error::new(ErrorKind::Shape, e.to_string()))?;
    let per_group = input[1] / options.groups;
    if weight[1] != per_group {
        let expected = format!("[{}, {per_group}, {}, {}]", weight[0], weight[2], weight[3]);
        return Err(Error::shape("conv2d weight", expected, format!("{weight:?}")));
    }
    match bias {
        None => Ok(Dispatch::kernel_conv2d(x, w, options)),
        Some(bias) if bias.shape().to_vec() == [weight[0]] => Ok(Dispatch::kernel_conv2d_biased(x, w, bias, options)),
        Some(bias) => {
            let found = format!("{:?}", bias.shape().to_vec());
            Err(Error::shape("conv2d bias", format!("[{}]", weight[0]), found))
        }
    }
}

/// The sizes of a tensor that has four dimensions.
pub(super) fn sizes(shape: &Shape) -> [usize; 4] {
    [shape[0], shape[1], shape[2], shape[3]]
}

pub(super) fn shape(input: [usize; 4], weight: [usize; 4], options: &ConvOptions<2>) -> Conv2dShape {
    let mut shape = Conv2dShape::new(input, weight);
    shape.stride = options.stride;
    shape.padding = options.padding;
    shape.dilation = options.dilation;
    shape.groups = options.groups;
    shape
}

impl Conv2dOps for NdArray {}

#[cfg(feature = "gpu")]
impl Conv2dOps for burn_cubecl::CubeBackend {}

type Float = FloatTensor<Flex>;

impl Conv2dOps for Flex {
    fn kernel_conv2d(x: Float, w: Float, options: ConvOptions<2>) -> Float {
        match x.dtype() {
            DType::F32 => forward::<f32>(&x, &w, None, &options),
            DType::F64 => forward::<f64>(&x, &w, None, &options),
            _ => Self::conv2d(x, w, None, options),
        }
    }

    fn kernel_conv2d_biased(x: Float, w: Float, bias: Float, options: ConvOptions<2>) -> Float {
        match x.dtype() {
            DType::F32 => forward::<f32>(&x, &w, Some(&bias), &options),
            DType::F64 => forward::<f64>(&x, &w, Some(&bias), &options),
            _ => Self::conv2d(x, w, Some(bias), options),
        }
    }

    fn kernel_conv2d_input_gradient(w: Float, dy: Float, input: [usize; 4], options: ConvOptions<2>) -> Float {
        match dy.dtype() {
            DType::F32 => input_gradient::<f32>(&w, &dy, input, &options),
            DType::F64 => input_gradient::<f64>(&w, &dy, input, &options),
            _ => burn_input_gradient::<Self>(w, dy, input, options),
        }
    }

    fn kernel_conv2d_weight_gradient(x: Float, dy: Float, weight: [usize; 4], options: ConvOptions<2>) -> Float {
        match dy.dtype() {
            DType::F32 => weight_gradient::<f32>(&x, &dy, weight, &options),
            DType::F64 => weight_gradient::<f64>(&x, &dy, weight, &options),
            _ => burn_weight_gradient::<Self>(x, dy, weight, options),
        }
    }

    fn kernel_conv2d_bias_gradient(dy: Float) -> Float {
        match dy.dtype() {
            DType::F32 => bias_gradient::<f32>(&dy),
            DType::F64 => bias_gradient::<f64>(&dy),
            _ => burn_bias_gradient::<Self>(dy),
        }
    }
}

/// The kernel's only errors are shapes, and those were checked where the operation was called.
const CHECKED: &str = "shapes were checked by the caller";

fn forward<T: Number>(x: &Float, w: &Float, bias: Option<&Float>, options: &ConvOptions<2>) -> Float {
    let shape = shape(sizes(&x.shape()), sizes(&w.shape()), options);
    let (x, w, bias) = (x.to_contiguous(), w.to_contiguous(), bias.map(Float::to_contiguous));
    let bias = bias.as_ref().map(T::slice);
    let y = kernel::forward_to_vec(&shape, T::slice(&x), T::slice(&w), bias).expect(CHECKED);
    let [height, width] = shape.output_size().expect(CHECKED);
    T::tensor(y, [shape.batch, shape.out_channels, height, width])
}

fn input_gradient<T: Number>(w: &Float, dy: &Float, input: [usize; 4], options: &ConvOptions<2>) -> Float {
    let shape = shape(input, sizes(&w.shape()), options);
    let (w, dy) = (w.to_contiguous(), dy.to_contiguous());
    T::tensor(kernel::input_gradient_to_vec(&shape, T::slice(&w), T::slice(&dy)).expect(CHECKED), input)
}

fn weight_gradient<T: Number>(x: &Float, dy: &Float, weight: [usize; 4], options: &ConvOptions<2>) -> Float {
    let shape = shape(sizes(&x.shape()), weight, options);
    let (x, dy) = (x.to_contiguous(), dy.to_contiguous());
    T::tensor(kernel::weight_gradient_to_vec(&shape, T::slice(&x), T::slice(&dy)).expect(CHECKED), weight)
}

fn bias_gradient<T: Number>(dy: &Float) -> Float {
    let size = sizes(&dy.shape());
    let mut db = vec![T::ZERO; size[1]];
    kernel::bias_gradient(size, T::slice(&dy.to_contiguous()), &mut db).expect(CHECKED);
    T::tensor(db, [size[1]])
}

/// What the backward pass needs; a tensor is kept only if a gradient will read it.
#[derive(Debug, Clone)]
struct State {
    /// Kept for the weight's gradient.
    x: Option<NodeId>,
    /// Kept for the input's gradient.
    w: Option<NodeId>,
    input: [usize; 4],
    weight: [usize; 4],
    options: ConvOptions<2>,
}

/// The backward pass; parents are input and weight, and with `N = 3` the bias.
#[derive(Debug)]
struct Conv2dBackward;

impl<B: Backend + Conv2dOps, const N: usize> Backward<B, N> for Conv2dBackward {
    type State = State;

    fn backward(self, ops: Ops<State, N>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let State { x, w, input, weight, options } = ops.state;
        let parent = |index: usize| ops.parents.get(index).and_then(|p| p.as_ref()).map(|p| p.id);
        if let (Some(node), Some(w)) = (parent(0), w) {
            let w = checkpointer.retrieve_node_output::<FloatTensor<B>>(w);
            let dx = B::kernel_conv2d_input_gradient(w, dy.clone(), input, options.clone());
            grads.register::<B>(node, dx);
        }
        if let (Some(node), Some(x)) = (parent(1), x) {
            let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
            let dw = B::kernel_conv2d_weight_gradient(x, dy.clone(), weight, options);
            grads.register::<B>(node, dw);
        }
        if let Some(node) = parent(2) {
            grads.register::<B>(node, B::kernel_conv2d_bias_gradient(dy));
        }
    }
}

/// Records one convolution with the parents `nodes`.
macro_rules! recorded {
    ($nodes:expr, $x:ident, $w:ident, $options:ident, $forward:expr) => {
        match Conv2dBackward.prepare::<C>($nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = State {
                    x: $w.is_tracked().then(|| prep.checkpoint(&$x)),
                    w: $x.is_tracked().then(|| prep.checkpoint(&$w)),
                    input: sizes(&$x.shape()),
                    weight: sizes(&$w.shape()),
                    options: $options.clone(),
                };
                prep.finish(state, $forward)
            }
            OpsKind::UnTracked(prep) => prep.finish($forward),
        }
    };
}

impl<B: Backend + Conv2dOps, C: CheckpointStrategy> Conv2dOps for Autodiff<B, C> {
    fn kernel_conv2d(x: FloatTensor<Self>, w: FloatTensor<Self>, options: ConvOptions<2>) -> FloatTensor<Self> {
        recorded!([x.node(), w.node()], x, w, options, {
            B::kernel_conv2d(x.into_primitive(), w.into_primitive(), options)
        })
    }

    fn kernel_conv2d_biased(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        recorded!([x.node(), w.node(), bias.node()], x, w, options, {
            B::kernel_conv2d_biased(x.into_primitive(), w.into_primitive(), bias.into_primitive(), options)
        })
    }

    // The gradients themselves are not differentiated (Burn is first order): they are only called on inner backends.
}
