//! Optimizers: PyTorch's formulas and options, one file each. State lives in the model's table beside its parameter.
//!
//! To add one: write its file (a struct, `new` from its options, `impl Optimizer`) and add a line to [`create`]. Its
//! formula stands twice: as a rule of `exburn_kernels::optim`, one pass in place for the CPU, and in operations of
//! [`Value`] for every other device. Both take their coefficients from the rule, and the tests run both.

mod adam;
mod options;
mod sgd;
mod step;

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
}

/// An update rule for one parameter at a time; it holds options only.
pub trait Optimizer: Send + Sync + std::fmt::Debug {
    /// The learning rate of its options, used where no schedule gives one.
    fn rate(&self) -> f64;

    /// Names of the state values, PyTorch's (`exp_avg`, `momentum_buffer` ...), for checkpoints. Each has the shape and
    /// the type of its parameter.
    fn slots(&self) -> &'static [&'static str];

    /// One step: changes the parameter and its state; after an error both are as before. Parameter and gradient are plain
    /// values of one shape. On the CPU this is one fused pass, in place where nobody else holds the memory; elsewhere
    /// Burn operations.
    fn step(&self, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()>;
}

/// Makes the optimizer of a description; unknown names and options are errors.
pub fn create(spec: &PartSpec) -> Result<Box<dyn Optimizer>> {
    type Make = fn(&crate::spec::Config) -> Result<Box<dyn Optimizer>>;
    let table: &[(&str, Make)] = &[("SGD", sgd::sgd), ("Adam", adam::adam), ("AdamW", adam::adamw)];
    let Some((_, make)) = table.iter().find(|(known, _)| *known == spec.kind) else {
        let known: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        return Err(Error::unsupported(format!("there is no optimizer '{}'; known: {}", spec.kind, known.join(", "))));
    };
    let optimizer = make(&spec.config).map_err(|e| e.at(format!("optimizer {}", spec.kind)))?;
    spec.config.finish().map_err(|e| e.at(format!("optimizer {}", spec.kind)))?;
    Ok(optimizer)
}
