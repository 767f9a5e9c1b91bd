//! Draws from a truncated normal distribution.

use crate::backend::rng::Rng;

/// Normal numbers of which only those in an interval count, by rejection: exact, and quick wherever the interval lies
/// (Robert 1995, Simulation of truncated normal variables).
#[derive(Debug)]
pub(super) struct Truncated {
    mean: f64,
    std: f64,
    /// Ends in standard deviations from the mean, turned so that the upper is the farther one.
    low: f64,
    high: f64,
    turned: bool,
}

impl Truncated {
    /// In [a, b]; where `std` is 0, the mean or the end nearest to it.
    pub fn new(mean: f64, std: f64, a: f64, b: f64) -> Self {
        if std == 0.0 || a == b {
            return Self { mean: mean.clamp(a, b), std: 0.0, low: 0.0, high: 0.0, turned: false };
        }
        let (low, high) = ((a - mean) / std, (b - mean) / std);
        let turned = low + high < 0.0;
        let (low, high) = if turned { (-high, -low) } else { (low, high) };
        Self { mean, std, low, high, turned }
    }

    pub fn draw(&self, rng: &mut Rng) -> f64 {
        if self.std == 0.0 {
            return self.mean;
        }
        let z = self.standard(rng).clamp(self.low, self.high);
        self.mean + self.std * if self.turned { -z } else { z }
    }

    fn standard(&self, rng: &mut Rng) -> f64 {
        let Self { low, high, .. } = *self;
        // Wide and around the mean: most normal numbers fall inside.
        if low <= 0.0 && high - low > (2.0 * std::f64::consts::PI).sqrt() {
            return loop {
                let z = rng.normal();
                if z >= low && z <= high {
                    break z;
                }
            };
        }
        // Far out, the density falls like an exponential one of this rate.
        let rate = (low + (low * low + 4.0).sqrt()) / 2.0;
        if low > 0.0 && (high - low) * rate > 1.0 {
            return loop {
                let z = low - (1.0 - rng.uniform()).ln() / rate;
                if z <= high && rng.uniform() < (-(z - rate) * (z - rate) / 2.0).exp() {
                    break z;
                }
            };
        }
        // Narrow: uniform, kept in proportion to the density.
        let top = low.max(0.0);
        loop {
            let z = low + (high - low) * rng.uniform();
            if rng.uniform() < ((top * top - z * z) / 2.0).exp() {
                break z;
            }
        }
    }
}
