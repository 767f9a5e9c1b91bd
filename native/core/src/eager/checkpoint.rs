//! Gradient checkpoints: a function whose inner results are not kept; it runs again on the way back.

use std::collections::HashMap;
use std::sync::Arc;

use super::backward::{LeafGradients, walk};
use super::graph::{Edge, Node, Pull};
use super::on_stream;
use super::tensor::Tensor;
use crate::device::Device;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

/// The function, with the state (modes, random numbers) that it ran under first.
pub trait Rerun: Send + Sync {
    /// Runs it again, recording a graph.
    fn run(&self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>>;
}

/// Puts a function's results into the graph as one node. `outputs` are what it gave for `inputs` under
/// [`super::Tracking::Shadow`]; results that depend on nothing tracked stay outside. What the function uses besides its
/// inputs gets its gradients too.
pub fn checkpoint(inputs: &[Tensor], outputs: &[Tensor], function: Box<dyn Rerun>) -> Result<Vec<Tensor>> {
    let shadow = |t: &Tensor| matches!(t.edge(), Edge::Shadow);
    if !outputs.iter().any(shadow) {
        return Ok(outputs.to_vec());
    }
    let edges: Vec<Edge> = inputs.iter().map(Tensor::edge).collect();
    let kept = inputs.iter().map(|t| (t.value(), t.shape().to_vec(), t.device().clone())).collect();
    let node = Node::new("a checkpoint", edges, outputs.len(), Checkpoint { inputs: kept, function });
    let attach = |(i, output): (usize, &Tensor)| match output.edge() {
        Edge::Shadow => {
            let edge = Edge::Node(Arc::clone(&node), i);
            Tensor::with_edge(output.value(), output.shape(), output.device(), edge)
        }
        _ => Ok(output.clone()),
    };
    outputs.iter().enumerate().map(attach).collect()
}

struct Checkpoint {
    inputs: Vec<(Value, Vec<usize>, Device)>,
    function: Box<dyn Rerun>,
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        let inputs = std::mem::take(&mut self.inputs);
        on_stream(|| drop(inputs));
    }
}

impl Pull for Checkpoint {
    fn pull(
        &self,
        gradients: &[Option<Value>],
        wants: &[bool],
        leaves: &mut LeafGradients,
    ) -> Result<Vec<Option<Value>>> {
        let mut own = Vec::with_capacity(self.inputs.len());
        let mut given = Vec::with_capacity(self.inputs.len());
        for ((value, shape, device), &wanted) in self.inputs.iter().zip(wants) {
            if wanted && value.kind() == Kind::Float {
                let (tensor, leaf) = Tensor::leaf_of(value.clone(), shape, device)?;
                own.push(Some(leaf));
                given.push(tensor);
            } else {
                own.push(None);
                given.push(Tensor::plain(value.clone(), shape, device)?);
            }
        }
        let outputs = self.function.run(given)?;
        if outputs.len() != gradients.len() {
            let text = format!("the function gave {} results, {} before", outputs.len(), gradients.len());
            return Err(Error::argument(text));
        }
        let mut roots = Vec::with_capacity(outputs.len());
        for (output, gradient) in outputs.iter().zip(gradients) {
            let Some(gradient) = gradient else { continue };
            let now = output.value().shape();
            if now != gradient.shape() {
                let (before, now) = (format!("{:?}", gradient.shape()), format!("{now:?}"));
                return Err(Error::shape("the function's result when run again", before, now));
            }
            match output.edge() {
                Edge::Shadow | Edge::None => {
                    return Err(Error::argument("the function's result depends on nothing tracked when run again"));
                }
                edge => roots.push((edge, gradient.clone())),
            }
        }
        // What the function took from outside belongs to other graphs: they are not consumed here.
        walk(roots, false, leaves, &mut HashMap::new())?;
        Ok(own.into_iter().map(|leaf| leaf.and_then(|leaf| leaves.take(&leaf))).collect())
    }
}
