//! Cross-entropy of logits, `torch.nn.CrossEntropyLoss`, and of log-probabilities, `torch.nn.NLLLoss`.

use super::formula::weights;
use super::targets::{class_indices, classes, same_shape, single};
use super::{Elements, Loss, Reduction};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

/// The dimension of the classes in [N, C, ..].
const CLASSES: usize = 1;

/// Logits [N, C, ..] with class indices [N, ..] or with probabilities [N, C, ..].
///
/// Options: `weight` (one number per class), `label_smoothing` (0), `ignore_index` (-100; class indices only),
/// `reduction`. The mean over class indices divides by the sum of the weights of the classes that were meant, so it is NaN
/// when every target is ignored; over probabilities it divides by the number of targets.
///
/// Without `logits` the prediction is log-probabilities and targets are class indices: the negative log-likelihood.
#[derive(Debug)]
struct CrossEntropy {
    logits: bool,
    weight: Option<Vec<f64>>,
    smoothing: f64,
    ignored: i32,
    reduction: Reduction,
}

pub(super) fn cross_entropy(config: &Config) -> Result<Box<dyn Loss>> {
    make(config, true)
}

/// Options: `weight`, `ignore_index`, `reduction`.
pub(super) fn nll(config: &Config) -> Result<Box<dyn Loss>> {
    make(config, false)
}

fn make(config: &Config, logits: bool) -> Result<Box<dyn Loss>> {
    let smoothing = if logits { config.float("label_smoothing", 0.0)? } else { 0.0 };
    if !(0.0..=1.0).contains(&smoothing) {
        return Err(Error::argument(format!("option 'label_smoothing': expected 0 to 1, found {smoothing}")));
    }
    let ignored = config.int("ignore_index", -100)?;
    let ignored = i32::try_from(ignored)
        .map_err(|_| Error::argument(format!("option 'ignore_index': {ignored} does not fit 32 bits")))?;
    let weight = weights(config, "weight")?;
    Ok(Box::new(CrossEntropy { logits, weight, smoothing, ignored, reduction: Reduction::parse(config)? }))
}

/// A list with one number per class in a shape that broadcasts over [N, C, ..].
fn along_classes(list: Value, rank: usize) -> Result<Value> {
    let mut shape = vec![1; rank];
    shape[CLASSES] = list.len();
    list.reshape(&shape)
}

impl CrossEntropy {
    /// The weights, one per class.
    fn weights(&self, like: &Value) -> Result<Option<Value>> {
        self.weight.as_ref().map(|w| like.constant_like(w, &[w.len()])).transpose()
    }

    /// Whether a target may be ignored. Only the CPU can tell at once; elsewhere the answer would wait for the device.
    fn may_ignore(&self, target: &Value) -> bool {
        target.host_slice::<i32>().is_none_or(|t| t.contains(&self.ignored))
    }

    fn of_indices(&self, log: Value, target: &Value) -> Result<Elements> {
        let (count, classes) = (target.len(), log.dim(CLASSES));
        let shape = target.shape();
        let mut column = log.shape();
        column[CLASSES] = 1;
        let mut index = target.clone().reshape(&column)?;
        let mut ignored = None;
        if self.may_ignore(target) {
            let mask = index.clone().equal_scalar(i64::from(self.ignored))?;
            // Any class will do: its loss is set to zero below.
            index = index.mul(&mask.clone().not()?.to_int())?;
            ignored = Some(mask);
        }
        let dtype = log.dtype()?;
        let weights = self.weights(&log)?;

        // [N, 1, ..] each: the loss of the class that is meant, and what it counts in the mean.
        let mut loss = log.clone().gather(CLASSES, &index)?.neg()?;
        let mut counts = None;
        if let Some(weights) = &weights {
            let picked = weights.clone().select(0, &index.clone().reshape(&[count])?)?.reshape(&column)?;
            loss = loss.mul(&picked)?;
            counts = Some(picked);
        }
        if self.smoothing > 0.0 {
            let all = weights
                .map_or(Ok(log.clone()), |w| along_classes(w, log.rank()).and_then(|w| log.clone().mul(&w)))?
                .sum_dims(&[CLASSES])?;
            let all = all.mul_scalar(-self.smoothing / classes as f64)?;
            loss = loss.mul_scalar(1.0 - self.smoothing)?.add(&all)?;
        }
        if let Some(mask) = &ignored {
            loss = loss.fill_mask(mask, 0.0)?;
            counts = Some(match counts {
                Some(counts) => counts.fill_mask(mask, 0.0)?,
                None => mask.clone().not()?.to_float(dtype),
            });
        }
        let counts = counts.map(|counts| counts.reshape(&shape)).transpose()?;
        Ok(Elements { losses: loss.reshape(&shape)?, counts })
    }

    fn of_probabilities(&self, log: Value, target: &Value) -> Result<Elements> {
        let shape = log.shape();
        let classes = shape[CLASSES];
        let target = match self.smoothing {
            0.0 => target.clone(),
            s => target.clone().mul_scalar(1.0 - s)?.add_scalar(s / classes as f64)?,
        };
        let weights = self.weights(&log)?;
        let mut product = log.mul(&target)?;
        if let Some(weights) = weights {
            let weights = along_classes(weights, product.rank())?;
            product = product.mul(&weights)?;
        }
        let mut rest = shape;
        rest.remove(CLASSES);
        Ok(product.sum_dims(&[CLASSES])?.neg()?.reshape(&rest)?.into())
    }
}

impl Loss for CrossEntropy {
    fn target_kind(&self, _index: usize, found: Kind) -> Kind {
        if found == Kind::Float && self.logits { Kind::Float } else { Kind::Int }
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        let target = single(targets)?;
        let classes = classes(prediction)?;
        if let Some(weight) = self.weight.as_ref().filter(|w| w.len() != classes) {
            return Err(Error::shape("option 'weight'", format!("{classes} classes"), format!("{}", weight.len())));
        }
        if !target.data.is_float() || !self.logits {
            return class_indices(prediction, target, Some(i64::from(self.ignored)));
        }
        if target.shape.len() + 1 == prediction.len() {
            return Err(Error::dtype("target", "class indices as integers", target.data.dtype_name()));
        }
        same_shape(prediction, target)
    }

    fn elements(&self, prediction: &Value, targets: &[Value]) -> Result<Elements> {
        let target = &targets[0];
        let log = if self.logits { prediction.clone().log_softmax(CLASSES)? } else { prediction.clone() };
        match target.kind() {
            Kind::Float => self.of_probabilities(log, target),
            _ => self.of_indices(log, target),
        }
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
