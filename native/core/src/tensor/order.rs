//! Order of elements along a dimension. The host finds it: stable, NaN above everything, the same on every device.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::shapes::dim_index;
use super::{Kind, Value};
use crate::{Error, Result};

/// PyTorch's order of numbers: NaN is the largest.
fn compare(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

impl Value {
    /// Positions along a dimension in ascending (or descending) order of the elements, equal ones in their own order; the
    /// first `count` of them.
    pub fn argsort(&self, dim: usize, descending: bool, count: usize) -> Result<Self> {
        let rank = self.rank();
        dim_index("sort", dim as i64, rank)?;
        if self.kind == Kind::Bool {
            return self.clone().to_int().argsort(dim, descending, count);
        }
        let n = self.dim(dim);
        if count > n || i32::try_from(n).is_err() {
            return Err(Error::shape("sort", format!("at least {count} elements in dimension {dim}"), n));
        }
        let (last, back) = to_last(rank, dim);
        let lines = self.clone().detached().permute(&last)?;
        let mut shape = lines.shape();
        shape[rank - 1] = count;
        if lines.is_empty() || count == 0 {
            return self.ints_like(Vec::new()).reshape(&shape)?.permute(&back);
        }
        let numbers = lines.to_doubles()?;
        let sorted = |line: &[f64]| {
            let mut order: Vec<i32> = (0..n as i32).collect();
            let by = |&a: &i32, &b: &i32| compare(line[a as usize], line[b as usize]);
            if descending {
                order.sort_by(|a, b| by(b, a))
            } else {
                order.sort_by(by)
            }
            order.truncate(count);
            order
        };
        let order: Vec<i32> = numbers.par_chunks(n).flat_map_iter(sorted).collect();
        self.ints_like(order).reshape(&shape)?.permute(&back)
    }
}

/// The order of dimensions that puts one last, and the order that undoes it.
pub(super) fn to_last(rank: usize, dim: usize) -> (Vec<usize>, Vec<usize>) {
    let last: Vec<usize> = (0..rank).filter(|&d| d != dim).chain([dim]).collect();
    let mut back = vec![0; rank];
    last.iter().enumerate().for_each(|(to, &from)| back[from] = to);
    (last, back)
}
