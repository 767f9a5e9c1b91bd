//! Registers of x86-64.

use super::{Job, Plain, Simd, Vectors};
use std::arch::x86_64::*;

/// Runs `job` with 512-bit registers.
///
/// # Safety
/// The processor must have AVX-512F.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn run_wide<T: Vectors>(job: impl Job<T>) {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { job.run::<T::Wide>() }
}

/// Runs `job` with 256-bit registers.
///
/// # Safety
/// The processor must have AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run_middle<T: Vectors>(job: impl Job<T>) {
    // SAFETY: the caller vouches for the instruction set.
    unsafe { job.run::<T::Middle>() }
}

macro_rules! register {
    ($t:ty, $register:ty, $lanes:expr, $splat:ident, $load:ident, $store:ident, $fma:ident) => {
        impl Simd for $register {
            type Element = $t;
            const LANES: usize = $lanes;
            const REGISTERS: usize = if size_of::<$register>() == 64 { 32 } else { 16 };
            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller vouches for the instruction set and the pointer.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the caller vouches for the instruction set and the pointer.
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: the caller vouches for the instruction set.
                unsafe { $fma(self, factor, addend) }
            }
        }
    };
}

register!(f32, __m512, 16, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_fmadd_ps);
register!(f64, __m512d, 8, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_fmadd_pd);
register!(f32, __m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_fmadd_ps);
register!(f64, __m256d, 4, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_fmadd_pd);

impl Vectors for f32 {
    type Wide = __m512;
    type Middle = __m256;
    type Plain = Plain<f32, 4>;
}

impl Vectors for f64 {
    type Wide = __m512d;
    type Middle = __m256d;
    type Plain = Plain<f64, 2>;
}
