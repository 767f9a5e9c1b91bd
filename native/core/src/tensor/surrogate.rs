//! Results whose gradient is written out: where Burn has no operation, or one whose derivative is wrong or rounded.

use rayon::prelude::*;

use super::{Kind, Value};
use crate::backend::extension;
use crate::{Error, Result};

impl Value {
    /// The numbers of `value` (outside the gradient graph), with the gradients of `self`.
    pub(crate) fn replaced_by(self, value: &Self) -> Result<Self> {
        self.expect_kind(Kind::Float, "result")?;
        let value = value.clone().detached();
        if !self.is_tracked() {
            return Ok(value);
        }
        Ok(Self::float(extension::stand_in(self.raw, value.constant().raw)?))
    }

    /// `value`, a function of `inputs` element by element (they broadcast to its shape), with its derivatives: `slope(i)` is
    /// the one with respect to input `i`, computed only where that input wants a gradient.
    pub(crate) fn with_slopes(value: Self, inputs: &[&Self], slope: impl Fn(usize) -> Result<Self>) -> Result<Self> {
        let mut sum: Option<Self> = None;
        for (i, input) in inputs.iter().enumerate().filter(|(_, input)| input.is_tracked()) {
            let part = (*input).clone().mul(&slope(i)?.constant())?;
            sum = Some(sum.map_or(Ok(part.clone()), |sum| sum.add(&part))?);
        }
        let Some(sum) = sum else { return Ok(value) };
        let shape = value.shape();
        sum.expand_to(&shape)?.replaced_by(&value)
    }

    /// A function of every number, computed in double precision by the host, with its derivative.
    pub(crate) fn map_host(self, function: fn(f64) -> f64, slope: fn(f64) -> f64) -> Result<Self> {
        self.expect_kind(Kind::Float, "function")?;
        let plain = self.clone().detached();
        let (numbers, shape) = (plain.to_doubles()?, plain.shape());
        let map = |f: fn(f64) -> f64| plain.doubles_like(numbers.par_iter().map(|&x| f(x)).collect(), &shape);
        Self::with_slopes(map(function)?, &[&self], |_| map(slope))
    }

    /// Floats or integers as doubles of the host and rows of the last two dimensions: matrices [count, n, m].
    pub(super) fn matrices(&self, what: &str) -> Result<(usize, usize, usize, Vec<f64>)> {
        self.expect_kind(Kind::Float, what)?;
        let shape = self.shape();
        let [head @ .., n, m] = &shape[..] else {
            return Err(Error::shape(what, "a matrix [.., n, m]", format!("{shape:?}")));
        };
        Ok((head.iter().product(), *n, *m, self.to_doubles()?))
    }
}
