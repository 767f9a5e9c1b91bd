//! A model's copies.

use std::sync::Arc;

use super::{Averages, Model, new_stream};
use crate::Result;

impl Model {
    /// A second model with the same layers, weights, buffers and frozen marks on the same device, compiled where this one
    /// is. `with_optimizer`: it also takes over the optimizer's state and the place in the sequence of random numbers, so
    /// that both would train alike; else it starts as a model just compiled. Memory is shared until one of the two
    /// changes it.
    pub fn duplicate(&self, with_optimizer: bool) -> Result<Self> {
        self.device.check()?;
        let mut copy = Self {
            graph: Arc::clone(&self.graph),
            table: self.stream().executes(|| self.table.clone()),
            device: self.device.clone(),
            dtype: self.dtype,
            compiled: self.compiled.clone(),
            passes: if with_optimizer { self.passes } else { 0 },
            averages: self.averages.clone(),
            open: if with_optimizer { self.open.clone() } else { None },
            scaler: if with_optimizer { self.scaler } else { None },
            inference: self.inference,
            stream: new_stream(),
        };
        if !with_optimizer {
            copy.table.reset_states();
        }
        // A copy made while the averaged weights are in use has those as its own.
        if !with_optimizer || copy.averages.in_use {
            copy.averages = Averages::default();
            copy.table.entries.iter_mut().for_each(|entry| entry.average = None);
        }
        // The copy works on a stream of its own: what this one's has queued must be done.
        self.device.sync()?;
        Ok(copy)
    }
}
