//! One array of a dataset.

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::array::element_count;
use crate::model::check_finite;
use crate::{ArrayView, DataView, Error, HostArray, HostData, Result};

/// Gathering less than this is faster on one thread.
const PARALLEL_ELEMENTS: usize = 1 << 17;

#[derive(Debug)]
pub(crate) struct Column {
    array: HostArray,
    row_size: usize,
    finite: OnceLock<Result<()>>,
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
        let array = HostArray::new(array.shape.clone(), data)?;
        let row_size = element_count(&array.shape[1..])?;
        Ok(Self { array, row_size, finite: OnceLock::new() })
    }

    pub fn rows(&self) -> usize {
        self.array.shape[0]
    }

    pub fn view(&self) -> ArrayView<'_> {
        self.array.view()
    }

    /// An error that names the first sample with a NaN or infinity; looked for once.
    pub fn check_finite(&self) -> Result<()> {
        self.finite.get_or_init(|| check_finite(&self.array.view_data(), self.row_size)).clone()
    }

    pub fn gather(&self, order: &[u32]) -> HostArray {
        let mut shape = self.array.shape.clone();
        shape[0] = order.len();
        let data = match &self.array.data {
            HostData::F32(v) => HostData::F32(rows(v, self.row_size, order)),
            HostData::F64(v) => HostData::F64(rows(v, self.row_size, order)),
            HostData::I32(v) => HostData::I32(rows(v, self.row_size, order)),
            HostData::I64(v) => HostData::I64(rows(v, self.row_size, order)),
            HostData::U8(v) => HostData::U8(rows(v, self.row_size, order)),
        };
        HostArray { shape, data }
    }
}

fn rows<T: Copy + Send + Sync + Default>(data: &[T], size: usize, order: &[u32]) -> Vec<T> {
    let row = |i: u32| &data[i as usize * size..][..size];
    if size * order.len() < PARALLEL_ELEMENTS || size == 0 {
        let mut gathered = Vec::with_capacity(size * order.len());
        order.iter().for_each(|&i| gathered.extend_from_slice(row(i)));
        return gathered;
    }
    let mut gathered = vec![T::default(); size * order.len()];
    gathered.par_chunks_mut(size).zip(order).for_each(|(to, &i)| to.copy_from_slice(row(i)));
    gathered
}
