//! What a model consists of, as data.

use std::sync::Arc;

use serde::Serialize;

use super::Model;
use super::graph::Node;
use crate::Result;
use crate::array::element_count;
use crate::layers::{Bound, Role, Type};

#[derive(Debug, Clone, Serialize)]
pub struct LayerSummary {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// -1 for a dimension, nothing for a rank, that only data will tell.
    pub output_shape: Option<Vec<i64>>,
    pub parameters: usize,
    pub trainable_parameters: usize,
    pub buffers: usize,
    /// Of a forward pass of one sample; `None` where sizes that only data will tell decide it.
    pub multiply_adds: Option<u64>,
    /// It has parameters or buffers and all of them are frozen.
    pub frozen: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub layers: Vec<LayerSummary>,
    pub parameters: usize,
    pub trainable: usize,
    /// Memory of parameters and buffers.
    pub bytes: usize,
    /// Memory of the optimizer's state.
    pub optimizer_bytes: usize,
    /// Of a forward pass of one sample, where it is known of every layer.
    pub multiply_adds: Option<u64>,
    /// An estimate of what training keeps for the backward pass: the outputs of all layers for one sample.
    pub activation_bytes: Option<u64>,
    pub dtype: &'static str,
    pub device: String,
}

/// One line of the state: what PyTorch's state_dict holds under that name.
#[derive(Debug, Clone, Serialize)]
pub struct StateEntry {
    pub name: String,
    pub shape: Vec<usize>,
    pub dtype: &'static str,
    /// `parameter` or `buffer`.
    pub kind: &'static str,
    pub trainable: bool,
}

/// Elements of the outputs of all layers for one sample.
fn activations(nodes: &[Arc<Node>], types: &[Type]) -> Option<u64> {
    let slots = nodes.iter().flat_map(|node| node.outputs.clone());
    slots
        .map(|slot| {
            let dims = types[slot].shape.as_ref()?.iter().enumerate();
            dims.map(|(d, size)| if d == 0 { Some(size.unwrap_or(1)) } else { *size })
                .try_fold(1u64, |product, size| product.checked_mul(size? as u64))
        })
        .sum()
}

impl Model {
    pub fn summary(&self) -> Result<Summary> {
        let types = self.graph.usual_types()?;
        let mut layers = Vec::with_capacity(self.graph.nodes.len());
        for node in &self.graph.nodes {
            // What a layer shares is counted where it was first.
            let own = if node.shared { 0..0 } else { node.entries.clone() };
            let entries = &self.table.entries[own];
            let inputs: Vec<Type> = node.inputs.iter().map(|&slot| types[slot].clone()).collect();
            let count = |keep: &dyn Fn(&&super::Entry) -> bool| -> Result<usize> {
                entries.iter().filter(keep).map(|e| element_count(&e.shape)).sum()
            };
            layers.push(LayerSummary {
                name: node.name.clone(),
                kind: node.layer_name.clone(),
                output_shape: types[node.outputs.start].to_spec(),
                parameters: count(&|e| e.role == Role::Parameter)?,
                trainable_parameters: count(&|e| e.role == Role::Parameter && !e.frozen)?,
                buffers: count(&|e| e.role != Role::Parameter)?,
                multiply_adds: node.layer.multiply_adds(&inputs, &types[node.outputs.clone()]),
                frozen: !entries.is_empty() && entries.iter().all(|e| e.frozen),
            });
        }
        let size = |e: &super::Entry| Ok(element_count(&e.shape)? * e.dtype(self.dtype).size());
        let bytes = self.table.entries.iter().map(size).sum::<Result<_>>()?;
        Ok(Summary {
            parameters: layers.iter().map(|l| l.parameters).sum(),
            trainable: layers.iter().map(|l| l.trainable_parameters).sum(),
            bytes,
            optimizer_bytes: self.table.state_len() * self.dtype.size(),
            multiply_adds: layers.iter().map(|l| l.multiply_adds).sum(),
            activation_bytes: activations(&self.graph.nodes, &types).map(|n| n * self.dtype.size() as u64),
            layers,
            dtype: self.dtype.name(),
            device: format!("{} ({})", self.device.info().kind, self.device.info().name),
        })
    }

    pub fn state_list(&self) -> Vec<StateEntry> {
        let entry = |e: &super::Entry| StateEntry {
            name: e.name.clone(),
            shape: e.shape.clone(),
            dtype: if matches!(e.stored, Bound::Counter(_)) { "i64" } else { e.dtype(self.dtype).name() },
            kind: if e.role == Role::Parameter { "parameter" } else { "buffer" },
            trainable: e.role == Role::Parameter && !e.frozen,
        };
        self.table.entries.iter().map(entry).collect()
    }
}
