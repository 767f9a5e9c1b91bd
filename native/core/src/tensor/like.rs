//! Fresh values that go with another one.

use super::Value;
use crate::Result;

impl Value {
    /// Zeros of the same shape and floating-point type, on the same device, outside any gradient graph.
    pub fn zeros_like(&self) -> Result<Self> {
        Ok(self.full_like(&self.shape(), 0.0)?.detached())
    }
}
