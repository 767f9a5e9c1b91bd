//! Tensors from a rule instead of numbers. Made on the host, so that they are the same on every device.

use super::on_stream;
use super::tensor::{ElementType, Tensor, stored_shape};
use crate::array::element_count;
use crate::backend::rng::{Purpose, Rng};
use crate::device::Device;
use crate::tensor::Value;
use crate::{Error, Result};

/// What a new tensor holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// One number everywhere.
    Full(f64),
    /// `start`, `start + step` ...
    Range {
        start: f64,
        step: f64,
    },
    /// From `start` to `end`, both included, in equal steps.
    Linspace {
        start: f64,
        end: f64,
    },
    /// Ones on the diagonal of a matrix.
    Eye,
    /// Uniform in [low, high).
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
}

impl Tensor {
    /// A new tensor. `random` (seed, counter) names the stream of its random numbers.
    pub fn filled(
        fill: Fill,
        shape: &[usize],
        element: ElementType,
        device: &Device,
        random: (u64, u64),
    ) -> Result<Tensor> {
        device.check()?;
        if let ElementType::Float(dtype) = element {
            device.expect_float(dtype)?;
        }
        let count = element_count(shape)?;
        check(fill, shape, element)?;
        let stored = stored_shape(shape, device)?;
        on_stream(|| {
            let value = match (fill, element) {
                (Fill::Full(x), ElementType::Float(dtype)) => Value::full(x, &stored, dtype, device)?,
                _ => from_numbers(numbers(fill, shape, count, random), &stored, element, device)?,
            };
            Tensor::plain(value, shape, device)
        })
    }
}

fn check(fill: Fill, shape: &[usize], element: ElementType) -> Result<()> {
    let finite = |name: &str, x: f64| {
        if x.is_finite() {
            Ok(())
        } else {
            Err(Error::argument(format!("{name}: expected a finite number, found {x}")))
        }
    };
    let rank = |expected: usize| {
        if shape.len() == expected {
            return Ok(());
        }
        Err(Error::shape("shape", format!("{expected} dimension(s)"), format!("{shape:?}")))
    };
    match fill {
        Fill::Full(_) => Ok(()),
        Fill::Range { start, step } => rank(1).and(finite("start", start)).and(finite("step", step)),
        Fill::Linspace { start, end } => rank(1).and(finite("start", start)).and(finite("end", end)),
        Fill::Eye => rank(2),
        Fill::Uniform { low, high } => {
            element.float("uniform numbers")?;
            finite("low", low).and(finite("high", high))?;
            if low <= high {
                Ok(())
            } else {
                Err(Error::argument(format!("high: expected at least {low}, found {high}")))
            }
        }
        Fill::Normal { mean, std } => {
            element.float("normal numbers")?;
            finite("mean", mean).and(finite("std", std))?;
            if std >= 0.0 { Ok(()) } else { Err(Error::argument(format!("std: expected at least 0, found {std}"))) }
        }
    }
}

fn numbers(fill: Fill, shape: &[usize], count: usize, (seed, counter): (u64, u64)) -> Vec<f64> {
    let mut rng = Rng::new(seed, Purpose::Tensor, &[counter]);
    match fill {
        Fill::Full(x) => vec![x; count],
        Fill::Range { start, step } => (0..count).map(|i| start + i as f64 * step).collect(),
        // Counted from both ends, as PyTorch does: both are exact.
        Fill::Linspace { start, end } => {
            let step = if count > 1 { (end - start) / (count - 1) as f64 } else { 0.0 };
            let from_end = |i: usize| end - (count - 1 - i) as f64 * step;
            (0..count).map(|i| if i < count.div_ceil(2) { start + i as f64 * step } else { from_end(i) }).collect()
        }
        Fill::Eye => {
            let columns = shape[1].max(1);
            (0..count).map(|i| if i / columns == i % columns { 1.0 } else { 0.0 }).collect()
        }
        Fill::Uniform { low, high } => (0..count).map(|_| low + (high - low) * rng.uniform()).collect(),
        Fill::Normal { mean, std } => (0..count).map(|_| mean + std * rng.normal()).collect(),
    }
}

fn from_numbers(data: Vec<f64>, shape: &[usize], element: ElementType, device: &Device) -> Result<Value> {
    match element {
        ElementType::Float(dtype) => Value::from_doubles(data, shape, dtype, device),
        ElementType::Int32 => {
            let whole = |x: f64| {
                let fits = x.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&x);
                if fits { Ok(x as i32) } else { Err(Error::argument(format!("{x} is no 32-bit integer"))) }
            };
            Value::from_ints(data.into_iter().map(whole).collect::<Result<_>>()?, shape, device)
        }
        ElementType::Bool => {
            let ints = data.into_iter().map(|x| i32::from(x != 0.0)).collect();
            Value::from_ints(ints, shape, device)?.equal_scalar(0)?.not()
        }
    }
}
