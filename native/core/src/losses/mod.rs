//! Losses: pure functions of a prediction and its targets. PyTorch's names, options, formulas.
//!
//! To add one: write it in the file of its family (a struct, a function that makes it from its options, `impl Formula`, or `impl Loss`
//! where it does not reduce as others do) and add a line to [`create`]. `targets.rs` has the checks that many share.

mod binary;
mod boxes;
mod cross_entropy;
mod ctc;
mod dice;
mod focal;
mod formula;
mod likelihood;
mod multi;
mod objective;
mod ranking;
mod reduction;
mod regression;
mod targets;

pub use objective::{Evaluated, Objective, SampleWeights};
pub use reduction::{Elements, Reduction};

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

    /// The losses before reduction. Shapes have been checked.
    fn elements(&self, prediction: &Value, targets: &[Value]) -> Result<Elements>;

    fn reduction(&self) -> Reduction;

    /// The loss: shape [1] for mean and sum, one value per element for none.
    fn forward(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        self.reduction().apply(self.elements(prediction, targets)?)
    }

    /// The loss with a weight for each sample: sum(w l), and in a mean divided by the sum of the weights of what is
    /// averaged. A batch whose weights are all zero has loss 0.
    fn weighted(&self, prediction: &Value, targets: &[Value], weights: &SampleWeights) -> Result<Value> {
        let elements = self.elements(prediction, targets)?.weighted(&weights.values)?;
        if weights.total == 0.0 { elements.losses.sum() } else { self.reduction().apply(elements) }
    }
}

/// Makes the loss of a description; unknown names and options are errors.
pub fn create(spec: &PartSpec) -> Result<Box<dyn Loss>> {
    type Make = fn(&crate::spec::Config) -> Result<Box<dyn Loss>>;
    let table: &[(&str, Make)] = &[
        ("CrossEntropy", cross_entropy::cross_entropy),
        ("NLL", cross_entropy::nll),
        ("BCE", binary::bce),
        ("BCEWithLogits", binary::bce_with_logits),
        ("MSE", regression::mse),
        ("L1", regression::l1),
        ("SmoothL1", regression::smooth_l1),
        ("Huber", regression::huber),
        ("LogCosh", regression::log_cosh),
        ("KLDiv", likelihood::kl_div),
        ("PoissonNLL", likelihood::poisson_nll),
        ("GaussianNLL", likelihood::gaussian_nll),
        ("MarginRanking", ranking::margin_ranking),
        ("HingeEmbedding", ranking::hinge_embedding),
        ("SoftMargin", ranking::soft_margin),
        ("CosineEmbedding", ranking::cosine_embedding),
        ("TripletMargin", ranking::triplet_margin),
        ("MultiMargin", multi::multi_margin),
        ("MultiLabelMargin", multi::multi_label_margin),
        ("MultiLabelSoftMargin", multi::multi_label_soft_margin),
        ("CTC", ctc::ctc),
        ("Focal", focal::focal),
        ("BinaryFocal", focal::binary_focal),
        ("Dice", dice::dice),
        ("GeneralizedBoxIoU", boxes::generalized),
        ("DistanceBoxIoU", boxes::distance),
        ("CompleteBoxIoU", boxes::complete),
    ];
    let Some((_, make)) = table.iter().find(|(known, _)| *known == spec.kind) else {
        let known: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        return Err(Error::unsupported(format!("there is no loss '{}'; known: {}", spec.kind, known.join(", "))));
    };
    let loss = make(&spec.config).map_err(|e| e.at(format!("loss {}", spec.kind)))?;
    spec.config.finish().map_err(|e| e.at(format!("loss {}", spec.kind)))?;
    Ok(loss)
}
