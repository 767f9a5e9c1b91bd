//! Losses that compare: which is larger, what belongs together. Labels are 1 and -1.

use super::Loss;
use super::formula::{Formula, finite, hinge, positive, power, reduced, softplus, with_gradient};
use super::targets::{same_shape, signs};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{ArrayView, Error, Result};

/// `torch.nn.MarginRankingLoss`: max(0, -y (x - other) + margin); the targets are the other score and y. `margin` is 0.
#[derive(Debug)]
struct MarginRanking {
    margin: f64,
}

pub(super) fn margin_ranking(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, MarginRanking { margin: finite(config, "margin", 0.0)? })
}

impl Formula for MarginRanking {
    fn targets(&self) -> usize {
        2
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        targets.iter().try_for_each(|target| same_shape(prediction, target))?;
        signs(&targets[1])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        hinge(x.clone().sub(&targets[0])?.mul(&targets[1])?.neg()?.add_scalar(self.margin)?)
    }
}

/// `torch.nn.HingeEmbeddingLoss` of a distance: x where the label is 1, max(0, margin - x) where it is -1. `margin` is 1.
#[derive(Debug)]
struct HingeEmbedding {
    margin: f64,
}

pub(super) fn hinge_embedding(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, HingeEmbedding { margin: finite(config, "margin", 1.0)? })
}

impl Formula for HingeEmbedding {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        same_shape(prediction, &targets[0])?;
        signs(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let alike = targets[0].clone().greater_scalar(0.0)?;
        hinge(x.clone().neg()?.add_scalar(self.margin)?)?.where_mask(&alike, x)
    }
}

/// `torch.nn.SoftMarginLoss`: log(1 + exp(-y x)).
#[derive(Debug)]
struct SoftMargin;

pub(super) fn soft_margin(config: &Config) -> Result<Box<dyn Loss>> {
    reduced(config, SoftMargin)
}

impl Formula for SoftMargin {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        same_shape(prediction, &targets[0])?;
        signs(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let y = &targets[0];
        let z = x.clone().detached().mul(y)?.neg()?;
        let gradient = z.clone().sigmoid()?.mul(y)?.neg()?;
        with_gradient(x, softplus(z)?, &gradient)
    }
}

/// `torch.nn.CosineEmbeddingLoss` of rows [N, D]: 1 - cos where the label is 1, max(0, cos - margin) where it is -1. The targets are
/// the other rows [N, D] and the labels [N]. `margin` is 0. 1e-12 is added to the squared lengths, as PyTorch does.
#[derive(Debug)]
struct CosineEmbedding {
    margin: f64,
}

pub(super) fn cosine_embedding(config: &Config) -> Result<Box<dyn Loss>> {
    let margin = finite(config, "margin", 0.0)?;
    if !(-1.0..=1.0).contains(&margin) {
        return Err(Error::argument(format!("option 'margin': expected -1 to 1, found {margin}")));
    }
    reduced(config, CosineEmbedding { margin })
}

/// Sums over the last dimension, which goes.
fn sum_last(x: Value) -> Result<Value> {
    let mut shape = x.shape();
    let last = shape.len() - 1;
    shape.pop();
    x.sum_dims(&[last])?.reshape(&shape)
}

impl Formula for CosineEmbedding {
    fn targets(&self) -> usize {
        2
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        let [rows, _] = prediction[..] else {
            return Err(Error::shape("prediction", "[samples, features]", format!("{prediction:?}")));
        };
        same_shape(prediction, &targets[0])?;
        if targets[1].shape != [rows] {
            return Err(Error::shape("labels", format!("[{rows}]"), format!("{:?}", targets[1].shape)));
        }
        signs(&targets[1])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let other = &targets[0];
        let square = |v: &Value| sum_last(v.clone().mul(v)?)?.add_scalar(1e-12);
        let lengths = square(x)?.mul(&square(other)?)?.sqrt()?;
        let cosine = sum_last(x.clone().mul(other)?)?.div(&lengths)?;
        let alike = targets[1].clone().greater_scalar(0.0)?;
        let apart = hinge(cosine.clone().add_scalar(-self.margin)?)?;
        apart.where_mask(&alike, &cosine.neg()?.add_scalar(1.0)?)
    }
}

/// `torch.nn.TripletMarginLoss`: max(0, d(x, positive) - d(x, negative) + margin) per row, d the p-norm of the difference plus
/// `eps` along the last dimension. The targets are the positives and the negatives. Options: `margin` 1, `p` 2, `eps` 1e-6; with
/// `swap` the distance between positive and negative counts where it is the smaller one.
#[derive(Debug)]
struct TripletMargin {
    margin: f64,
    p: f64,
    eps: f64,
    swap: bool,
}

pub(super) fn triplet_margin(config: &Config) -> Result<Box<dyn Loss>> {
    let p = config.float("p", 2.0)?;
    if !(p >= 1.0 && p.is_finite()) {
        return Err(Error::argument(format!("option 'p': expected a number of at least 1, found {p}")));
    }
    let (margin, eps) = (positive(config, "margin", 1.0)?, config.non_negative("eps", 1e-6)?);
    reduced(config, TripletMargin { margin, p, eps, swap: config.flag("swap", false)? })
}

impl TripletMargin {
    fn distance(&self, a: &Value, b: &Value) -> Result<Value> {
        let d = a.clone().sub(b)?.add_scalar(self.eps)?;
        match self.p {
            1.0 => sum_last(d.abs()?),
            2.0 => sum_last(d.clone().mul(&d)?)?.sqrt(),
            p => power(sum_last(power(d.abs()?, p)?)?, 1.0 / p),
        }
    }
}

impl Formula for TripletMargin {
    fn targets(&self) -> usize {
        2
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        if prediction.len() < 2 {
            return Err(Error::shape("prediction", "[samples, features]", format!("{prediction:?}")));
        }
        targets.iter().try_for_each(|target| same_shape(prediction, target))
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let (near, mut far) = (self.distance(x, &targets[0])?, self.distance(x, &targets[1])?);
        if self.swap {
            let between = self.distance(&targets[0], &targets[1])?;
            let nearer = far.clone().greater(&between)?;
            far = far.where_mask(&nearer, &between)?;
        }
        hinge(near.sub(&far)?.add_scalar(self.margin)?)
    }
}
