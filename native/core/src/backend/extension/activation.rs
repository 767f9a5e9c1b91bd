//! Activations: one pass over the numbers on Flex; elsewhere the same formulas on whole tensors.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, Backend, BoolDType, DeviceOps, Dispatch, DispatchTensor, Flex, NdArray, Scalar, TensorMetadata,
    backend_extension,
};
use burn::tensor::DType;
use burn_flex::FlexTensor;
use exburn_kernels::activation::{self as kernel, Activation, Algebra};

use super::flex::Number;

/// An activation and its gradient as operations of a backend.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait ActivationKernelOps: Backend {
    /// The values at `x`.
    #[fusion(default)]
    fn kernel_activation(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        activation.value(Numbers::<Self>(x)).0
    }

    /// The derivatives at `x` times `dy`.
    #[fusion(default)]
    fn kernel_activation_gradient(
        x: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        Self::float_mul(dy, activation.slope(Numbers::<Self>(x)).0)
    }
}

impl ActivationKernelOps for NdArray {}

#[cfg(feature = "gpu")]
impl ActivationKernelOps for burn_cubecl::CubeBackend {}

impl ActivationKernelOps for Flex {
    fn kernel_activation(x: FlexTensor, activation: Activation) -> FlexTensor {
        match x.dtype() {
            DType::F32 => forward::<f32>(&x, activation),
            DType::F64 => forward::<f64>(&x, activation),
            _ => activation.value(Numbers::<Self>(x)).0,
        }
    }

    fn kernel_activation_gradient(x: FlexTensor, dy: FlexTensor, activation: Activation) -> FlexTensor {
        match x.dtype() {
            DType::F32 => gradient::<f32>(&x, &dy, activation),
            DType::F64 => gradient::<f64>(&x, &dy, activation),
            _ => Self::float_mul(dy, activation.slope(Numbers::<Self>(x)).0),
        }
    }
}

fn forward<T: Number + Algebra>(x: &FlexTensor, activation: Activation) -> FlexTensor {
    T::tensor(kernel::forward_to_vec(activation, T::slice(&x.to_contiguous())), x.shape())
}

fn gradient<T: Number + Algebra>(x: &FlexTensor, dy: &FlexTensor, activation: Activation) -> FlexTensor {
    let (numbers, slopes) = (x.to_contiguous(), dy.to_contiguous());
    let dx = kernel::gradient_to_vec(activation, T::slice(&numbers), T::slice(&slopes));
    T::tensor(dx.expect("a gradient has the shape of its value"), x.shape())
}

/// The values of an activation, element by element.
pub(crate) fn activation(x: DispatchTensor, activation: Activation) -> DispatchTensor {
    Dispatch::kernel_activation(x, activation)
}

/// A tensor that formulas can be computed on.
struct Numbers<B: Backend>(FloatTensor<B>);

impl<B: Backend> Clone for Numbers<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B: Backend> Numbers<B> {
    fn bools(&self) -> BoolDType {
        self.0.device().defaults().bool_dtype
    }
}

impl<B: Backend> Algebra for Numbers<B> {
    fn add(self, other: Self) -> Self {
        Self(B::float_add(self.0, other.0))
    }

    fn sub(self, other: Self) -> Self {
        Self(B::float_sub(self.0, other.0))
    }

    fn mul(self, other: Self) -> Self {
        Self(B::float_mul(self.0, other.0))
    }

    fn div(self, other: Self) -> Self {
        Self(B::float_div(self.0, other.0))
    }

    fn plus(self, x: f64) -> Self {
        Self(B::float_add_scalar(self.0, Scalar::Float(x)))
    }

    fn times(self, x: f64) -> Self {
        Self(B::float_mul_scalar(self.0, Scalar::Float(x)))
    }

    fn abs(self) -> Self {
        Self(B::float_abs(self.0))
    }

    fn constant(&self, x: f64) -> Self {
        Self(B::float_full(self.0.shape(), Scalar::Float(x), &self.0.device(), self.0.dtype().into()))
    }

    fn above(self, bound: f64, yes: Self, no: Self) -> Self {
        let out = self.bools();
        Self(B::float_mask_where(no.0, B::float_greater_elem(self.0, Scalar::Float(bound), out), yes.0))
    }

    fn up_to(self, bound: f64, yes: Self, no: Self) -> Self {
        let out = self.bools();
        Self(B::float_mask_where(no.0, B::float_lower_equal_elem(self.0, Scalar::Float(bound), out), yes.0))
    }

    fn exp_negative(self) -> Self {
        Self(B::float_exp(self.0))
    }

    /// As 2 tanh(x / 2) / (1 - tanh(x / 2)): Burn has no exp(x) - 1.
    fn exp_m1_negative(self) -> Self {
        let half = self.times(0.5).tanh();
        half.clone().times(2.0).div(half.times(-1.0).plus(1.0))
    }

    fn ln_1p_unit(self) -> Self {
        Self(B::float_log1p(self.0))
    }

    fn tanh(self) -> Self {
        Self(B::float_tanh(self.0))
    }
}

#[derive(Debug)]
struct ActivationBackward;

impl<B: Backend + ActivationKernelOps> Backward<B, 1> for ActivationBackward {
    type State = (NodeId, Activation);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let (x, activation) = ops.state;
        if let [Some(parent)] = ops.parents {
            let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
            grads.register::<B>(parent.id, B::kernel_activation_gradient(x, dy, activation));
        }
    }
}

impl<B: Backend + ActivationKernelOps, C: CheckpointStrategy> ActivationKernelOps for Autodiff<B, C> {
    fn kernel_activation(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        match ActivationBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), activation);
                prep.finish(state, B::kernel_activation(x.into_primitive(), activation))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::kernel_activation(x.into_primitive(), activation)),
        }
    }
}
