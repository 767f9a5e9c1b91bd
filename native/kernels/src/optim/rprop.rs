//! Resilient propagation: `torch.optim.Rprop` (Riedmiller and Braun 1993).

use super::entry::{Entry, sign};
use super::{Number, Rule};

/// The coefficients of one step of Rprop, which are its options: PyTorch's names and defaults. State: the gradient before
/// (0 where it turned), the step sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rprop {
    /// Direction.
    pub entry: Entry,
    /// Factors of a step size: where the gradient's sign turned, where it stayed.
    pub etas: [f64; 2],
    /// Least and largest step size.
    pub step_sizes: [f64; 2],
}

impl Rule<2> for Rprop {
    #[inline(always)]
    fn update<T: Number>(&self, parameter: T, gradient: T, [before, size]: [T; 2]) -> (T, [T; 2]) {
        let gradient = self.entry.gradient(parameter, gradient);
        let turned = gradient * before;
        let [minus, plus] = self.etas.map(T::from_f64);
        let [least, most] = self.step_sizes.map(T::from_f64);
        let factor = if turned > T::ZERO {
            plus
        } else if turned < T::ZERO {
            minus
        } else {
            T::from_f64(1.0)
        };
        let size = size * factor;
        let size = if size < least { least } else { size };
        let size = if size > most { most } else { size };
        let gradient = if turned < T::ZERO { T::ZERO } else { gradient };
        (parameter - sign(gradient) * size, [gradient, size])
    }
}
