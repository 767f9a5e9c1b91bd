//! Which samples an epoch draws, and in what order. Everything follows from (seed, epoch).

use super::split::spread;
use super::{Dataset, Role, split};
use crate::backend::rng::{Purpose, Rng};
use crate::{Error, Result};

#[derive(Debug, Clone, PartialEq)]
pub enum Sampler {
    /// As the samples lie.
    Sequential,
    /// A new random order each epoch.
    Random,
    /// torch.utils.data.WeightedRandomSampler: `samples` draws, each with a probability in proportion to its weight.
    Weighted { weights: Vec<f64>, samples: usize, replacement: bool },
    /// A new random order each epoch in which every batch has the classes in nearly the shares of the whole.
    Stratified { classes: Vec<i32> },
}

impl Sampler {
    /// A sampler that spreads the classes of an integer target.
    pub fn stratified(data: &Dataset, target: usize) -> Result<Self> {
        Ok(Self::Stratified { classes: split::classes(data.column(Role::Target, target)?)? })
    }

    /// Samples drawn in an epoch.
    pub fn samples(&self, rows: usize) -> usize {
        match self {
            Self::Weighted { samples, .. } => *samples,
            _ => rows,
        }
    }

    pub(super) fn check(&self, rows: usize) -> Result<()> {
        let found = match self {
            Self::Weighted { weights, .. } => weights.len(),
            Self::Stratified { classes } => classes.len(),
            _ => rows,
        };
        if found != rows {
            return Err(Error::shape("sampler", format!("one entry for each of {rows} samples"), found));
        }
        let Self::Weighted { weights, samples, replacement } = self else { return Ok(()) };
        if let Some(i) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            let text = format!("weight {i} of the sampler is {}; expected a finite number of at least 0", weights[i]);
            return Err(Error::argument(text));
        }
        let possible = weights.iter().filter(|&&w| w > 0.0).count();
        if possible == 0 {
            return Err(Error::argument("all weights of the sampler are 0"));
        }
        if *samples == 0 {
            return Err(Error::argument("the sampler draws no samples"));
        }
        if !replacement && *samples > possible {
            return Err(Error::argument(format!(
                "without replacement {samples} samples cannot be drawn from {possible} with a weight above 0"
            )));
        }
        Ok(())
    }

    /// Positions in the order of the epoch.
    pub fn order(&self, rows: usize, seed: u64, epoch: u64) -> Result<Vec<u32>> {
        let mut rng = Rng::new(seed, Purpose::Sample, &[epoch]);
        match self {
            Self::Sequential => Ok((0..rows as u32).collect()),
            Self::Random => Rng::new(seed, Purpose::Shuffle, &[epoch]).permutation(rows),
            Self::Stratified { classes } => spread(classes, &mut rng, Rng::uniform),
            Self::Weighted { weights, samples, replacement: true } => Ok(with_replacement(weights, *samples, &mut rng)),
            Self::Weighted { weights, samples, .. } => Ok(without_replacement(weights, *samples, &mut rng)),
        }
    }
}

/// Inverse of the cumulative distribution.
fn with_replacement(weights: &[f64], samples: usize, rng: &mut Rng) -> Vec<u32> {
    // Scaled by the largest, so that a sum of huge weights stays finite.
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let mut total = 0.0;
    let sums: Vec<f64> = weights
        .iter()
        .map(|w| {
            total += w / largest;
            total
        })
        .collect();
    let last = weights.iter().rposition(|&w| w > 0.0).unwrap_or(0);
    (0..samples)
        .map(|_| {
            let point = rng.uniform() * total;
            sums.partition_point(|&sum| sum <= point).min(last) as u32
        })
        .collect()
}

/// Efraimidis and Spirakis (2006): the largest of u^(1/w) are drawn one after the other in proportion to their weights.
fn without_replacement(weights: &[f64], samples: usize, rng: &mut Rng) -> Vec<u32> {
    let mut keys: Vec<(f64, u32)> = Vec::with_capacity(weights.len());
    for (i, &weight) in weights.iter().enumerate() {
        // 1 - u is never 0; the logarithm orders as the power does.
        let draw = (1.0 - rng.uniform()).ln();
        if weight > 0.0 {
            keys.push((draw / weight, i as u32));
        }
    }
    keys.sort_by(|a, b| b.0.total_cmp(&a.0));
    keys.into_iter().take(samples).map(|(_, i)| i).collect()
}
