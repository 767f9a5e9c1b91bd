//! The gradient graph: nodes point at what their inputs came from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::backward::LeafGradients;
use super::on_stream;
use crate::Result;
use crate::device::Device;
use crate::tensor::{DType, Value};

/// What an output of a node is like.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub shape: Vec<usize>,
    pub dtype: DType,
    pub device: Device,
}

/// Where a value came from.
#[derive(Clone, Default)]
pub(super) enum Edge {
    /// Nothing wants a gradient.
    #[default]
    None,
    Leaf(Arc<Leaf>),
    /// An output of a node.
    Node(Arc<Node>, usize),
    /// It would be tracked, but the pass keeps no graph: the first pass of a checkpoint.
    Shadow,
}

impl Edge {
    pub fn is_tracked(&self) -> bool {
        !matches!(self, Self::None)
    }
}

/// The place where the gradients of a tensor that the user made add up.
pub(super) struct Leaf {
    gradient: Mutex<Option<Value>>,
    pub facts: Facts,
}

impl Leaf {
    pub fn new(facts: Facts) -> Arc<Self> {
        Arc::new(Self { gradient: Mutex::new(None), facts })
    }

    pub fn gradient(&self) -> MutexGuard<'_, Option<Value>> {
        self.gradient.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        let gradient = self.gradient().take();
        if gradient.is_some() {
            on_stream(|| drop(gradient));
        }
    }
}

/// How an operation pulls gradients back. It holds what it needs for that.
pub(super) trait Pull: Send + Sync {
    /// The gradients of the inputs, where `wants` asks for them, from those of the outputs. At least one of these is there.
    /// `leaves` takes what reaches leaves on another way than through the inputs.
    fn pull(
        &self,
        gradients: &[Option<Value>],
        wants: &[bool],
        leaves: &mut LeafGradients,
    ) -> Result<Vec<Option<Value>>>;
}

/// An operation in the graph.
pub(super) struct Node {
    /// Nodes are made after those they depend on, so descending numbers are an order for the way back.
    pub number: u64,
    pub name: String,
    pub edges: Vec<Edge>,
    pub outputs: usize,
    /// `None` once the graph is consumed.
    work: Mutex<Option<Arc<dyn Pull>>>,
}

impl Node {
    pub fn new(name: &str, edges: Vec<Edge>, outputs: usize, work: impl Pull + 'static) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { number, name: name.to_owned(), edges, outputs, work: Mutex::new(Some(Arc::new(work))) })
    }

    pub fn work(&self) -> Option<Arc<dyn Pull>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Frees what the operation kept.
    pub fn consume(&self) {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(work);
    }
}

impl Drop for Node {
    /// A graph may be a chain of any length: freed in a loop, not by recursion.
    fn drop(&mut self) {
        on_stream(|| {
            self.consume();
            let mut rest = std::mem::take(&mut self.edges);
            while let Some(edge) = rest.pop() {
                if let Edge::Node(node, _) = edge
                    && let Some(mut node) = Arc::into_inner(node)
                {
                    node.consume();
                    rest.append(&mut node.edges);
                }
            }
        });
    }
}
