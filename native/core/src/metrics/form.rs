//! What shapes of predictions and targets mean.

use crate::tensor::Value;
use crate::{Error, Result};

/// How a prediction is to be read, decided by shapes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Predictions [N] or [N, 1, ..]: one yes or no per element.
    Binary,
    /// Predictions [N, C, ..] with class indices [N, ..].
    Indices,
    /// Predictions [N, C, ..] with a share for every class, or a yes or no for every label.
    Shares,
}

impl Form {
    pub fn of(metric: &str, prediction: &Value, target: &Value) -> Result<Self> {
        let (shape, found) = (prediction.shape(), target.shape());
        let binary = match shape[..] {
            [_] | [_, 1, ..] => true,
            [_, 0, ..] | [] => {
                return Err(Error::shape(metric, "a prediction [N] or [N, C, ..]", format!("{shape:?}")));
            }
            _ => false,
        };
        let mut without = shape.clone();
        if without.len() > 1 {
            without.remove(1);
        }
        let with_column = binary && shape.len() == 1 && found == [shape[0], 1];
        if found != shape && found != without && !with_column {
            let expected = format!("targets of shape {shape:?} or {without:?} for a prediction of shape {shape:?}");
            return Err(Error::shape(metric, expected, format!("{found:?}")));
        }
        Ok(if binary {
            Self::Binary
        } else if found == shape {
            Self::Shares
        } else {
            Self::Indices
        })
    }
}

/// The prediction and the first target, outside any gradient graph.
pub(super) fn plain(metric: &str, prediction: &Value, targets: &[Value]) -> Result<(Value, Value)> {
    let [target, ..] = targets else { return Err(Error::argument(format!("{metric} needs a target"))) };
    Ok((prediction.clone().detached(), target.clone().detached()))
}

/// All elements in one row.
pub(super) fn row(value: Value) -> Result<Value> {
    let count = value.len();
    value.reshape(&[count])
}

/// Elements [N, C, ..] as [positions, C], the classes last.
pub(super) fn classes_last(value: Value) -> Result<Value> {
    let mut axes: Vec<usize> = (0..value.rank()).collect();
    axes.remove(1);
    axes.push(1);
    let classes = value.dim(1);
    let positions = value.len() / classes;
    value.permute(&axes)?.reshape(&[positions, classes])
}
