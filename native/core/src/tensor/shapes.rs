//! Shape rules shared by operations and by shape inference.

use crate::{Error, Result};

/// NumPy's and PyTorch's broadcasting of two shapes.
pub fn broadcast(what: &str, a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], i: usize| if i + s.len() < rank { 1 } else { s[i + s.len() - rank] };
    (0..rank)
        .map(|i| match (at(a, i), at(b, i)) {
            (x, y) if x == y => Ok(x),
            (1, y) => Ok(y),
            (x, 1) => Ok(x),
            _ => Err(Error::shape(what, format!("shapes that broadcast with {a:?}"), format!("{b:?}"))),
        })
        .collect()
}

/// A dimension counted from the front, or from the back when negative.
pub fn dim_index(what: &str, dim: i64, rank: usize) -> Result<usize> {
    let index = if dim < 0 { dim + rank as i64 } else { dim };
    usize::try_from(index)
        .ok()
        .filter(|&d| d < rank)
        .ok_or_else(|| Error::argument(format!("{what}: dimension {dim} does not exist in a tensor of rank {rank}")))
}

/// Output length of a sliding window (convolution, pooling): PyTorch's formula.
/// `total_padding` is the sum of both sides; `ceil` rounds up as PyTorch's `ceil_mode` does (the last window must
/// start inside the input or its leading padding, `leading`; a window may then be larger than the padded input).
pub fn window_output(
    input: usize,
    kernel: usize,
    stride: usize,
    leading: usize,
    total_padding: usize,
    dilation: usize,
    ceil: bool,
) -> Result<usize> {
    let extent = dilation * (kernel - 1) + 1;
    let padded = input + total_padding + if ceil { stride - 1 } else { 0 };
    if padded < extent || input == 0 {
        let least = (extent + input).saturating_sub(padded).max(1);
        return Err(Error::shape("window", format!("an input of at least {least}"), format!("{input}")));
    }
    let output = (padded - extent) / stride + 1;
    Ok(if ceil && (output - 1) * stride >= input + leading { output - 1 } else { output })
}

/// Whether a dimension of `n` elements can fill a padding of these sizes itself. Reflection leaves out the edge and
/// needs less padding than elements, circular padding at most as much. Negative padding removes elements, before circular
/// padding repeats what is left.
pub fn check_padding(mode: Padding, n: usize, before: i64, after: i64) -> Result<()> {
    let widest = before.max(after).max(0) as usize;
    let least = match mode {
        Padding::Reflect => widest + 1,
        Padding::Replicate => 1,
        Padding::Circular => widest + removed(before, after),
    };
    if n < least && (before, after) != (0, 0) {
        let what = format!("{mode} padding of {before} and {after}");
        return Err(Error::shape(what, format!("a dimension of at least {least}"), n));
    }
    padded_size(n, before, after).map(|_| ())
}

/// How many elements negative padding takes away.
fn removed(before: i64, after: i64) -> usize {
    before.min(0).unsigned_abs() as usize + after.min(0).unsigned_abs() as usize
}

/// Length of a dimension after padding; negative padding removes elements, but not all of them.
pub fn padded_size(n: usize, before: i64, after: i64) -> Result<usize> {
    let size = (n as i64).checked_add(before).and_then(|size| size.checked_add(after));
    // Each side alone may remove at most what is there.
    let fits = (before, after) == (0, 0) || (before.min(after) >= -(n as i64) && size.is_some_and(|size| size > 0));
    match size {
        Some(size) if fits => Ok(size as usize),
        _ => {
            let least = 1 + removed(before, after);
            Err(Error::shape(format!("padding of {before} and {after}"), format!("a dimension of at least {least}"), n))
        }
    }
}

/// For every position of a padded dimension the position of the input it repeats.
pub fn padding_sources(mode: Padding, n: usize, before: i64, after: i64) -> Result<Vec<usize>> {
    check_padding(mode, n, before, after)?;
    let last = n as i64 - 1;
    let (first, kept) = (-before.min(0), (n - removed(before, after)) as i64);
    let source = |i: i64| match mode {
        Padding::Reflect if i < 0 => -i,
        Padding::Reflect if i > last => 2 * last - i,
        Padding::Reflect => i,
        Padding::Replicate => i.clamp(0, last),
        Padding::Circular => first + (i - first).rem_euclid(kept),
    };
    Ok((-before..n as i64 + after).map(|i| source(i) as usize).collect())
}

/// How padding is filled from the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    Reflect,
    Replicate,
    Circular,
}

impl std::fmt::Display for Padding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Padding::Reflect => "reflect",
            Padding::Replicate => "replicate",
            Padding::Circular => "circular",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of torch.nn.MaxPool2d's output size.
    #[test]
    fn window_outputs() {
        let pool = |input, kernel, stride, padding, ceil| {
            window_output(input, kernel, stride, padding, 2 * padding, 1, ceil).map_err(|e| e.message)
        };
        assert_eq!(pool(7, 2, 2, 0, false), Ok(3));
        assert_eq!(pool(7, 2, 2, 0, true), Ok(4));
        assert_eq!(pool(8, 3, 2, 1, true), Ok(5));
        // The third window would start in the trailing padding.
        assert_eq!(pool(3, 2, 2, 1, true), Ok(2));
        // A window larger than the input: one output with ceil_mode, none without.
        assert_eq!(pool(2, 3, 2, 0, true), Ok(1));
        assert_eq!(pool(2, 3, 2, 0, false), Err("window: expected an input of at least 3, found 2".to_owned()));
        assert!(pool(1, 4, 2, 0, true).is_err());
    }

    #[test]
    fn padding_positions() {
        let sources = |mode| padding_sources(mode, 3, 2, 1).unwrap();
        assert_eq!(sources(Padding::Reflect), [2, 1, 0, 1, 2, 1]);
        assert_eq!(sources(Padding::Replicate), [0, 0, 0, 1, 2, 2]);
        assert_eq!(sources(Padding::Circular), [1, 2, 0, 1, 2, 0]);
        assert!(padding_sources(Padding::Reflect, 2, 2, 0).is_err());
        // Negative padding removes. As in PyTorch reflection mirrors at the input's end, circles close at the cut.
        assert_eq!(padding_sources(Padding::Reflect, 4, -1, 2).unwrap(), [1, 2, 3, 2, 1]);
        assert_eq!(padding_sources(Padding::Replicate, 3, 1, -2).unwrap(), [0, 0]);
        assert_eq!(padding_sources(Padding::Circular, 4, -1, 2).unwrap(), [1, 2, 3, 1, 2]);
        assert!(padding_sources(Padding::Circular, 3, -1, -2).is_err());
        assert!(padding_sources(Padding::Circular, 3, -2, 2).is_err());
        assert_eq!(padded_size(5, -2, 1).unwrap(), 4);
        assert!(padded_size(5, -6, 3).is_err());
    }
}
