//! Values from host memory and back.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch, Scalar};
use burn::tensor::{Shape, TensorData, try_read_sync};

use super::value::INT;
use super::{DType, Kind, Value};
use crate::array::element_count;
use crate::device::Device;
use crate::{ArrayView, Error, ErrorKind, HostArray, HostData, Result};

impl Value {
    /// Floats (converted to `dtype`) become a float value, integers an integer value.
    pub fn from_host(array: &ArrayView<'_>, dtype: DType, device: &Device) -> Result<Self> {
        if array.data.is_float() {
            Self::float_from_host(array, dtype, device)
        } else {
            Self::from_ints(array.data.to_i32()?, &array.shape, device)
        }
    }

    /// Any numbers as a float value.
    pub fn float_from_host(array: &ArrayView<'_>, dtype: DType, device: &Device) -> Result<Self> {
        match dtype {
            DType::F32 => Self::from_f32(array.data.to_f32(), &array.shape, device),
            DType::F64 => Self::from_f64(array.data.to_f64(), &array.shape, device),
            half => Self::from_doubles(array.data.to_f64(), &array.shape, half, device),
        }
    }

    /// As [`Value::float_from_host`]; elements that have the type already are moved, not copied.
    pub fn float_from_array(array: HostArray, dtype: DType, device: &Device) -> Result<Self> {
        match (array.data, dtype) {
            (HostData::F32(data), DType::F32) => Self::from_f32(data, &array.shape, device),
            (HostData::F64(data), DType::F64) => Self::from_f64(data, &array.shape, device),
            (data, _) => Self::float_from_host(&HostArray { shape: array.shape, data }.view(), dtype, device),
        }
    }

    /// Integers of any width as an integer value; those of 32 bits are moved, floats are refused.
    pub fn ints_from_array(array: HostArray, device: &Device) -> Result<Self> {
        match array.data {
            HostData::I32(data) => Self::from_ints(data, &array.shape, device),
            data => {
                let array = HostArray { shape: array.shape, data };
                Self::from_ints(array.view_data().to_i32()?, &array.shape, device)
            }
        }
    }

    pub fn from_f32(data: Vec<f32>, shape: &[usize], device: &Device) -> Result<Self> {
        check_count(data.len(), shape)?;
        Ok(Self::float(Dispatch::float_from_data(
            TensorData::new(data, Shape::from(shape.to_vec())),
            device.dispatch(),
        )))
    }

    pub fn from_f64(data: Vec<f64>, shape: &[usize], device: &Device) -> Result<Self> {
        check_count(data.len(), shape)?;
        Ok(Self::float(Dispatch::float_from_data(
            TensorData::new(data, Shape::from(shape.to_vec())),
            device.dispatch(),
        )))
    }

    /// Numbers computed in double precision, stored as `dtype`.
    pub fn from_doubles(data: Vec<f64>, shape: &[usize], dtype: DType, device: &Device) -> Result<Self> {
        match dtype {
            DType::F64 => Self::from_f64(data, shape, device),
            DType::F32 => Self::from_f32(data.into_iter().map(|x| x as f32).collect(), shape, device),
            half => {
                check_count(data.len(), shape)?;
                device.expect_float(half)?;
                Ok(Self::float(Dispatch::float_from_data(rounded(data, shape, half), device.dispatch())))
            }
        }
    }

    pub fn from_ints(data: Vec<i32>, shape: &[usize], device: &Device) -> Result<Self> {
        check_count(data.len(), shape)?;
        Ok(Self::int(Dispatch::int_from_data(TensorData::new(data, Shape::from(shape.to_vec())), device.dispatch())))
    }

    pub fn full(value: f64, shape: &[usize], dtype: DType, device: &Device) -> Result<Self> {
        element_count(shape)?;
        Ok(Self::float(Dispatch::float_full(
            Shape::from(shape.to_vec()),
            Scalar::Float(value),
            device.dispatch(),
            dtype.burn(),
        )))
    }

    pub fn zeros(shape: &[usize], dtype: DType, device: &Device) -> Result<Self> {
        Self::full(0.0, shape, dtype, device)
    }

    /// Integers 0, 1, ... n-1.
    pub fn arange(n: usize, device: &Device) -> Self {
        Self::int(Dispatch::int_arange(0..n as i64, device.dispatch(), INT))
    }

    fn into_data(self) -> Result<TensorData> {
        let value = self.detached();
        let data = match value.kind {
            Kind::Float => try_read_sync(Dispatch::float_into_data(value.raw)),
            Kind::Int => try_read_sync(Dispatch::int_into_data(value.raw)),
            Kind::Bool => try_read_sync(Dispatch::bool_into_data(value.raw)),
        };
        data.ok_or_else(|| Error::internal("the device cannot be read synchronously"))?
            .map_err(|e| Error::new(ErrorKind::Device, format!("reading from the device failed: {e}")))
    }

    /// Copies to host memory: f32 (halves too, which it holds exactly), f64, i32, or u8 for bools. Waits for the device.
    pub fn to_host(&self) -> Result<HostArray> {
        let (shape, kind) = (self.shape(), self.kind);
        let double = kind == Kind::Float && self.dtype()? == DType::F64;
        let data = self.clone().into_data()?;
        let failed = |e| Error::internal(format!("unexpected element type from the device: {e:?}"));
        let data = match kind {
            Kind::Float if double => HostData::F64(data.try_into_vec_as::<f64>().map_err(failed)?),
            Kind::Float => HostData::F32(data.try_into_vec_as::<f32>().map_err(failed)?),
            Kind::Int => HostData::I32(data.try_into_vec_as::<i32>().map_err(failed)?),
            Kind::Bool => HostData::U8(data.iter::<bool>().map(u8::from).collect()),
        };
        Ok(HostArray { shape, data })
    }

    /// Copies to host memory in double precision. Waits for the device.
    pub fn to_doubles(&self) -> Result<Vec<f64>> {
        Ok(self.to_host()?.view_data().to_f64())
    }

    /// The only element, in double precision. Waits for the device.
    pub fn to_scalar(&self) -> Result<f64> {
        match self.to_doubles()?.as_slice() {
            [one] => Ok(*one),
            _ => Err(Error::shape("scalar", "one element", format!("{:?}", self.shape()))),
        }
    }
}

/// Numbers as data of a floating-point type, each rounded once.
pub(super) fn rounded(data: Vec<f64>, shape: &[usize], dtype: DType) -> TensorData {
    let shape = Shape::from(shape.to_vec());
    match dtype {
        DType::F64 => TensorData::new(data, shape),
        DType::F32 => TensorData::new(data.into_iter().map(|x| x as f32).collect(), shape),
        DType::F16 => TensorData::new(data.into_iter().map(half::f16::from_f64).collect(), shape),
        DType::BF16 => TensorData::new(data.into_iter().map(half::bf16::from_f64).collect(), shape),
    }
}

fn check_count(found: usize, shape: &[usize]) -> Result<()> {
    let expected = element_count(shape)?;
    if expected == found {
        return Ok(());
    }
    Err(Error::shape(format!("array of shape {shape:?}"), format!("{expected} elements"), format!("{found} elements")))
}
