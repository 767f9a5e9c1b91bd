//! 2-D convolution and its gradients, as PyTorch defines `torch.nn.functional.conv2d`:
//! `y[n, o, i, j] = bias[o] + sum over c, u, v of w[o, c, u, v] x[n, c, i * stride + u * dilation - padding, ...]`,
//! zero outside the input, channels `c` of the group of `o`.
//!
//! Any stride, dilation, number of groups and padding per side. Everything is contiguous, batch first.

mod blocks;
mod depthwise;
mod direct;
mod forward;
mod im2col;
mod input_gradient;
mod lanes;
mod pack;
mod shape;
mod stencil;
#[cfg(test)]
mod tests;
mod tile;
mod weight_gradient;

pub use shape::Conv2dShape;

use crate::output::{Output, written_vec};
use crate::{Element, KernelError, parallel};
use shape::Sizes;

/// Computes the output `[batch, out_channels, out height, out width]` into `out`.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or a slice has the wrong length; nothing is written then.
pub fn forward<T: Element>(
    shape: &Conv2dShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    out: &mut [T],
) -> Result<(), KernelError> {
    let sizes = shape.check()?;
    forward_into(&sizes, x, w, bias, Output::of(out))
}

/// As [`forward`], into a new vector.
///
/// # Errors
/// As [`forward`].
pub fn forward_to_vec<T: Element>(
    shape: &Conv2dShape,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
) -> Result<Vec<T>, KernelError> {
    let sizes = shape.check()?;
    // SAFETY: `forward_into` writes everything.
    unsafe { written_vec(sizes.y_len, |out| forward_into(&sizes, x, w, bias, out)) }
}

fn forward_into<T: Element>(
    sizes: &Sizes,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    out: Output<T>,
) -> Result<(), KernelError> {
    KernelError::check_length("input", sizes.x_len, x.len())?;
    KernelError::check_length("weight", sizes.w_len, w.len())?;
    KernelError::check_length("output", sizes.y_len, out.len())?;
    if let Some(bias) = bias {
        KernelError::check_length("bias", sizes.shape.out_channels, bias.len())?;
    }
    let direct = direct::suits::<T>(sizes);
    if sizes.is_depthwise() {
        depthwise::forward(sizes, x, w, bias, out);
    } else if lanes::suits::<T>(sizes, [sizes.read(), sizes.written()], direct) {
        lanes::forward(sizes, x, w, bias, out);
    } else if direct {
        direct::forward(sizes, x, w, bias, out);
    } else {
        forward::forward(sizes, x, w, bias, out);
    }
    Ok(())
}

/// Computes the gradient with respect to the input, `[batch, in_channels, height, width]`, into `dx` from the output's
/// gradient `dy`.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or a slice has the wrong length; nothing is written then.
pub fn input_gradient<T: Element>(shape: &Conv2dShape, w: &[T], dy: &[T], dx: &mut [T]) -> Result<(), KernelError> {
    let sizes = shape.check()?;
    input_gradient_into(&sizes, w, dy, Output::of(dx))
}

/// As [`input_gradient`], into a new vector.
///
/// # Errors
/// As [`input_gradient`].
pub fn input_gradient_to_vec<T: Element>(shape: &Conv2dShape, w: &[T], dy: &[T]) -> Result<Vec<T>, KernelError> {
    let sizes = shape.check()?;
    // SAFETY: `input_gradient_into` writes everything.
    unsafe { written_vec(sizes.x_len, |dx| input_gradient_into(&sizes, w, dy, dx)) }
}

fn input_gradient_into<T: Element>(sizes: &Sizes, w: &[T], dy: &[T], dx: Output<T>) -> Result<(), KernelError> {
    KernelError::check_length("weight", sizes.w_len, w.len())?;
    KernelError::check_length("output gradient", sizes.y_len, dy.len())?;
    KernelError::check_length("input gradient", sizes.x_len, dx.len())?;
    let turned = direct::turned_round(sizes).filter(direct::suits::<T>);
    if sizes.is_depthwise() {
        depthwise::input_gradient(sizes, w, dy, dx);
    } else if lanes::suits::<T>(sizes, [sizes.written(), sizes.read()], turned.is_some()) {
        lanes::input_gradient(sizes, w, dy, dx);
    } else if let Some(turned) = turned {
        direct::input_gradient(&turned, w, dy, dx);
    } else {
        input_gradient::input_gradient(sizes, w, dy, dx);
    }
    Ok(())
}

/// Computes the gradient with respect to the weight into `dw` from the output's gradient `dy`. Summed over the batch in
/// a fixed order.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or a slice has the wrong length; nothing is written then.
pub fn weight_gradient<T: Element>(shape: &Conv2dShape, x: &[T], dy: &[T], dw: &mut [T]) -> Result<(), KernelError> {
    let sizes = shape.check()?;
    weight_gradient_into(&sizes, x, dy, Output::of(dw))
}

/// As [`weight_gradient`], into a new vector.
///
/// # Errors
/// As [`weight_gradient`].
pub fn weight_gradient_to_vec<T: Element>(shape: &Conv2dShape, x: &[T], dy: &[T]) -> Result<Vec<T>, KernelError> {
    let sizes = shape.check()?;
    // SAFETY: `weight_gradient_into` writes everything.
    unsafe { written_vec(sizes.w_len, |dw| weight_gradient_into(&sizes, x, dy, dw)) }
}

fn weight_gradient_into<T: Element>(sizes: &Sizes, x: &[T], dy: &[T], dw: Output<T>) -> Result<(), KernelError> {
    KernelError::check_length("input", sizes.x_len, x.len())?;
    KernelError::check_length("output gradient", sizes.y_len, dy.len())?;
    KernelError::check_length("weight gradient", sizes.w_len, dw.len())?;
    if sizes.is_depthwise() {
        depthwise::weight_gradient(sizes, x, dy, dw);
    } else if lanes::suits_weight::<T>(sizes) {
        lanes::weight_gradient(sizes, x, dy, dw);
    } else {
        weight_gradient::weight_gradient(sizes, x, dy, dw);
    }
    Ok(())
}

/// Computes the gradient with respect to the bias into `db` `[out_channels]`: the sum of the output's gradient `dy`, whose
/// sizes are `size` `[batch, out_channels, out height, out width]`, over batch and pixels.
///
/// # Errors
/// [`KernelError`] if a slice has the wrong length; nothing is written then.
pub fn bias_gradient<T: Element>(size: [usize; 4], dy: &[T], db: &mut [T]) -> Result<(), KernelError> {
    let [batch, channels, height, width] = size;
    let expected = size.iter().try_fold(1usize, |a, &b| a.checked_mul(b));
    let expected = expected.ok_or_else(|| KernelError::Shape("conv2d: a size overflows".into()))?;
    KernelError::check_length("output gradient", expected, dy.len())?;
    KernelError::check_length("bias gradient", channels, db.len())?;
    let (out, pixels) = (Output::of(db), height * width);
    parallel::for_each(channels, dy.len(), |channel| {
        let mut sum = T::ZERO;
        for image in 0..batch {
            let start = (image * channels + channel) * pixels;
            sum += lane_sum(&dy[start..start + pixels]);
        }
        // SAFETY: this piece alone writes its channel.
        unsafe { out.filled(channel, 1, sum) };
    });
    Ok(())
}

/// The sum in sixteen interleaved partial sums: fast, and more exact than one running sum.
fn lane_sum<T: Element>(values: &[T]) -> T {
    let mut lanes = [T::ZERO; 16];
    let chunks = values.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(l, &v)| *l += v);
    }
    lanes.iter_mut().zip(rest).for_each(|(l, &v)| *l += v);
    lanes.into_iter().fold(T::ZERO, |a, b| a + b)
}
