//! The sparse matrix of an axis map.

use crate::KernelError;

/// A sparse matrix that acts along one axis: element `i` of the output is the sum of `weight * input[tap]` over the taps of
/// row `i`. Taps of a row are added in the order in which they were given.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisMap {
    inputs: usize,
    /// Where each row begins in `taps`, and where the last ends.
    starts: Vec<u32>,
    taps: Vec<u32>,
    weights: Vec<f64>,
    widest: usize,
    /// The number of taps that all rows have, if it is the same.
    uniform: Option<usize>,
    copies: bool,
}

impl AxisMap {
    /// A map of `inputs` elements from its rows of `(tap, weight)`.
    ///
    /// # Errors
    /// [`KernelError::Shape`] if a tap lies outside the input or there are more taps than 32-bit integers count.
    pub fn new<R: IntoIterator<Item = (usize, f64)>>(
        inputs: usize,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self, KernelError> {
        let (mut starts, mut taps, mut weights) = (vec![0u32], Vec::new(), Vec::new());
        for row in rows {
            for (tap, weight) in row {
                if tap >= inputs || tap >= i32::MAX as usize {
                    return Err(KernelError::Shape(format!("axis map: tap {tap} of an axis of {inputs}")));
                }
                taps.push(tap as u32);
                weights.push(weight);
            }
            let end = i32::try_from(taps.len())
                .map_err(|_| KernelError::Shape(format!("axis map: {} taps are too many", taps.len())))?;
            starts.push(end as u32);
        }
        Ok(Self::of(inputs, starts, taps, weights))
    }

    fn of(inputs: usize, starts: Vec<u32>, taps: Vec<u32>, weights: Vec<f64>) -> Self {
        let counts = || starts.windows(2).map(|w| (w[1] - w[0]) as usize);
        let widest = counts().max().unwrap_or(0);
        let uniform = counts().all(|n| n == widest).then_some(widest);
        let copies = uniform == Some(1) && weights.iter().all(|&w| w == 1.0);
        Self { inputs, starts, taps, weights, widest, uniform, copies }
    }

    /// A map whose rows copy one element each.
    ///
    /// # Errors
    /// As [`AxisMap::new`].
    pub fn copying(inputs: usize, taps: impl IntoIterator<Item = usize>) -> Result<Self, KernelError> {
        Self::new(inputs, taps.into_iter().map(|tap| [(tap, 1.0)]))
    }

    /// Length of the axis before.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Length of the axis after.
    pub fn outputs(&self) -> usize {
        self.starts.len() - 1
    }

    /// The largest number of taps of a row.
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The number of taps that all rows have, if it is the same.
    pub(super) fn uniform(&self) -> Option<usize> {
        self.uniform
    }

    /// Whether every row copies one element.
    pub fn copies(&self) -> bool {
        self.copies
    }

    /// Whether the map changes nothing.
    pub fn is_identity(&self) -> bool {
        self.copies && self.inputs == self.outputs() && self.taps.iter().enumerate().all(|(i, &t)| i == t as usize)
    }

    /// Taps and weights of a row.
    pub fn row(&self, index: usize) -> (&[u32], &[f64]) {
        let range = self.range(index);
        (&self.taps[range.clone()], &self.weights[range])
    }

    pub(super) fn range(&self, index: usize) -> std::ops::Range<usize> {
        self.starts[index] as usize..self.starts[index + 1] as usize
    }

    pub(super) fn taps(&self) -> &[u32] {
        &self.taps
    }

    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The transposed matrix: it maps the gradient of the output to the gradient of the input.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut starts = vec![0u32; self.inputs + 1];
        for &tap in &self.taps {
            starts[tap as usize + 1] += 1;
        }
        for i in 0..self.inputs {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let (mut taps, mut weights) = (vec![0; self.taps.len()], vec![0.0; self.taps.len()]);
        for row in 0..self.outputs() {
            for at in self.range(row) {
                let place = &mut next[self.taps[at] as usize];
                taps[*place as usize] = row as u32;
                weights[*place as usize] = self.weights[at];
                *place += 1;
            }
        }
        Self::of(self.outputs(), starts, taps, weights)
    }
}
