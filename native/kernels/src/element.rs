//! The number types of the kernels, matrix products on them, and scratch memory.

use crate::curves::Curves;
use crate::simd::Vectors;
use std::cell::Cell;
use std::ops::{Add, AddAssign, Mul, Sub};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number type of the kernels: `f32` or `f64`, nothing else.
pub trait Element:
    sealed::Sealed
    + Vectors
    + Curves
    + Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + std::fmt::Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + AddAssign
    + 'static
{
    /// Zero.
    const ZERO: Self;

    /// Converts from double precision, rounding.
    fn from_f64(value: f64) -> Self;

    /// Converts to double precision.
    fn to_f64(self) -> f64;

    /// Calls `f` with `len` elements of this thread's scratch memory, whose content is arbitrary (numbers of earlier
    /// calls). A nested call gets its own, freshly allocated memory.
    fn with_scratch<R>(len: usize, f: impl FnOnce(&mut [Self]) -> R) -> R;
}

/// Scratch that a thread keeps between calls, in elements; larger blocks go back to the allocator.
const KEPT: usize = 4 << 20;

macro_rules! element {
    ($t:ty) => {
        impl Element for $t {
            const ZERO: Self = 0.0;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }

            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }

            fn with_scratch<R>(len: usize, f: impl FnOnce(&mut [Self]) -> R) -> R {
                thread_local! {
                    static SCRATCH: Cell<Vec<$t>> = const { Cell::new(Vec::new()) };
                }
                // Taken out for the call, so that a nested call finds an empty one instead of a second borrow.
                let mut buffer = SCRATCH.take();
                if buffer.len() < len {
                    buffer.resize(len, 0.0);
                }
                let result = f(&mut buffer[..len]);
                if buffer.len() <= KEPT {
                    SCRATCH.set(buffer);
                }
                result
            }
        }
    };
}

element!(f32);
element!(f64);

/// A matrix somewhere in memory: pointer, distance between rows, distance between columns (in elements).
#[derive(Clone, Copy)]
pub(crate) struct Matrix<P> {
    pub pointer: P,
    pub rows: usize,
    pub columns: usize,
}

impl<P> Matrix<P> {
    /// Row-major, with `stride` elements from a row to the next.
    pub fn by_rows(pointer: P, stride: usize) -> Self {
        Matrix { pointer, rows: stride, columns: 1 }
    }

    /// The transpose of a row-major matrix whose rows are `stride` apart.
    pub fn by_columns(pointer: P, stride: usize) -> Self {
        Matrix { pointer, rows: 1, columns: stride }
    }
}

/// `out[m, n] = a[m, k] b[k, n]`, added to `out` if `add`. On the calling thread alone: the kernels spread pieces over
/// the pool themselves, in a way that does not depend on the number of threads.
///
/// # Safety
/// The three matrices must lie in valid memory for these sizes, `out` in memory that nobody else touches.
/// Without `add`, `out` may be uninitialised.
pub(crate) unsafe fn gemm<T: Element>(
    [m, n, k]: [usize; 3],
    out: Matrix<*mut T>,
    add: bool,
    a: Matrix<*const T>,
    b: Matrix<*const T>,
) {
    let one = T::from_f64(1.0);
    // SAFETY: the caller vouches for the three matrices.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.pointer,
            out.columns as isize,
            out.rows as isize,
            add,
            a.pointer,
            a.columns as isize,
            a.rows as isize,
            b.pointer,
            b.columns as isize,
            b.rows as isize,
            one,
            one,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
