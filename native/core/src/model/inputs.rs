//! Host arrays into values: the right kind, shapes checked, indices in range, before anything reaches a device.

use super::Graph;
use crate::array::DataView;
use crate::device::Device;
use crate::tensor::{DType, Kind, Value};
use crate::{ArrayView, Error, ErrorKind, HostArray, Result};

impl Graph {
    /// Checks arrays against the model's inputs, without copying anything, and gives the shapes of the outputs.
    pub fn check_inputs(&self, inputs: &[ArrayView<'_>]) -> Result<Vec<Vec<usize>>> {
        if inputs.len() != self.input_names.len() {
            return Err(Error::argument(format!(
                "the model takes {} input(s) ({}), found {}",
                self.input_names.len(),
                self.input_names.join(", "),
                inputs.len()
            )));
        }
        for (i, (array, declared)) in inputs.iter().zip(&self.input_types).enumerate() {
            let at = |e: Error| e.at(format!("input '{}'", self.input_names[i]));
            if declared.kind == Kind::Int && array.data.is_float() {
                return Err(at(Error::dtype("data", "integers (indices)", array.data.dtype_name())));
            }
            if array.rows() == 0 {
                return Err(at(Error::shape("data", "at least one sample", "none")));
            }
            if let Some(bound) = self.index_bound(i) {
                check_indices(&array.data, bound).map_err(at)?;
            }
        }
        let shapes: Vec<Vec<usize>> = inputs.iter().map(|a| a.shape.clone()).collect();
        self.output_shapes(&shapes)
    }

    /// The arrays, already checked, as values on the device.
    pub fn bind_inputs(&self, inputs: Vec<HostArray>, dtype: DType, device: &Device) -> Result<Vec<Value>> {
        inputs
            .into_iter()
            .zip(&self.input_types)
            .map(|(array, declared)| match declared.kind {
                Kind::Int => Value::ints_from_array(array, device),
                _ => Value::float_from_array(array, dtype, device),
            })
            .collect()
    }
}

/// Indices must lie in 0..bound.
pub(crate) fn check_indices(data: &DataView<'_>, bound: usize) -> Result<()> {
    let outside = |i: usize, x: i64| {
        Err(Error::argument(format!("index {x} at position {i} is out of range: expected 0 to {}", bound - 1)))
    };
    let bound = bound as i64;
    let wrong = |x: i64| x < 0 || x >= bound;
    match data {
        DataView::I32(v) => v.iter().position(|&x| wrong(x.into())).map_or(Ok(()), |i| outside(i, v[i].into())),
        DataView::I64(v) => v.iter().position(|&x| wrong(x)).map_or(Ok(()), |i| outside(i, v[i])),
        DataView::U8(v) => v.iter().position(|&x| wrong(x.into())).map_or(Ok(()), |i| outside(i, v[i].into())),
        DataView::F32(_) | DataView::F64(_) => Ok(()),
    }
}

/// Floats must be finite; the error names the sample.
pub(crate) fn check_finite(data: &DataView<'_>, row_size: usize) -> Result<()> {
    let position = match data {
        DataView::F32(v) => v.iter().position(|x| !x.is_finite()).map(|i| (i, f64::from(v[i]))),
        DataView::F64(v) => v.iter().position(|x| !x.is_finite()).map(|i| (i, v[i])),
        _ => None,
    };
    match position {
        None => Ok(()),
        Some((i, x)) => Err(Error::new(
            ErrorKind::Numerical,
            format!("sample {} holds {x}; expected finite numbers", i / row_size.max(1)),
        )),
    }
}
