//! Whether numbers are finite.

use burn::backend::Dispatch;
use burn::backend::ops::{BoolTensorOps, FloatTensorOps};
use rayon::prelude::*;

use super::{DType, Kind, Value};
use crate::Result;

/// Collects whether values are finite. On the CPU device each is looked at at once; elsewhere the device is asked once, at
/// the end.
#[derive(Default)]
pub(crate) struct AllFinite {
    wrong: bool,
    /// Values of one number: how many numbers are not finite.
    waiting: Option<Value>,
}

/// Elements that one thread looks at.
const PIECE: usize = 1 << 15;

impl Value {
    pub(crate) fn all_finite() -> AllFinite {
        AllFinite::default()
    }
}

impl AllFinite {
    pub fn add(&mut self, value: &Value) -> Result<()> {
        value.expect_kind(Kind::Float, "finite")?;
        if self.wrong {
            return Ok(());
        }
        let plain = value.clone().detached().contiguous();
        if let Some(data) = plain.host_slice::<f32>() {
            self.wrong = data.par_chunks(PIECE).any(|piece| piece.iter().any(|x| !x.is_finite()));
        } else if let Some(data) = plain.host_slice::<f64>() {
            self.wrong = data.par_chunks(PIECE).any(|piece| piece.iter().any(|x| !x.is_finite()));
        } else {
            let out = plain.bool_dtype();
            let raw = Dispatch::bool_or(
                Dispatch::float_is_nan(plain.raw.clone(), out),
                Dispatch::float_is_inf(plain.raw, out),
            );
            let count = Value::bool(raw).to_float(DType::F32).sum()?;
            self.waiting = Some(match self.waiting.take() {
                Some(sum) => sum.add(&count)?,
                None => count,
            });
        }
        Ok(())
    }

    /// Whether all values were finite. Waits for the device.
    pub fn get(self) -> Result<bool> {
        match self.waiting {
            _ if self.wrong => Ok(false),
            Some(count) => Ok(count.to_scalar()? == 0.0),
            None => Ok(true),
        }
    }
}
