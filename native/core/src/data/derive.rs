//! Datasets made from datasets: parts, joins, other orders.

use std::sync::Arc;

use super::{Column, Dataset, Mix, Role, Sampler, SplitMode, split};
use crate::{Error, HostArray, Result};

impl Dataset {
    /// `count` samples from `first` on. Shares the arrays; nothing is copied.
    pub fn slice(&self, first: usize, count: usize) -> Result<Self> {
        if first.checked_add(count).is_none_or(|end| end > self.len()) {
            return Err(Error::argument(format!(
                "samples {first} to {} of a dataset of {} are asked for",
                first.saturating_add(count),
                self.len()
            )));
        }
        self.each(|c| Ok(c.slice(first, count)))
    }

    /// The samples at these positions, in this order; a position may come several times. Arrays are copied, images stay files.
    pub fn select(&self, positions: &[u64]) -> Result<Self> {
        let rows = self.len() as u64;
        if let Some(i) = positions.iter().position(|&p| p >= rows) {
            return Err(Error::argument(format!(
                "position {} (number {i}) is outside of a dataset of {rows} samples",
                positions[i]
            )));
        }
        let order: Vec<u32> = positions.iter().map(|&p| p as u32).collect();
        self.picked(&order)
    }

    fn picked(&self, order: &[u32]) -> Result<Self> {
        self.each(|c| c.select(order))
    }

    /// Parts of these sizes, which add up to all samples. Parts in order share the arrays, the others copy them.
    pub fn split(&self, sizes: &[u64], mode: SplitMode, seed: u64) -> Result<Vec<Self>> {
        let sizes = split::check_sizes(sizes, self.len())?;
        let order = match mode {
            SplitMode::InOrder => None,
            SplitMode::Random => Some(split::random(self.len(), seed)?),
            SplitMode::Stratified { target } => {
                let classes = split::classes(self.column(Role::Target, target)?)?;
                Some(split::stratified(&classes, seed)?)
            }
        };
        let mut first = 0;
        let parts = sizes.into_iter().enumerate().map(|(part, size)| {
            let range = first..first + size;
            first += size;
            match &order {
                None => self.slice(range.start, size),
                Some(order) => {
                    let mut picks = order[range].to_vec();
                    if matches!(mode, SplitMode::Stratified { .. }) {
                        split::shuffle(&mut picks, seed, part as u64 + 1);
                    }
                    self.picked(&picks)
                }
            }
        });
        parts.collect()
    }

    /// The samples of several datasets one after the other. All have the same arrays but for their first dimension.
    pub fn concat(parts: &[&Self]) -> Result<Self> {
        let Some(first) = parts.first() else {
            return Err(Error::argument("there is no dataset to join"));
        };
        for (i, part) in parts.iter().enumerate() {
            for role in [Role::Input, Role::Target, Role::Weight] {
                if part.count(role) != first.count(role) {
                    let what = format!("number of {role:?} arrays of dataset {i}").to_lowercase();
                    return Err(Error::shape(what, first.count(role), part.count(role)));
                }
            }
        }
        let join = |role: Role| -> Result<Vec<Column>> {
            (0..first.count(role))
                .map(|index| {
                    let columns = parts.iter().map(|d| d.column(role, index)).collect::<Result<Vec<_>>>()?;
                    Column::concat(&columns).map_err(|e| e.at(format!("{role:?} {index}").to_lowercase()))
                })
                .collect()
        };
        Ok(Self {
            inputs: join(Role::Input)?,
            targets: join(Role::Target)?,
            weights: join(Role::Weight)?.pop(),
            ..Self::default()
        })
    }

    /// The same samples, drawn by a sampler and mixed in training. Shares the arrays.
    pub fn feeding(&self, sampler: Option<Sampler>, mix: Option<Mix>) -> Result<Self> {
        if let Some(sampler) = &sampler {
            sampler.check(self.len())?;
        }
        if let Some(mix) = &mix {
            mix.check(self)?;
        }
        Ok(Self { sampler: sampler.map(Arc::new), mix, ..self.clone() })
    }

    /// Samples drawn in an epoch.
    pub fn epoch_len(&self) -> usize {
        self.sampler.as_ref().map_or(self.len(), |s| s.samples(self.len()))
    }

    /// The same samples with one array put in another's place.
    pub(crate) fn with(&self, role: Role, index: usize, array: HostArray) -> Result<Self> {
        self.column(role, index)?;
        let mut changed = self.clone();
        let place = match role {
            Role::Input => &mut changed.inputs[index],
            Role::Target => &mut changed.targets[index],
            Role::Weight => return Err(Error::unsupported("sample weights cannot be replaced")),
        };
        *place = Column::owned(array)?;
        Ok(changed)
    }

    /// Rows of one array, `count` from `first` on, as they are outside of training.
    pub fn rows(&self, role: Role, index: usize, first: usize, count: usize) -> Result<HostArray> {
        let column = self.column(role, index)?;
        if first.checked_add(count).is_none_or(|end| end > column.rows()) {
            return Err(Error::argument(format!(
                "rows {first} to {} of {} are asked for",
                first.saturating_add(count),
                column.rows()
            )));
        }
        let order: Vec<u32> = (first..first + count).map(|i| i as u32).collect();
        column.gather(&order, None)
    }

    /// The same samples with all images decoded into memory, as they are outside of training.
    pub fn in_memory(&self) -> Result<Self> {
        self.each(|c| {
            if c.is_lazy() {
                let order: Vec<u32> = (0..c.rows() as u32).collect();
                Column::owned(c.gather(&order, None)?)
            } else {
                Ok(c.clone())
            }
        })
    }

    fn each(&self, f: impl Fn(&Column) -> Result<Column>) -> Result<Self> {
        let all = |columns: &[Column]| columns.iter().map(&f).collect::<Result<Vec<_>>>();
        Ok(Self {
            inputs: all(&self.inputs)?,
            targets: all(&self.targets)?,
            weights: self.weights.as_ref().map(&f).transpose()?,
            ..Self::default()
        })
    }
}
