//! Convolution where every input channel is its own group: no patches, rows are combined directly.
//!
//! A piece is a plane (forward, input gradient) or a channel over the whole batch (weight gradient), so every sum has
//! one owner and one order.

use super::direct::turned_round;
use super::shape::Sizes;
use super::stencil;
use crate::Element;
use crate::output::Output;
use crate::parallel;
use crate::simd::{self, Job, Simd};
use std::ops::Range;

/// Writes every element of `out`.
pub(super) fn forward<T: Element>(sizes: &Sizes, x: &[T], w: &[T], bias: Option<&[T]>, out: Output<T>) {
    let s = &sizes.shape;
    if s.stride == [1, 1] {
        return stencil::forward(sizes, x, |channel, tap| w[channel * sizes.taps + tap], bias, out);
    }
    parallel::for_each(s.batch * s.out_channels, sizes.work(), |plane| {
        let (image, channel) = (plane / s.out_channels, plane % s.out_channels);
        let start = bias.map_or(T::ZERO, |b| b[channel]);
        // SAFETY: this piece alone writes the plane.
        let y = unsafe { out.filled(plane * sizes.out_pixels, sizes.out_pixels, start) };
        simd::run(Forward {
            sizes,
            x: input_plane(sizes, x, image, channel / sizes.out_group),
            taps: taps(sizes, w, channel),
            y,
        });
    });
}

/// Writes every element of `dx`.
pub(super) fn input_gradient<T: Element>(sizes: &Sizes, w: &[T], dy: &[T], dx: Output<T>) {
    let s = &sizes.shape;
    if let Some(turned) = turned_round(sizes).filter(|_| sizes.out_group == 1) {
        let last = sizes.taps - 1;
        return stencil::forward(&turned, dy, |channel, tap| w[channel * sizes.taps + last - tap], None, dx);
    }
    parallel::for_each(s.batch * s.in_channels, sizes.work(), |plane| {
        let (image, group) = (plane / s.in_channels, plane % s.in_channels);
        // SAFETY: this piece alone writes the plane.
        let dx = unsafe { dx.filled(plane * sizes.in_pixels, sizes.in_pixels, T::ZERO) };
        for channel in group * sizes.out_group..(group + 1) * sizes.out_group {
            simd::run(InputGradient {
                sizes,
                dy: output_plane(sizes, dy, image, channel),
                taps: taps(sizes, w, channel),
                dx: &mut *dx,
            });
        }
    });
}

/// Writes every element of `dw`.
pub(super) fn weight_gradient<T: Element>(sizes: &Sizes, x: &[T], dy: &[T], dw: Output<T>) {
    let s = &sizes.shape;
    parallel::for_each(s.out_channels, sizes.work(), |channel| {
        // SAFETY: this piece alone writes the channel's taps.
        let dw = unsafe { dw.filled(channel * sizes.taps, sizes.taps, T::ZERO) };
        for image in 0..s.batch {
            simd::run(WeightGradient {
                sizes,
                x: input_plane(sizes, x, image, channel / sizes.out_group),
                dy: output_plane(sizes, dy, image, channel),
                dw: &mut *dw,
            });
        }
    });
}

fn input_plane<'a, T>(sizes: &Sizes, x: &'a [T], image: usize, channel: usize) -> &'a [T] {
    let start = (image * sizes.shape.in_channels + channel) * sizes.in_pixels;
    &x[start..start + sizes.in_pixels]
}

fn output_plane<'a, T>(sizes: &Sizes, y: &'a [T], image: usize, channel: usize) -> &'a [T] {
    let start = (image * sizes.shape.out_channels + channel) * sizes.out_pixels;
    &y[start..start + sizes.out_pixels]
}

fn taps<'a, T>(sizes: &Sizes, w: &'a [T], channel: usize) -> &'a [T] {
    &w[channel * sizes.taps..(channel + 1) * sizes.taps]
}

/// Calls `f(tap, range in the output plane, start in the input plane)` for every row of the output and every tap that
/// meets it, rows outermost so that they stay in the first-level cache.
#[inline(always)]
fn for_each_row_tap(sizes: &Sizes, mut f: impl FnMut(usize, Range<usize>, usize)) {
    let s = &sizes.shape;
    for row in 0..sizes.out[0] {
        for ky in 0..s.kernel[0] {
            let y = row * s.stride[0] + ky * s.dilation[0];
            let Some(y) = y.checked_sub(s.padding[0].0).filter(|&y| y < s.input[0]) else {
                continue;
            };
            for kx in 0..s.kernel[1] {
                let (left, right, first) = sizes.valid(1, kx);
                if left < right {
                    let start = row * sizes.out[1];
                    let tap = ky * s.kernel[1] + kx;
                    f(tap, start + left..start + right, y * s.input[1] + first);
                }
            }
        }
    }
}

struct Forward<'a, T> {
    sizes: &'a Sizes,
    x: &'a [T],
    taps: &'a [T],
    y: &'a mut [T],
}

impl<T: Element> Job<T> for Forward<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let stride = self.sizes.shape.stride[1];
        for_each_row_tap(self.sizes, |tap, out, start| {
            let (factor, y) = (self.taps[tap], &mut self.y[out]);
            if stride == 1 {
                let x = &self.x[start..start + y.len()];
                y.iter_mut().zip(x).for_each(|(o, &v)| *o += factor * v);
            } else {
                let x = self.x[start..].iter().step_by(stride);
                y.iter_mut().zip(x).for_each(|(o, &v)| *o += factor * v);
            }
        });
    }
}

struct InputGradient<'a, T> {
    sizes: &'a Sizes,
    dy: &'a [T],
    taps: &'a [T],
    dx: &'a mut [T],
}

impl<T: Element> Job<T> for InputGradient<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let stride = self.sizes.shape.stride[1];
        for_each_row_tap(self.sizes, |tap, out, start| {
            let (factor, dy) = (self.taps[tap], &self.dy[out]);
            if stride == 1 {
                let dx = &mut self.dx[start..start + dy.len()];
                dx.iter_mut().zip(dy).for_each(|(o, &v)| *o += factor * v);
            } else {
                let dx = self.dx[start..].iter_mut().step_by(stride);
                dx.zip(dy).for_each(|(o, &v)| *o += factor * v);
            }
        });
    }
}

struct WeightGradient<'a, T> {
    sizes: &'a Sizes,
    x: &'a [T],
    dy: &'a [T],
    dw: &'a mut [T],
}

impl<T: Element> Job<T> for WeightGradient<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let stride = self.sizes.shape.stride[1];
        for_each_row_tap(self.sizes, |tap, out, start| {
            let dy = &self.dy[out];
            self.dw[tap] += if stride == 1 {
                dot(&self.x[start..start + dy.len()], dy)
            } else {
                let x = self.x[start..].iter().step_by(stride);
                x.zip(dy).fold(T::ZERO, |sum, (&a, &b)| sum + a * b)
            };
        });
    }
}

/// The scalar product in sixteen interleaved partial sums, whatever the registers.
#[inline(always)]
fn dot<T: Element>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::ZERO; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    for (a, b) in a_chunks.zip(b_chunks) {
        for i in 0..16 {
            lanes[i] += a[i] * b[i];
        }
    }
    let sum = lanes.into_iter().fold(T::ZERO, |sum, v| sum + v);
    rest.fold(sum, |sum, (&a, &b)| sum + a * b)
}
