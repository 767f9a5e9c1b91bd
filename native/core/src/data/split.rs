//! Which samples go into which part.

use super::Column;
use crate::backend::rng::{Purpose, Rng};
use crate::{DataView, Error, Result};

/// How samples are dealt out to the parts of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitMode {
    /// The first samples go into the first part.
    InOrder,
    Random,
    /// Random, with the classes of an integer target in the same shares in every part, as near as whole samples allow.
    Stratified {
        target: usize,
    },
}

pub(super) fn check_sizes(sizes: &[u64], samples: usize) -> Result<Vec<usize>> {
    let total = sizes.iter().try_fold(0u64, |sum, &n| sum.checked_add(n));
    if total != Some(samples as u64) {
        let found = total.map_or_else(|| "an overflow".to_owned(), |n| n.to_string());
        return Err(Error::argument(format!("the sizes of the parts must add up to {samples} samples, found {found}")));
    }
    Ok(sizes.iter().map(|&n| n as usize).collect())
}

pub(super) fn random(samples: usize, seed: u64) -> Result<Vec<u32>> {
    Rng::new(seed, Purpose::Split, &[0]).permutation(samples)
}

/// Puts the samples of one part into random order.
pub(super) fn shuffle(picks: &mut [u32], seed: u64, part: u64) {
    let mut rng = Rng::new(seed, Purpose::Split, &[part]);
    for i in (1..picks.len()).rev() {
        picks.swap(i, rng.below(i as u64 + 1) as usize);
    }
}

/// The class of each sample.
pub(super) fn classes(column: &Column) -> Result<Vec<i32>> {
    if column.row_size() != 1 {
        return Err(Error::shape("target to stratify by", "one class per sample", super::column::fmt(column.shape())));
    }
    match column.view().data {
        view @ (DataView::I32(_) | DataView::I64(_) | DataView::U8(_)) => view.to_i32(),
        other => Err(Error::dtype("target to stratify by", "integer classes", other.dtype_name())),
    }
}

/// A random order in which each class is spread evenly: cut anywhere, both sides hold it in its share.
pub(super) fn stratified(classes: &[i32], seed: u64) -> Result<Vec<u32>> {
    let mut rng = Rng::new(seed, Purpose::Split, &[0]);
    spread(classes, &mut rng, |_| 0.5)
}

/// Gives the i-th of a class's n samples, taken in random order, the place (i + offset) / n, and sorts by place.
pub(super) fn spread(classes: &[i32], rng: &mut Rng, offset: impl Fn(&mut Rng) -> f64) -> Result<Vec<u32>> {
    let order = rng.permutation(classes.len())?;
    let mut sizes = std::collections::BTreeMap::<i32, u32>::new();
    classes.iter().for_each(|&c| *sizes.entry(c).or_default() += 1);
    let mut seen = std::collections::BTreeMap::<i32, u32>::new();
    let mut places: Vec<(f64, u32)> = order
        .into_iter()
        .map(|i| {
            let class = classes[i as usize];
            let rank = seen.entry(class).or_default();
            let place = (f64::from(*rank) + offset(rng)) / f64::from(sizes[&class]);
            *rank += 1;
            (place, i)
        })
        .collect();
    // Stable, so that equal places keep their random order.
    places.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(places.into_iter().map(|(_, i)| i).collect())
}
