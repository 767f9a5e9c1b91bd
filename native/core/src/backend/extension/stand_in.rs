//! A value with the gradient of another: how a formula's result takes the place of a simpler expression that has the
//! right derivative.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchTensor, Flex, NdArray, TensorMetadata, backend_extension};

use crate::{Error, Result};

/// The exchange as an operation of a backend. Shapes must have been checked.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait StandInOps: Backend {
    /// The numbers of `value`; gradients go to `x` as they come.
    #[fusion(default)]
    fn kernel_stand_in(x: FloatTensor<Self>, value: FloatTensor<Self>) -> FloatTensor<Self> {
        drop(x);
        value
    }
}

impl StandInOps for NdArray {}

#[cfg(feature = "gpu")]
impl StandInOps for burn_cubecl::CubeBackend {}

impl StandInOps for Flex {}

/// The numbers of `value`, with the gradients of `x`.
///
/// # Errors
/// A shape error if the two differ in shape.
pub(crate) fn stand_in(x: DispatchTensor, value: DispatchTensor) -> Result<DispatchTensor> {
    let (expected, found) = (x.shape().to_vec(), value.shape().to_vec());
    if expected != found {
        return Err(Error::shape("stand-in", format!("{expected:?}"), format!("{found:?}")));
    }
    Ok(Dispatch::kernel_stand_in(x, value))
}

#[derive(Debug)]
struct StandInBackward;

impl<B: Backend> Backward<B, 1> for StandInBackward {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, dy);
        }
    }
}

impl<B: Backend + StandInOps, C: CheckpointStrategy> StandInOps for Autodiff<B, C> {
    fn kernel_stand_in(x: FloatTensor<Self>, value: FloatTensor<Self>) -> FloatTensor<Self> {
        match StandInBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((), value.into_primitive()),
            OpsKind::UnTracked(prep) => prep.finish(value.into_primitive()),
        }
    }
}
