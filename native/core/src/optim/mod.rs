//! Optimizers: PyTorch's formulas and options, one file each. State lives in the model's table beside its parameter.
//!
//! To add one: write its file (a struct, `new` from its options, `impl Optimizer`) and add a line to [`create`]. Its
//! formula stands twice: as a rule of `exburn_kernels::optim`, one pass in place for the CPU, and in operations of
//! [`Value`] for every other device. Both take their coefficients from the rule, and the tests run both. (Adafactor and
//! Muon are not made of single elements: operations only.) Several rules in one model: [`Groups`].

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod asgd;
mod average;
mod groups;
mod lamb;
mod lion;
mod muon;
mod nadam;
mod options;
mod radam;
mod rmsprop;
mod rprop;
mod sgd;
mod step;

pub(crate) use average::average;
pub use groups::{Groups, Paced, Target};

use crate::spec::PartSpec;
use crate::tensor::Value;
use crate::{Error, Result};

/// What an optimizer keeps for one parameter.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Steps this parameter has taken.
    pub step: u64,
    /// The values named by [`Optimizer::slots`]; empty before the first step.
    pub slots: Vec<Value>,
    /// The numbers named by [`Optimizer::numbers`]; empty before the first step.
    pub numbers: Vec<f64>,
}

impl State {
    /// The numbers, before the first step those given here.
    fn numbers_or<const N: usize>(&self, start: [f64; N]) -> Result<[f64; N]> {
        if self.numbers.is_empty() {
            return Ok(start);
        }
        <[f64; N]>::try_from(self.numbers.as_slice()).map_err(|_| {
            let found = self.numbers.len();
            Error::argument(format!(
                "the optimizer's state has {found} numbers for the parameter, this optimizer keeps {N}"
            ))
        })
    }
}

/// An update rule for one parameter at a time; it holds options only.
pub trait Optimizer: Send + Sync + std::fmt::Debug {
    /// The learning rate of its options, used where no schedule gives one.
    fn rate(&self) -> f64;

    /// Names of the state values of a parameter of this shape, PyTorch's (`exp_avg`, `momentum_buffer` ...), for
    /// checkpoints. Each has the type of its parameter and, but for Adafactor's factors, its shape.
    fn slots(&self, shape: &[usize]) -> &'static [&'static str];

    /// Names of the numbers kept per parameter (`mu_product` ...), for checkpoints.
    fn numbers(&self) -> &'static [&'static str] {
        &[]
    }

    /// An error when the optimizer cannot change parameters of this shape.
    fn check(&self, _shape: &[usize]) -> Result<()> {
        Ok(())
    }

    /// The same optimizer with another momentum (the first beta of those that have betas), for schedules that cycle it, as
    /// PyTorch's OneCycleLR and CyclicLR do; `None` where there is nothing of the kind. Its state goes on.
    fn with_momentum(&self, _momentum: f64) -> Option<Box<dyn Optimizer>> {
        None
    }

    /// One step: changes the parameter and its state; after an error both are as before. Parameter and gradient are plain
    /// values of one shape. On the CPU this is one fused pass, in place where nobody else holds the memory; elsewhere
    /// Burn operations.
    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()>;
}

/// Names of the state values that a state of `count` of them has: the optimizer's own, or those that it keeps where a
/// schedule gives it a momentum. `None` for a state that is not this optimizer's.
pub(crate) fn slot_names(optimizer: &dyn Optimizer, shape: &[usize], count: usize) -> Option<&'static [&'static str]> {
    let own = optimizer.slots(shape);
    let cycled = || optimizer.with_momentum(0.5).map(|cycled| cycled.slots(shape));
    if own.len() == count { Some(own) } else { cycled().filter(|names| names.len() == count) }
}

/// Makes the optimizer of a description; unknown names and options are errors.
pub fn create(spec: &PartSpec) -> Result<Box<dyn Optimizer>> {
    type Make = fn(&crate::spec::Config) -> Result<Box<dyn Optimizer>>;
    let table: &[(&str, Make)] = &[
        ("SGD", sgd::sgd),
        ("Adam", adam::adam),
        ("AdamW", adam::adamw),
        ("RMSprop", rmsprop::rmsprop),
        ("Adagrad", adagrad::adagrad),
        ("Adadelta", adadelta::adadelta),
        ("Adamax", adamax::adamax),
        ("NAdam", nadam::nadam),
        ("RAdam", radam::radam),
        ("ASGD", asgd::asgd),
        ("Rprop", rprop::rprop),
        ("LAMB", lamb::lamb),
        ("Lion", lion::lion),
        ("Adafactor", adafactor::adafactor),
        ("Muon", muon::muon),
    ];
    let Some((_, make)) = table.iter().find(|(known, _)| *known == spec.kind) else {
        let known: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        return Err(Error::unsupported(format!("there is no optimizer '{}'; known: {}", spec.kind, known.join(", "))));
    };
    let optimizer = make(&spec.config).map_err(|e| e.at(format!("optimizer {}", spec.kind)))?;
    spec.config.finish().map_err(|e| e.at(format!("optimizer {}", spec.kind)))?;
    Ok(optimizer)
}
