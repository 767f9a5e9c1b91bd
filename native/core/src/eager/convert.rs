//! Other element types and other devices.

use super::apply::Tracking;
use super::backward::LeafGradients;
use super::graph::{Edge, Node, Pull};
use super::on_stream;
use super::tensor::{ElementType, Tensor, stored_shape};
use crate::Result;
use crate::device::Device;
use crate::tensor::{DType, Value};

impl Tensor {
    /// The same numbers as another type: floats to integers towards zero, anything but 0 is true. Between floats the
    /// gradient passes.
    pub fn to_element(&self, element: ElementType, tracking: Tracking) -> Result<Tensor> {
        if element == self.element() {
            return Ok(self.clone());
        }
        if let ElementType::Float(dtype) = element {
            self.device().expect_float(dtype)?;
        }
        on_stream(|| {
            let value = self.value();
            let back = value.dtype().ok();
            let value = match element {
                ElementType::Float(dtype) => value.to_float(dtype),
                ElementType::Int32 => value.to_int(),
                ElementType::Bool => match back {
                    Some(dtype) => {
                        let zero = Value::full(0.0, &vec![1; value.rank()], dtype, self.device())?;
                        value.equal(&zero)?.not()?
                    }
                    None => value.to_int().equal_scalar(0)?.not()?,
                },
            };
            let pull = back.filter(|_| matches!(element, ElementType::Float(_))).map(Convert::Type);
            self.converted("To", value, self.device(), tracking, pull)
        })
    }

    /// The same value on another device; the gradient comes back.
    pub fn to_device(&self, device: &Device, tracking: Tracking) -> Result<Tensor> {
        if device == self.device() {
            return Ok(self.clone());
        }
        device.check()?;
        if let ElementType::Float(dtype) = self.element() {
            device.expect_float(dtype)?;
        }
        let stored = stored_shape(self.shape(), device)?;
        on_stream(|| {
            let value = self.value().to_device(device);
            // A scalar is stored otherwise elsewhere.
            let value = value.reshape(&stored)?;
            let here = stored_shape(self.shape(), self.device())?;
            let pull =
                matches!(self.element(), ElementType::Float(_)).then(|| Convert::Place(self.device().clone(), here));
            self.converted("To", value, device, tracking, pull)
        })
    }

    fn converted(
        &self,
        name: &str,
        value: Value,
        device: &Device,
        tracking: Tracking,
        pull: Option<Convert>,
    ) -> Result<Tensor> {
        let edge = match (self.edge(), tracking, pull) {
            (Edge::None, ..) | (_, Tracking::Off, _) | (.., None) => Edge::None,
            (_, Tracking::Shadow, _) => Edge::Shadow,
            (edge, Tracking::On, Some(pull)) => Edge::Node(Node::new(name, vec![edge], 1, pull), 0),
        };
        Tensor::with_edge(value, self.shape(), device, edge)
    }
}

/// How a conversion is undone.
enum Convert {
    Type(DType),
    Place(Device, Vec<usize>),
}

impl Pull for Convert {
    fn pull(&self, gradients: &[Option<Value>], _: &[bool], _: &mut LeafGradients) -> Result<Vec<Option<Value>>> {
        let back = |g: &Value| {
            Ok::<_, crate::Error>(match self {
                Self::Type(dtype) => g.clone().to_float(*dtype),
                Self::Place(device, stored) => g.to_device(device).reshape(stored)?,
            })
        };
        Ok(vec![gradients[0].as_ref().map(back).transpose()?])
    }
}
