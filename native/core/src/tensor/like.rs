//! Values that go with another one: on its device, of its floating-point type.

use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch, DispatchTensorKind, Scalar, TensorMetadata};
use burn::tensor::{Shape, TensorData};

use super::Value;
use super::create::rounded;
use crate::array::element_count;
use crate::{Error, Result};

impl Value {
    /// Whether the value lives on the backend Flex, whose own operations are exact where others' defaults are not.
    pub(crate) fn on_flex(&self) -> bool {
        let kind = match &self.raw.kind {
            DispatchTensorKind::Autodiff(inner) => inner.as_ref(),
            plain => plain,
        };
        matches!(kind, DispatchTensorKind::Flex(_))
    }

    /// The shape in which the device holds a value: only Flex has values without dimensions.
    pub(super) fn held(&self, shape: &[usize]) -> Shape {
        if shape.is_empty() && !self.on_flex() { Shape::from(vec![1]) } else { Shape::from(shape.to_vec()) }
    }

    /// A constant of one number.
    pub(crate) fn full_like(&self, shape: &[usize], x: f64) -> Result<Self> {
        element_count(shape)?;
        let shape = self.held(shape);
        Ok(Self::float(Dispatch::float_full(shape, Scalar::Float(x), &self.raw.device(), self.dtype()?.burn())))
    }

    /// Zeros of the same shape and floating-point type, on the same device, outside any gradient graph.
    pub fn zeros_like(&self) -> Result<Self> {
        Ok(self.full_like(&self.shape(), 0.0)?.detached())
    }

    /// Numbers computed in double precision.
    pub(crate) fn doubles_like(&self, data: Vec<f64>, shape: &[usize]) -> Result<Self> {
        let count = data.len();
        if element_count(shape)? != count {
            return Err(Error::shape(format!("array of shape {shape:?}"), element_count(shape)?, count));
        }
        let shape = self.held(shape).to_vec();
        Ok(Self::float(Dispatch::float_from_data(rounded(data, &shape, self.dtype()?), &self.raw.device())))
    }

    /// A list of integers.
    pub(crate) fn ints_like(&self, data: Vec<i32>) -> Self {
        let shape = Shape::from(vec![data.len()]);
        Self::int(Dispatch::int_from_data(TensorData::new(data, shape), &self.raw.device()))
    }
}
