//! Functions of every element that are not arithmetic: trigonometric, hyperbolic, rounding, roots, powers.

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10};

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;
use exburn_kernels::special;

use super::{Kind, Value};
use crate::{Error, Result};

impl Value {
    pub fn tan(self) -> Result<Self> {
        self.unary("tan", Dispatch::float_tan)
    }

    pub fn asin(self) -> Result<Self> {
        self.unary("asin", Dispatch::float_asin)
    }

    pub fn acos(self) -> Result<Self> {
        self.unary("acos", Dispatch::float_acos)
    }

    pub fn atan(self) -> Result<Self> {
        self.unary("atan", Dispatch::float_atan)
    }

    pub fn sinh(self) -> Result<Self> {
        self.unary("sinh", Dispatch::float_sinh)
    }

    pub fn cosh(self) -> Result<Self> {
        self.unary("cosh", Dispatch::float_cosh)
    }

    pub fn asinh(self) -> Result<Self> {
        self.unary("asinh", Dispatch::float_asinh)
    }

    pub fn acosh(self) -> Result<Self> {
        self.unary("acosh", Dispatch::float_acosh)
    }

    pub fn atanh(self) -> Result<Self> {
        self.unary("atanh", Dispatch::float_atanh)
    }

    /// The angle of the point (`other`, `self`), in (-pi, pi].
    pub fn atan2(self, other: &Self) -> Result<Self> {
        let (a, b) = Self::align("atan2", self, other)?;
        a.unary("atan2", |t| Dispatch::float_atan2(t, b.raw))
    }

    pub fn floor(self) -> Result<Self> {
        self.unary("floor", Dispatch::float_floor)
    }

    pub fn ceil(self) -> Result<Self> {
        self.unary("ceil", Dispatch::float_ceil)
    }

    /// To the nearest whole number, halves to the even one.
    pub fn round(self) -> Result<Self> {
        self.unary("round", Dispatch::float_round)
    }

    pub fn trunc(self) -> Result<Self> {
        self.unary("trunc", Dispatch::float_trunc)
    }

    /// exp(x) - 1, exact for small x.
    pub fn expm1(self) -> Result<Self> {
        let plain = self.clone().detached();
        // 2 t / (1 - t) with t = tanh(x / 2) loses nothing near 0; exp(x) - 1 loses nothing elsewhere.
        let t = plain.clone().mul_scalar(0.5)?.unary("tanh", Dispatch::float_tanh)?;
        let near = t.clone().mul_scalar(2.0)?.div(&t.neg()?.add_scalar(1.0)?)?;
        let far = plain.clone().exp()?.add_scalar(-1.0)?;
        let value = near.where_mask(&plain.abs()?.greater_scalar(0.5)?, &far)?;
        Self::with_slopes(value.clone(), &[&self], |_| value.clone().add_scalar(1.0))
    }

    pub fn log2(self) -> Result<Self> {
        self.log()?.mul_scalar(1.0 / LN_2)
    }

    pub fn log10(self) -> Result<Self> {
        self.log()?.mul_scalar(1.0 / LN_10)
    }

    /// 1 / sqrt(x).
    pub fn rsqrt(self) -> Result<Self> {
        self.sqrt()?.recip()
    }

    /// The real third root, of negative numbers too. Computed by the host.
    pub fn cbrt(self) -> Result<Self> {
        self.map_host(f64::cbrt, |x| 1.0 / (3.0 * x.cbrt().powi(2)))
    }

    /// 1 - erf(x), exact where erf is nearly 1. Computed by the host.
    pub fn erfc(self) -> Result<Self> {
        self.map_host(special::erfc, |x| -FRAC_2_SQRT_PI * (-x * x).exp())
    }

    /// The inverse of erf. Computed by the host.
    pub fn erfinv(self) -> Result<Self> {
        self.map_host(special::erf_inv, |y| (special::erf_inv(y).powi(2)).exp() / FRAC_2_SQRT_PI)
    }

    /// self^other with broadcasting. Where the exponent is no whole number, NaN for negative numbers.
    pub fn pow(self, other: &Self) -> Result<Self> {
        let (a, b) = Self::align("pow", self, other)?;
        a.expect_kind(Kind::Float, "pow")?;
        let (x, p) = (a.clone().detached(), b.clone().detached());
        let raise = |x: &Self, p: &Self| Self::float(Dispatch::float_powf(x.raw.clone(), p.raw.clone()));
        let value = raise(&x, &p);
        Self::with_slopes(value.clone(), &[&a, &b], |i| match i {
            // d/dx = p x^(p - 1), which is 0 for p = 0 whatever x is.
            0 => {
                let slope = raise(&x, &p.clone().add_scalar(-1.0)?).mul(&p)?;
                let zero = p.clone().equal_scalar(0)?;
                slope.clone().where_mask(&zero, &slope.full_like(&vec![1; slope.rank()], 0.0)?)
            }
            // d/dp = x^p log x, which is 0 for x = 0 and p >= 0.
            _ => {
                let slope = value.clone().mul(&x.clone().log()?)?;
                let flat = x.clone().equal_scalar(0)?.and(&p.clone().neg()?.greater_scalar(0.0)?.not()?)?;
                slope.clone().where_mask(&flat, &slope.full_like(&vec![1; slope.rank()], 0.0)?)
            }
        })
    }

    /// What remains of self after whole multiples of `other`: it has the sign of `other`, as in Python. Integers too.
    pub fn remainder(self, other: &Self) -> Result<Self> {
        let (a, b) = Self::align("remainder", self, other)?;
        match a.kind {
            Kind::Float => {
                let quotient = a.clone().detached().div(&b.clone().detached())?.floor()?;
                let (x, y) = (a.clone().detached(), b.clone().detached());
                let value = Self::float(Dispatch::float_remainder(x.raw, y.raw));
                let one = quotient.full_like(&vec![1; quotient.rank()], 1.0)?;
                Self::with_slopes(value, &[&a, &b], |i| if i == 0 { Ok(one.clone()) } else { quotient.clone().neg() })
            }
            Kind::Int => {
                let quotient = a.clone().floor_divide(&b)?;
                a.sub(&quotient.mul(&b)?)
            }
            Kind::Bool => Err(Error::dtype("remainder", "numbers", "bool")),
        }
    }

    /// The whole number at or below self / other; no gradient flows through it. An integer divided by 0 is an error on the
    /// CPU.
    pub fn floor_divide(self, other: &Self) -> Result<Self> {
        let (a, b) = Self::align("floor_divide", self, other)?;
        match a.kind {
            Kind::Float => a.detached().div(&b.detached())?.floor(),
            Kind::Int => {
                b.refuse_zero()?;
                let truncated = a.clone().div(&b)?;
                // The division of integers cuts towards 0: one too much where signs differ and something remains.
                let rest = a.clone().sub(&truncated.clone().mul(&b)?)?;
                let below = a.below_zero()?.xor(&b.below_zero()?)?.and(&rest.equal_scalar(0)?.not()?)?;
                truncated.sub(&below.to_int())
            }
            Kind::Bool => Err(Error::dtype("floor_divide", "numbers", "bool")),
        }
    }

    fn below_zero(&self) -> Result<Self> {
        let zero = self.clone().sub(self)?;
        zero.greater(self)
    }

    fn refuse_zero(&self) -> Result<()> {
        let plain = self.clone().contiguous();
        match plain.host_slice::<i32>() {
            Some(all) if all.contains(&0) => Err(Error::argument("division of an integer by zero")),
            _ => Ok(()),
        }
    }
}
