//! Losses: pure functions of a prediction and its targets. PyTorch's names, options, formulas.
//!
//! To add one: write it in the file of its family (a struct, `new` from its options, `impl Loss`) and add a line to
//! [`create`]. `targets.rs` has the checks that many share.

mod cross_entropy;
mod reduction;
mod regression;
mod targets;

pub use reduction::Reduction;

use crate::spec::PartSpec;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

/// A loss.
pub trait Loss: Send + Sync + std::fmt::Debug {
    /// Number of target arrays.
    fn target_count(&self) -> usize {
        1
    }

    /// What a target is to be turned into; `found` is what the user gave (class indices or probabilities, say).
    fn target_kind(&self, index: usize, found: Kind) -> Kind;

    /// Checks shapes, and on the host the values of targets (a class out of range), before anything is computed.
    /// `prediction` is the whole shape of the model's output.
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()>;

    /// The loss: shape [1] for mean and sum, one value per element for none. Shapes have been checked.
    fn forward(&self, prediction: &Value, targets: &[Value]) -> Result<Value>;

    fn reduction(&self) -> Reduction;
}

/// Makes the loss of a description; unknown names and options are errors.
pub fn create(spec: &PartSpec) -> Result<Box<dyn Loss>> {
    type Make = fn(&crate::spec::Config) -> Result<Box<dyn Loss>>;
    let table: &[(&str, Make)] = &[("CrossEntropy", cross_entropy::cross_entropy), ("MSE", regression::mse)];
    let Some((_, make)) = table.iter().find(|(known, _)| *known == spec.kind) else {
        let known: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        return Err(Error::unsupported(format!("there is no loss '{}'; known: {}", spec.kind, known.join(", "))));
    };
    let loss = make(&spec.config).map_err(|e| e.at(format!("loss {}", spec.kind)))?;
    spec.config.finish().map_err(|e| e.at(format!("loss {}", spec.kind)))?;
    Ok(loss)
}
