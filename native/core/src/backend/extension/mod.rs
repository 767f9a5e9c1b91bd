//! Own kernels (crate `exburn-kernels`) as operations of Burn: on Flex the kernel, on every other device Burn's own
//! operations, with handwritten gradients, so that autodiff, fusion and every device work as for any Burn operation.
//!
//! One file per family of kernels. To add one, follow `conv2d.rs`, from top to bottom:
//! 1. a trait `XOps: Backend` under `#[backend_extension(..)]`, forward and gradient parts each a method whose default body is
//!    written in Burn's operations (marked `#[fusion(default)]`); names begin with `kernel_`, so that they never
//!    collide with Burn's. Optional tensors are not possible there: one method with, one without;
//! 2. `impl XOps for NdArray {}` and `impl XOps for CubeBackend {}`: the default bodies;
//! 3. `impl XOps for Flex`: the kernel for f32 and f64 through [`flex::Number`], the default body's Burn operation for other
//!    types;
//! 4. `impl XOps for Autodiff<B, C>`: `Backward` with the gradient methods of the same trait, computing only what is asked
//!    for (a parent that needs no gradient is `None`) and keeping only what the backward pass will read;
//! 5. a free function on [`DispatchTensor`](burn::backend::DispatchTensor)s that checks shapes first and gives our
//!    [`Error`](crate::Error): Burn's functions at this level do not check.

mod activation;
mod axis_map;
mod conv2d;
mod conv_transpose2d;
mod flex;
mod linear;
mod max_pool2d;
mod recurrent;
mod stand_in;
#[cfg(test)]
mod tests;

pub(crate) use activation::activation;
pub(crate) use axis_map::axis_map;
pub(crate) use conv_transpose2d::conv_transpose2d;
pub(crate) use conv2d::conv2d;
pub(crate) use linear::linear;
pub(crate) use max_pool2d::{MaxPool2dOptions, max_pool2d};
pub(crate) use recurrent::{Cell, RecurrentOptions, recurrent};
pub(crate) use stand_in::stand_in;
