//! Running averages of the weights beside the weights: torch.optim.swa_utils.AveragedModel.

use super::Model;
use crate::Result;
use crate::layers::{Bound, Role};
use crate::optim;
use crate::spec::AverageSpec;

/// How weights are averaged, and how far that is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Averages {
    /// `None`: no averaging; averages that there are stay.
    pub spec: Option<AverageSpec>,
    /// Optimizer steps seen.
    pub steps: u64,
    /// Times that the averages moved; 0: there are none.
    pub moves: u64,
    /// Whether weights and averages have changed places.
    pub in_use: bool,
}

impl Averages {
    /// How much of the weights enters at the next move; the first one copies them.
    fn weight(&self, spec: &AverageSpec) -> f64 {
        let n = self.moves as f64;
        match spec.decay {
            _ if self.moves == 0 => 1.0,
            None => 1.0 / (n + 1.0),
            Some(decay) if spec.warmup => 1.0 - decay.min((1.0 + n) / (10.0 + n)),
            Some(decay) => 1.0 - decay,
        }
    }
}

impl Model {
    /// Averages the weights after each optimizer step from now on, or (`None`) no more. Averages that there are stay and
    /// are gone on from.
    pub fn average(&mut self, spec: Option<AverageSpec>) -> Result<()> {
        if let Some(spec) = &spec {
            spec.check()?;
        }
        self.averages.spec = spec;
        Ok(())
    }

    /// Puts the averages in the place of the weights, for evaluation, prediction and saving, or back. Training is an error
    /// while they are there. Gives the number of times that the averages moved; with 0 there are none, and nothing is done.
    pub fn use_averages(&mut self, on: bool) -> u64 {
        if self.averages.moves > 0 && on != self.averages.in_use {
            for entry in &mut self.table.entries {
                if let (Bound::Tensor(value), Some(average)) = (&mut entry.stored, &mut entry.average) {
                    std::mem::swap(value, average);
                }
            }
            self.averages.in_use = on;
        }
        self.averages.moves
    }

    /// Moves the averages after an optimizer step, where weights are averaged.
    pub(crate) fn move_averages(&mut self) -> Result<()> {
        let Some(spec) = &self.averages.spec else { return Ok(()) };
        self.averages.steps += 1;
        if !self.averages.steps.is_multiple_of(spec.every) {
            return Ok(());
        }
        let weight = self.averages.weight(spec);
        for entry in &mut self.table.entries {
            let Bound::Tensor(value) = &entry.stored else { continue };
            if entry.role != Role::Parameter && !spec.buffers {
                continue;
            }
            // Memory of its own: the optimizer changes the weights in place where nobody shares them.
            let average = match &mut entry.average {
                Some(average) => average,
                none => none.insert(value.zeros_like()?),
            };
            optim::average(average, value, weight).map_err(|e| e.at(&entry.name))?;
        }
        self.averages.moves += 1;
        Ok(())
    }

    pub(crate) fn drop_averages(&mut self) {
        self.use_averages(false);
        self.averages = Averages::default();
        self.table.entries.iter_mut().for_each(|entry| entry.average = None);
    }
}
