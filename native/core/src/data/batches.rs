//! The order of samples in an epoch, cut into batches.

use crate::Result;
use crate::backend::rng::{Purpose, Rng};

/// All batches of one epoch. The order depends on seed and epoch alone, so an epoch can be repeated or resumed.
#[derive(Debug, Clone)]
pub struct Batches {
    order: Vec<u32>,
    size: usize,
    count: usize,
}

impl Batches {
    /// `size` is at least 1; a last batch that is not full is kept unless `drop_last`.
    pub fn new(samples: usize, size: usize, shuffle: bool, drop_last: bool, seed: u64, epoch: u64) -> Result<Self> {
        let mut rng = Rng::new(seed, Purpose::Shuffle, &[epoch]);
        let order = if shuffle { rng.permutation(samples)? } else { (0..samples as u32).collect() };
        Ok(Self::of(order, size, drop_last))
    }

    /// Batches of samples in a given order.
    pub fn of(order: Vec<u32>, size: usize, drop_last: bool) -> Self {
        let count = if drop_last { order.len() / size } else { order.len().div_ceil(size) };
        Self { order, size, count }
    }

    /// Number of batches.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of samples in all batches.
    pub fn samples(&self) -> usize {
        self.order.len().min(self.count * self.size)
    }

    /// Positions of a batch's samples.
    pub fn batch(&self, index: usize) -> &[u32] {
        let start = index * self.size;
        &self.order[start..(start + self.size).min(self.order.len())]
    }

    /// Number of samples in a range of batches.
    pub fn rows(&self, batches: std::ops::Range<usize>) -> usize {
        batches.map(|b| self.batch(b).len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Batches;

    #[test]
    fn batches_cover_every_sample_once() {
        let b = Batches::new(10, 4, true, false, 1, 0).unwrap();
        assert_eq!((b.count(), b.samples()), (3, 10));
        let mut all: Vec<u32> = (0..3).flat_map(|i| b.batch(i).to_vec()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..10).collect::<Vec<_>>());
        assert_eq!(b.rows(1..3), 6);
    }

    #[test]
    fn drop_last_and_too_large() {
        let b = Batches::new(10, 4, false, true, 1, 0).unwrap();
        assert_eq!((b.count(), b.samples()), (2, 8));
        assert_eq!(Batches::new(10, 64, false, true, 1, 0).unwrap().count(), 0);
        assert_eq!(Batches::new(10, 64, false, false, 1, 0).unwrap().batch(0).len(), 10);
    }

    #[test]
    fn epochs_differ_and_repeat() {
        let order = |epoch| Batches::new(100, 100, true, false, 9, epoch).unwrap().batch(0).to_vec();
        assert_eq!(order(3), order(3));
        assert_ne!(order(3), order(4));
    }
}
