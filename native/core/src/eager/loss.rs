//! Losses on tensors.

use std::sync::Arc;

use super::apply::{Options, Tracking, check_autocast, pull_tape};
use super::backward::LeafGradients;
use super::graph::{Edge, Node, Pull};
use super::on_stream;
use super::tensor::{ElementType, Tensor, device_mix};
use crate::losses::{Loss, Reduction, create};
use crate::spec::PartSpec;
use crate::tensor::{DType, Kind, Value};
use crate::{ArrayView, DataView, Error, HostArray, Result};

/// The loss of a prediction, a scalar (for reduction 'none' one number per element). Its gradient goes to the prediction;
/// targets are constants.
pub fn apply_loss(spec: &PartSpec, prediction: &Tensor, targets: &[Tensor], options: &Options) -> Result<Tensor> {
    run(spec, prediction, targets, options).map_err(|e| e.at(format!("loss {}", spec.kind)))
}

fn run(spec: &PartSpec, prediction: &Tensor, targets: &[Tensor], options: &Options) -> Result<Tensor> {
    let loss: Arc<dyn Loss> = create(spec)?.into();
    let found = prediction.element().float("prediction")?;
    let autocast = options.autocast;
    if let Some(low) = autocast {
        check_autocast(low, prediction.device())?;
        if spec.kind == "BCE" {
            return Err(Error::unsupported(
                "takes probabilities, which half precision makes too coarse: under autocast use BCEWithLogits, without the \
                 Sigmoid before it",
            ));
        }
    }
    // Losses of halves are computed in f32; under autocast that is their type, too.
    let dtype = if found.is_half() { DType::F32 } else { found };
    let result_type = if autocast.is_some() { dtype } else { found };
    if targets.len() != loss.target_count() {
        let text = format!("takes {} target(s), found {}", loss.target_count(), targets.len());
        return Err(Error::argument(text));
    }
    for (i, target) in targets.iter().enumerate() {
        if target.device() != prediction.device() {
            return Err(device_mix(&format!("target {i}"), prediction.device(), target.device()));
        }
        if target.is_tracked() {
            return Err(Error::argument(format!("target {i} requires a gradient, which no loss gives it: detach it")));
        }
        if let ElementType::Float(found) = target.element()
            && found.widest(dtype) != dtype
        {
            return Err(Error::dtype(format!("target {i}"), dtype.name(), found.name()));
        }
    }
    let device = prediction.device().clone();
    let value = prediction.value();
    on_stream(|| {
        check(&*loss, &value, targets)?;
        let bind = |(i, t): (usize, &Tensor)| as_target(&*loss, i, t.value(), dtype);
        let targets: Vec<Value> = targets.iter().enumerate().map(bind).collect();
        let loss_is_scalar = loss.reduction() != Reduction::None;
        let result = scalar(&*loss, loss.forward(&value.clone().to_float(dtype), &targets)?)?.to_float(result_type);
        let edge = match (prediction.edge(), options.tracking) {
            (Edge::None, _) | (_, Tracking::Off) => Edge::None,
            (_, Tracking::Shadow) => Edge::Shadow,
            (edge, Tracking::On) => {
                let work = LossWork { loss, prediction: value, targets, dtype, result_type };
                Edge::Node(Node::new(&format!("loss {}", spec.kind), vec![edge], 1, work), 0)
            }
        };
        let shape = if loss_is_scalar { Vec::new() } else { result.shape() };
        Tensor::with_edge(result, &shape, &device, edge)
    })
}

/// Shapes, and values of targets (a class out of range). Where the targets lie elsewhere they are read back.
fn check(loss: &dyn Loss, prediction: &Value, targets: &[Tensor]) -> Result<()> {
    let values: Vec<Value> = targets.iter().map(|t| t.value().contiguous()).collect();
    let copies: Vec<Option<HostArray>> = values
        .iter()
        .map(|v| if slice(v).is_some() { Ok(None) } else { v.to_host().map(Some) })
        .collect::<Result<_>>()?;
    let mut views: Vec<ArrayView<'_>> = Vec::with_capacity(values.len());
    for (value, copy) in values.iter().zip(&copies) {
        views.push(match (copy, slice(value)) {
            (Some(array), _) => array.view(),
            (None, Some(data)) => ArrayView { shape: value.shape(), data },
            (None, None) => return Err(Error::internal("a target is not readable")),
        });
    }
    loss.check(&prediction.shape(), &views)
}

fn slice(value: &Value) -> Option<DataView<'_>> {
    match value.kind() {
        Kind::Float => match value.dtype().ok()? {
            DType::F32 => value.host_slice::<f32>().map(DataView::F32),
            DType::F64 => value.host_slice::<f64>().map(DataView::F64),
            DType::F16 | DType::BF16 => None,
        },
        Kind::Int => value.host_slice::<i32>().map(DataView::I32),
        Kind::Bool => value.host_slice::<u8>().map(DataView::U8),
    }
}

/// A target of the kind that the loss reads.
fn as_target(loss: &dyn Loss, index: usize, value: Value, dtype: DType) -> Value {
    let found = if value.kind() == Kind::Float { Kind::Float } else { Kind::Int };
    match loss.target_kind(index, found) {
        Kind::Float => value.to_float(dtype),
        _ => value.to_int(),
    }
}

/// Losses of one number are scalars.
fn scalar(loss: &dyn Loss, value: Value) -> Result<Value> {
    if loss.reduction() == Reduction::None { Ok(value) } else { value.reshape(&[]) }
}

struct LossWork {
    loss: Arc<dyn Loss>,
    prediction: Value,
    targets: Vec<Value>,
    /// In which the loss is computed, and that of the result.
    dtype: DType,
    result_type: DType,
}

impl Pull for LossWork {
    fn pull(&self, gradients: &[Option<Value>], _: &[bool], _: &mut LeafGradients) -> Result<Vec<Option<Value>>> {
        let leaf = self.prediction.tracked();
        let loss = self.loss.forward(&leaf.clone().to_float(self.dtype), &self.targets)?;
        let output = scalar(&*self.loss, loss)?.to_float(self.result_type);
        pull_tape(&[Some(leaf)], vec![output], gradients)
    }
}

impl Drop for LossWork {
    fn drop(&mut self) {
        let targets = std::mem::take(&mut self.targets);
        on_stream(|| drop(targets));
    }
}
