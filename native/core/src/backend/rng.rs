//! Random numbers of our own, made on the host, so that one seed gives the same weights, order and masks on every device.
//!
//! Generator: xoshiro256++ (Blackman and Vigna, 2019), seeded through SplitMix64. A stream is named by a seed and a
//! path of numbers (what it is for, epoch, node ...), so streams do not depend on the order in which they are used.

use crate::{Error, Result};

/// What a stream is used for; the first number of its path.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub enum Purpose {
    Initialise = 1,
    Shuffle = 2,
    Mask = 3,
    Split = 21,
    Sample = 22,
    Augment = 23,
    Mix = 24,
    Tensor = 41,
}

#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
    spare_normal: Option<f64>,
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    pub fn new(seed: u64, purpose: Purpose, path: &[u64]) -> Self {
        let mut key = seed;
        for &part in std::iter::once(&(purpose as u64)).chain(path) {
            let mut mixed = split_mix(&mut key) ^ part;
            key = split_mix(&mut mixed);
        }
        Self { state: std::array::from_fn(|_| split_mix(&mut key)), spare_normal: None }
    }

    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1) with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare_normal.take() {
            return z;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * s.ln() / s).sqrt();
                self.spare_normal = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// Uniform integer below `n` without bias (Lemire, 2019).
    pub fn below(&mut self, n: u64) -> u64 {
        debug_assert!(n > 0);
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }

    /// A random order of `0..n` (Fisher and Yates).
    pub fn permutation(&mut self, n: usize) -> Result<Vec<u32>> {
        let n = u32::try_from(n).map_err(|_| Error::argument(format!("{n} samples are more than 2^32")))?;
        let mut order: Vec<u32> = (0..n).collect();
        for i in (1..order.len()).rev() {
            order.swap(i, self.below(i as u64 + 1) as usize);
        }
        Ok(order)
    }

    /// `n` factors: 0 with probability `p`, else `scale`. Two 32-bit draws per 64-bit number.
    pub fn mask(&mut self, n: usize, p: f64, scale: f32) -> Vec<f32> {
        // p = 1 must drop everything, so the threshold is compared as a 33-bit number.
        let threshold = (p * 4_294_967_296.0).round() as u64;
        let mut mask = Vec::with_capacity(n + 1);
        while mask.len() < n {
            let bits = self.next_u64();
            for half in [bits & 0xFFFF_FFFF, bits >> 32] {
                mask.push(if half < threshold { 0.0 } else { scale });
            }
        }
        mask.truncate(n);
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// xoshiro256++ 1.0, reference C code (prng.di.unimi.it), state {1, 2, 3, 4}: first outputs.
    #[test]
    fn xoshiro_reference_sequence() {
        let mut rng = Rng { state: [1, 2, 3, 4], spare_normal: None };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!(expected, std::array::from_fn(|_| rng.next_u64()));
    }

    #[test]
    fn streams_differ_and_repeat() {
        let first = |seed, path: &[u64]| Rng::new(seed, Purpose::Shuffle, path).next_u64();
        assert_eq!(first(7, &[1]), first(7, &[1]));
        assert_ne!(first(7, &[1]), first(7, &[2]));
        assert_ne!(first(7, &[1]), first(8, &[1]));
        assert_ne!(first(7, &[1]), Rng::new(7, Purpose::Mask, &[1]).next_u64());
    }

    /// Moments of a million draws against the exact ones (uniform 1/2, 1/12; normal 0, 1), five standard errors wide.
    #[test]
    fn moments() {
        let mut rng = Rng::new(1, Purpose::Initialise, &[]);
        let n = 1_000_000;
        let (mut sum, mut square, mut normal, mut normal2) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..n {
            let u = rng.uniform();
            sum += u;
            square += (u - 0.5) * (u - 0.5);
            let z = rng.normal();
            normal += z;
            normal2 += z * z;
        }
        let n = f64::from(n);
        assert!((sum / n - 0.5).abs() < 5.0 * (1.0f64 / 12.0 / n).sqrt());
        assert!((square / n - 1.0 / 12.0).abs() < 5.0 * (1.0f64 / 180.0 / n).sqrt());
        assert!((normal / n).abs() < 5.0 / n.sqrt());
        assert!((normal2 / n - 1.0).abs() < 5.0 * (2.0 / n).sqrt());
    }

    #[test]
    fn permutation_is_a_permutation() {
        let mut order = Rng::new(3, Purpose::Shuffle, &[0]).permutation(1000).unwrap();
        assert!(order.windows(2).any(|w| w[0] > w[1]));
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<u32>>());
    }

    #[test]
    fn mask_drops_the_asked_share() {
        let n = 200_000;
        for p in [0.0, 0.2, 0.5, 1.0] {
            let mask = Rng::new(5, Purpose::Mask, &[0]).mask(n, p, 2.0);
            let dropped = mask.iter().filter(|&&m| m == 0.0).count() as f64 / n as f64;
            assert!((dropped - p).abs() <= 5.0 * (p * (1.0 - p) / n as f64).sqrt());
        }
    }
}
