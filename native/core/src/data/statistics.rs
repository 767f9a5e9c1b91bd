//! Numbers about an array, and the transforms that follow from them.

use rayon::prelude::*;

use super::{Column, Dataset, Role, split};
use crate::{DataView, Error, HostArray, HostData, Result};

/// Rows summed up by one task; fixed, so that sums do not depend on the number of threads.
const BLOCK_ROWS: usize = 4096;
/// Images decoded at once.
const BLOCK_IMAGES: usize = 64;

/// Which elements of a row are described by one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Each element of a row on its own.
    Feature,
    /// The first dimension of a row: the channel of an image, the variable of a series.
    Channel,
    /// All together.
    All,
}

/// One number per group.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    pub mean: Vec<f64>,
    /// Population standard deviation: the mean square is over n.
    pub deviation: Vec<f64>,
    pub least: Vec<f64>,
    pub most: Vec<f64>,
}

/// Element `i` of a row is in group `i / inner`, or of all in one.
#[derive(Debug, Clone, Copy)]
struct Groups {
    count: usize,
    inner: usize,
}

impl Groups {
    fn new(column: &Column, grouping: Grouping) -> Result<Self> {
        let size = column.row_size();
        match grouping {
            Grouping::Feature => Ok(Self { count: size, inner: 1 }),
            Grouping::All => Ok(Self { count: 1, inner: size.max(1) }),
            Grouping::Channel => match column.shape() {
                [_, channels, ..] if *channels > 0 => Ok(Self { count: *channels, inner: (size / channels).max(1) }),
                shape => Err(Error::shape("array with channels", "[rows, channels, ...]", super::column::fmt(shape))),
            },
        }
    }
}

macro_rules! with_values {
    ($view:expr, $v:ident => $body:expr) => {
        match $view {
            DataView::F32($v) => $body,
            DataView::F64($v) => $body,
            DataView::I32($v) => $body,
            DataView::I64($v) => $body,
            DataView::U8($v) => $body,
        }
    };
}

/// Sums up blocks of rows in parallel and joins them in order.
fn total<T: Copy + Sync + Into<Wide>>(
    values: &[T],
    row: usize,
    groups: Groups,
    start: [f64; 3],
    add: impl Fn(&mut [f64; 3], usize, f64) + Sync,
) -> Vec<[f64; 3]> {
    let blocks = values.par_chunks((row * BLOCK_ROWS).max(1)).map(|block| {
        let mut sums = vec![start; groups.count];
        for row in block.chunks_exact(row) {
            for (group, part) in row.chunks(groups.inner).enumerate() {
                part.iter().for_each(|&x| add(&mut sums[group], group, x.into().0));
            }
        }
        sums
    });
    let blocks: Vec<_> = blocks.collect();
    let mut all = vec![start; groups.count];
    for block in blocks {
        join(&mut all, &block);
    }
    all
}

fn join(all: &mut [[f64; 3]], block: &[[f64; 3]]) {
    for (a, b) in all.iter_mut().zip(block) {
        *a = [a[0] + b[0], a[1].min(b[1]), a[2].max(b[2])];
    }
}

/// An element as a double.
struct Wide(f64);
macro_rules! wide {
    ($($t:ty),*) => { $(impl From<$t> for Wide { fn from(x: $t) -> Self { Wide(x as f64) } })* };
}
wide!(f32, f64, i32, i64, u8);

impl Dataset {
    /// Mean, deviation, least and most of an array's groups, in doubles and two passes.
    pub fn statistics(&self, role: Role, index: usize, grouping: Grouping) -> Result<Statistics> {
        let column = self.column(role, index)?;
        let groups = Groups::new(column, grouping)?;
        if column.rows() == 0 || column.row_size() == 0 {
            return Err(Error::argument("an array without elements has no statistics"));
        }
        let row = column.row_size();
        let each = (column.rows() * groups.inner) as f64;
        let empty = [0.0, f64::INFINITY, f64::NEG_INFINITY];
        let first = sums(
            column,
            groups,
            empty,
            |view| with_values!(view, v => total(v, row, groups, empty, |s, _, x| *s = [s[0] + x, s[1].min(x), s[2].max(x)])),
        )?;
        let mean: Vec<f64> = first.iter().map(|s| s[0] / each).collect();
        let second = sums(
            column,
            groups,
            empty,
            |view| with_values!(view, v => total(v, row, groups, empty, |s, g, x| s[0] += (x - mean[g]) * (x - mean[g]))),
        )?;
        Ok(Statistics {
            deviation: second.iter().map(|s| (s[0] / each).sqrt()).collect(),
            least: first.iter().map(|s| s[1]).collect(),
            most: first.iter().map(|s| s[2]).collect(),
            mean,
        })
    }

    /// The same samples with an array turned into floats (x - shift) / scale, one shift and scale per group.
    pub fn normalized(
        &self,
        role: Role,
        index: usize,
        grouping: Grouping,
        shift: &[f64],
        scale: &[f64],
    ) -> Result<Self> {
        let column = self.memory(role, index)?;
        let groups = Groups::new(column, grouping)?;
        for (name, values) in [("shift", shift), ("scale", scale)] {
            if values.len() != groups.count {
                return Err(Error::shape(format!("'{name}'"), format!("{} numbers", groups.count), values.len()));
            }
        }
        if let Some(i) = scale.iter().position(|&s| s == 0.0 || !s.is_finite()) {
            return Err(Error::argument(format!("scale {i} is {}; expected a finite number other than 0", scale[i])));
        }
        let row = column.row_size().max(1);
        let map = |i: usize, x: f64| (x - shift[i / groups.inner]) / scale[i / groups.inner];
        self.with(
            role,
            index,
            floats(column, |x, to| to.iter_mut().enumerate().for_each(|(i, y)| *y = map(i, x(i))), row),
        )
    }

    /// The same samples with each row of an array divided by its Euclidean length, at least 1e-12 (torch.nn.functional.normalize).
    pub fn unit_rows(&self, role: Role, index: usize) -> Result<Self> {
        let column = self.memory(role, index)?;
        let row = column.row_size().max(1);
        let unit = |x: &dyn Fn(usize) -> f64, to: &mut [f64]| {
            let length = (0..to.len()).map(|i| x(i) * x(i)).sum::<f64>().sqrt().max(1e-12);
            to.iter_mut().enumerate().for_each(|(i, y)| *y = x(i) / length);
        };
        self.with(role, index, floats(column, unit, row))
    }

    /// The same samples with an integer target `[rows, ...]` turned into floats `[rows, ..., classes]`: 1 at the class, else 0.
    pub fn one_hot(&self, target: usize, classes: usize) -> Result<Self> {
        let at = |e: Error| e.at(format!("target {target}"));
        let column = self.column(Role::Target, target)?;
        let values = integers(column).map_err(at)?;
        crate::model::check_indices(&DataView::I32(&values), classes.max(1)).map_err(at)?;
        let shape = [column.shape(), &[classes]].concat();
        let mut data = vec![0f32; crate::array::element_count(&shape)?];
        values.iter().enumerate().for_each(|(i, &class)| data[i * classes + class as usize] = 1.0);
        self.with(Role::Target, target, HostArray { shape, data: HostData::F32(data) })
    }

    /// How often each class of an integer target occurs; at least `classes` numbers, more where a class is larger.
    pub fn class_counts(&self, target: usize, classes: usize) -> Result<Vec<u64>> {
        let at = |e: Error| e.at(format!("target {target}"));
        let values = integers(self.column(Role::Target, target)?).map_err(at)?;
        let mut counts = vec![0; classes];
        for (i, &class) in values.iter().enumerate() {
            let Ok(class) = usize::try_from(class) else {
                return Err(at(Error::argument(format!("the class at position {i} is {class}; expected at least 0"))));
            };
            if class >= counts.len() {
                // A stray value must not ask for gigabytes.
                if class >= 1 << 24 {
                    return Err(at(Error::argument(format!(
                        "the class at position {i} is {class}; expected less than 2^24"
                    ))));
                }
                counts.resize(class + 1, 0);
            }
            counts[class] += 1;
        }
        Ok(counts)
    }

    /// A target's class per sample.
    pub fn classes(&self, target: usize) -> Result<Vec<i32>> {
        split::classes(self.column(Role::Target, target)?)
    }

    fn memory(&self, role: Role, index: usize) -> Result<&Column> {
        let column = self.column(role, index)?;
        if column.is_lazy() {
            return Err(Error::unsupported(
                "images in files are normalised by a transform of theirs, or after decoding into memory",
            ));
        }
        Ok(column)
    }
}

fn integers(column: &Column) -> Result<Vec<i32>> {
    match column.view().data {
        view @ (DataView::I32(_) | DataView::I64(_) | DataView::U8(_)) => view.to_i32(),
        other => Err(Error::dtype("target", "integer classes", other.dtype_name())),
    }
}

fn sums(
    column: &Column,
    groups: Groups,
    empty: [f64; 3],
    f: impl Fn(DataView<'_>) -> Vec<[f64; 3]>,
) -> Result<Vec<[f64; 3]>> {
    if !column.is_lazy() {
        return Ok(f(column.view().data));
    }
    let mut all = vec![empty; groups.count];
    let rows: Vec<u32> = (0..column.rows() as u32).collect();
    for block in rows.chunks(BLOCK_IMAGES) {
        join(&mut all, &f(column.gather(block, None)?.view_data()));
    }
    Ok(all)
}

/// Maps rows to floats of the array's own precision (f32 for integers), rows in parallel, computed in doubles.
fn floats(column: &Column, f: impl Fn(&dyn Fn(usize) -> f64, &mut [f64]) + Sync, row: usize) -> HostArray {
    let view = column.view();
    // Short rows go to a thread many at a time.
    let block = row * (4096 / row).max(1);
    let data = with_values!(&view.data, v => {
        if matches!(view.data, DataView::F64(_)) {
            let mut to = vec![0f64; v.len()];
            to.par_chunks_mut(block).zip(v.par_chunks(block)).for_each(|(to, from)| {
                for (to, from) in to.chunks_mut(row).zip(from.chunks(row)) {
                    f(&|i| Wide::from(from[i]).0, to);
                }
            });
            HostData::F64(to)
        } else {
            let mut to = vec![0f32; v.len()];
            to.par_chunks_mut(block).zip(v.par_chunks(block)).for_each(|(to, from)| {
                let mut wide = vec![0f64; row];
                for (to, from) in to.chunks_mut(row).zip(from.chunks(row)) {
                    f(&|i| Wide::from(from[i]).0, &mut wide);
                    to.iter_mut().zip(&wide).for_each(|(y, &x)| *y = x as f32);
                }
            });
            HostData::F32(to)
        }
    });
    HostArray { shape: view.shape, data }
}
