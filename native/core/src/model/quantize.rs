//! Half precision of a model that exists: weights stored as halves, and inference that rounds to them.

use super::{Model, check_precision};
use crate::layers::{Bound, Role};
use crate::tensor::DType;
use crate::{Error, Result};

impl Model {
    /// Stores the parameters in another type: each number is rounded to it once. With a type of 16 bits they take half the
    /// memory of f32; a layer gets them in the model's type again, so it computes as exactly as before. Buffers (running
    /// statistics) keep the model's type. The model's own type undoes the storage, not the rounding.
    ///
    /// Parameters of 16 bits cannot train unless frozen. State of the optimizer and averages are dropped: they belong to
    /// the parameters as they were.
    pub fn store_parameters(&mut self, dtype: DType) -> Result<()> {
        self.device.check()?;
        if dtype != self.dtype && !dtype.is_half() {
            let expected = format!("f16, bf16 or the model's {}", self.dtype.name());
            return Err(Error::dtype("type of the parameters", expected, dtype.name()));
        }
        if self.averages.in_use {
            return Err(Error::argument("the averaged weights are in use: put the trained ones back first"));
        }
        self.device.expect_float(dtype)?;
        self.stream().executes(|| {
            for entry in self.table.entries.iter_mut().filter(|e| e.role == Role::Parameter) {
                if let Bound::Tensor(value) = &mut entry.stored {
                    *value = value.clone().to_float(dtype);
                }
            }
        });
        self.table.reset_states();
        self.drop_averages();
        Ok(())
    }

    /// What prediction and evaluation round to as [`crate::train::TrainOptions::autocast`] does in training; `None`: to
    /// nothing, they compute in the model's type. Predictors that exist keep theirs.
    pub fn set_inference(&mut self, autocast: Option<DType>) -> Result<()> {
        check_precision(self, autocast)?;
        self.inference = autocast;
        Ok(())
    }
}
