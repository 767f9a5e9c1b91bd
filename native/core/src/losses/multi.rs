//! Losses of many classes by margins, and of several labels at once. Predictions are scores [N, C].

use super::Loss;
use super::binary::logits;
use super::formula::{Formula, finite, reduced, weight_fits, weighted, weights, with_gradient};
use super::targets::{class_indices, classes, same_shape, shares};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

fn matrix(prediction: &[usize]) -> Result<()> {
    if prediction.len() == 2 {
        return Ok(());
    }
    Err(Error::shape("prediction", "[samples, classes]", format!("{prediction:?}")))
}

/// Sums the second dimension, scaled: [N, C] -> [N].
fn sum_classes(x: Value, scale: f64) -> Result<Value> {
    let rows = x.dim(0);
    x.sum_dims(&[1])?.reshape(&[rows])?.mul_scalar(scale)
}

/// `torch.nn.MultiMarginLoss`: the sum over the wrong classes i of max(0, margin - x[y] + x[i])^p, divided by C, times `weight[y]`.
/// Targets are class indices [N]. Options: `p` 1 or 2 (1), `margin` (1), `weight` (none).
#[derive(Debug)]
struct MultiMargin {
    squared: bool,
    margin: f64,
    weight: Option<Vec<f64>>,
}

pub(super) fn multi_margin(config: &Config) -> Result<Box<dyn Loss>> {
    let p = config.float("p", 1.0)?;
    if p != 1.0 && p != 2.0 {
        return Err(Error::argument(format!("option 'p': expected 1 or 2, found {p}")));
    }
    let (margin, weight) = (finite(config, "margin", 1.0)?, weights(config, "weight")?);
    reduced(config, MultiMargin { squared: p == 2.0, margin, weight })
}

impl Formula for MultiMargin {
    fn kind(&self) -> Kind {
        Kind::Int
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        matrix(prediction)?;
        if let Some(weight) = self.weight.as_ref().filter(|w| Ok(w.len()) != classes(prediction)) {
            return Err(Error::shape("option 'weight'", format!("{} classes", prediction[1]), weight.len()));
        }
        class_indices(prediction, &targets[0], None)
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (rows, classes) = (x.dim(0), x.dim(1));
        let index = targets[0].clone().reshape(&[rows, 1])?;
        let right = x.clone().gather(1, &index)?;
        let all = x.ints_like((0..classes as i32).collect()).reshape(&[1, classes])?;
        let own = all.expand(&[rows, classes])?.equal(&index.expand(&[rows, classes])?)?;
        let mut over = x.clone().sub(&right)?.add_scalar(self.margin)?.relu()?.fill_mask(&own, 0.0)?;
        if self.squared {
            over = over.clone().mul(&over)?;
        }
        let sums = sum_classes(over, 1.0 / classes as f64)?;
        let Some(weight) = &self.weight else { return Ok(sums) };
        let weight = x.constant_like(weight, &[classes])?;
        sums.mul(&weight.select(0, &targets[0])?)
    }
}

/// `torch.nn.MultiLabelMarginLoss`: the sum over the labels j of a row and the classes i that are not among them of
/// max(0, 1 - (x[j] - x[i])), divided by C. Targets [N, C] list class indices; the first -1 ends a row's list.
#[derive(Debug)]
struct MultiLabelMargin;

pub(super) fn multi_label_margin(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, MultiLabelMargin)
}

impl Formula for MultiLabelMargin {
    fn kind(&self) -> Kind {
        Kind::Int
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        matrix(prediction)?;
        same_shape(prediction, &targets[0])?;
        // Class indices of a prediction [N, C, C]: one per place of the list.
        class_indices(&[prediction[0], prediction[1], prediction[1]], &targets[0], Some(-1))
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (rows, classes) = (x.dim(0), x.dim(1));
        // How often a class is listed: small, and read from the device because a list ends where it says so.
        let mut counts = vec![0.0; rows * classes];
        for (list, counts) in targets[0].to_doubles()?.chunks(classes).zip(counts.chunks_mut(classes)) {
            list.iter().take_while(|&&label| label >= 0.0).for_each(|&label| counts[label as usize] += 1.0);
        }
        let others: Vec<f64> = counts.iter().map(|&c| f64::from(c == 0.0)).collect();
        let (own, other) = ([rows, classes, 1], [rows, 1, classes]);
        let gaps = x.clone().reshape(&other)?.sub(&x.clone().reshape(&own)?)?.add_scalar(1.0)?.relu()?;
        let pairs = gaps.mul(&x.constant_like(&counts, &own)?)?.mul(&x.constant_like(&others, &other)?)?;
        pairs.sum_dims(&[1, 2])?.reshape(&[rows])?.mul_scalar(1.0 / classes as f64)
    }
}

/// `torch.nn.MultiLabelSoftMarginLoss`: the binary cross-entropy of logits, times `weight`, averaged over the classes of a row.
/// Targets [N, C] are 0 to 1.
#[derive(Debug)]
struct MultiLabelSoftMargin {
    weight: Option<Vec<f64>>,
}

pub(super) fn multi_label_soft_margin(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, MultiLabelSoftMargin { weight: weights(config, "weight")? })
}

impl Formula for MultiLabelSoftMargin {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        matrix(prediction)?;
        weight_fits("weight", self.weight.as_ref(), prediction)?;
        same_shape(prediction, &targets[0])?;
        shares(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (value, gradient) = logits(x.clone().detached(), &targets[0], None)?;
        let elements = weighted(with_gradient(x, value, &gradient)?, self.weight.as_ref())?;
        sum_classes(elements, 1.0 / x.dim(1) as f64)
    }
}
