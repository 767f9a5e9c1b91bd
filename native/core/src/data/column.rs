//! One array of a dataset: elements in memory, or images that are decoded when they are asked for.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::images::{ImageSet, Moment};
use crate::array::element_count;
use crate::model::check_finite;
use crate::{ArrayView, DataView, Error, HostArray, HostData, Result};

/// Gathering less than this is faster on one thread.
const PARALLEL_ELEMENTS: usize = 1 << 17;

#[derive(Debug, Clone)]
enum Cells {
    /// Rows `start..start + rows` of an array that other columns may share.
    Memory {
        array: Arc<HostArray>,
        start: usize,
    },
    Images {
        set: Arc<ImageSet>,
        picks: Arc<[u32]>,
    },
}

/// A clone shares the elements.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    cells: Cells,
    shape: Vec<usize>,
    row_size: usize,
    finite: Arc<OnceLock<Result<()>>>,
}

macro_rules! part {
    ($data:expr, $range:expr) => {
        match $data {
            HostData::F32(v) => DataView::F32(&v[$range]),
            HostData::F64(v) => DataView::F64(&v[$range]),
            HostData::I32(v) => DataView::I32(&v[$range]),
            HostData::I64(v) => DataView::I64(&v[$range]),
            HostData::U8(v) => DataView::U8(&v[$range]),
        }
    };
}

impl Column {
    /// Copies the array; 64-bit integers become 32-bit ones, the index type of every device.
    pub fn new(array: &ArrayView<'_>) -> Result<Self> {
        if array.shape.is_empty() {
            return Err(Error::shape("array", "a first dimension that counts the samples", "a scalar"));
        }
        let data = match array.data {
            DataView::I32(_) | DataView::I64(_) => HostData::I32(array.data.to_i32()?),
            _ => array.to_array().data,
        };
        Self::owned(HostArray::new(array.shape.clone(), data)?)
    }

    /// Takes an array with the samples in its first dimension.
    pub fn owned(array: HostArray) -> Result<Self> {
        let shape = array.shape.clone();
        let row_size = element_count(&shape[1..])?;
        Ok(Self { cells: Cells::Memory { array: Arc::new(array), start: 0 }, shape, row_size, finite: Arc::default() })
    }

    /// All images of a set.
    pub fn images(set: ImageSet) -> Result<Self> {
        let picks = 0..u32::try_from(set.len()).map_err(|_| Error::argument("more than 2^32 images"))?;
        Ok(Self::picked(Arc::new(set), picks.collect()))
    }

    fn picked(set: Arc<ImageSet>, picks: Arc<[u32]>) -> Self {
        let row = set.shape();
        Self {
            shape: [&[picks.len()], &row[..]].concat(),
            row_size: row.iter().product(),
            finite: Arc::default(),
            cells: Cells::Images { set, picks },
        }
    }

    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// The shape, the rows included.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub fn row_size(&self) -> usize {
        self.row_size
    }

    /// Whether rows are computed when they are gathered, so that doing it ahead on another thread pays.
    pub fn is_lazy(&self) -> bool {
        matches!(self.cells, Cells::Images { .. })
    }

    /// Shape and elements, for checks. Images show no elements, only that they are floats.
    pub fn view(&self) -> ArrayView<'_> {
        let data = match &self.cells {
            Cells::Memory { array, start } => {
                part!(&array.data, start * self.row_size..(start + self.rows()) * self.row_size)
            }
            Cells::Images { .. } => DataView::F32(&[]),
        };
        ArrayView { shape: self.shape.clone(), data }
    }

    /// An error that names the first sample with a NaN or infinity; looked for once.
    pub fn check_finite(&self) -> Result<()> {
        self.finite.get_or_init(|| check_finite(&self.view().data, self.row_size)).clone()
    }

    /// Rows at these positions; images as they are at that moment of training, or outside of training.
    pub fn gather(&self, order: &[u32], moment: Option<Moment>) -> Result<HostArray> {
        let (array, start) = match &self.cells {
            Cells::Memory { array, start } => (array, *start),
            Cells::Images { set, picks } => {
                let picks: Vec<u32> = order.iter().map(|&i| picks[i as usize]).collect();
                return set.load(&picks, moment);
            }
        };
        let mut shape = self.shape.clone();
        shape[0] = order.len();
        let data = match &array.data {
            HostData::F32(v) => HostData::F32(rows(v, self.row_size, order, start)),
            HostData::F64(v) => HostData::F64(rows(v, self.row_size, order, start)),
            HostData::I32(v) => HostData::I32(rows(v, self.row_size, order, start)),
            HostData::I64(v) => HostData::I64(rows(v, self.row_size, order, start)),
            HostData::U8(v) => HostData::U8(rows(v, self.row_size, order, start)),
        };
        Ok(HostArray { shape, data })
    }

    /// Rows at these positions as a column of its own; images stay files.
    pub fn select(&self, order: &[u32]) -> Result<Self> {
        match &self.cells {
            Cells::Memory { .. } => Self::owned(self.gather(order, None)?),
            Cells::Images { set, picks } => {
                Ok(Self::picked(set.clone(), order.iter().map(|&i| picks[i as usize]).collect()))
            }
        }
    }

    /// A range of rows that shares the elements.
    pub fn slice(&self, first: usize, count: usize) -> Self {
        match &self.cells {
            Cells::Memory { array, start } => {
                let mut shape = self.shape.clone();
                shape[0] = count;
                let cells = Cells::Memory { array: array.clone(), start: start + first };
                Self { cells, shape, row_size: self.row_size, finite: Arc::default() }
            }
            Cells::Images { set, picks } => Self::picked(set.clone(), picks[first..first + count].into()),
        }
    }

    /// The rows of several columns one after the other.
    pub fn concat(parts: &[&Self]) -> Result<Self> {
        let first = parts[0];
        for part in parts {
            if part.shape[1..] != first.shape[1..] {
                return Err(Error::shape("shape of a sample", fmt(&first.shape[1..]), fmt(&part.shape[1..])));
            }
        }
        let sets: Option<Vec<_>> = parts.iter().map(|c| c.image_parts()).collect();
        if let Some(sets) = sets {
            let (set, picks) = ImageSet::concat(&sets)?;
            return Ok(Self::picked(Arc::new(set), picks.into()));
        }
        if parts.iter().any(|c| c.is_lazy()) {
            return Err(Error::unsupported("images in files and arrays in memory cannot be joined"));
        }
        let mut shape = first.shape.clone();
        shape[0] = parts.iter().map(|c| c.rows()).sum();
        let views: Vec<DataView<'_>> = parts.iter().map(|c| c.view().data).collect();
        macro_rules! join {
            ($($kind:ident),*) => {
                match &views[0] {
                    $(DataView::$kind(_) => {
                        let mut all = Vec::with_capacity(element_count(&shape)?);
                        for view in &views {
                            let DataView::$kind(v) = view else {
                                return Err(Error::dtype("array", views[0].dtype_name(), view.dtype_name()));
                            };
                            all.extend_from_slice(v);
                        }
                        HostData::$kind(all)
                    })*
                }
            };
        }
        let data = join!(F32, F64, I32, I64, U8);
        Self::owned(HostArray { shape, data })
    }

    fn image_parts(&self) -> Option<(&ImageSet, &[u32])> {
        match &self.cells {
            Cells::Images { set, picks } => Some((set, picks)),
            Cells::Memory { .. } => None,
        }
    }
}

/// A shape as errors show it.
pub(super) fn fmt(shape: &[usize]) -> String {
    format!("{shape:?}")
}

fn rows<T: Copy + Send + Sync + Default>(data: &[T], size: usize, order: &[u32], start: usize) -> Vec<T> {
    let row = |i: u32| &data[(start + i as usize) * size..][..size];
    if size * order.len() < PARALLEL_ELEMENTS || size == 0 {
        let mut gathered = Vec::with_capacity(size * order.len());
        order.iter().for_each(|&i| gathered.extend_from_slice(row(i)));
        return gathered;
    }
    let mut gathered = vec![T::default(); size * order.len()];
    gathered.par_chunks_mut(size).zip(order).for_each(|(to, &i)| to.copy_from_slice(row(i)));
    gathered
}
