//! How a layer says which parameters and buffers it wants.

use super::Initializer;
use crate::Result;
use crate::array::element_count;
use crate::backend::rng::Rng;

/// First values of a parameter or buffer.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    Constant(f64),
    /// Uniform in [-bound, bound).
    Uniform(f64),
    /// Normal with mean 0 and this standard deviation; the row given, if any, is zero (an embedding's padding).
    Normal {
        std: f64,
        zero_row: Option<usize>,
    },
    /// What a description asked for instead of the layer's own choice.
    Asked(Initializer),
}

impl Init {
    /// PyTorch's default for weights and biases of linear and convolution layers:
    /// kaiming_uniform(a = sqrt 5), which is U(-1/sqrt fan_in, 1/sqrt fan_in).
    pub fn fan_in(fan_in: usize) -> Self {
        Self::Uniform(if fan_in == 0 { 0.0 } else { 1.0 / (fan_in as f64).sqrt() })
    }

    /// Values for a shape.
    pub fn values(&self, shape: &[usize], rng: &mut Rng) -> Result<Vec<f64>> {
        let count = element_count(shape)?;
        Ok(match self {
            Self::Constant(x) => vec![*x; count],
            Self::Uniform(bound) => (0..count).map(|_| (2.0 * rng.uniform() - 1.0) * bound).collect(),
            Self::Normal { std, zero_row } => {
                let mut data: Vec<f64> = (0..count).map(|_| rng.normal() * std).collect();
                if let Some(row) = zero_row {
                    let width = count / shape[0];
                    data[row * width..(row + 1) * width].fill(0.0);
                }
                data
            }
            Self::Asked(initializer) => initializer.values(shape, rng)?,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Trained by the optimizer.
    Parameter,
    /// Floats that forward passes update (running statistics).
    Buffer,
    /// An integer that counts (`num_batches_tracked`), kept on the host.
    Counter,
}

/// One parameter or buffer of a layer.
#[derive(Debug, Clone)]
pub struct Declaration {
    pub name: String,
    pub shape: Vec<usize>,
    pub role: Role,
    pub init: Init,
}

impl Declaration {
    pub fn parameter(name: &str, shape: &[usize], init: Init) -> Self {
        Self { name: name.to_owned(), shape: shape.to_vec(), role: Role::Parameter, init }
    }

    pub fn buffer(name: &str, shape: &[usize], value: f64) -> Self {
        Self { name: name.to_owned(), shape: shape.to_vec(), role: Role::Buffer, init: Init::Constant(value) }
    }

    pub fn counter(name: &str) -> Self {
        Self { name: name.to_owned(), shape: Vec::new(), role: Role::Counter, init: Init::Constant(0.0) }
    }
}
