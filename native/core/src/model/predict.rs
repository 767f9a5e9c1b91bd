//! Prediction, by the model or by an immutable snapshot of it.

use std::sync::Arc;

use super::{Graph, Model, Pass};
use crate::array::{DataView, element_count};
use crate::device::Device;
use crate::layers::Bound;
use crate::tensor::DType;
use crate::{ArrayView, Error, HostArray, HostData, Result};

/// An immutable snapshot of a model that many threads may call at once. It shares the model's memory until the
/// model's next training step.
pub struct Predictor {
    graph: Arc<Graph>,
    bound: Vec<Bound>,
    frozen: Vec<bool>,
    device: Device,
    dtype: DType,
    autocast: Option<DType>,
}

impl Predictor {
    /// See [`Model::predict`]. Work runs on the calling thread's own stream.
    pub fn predict(&self, inputs: &[ArrayView<'_>], batch_size: usize) -> Result<Vec<HostArray>> {
        let Self { graph, device, .. } = self;
        let pass = pass(device, self.dtype, self.autocast, &self.bound, &self.frozen);
        predict(graph, &pass, inputs, batch_size)
    }

    pub fn device(&self) -> Device {
        self.device.clone()
    }
}

impl Model {
    /// The outputs in evaluation mode, in batches of `batch_size` rows (0: all at once).
    pub fn predict(&self, inputs: &[ArrayView<'_>], batch_size: usize) -> Result<Vec<HostArray>> {
        let (bound, frozen) = (self.table.plain(), self.table.frozen());
        let pass = pass(&self.device, self.dtype, self.inference, &bound, &frozen);
        self.stream().executes(|| predict(&self.graph, &pass, inputs, batch_size))
    }

    /// A snapshot for many threads. With names of layers it gives their values instead of the model's outputs.
    pub fn predictor(&self, layers: &[String]) -> Result<Predictor> {
        let graph =
            if layers.is_empty() { Arc::clone(&self.graph) } else { Arc::new(self.graph.with_outputs(layers)?) };
        Ok(Predictor {
            graph,
            bound: self.table.plain(),
            frozen: self.table.frozen(),
            device: self.device.clone(),
            dtype: self.dtype,
            autocast: self.inference,
        })
    }
}

fn pass<'a>(
    device: &'a Device,
    dtype: DType,
    autocast: Option<DType>,
    bound: &'a [Bound],
    frozen: &'a [bool],
) -> Pass<'a> {
    Pass { training: false, device, dtype, autocast, bound, frozen, seed: 0, pass: 0 }
}

fn predict(graph: &Graph, pass: &Pass<'_>, inputs: &[ArrayView<'_>], batch_size: usize) -> Result<Vec<HostArray>> {
    pass.device.check()?;
    graph.check_inputs(inputs)?;
    let rows = inputs[0].rows();
    let run = |inputs: &[ArrayView<'_>]| -> Result<Vec<HostArray>> {
        let values = graph.bind_inputs(inputs.iter().map(ArrayView::to_array).collect(), pass.dtype, pass.device)?;
        graph.forward(pass, values, &mut Vec::new())?.iter().map(|v| v.to_host()).collect()
    };
    if batch_size == 0 || batch_size >= rows {
        return run(inputs);
    }
    if inputs.iter().any(|i| i.rows() != rows) {
        return Err(Error::argument("prediction in batches needs inputs with the same number of rows"));
    }
    let mut all: Vec<HostArray> = Vec::new();
    for start in (0..rows).step_by(batch_size) {
        let end = (start + batch_size).min(rows);
        let parts: Vec<ArrayView<'_>> = inputs.iter().map(|i| slice_rows(i, start, end)).collect::<Result<_>>()?;
        let outputs = run(&parts)?;
        if all.is_empty() {
            all = outputs;
            continue;
        }
        for (whole, part) in all.iter_mut().zip(outputs) {
            append(whole, part)?;
        }
    }
    Ok(all)
}

fn slice_rows<'a>(array: &ArrayView<'a>, start: usize, end: usize) -> Result<ArrayView<'a>> {
    let width = element_count(&array.shape[1..])?;
    let range = start * width..end * width;
    let data = match array.data {
        DataView::F32(v) => DataView::F32(&v[range]),
        DataView::F64(v) => DataView::F64(&v[range]),
        DataView::I32(v) => DataView::I32(&v[range]),
        DataView::I64(v) => DataView::I64(&v[range]),
        DataView::U8(v) => DataView::U8(&v[range]),
    };
    let mut shape = array.shape.clone();
    shape[0] = end - start;
    ArrayView::new(shape, data)
}

fn append(whole: &mut HostArray, part: HostArray) -> Result<()> {
    if whole.shape.get(1..) != part.shape.get(1..) || whole.shape.is_empty() {
        return Err(Error::unsupported("prediction in batches of a model whose output has no batch dimension"));
    }
    whole.shape[0] += part.shape[0];
    match (&mut whole.data, part.data) {
        (HostData::F32(a), HostData::F32(b)) => a.extend(b),
        (HostData::F64(a), HostData::F64(b)) => a.extend(b),
        (HostData::I32(a), HostData::I32(b)) => a.extend(b),
        (HostData::I64(a), HostData::I64(b)) => a.extend(b),
        (HostData::U8(a), HostData::U8(b)) => a.extend(b),
        _ => return Err(Error::internal("two batches gave outputs of different types")),
    }
    Ok(())
}
