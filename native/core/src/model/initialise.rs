//! First values other than the layers' own: asked for in a description, or given to a built model.

use super::pattern::matches;
use super::{Model, matches_name};
use crate::backend::rng::{Purpose, Rng};
use crate::layers::{Bound, Declaration, Init, Initializer, Role};
use crate::optim;
use crate::spec::{InitSpec, PartSpec};
use crate::tensor::Value;
use crate::{Error, Result};

/// Puts what a node's description asks for in the place of its layer's choice. A pattern names parameters of the layer
/// (`weight`, `weight_hh_*`); of several that match one, the last counts. One that matches nothing is an error.
pub(super) fn ask(declarations: &mut [Declaration], init: &InitSpec) -> Result<()> {
    for (pattern, part) in init.entries() {
        let initializer = Initializer::new(part).map_err(|e| e.of(format!("init '{pattern}'")))?;
        let mut found = false;
        for d in declarations.iter_mut().filter(|d| d.role == Role::Parameter && matches(pattern, &d.name)) {
            d.init = Init::Asked(initializer.clone());
            found = true;
        }
        if !found {
            let parameters = declarations.iter().filter(|d| d.role == Role::Parameter);
            let known: Vec<&str> = parameters.map(|d| d.name.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Error::not_found(format!("init: no parameter matches '{pattern}'; there are: {known}")));
        }
    }
    Ok(())
}

impl Model {
    /// Draws the parameters whose name, or whose layer's name, matches the pattern anew, and drops their optimizer state. Gives
    /// the number of parameters; none is an error. Where the initializer does not fit one of them, nothing changes.
    ///
    /// The numbers come from the seed and the parameter's position in the model, as when the model is built: an initializer
    /// given in the description and the same one given here with the model's seed have the same effect.
    pub fn initialize(&mut self, pattern: &str, part: &PartSpec, seed: u64) -> Result<usize> {
        let initializer = Initializer::new(part)?;
        let stream = self.stream();
        let drawn = stream.executes(|| -> Result<Vec<(usize, Value)>> {
            let mut drawn = Vec::new();
            for (position, entry) in self.table.entries.iter().enumerate() {
                if entry.role != Role::Parameter || !matches_name(pattern, &entry.name) {
                    continue;
                }
                let mut rng = Rng::new(seed, Purpose::Initialise, &[position as u64]);
                let values = initializer.values(&entry.shape, &mut rng).map_err(|e| e.at(&entry.name))?;
                drawn.push((
                    position,
                    Value::from_doubles(values, &entry.shape, entry.dtype(self.dtype), &self.device)?,
                ));
            }
            Ok(drawn)
        })?;
        if drawn.is_empty() {
            return Err(self.table.unknown(pattern));
        }
        let count = drawn.len();
        for (position, value) in drawn {
            let entry = &mut self.table.entries[position];
            entry.stored = Bound::Tensor(value);
            entry.state = optim::State::default();
        }
        Ok(count)
    }
}
