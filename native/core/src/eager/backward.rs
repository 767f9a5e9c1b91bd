//! The way back through a graph.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::graph::{Edge, Leaf, Node};
use super::on_stream;
use super::tensor::Tensor;
use crate::tensor::Value;
use crate::{Error, Result};

/// Gradients on their way to leaves. They reach the leaves when the whole pass has succeeded.
#[derive(Default)]
pub(super) struct LeafGradients {
    found: HashMap<*const Leaf, (Arc<Leaf>, Value)>,
}

impl LeafGradients {
    fn add(&mut self, leaf: &Arc<Leaf>, gradient: Value) -> Result<()> {
        let sum = match self.found.remove(&Arc::as_ptr(leaf)) {
            None => gradient,
            Some((_, sum)) => sum.add(&gradient)?,
        };
        self.found.insert(Arc::as_ptr(leaf), (Arc::clone(leaf), sum));
        Ok(())
    }

    /// Takes away what has reached a leaf.
    pub fn take(&mut self, leaf: &Arc<Leaf>) -> Option<Value> {
        self.found.remove(&Arc::as_ptr(leaf)).map(|(_, value)| value)
    }

    /// Adds everything to what the leaves have.
    fn commit(self) -> Result<()> {
        for (leaf, value) in self.found.into_values() {
            let mut place = leaf.gradient();
            *place = Some(match place.take() {
                None => value,
                Some(sum) => sum.add(&value)?,
            });
        }
        Ok(())
    }
}

/// Gradients that arrived at outputs of nodes, of those asked for.
type Watched = HashMap<(u64, usize), Option<Value>>;

/// Adds gradients of a scalar (or, with `gradient`, of sum(root * gradient)) to every leaf that it depends on. The graph is
/// consumed unless it is to be retained. After an error no leaf has changed.
pub fn backward(root: &Tensor, gradient: Option<&Tensor>, retain: bool) -> Result<()> {
    on_stream(|| {
        let seed = seed(root, gradient)?;
        let mut leaves = LeafGradients::default();
        walk(vec![(root.edge(), seed)], !retain, &mut leaves, &mut Watched::new())?;
        leaves.commit()
    })
}

/// The gradients of `root` with respect to some tensors, which may be results of operations; no leaf changes. `None` where
/// `root` does not depend on a tensor.
pub fn gradients(root: &Tensor, gradient: Option<&Tensor>, of: &[Tensor], retain: bool) -> Result<Vec<Option<Tensor>>> {
    on_stream(|| {
        let seed = seed(root, gradient)?;
        let mut watched = Watched::new();
        for (i, tensor) in of.iter().enumerate() {
            match tensor.edge() {
                Edge::None => {
                    return Err(Error::argument(format!("Gradients: tensor {i} does not require a gradient")));
                }
                Edge::Node(node, output) => drop(watched.insert((node.number, output), None)),
                Edge::Leaf(_) | Edge::Shadow => {}
            }
        }
        let mut leaves = LeafGradients::default();
        walk(vec![(root.edge(), seed)], !retain, &mut leaves, &mut watched)?;
        let found = |tensor: &Tensor| match tensor.edge() {
            Edge::Leaf(leaf) => leaves.found.get(&Arc::as_ptr(&leaf)).map(|(_, value)| value.clone()),
            Edge::Node(node, output) => watched.get(&(node.number, output)).cloned().flatten(),
            Edge::None | Edge::Shadow => None,
        };
        of.iter().map(|t| found(t).map(|value| Tensor::plain(value, t.shape(), t.device())).transpose()).collect()
    })
}

/// The gradient that a pass begins with.
fn seed(root: &Tensor, gradient: Option<&Tensor>) -> Result<Value> {
    match root.edge() {
        Edge::None => {
            return Err(Error::argument("Backward: the tensor depends on nothing that requires a gradient"));
        }
        Edge::Shadow => {
            return Err(Error::argument("Backward: not possible inside the function of a gradient checkpoint"));
        }
        Edge::Leaf(_) | Edge::Node(..) => {}
    }
    let value = root.value();
    match gradient {
        Some(gradient) => gradient.fitting("Backward", &root.facts()?),
        None if value.len() == 1 => value.full_like(&value.shape(), 1.0),
        None => Err(Error::shape(
            "Backward: without a gradient of its own, the tensor",
            "one element",
            format!("{:?}", root.shape()),
        )),
    }
}

/// Carries gradients from some places of a graph to its leaves.
pub(super) fn walk(
    roots: Vec<(Edge, Value)>,
    consume: bool,
    leaves: &mut LeafGradients,
    watched: &mut Watched,
) -> Result<()> {
    check(roots.iter().map(|(edge, _)| edge))?;
    let mut waiting: BTreeMap<u64, (Arc<Node>, Vec<Option<Value>>)> = BTreeMap::new();
    let arrive = |edge: &Edge,
                  gradient: Value,
                  leaves: &mut LeafGradients,
                  waiting: &mut BTreeMap<u64, (Arc<Node>, Vec<Option<Value>>)>| {
        match edge {
            Edge::None | Edge::Shadow => Ok(()),
            Edge::Leaf(leaf) => leaves.add(leaf, gradient),
            Edge::Node(node, output) => {
                let (_, slots) =
                    waiting.entry(node.number).or_insert_with(|| (Arc::clone(node), vec![None; node.outputs]));
                slots[*output] = Some(match slots[*output].take() {
                    None => gradient,
                    Some(sum) => sum.add(&gradient)?,
                });
                Ok(())
            }
        }
    };
    for (edge, gradient) in roots {
        arrive(&edge, gradient, leaves, &mut waiting)?;
    }
    // The newest node first: whatever depends on a node is newer.
    while let Some((number, (node, gradients))) = waiting.pop_last() {
        for (output, gradient) in gradients.iter().enumerate() {
            if let Some(place) = watched.get_mut(&(number, output)) {
                *place = gradient.clone();
            }
        }
        let work = node.work().ok_or_else(|| consumed(&node))?;
        let wants: Vec<bool> = node.edges.iter().map(Edge::is_tracked).collect();
        let pulled = work.pull(&gradients, &wants, leaves).map_err(|e| e.of(format!("Backward of {}", node.name)))?;
        drop(work);
        if consume {
            node.consume();
        }
        for (edge, gradient) in node.edges.iter().zip(pulled) {
            if let Some(gradient) = gradient {
                arrive(edge, gradient, leaves, &mut waiting)?;
            }
        }
    }
    Ok(())
}

/// Nothing that the pass would come through may be consumed: found out before anything is computed.
fn check<'a>(roots: impl Iterator<Item = &'a Edge>) -> Result<()> {
    let mut rest: Vec<Arc<Node>> = Vec::new();
    let mut seen = HashSet::new();
    let mut visit = |edge: &Edge, rest: &mut Vec<Arc<Node>>| {
        if let Edge::Node(node, _) = edge
            && seen.insert(node.number)
        {
            rest.push(Arc::clone(node));
        }
    };
    roots.for_each(|edge| visit(edge, &mut rest));
    while let Some(node) = rest.pop() {
        if node.work().is_none() {
            return Err(consumed(&node));
        }
        node.edges.iter().for_each(|edge| visit(edge, &mut rest));
    }
    Ok(())
}

fn consumed(node: &Node) -> Error {
    Error::argument(format!(
        "Backward: the graph (at {}) was consumed by an earlier Backward. Add the losses up and call it once, retain the \
         graph in the earlier call, or compute the loss again",
        node.name
    ))
}
