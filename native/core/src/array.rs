//! Host arrays: what crosses the boundary and what files hold. Row-major.

use crate::{Error, Result};

/// Borrowed elements of a host array.
#[derive(Debug, Clone, Copy)]
pub enum DataView<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    U8(&'a [u8]),
}

/// Owned elements of a host array.
#[derive(Debug, Clone, PartialEq)]
pub enum HostData {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
}

/// A borrowed host array.
#[derive(Debug, Clone)]
pub struct ArrayView<'a> {
    pub shape: Vec<usize>,
    pub data: DataView<'a>,
}

/// An owned host array.
#[derive(Debug, Clone, PartialEq)]
pub struct HostArray {
    pub shape: Vec<usize>,
    pub data: HostData,
}

/// Product of the dimensions, or an error when it overflows.
pub fn element_count(shape: &[usize]) -> Result<usize> {
    shape
        .iter()
        .try_fold(1usize, |n, &d| n.checked_mul(d))
        .ok_or_else(|| Error::argument(format!("shape {shape:?} has more elements than memory can hold")))
}

macro_rules! each {
    ($enum:ident, $data:expr, $v:ident => $body:expr) => {
        match $data {
            $enum::F32($v) => $body,
            $enum::F64($v) => $body,
            $enum::I32($v) => $body,
            $enum::I64($v) => $body,
            $enum::U8($v) => $body,
        }
    };
}

impl DataView<'_> {
    pub fn len(&self) -> usize {
        each!(DataView, self, v => v.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_float(&self) -> bool {
        matches!(self, DataView::F32(_) | DataView::F64(_))
    }

    pub fn dtype_name(&self) -> &'static str {
        match self {
            DataView::F32(_) => "float32",
            DataView::F64(_) => "float64",
            DataView::I32(_) => "int32",
            DataView::I64(_) => "int64",
            DataView::U8(_) => "uint8",
        }
    }

    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            DataView::F32(v) => v.to_vec(),
            DataView::F64(v) => v.iter().map(|&x| x as f32).collect(),
            DataView::I32(v) => v.iter().map(|&x| x as f32).collect(),
            DataView::I64(v) => v.iter().map(|&x| x as f32).collect(),
            DataView::U8(v) => v.iter().map(|&x| f32::from(x)).collect(),
        }
    }

    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            DataView::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            DataView::F64(v) => v.to_vec(),
            DataView::I32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            DataView::I64(v) => v.iter().map(|&x| x as f64).collect(),
            DataView::U8(v) => v.iter().map(|&x| f64::from(x)).collect(),
        }
    }

    /// Integers as i32, the index type of every device; a value outside its range is an error, floats are refused.
    pub fn to_i32(&self) -> Result<Vec<i32>> {
        match self {
            DataView::I32(v) => Ok(v.to_vec()),
            DataView::U8(v) => Ok(v.iter().map(|&x| i32::from(x)).collect()),
            DataView::I64(v) => v
                .iter()
                .enumerate()
                .map(|(i, &x)| {
                    i32::try_from(x)
                        .map_err(|_| Error::argument(format!("integer {x} at position {i} does not fit 32 bits")))
                })
                .collect(),
            other => Err(Error::dtype("array of indices", "integers", other.dtype_name())),
        }
    }
}

impl<'a> ArrayView<'a> {
    /// A view whose element count is checked against its shape.
    pub fn new(shape: Vec<usize>, data: DataView<'a>) -> Result<Self> {
        let expected = element_count(&shape)?;
        if data.len() != expected {
            return Err(Error::shape(
                format!("array of shape {shape:?}"),
                format!("{expected} elements"),
                format!("{} elements", data.len()),
            ));
        }
        Ok(Self { shape, data })
    }

    /// A copy that owns its elements.
    pub fn to_array(&self) -> HostArray {
        let data = match self.data {
            DataView::F32(v) => HostData::F32(v.to_vec()),
            DataView::F64(v) => HostData::F64(v.to_vec()),
            DataView::I32(v) => HostData::I32(v.to_vec()),
            DataView::I64(v) => HostData::I64(v.to_vec()),
            DataView::U8(v) => HostData::U8(v.to_vec()),
        };
        HostArray { shape: self.shape.clone(), data }
    }

    /// Size of the first dimension; a scalar counts as one row.
    pub fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }
}

impl HostArray {
    pub fn new(shape: Vec<usize>, data: HostData) -> Result<Self> {
        let array = Self { shape, data };
        ArrayView::new(array.shape.clone(), array.view_data())?;
        Ok(array)
    }

    pub fn view_data(&self) -> DataView<'_> {
        match &self.data {
            HostData::F32(v) => DataView::F32(v),
            HostData::F64(v) => DataView::F64(v),
            HostData::I32(v) => DataView::I32(v),
            HostData::I64(v) => DataView::I64(v),
            HostData::U8(v) => DataView::U8(v),
        }
    }

    pub fn view(&self) -> ArrayView<'_> {
        ArrayView { shape: self.shape.clone(), data: self.view_data() }
    }
}
