//! Operations that rearrange: reshape, permute, slice, concatenate, expand.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch, Slice};
use burn::tensor::Shape;

use super::shapes::dim_index;
use super::{Kind, Value};
use crate::array::element_count;
use crate::{Error, Result};

/// Calls the operation of the value's kind with the same arguments.
macro_rules! by_kind {
    ($value:expr, $float:path, $int:path, $bool:path $(, $arg:expr)*) => {{
        let value = $value;
        let raw = match value.kind {
            Kind::Float => $float(value.raw $(, $arg)*),
            Kind::Int => $int(value.raw $(, $arg)*),
            Kind::Bool => $bool(value.raw $(, $arg)*),
        };
        Value { raw, kind: value.kind }
    }};
}

impl Value {
    pub fn reshape(self, shape: &[usize]) -> Result<Self> {
        let found = self.shape();
        if found == shape {
            return Ok(self);
        }
        if element_count(shape)? != self.len() {
            return Err(Error::shape(
                "reshape",
                format!("{} elements for {shape:?}", self.len()),
                format!("{found:?}"),
            ));
        }
        // Only Flex has values without dimensions; elsewhere a scalar has one of size 1.
        let shape = if shape.is_empty() && !self.on_flex() { &[1] } else { shape };
        let shape = Shape::from(shape.to_vec());
        Ok(by_kind!(self, Dispatch::float_reshape, Dispatch::int_reshape, Dispatch::bool_reshape, shape))
    }

    /// Joins the dimensions `from..=to` into one.
    pub fn flatten(self, from: usize, to: usize) -> Result<Self> {
        let shape = self.shape();
        if from > to || to >= shape.len() {
            return Err(Error::shape("flatten", format!("rank above {to}"), format!("{shape:?}")));
        }
        let mut flat = shape[..from].to_vec();
        flat.push(element_count(&shape[from..=to])?);
        flat.extend(&shape[to + 1..]);
        self.reshape(&flat)
    }

    /// Reorders dimensions: output dimension i is input dimension `axes[i]`.
    pub fn permute(self, axes: &[usize]) -> Result<Self> {
        let rank = self.rank();
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if sorted != (0..rank).collect::<Vec<_>>() {
            return Err(Error::argument(format!("permute: {axes:?} is not an order of {rank} dimensions")));
        }
        Ok(by_kind!(self, Dispatch::float_permute, Dispatch::int_permute, Dispatch::bool_permute, axes))
    }

    pub fn swap_dims(self, a: usize, b: usize) -> Result<Self> {
        let rank = self.rank();
        dim_index("transpose", a as i64, rank)?;
        dim_index("transpose", b as i64, rank)?;
        Ok(by_kind!(self, Dispatch::float_swap_dims, Dispatch::int_swap_dims, Dispatch::bool_swap_dims, a, b))
    }

    /// Swaps the last two dimensions.
    pub fn transpose(self) -> Result<Self> {
        match self.rank() {
            0 | 1 => Err(Error::shape("transpose", "a rank of at least 2", format!("{:?}", self.shape()))),
            rank => self.swap_dims(rank - 2, rank - 1),
        }
    }

    /// Elements `start..end` of one dimension.
    pub fn narrow(self, dim: usize, start: usize, end: usize) -> Result<Self> {
        let shape = self.shape();
        dim_index("slice", dim as i64, shape.len())?;
        if start > end || end > shape[dim] {
            return Err(Error::shape("slice", format!("a range within 0..{}", shape[dim]), format!("{start}..{end}")));
        }
        let slices: Vec<Slice> = shape
            .iter()
            .enumerate()
            .map(|(d, &n)| if d == dim { (start, end) } else { (0, n) })
            .map(|(s, e)| Slice::new(s as isize, Some(e as isize), 1))
            .collect();
        Ok(by_kind!(self, Dispatch::float_slice, Dispatch::int_slice, Dispatch::bool_slice, &slices))
    }

    /// Repeats size-1 dimensions up to `shape`, without copying.
    pub fn expand(self, shape: &[usize]) -> Result<Self> {
        let found = self.shape();
        if found == shape {
            return Ok(self);
        }
        if found.len() != shape.len() || found.iter().zip(shape).any(|(&f, &s)| f != s && f != 1) {
            return Err(Error::shape("expand", format!("a shape that expands to {shape:?}"), format!("{found:?}")));
        }
        let shape = Shape::from(shape.to_vec());
        Ok(by_kind!(self, Dispatch::float_expand, Dispatch::int_expand, Dispatch::bool_expand, shape))
    }

    /// Joins values along a dimension; all other dimensions must agree.
    pub fn concat(values: Vec<Self>, dim: usize) -> Result<Self> {
        let first = values.first().ok_or_else(|| Error::argument("concat: no values"))?;
        let (kind, shape) = (first.kind, first.shape());
        dim_index("concat", dim as i64, shape.len())?;
        for v in &values {
            v.expect_kind(kind, "concat")?;
            let other = v.shape();
            let fits = other.len() == shape.len() && (0..shape.len()).all(|d| d == dim || other[d] == shape[d]);
            if !fits {
                return Err(Error::shape("concat", format!("{shape:?} outside dimension {dim}"), format!("{other:?}")));
            }
        }
        let raw = values.into_iter().map(|v| v.raw).collect();
        let raw = match kind {
            Kind::Float => Dispatch::float_cat(raw, dim),
            Kind::Int => Dispatch::int_cat(raw, dim),
            Kind::Bool => Dispatch::bool_cat(raw, dim),
        };
        Ok(Self { raw, kind })
    }
}
