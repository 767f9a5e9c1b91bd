//! Batch normalisation with the statistics of the batch, and its gradients, as PyTorch defines
//! `torch.nn.functional.batch_norm(training=True)`: per channel over batch and pixels
//! `y = (x - mean) / sqrt(variance + eps) * weight + bias` with the biased variance.
//!
//! Data are `[batch, channels, pixels]`; weight, bias and statistics `[channels]`. Each channel is one piece of work, so no
//! sum crosses pieces. Sums are formed in interleaved partial sums per plane and in double precision across planes.

#[cfg(test)]
mod tests;

use crate::output::{Output, written_vec};
use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError, parallel};

/// The sizes of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchNormShape {
    /// Samples.
    pub batch: usize,
    /// Channels, each with statistics of its own.
    pub channels: usize,
    /// Numbers of a sample's channel.
    pub pixels: usize,
}

impl BatchNormShape {
    /// Numbers of a channel.
    fn count(&self) -> f64 {
        (self.batch * self.pixels) as f64
    }

    /// Checks that the sizes are possible and no channel is empty; gives the number of elements.
    fn check(&self) -> Result<usize, KernelError> {
        let sizes = [self.batch, self.channels, self.pixels];
        match sizes.iter().try_fold(1usize, |a, &b| a.checked_mul(b)) {
            None => Err(KernelError::Shape("batch_norm: a size overflows".into())),
            Some(0) => Err(KernelError::Shape(format!("batch_norm: expected at least one element, found {sizes:?}"))),
            Some(len) => Ok(len),
        }
    }
}

/// What [`forward`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised<T> {
    pub output: Vec<T>,
    /// Mean per channel.
    pub mean: Vec<T>,
    /// Biased variance per channel.
    pub variance: Vec<T>,
}

/// What [`backward`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients<T> {
    pub input: Vec<T>,
    pub weight: Vec<T>,
    pub bias: Vec<T>,
}

/// The normalised `x`, and the statistics.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or a slice has the wrong length.
pub fn forward<T: Element>(
    shape: &BatchNormShape,
    x: &[T],
    weight: &[T],
    bias: &[T],
    eps: f64,
) -> Result<Normalised<T>, KernelError> {
    let len = shape.check()?;
    KernelError::check_length("input", len, x.len())?;
    KernelError::check_length("weight", shape.channels, weight.len())?;
    KernelError::check_length("bias", shape.channels, bias.len())?;
    let (mut mean, mut variance) = (vec![T::ZERO; shape.channels], vec![T::ZERO; shape.channels]);
    let statistics = (Output::of(&mut mean), Output::of(&mut variance));
    let written = |out| {
        parallel::for_each(shape.channels, len * 4, |channel| {
            let moments = Moments::of(shape, x, channel);
            // Rounded as the caller will see them, so that the gradients start from the same numbers.
            let (m, v) = (T::from_f64(moments.mean), T::from_f64(moments.variance));
            // SAFETY: this piece alone writes its channel.
            unsafe { (statistics.0.at(channel).write(m), statistics.1.at(channel).write(v)) };
            let scale = weight[channel].to_f64() / (v.to_f64() + eps).sqrt();
            let (scale, mean, bias) = (T::from_f64(scale), m, bias[channel]);
            simd::run(EachPlane { shape, channel, inputs: [x, x], out, f: |x, _| (x - mean) * scale + bias });
        });
        Ok(())
    };
    // SAFETY: the pieces write every channel.
    let output = unsafe { written_vec(len, written) }?;
    Ok(Normalised { output, mean, variance })
}

/// The gradients of input, weight and bias from the output's gradient `dy`; `mean` and `variance` are those of [`forward`].
///
/// # Errors
/// As [`forward`].
pub fn backward<T: Element>(
    shape: &BatchNormShape,
    x: &[T],
    weight: &[T],
    (mean, variance): (&[T], &[T]),
    eps: f64,
    dy: &[T],
) -> Result<NormGradients<T>, KernelError> {
    let len = shape.check()?;
    for (what, found) in [("input", x), ("output gradient", dy)] {
        KernelError::check_length(what, len, found.len())?;
    }
    for (what, found) in [("weight", weight), ("mean", mean), ("variance", variance)] {
        KernelError::check_length(what, shape.channels, found.len())?;
    }
    let (mut dw, mut db) = (vec![T::ZERO; shape.channels], vec![T::ZERO; shape.channels]);
    let parameters = (Output::of(&mut dw), Output::of(&mut db));
    let written = |out| {
        parallel::for_each(shape.channels, len * 4, |channel| {
            let (mean, inverse) = (mean[channel], 1.0 / (variance[channel].to_f64() + eps).sqrt());
            let sums = Sums::of(shape, channel, [dy, x], |dy, x| [dy, dy * (x - mean)]);
            let (bias, weighted) = (sums[0], sums[1] * inverse);
            // SAFETY: this piece alone writes its channel.
            unsafe {
                parameters.0.at(channel).write(T::from_f64(weighted));
                parameters.1.at(channel).write(T::from_f64(bias));
            }
            // dx = weight / s * (dy - mean(dy) - (x - mean) / s * mean(dy * (x - mean) / s))
            let scale = T::from_f64(weight[channel].to_f64() * inverse);
            let shift = T::from_f64(bias / shape.count());
            let slope = T::from_f64(weighted / shape.count() * inverse);
            simd::run(EachPlane {
                shape,
                channel,
                inputs: [dy, x],
                out,
                f: |dy, x| (dy - shift - (x - mean) * slope) * scale,
            });
        });
        Ok(())
    };
    // SAFETY: the pieces write every channel.
    let input = unsafe { written_vec(len, written) }?;
    Ok(NormGradients { input, weight: dw, bias: db })
}

/// Mean and biased variance of a channel.
struct Moments {
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of<T: Element>(shape: &BatchNormShape, x: &[T], channel: usize) -> Self {
        // About the first number, so that a large mean does not drown small differences.
        let start = x[channel * shape.pixels];
        let sums = Sums::of(shape, channel, [x, x], |x, _| [x - start, T::ZERO]);
        let mean = start.to_f64() + sums[0] / shape.count();
        let near = T::from_f64(mean);
        let sums = Sums::of(shape, channel, [x, x], |x, _| [(x - near) * (x - near), x - near]);
        // The second sum is what rounding left of the mean.
        let rest = sums[1] / shape.count();
        let variance = sums[0] / shape.count() - rest * rest;
        // Not `max`, which would make 0 of NaN.
        Moments { mean: near.to_f64() + rest, variance: if variance < 0.0 { 0.0 } else { variance } }
    }
}

/// Two sums over a channel.
struct Sums<'a, T, F> {
    shape: &'a BatchNormShape,
    channel: usize,
    inputs: [&'a [T]; 2],
    f: F,
    sums: &'a mut [f64; 2],
}

impl<'a, T: Element, F: Fn(T, T) -> [T; 2]> Sums<'a, T, F> {
    fn of(shape: &'a BatchNormShape, channel: usize, inputs: [&'a [T]; 2], f: F) -> [f64; 2] {
        let mut sums = [0.0; 2];
        simd::run(Sums { shape, channel, inputs, f, sums: &mut sums });
        sums
    }
}

/// Interleaved partial sums: enough to hide the latency of an addition in the widest registers.
const LANES: usize = 32;
/// Numbers summed in their own precision before they join the sum in double precision.
const RUN: usize = 4096;

impl<T: Element, F: Fn(T, T) -> [T; 2]> Job<T> for Sums<'_, T, F> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Sums { shape, channel, inputs, f, sums } = self;
        for sample in 0..shape.batch {
            let start = (sample * shape.channels + channel) * shape.pixels;
            let plane = |input: &'_ [T]| -> *const T { input[start..start + shape.pixels].as_ptr() };
            let planes = inputs.map(plane);
            for from in (0..shape.pixels).step_by(RUN) {
                let len = RUN.min(shape.pixels - from);
                // SAFETY: inside the planes measured above.
                let [a, b] = planes.map(|p| unsafe { std::slice::from_raw_parts(p.add(from), len) });
                let mut partial = [[T::ZERO; LANES]; 2];
                let (a_whole, a_rest) = a.split_at(len - len % LANES);
                let (b_whole, b_rest) = b.split_at(len - len % LANES);
                for (a, b) in a_whole.chunks_exact(LANES).zip(b_whole.chunks_exact(LANES)) {
                    for i in 0..LANES {
                        let [p, q] = f(a[i], b[i]);
                        partial[0][i] += p;
                        partial[1][i] += q;
                    }
                }
                for (i, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
                    let [p, q] = f(a, b);
                    partial[0][i] += p;
                    partial[1][i] += q;
                }
                let used = if len < LANES { len } else { LANES };
                for (sum, partial) in sums.iter_mut().zip(partial) {
                    *sum += partial[..used].iter().map(|p| p.to_f64()).sum::<f64>();
                }
            }
        }
    }
}

/// Writes every plane of a channel, number by number from those of two inputs.
struct EachPlane<'a, T, F> {
    shape: &'a BatchNormShape,
    channel: usize,
    inputs: [&'a [T]; 2],
    out: Output<T>,
    f: F,
}

impl<T: Element, F: Fn(T, T) -> T> Job<T> for EachPlane<'_, T, F> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let EachPlane { shape, channel, inputs: [a, b], out, f } = self;
        for sample in 0..shape.batch {
            let start = (sample * shape.channels + channel) * shape.pixels;
            let (a, b) = (&a[start..start + shape.pixels], &b[start..start + shape.pixels]);
            let to = out.at(start);
            for i in 0..shape.pixels {
                // SAFETY: inside, and this piece alone writes its channel.
                unsafe { to.add(i).write(f(*a.get_unchecked(i), *b.get_unchecked(i))) };
            }
        }
    }
}
