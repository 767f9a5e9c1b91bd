//! Datasets in native memory: arrays copied once, batches gathered natively.

mod batches;
mod column;

pub use batches::Batches;
pub(crate) use column::Column;

use crate::{ArrayView, Error, HostArray, Result};

/// Samples with one or more inputs and targets. The first dimension of every array is the sample.
#[derive(Debug, Default)]
pub struct Dataset {
    pub(crate) inputs: Vec<Column>,
    pub(crate) targets: Vec<Column>,
}

impl Dataset {
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies an input array.
    pub fn add_input(&mut self, array: ArrayView<'_>) -> Result<()> {
        let column = self.column(&array).map_err(|e| e.at(format!("input {}", self.inputs.len())))?;
        self.inputs.push(column);
        Ok(())
    }

    /// Copies a target array.
    pub fn add_target(&mut self, array: ArrayView<'_>) -> Result<()> {
        let column = self.column(&array).map_err(|e| e.at(format!("target {}", self.targets.len())))?;
        self.targets.push(column);
        Ok(())
    }

    fn column(&self, array: &ArrayView<'_>) -> Result<Column> {
        let column = Column::new(array)?;
        match self.inputs.iter().chain(&self.targets).next() {
            Some(first) if first.rows() != column.rows() => {
                Err(Error::shape("number of samples", first.rows(), column.rows()))
            }
            _ => Ok(column),
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.iter().chain(&self.targets).next().map_or(0, Column::rows)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples at these positions.
    pub(crate) fn gather(&self, order: &[u32]) -> (Vec<HostArray>, Vec<HostArray>) {
        let pick = |columns: &[Column]| columns.iter().map(|c| c.gather(order)).collect();
        (pick(&self.inputs), pick(&self.targets))
    }

    pub(crate) fn input_views(&self) -> Vec<ArrayView<'_>> {
        self.inputs.iter().map(Column::view).collect()
    }

    pub(crate) fn target_views(&self) -> Vec<ArrayView<'_>> {
        self.targets.iter().map(Column::view).collect()
    }
}
