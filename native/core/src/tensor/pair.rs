//! Functions of two values along a dimension.

use super::shapes::{broadcast, dim_index};
use super::{Kind, Value};
use crate::{Error, Result};

impl Value {
    /// x1^T W x2 + b: [.., i] and [.., j] with W [o, i, j] and b [o] -> [.., o].
    pub fn bilinear(self, other: &Self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        self.expect_kind(Kind::Float, "bilinear")?;
        other.expect_kind(Kind::Float, "bilinear")?;
        let (mut shape, second, sizes) = (self.shape(), other.shape(), weight.shape());
        let [o, i, j] = sizes[..] else {
            return Err(Error::shape("bilinear weight", "[out, in1, in2]", format!("{sizes:?}")));
        };
        let mut expected = shape.clone();
        if let Some(last) = expected.last_mut() {
            *last = j;
        }
        if shape.last() != Some(&i) || second != expected {
            let found = format!("{shape:?} and {second:?}");
            return Err(Error::shape("bilinear inputs", format!("[.., {i}] and [.., {j}], equal before"), found));
        }
        let rows: usize = shape[..shape.len() - 1].iter().product();
        // One product for all outputs: [rows, i] by [i, o j].
        let flat = weight.clone().permute(&[1, 0, 2])?.reshape(&[i, o * j])?;
        let left = self.reshape(&[rows, i])?.matmul(&flat)?.reshape(&[rows, o, j])?;
        let mut output = left.mul(&other.clone().reshape(&[rows, 1, j])?)?.sum_dims(&[2])?.reshape(&[rows, o])?;
        if let Some(bias) = bias {
            output = output.add(bias)?;
        }
        if let Some(last) = shape.last_mut() {
            *last = o;
        }
        output.reshape(&shape)
    }

    /// sum(x1 x2) / (max(|x1|, eps) max(|x2|, eps)) along a dimension of the two, broadcast; the dimension goes.
    pub fn cosine_similarity(self, other: &Self, dim: i64, eps: f64) -> Result<Self> {
        let shape = broadcast("cosine similarity", &self.shape(), &other.shape())?;
        let dim = dim_index("cosine similarity", dim, shape.len())?;
        let (a, b) = (self.lifted(shape.len())?, other.clone().lifted(shape.len())?);
        // A vector of one element stands for as many as the other has.
        let [a, b] = [a, b].map(|v| -> Result<Self> {
            let mut wide = v.shape();
            wide[dim] = shape[dim];
            v.expand(&wide)
        });
        let (a, b) = (a?, b?);
        // The root is taken of what is large enough already: at 0 it has no derivative.
        let norm = |v: &Self| v.clone().mul(v)?.sum_dims(&[dim])?.clamp_min(eps * eps)?.sqrt();
        let norms = norm(&a)?.mul(&norm(&b)?)?;
        let mut reduced = shape;
        reduced.remove(dim);
        a.mul(&b)?.sum_dims(&[dim])?.div(&norms)?.reshape(&reduced)
    }

    /// The p-norm of x1 - x2 + eps over the last dimension of the two, broadcast; p may be infinite. Where it is 0, so is its
    /// gradient.
    pub fn pairwise_distance(self, other: &Self, p: f64, eps: f64, keep: bool) -> Result<Self> {
        let mut shape = broadcast("pairwise distance", &self.shape(), &other.shape())?;
        let Some(last) = shape.len().checked_sub(1) else {
            return Err(Error::shape("pairwise distance", "at least 1 dimension", "[]"));
        };
        let difference = self.sub(other)?.add_scalar(eps)?;
        let norm = if p == 1.0 {
            difference.abs()?.sum_dims(&[last])?
        } else if p == f64::INFINITY {
            difference.abs()?.max_dim(last)?
        } else {
            let powers = if p == 2.0 { difference.clone().mul(&difference)? } else { difference.abs()?.power(p)? };
            powers.sum_dims(&[last])?.power(1.0 / p)?
        };
        if keep {
            return Ok(norm);
        }
        shape.pop();
        norm.reshape(&shape)
    }

    /// x^exponent for x >= 0 and an exponent above 0; at 0 value and gradient are 0. (Burn's power rounds its exponent to single
    /// precision on some devices.)
    fn power(self, exponent: f64) -> Result<Self> {
        let zero = self.clone().equal_scalar(0)?;
        let base = self.fill_mask(&zero, 1.0)?;
        let power = if exponent == 0.5 { base.sqrt()? } else { base.log()?.mul_scalar(exponent)?.exp()? };
        power.fill_mask(&zero, 0.0)
    }

    /// With dimensions of size 1 in front, up to a rank.
    fn lifted(self, rank: usize) -> Result<Self> {
        let mut shape = vec![1; rank - self.rank()];
        shape.extend(self.shape());
        self.reshape(&shape)
    }
}
