//! The graph in segments, for gradient checkpointing: nodes that follow one another, and the values at the cuts.

use std::ops::Range;

use super::Graph;
use crate::layers::Bound;

/// Some nodes that follow one another.
#[derive(Debug)]
pub(crate) struct Segment {
    pub nodes: Range<usize>,
    /// Slots that it reads from before it; those of the last segment include the graph's outputs that come before it.
    pub reads: Vec<usize>,
    /// Slots that it gives and that are wanted after it.
    pub writes: Vec<usize>,
}

impl Graph {
    /// Segments of ceil(nodes / count) nodes each, the last of the rest; one per node where `count` is larger.
    pub fn segments(&self, count: usize) -> Vec<Segment> {
        let all = self.nodes.len();
        let size = all.div_ceil(count.clamp(1, all));
        (0..all).step_by(size).map(|start| self.segment(start..(start + size).min(all))).collect()
    }

    fn segment(&self, nodes: Range<usize>) -> Segment {
        let own = self.nodes[nodes.start].outputs.start..self.nodes[nodes.end - 1].outputs.end;
        let outputs = if nodes.end == self.nodes.len() { &self.outputs[..] } else { &[] };
        let read = self.nodes[nodes.clone()].iter().flat_map(|node| &node.inputs).chain(outputs);
        let mut reads: Vec<usize> = read.copied().filter(|slot| !own.contains(slot)).collect();
        reads.sort_unstable();
        reads.dedup();
        let after = &self.nodes[nodes.end..];
        let wanted = |slot: &usize| self.outputs.contains(slot) || after.iter().any(|node| node.inputs.contains(slot));
        Segment { nodes, reads, writes: own.filter(wanted).collect() }
    }

    /// Marks every slot that depends on a parameter that wants a gradient, or on a slot that is marked.
    pub fn mark_dependent(&self, bound: &[Bound], dependent: &mut [bool]) {
        for node in &self.nodes {
            let learns = |b: &Bound| matches!(b, Bound::Tensor(value) if value.is_tracked());
            let depends =
                bound[node.entries.clone()].iter().any(learns) || node.inputs.iter().any(|&slot| dependent[slot]);
            dependent[node.outputs.clone()].fill(depends);
        }
    }
}
