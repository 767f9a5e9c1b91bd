//! Spreading a fixed number of pieces over the thread pool.

use rayon::prelude::*;

/// Pieces that a kernel aims at: enough for a good balance on many cores, few enough to stay cheap. A constant, because
/// the cut must not depend on the number of threads (see the crate's rules).
pub(crate) const PIECES: usize = 32;

/// Multiply-adds below which waking other threads costs more than it brings.
const SERIAL_WORK: usize = 100_000;

/// Calls `f(0..pieces)`, on the pool unless `work` (multiply-adds in all) is small. Order and thread are arbitrary: the
/// pieces must be independent.
pub(crate) fn for_each(pieces: usize, work: usize, f: impl Fn(usize) + Send + Sync) {
    if pieces <= 1 || work < SERIAL_WORK {
        (0..pieces).for_each(f);
    } else {
        (0..pieces).into_par_iter().with_max_len(1).for_each(f);
    }
}

/// The `index`-th of `pieces` nearly equal ranges of `0..len`.
pub(crate) fn piece(len: usize, pieces: usize, index: usize) -> std::ops::Range<usize> {
    let (base, extra) = (len / pieces, len % pieces);
    let start = index * base + index.min(extra);
    start..start + base + usize::from(index < extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_everything_once() {
        for len in [0, 1, 5, 32, 100] {
            for pieces in [1, 3, 7, 32] {
                let mut next = 0;
                for i in 0..pieces {
                    let range = piece(len, pieces, i);
                    assert_eq!(range.start, next);
                    next = range.end;
                }
                assert_eq!(next, len);
            }
        }
    }
}
