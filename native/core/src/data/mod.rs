//! Datasets in native memory: arrays copied once, batches gathered natively.

mod batches;
mod column;
mod derive;
mod feed;
pub mod images;
mod mix;
mod sampler;
mod split;
mod statistics;

pub use batches::Batches;
pub(crate) use column::Column;
pub(crate) use feed::{Batch, Feed};
pub use mix::Mix;
pub use sampler::Sampler;
pub use split::SplitMode;
pub use statistics::{Grouping, Statistics};

use std::sync::Arc;

use crate::train::TrainOptions;
use crate::{ArrayView, DataView, Error, HostArray, Result};
use images::Moment;

/// Which arrays of a dataset are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Input,
    Target,
    /// One number per sample.
    Weight,
}

/// Samples with one or more inputs and targets. The first dimension of every array is the sample. A clone shares the arrays.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    pub(crate) inputs: Vec<Column>,
    pub(crate) targets: Vec<Column>,
    weights: Option<Column>,
    sampler: Option<Arc<Sampler>>,
    mix: Option<Mix>,
}

impl Dataset {
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies an input array.
    pub fn add_input(&mut self, array: ArrayView<'_>) -> Result<()> {
        let at = |e: Error| e.at(format!("input {}", self.inputs.len()));
        let column = Column::new(&array).and_then(|c| self.fitting(c)).map_err(at)?;
        self.inputs.push(column);
        Ok(())
    }

    /// Adds images that are decoded batch by batch as an input `[rows, channels, height, width]`.
    pub fn add_images(&mut self, images: images::ImageSet) -> Result<()> {
        let at = |e: Error| e.at(format!("input {}", self.inputs.len()));
        let column = Column::images(images).and_then(|c| self.fitting(c)).map_err(at)?;
        self.inputs.push(column);
        Ok(())
    }

    /// Copies a target array.
    pub fn add_target(&mut self, array: ArrayView<'_>) -> Result<()> {
        let at = |e: Error| e.at(format!("target {}", self.targets.len()));
        let column = Column::new(&array).and_then(|c| self.fitting(c)).map_err(at)?;
        self.targets.push(column);
        Ok(())
    }

    /// Copies what each sample's loss counts: shape `[rows]`, finite and at least 0; at most once.
    pub fn add_weights(&mut self, array: ArrayView<'_>) -> Result<()> {
        let at = |e: Error| e.at("weights");
        if self.weights.is_some() {
            return Err(at(Error::argument("the dataset has sample weights already")));
        }
        if array.shape.len() != 1 {
            return Err(at(Error::shape("sample weights", "[rows]", column::fmt(&array.shape))));
        }
        let values = array.data.to_f32();
        if let Some(i) = values.iter().position(|w| !w.is_finite() || *w < 0.0) {
            return Err(at(Error::argument(format!(
                "the weight of sample {i} is {}; expected a finite number of at least 0",
                values[i]
            ))));
        }
        let array = HostArray { shape: array.shape.clone(), data: crate::HostData::F32(values) };
        self.weights = Some(Column::owned(array).and_then(|c| self.fitting(c)).map_err(at)?);
        Ok(())
    }

    fn fitting(&self, column: Column) -> Result<Column> {
        match self.columns().next() {
            Some(first) if first.rows() != column.rows() => {
                Err(Error::shape("number of samples", first.rows(), column.rows()))
            }
            _ => Ok(column),
        }
    }

    fn columns(&self) -> impl Iterator<Item = &Column> {
        self.inputs.iter().chain(&self.targets).chain(&self.weights)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.columns().next().map_or(0, Column::rows)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of arrays of a role.
    pub fn count(&self, role: Role) -> usize {
        match role {
            Role::Input => self.inputs.len(),
            Role::Target => self.targets.len(),
            Role::Weight => usize::from(self.weights.is_some()),
        }
    }

    /// Sample weights `[rows]`, if there are any.
    pub fn weights(&self) -> Option<&[f32]> {
        match self.weights.as_ref()?.view().data {
            DataView::F32(v) => Some(v),
            _ => None,
        }
    }

    /// What the losses of these samples count together: their weights, or their number.
    pub(crate) fn mass(&self, order: &[u32]) -> f64 {
        match self.weights() {
            Some(weights) => order.iter().map(|&i| f64::from(weights[i as usize])).sum(),
            None => order.len() as f64,
        }
    }

    pub(crate) fn column(&self, role: Role, index: usize) -> Result<&Column> {
        let found = match role {
            Role::Input => self.inputs.get(index),
            Role::Target => self.targets.get(index),
            Role::Weight => self.weights.as_ref().filter(|_| index == 0),
        };
        found.ok_or_else(|| {
            let name = format!("{role:?}").to_lowercase();
            Error::not_found(format!("the dataset has no {name} {index}; there are {}", self.count(role)))
        })
    }

    /// The samples at these positions; with a moment as training sees them.
    pub(crate) fn gather(&self, order: &[u32], moment: Option<Moment>) -> Result<Batch> {
        let pick =
            |columns: &[Column]| columns.iter().map(|c| c.gather(order, moment)).collect::<Result<Vec<HostArray>>>();
        let weights = self.weights.as_ref().map(|c| c.gather(order, None)).transpose()?;
        Ok(Batch { inputs: pick(&self.inputs)?, targets: pick(&self.targets)?, weights, rows: order.len() })
    }

    /// The batches of a training epoch: the sampler's order, else a random or the given one.
    pub fn batches(&self, options: &TrainOptions) -> Result<Batches> {
        let (samples, seed, epoch) = (self.len(), options.seed, options.epoch);
        match &self.sampler {
            None => Batches::new(samples, options.batch_size, options.shuffle, options.drop_last, seed, epoch),
            Some(sampler) => {
                Ok(Batches::of(sampler.order(samples, seed, epoch)?, options.batch_size, options.drop_last))
            }
        }
    }

    pub(crate) fn input_views(&self) -> Vec<ArrayView<'_>> {
        self.inputs.iter().map(Column::view).collect()
    }

    /// The targets as they are, or as training gets them, where mixing makes classes to probabilities.
    pub(crate) fn target_views(&self, training: bool) -> Vec<ArrayView<'_>> {
        let mut views: Vec<_> = self.targets.iter().map(Column::view).collect();
        if let Some(mix) = self.mix.as_ref().filter(|_| training) {
            views[0] = ArrayView { shape: vec![self.len(), mix.classes()], data: DataView::F32(&[]) };
        }
        views
    }
}
