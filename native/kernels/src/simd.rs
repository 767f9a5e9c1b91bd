//! Vector registers, and the choice of the instruction set at run time.
//!
//! A loop is written once, generic over [`Simd`], as a [`Job`]; [`run`] calls it with the widest registers that the
//! processor has. Everything below a job must be `#[inline(always)]`, so that it is compiled for that instruction set.

#[cfg(target_arch = "x86_64")]
mod x86;

/// A register of `LANES` numbers.
///
/// Methods are unsafe because they may need an instruction set: a job only runs where it exists. Pointers must be valid
/// for the access; no alignment is needed.
pub trait Simd: Copy {
    /// The number type.
    type Element;
    /// Numbers in a register.
    const LANES: usize;
    /// Registers of this kind that the processor has.
    const REGISTERS: usize;
    /// # Safety
    /// See the trait.
    unsafe fn splat(value: Self::Element) -> Self;
    /// # Safety
    /// See the trait; reads `LANES` numbers.
    unsafe fn load(from: *const Self::Element) -> Self;
    /// # Safety
    /// See the trait; writes `LANES` numbers.
    unsafe fn store(self, to: *mut Self::Element);
    /// `self * factor + addend`, fused where the processor can.
    ///
    /// # Safety
    /// See the trait.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
}

/// The registers of a number type, per instruction set.
pub trait Vectors: Sized + Copy + 'static {
    /// 512 bits, where the processor has them.
    type Wide: Simd<Element = Self>;
    /// 256 bits with fused multiply-add.
    type Middle: Simd<Element = Self>;
    /// What every processor of the target has.
    type Plain: Simd<Element = Self>;
}

/// Work generic over the registers.
pub(crate) trait Job<T: Vectors> {
    /// # Safety
    /// The processor must have the registers `S`. Must be `#[inline(always)]`.
    unsafe fn run<S: Simd<Element = T>>(self);
}

/// Runs a job with the widest registers of this processor.
pub(crate) fn run<T: Vectors>(job: impl Job<T>) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: just detected.
            return unsafe { x86::run_wide(job) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just detected.
            return unsafe { x86::run_middle(job) };
        }
    }
    // SAFETY: plain registers need no instruction set.
    unsafe { job.run::<T::Plain>() }
}

/// The widest registers of this processor.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    /// Numbers in each.
    pub lanes: usize,
    /// How many there are.
    pub count: usize,
}

/// What [`run`] will use, for cutting work to fit. Results must not depend on it beyond rounding.
pub(crate) fn registers<T: Vectors>() -> Registers {
    struct Ask<'a>(&'a mut Registers);
    impl<T: Vectors> Job<T> for Ask<'_> {
        #[inline(always)]
        unsafe fn run<S: Simd<Element = T>>(self) {
            *self.0 = Registers { lanes: S::LANES, count: S::REGISTERS };
        }
    }
    let mut registers = Registers { lanes: 1, count: 16 };
    run::<T>(Ask(&mut registers));
    registers
}

/// A few numbers side by side, for the compiler to put into whatever registers the target always has.
#[derive(Clone, Copy)]
pub struct Plain<T, const N: usize>([T; N]);

macro_rules! plain {
    ($t:ty, $lanes:expr) => {
        impl Simd for Plain<$t, $lanes> {
            type Element = $t;
            const LANES: usize = $lanes;
            const REGISTERS: usize = if cfg!(target_arch = "aarch64") { 32 } else { 16 };
            #[inline(always)]
            unsafe fn splat(value: $t) -> Self {
                Plain([value; $lanes])
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller vouches for the pointer; unaligned is fine.
                unsafe { Plain(from.cast::<[$t; $lanes]>().read_unaligned()) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: as in `load`.
                unsafe { to.cast::<[$t; $lanes]>().write_unaligned(self.0) }
            }
            #[inline(always)]
            unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                // Not `f32::mul_add`: without the instruction that is a slow library call.
                let mut out = addend.0;
                for i in 0..$lanes {
                    out[i] += self.0[i] * factor.0[i];
                }
                Plain(out)
            }
        }

        #[cfg(not(target_arch = "x86_64"))]
        impl Vectors for $t {
            type Wide = Plain<$t, $lanes>;
            type Middle = Plain<$t, $lanes>;
            type Plain = Plain<$t, $lanes>;
        }
    };
}

plain!(f32, 4);
plain!(f64, 2);
