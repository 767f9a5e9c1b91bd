//! How far predicted boxes are from the marked ones, by their overlap (IoU). A box is its corners x1, y1, x2, y2, in the last dimension
//! of prediction and target [N, .., 4]; a loss has one value per box [N, ..]. Formulas, `eps` (1e-7) and derivatives are torchvision's.
//!
//! Boxes are taken to have x1 <= x2 and y1 <= y2, which is not checked: the others overlap with nothing and have negative areas, as in
//! torchvision.

use std::f64::consts::PI;

use super::Loss;
use super::formula::{Formula, TINY, positive, reduced};
use super::targets::same_shape;
use crate::spec::Config;
use crate::tensor::Value;
use crate::{ArrayView, Error, Result};

/// What is added to 1 - IoU.
#[derive(Debug)]
enum Penalty {
    Hull,
    Distance,
    DistanceAndShape,
}

#[derive(Debug)]
struct BoxIoU {
    penalty: Penalty,
    eps: f64,
}

fn loss(config: &Config, penalty: Penalty) -> Result<Box<dyn Loss>> {
    reduced(config, BoxIoU { penalty, eps: positive(config, "eps", 1e-7)? })
}

/// `torchvision.ops.generalized_box_iou_loss` (Rezatofighi et al., 2019): 1 - IoU + (C - U) / (C + eps) with the areas U of the union
/// and C of the smallest box around both.
pub(super) fn generalized(config: &Config) -> Result<Box<dyn Loss>> {
    loss(config, Penalty::Hull)
}

/// `torchvision.ops.distance_box_iou_loss` (Zheng et al., 2020): 1 - IoU + d² / (c² + eps) with the distance d of the centres and the
/// diagonal c of the smallest box around both.
pub(super) fn distance(config: &Config) -> Result<Box<dyn Loss>> {
    loss(config, Penalty::Distance)
}

/// `torchvision.ops.complete_box_iou_loss` (Zheng et al., 2020): that of the distance, and alpha v for the shapes, where
/// v = 4 / pi² (atan(w / h) - atan(w' / h'))² and alpha = v / (1 - IoU + v + eps), which counts as a constant in the derivative.
pub(super) fn complete(config: &Config) -> Result<Box<dyn Loss>> {
    loss(config, Penalty::DistanceAndShape)
}

impl Formula for BoxIoU {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        if prediction.len() < 2 || prediction.last() != Some(&4) {
            let expected = "boxes [samples, .., 4] of x1, y1, x2, y2";
            return Err(Error::shape("prediction", expected, format!("{prediction:?}")));
        }
        same_shape(prediction, &targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let shape = x.shape();
        let boxes = &shape[..shape.len() - 1];
        if x.is_empty() {
            return x.clone().reshape(boxes);
        }
        let count = x.len() / 4;
        let ([low, high], [low_t, high_t]) = (corners(x, count)?, corners(&targets[0], count)?);
        let (size, size_t) = (high.clone().sub(&low)?, high_t.clone().sub(&low_t)?);
        let common = area(bound(&high, &high_t, false)?.sub(&bound(&low, &low_t, true)?)?.relu()?)?;
        let union = area(size.clone())?.add(&area(size_t.clone())?)?.sub(&common)?;
        let missing = common.div(&union.clone().add_scalar(self.eps)?)?.neg()?.add_scalar(1.0)?;
        let hull = bound(&high, &high_t, true)?.sub(&bound(&low, &low_t, false)?)?;
        let mut value = match self.penalty {
            Penalty::Hull => {
                let hull = area(hull)?;
                hull.clone().sub(&union)?.div(&hull.add_scalar(self.eps)?)?
            }
            Penalty::Distance | Penalty::DistanceAndShape => {
                let apart = low.add(&high)?.sub(&low_t.add(&high_t)?)?.mul_scalar(0.5)?;
                squares(apart)?.div(&squares(hull)?.add_scalar(self.eps)?)?
            }
        };
        value = value.add(&missing)?;
        if let Penalty::DistanceAndShape = self.penalty {
            let turn = angle(&size_t)?.sub(&angle(&size)?)?.mul_scalar(2.0 / PI)?;
            let v = turn.clone().mul(&turn)?;
            let share = v.clone().detached();
            let alpha = share.clone().div(&missing.detached().add(&share)?.add_scalar(self.eps)?)?;
            value = value.add(&v.mul(&alpha)?)?;
        }
        value.reshape(boxes)
    }
}

/// Boxes as two lists of points [count, 2]: (x1, y1) and (x2, y2).
fn corners(boxes: &Value, count: usize) -> Result<[Value; 2]> {
    let boxes = boxes.clone().reshape(&[count, 4])?;
    Ok([boxes.clone().narrow(1, 0, 2)?, boxes.narrow(1, 2, 4)?])
}

/// Width times height: [count, 2] -> [count, 1].
fn area(size: Value) -> Result<Value> {
    size.clone().narrow(1, 0, 1)?.mul(&size.narrow(1, 1, 2)?)
}

/// x² + y²: [count, 2] -> [count, 1].
fn squares(point: Value) -> Result<Value> {
    point.clone().mul(&point)?.sum_dims(&[1])
}

/// The larger or the smaller of a prediction and a target. Where they are equal the derivative is a half, as PyTorch's: boxes that share
/// a side are common.
fn bound(x: &Value, t: &Value, larger: bool) -> Result<Value> {
    let plain = x.clone().detached();
    let above = plain.clone().greater(t)?;
    let value = if larger { t.clone().where_mask(&above, &plain)? } else { plain.clone().where_mask(&above, t)? };
    let half = if larger { 0.5 } else { -0.5 };
    Value::with_slopes(value, &[x], |_| plain.clone().sub(t)?.sign()?.mul_scalar(half)?.add_scalar(0.5))
}

/// atan(w / h) of sizes [count, 2] -> [count, 1]. Where h is 0 the derivative is finite, which that of the formula is not; with w 0, too,
/// the angle is 0.
fn angle(size: &Value) -> Result<Value> {
    let plain = size.clone().detached();
    let (w, h) = (plain.clone().narrow(1, 0, 1)?, plain.clone().narrow(1, 1, 2)?);
    let flat = h.clone().greater_scalar(0.0)?.or(&h.clone().neg()?.greater_scalar(0.0)?)?.not()?;
    let value = w.clone().div(&h.clone().fill_mask(&flat, TINY)?)?.atan()?;
    let (wide, high) = (size.clone().narrow(1, 0, 1)?, size.clone().narrow(1, 1, 2)?);
    let length = squares(plain)?.clamp_min(TINY)?;
    Value::with_slopes(value, &[&wide, &high], |i| {
        if i == 0 { h.clone().div(&length) } else { w.clone().neg()?.div(&length) }
    })
}
