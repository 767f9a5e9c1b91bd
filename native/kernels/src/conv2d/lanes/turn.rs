//! Transposing small matrices.

use crate::Element;
use crate::simd::{Job, Simd};

/// Side of the squares that are turned in registers.
const SIDE: usize = 8;

/// `to[c * to_step + r] = from[r * from_step + c]` for `rows` and `columns`.
pub(super) struct Turn<T> {
    pub from: *const T,
    pub from_step: usize,
    pub to: *mut T,
    pub to_step: usize,
    pub rows: usize,
    pub columns: usize,
}

impl<T: Element> Job<T> for Turn<T> {
    /// Both matrices must be valid memory that nobody else writes.
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let Turn { from, from_step, to, to_step, rows, columns } = self;
        let (whole_rows, whole_columns) = (rows - rows % SIDE, columns - columns % SIDE);
        // SAFETY: the caller vouches for the matrices; all places are inside.
        unsafe {
            for c in (0..whole_columns).step_by(SIDE) {
                for r in (0..whole_rows).step_by(SIDE) {
                    square(from.add(r * from_step + c), from_step, to.add(c * to_step + r), to_step);
                }
            }
            let single = |r: usize, c: usize| to.add(c * to_step + r).write(*from.add(r * from_step + c));
            for c in 0..columns {
                (if c < whole_columns { whole_rows } else { 0 }..rows).for_each(|r| single(r, c));
            }
        }
    }
}

#[inline(always)]
unsafe fn square<T: Element>(from: *const T, from_step: usize, to: *mut T, to_step: usize) {
    let mut turned = [[T::ZERO; SIDE]; SIDE];
    for r in 0..SIDE {
        // SAFETY: the caller vouches for the square.
        let row = unsafe { from.add(r * from_step).cast::<[T; SIDE]>().read_unaligned() };
        for c in 0..SIDE {
            turned[c][r] = row[c];
        }
    }
    for (c, row) in turned.into_iter().enumerate() {
        // SAFETY: as above.
        unsafe { to.add(c * to_step).cast::<[T; SIDE]>().write_unaligned(row) };
    }
}
