//! Activations. Burn's own operation where it is right on the device, else one made of operations that are.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{Dispatch, Scalar};

use super::shapes::dim_index;
use super::{DType, Value};
use crate::Result;

impl Value {
    pub fn relu(self) -> Result<Self> {
        self.unary("relu", Dispatch::relu)
    }

    /// x where x > 0, else slope * x.
    pub fn leaky_relu(self, slope: f64) -> Result<Self> {
        if !self.is_tracked() {
            return self.unary("leaky_relu", |t| Dispatch::leaky_relu(t, Scalar::Float(slope)));
        }
        // Burn's gradient at 0 is 1, PyTorch's is the slope.
        let positive = self.clone().greater_scalar(0.0)?;
        self.clone().mul_scalar(slope)?.where_mask(&positive, &self)
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
        let square = self.clone().mul(&self)?;
        let inner =
            square.mul_scalar(0.044715)?.add_scalar(1.0)?.mul(&self)?.mul_scalar(FRAC_2_SQRT_PI * FRAC_1_SQRT_2)?;
        let factor = inner.tanh()?.add_scalar(1.0)?.mul_scalar(0.5)?;
        self.mul(&factor)
    }

    /// 1 / (1 + exp(-x)).
    pub fn sigmoid(self) -> Result<Self> {
        if self.on_flex() || self.dtype()? == DType::F32 {
            return self.unary("sigmoid", Dispatch::sigmoid);
        }
        // Burn computes it in single precision on the other devices. exp is taken of -|x| only, so nothing overflows.
        let positive = self.clone().greater_scalar(0.0)?;
        let tail = self.clone().where_mask(&positive, &self.neg()?)?.exp()?;
        let one = tail.full_like(&[1], 1.0)?;
        tail.clone().where_mask(&positive, &one)?.div(&tail.add_scalar(1.0)?)
    }

    /// x * sigmoid(x).
    pub fn silu(self) -> Result<Self> {
        let gate = self.clone().sigmoid()?;
        self.mul(&gate)
    }

    pub fn tanh(self) -> Result<Self> {
        self.unary("tanh", Dispatch::float_tanh)
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
