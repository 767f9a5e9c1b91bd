//! What a layer sees while it computes.

use super::{Declaration, Role};
use crate::backend::rng::{Purpose, Rng};
use crate::device::Device;
use crate::tensor::{DType, Value};
use crate::{Error, Result};

/// A parameter or buffer as a forward pass sees it.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one per parameter, and counters are few")]
pub enum Bound {
    Tensor(Value),
    Counter(i64),
}

/// One layer's view of the model during one forward pass.
pub struct Context<'a> {
    /// Whether this is a training pass: dropout drops and batch norm uses the batch's statistics.
    pub training: bool,
    pub device: &'a Device,
    /// The floating-point type that the layer computes in.
    pub dtype: DType,
    /// The type to which products are rounded in a layer that is a composition of several.
    pub autocast: Option<DType>,
    pub(crate) declarations: &'a [Declaration],
    pub(crate) bound: &'a [Bound],
    pub(crate) frozen: &'a [bool],
    /// New buffer values, by position among the declarations; the step commits them once it has succeeded.
    pub(crate) updates: Vec<(usize, Bound)>,
    /// Seed, step and node: names the stream of this layer's random numbers.
    pub(crate) random: (u64, u64, u64),
}

impl Context<'_> {
    fn position(&self, name: &str) -> Result<usize> {
        self.declarations
            .iter()
            .position(|d| d.name == name)
            .ok_or_else(|| Error::internal(format!("the layer uses '{name}' but did not declare it")))
    }

    /// A parameter or buffer that was declared.
    pub fn get(&self, name: &str) -> Result<Value> {
        match &self.bound[self.position(name)?] {
            Bound::Tensor(value) => Ok(value.clone()),
            Bound::Counter(_) => Err(Error::internal(format!("'{name}' is a counter"))),
        }
    }

    /// A parameter that was declared only under some options (a bias).
    pub fn optional(&self, name: &str) -> Result<Option<Value>> {
        if self.declarations.iter().any(|d| d.name == name) { self.get(name).map(Some) } else { Ok(None) }
    }

    pub fn counter(&self, name: &str) -> Result<i64> {
        match &self.bound[self.position(name)?] {
            Bound::Counter(n) => Ok(*n),
            Bound::Tensor(_) => Err(Error::internal(format!("'{name}' is not a counter"))),
        }
    }

    /// Sets a buffer for the passes after this one; gradients do not flow through it.
    pub fn update(&mut self, name: &str, value: Value) -> Result<()> {
        let position = self.position(name)?;
        self.updates.push((position, Bound::Tensor(value.detached())));
        Ok(())
    }

    pub fn update_counter(&mut self, name: &str, value: i64) -> Result<()> {
        let position = self.position(name)?;
        self.updates.push((position, Bound::Counter(value)));
        Ok(())
    }

    /// Whether the layer's buffers are frozen: batch norm then works as in evaluation and does not update.
    pub fn buffers_frozen(&self) -> bool {
        self.declarations.iter().zip(self.frozen).any(|(d, &frozen)| frozen && d.role != Role::Parameter)
    }

    /// Random numbers of this layer in this step.
    pub fn rng(&self) -> Rng {
        let (seed, step, node) = self.random;
        Rng::new(seed, Purpose::Mask, &[step, node])
    }

    /// Random numbers of one of several places in this layer that need their own.
    pub fn rng_of(&self, part: u64) -> Rng {
        let (seed, step, node) = self.random;
        Rng::new(seed, Purpose::Mask, &[step, node, part])
    }
}
