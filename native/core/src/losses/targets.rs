//! Checks of targets that several losses share.

use crate::{ArrayView, Error, Result};

/// The only target.
pub(super) fn single<'a, 'b>(targets: &'a [ArrayView<'b>]) -> Result<&'a ArrayView<'b>> {
    match targets {
        [one] => Ok(one),
        _ => Err(Error::argument(format!("the loss takes one target, found {}", targets.len()))),
    }
}

/// Prediction and target must have one shape: broadcasting would hide a mistake.
pub(super) fn same_shape(prediction: &[usize], target: &ArrayView<'_>) -> Result<()> {
    if target.shape == prediction {
        return Ok(());
    }
    Err(Error::shape("target", format!("the prediction's shape {prediction:?}"), format!("{:?}", target.shape)))
}

/// Number of classes of a prediction [N, C, ..].
pub(super) fn classes(prediction: &[usize]) -> Result<usize> {
    match prediction {
        [_, classes, ..] if *classes > 0 => Ok(*classes),
        _ => Err(Error::shape("prediction", "[samples, classes, ..]", format!("{prediction:?}"))),
    }
}

/// Class indices [N, ..] for a prediction [N, C, ..], each in 0..C or equal to `ignored`.
pub(super) fn class_indices(prediction: &[usize], target: &ArrayView<'_>, ignored: Option<i64>) -> Result<()> {
    let classes = classes(prediction)?;
    let mut expected = prediction.to_vec();
    expected.remove(1);
    if target.shape != expected {
        return Err(Error::shape(
            "target",
            format!("class indices of shape {expected:?} for a prediction of shape {prediction:?}"),
            format!("{:?}", target.shape),
        ));
    }
    let wrong = |value: i64| !(0..classes as i64).contains(&value) && Some(value) != ignored;
    let found = match target.data {
        crate::DataView::I32(v) => find(v, |&x| i64::from(x), wrong),
        crate::DataView::I64(v) => find(v, |&x| x, wrong),
        crate::DataView::U8(v) => find(v, |&x| i64::from(x), wrong),
        other => return Err(Error::dtype("target", "integer class indices", other.dtype_name())),
    };
    let Some((position, value)) = found else { return Ok(()) };
    let index = unravel(position, &target.shape);
    let place = match index[..] {
        [sample] => format!("sample {sample}"),
        _ => format!("sample {} (position {index:?})", index[0]),
    };
    Err(Error::argument(format!(
        "target: {place} has class {value}, but the prediction has {classes} classes (0 to {})",
        classes - 1
    ))
    .with_detail(serde_json::json!({ "position": index, "value": value, "classes": classes })))
}

fn find<T>(values: &[T], widen: impl Fn(&T) -> i64, wrong: impl Fn(i64) -> bool) -> Option<(usize, i64)> {
    values.iter().map(widen).enumerate().find(|&(_, value)| wrong(value))
}

/// The coordinates of a row-major position.
fn unravel(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        *i = position % size;
        position /= size;
    }
    index
}
