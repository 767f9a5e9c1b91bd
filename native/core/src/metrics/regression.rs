//! Errors of predictions that are quantities: mean absolute, mean squared, root mean squared, R2.

use super::Metric;
use super::form::{plain, row};
use crate::spec::Config;
use crate::tensor::{DType, Value};
use crate::{Error, Result};

/// Prediction and target as [rows, columns]; in double precision on the CPU, where sums would else be rounded.
fn columns(name: &str, prediction: &Value, targets: &[Value]) -> Result<(Value, Value)> {
    let (prediction, target) = plain(name, prediction, targets)?;
    let shape = prediction.shape();
    if shape.is_empty() || target.shape() != shape {
        return Err(Error::shape(
            name,
            format!("targets of the prediction's shape {shape:?}"),
            format!("{:?}", target.shape()),
        ));
    }
    let dtype = if prediction.on_flex() { DType::F64 } else { prediction.dtype()? };
    let width = shape[1..].iter().product::<usize>();
    let flat = |v: Value| v.to_float(dtype).reshape(&[shape[0], width]);
    Ok((flat(prediction)?, flat(target)?))
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Absolute,
    Squared,
    Root,
}

/// A mean over all elements; shapes must be equal.
#[derive(Debug)]
struct MeanError {
    kind: Kind,
    sum: f64,
    count: f64,
}

pub(super) fn mean_absolute_error(_: &Config) -> Result<Box<dyn Metric>> {
    Ok(Box::new(MeanError { kind: Kind::Absolute, sum: 0.0, count: 0.0 }))
}

pub(super) fn mean_squared_error(_: &Config) -> Result<Box<dyn Metric>> {
    Ok(Box::new(MeanError { kind: Kind::Squared, sum: 0.0, count: 0.0 }))
}

/// The root of the mean over the whole epoch.
pub(super) fn root_mean_squared_error(_: &Config) -> Result<Box<dyn Metric>> {
    Ok(Box::new(MeanError { kind: Kind::Root, sum: 0.0, count: 0.0 }))
}

impl Metric for MeanError {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let (prediction, target) = columns("mean error", prediction, targets)?;
        let count = prediction.constant_like(&[prediction.len() as f64], &[1])?;
        if prediction.is_empty() {
            return prediction.constant_like(&[0.0, 0.0], &[2]);
        }
        let difference = prediction.sub(&target)?;
        let size = match self.kind {
            Kind::Absolute => difference.abs()?,
            _ => difference.clone().mul(&difference)?,
        };
        Value::concat(vec![size.sum()?, count], 0)
    }

    fn absorb(&mut self, partial: &[f64]) {
        self.sum += partial[0];
        self.count += partial[1];
    }

    fn value(&self) -> f64 {
        let mean = self.sum / self.count;
        if matches!(self.kind, Kind::Root) { mean.sqrt() } else { mean }
    }

    fn reset(&mut self) {
        (self.sum, self.count) = (0.0, 0.0);
    }

    fn fresh(&self) -> Box<dyn Metric> {
        Box::new(Self { kind: self.kind, sum: 0.0, count: 0.0 })
    }
}

/// The coefficient of determination, 1 - sum (t - p)² / sum (t - mean t)², per column and then averaged, as scikit-learn's r2_score.
/// A column whose targets are all equal gives 1 when it is predicted exactly and 0 otherwise; fewer than two rows give no number.
#[derive(Debug, Default)]
struct R2 {
    rows: f64,
    /// Per column: mean of the targets, sum of their squared distances from it, sum of the squared errors.
    columns: Vec<[f64; 3]>,
}

pub(super) fn r2(_: &Config) -> Result<Box<dyn Metric>> {
    Ok(Box::new(R2::default()))
}

impl Metric for R2 {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let (prediction, target) = columns("r2", prediction, targets)?;
        let rows = prediction.constant_like(&[prediction.dim(0) as f64], &[1])?;
        if prediction.is_empty() {
            return Ok(rows);
        }
        // Distances from the batch's own mean: sums of large squares would cancel.
        let mean = target.clone().mean_dims(&[0])?;
        let squares = |d: Value| row(d.clone().mul(&d)?.sum_dims(&[0])?);
        let spread = squares(target.clone().sub(&mean)?)?;
        Value::concat(vec![rows, row(mean)?, spread, squares(prediction.sub(&target)?)?], 0)
    }

    fn absorb(&mut self, partial: &[f64]) {
        let [rows, rest @ ..] = partial else { return };
        let width = rest.len() / 3;
        if width == 0 {
            return;
        }
        self.columns.resize(width, [0.0; 3]);
        let all = self.rows + rows;
        for (i, column) in self.columns.iter_mut().enumerate() {
            let (mean, spread, error) = (rest[i], rest[width + i], rest[2 * width + i]);
            // The spread of two groups together (Chan et al., 1979).
            let gap = mean - column[0];
            column[0] += gap * rows / all;
            column[1] += spread + gap * gap * self.rows * rows / all;
            column[2] += error;
        }
        self.rows = all;
    }

    fn value(&self) -> f64 {
        if self.rows < 2.0 {
            return f64::NAN;
        }
        let of = |&[_, spread, error]: &[f64; 3]| match (spread == 0.0, error == 0.0) {
            (true, exact) => f64::from(u8::from(exact)),
            _ => 1.0 - error / spread,
        };
        self.columns.iter().map(of).sum::<f64>() / self.columns.len() as f64
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn fresh(&self) -> Box<dyn Metric> {
        Box::new(Self::default())
    }
}
