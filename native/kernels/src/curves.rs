//! tanh and the logistic function, in a form that the compiler turns into vector code: the same arithmetic for every
//! number, no branches, no tables. Errors stay within a few units in the last place.

/// A number type with these curves.
pub trait Curves: Copy {
    /// 1 / (1 + exp(-x)).
    fn sigmoid(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
}

macro_rules! curves {
    ($t:ty, $bits:ty, magic: $magic:expr, lowest: $lowest:expr, exponent: $bias:expr, $shift:expr,
     ln2: $high:expr, $low:expr, series: [$($c:expr),+]) => {
        impl Curves for $t {
            #[inline(always)]
            fn sigmoid(self) -> Self {
                let (scale, part) = split_exp_minus(self.abs());
                let e = scale * part + scale;
                let top = if self < 0.0 { e } else { 1.0 };
                top / (1.0 + e)
            }

            #[inline(always)]
            fn tanh(self) -> Self {
                let (scale, part) = split_exp_minus(self.abs() * 2.0);
                // exp(-2|x|) - 1 without the cancellation of small x.
                let e = scale * part + (scale - 1.0);
                let t = -e / (2.0 + e);
                if self < 0.0 { -t } else { t }
            }
        }

        /// `(2^k, exp(r) - 1)` with `-x = k ln 2 + r`, so that `exp(-x) = 2^k (1 + (exp(r) - 1))`; x >= 0. NaN stays NaN.
        #[inline(always)]
        fn split_exp_minus(x: $t) -> ($t, $t) {
            const MAGIC: $t = $magic;
            let y = if -x < $lowest { $lowest } else { -x };
            // Adding the magic number rounds to an integer, which then stands in the low bits.
            let shifted = y * (std::f64::consts::LOG2_E as $t) + MAGIC;
            let k = shifted - MAGIC;
            let bits = shifted.to_bits().wrapping_sub(MAGIC.to_bits()).wrapping_add($bias) << $shift;
            let r = (y - k * $high) - k * $low;
            // Taylor's series, by Horner, from the highest power.
            let mut sum: $t = 0.0;
            $(sum = sum * r + $c;)+
            (<$t>::from_bits(bits), r + r * r * sum)
        }
    };
}

mod single {
    use super::Curves;
    curves!(
        f32, u32, magic: 12_582_912.0, lowest: -87.0, exponent: 127, 23,
        ln2: 0.693_359_4, -2.121_944_4e-4,
        series: [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5]
    );
}

mod double {
    use super::Curves;
    curves!(
        f64, u64, magic: 6_755_399_441_055_744.0, lowest: -708.0, exponent: 1023, 52,
        ln2: 6.931_471_803_691_238_2e-1, 1.908_214_929_270_587_7e-10,
        series: [
            1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0, 1.0 / 362_880.0,
            1.0 / 40_320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5
        ]
    );
}

#[cfg(test)]
mod tests {
    use crate::Element;

    fn check<T: Element>(limit: f64) {
        let mut points: Vec<f64> = (-4000..=4000).map(|i| f64::from(i) * 0.005).collect();
        points.extend([1e-9, -1e-5, 0.3465, 0.3467, 50.0, -90.0, 120.0, -800.0, 1e4, f64::INFINITY, f64::NEG_INFINITY]);
        for x in points {
            let x = T::from_f64(x);
            let exact = x.to_f64();
            for (found, expected) in [(x.tanh(), exact.tanh()), (x.sigmoid(), 1.0 / (1.0 + (-exact).exp()))] {
                // Below the smallest normal number of f32 zero is near enough.
                let error = (found.to_f64() - expected).abs() / expected.abs().max(1e-37);
                assert!(
                    error < limit || expected.abs() < 1e-37 && found.to_f64() < 2e-37,
                    "{x:?}: {found:?} {expected:e}"
                );
            }
        }
        let nan = T::from_f64(f64::NAN);
        assert!(nan.tanh().to_f64().is_nan() && nan.sigmoid().to_f64().is_nan());
    }

    #[test]
    fn curves_are_exact() {
        check::<f32>(4e-7);
        check::<f64>(8e-16);
    }
}
