//! 2-D max pooling and its gradient, as PyTorch's `max_pool2d`: the padding never wins, a NaN always does, the first of
//! equals does, and its position receives the gradient.

mod shape;
#[cfg(test)]
mod tests;

pub use shape::MaxPool2dShape;

use crate::output::{Output, written_vec};
use crate::parallel::{self, PIECES, piece};
use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError};
use shape::Sizes;

/// Planes are handed out in this many pieces at most.
fn pieces(sizes: &Sizes) -> usize {
    sizes.shape.planes.clamp(1, 4 * PIECES)
}

/// The maxima `[planes, out height, out width]`.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or the slice has the wrong length.
pub fn forward_to_vec<T: Element>(shape: &MaxPool2dShape, x: &[T]) -> Result<Vec<T>, KernelError> {
    let sizes = shape.check()?;
    KernelError::check_length("input", sizes.x_len, x.len())?;
    // SAFETY: `planes` writes every plane.
    unsafe {
        written_vec(sizes.y_len, |y| {
            planes(&sizes, x, y, None);
            Ok(())
        })
    }
}

/// The maxima, and for each the position of the maximum in its plane of the input, `row * width + column`.
///
/// # Errors
/// [`KernelError`] if the shape is impossible or the slice has the wrong length.
pub fn forward_with_indices<T: Element>(shape: &MaxPool2dShape, x: &[T]) -> Result<(Vec<T>, Vec<i32>), KernelError> {
    let sizes = shape.check()?;
    KernelError::check_length("input", sizes.x_len, x.len())?;
    let mut indices = vec![-1i32; sizes.y_len];
    let positions = Output::of(&mut indices);
    // SAFETY: `planes` writes every plane.
    let y = unsafe {
        written_vec(sizes.y_len, |y| {
            planes(&sizes, x, y, Some(positions));
            Ok(())
        })
    }?;
    Ok((y, indices))
}

/// The gradient with respect to the input `[planes, height, width]`, from the output's gradient `dy` and the positions of
/// [`forward_with_indices`].
///
/// # Errors
/// [`KernelError`] if the shape is impossible, a slice has the wrong length or a position lies outside its plane.
pub fn input_gradient_to_vec<T: Element>(
    shape: &MaxPool2dShape,
    dy: &[T],
    indices: &[i32],
) -> Result<Vec<T>, KernelError> {
    let sizes = shape.check()?;
    KernelError::check_length("output gradient", sizes.y_len, dy.len())?;
    KernelError::check_length("indices", sizes.y_len, indices.len())?;
    // A negative position becomes a large one.
    if indices.iter().any(|&i| i as u32 as usize >= sizes.in_pixels) {
        return Err(KernelError::Shape("max_pool2d: an index lies outside the input".into()));
    }
    let add = |dx: Output<T>| {
        let pieces = pieces(&sizes);
        parallel::for_each(pieces, sizes.x_len, |index| {
            for plane in piece(shape.planes, pieces, index) {
                // SAFETY: this piece alone writes the plane.
                let dx = unsafe { dx.filled(plane * sizes.in_pixels, sizes.in_pixels, T::ZERO) };
                let part = plane * sizes.out_pixels..(plane + 1) * sizes.out_pixels;
                for (&d, &i) in dy[part.clone()].iter().zip(&indices[part]) {
                    dx[i as usize] += d;
                }
            }
        });
        Ok(())
    };
    // SAFETY: all planes are filled.
    unsafe { written_vec(sizes.x_len, add) }
}

/// Writes all planes of `y`, and of `indices` if there are any.
fn planes<T: Element>(sizes: &Sizes, x: &[T], y: Output<T>, indices: Option<Output<i32>>) {
    let pieces = pieces(sizes);
    parallel::for_each(pieces, sizes.y_len * sizes.taps, |index| {
        let mut unused = vec![0; if indices.is_some() { 0 } else { sizes.out[1] }];
        for plane in piece(sizes.shape.planes, pieces, index) {
            let lowest = T::from_f64(f64::NEG_INFINITY);
            // SAFETY: this piece alone writes the plane.
            let y = unsafe { y.filled(plane * sizes.out_pixels, sizes.out_pixels, lowest) };
            // SAFETY: as above.
            let indices = indices.map(|i| unsafe { i.filled(plane * sizes.out_pixels, sizes.out_pixels, -1) });
            let x = &x[plane * sizes.in_pixels..(plane + 1) * sizes.in_pixels];
            simd::run(Plane { sizes, x, y, indices, unused: &mut unused });
        }
    });
}

struct Plane<'a, T> {
    sizes: &'a Sizes,
    x: &'a [T],
    y: &'a mut [T],
    indices: Option<&'a mut [i32]>,
    /// A row for the positions that nobody wants.
    unused: &'a mut [i32],
}

impl<T: Element> Job<T> for Plane<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Plane { sizes, x, y, mut indices, unused } = self;
        let s = &sizes.shape;
        let width = sizes.out[1];
        for (row, y) in y.chunks_exact_mut(width).enumerate() {
            let positions = match &mut indices {
                Some(indices) => &mut indices[row * width..(row + 1) * width],
                None => {
                    unused.fill(-1);
                    &mut *unused
                }
            };
            for ky in 0..s.kernel[0] {
                let line = row * s.stride[0] + ky * s.dilation[0];
                let Some(line) = line.checked_sub(s.padding[0]).filter(|&line| line < s.input[0]) else {
                    continue;
                };
                for kx in 0..s.kernel[1] {
                    let (left, right, first) = sizes.valid(kx);
                    if left >= right {
                        continue;
                    }
                    let start = line * s.input[1] + first;
                    let (y, positions) = (&mut y[left..right], &mut positions[left..right]);
                    match s.stride[1] {
                        1 => take::<T, 1>(&x[start..], start, 1, y, positions),
                        2 => take::<T, 2>(&x[start..], start, 2, y, positions),
                        stride => take::<T, 0>(&x[start..], start, stride, y, positions),
                    }
                }
            }
        }
    }
}

/// Compares one tap of a row, every `stride`-th number of `x`; `STRIDE` is the same, or 0 if it is not known beforehand.
#[inline(always)]
fn take<T: Element, const STRIDE: usize>(x: &[T], start: usize, stride: usize, y: &mut [T], positions: &mut [i32]) {
    let stride = if STRIDE == 0 { stride } else { STRIDE };
    let count = y.len().min(positions.len());
    assert!(count == 0 || (count - 1) * stride < x.len());
    for i in 0..count {
        // SAFETY: asserted above; unchecked, so that the loop becomes vector code.
        let v = unsafe { *x.get_unchecked(i * stride) };
        // `v != v` is a NaN; a negative position means that there is no number yet.
        #[allow(clippy::eq_op)]
        let wins = (v > y[i]) | (v != v) | (positions[i] < 0);
        y[i] = if wins { v } else { y[i] };
        positions[i] = if wins { (start + i * stride) as i32 } else { positions[i] };
    }
}
