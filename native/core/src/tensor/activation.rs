//! Activations: own kernels and formulas, and Burn's operations where they are right and fast.

use std::f64::consts::FRAC_1_SQRT_2;

use burn::backend::Dispatch;
use burn::backend::ops::ActivationOps;

use super::Value;
use super::shapes::dim_index;
use crate::Result;
use crate::backend::extension;

pub use exburn_kernels::activation::Activation;

impl Value {
    pub fn relu(self) -> Result<Self> {
        self.unary("relu", Dispatch::relu)
    }

    /// A function of every element, in one pass on Flex; the formula's operations elsewhere.
    pub fn activate(self, activation: Activation) -> Result<Self> {
        if self.is_empty() {
            return Ok(self);
        }
        self.unary("activation", |t| extension::activation(t, activation))
    }

    /// x where x > 0, else slope * x.
    pub fn leaky_relu(self, slope: f64) -> Result<Self> {
        self.activate(Activation::LeakyRelu { slope })
    }

    /// x * Phi(x), with the exact normal distribution function.
    pub fn gelu(self) -> Result<Self> {
        if self.on_flex() {
            return self.unary("gelu", Dispatch::gelu);
        }
        // Elsewhere Burn's gradient is that of a rough approximation.
        let phi = self.clone().mul_scalar(FRAC_1_SQRT_2)?.erf()?.add_scalar(1.0)?.mul_scalar(0.5)?;
        self.mul(&phi)
    }

    /// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
    pub fn gelu_tanh(self) -> Result<Self> {
        self.activate(Activation::GeluTanh)
    }

    /// 1 / (1 + exp(-x)).
    pub fn sigmoid(self) -> Result<Self> {
        self.activate(Activation::Sigmoid)
    }

    /// x * sigmoid(x).
    pub fn silu(self) -> Result<Self> {
        self.activate(Activation::Swish { beta: 1.0 })
    }

    pub fn tanh(self) -> Result<Self> {
        self.activate(Activation::Tanh)
    }

    pub fn softmax(self, dim: usize) -> Result<Self> {
        dim_index("softmax", dim as i64, self.rank())?;
        if self.is_empty() {
            return Ok(self);
        }
        self.unary("softmax", |t| Dispatch::softmax(t, dim))
    }

    pub fn log_softmax(self, dim: usize) -> Result<Self> {
        dim_index("log_softmax", dim as i64, self.rank())?;
        if self.is_empty() {
            return Ok(self);
        }
        self.unary("log_softmax", |t| Dispatch::log_softmax(t, dim))
    }
}
