//! Mixup (Zhang et al., 2018) and CutMix (Yun et al., 2019): training on blends of two samples and of their classes.

use super::feed::Batch;
use super::images::Moment;
use super::{Dataset, Role, split};
use crate::backend::rng::{Purpose, Rng};
use crate::{DataView, Error, HostArray, HostData, Result};

/// What is mixed in training. With both, each batch draws one of them. As in torchvision each sample is mixed with the
/// one before it in the (shuffled) batch, by a share from Beta(alpha, alpha) that the batch has in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    mixup: Option<f64>,
    cutmix: Option<f64>,
    classes: usize,
}

impl Mix {
    pub fn new(mixup: Option<f64>, cutmix: Option<f64>, classes: usize) -> Result<Self> {
        for (name, alpha) in [("mixup", mixup), ("cutmix", cutmix)] {
            if alpha.is_some_and(|a| !a.is_finite() || a <= 0.0) {
                return Err(Error::argument(format!("{name}: expected an alpha above 0, found {alpha:?}")));
            }
        }
        if classes == 0 || (mixup.is_none() && cutmix.is_none()) {
            return Err(Error::argument("mixing takes an alpha and at least one class"));
        }
        Ok(Self { mixup, cutmix, classes })
    }

    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn check(&self, data: &Dataset) -> Result<()> {
        if data.count(Role::Input) != 1 || data.count(Role::Target) != 1 {
            return Err(Error::argument("mixing takes a dataset with one input and one target"));
        }
        let classes = split::classes(&data.targets[0]).map_err(|e| e.at("target to mix"))?;
        crate::model::check_indices(&DataView::I32(&classes), self.classes).map_err(|e| e.at("target to mix"))?;
        let shape = data.inputs[0].shape();
        if self.cutmix.is_some() && shape.len() != 4 {
            return Err(Error::shape("input of CutMix", "[rows, channels, height, width]", super::column::fmt(shape)));
        }
        Ok(())
    }

    /// Mixes a batch in place; its classes become probabilities `[rows, classes]`.
    pub(super) fn apply(&self, batch: &mut Batch, moment: Moment, index: u64) -> Result<()> {
        let mut rng = Rng::new(moment.seed, Purpose::Mix, &[moment.epoch, index]);
        let (cut, alpha) = match (self.mixup, self.cutmix) {
            (Some(mixup), Some(cutmix)) => {
                if rng.uniform() < 0.5 {
                    (false, mixup)
                } else {
                    (true, cutmix)
                }
            }
            (Some(mixup), None) => (false, mixup),
            (None, cutmix) => (true, cutmix.unwrap_or(1.0)),
        };
        let share = beta(alpha, &mut rng);
        let rows = batch.rows;
        let input = batch.inputs.swap_remove(0);
        let shape = input.shape.clone();
        let values = match input.data {
            HostData::F32(v) => v,
            other => HostArray { shape: shape.clone(), data: other }.view_data().to_f32(),
        };
        let (mixed, share) = if cut {
            cut_mix(values, &shape, share, &mut rng)
        } else {
            let mut mixed = values.clone();
            let size = values.len() / rows.max(1);
            for row in 0..rows {
                let other = &values[before(row, rows) * size..][..size];
                let (own, rest) = (share as f32, (1.0 - share) as f32);
                mixed[row * size..][..size].iter_mut().zip(other).for_each(|(x, &y)| *x = own * *x + rest * y);
            }
            (mixed, share)
        };
        batch.inputs.push(HostArray { shape, data: HostData::F32(mixed) });

        let target = batch.targets.swap_remove(0);
        let classes = target.view_data().to_i32()?;
        let mut soft = vec![0f32; rows * self.classes];
        for row in 0..rows {
            soft[row * self.classes + classes[row] as usize] += share as f32;
            soft[row * self.classes + classes[before(row, rows)] as usize] += (1.0 - share) as f32;
        }
        batch.targets.push(HostArray { shape: vec![rows, self.classes], data: HostData::F32(soft) });
        if let Some(HostArray { data: HostData::F32(weights), .. }) = &mut batch.weights {
            let own = weights.clone();
            let mix = |row: usize| share * f64::from(own[row]) + (1.0 - share) * f64::from(own[before(row, rows)]);
            weights.iter_mut().enumerate().for_each(|(row, w)| *w = mix(row) as f32);
        }
        Ok(())
    }
}

fn before(row: usize, rows: usize) -> usize {
    (row + rows - 1) % rows
}

/// Puts a box of the other sample in; gives the share of the own pixels that are left.
fn cut_mix(values: Vec<f32>, shape: &[usize], share: f64, rng: &mut Rng) -> (Vec<f32>, f64) {
    let (rows, channels, height, width) = (shape[0], shape[1], shape[2], shape[3]);
    let half = 0.5 * (1.0 - share).sqrt();
    let mut side = |size: usize| {
        let centre = rng.below(size as u64) as f64;
        let reach = (half * size as f64).floor();
        ((centre - reach).max(0.0) as usize, (centre + reach).min(size as f64) as usize)
    };
    let (left, right) = side(width);
    let (top, bottom) = side(height);
    let mut mixed = values.clone();
    for row in 0..rows {
        let other = before(row, rows);
        for channel in 0..channels {
            for y in top..bottom {
                let at = |sample: usize| ((sample * channels + channel) * height + y) * width;
                mixed[at(row) + left..at(row) + right].copy_from_slice(&values[at(other) + left..at(other) + right]);
            }
        }
    }
    (mixed, 1.0 - ((right - left) * (bottom - top)) as f64 / (width * height) as f64)
}

/// A draw from Beta(alpha, alpha), as the share of one of two Gamma variables.
fn beta(alpha: f64, rng: &mut Rng) -> f64 {
    let (a, b) = (log_gamma_draw(alpha, rng), log_gamma_draw(alpha, rng));
    1.0 / (1.0 + (b - a).exp())
}

/// Logarithm of a draw from Gamma(shape, 1) (Marsaglia and Tsang, 2000), so that small shapes do not underflow.
fn log_gamma_draw(shape: f64, rng: &mut Rng) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - rng.uniform()).ln() / shape;
        return log_gamma_draw(shape + 1.0, rng) + boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let z = rng.normal();
        let v = (1.0 + c * z).powi(3);
        if v > 0.0 && (1.0 - rng.uniform()).ln() < 0.5 * z * z + d - d * v + d * v.ln() {
            return (d * v).ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beta(a, a): mean 1/2, variance 1 / (4 (2a + 1)); five standard errors wide.
    #[test]
    fn moments_of_beta() {
        for alpha in [0.2, 1.0, 3.0] {
            let mut rng = Rng::new(3, Purpose::Mix, &[]);
            let n = 100_000;
            let draws: Vec<f64> = (0..n).map(|_| beta(alpha, &mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(n);
            let variance = draws.iter().map(|x| (x - 0.5) * (x - 0.5)).sum::<f64>() / f64::from(n);
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((mean - 0.5).abs() < 5.0 * (expected / f64::from(n)).sqrt(), "{alpha}: mean {mean}");
            // The square's deviation is at most 1/8 (it lies in [0, 1/4]).
            assert!((variance - expected).abs() < 5.0 * 0.125 / f64::from(n).sqrt(), "{alpha}: variance {variance}");
        }
    }

    fn batch(rows: usize) -> Batch {
        // Sample r is r + 1 everywhere and of class r % 3.
        let values = (0..rows * 2 * 8 * 8).map(|i| (i / 128 + 1) as f32).collect();
        let classes = (0..rows).map(|r| (r % 3) as i32).collect();
        Batch {
            inputs: vec![HostArray { shape: vec![rows, 2, 8, 8], data: HostData::F32(values) }],
            targets: vec![HostArray { shape: vec![rows], data: HostData::I32(classes) }],
            weights: Some(HostArray { shape: vec![rows], data: HostData::F32((0..rows).map(|r| r as f32).collect()) }),
            rows,
        }
    }

    /// The share that the targets tell is the one that the inputs and weights have.
    #[test]
    fn inputs_targets_and_weights_share_alike() {
        for (mix, seed) in
            [(Mix::new(Some(0.5), None, 3), 1), (Mix::new(None, Some(1.0), 3), 2), (Mix::new(None, Some(1.0), 3), 3)]
        {
            let mix = mix.unwrap();
            let mut batch = batch(4);
            mix.apply(&mut batch, Moment { seed, epoch: 0 }, 0).unwrap();
            assert_eq!(batch.targets[0].shape, [4, 3]);
            let soft = batch.targets[0].view_data().to_f64();
            let inputs = batch.inputs[0].view_data().to_f64();
            let weights = batch.weights.unwrap().view_data().to_f64();
            // Sample 1 is of class 1, the one before it of class 0.
            let share = soft[3 + 1];
            assert!((soft[3] + share - 1.0).abs() < 1e-6 && share > 0.0 && share <= 1.0);
            // Both are of class 0: samples 0 and 3.
            assert!((soft[0] - 1.0).abs() < 1e-6, "{soft:?}");
            for row in 0..4 {
                let other = (row + 3) % 4;
                let mean = inputs[row * 128..][..128].iter().sum::<f64>() / 128.0;
                let expected = share * (row + 1) as f64 + (1.0 - share) * (other + 1) as f64;
                assert!((mean - expected).abs() < 1e-5, "row {row}: {mean}, expected {expected}");
                assert!((weights[row] - (expected - 1.0)).abs() < 1e-5);
            }
            if mix.cutmix.is_some() {
                assert!(inputs[128..256].iter().all(|&x| x == 1.0 || x == 2.0));
            }
        }
    }
}
