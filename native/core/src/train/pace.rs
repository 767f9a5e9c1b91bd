//! Rates and momenta of the coming steps.

use std::cell::Cell;

use crate::{Error, Result};

/// What schedules set, step by step. A row holds one number, that of the common optimizer, or one for each optimizer (the
/// common one, then each parameter group; see [`crate::optim::Groups`]); `columns` says which.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'a> {
    /// One row for all steps, or a row for each.
    pub rates: &'a [f64],
    /// As `rates`, or nothing: every optimizer has its own momentum. NaN in it means the same for one.
    pub momenta: &'a [f64],
    /// Numbers in a row, at least 1.
    pub columns: usize,
}

impl<'a> From<&'a [f64]> for Pace<'a> {
    fn from(rates: &'a [f64]) -> Self {
        Self { rates, momenta: &[], columns: 1 }
    }
}

impl<'a, const N: usize> From<&'a [f64; N]> for Pace<'a> {
    fn from(rates: &'a [f64; N]) -> Self {
        rates.as_slice().into()
    }
}

impl<'a> From<&'a Vec<f64>> for Pace<'a> {
    fn from(rates: &'a Vec<f64>) -> Self {
        rates.as_slice().into()
    }
}

/// The rows in use: a callback may change those that are still to come.
#[derive(Debug)]
pub(super) struct Rows {
    pub rates: Vec<Cell<f64>>,
    pub momenta: Vec<Cell<f64>>,
    columns: usize,
}

impl Rows {
    /// Checks that there are enough rows for `steps`, `optimizers` wide, of finite rates.
    pub fn new(pace: Pace<'_>, steps: usize, optimizers: usize) -> Result<Self> {
        let columns = pace.columns;
        if columns != 1 && columns != optimizers {
            let message = format!("columns: expected 1 or {optimizers} (one for each optimizer), found {columns}");
            return Err(Error::argument(message));
        }
        for (what, numbers, may_lack) in [("rates", pace.rates, false), ("momenta", pace.momenta, true)] {
            let rows = numbers.len() / columns;
            let whole = numbers.len().is_multiple_of(columns) && (rows == 1 || rows >= steps) && rows > 0;
            if !whole && !(may_lack && numbers.is_empty()) {
                let expected = format!("{columns} or at least {}", steps * columns);
                return Err(Error::argument(format!("{what}: expected {expected}, found {}", numbers.len())));
            }
        }
        pace.rates.iter().try_for_each(|&rate| check_rate(rate))?;
        let cells = |numbers: &[f64]| numbers.iter().copied().map(Cell::new).collect();
        Ok(Self { rates: cells(pace.rates), momenta: cells(pace.momenta), columns })
    }

    /// The rates and momenta of a step, counted from the first one planned.
    pub fn at(&self, step: usize) -> (Vec<f64>, Vec<f64>) {
        let row = |cells: &[Cell<f64>]| {
            let start = if cells.len() == self.columns { 0 } else { step * self.columns };
            cells.iter().skip(start).take(self.columns).map(Cell::get).collect()
        };
        (row(&self.rates), row(&self.momenta))
    }

    /// The common rate of a step.
    pub fn rate(&self, step: usize) -> f64 {
        let start = if self.rates.len() == self.columns { 0 } else { step * self.columns };
        self.rates[start].get()
    }
}

pub(super) fn check_rate(rate: f64) -> Result<()> {
    if rate.is_finite() {
        return Ok(());
    }
    Err(Error::argument(format!("learning rate: expected a finite number, found {rate}")))
}
