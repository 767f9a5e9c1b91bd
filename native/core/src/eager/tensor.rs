//! The tensor itself: value, device, place in the gradient graph.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::graph::{Edge, Facts, Leaf};
use super::on_stream;
use crate::device::Device;
use crate::tensor::{DType, Kind, Value};
use crate::{ArrayView, Error, HostArray, Result};

/// Type of the elements of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementType {
    Float(DType),
    Int32,
    Bool,
}

impl ElementType {
    pub fn name(self) -> &'static str {
        match self {
            Self::Float(DType::F16) => "float16",
            Self::Float(DType::BF16) => "bfloat16",
            Self::Float(DType::F32) => "float32",
            Self::Float(DType::F64) => "float64",
            Self::Int32 => "int32",
            Self::Bool => "bool",
        }
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::Float(dtype) => dtype.size(),
            Self::Int32 => 4,
            Self::Bool => 1,
        }
    }

    /// The type, or an error where it is none of floats.
    pub fn float(self, what: &str) -> Result<DType> {
        match self {
            Self::Float(dtype) => Ok(dtype),
            other => Err(Error::dtype(what, "a floating-point type", other.name())),
        }
    }

    pub(super) fn of(value: &Value) -> Result<Self> {
        Ok(match value.kind() {
            Kind::Float => Self::Float(value.dtype()?),
            Kind::Int => Self::Int32,
            Kind::Bool => Self::Bool,
        })
    }
}

/// A tensor. Clones are the same tensor. Operations never change it; [`Tensor::assign`] and optimizers give it another value.
#[derive(Clone)]
pub struct Tensor(Arc<Inner>);

struct Inner {
    /// `None` only while it is dropped.
    value: RwLock<Option<Value>>,
    place: RwLock<Place>,
    shape: Vec<usize>,
    element: ElementType,
    device: Device,
}

#[derive(Default)]
struct Place {
    edge: Edge,
    /// Kept while the tensor takes part in no graph: its gradient stays.
    leaf: Option<Arc<Leaf>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let value = self.value.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        on_stream(|| drop(value));
    }
}

impl Tensor {
    /// A tensor that nothing is tracked for. The shape is that of the value, or `[]` for a value of one dimension of size 1.
    pub(super) fn plain(value: Value, shape: &[usize], device: &Device) -> Result<Self> {
        Self::with_edge(value, shape, device, Edge::None)
    }

    pub(super) fn with_edge(value: Value, shape: &[usize], device: &Device, edge: Edge) -> Result<Self> {
        let inner = Inner {
            shape: shape.to_vec(),
            element: ElementType::of(&value)?,
            value: RwLock::new(Some(value)),
            place: RwLock::new(Place { edge, leaf: None }),
            device: device.clone(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// A new leaf over a value, for a pass of its own.
    pub(super) fn leaf_of(value: Value, shape: &[usize], device: &Device) -> Result<(Self, Arc<Leaf>)> {
        let leaf = Leaf::new(Facts { shape: shape.to_vec(), dtype: value.dtype()?, device: device.clone() });
        let tensor = Self::plain(value, shape, device)?;
        *tensor.place_mut() = Place { edge: Edge::Leaf(Arc::clone(&leaf)), leaf: Some(Arc::clone(&leaf)) };
        Ok((tensor, leaf))
    }

    /// Copies an array of the host; without an element type its own: floats stay, integers become int32. A number that does
    /// not fit is an error.
    pub fn from_host(array: &ArrayView<'_>, element: Option<ElementType>, device: &Device) -> Result<Self> {
        let natural = match array.data {
            crate::DataView::F32(_) => ElementType::Float(DType::F32),
            crate::DataView::F64(_) => ElementType::Float(DType::F64),
            _ => ElementType::Int32,
        };
        let element = element.unwrap_or(natural);
        if let ElementType::Float(dtype) = element {
            device.expect_float(dtype)?;
        }
        let stored = stored_shape(&array.shape, device)?;
        let data = ArrayView { shape: stored.clone(), data: array.data };
        on_stream(|| {
            let value = match element {
                ElementType::Float(dtype) => Value::float_from_host(&data, dtype, device)?,
                ElementType::Int32 => Value::from_ints(data.data.to_i32()?, &stored, device)?,
                ElementType::Bool => {
                    let ints = data.data.to_i32()?.into_iter().map(|x| i32::from(x != 0)).collect();
                    Value::from_ints(ints, &stored, device)?.equal_scalar(0)?.not()?
                }
            };
            Self::plain(value, &array.shape, device)
        })
    }

    /// Copies to host memory: f32, f64, i32, or u8 for bools. Waits for the device.
    pub fn to_host(&self) -> Result<HostArray> {
        let value = self.value();
        let host = on_stream(|| value.to_host())?;
        Ok(HostArray { shape: self.0.shape.clone(), ..host })
    }

    pub(super) fn value(&self) -> Value {
        let value = self.0.value.read().unwrap_or_else(PoisonError::into_inner);
        value.clone().unwrap_or_else(|| unreachable!("the value is there until the tensor is dropped"))
    }

    /// Changes the value in place, or leaves it as it is where `change` fails.
    pub(super) fn change(&self, change: impl FnOnce(&mut Value) -> Result<()>) -> Result<()> {
        let mut place = self.0.value.write().unwrap_or_else(PoisonError::into_inner);
        let Some(value) = place.as_mut() else { return Err(Error::internal("a tensor without value")) };
        on_stream(|| change(value))
    }

    pub fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    pub fn element(&self) -> ElementType {
        self.0.element
    }

    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn place(&self) -> RwLockReadGuard<'_, Place> {
        self.0.place.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn place_mut(&self) -> RwLockWriteGuard<'_, Place> {
        self.0.place.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn edge(&self) -> Edge {
        self.place().edge.clone()
    }

    pub(super) fn leaf(&self) -> Option<Arc<Leaf>> {
        self.place().leaf.clone()
    }

    /// Whether both are the same tensor.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether gradients flow to it or through it.
    pub fn is_tracked(&self) -> bool {
        self.place().edge.is_tracked()
    }

    /// Whether it is no result of a tracked operation.
    pub fn is_leaf(&self) -> bool {
        matches!(self.place().edge, Edge::None | Edge::Leaf(_))
    }

    /// Asks for gradients, or no more. Only floats have any, and a result of a tracked operation cannot do without.
    pub fn require_gradient(&self, on: bool) -> Result<()> {
        let mut place = self.place_mut();
        match (&place.edge, on) {
            (Edge::Leaf(_), true) | (Edge::None, false) | (Edge::Node(..) | Edge::Shadow, true) => Ok(()),
            (Edge::Leaf(_), false) => {
                place.edge = Edge::None;
                Ok(())
            }
            (Edge::Node(..) | Edge::Shadow, false) => Err(Error::argument(
                "RequiresGrad: the tensor is the result of a tracked operation; detach it to leave the graph",
            )),
            (Edge::None, true) => {
                self.0.element.float("RequiresGrad")?;
                let facts = self.facts()?;
                let leaf = place.leaf.take().unwrap_or_else(|| Leaf::new(facts));
                *place = Place { edge: Edge::Leaf(Arc::clone(&leaf)), leaf: Some(leaf) };
                Ok(())
            }
        }
    }

    /// What backward passes have added up; `None` before the first, and for results of operations.
    pub fn gradient(&self) -> Result<Option<Tensor>> {
        let Some(leaf) = self.leaf() else { return Ok(None) };
        let found = leaf.gradient().clone();
        found.map(|value| Self::plain(value, &self.0.shape, &self.0.device)).transpose()
    }

    /// Puts another gradient in the place of what was added up, or none.
    pub fn set_gradient(&self, gradient: Option<&Tensor>) -> Result<()> {
        let Some(leaf) = self.leaf() else {
            return match gradient {
                None => Ok(()),
                Some(_) => Err(Error::argument("Grad: the tensor is no leaf that requires a gradient")),
            };
        };
        let value = gradient.map(|g| g.fitting("Grad", &leaf.facts)).transpose()?;
        let old = std::mem::replace(&mut *leaf.gradient(), value);
        on_stream(|| drop(old));
        Ok(())
    }

    pub(super) fn facts(&self) -> Result<Facts> {
        let dtype = self.0.element.float("gradient")?;
        Ok(Facts { shape: self.0.shape.clone(), dtype, device: self.0.device.clone() })
    }

    /// The value, where it has the shape, type and device of what it is a gradient for.
    pub(super) fn fitting(&self, what: &str, facts: &Facts) -> Result<Value> {
        let what = format!("{what}: gradient");
        if self.0.device != facts.device {
            return Err(device_mix(&what, &facts.device, &self.0.device));
        }
        if self.0.element != ElementType::Float(facts.dtype) {
            let expected = ElementType::Float(facts.dtype).name();
            return Err(Error::dtype(what, expected, self.0.element.name()));
        }
        if self.0.shape != facts.shape {
            return Err(Error::shape(what, format!("{:?}", facts.shape), format!("{:?}", self.0.shape)));
        }
        Ok(self.value())
    }

    /// The same value outside every graph; the memory is shared until one of them changes.
    pub fn detach(&self) -> Result<Tensor> {
        Self::plain(self.value(), &self.0.shape, &self.0.device)
    }

    /// Gives the tensor another value of its shape, type and device. Graphs that used the old value keep it.
    pub fn assign(&self, other: &Tensor) -> Result<()> {
        let what = "Assign";
        if !self.is_leaf() {
            return Err(Error::argument("Assign: the tensor is the result of a tracked operation"));
        }
        if self.0.device != other.0.device {
            return Err(device_mix(what, &self.0.device, &other.0.device));
        }
        if self.0.element != other.0.element {
            return Err(Error::dtype(what, self.0.element.name(), other.0.element.name()));
        }
        if self.0.shape != other.0.shape {
            return Err(Error::shape(what, format!("{:?}", self.0.shape), format!("{:?}", other.0.shape)));
        }
        let value = other.value();
        self.change(|place| {
            *place = value;
            Ok(())
        })
    }
}

/// The shape in which a device holds a tensor: only the CPU's has values without dimensions, and NdArray has at most six.
pub(super) fn stored_shape(shape: &[usize], device: &Device) -> Result<Vec<usize>> {
    const MOST_OF_NDARRAY: usize = 6;
    let kind = device.info().kind;
    if kind == "ndarray" && shape.len() > MOST_OF_NDARRAY {
        let text = format!("the device ndarray holds at most {MOST_OF_NDARRAY} dimensions, found {shape:?}");
        return Err(Error::unsupported(text));
    }
    Ok(if shape.is_empty() && kind != "cpu" { vec![1] } else { shape.to_vec() })
}

/// Tensors of one operation must be on one device.
pub(super) fn device_mix(what: &str, expected: &Device, found: &Device) -> Error {
    let name = |device: &Device| format!("a tensor on {} ({})", device.info().kind, device.info().name);
    let mut error = Error::shape(what, name(expected), name(found));
    error.kind = crate::ErrorKind::Device;
    error
}

#[cfg(test)]
mod tests {
    use super::Tensor;

    #[test]
    fn tensors_go_between_threads() {
        fn check<T: Send + Sync>() {}
        check::<Tensor>();
    }
}
