//! Interpolation: every dimension is resized on its own, by PyTorch's coordinates and coefficients.

use exburn_kernels::axis_map::AxisMap;

use super::Value;
use super::axis::checked;
use crate::Result;

/// How the elements between the input's elements come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// The element at floor(i * step); a copy where the size stays, whatever the step.
    Nearest,
    /// The element at floor((i + 1/2) * step).
    NearestExact,
    /// A straight line between two neighbours; a copy where the size stays, whatever the step.
    Linear { align_corners: bool },
    /// Keys' cubic convolution with a = -3/4 over four neighbours.
    Cubic { align_corners: bool },
}

/// Keys' coefficient.
const A: f64 = -0.75;

impl Interpolation {
    /// The map from `n` elements to `m`; `step` is the distance of outputs in elements of the input, where it is not n / m.
    fn map(self, n: usize, m: usize, step: Option<f64>) -> Result<AxisMap> {
        let last = n - 1;
        let step = step.unwrap_or(n as f64 / m as f64);
        // Where output i lies between the input's elements.
        let place = |i: usize, align_corners: bool| match align_corners {
            true if m > 1 => i as f64 * (last as f64 / (m - 1) as f64),
            true => 0.0,
            false => (i as f64 + 0.5) * step - 0.5,
        };
        let map = match self {
            _ if n == m && !matches!(self, Interpolation::Cubic { .. } | Interpolation::NearestExact) => {
                AxisMap::copying(n, 0..n)
            }
            // Rounded to single precision, as PyTorch does: a product that misses a whole number by an error of
            // rounding then becomes that number.
            Interpolation::Nearest => {
                AxisMap::copying(n, (0..m).map(|i| ((i as f64 * step) as f32 as usize).min(last)))
            }
            Interpolation::NearestExact => {
                AxisMap::copying(n, (0..m).map(|i| (((i as f64 + 0.5) * step) as f32 as usize).min(last)))
            }
            Interpolation::Linear { align_corners } => AxisMap::new(
                n,
                (0..m).map(|i| {
                    let place = place(i, align_corners).max(0.0);
                    let left = (place as usize).min(last);
                    let share = (place - left as f64).min(1.0);
                    [(left, 1.0 - share), ((left + 1).min(last), share)]
                }),
            ),
            Interpolation::Cubic { align_corners } => AxisMap::new(
                n,
                (0..m).map(|i| {
                    let place = place(i, align_corners);
                    let left = place.floor();
                    let t = place - left;
                    let tap = |k: i64| (left as i64 + k).clamp(0, last as i64) as usize;
                    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
                    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
                    [(tap(-1), far(t + 1.0)), (tap(0), near(t)), (tap(1), near(1.0 - t)), (tap(2), far(2.0 - t))]
                }),
            ),
        };
        checked(map)
    }
}

impl Value {
    /// Resizes the dimensions behind the channels of [N, C, ..] to `sizes`. `steps` are the distances of outputs in elements
    /// of the input, where they are not given by the sizes (PyTorch takes them from a scale factor).
    pub fn resize(self, sizes: &[usize], steps: Option<&[f64]>, interpolation: Interpolation) -> Result<Self> {
        let mut resized = self;
        for (axis, &m) in sizes.iter().enumerate() {
            let n = resized.dim(2 + axis);
            resized = resized.map_axis(2 + axis, interpolation.map(n, m, steps.map(|steps| steps[axis]))?)?;
        }
        Ok(resized)
    }
}
