//! Products of a few rows with one matrix, many times: the matrix is packed once.

use crate::Element;
use crate::simd::{Simd, registers};

/// Registers side by side in a panel.
const VECTORS: usize = 2;

/// A matrix [depth, columns] in panels of a few registers' width, each panel row after row, the last filled up with zeros.
pub(super) struct Packed<T> {
    panels: Vec<T>,
    depth: usize,
    /// Columns, filled up to whole panels.
    pub width: usize,
}

impl<T: Element> Packed<T> {
    /// From the element at (row, column).
    pub fn new(depth: usize, columns: usize, element: impl Fn(usize, usize) -> T) -> Self {
        let panel = VECTORS * registers::<T>().lanes;
        let width = columns.div_ceil(panel) * panel;
        let mut panels = Vec::with_capacity(width * depth);
        for first in (0..width).step_by(panel) {
            for row in 0..depth {
                panels.extend((first..first + panel).map(|c| if c < columns { element(row, c) } else { T::ZERO }));
            }
        }
        Packed { panels, depth, width }
    }

    /// `out[rows, width] = a[rows, depth]` times the matrix; rows of `a` are `stride` apart, those of `out` `width`.
    ///
    /// # Safety
    /// `a` and `out` must be valid for these sizes; the processor must have the registers `S`, the widest it has.
    #[inline(always)]
    pub unsafe fn multiply<S: Simd<Element = T>>(&self, a: *const T, stride: usize, rows: usize, out: *mut T) {
        let panel = VECTORS * S::LANES;
        let most = if S::REGISTERS >= 32 { 8 } else { 4 };
        for (index, weights) in self.panels.chunks_exact((panel * self.depth).max(1)).enumerate() {
            let mut row = 0;
            while row < rows {
                let left = (rows - row).min(most);
                // SAFETY: inside `a` and `out`, whose rows have `width` numbers.
                unsafe {
                    let from = a.add(row * stride);
                    let to = out.add(row * self.width + index * panel);
                    let weights = weights.as_ptr();
                    row += match left {
                        8 => self.tile::<S, 8>(from, stride, weights, to),
                        4.. => self.tile::<S, 4>(from, stride, weights, to),
                        2.. => self.tile::<S, 2>(from, stride, weights, to),
                        _ => self.tile::<S, 1>(from, stride, weights, to),
                    };
                }
            }
        }
    }

    /// `N` rows by one panel, kept in registers; gives `N`.
    #[inline(always)]
    unsafe fn tile<S: Simd<Element = T>, const N: usize>(
        &self,
        a: *const T,
        stride: usize,
        mut weights: *const T,
        out: *mut T,
    ) -> usize {
        // SAFETY: the caller vouches for the pointers and the registers.
        unsafe {
            let mut sums = [[S::splat(T::ZERO); VECTORS]; N];
            for k in 0..self.depth {
                let w: [S; VECTORS] = std::array::from_fn(|v| S::load(weights.add(v * S::LANES)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let x = S::splat(*a.add(row * stride + k));
                    for (sum, w) in sums.iter_mut().zip(w) {
                        *sum = w.mul_add(x, *sum);
                    }
                }
                weights = weights.add(VECTORS * S::LANES);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (v, sum) in sums.into_iter().enumerate() {
                    sum.store(out.add(row * self.width + v * S::LANES));
                }
            }
        }
        N
    }
}
