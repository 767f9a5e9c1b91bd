//! Numbers as an algebra, with polynomials that compilers turn into vector code: no branches, no calls, no tables.

use super::Algebra;

macro_rules! number {
    ($t:ty, $bits:ty, $mantissa:expr, $one:expr, $magic:expr, $least:expr, $ln2:expr, $exp:expr, $atanh:expr) => {
        impl Algebra for $t {
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self - other
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self / other
            }
            #[inline(always)]
            fn plus(self, x: f64) -> Self {
                self + x as $t
            }
            #[inline(always)]
            fn times(self, x: f64) -> Self {
                self * x as $t
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn constant(&self, x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn above(self, bound: f64, yes: Self, no: Self) -> Self {
                if self > bound as $t { yes } else { no }
            }
            #[inline(always)]
            fn up_to(self, bound: f64, yes: Self, no: Self) -> Self {
                if self <= bound as $t { yes } else { no }
            }
            #[inline(always)]
            fn exp_negative(self) -> Self {
                let (power, rest) = split(self);
                if self < $least { 0.0 } else { power + power * rest }
            }
            #[inline(always)]
            fn exp_m1_negative(self) -> Self {
                let (power, rest) = split(self);
                power * rest + (power - 1.0)
            }
            #[inline(always)]
            fn ln_1p_unit(self) -> Self {
                // 2 atanh(s) with s = x / (2 + x), at most 1/3.
                let s = self / (2.0 + self);
                let square = s * s;
                let mut sum: $t = 0.0;
                for c in $atanh {
                    sum = sum * square + c;
                }
                2.0 * s * sum
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                let tail = (-2.0 * self.abs()).exp_m1_negative();
                (-tail / (2.0 + tail)).copysign(self)
            }
        }

        impl Split for $t {
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let x = if self < $least { $least } else { self };
                // x / ln 2 rounded to an integer: adding the magic number leaves it in the low bits.
                let shifted = x * std::f64::consts::LOG2_E as $t + $magic;
                let count = shifted - $magic;
                let power = <$t>::from_bits((shifted.to_bits() << $mantissa).wrapping_add($one));
                let [high, low] = $ln2;
                let r = (x - count * high) - count * low;
                let mut sum: $t = 0.0;
                for c in $exp {
                    sum = sum * r + c;
                }
                (power, r * sum)
            }
        }
    };
}

/// exp(x) as 2^k and exp(r) - 1, where x = k ln 2 + r and |r| <= ln 2 / 2. x is not positive; below the least exponent of a
/// normal number it counts as that.
trait Split: Sized {
    fn split(self) -> (Self, Self);
}

#[inline(always)]
fn split<T: Split>(x: T) -> (T, T) {
    x.split()
}

/// 1 / n! for n from N down to 1: Taylor's series of (exp(r) - 1) / r.
const fn factorials<const N: usize>() -> [f64; N] {
    let mut out = [0.0; N];
    let (mut n, mut factorial) = (1, 1.0);
    while n <= N {
        factorial *= n as f64;
        out[N - n] = 1.0 / factorial;
        n += 1;
    }
    out
}

/// 1 / (2n + 1) for n from N - 1 down to 0: Taylor's series of atanh(s) / s in s^2.
const fn odd<const N: usize>() -> [f64; N] {
    let mut out = [0.0; N];
    let mut n = 0;
    while n < N {
        out[N - 1 - n] = 1.0 / (2 * n + 1) as f64;
        n += 1;
    }
    out
}

const fn single<const N: usize>(wide: [f64; N]) -> [f32; N] {
    let mut out = [0.0; N];
    let mut n = 0;
    while n < N {
        out[n] = wide[n] as f32;
        n += 1;
    }
    out
}

// The series end where the next term is below a quarter of the last bit. ln 2 is given in two parts, of which the first
// has so few bits that its product with k is exact (fdlibm's constants).
number!(
    f32,
    u32,
    23,
    0x3F80_0000u32,
    12_582_912.0f32,
    -87.33f32,
    [0.693_359_375f32, -2.121_944_4e-4],
    single(factorials::<7>()),
    single(odd::<8>())
);
number!(
    f64,
    u64,
    52,
    0x3FF0_0000_0000_0000u64,
    6_755_399_441_055_744.0f64,
    -708.39f64,
    [6.931_471_803_691_238e-1f64, 1.908_214_929_270_587_7e-10],
    factorials::<13>(),
    odd::<17>()
);
