//! 2-D max pooling: PyTorch's `max_pool2d`.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{
    Autodiff, Backend, Dispatch, DispatchTensor, Flex, IntDType, NdArray, TensorMetadata, backend_extension,
};
use burn::tensor::{DType, Shape, TensorData};
use burn_flex::FlexTensor;
use exburn_kernels::max_pool2d::{self as kernel, MaxPool2dShape};

use super::flex::Number;
use crate::{Error, ErrorKind, Result};

/// Window, step, padding on both sides, distance between taps, and whether an incomplete last window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaxPool2dOptions {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    pub ceil: bool,
}

/// Pooling and its gradient as operations of a backend. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait MaxPool2dOps: Backend {
    /// The maxima.
    #[fusion(default)]
    fn kernel_max_pool2d(x: FloatTensor<Self>, options: MaxPool2dOptions) -> FloatTensor<Self> {
        let o = options;
        Self::max_pool2d(x, o.kernel, o.stride, o.padding, o.dilation, o.ceil)
    }

    /// The maxima and their positions in the planes.
    #[fusion(default)]
    fn kernel_max_pool2d_with_indices(
        x: FloatTensor<Self>,
        options: MaxPool2dOptions,
    ) -> (FloatTensor<Self>, IntTensor<Self>) {
        burn_with_indices::<Self>(x, options)
    }

    /// The gradient for an input of the sizes `input`.
    #[fusion(default)]
    fn kernel_max_pool2d_input_gradient(
        dy: FloatTensor<Self>,
        indices: IntTensor<Self>,
        input: [usize; 4],
        options: MaxPool2dOptions,
    ) -> FloatTensor<Self> {
        burn_input_gradient::<Self>(dy, indices, input, options)
    }
}

fn burn_with_indices<B: Backend>(x: FloatTensor<B>, options: MaxPool2dOptions) -> (FloatTensor<B>, IntTensor<B>) {
    let o = options;
    let pooled = B::max_pool2d_with_indices(x, o.kernel, o.stride, o.padding, o.dilation, o.ceil, IntDType::I32);
    (pooled.output, pooled.indices)
}

fn burn_input_gradient<B: Backend>(
    dy: FloatTensor<B>,
    indices: IntTensor<B>,
    input: [usize; 4],
    options: MaxPool2dOptions,
) -> FloatTensor<B> {
    let o = options;
    // Burn reads only the shape of its first argument.
    let x = B::float_empty(Shape::from(input), &dy.device(), dy.dtype().into());
    B::max_pool2d_with_indices_backward(x, o.kernel, o.stride, o.padding, o.dilation, o.ceil, dy, indices).x_grad
}

/// The maxima of the windows of `x` `[batch, channels, height, width]`.
///
/// # Errors
/// A shape error if the options do not fit the input.
pub(crate) fn max_pool2d(x: DispatchTensor, options: MaxPool2dOptions) -> Result<DispatchTensor> {
    let found = x.shape();
    if found.num_dims() != 4 {
        return Err(Error::shape("max_pool2d input", "4 dimensions", format!("{:?}", found.to_vec())));
    }
    shape(sizes(&found), &options).output_size().map_err(|e| Error::new(ErrorKind::Shape, e.to_string()))?;
    Ok(Dispatch::kernel_max_pool2d(x, options))
}

/// The sizes of a tensor that has four dimensions.
fn sizes(shape: &Shape) -> [usize; 4] {
    [shape[0], shape[1], shape[2], shape[3]]
}

fn shape(input: [usize; 4], options: &MaxPool2dOptions) -> MaxPool2dShape {
    MaxPool2dShape {
        planes: input[0] * input[1],
        input: [input[2], input[3]],
        kernel: options.kernel,
        stride: options.stride,
        padding: options.padding,
        dilation: options.dilation,
        ceil: options.ceil,
    }
}

impl MaxPool2dOps for NdArray {}

#[cfg(feature = "gpu")]
impl MaxPool2dOps for burn_cubecl::CubeBackend {}

impl MaxPool2dOps for Flex {
    fn kernel_max_pool2d(x: FlexTensor, options: MaxPool2dOptions) -> FlexTensor {
        match x.dtype() {
            DType::F32 => forward::<f32>(&x, &options),
            DType::F64 => forward::<f64>(&x, &options),
            _ => {
                let o = options;
                Self::max_pool2d(x, o.kernel, o.stride, o.padding, o.dilation, o.ceil)
            }
        }
    }

    fn kernel_max_pool2d_with_indices(x: FlexTensor, options: MaxPool2dOptions) -> (FlexTensor, FlexTensor) {
        match x.dtype() {
            DType::F32 => with_indices::<f32>(&x, &options),
            DType::F64 => with_indices::<f64>(&x, &options),
            _ => burn_with_indices::<Self>(x, options),
        }
    }

    fn kernel_max_pool2d_input_gradient(
        dy: FlexTensor,
        indices: FlexTensor,
        input: [usize; 4],
        options: MaxPool2dOptions,
    ) -> FlexTensor {
        match dy.dtype() {
            DType::F32 => input_gradient::<f32>(&dy, &indices, input, &options),
            DType::F64 => input_gradient::<f64>(&dy, &indices, input, &options),
            _ => burn_input_gradient::<Self>(dy, indices, input, options),
        }
    }
}

/// The kernel's only errors are shapes, and those were checked where the operation was called.
const CHECKED: &str = "shapes were checked by the caller";

fn forward<T: Number>(x: &FlexTensor, options: &MaxPool2dOptions) -> FlexTensor {
    let input = sizes(&x.shape());
    let shape = shape(input, options);
    let [height, width] = shape.output_size().expect(CHECKED);
    let y = kernel::forward_to_vec(&shape, T::slice(&x.to_contiguous())).expect(CHECKED);
    T::tensor(y, [input[0], input[1], height, width])
}

fn with_indices<T: Number>(x: &FlexTensor, options: &MaxPool2dOptions) -> (FlexTensor, FlexTensor) {
    let input = sizes(&x.shape());
    let shape = shape(input, options);
    let [height, width] = shape.output_size().expect(CHECKED);
    let (y, indices) = kernel::forward_with_indices(&shape, T::slice(&x.to_contiguous())).expect(CHECKED);
    let output = [input[0], input[1], height, width];
    (T::tensor(y, output), FlexTensor::from_data(TensorData::new(indices, output)))
}

fn input_gradient<T: Number>(
    dy: &FlexTensor,
    indices: &FlexTensor,
    input: [usize; 4],
    options: &MaxPool2dOptions,
) -> FlexTensor {
    let (dy, indices) = (dy.to_contiguous(), indices.to_contiguous());
    let positions = indices.as_slice::<i32>().expect("the positions of the forward pass");
    let dx = kernel::input_gradient_to_vec(&shape(input, options), T::slice(&dy), positions).expect(CHECKED);
    T::tensor(dx, input)
}

#[derive(Debug)]
struct MaxPool2dBackward;

impl<B: Backend + MaxPool2dOps> Backward<B, 1> for MaxPool2dBackward {
    type State = (IntTensor<B>, [usize; 4], MaxPool2dOptions);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let (indices, input, options) = ops.state;
        if let [Some(parent)] = ops.parents {
            let dx = B::kernel_max_pool2d_input_gradient(dy, indices, input, options);
            grads.register::<B>(parent.id, dx);
        }
    }
}

impl<B: Backend + MaxPool2dOps, C: CheckpointStrategy> MaxPool2dOps for Autodiff<B, C> {
    fn kernel_max_pool2d(x: FloatTensor<Self>, options: MaxPool2dOptions) -> FloatTensor<Self> {
        match MaxPool2dBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let input = sizes(&x.shape());
                let (y, indices) = B::kernel_max_pool2d_with_indices(x.into_primitive(), options);
                prep.finish((indices, input, options), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::kernel_max_pool2d(x.into_primitive(), options)),
        }
    }

    // The parts of the gradient are not differentiated (Burn is first order): they are only called on inner backends.
}
