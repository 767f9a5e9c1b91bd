//! The table of named parameters and buffers, with each parameter's optimizer state.

use std::collections::HashMap;
use std::ops::Range;

use crate::backend::rng::{Purpose, Rng};
use crate::device::Device;
use crate::layers::{Bound, Declaration, Init, Role};
use crate::optim;
use crate::tensor::{DType, Value};
use crate::{Error, Result};

/// One parameter or buffer.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// PyTorch's state name: layer name, dot, name within the layer.
    pub name: String,
    pub role: Role,
    pub shape: Vec<usize>,
    pub stored: Bound,
    pub frozen: bool,
    pub state: optim::State,
    /// The running average of the stored value; `None` where none is kept.
    pub average: Option<Value>,
}

impl Entry {
    /// The type in which its value is stored: the model's, or a half where the weights are stored as such.
    pub fn dtype(&self, model: DType) -> DType {
        match &self.stored {
            Bound::Tensor(value) => value.dtype().unwrap_or(model),
            Bound::Counter(_) => model,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub entries: Vec<Entry>,
    names: HashMap<String, usize>,
}

impl Table {
    /// Adds a layer's declarations with their first values and gives their positions. Each entry has a stream of
    /// random numbers of its own, named by its position, so weights do not depend on the device.
    pub fn declare(
        &mut self,
        layer: &str,
        declarations: &[Declaration],
        trainable: bool,
        seed: u64,
        dtype: DType,
        device: &Device,
    ) -> Result<Range<usize>> {
        let start = self.entries.len();
        for d in declarations {
            let position = self.entries.len();
            // A parameter that is a node of its own has the node's name.
            let name = if d.name.is_empty() { layer.to_owned() } else { format!("{layer}.{}", d.name) };
            if self.names.insert(name.clone(), position).is_some() {
                return Err(Error::argument(format!("two parameters would be called '{name}'")));
            }
            let stored = match d.role {
                Role::Counter => Bound::Counter(0),
                _ => Bound::Tensor(initial(d, seed, position as u64, dtype, device).map_err(|e| e.of(&name))?),
            };
            let state = optim::State::default();
            let (shape, frozen) = (d.shape.clone(), !trainable);
            self.entries.push(Entry { name, role: d.role, shape, stored, frozen, state, average: None });
        }
        Ok(start..self.entries.len())
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The error for a name or pattern that matches nothing.
    pub fn unknown(&self, pattern: &str) -> Error {
        let known: Vec<&str> = self.entries.iter().take(20).map(|e| e.name.as_str()).collect();
        let more = if self.entries.len() > known.len() { ", ..." } else { "" };
        Error::not_found(format!(
            "no parameter, buffer or layer with parameters matches '{pattern}'; there are: {}{more}",
            known.join(", ")
        ))
    }

    /// The rows as parameter groups see them.
    pub fn targets(&self) -> Vec<optim::Target<'_>> {
        let rows = self.entries.iter();
        rows.map(|e| optim::Target { name: &e.name, shape: &e.shape, parameter: e.role == Role::Parameter }).collect()
    }

    pub fn reset_states(&mut self) {
        for entry in &mut self.entries {
            entry.state = optim::State::default();
        }
    }

    /// Number of elements that the optimizer keeps.
    pub fn state_len(&self) -> usize {
        self.entries.iter().flat_map(|e| &e.state.slots).map(Value::len).sum()
    }

    pub fn move_to(&mut self, device: &Device) -> Result<()> {
        for entry in &mut self.entries {
            if let Bound::Tensor(value) = &mut entry.stored {
                *value = value.to_device(device);
            }
            for slot in entry.state.slots.iter_mut().chain(&mut entry.average) {
                *slot = slot.to_device(device);
            }
        }
        device.sync()
    }

    /// The values as an evaluation sees them.
    pub fn plain(&self) -> Vec<Bound> {
        self.entries.iter().map(|e| e.stored.clone()).collect()
    }

    /// The values as a training pass sees them: parameters that train are leaves of the gradient graph.
    pub fn tracked(&self) -> Vec<Bound> {
        let bind = |e: &Entry| match &e.stored {
            Bound::Tensor(value) if e.role == Role::Parameter && !e.frozen => Bound::Tensor(value.tracked()),
            stored => stored.clone(),
        };
        self.entries.iter().map(bind).collect()
    }

    pub fn frozen(&self) -> Vec<bool> {
        self.entries.iter().map(|e| e.frozen).collect()
    }

    /// Whether some parameter trains.
    pub fn trains(&self) -> bool {
        self.entries.iter().any(|e| e.role == Role::Parameter && !e.frozen)
    }

    /// The type of 16 bits in which parameters are stored, where they are.
    pub fn half(&self) -> Option<DType> {
        self.entries.iter().map(|e| e.dtype(DType::F32)).find(|t| t.is_half())
    }

    /// Parameters that are stored as halves cannot train: most steps would be too small to change them.
    pub fn check_trainable(&self) -> Result<()> {
        let stored = |e: &&Entry| e.role == Role::Parameter && !e.frozen && e.dtype(DType::F32).is_half();
        match self.entries.iter().find(stored) {
            None => Ok(()),
            Some(entry) => Err(Error::dtype(
                "training",
                "parameters of the model's type, or frozen ones",
                entry.dtype(DType::F32).name(),
            )
            .at(&entry.name)),
        }
    }

    /// Takes over new buffer values of a pass that succeeded.
    pub fn commit(&mut self, updates: Vec<(usize, Bound)>) {
        for (position, stored) in updates {
            self.entries[position].stored = stored;
        }
    }
}

fn initial(d: &Declaration, seed: u64, position: u64, dtype: DType, device: &Device) -> Result<Value> {
    if let Init::Constant(x) = d.init {
        return Value::full(x, &d.shape, dtype, device);
    }
    let mut rng = Rng::new(seed, Purpose::Initialise, &[position]);
    Value::from_doubles(d.init.values(&d.shape, &mut rng)?, &d.shape, dtype, device)
}
