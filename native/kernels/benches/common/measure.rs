//! What the benchmarks of kernels share.

use std::time::Instant;

/// Median of 15 runs in milliseconds, after three that are not counted.
pub fn median_ms(mut work: impl FnMut()) -> f64 {
    for _ in 0..3 {
        work();
    }
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Numbers in [-1, 1), the same at every run.
pub fn noise(len: usize) -> Vec<f32> {
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}
