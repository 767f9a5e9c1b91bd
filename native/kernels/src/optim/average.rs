//! A running average of a parameter: `torch.optim.swa_utils.get_ema_multi_avg_fn`, `get_swa_multi_avg_fn`.

use super::entry::lerp;
use super::{Number, Rule};

/// The average moves towards the value by `weight`: `average + weight * (value - average)`. The average takes the place
/// of the parameter, the value that of the gradient; there is no state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Average {
    /// How much of the value enters: 1 - decay.
    pub weight: f64,
}

impl Rule<0> for Average {
    #[inline(always)]
    fn update<T: Number>(&self, average: T, value: T, state: [T; 0]) -> (T, [T; 0]) {
        (lerp(average, value, self.weight), state)
    }
}
