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

/// An error that names the first number of a target for which `right` does not hold.
fn numbers(target: &ArrayView<'_>, expected: &str, right: impl Fn(f64) -> bool) -> Result<()> {
    use crate::DataView::{F32, F64, I32, I64, U8};
    let found = match target.data {
        F32(v) => v.iter().map(|&x| f64::from(x)).enumerate().find(|&(_, x)| !right(x)),
        F64(v) => v.iter().copied().enumerate().find(|&(_, x)| !right(x)),
        I32(v) => v.iter().map(|&x| f64::from(x)).enumerate().find(|&(_, x)| !right(x)),
        I64(v) => v.iter().map(|&x| x as f64).enumerate().find(|&(_, x)| !right(x)),
        U8(v) => v.iter().map(|&x| f64::from(x)).enumerate().find(|&(_, x)| !right(x)),
    };
    let Some((position, value)) = found else { return Ok(()) };
    let index = unravel(position, &target.shape);
    let place = match index[..] {
        [] => "the value".to_owned(),
        [sample] => format!("sample {sample}"),
        _ => format!("sample {} (position {index:?})", index[0]),
    };
    Err(Error::argument(format!("target: {place} is {value}, expected {expected}"))
        .with_detail(serde_json::json!({ "position": index, "value": value })))
}

/// Targets from 0 to 1.
pub(super) fn shares(target: &ArrayView<'_>) -> Result<()> {
    numbers(target, "0 to 1", |x| (0.0..=1.0).contains(&x))
}

/// Targets that are 1 or -1.
pub(super) fn signs(target: &ArrayView<'_>) -> Result<()> {
    numbers(target, "1 or -1", |x| x == 1.0 || x == -1.0)
}

/// Targets that are not below zero.
pub(super) fn not_negative(target: &ArrayView<'_>, what: &str) -> Result<()> {
    numbers(target, &format!("a {what} of at least 0"), |x| x >= 0.0)
}

/// The coordinates of a row-major position.
pub(super) fn unravel(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        *i = position % size;
        position /= size;
    }
    index
}
