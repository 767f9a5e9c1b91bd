//! The value itself: kind, shape, gradients, moves.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::backend::{AutodiffBackend, BoolDType, Dispatch, DispatchTensor, FloatDType, IntDType, TensorMetadata};

use crate::device::Device;
use crate::{Error, Result};

pub use crate::spec::ValueKind as Kind;

/// Floating-point type of a model and its values. A model has [`DType::F32`] or [`DType::F64`]; the halves are for what its
/// layers compute under mixed precision, for weights that are only stored, and for eager tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DType {
    /// IEEE half precision: 11 bits of mantissa, largest number 65504.
    F16,
    /// The upper half of an f32: 8 bits of mantissa, its range.
    BF16,
    F32,
    F64,
}

impl DType {
    /// The type of a model.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "f32" => Ok(Self::F32),
            "f64" => Ok(Self::F64),
            other => Err(Error::dtype("model dtype", "f32 or f64", other)),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::BF16 => "bf16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Whether it is one of the two types of 16 bits.
    pub fn is_half(self) -> bool {
        matches!(self, Self::F16 | Self::BF16)
    }

    /// The type that holds the numbers of both: the wider one, f32 for the two halves.
    pub fn widest(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::F64, _) | (_, Self::F64) => Self::F64,
            _ => Self::F32,
        }
    }

    pub(crate) fn burn(self) -> FloatDType {
        match self {
            Self::F16 => FloatDType::F16,
            Self::BF16 => FloatDType::BF16,
            Self::F32 => FloatDType::F32,
            Self::F64 => FloatDType::F64,
        }
    }
}

/// The index type of every device.
pub(crate) const INT: IntDType = IntDType::I32;

/// A tensor on a device. Cloning shares the memory; operations never change a value that is shared.
#[derive(Debug, Clone)]
pub struct Value {
    pub(crate) raw: DispatchTensor,
    pub(crate) kind: Kind,
}

/// Gradients of one backward pass.
pub struct Gradients {
    inner: <Dispatch as AutodiffBackend>::Gradients,
}

impl Value {
    pub(crate) fn float(raw: DispatchTensor) -> Self {
        Self { raw, kind: Kind::Float }
    }

    pub(crate) fn int(raw: DispatchTensor) -> Self {
        Self { raw, kind: Kind::Int }
    }

    pub(crate) fn bool(raw: DispatchTensor) -> Self {
        Self { raw, kind: Kind::Bool }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn shape(&self) -> Vec<usize> {
        self.raw.shape().to_vec()
    }

    pub fn rank(&self) -> usize {
        self.raw.shape().num_dims()
    }

    pub fn dim(&self, index: usize) -> usize {
        self.raw.shape()[index]
    }

    pub fn len(&self) -> usize {
        self.raw.shape().num_elements()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Floating-point type; integers and bools have none.
    pub fn dtype(&self) -> Result<DType> {
        match self.raw.dtype() {
            burn::tensor::DType::F16 => Ok(DType::F16),
            burn::tensor::DType::BF16 => Ok(DType::BF16),
            burn::tensor::DType::F32 => Ok(DType::F32),
            burn::tensor::DType::F64 => Ok(DType::F64),
            other => Err(Error::dtype("value", "a floating-point type", other.name())),
        }
    }

    pub(crate) fn bool_dtype(&self) -> BoolDType {
        use burn::backend::DeviceOps;
        self.raw.device().defaults().bool_dtype
    }

    pub(crate) fn expect_kind(&self, kind: Kind, what: &str) -> Result<()> {
        if self.kind == kind {
            return Ok(());
        }
        Err(Error::dtype(what, kind, self.kind))
    }

    /// A leaf of the gradient graph that shares this value's memory.
    pub fn tracked(&self) -> Self {
        Self::float(Dispatch::float_set_require_grad(<Dispatch as AutodiffBackend>::from_inner(self.raw.clone()), true))
    }

    /// This value on the gradient graph's side, as a constant.
    pub fn constant(&self) -> Self {
        let raw = self.raw.clone();
        let raw = match self.kind {
            Kind::Float => <Dispatch as AutodiffBackend>::from_inner(raw),
            Kind::Int => <Dispatch as AutodiffBackend>::int_from_inner(raw),
            Kind::Bool => <Dispatch as AutodiffBackend>::bool_from_inner(raw),
        };
        Self { raw, kind: self.kind }
    }

    /// Whether the value belongs to a gradient graph.
    pub fn is_tracked(&self) -> bool {
        matches!(self.raw.kind, burn::backend::DispatchTensorKind::Autodiff(_))
    }

    /// The plain value, without gradient graph.
    pub fn detached(self) -> Self {
        if !self.is_tracked() {
            return self;
        }
        let raw = match self.kind {
            Kind::Float => <Dispatch as AutodiffBackend>::inner(self.raw),
            Kind::Int => <Dispatch as AutodiffBackend>::int_inner(self.raw),
            Kind::Bool => <Dispatch as AutodiffBackend>::bool_inner(self.raw),
        };
        Self { raw, kind: self.kind }
    }

    /// Gradients of a scalar (one element) with respect to every tracked leaf. The graph is consumed.
    pub fn backward(self) -> Result<Gradients> {
        self.expect_kind(Kind::Float, "backward")?;
        if self.len() != 1 {
            return Err(Error::shape("backward", "a scalar", format!("{:?}", self.shape())));
        }
        if !self.is_tracked() {
            return Err(Error::argument("backward: the value depends on nothing that wants a gradient"));
        }
        Ok(Gradients { inner: Dispatch::backward(self.raw) })
    }

    /// Gradients of the sum of all elements. The value is recorded (see [`Value::is_recorded`]), and the graph is consumed.
    pub(crate) fn backward_all(self) -> Gradients {
        Gradients { inner: Dispatch::backward(self.raw) }
    }

    /// Whether a gradient can flow back from this value: some leaf stands behind it.
    pub(crate) fn is_recorded(&self) -> bool {
        use burn::backend::{BackendTensor, DispatchTensorKind};
        let DispatchTensorKind::Autodiff(inner) = &self.raw.kind else { return false };
        match inner.as_ref() {
            DispatchTensorKind::Flex(BackendTensor::Autodiff(tensor)) => tensor.is_tracked(),
            DispatchTensorKind::NdArray(BackendTensor::Autodiff(tensor)) => tensor.is_tracked(),
            #[cfg(feature = "gpu")]
            DispatchTensorKind::Cube(BackendTensor::Autodiff(tensor)) => tensor.is_tracked(),
            _ => false,
        }
    }

    /// Moves to a device; the value keeps its memory when it is there already.
    pub fn to_device(&self, device: &Device) -> Self {
        let raw = self.clone().detached().raw;
        let target = device.dispatch();
        let raw = match self.kind {
            Kind::Float => Dispatch::float_to_device(raw, target),
            Kind::Int => Dispatch::int_to_device(raw, target),
            Kind::Bool => Dispatch::bool_to_device(raw, target),
        };
        Self { raw, kind: self.kind }
    }

    /// Converts to another floating-point type (differentiable); integers and bools become floats.
    pub fn to_float(self, dtype: DType) -> Self {
        let raw = match self.kind {
            Kind::Float if self.raw.dtype() == dtype.burn().into() => self.raw,
            Kind::Float => Dispatch::float_cast(self.raw, dtype.burn()),
            Kind::Int => Dispatch::int_into_float(self.raw, dtype.burn()),
            Kind::Bool => Dispatch::bool_into_float(self.raw, dtype.burn()),
        };
        Self::float(raw)
    }

    /// Converts to integers, truncating towards zero.
    pub fn to_int(self) -> Self {
        let raw = match self.kind {
            Kind::Float => Dispatch::float_into_int(self.raw, INT),
            Kind::Int => self.raw,
            Kind::Bool => Dispatch::bool_into_int(self.raw, INT),
        };
        Self::int(raw)
    }
}

impl Gradients {
    /// The gradient of a leaf, `None` when the loss does not depend on it.
    pub fn of(&self, leaf: &Value) -> Option<Value> {
        Dispatch::grad(&leaf.raw, &self.inner).map(Value::float)
    }
}
