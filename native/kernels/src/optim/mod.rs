//! Optimizer steps: one pass over a parameter, its gradient and its state, in place.
//!
//! An optimizer is a [`Rule`]: what happens to one element. [`step`] runs a rule over the slices, in vectors and on the
//! pool. Nothing is fused or reordered inside an element, so a step gives the same bits on every processor and with any
//! number of threads.
//!
//! To add one: a file with a struct of the step's coefficients (double precision, computed once per step) and its
//! `impl Rule<N>` for `N` state slices; [`sgd`] is the smallest example.
//!
//! # Example
//! ```
//! use exburn_kernels::optim::{self, Sgd, SgdOptions};
//! let rule = Sgd::new(&SgdOptions::default(), 0.5, false);
//! let mut w = [1.0f32, 2.0];
//! optim::step(&rule, &mut w, &[1.0, -1.0], []).unwrap();
//! assert_eq!(w, [0.5, 2.5]);
//! ```

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod asgd;
mod average;
mod entry;
mod lamb;
mod lion;
mod nadam;
mod norm;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;
#[cfg(test)]
mod tests;

pub use adadelta::{Adadelta, AdadeltaOptions};
pub use adagrad::{Adagrad, AdagradOptions};
pub use adam::{Adam, AdamOptions};
pub use adamax::{Adamax, AdamaxOptions};
pub use asgd::{Asgd, AsgdOptions};
pub use average::Average;
pub use entry::Entry;
pub use lamb::{Lamb, LambOptions};
pub use lion::{Lion, LionOptions};
pub use nadam::{Nadam, NadamOptions};
pub use norm::sum_squares;
pub use radam::{Radam, RadamOptions};
pub use rmsprop::{Rmsprop, RmspropOptions};
pub use rprop::Rprop;
pub use sgd::{Sgd, SgdOptions};

use crate::simd::{self, Job, Simd};
use crate::{Element, KernelError};
use std::ops::{Div, Neg};

/// Elements that are computed together: several of the widest registers.
const BLOCK: usize = 64;

/// Elements from which other threads are woken, and of a piece of work at least.
const PIECE: usize = 32 << 10;

/// A number that rules calculate with.
pub trait Number: Element + Div<Output = Self> + Neg<Output = Self> {
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
}

macro_rules! number {
    ($t:ty) => {
        impl Number for $t {
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
        }
    };
}

number!(f32);
number!(f64);

/// The update of one element, with `N` numbers of state.
pub trait Rule<const N: usize>: Copy + Send + Sync {
    /// New parameter and state from the old ones and the gradient. Must be `#[inline(always)]`, so that it is compiled
    /// for the vectors of the processor; branch only on the rule's own fields.
    fn update<T: Number>(&self, parameter: T, gradient: T, state: [T; N]) -> (T, [T; N]);
}

/// Applies a rule to every element. All slices have the parameter's length.
pub fn step<T: Number, R: Rule<N>, const N: usize>(
    rule: &R,
    parameter: &mut [T],
    gradient: &[T],
    state: [&mut [T]; N],
) -> Result<(), KernelError> {
    KernelError::check_length("gradient", parameter.len(), gradient.len())?;
    for slot in &state {
        KernelError::check_length("state", parameter.len(), slot.len())?;
    }
    let piece = PIECE.max(parameter.len() / 64);
    spread(piece, Sweep { rule, parameter, gradient, state });
    Ok(())
}

/// Halves the work until a piece is small enough. Elements are independent, so the cut does not show in the result.
fn spread<T: Number, R: Rule<N>, const N: usize>(piece: usize, work: Sweep<'_, T, R, N>) {
    if work.parameter.len() <= piece {
        return simd::run(work);
    }
    let (left, right) = work.halves();
    rayon::join(|| spread(piece, left), || spread(piece, right));
}

/// A rule and the slices it is to be applied to.
struct Sweep<'a, T, R, const N: usize> {
    rule: &'a R,
    parameter: &'a mut [T],
    gradient: &'a [T],
    state: [&'a mut [T]; N],
}

impl<'a, T: Number, R: Rule<N>, const N: usize> Sweep<'a, T, R, N> {
    fn halves(self) -> (Self, Self) {
        let middle = (self.parameter.len() / 2).next_multiple_of(BLOCK).min(self.parameter.len());
        let (p, parameter) = self.parameter.split_at_mut(middle);
        let (g, gradient) = self.gradient.split_at(middle);
        let mut s = [(); N].map(|()| Default::default());
        let mut state = [(); N].map(|()| Default::default());
        for (k, slot) in self.state.into_iter().enumerate() {
            (s[k], state[k]) = slot.split_at_mut(middle);
        }
        let rule = self.rule;
        (Self { rule, parameter: p, gradient: g, state: s }, Self { rule, parameter, gradient, state })
    }
}

impl<T: Number, R: Rule<N>, const N: usize> Job<T> for Sweep<'_, T, R, N> {
    #[inline(always)]
    unsafe fn run<S: Simd<Element = T>>(self) {
        let rule = *self.rule;
        let Self { parameter, gradient, mut state, .. } = self;
        let whole = parameter.len() / BLOCK * BLOCK;
        let mut start = 0;
        while start < whole {
            block(&rule, &mut parameter[start..], &gradient[start..], &mut state, start);
            start += BLOCK;
        }
        let rest = parameter.len() - whole;
        if rest > 0 {
            // The same code on padded copies, so that an element's result does not depend on its place.
            let (mut p, mut g) = ([T::ZERO; BLOCK], [T::ZERO; BLOCK]);
            let mut s = [[T::ZERO; BLOCK]; N];
            p[..rest].copy_from_slice(&parameter[whole..]);
            g[..rest].copy_from_slice(&gradient[whole..]);
            for k in 0..N {
                s[k][..rest].copy_from_slice(&state[k][whole..]);
            }
            block(&rule, &mut p, &g, &mut s.each_mut().map(|slot| &mut slot[..]), 0);
            parameter[whole..].copy_from_slice(&p[..rest]);
            for k in 0..N {
                state[k][whole..].copy_from_slice(&s[k][..rest]);
            }
        }
    }
}

/// One block. Results are gathered apart from the sources: nothing written can be something read, and the compiler turns
/// the loop into vector code without having to ask whether slices overlap.
#[inline(always)]
fn block<T: Number, R: Rule<N>, const N: usize>(
    rule: &R,
    parameter: &mut [T],
    gradient: &[T],
    state: &mut [&mut [T]; N],
    start: usize,
) {
    let (parameter, gradient) = (&mut parameter[..BLOCK], &gradient[..BLOCK]);
    for slot in state.iter() {
        assert!(slot.len() - start >= BLOCK);
    }
    let mut new_parameter = [T::ZERO; BLOCK];
    let mut new_state = [[T::ZERO; BLOCK]; N];
    for i in 0..BLOCK {
        let mut old = [T::ZERO; N];
        for k in 0..N {
            old[k] = state[k][start + i];
        }
        let (p, s) = rule.update(parameter[i], gradient[i], old);
        new_parameter[i] = p;
        for k in 0..N {
            new_state[k][i] = s[k];
        }
    }
    parameter.copy_from_slice(&new_parameter);
    for k in 0..N {
        state[k][start..start + BLOCK].copy_from_slice(&new_state[k]);
    }
}
