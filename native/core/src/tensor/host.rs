//! Values and the memory of the host. On the CPU device a value is a slice, the door for the kernels; one that lies
//! elsewhere gives `None`.

use burn::backend::ops::FloatTensorOps;
use burn::backend::{BackendTensor, Dispatch, DispatchTensorKind, TensorMetadata};
use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;
use exburn_kernels::optim::sum_squares;

use super::create::rounded;
use super::{DType, Kind, Value};
use crate::array::element_count;
use crate::{Error, Result};

/// An element that a slice of a value may have: f32 and f64 for floats, i32 for integers, u8 for bools.
pub(crate) trait HostElement: Copy + Send + Sync + 'static {
    fn slice(tensor: &FlexTensor) -> Option<&[Self]>;
    /// Of a contiguous tensor; copies the memory when it is shared.
    fn slice_mut(tensor: &mut FlexTensor) -> Option<&mut [Self]>;
}

macro_rules! host_element {
    ($t:ty, $dtype:pat) => {
        impl HostElement for $t {
            fn slice(tensor: &FlexTensor) -> Option<&[Self]> {
                if !matches!(tensor.dtype(), $dtype) {
                    return None;
                }
                let (start, end) = tensor.layout().contiguous_offsets()?;
                Some(&tensor.storage::<$t>()[start..end])
            }

            fn slice_mut(tensor: &mut FlexTensor) -> Option<&mut [Self]> {
                if !matches!(tensor.dtype(), $dtype) {
                    return None;
                }
                let (start, end) = tensor.layout().contiguous_offsets()?;
                Some(&mut tensor.storage_mut::<$t>()[start..end])
            }
        }
    };
}

host_element!(f32, burn::tensor::DType::F32);
host_element!(f64, burn::tensor::DType::F64);
host_element!(i32, burn::tensor::DType::I32);
host_element!(u8, burn::tensor::DType::Bool(_));

impl Value {
    fn flex(&self) -> Option<&FlexTensor> {
        match &self.raw.kind {
            DispatchTensorKind::Flex(
                BackendTensor::Float(tensor) | BackendTensor::Int(tensor) | BackendTensor::Bool(tensor),
            ) => Some(tensor),
            _ => None,
        }
    }

    fn flex_mut(&mut self) -> Option<&mut FlexTensor> {
        match &mut self.raw.kind {
            DispatchTensorKind::Flex(
                BackendTensor::Float(tensor) | BackendTensor::Int(tensor) | BackendTensor::Bool(tensor),
            ) => Some(tensor),
            _ => None,
        }
    }

    /// The same value with its elements in row-major order and nothing beside them; copies only where they are not. Values
    /// of other devices and of the gradient graph stay as they are.
    pub(crate) fn contiguous(mut self) -> Self {
        if let Some(tensor) = self.flex_mut() {
            *tensor = tensor.to_contiguous();
        }
        self
    }

    /// The elements, row-major, without copying. `None` unless the value is plain, on the CPU device, of this element type
    /// and contiguous (see [`Value::contiguous`]).
    pub(crate) fn host_slice<T: HostElement>(&self) -> Option<&[T]> {
        T::slice(self.flex()?)
    }

    /// The elements, row-major, for changing in place. The memory is copied first where it is not contiguous or where
    /// another value shares it, so that no other value changes. `None` unless the value is plain, on the CPU device and of
    /// this element type.
    pub(crate) fn host_slice_mut<T: HostElement>(&mut self) -> Option<&mut [T]> {
        let tensor = self.flex_mut()?;
        if !tensor.is_contiguous() {
            *tensor = tensor.to_contiguous();
        }
        T::slice_mut(tensor)
    }

    /// Numbers of the host as a constant of this float value's type, on its device.
    pub(crate) fn constant_like(&self, data: &[f64], shape: &[usize]) -> Result<Self> {
        self.expect_kind(Kind::Float, "constant")?;
        if element_count(shape)? != data.len() {
            return Err(Error::shape("constant", format!("{} elements", data.len()), format!("{shape:?}")));
        }
        let data = rounded(data.to_vec(), shape, self.dtype()?);
        Ok(Self::float(Dispatch::float_from_data(data, &self.raw.device())))
    }

    /// Sum of the squares of a float value, shape [1], for the norm of all gradients. On the CPU device added up in double
    /// precision and given as f64, whatever the value's type; elsewhere in the value's own type and not yet read.
    pub fn sum_squares(&self) -> Result<Self> {
        self.expect_kind(Kind::Float, "sum of squares")?;
        let plain = self.clone().detached().contiguous();
        let sum = match plain.dtype()? {
            DType::F32 => plain.host_slice::<f32>().map(sum_squares),
            DType::F64 => plain.host_slice::<f64>().map(sum_squares),
            DType::F16 | DType::BF16 => return plain.to_float(DType::F32).sum_squares(),
        };
        match sum {
            Some(sum) => {
                let data = TensorData::new(vec![sum], Shape::from(vec![1]));
                Ok(Self::float(Dispatch::float_from_data(data, &plain.raw.device())))
            }
            None => plain.clone().mul(&plain)?.sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::device::Device;
    use crate::tensor::Value;

    fn value() -> Value {
        Value::from_f32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3], &Device::cpu()).unwrap()
    }

    #[test]
    fn an_unshared_value_changes_in_place() {
        let mut x = value();
        let place = x.host_slice::<f32>().unwrap().as_ptr();
        x.host_slice_mut::<f32>().unwrap()[0] = 9.0;
        assert_eq!(x.host_slice::<f32>().unwrap().as_ptr(), place);
        assert_eq!(x.to_doubles().unwrap()[0], 9.0);
    }

    #[test]
    fn a_shared_value_is_copied_first() {
        let mut x = value();
        let (copy, leaf) = (x.clone(), x.tracked());
        x.host_slice_mut::<f32>().unwrap()[0] = 9.0;
        assert_eq!(copy.to_doubles().unwrap()[0], 1.0);
        assert_eq!(leaf.to_doubles().unwrap()[0], 1.0);
    }

    #[test]
    fn views_are_put_in_order() {
        let mut x = value().transpose().unwrap();
        assert!(x.host_slice::<f32>().is_none());
        assert_eq!(x.clone().contiguous().host_slice::<f32>().unwrap(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        x.host_slice_mut::<f32>().unwrap()[1] = 9.0;
        assert_eq!(x.to_doubles().unwrap(), [1.0, 9.0, 2.0, 5.0, 3.0, 6.0]);
        let mut row = value().narrow(0, 1, 2).unwrap();
        assert_eq!(row.host_slice::<f32>().unwrap(), [4.0, 5.0, 6.0]);
        row.host_slice_mut::<f32>().unwrap()[2] = 9.0;
        assert_eq!(row.to_doubles().unwrap(), [4.0, 5.0, 9.0]);
    }

    #[test]
    fn other_types_and_tracked_values_have_no_slice() {
        assert!(value().host_slice::<f64>().is_none());
        assert!(value().host_slice_mut::<i32>().is_none());
        assert!(value().tracked().host_slice::<f32>().is_none());
        let ints = Value::from_ints(vec![1, 2], &[2], &Device::cpu()).unwrap();
        assert_eq!(ints.host_slice::<i32>().unwrap(), [1, 2]);
        let mask = ints.greater(&Value::from_ints(vec![1, 1], &[2], &Device::cpu()).unwrap()).unwrap();
        assert_eq!(mask.host_slice::<u8>().unwrap(), [0, 1]);
    }
}
