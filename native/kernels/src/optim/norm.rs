//! The sum of squares, for the norm of all gradients.

use super::Number;
use crate::simd::{self, Job, Simd};
use rayon::prelude::*;

/// Elements whose sum is formed at once. A constant: the order of additions must not depend on the number of threads.
const CHUNK: usize = 16 << 10;

/// Running sums of a chunk.
const LANES: usize = 32;

/// Pieces from which other threads are woken.
const PARALLEL: usize = 4;

/// Sum of squares, accumulated in double precision in a fixed order. An infinite or not-a-number element shows in the sum.
pub fn sum_squares<T: Number>(values: &[T]) -> f64 {
    if values.len() < PARALLEL * CHUNK {
        return values.chunks(CHUNK).map(chunk_sum).sum();
    }
    // Collected in order, then added one after the other: a parallel sum would add in an order of chance.
    let parts: Vec<f64> = values.par_chunks(CHUNK).map(chunk_sum).collect();
    parts.into_iter().sum()
}

fn chunk_sum<T: Number>(values: &[T]) -> f64 {
    let mut sum = 0.0;
    simd::run(Squares { values, sum: &mut sum });
    sum
}

struct Squares<'a, T> {
    values: &'a [T],
    sum: &'a mut f64,
}

impl<T: Number> Job<T> for Squares<'_, T> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let mut sums = [0.0f64; LANES];
        let (groups, rest) = self.values.as_chunks::<LANES>();
        for group in groups {
            // Squares first: as a loop without a memory of its own it becomes vector code.
            let mut squares = [0.0f64; LANES];
            for i in 0..LANES {
                let x = group[i].to_f64();
                squares[i] = x * x;
            }
            for i in 0..LANES {
                sums[i] += squares[i];
            }
        }
        for (sum, x) in sums.iter_mut().zip(rest) {
            *sum += x.to_f64() * x.to_f64();
        }
        *self.sum = sums.iter().sum();
    }
}
