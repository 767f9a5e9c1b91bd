//! The forward and backward pass of a batch, whole or in segments.
//!
//! In segments (gradient checkpointing; Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016): only the
//! values at the cuts outlive the forward pass. The backward pass goes from the last segment to the first: each is
//! computed again, now with its gradient graph, from the values at its cut, which are leaves there, and the gradients
//! of what it gave go in. Random numbers are named by seed, pass and node, so masks are the same; buffers are those of
//! the first time, and only that pass's new values count. The last segment keeps its graph: it is used at once.

use super::input_gradients::is_float;
use crate::layers::Bound;
use crate::model::{Graph, Pass, Segment};
use crate::tensor::{Gradients, Kind, Value};
use crate::{Error, Result};

/// What the forward pass leaves for the backward pass.
pub(super) struct Tape<'a> {
    graph: &'a Graph,
    pass: &'a Pass<'a>,
    /// What a segment's backward pass needs; none where the pass is whole.
    segments: Vec<Cut>,
    /// Inputs whose gradients are wanted; none where they are not.
    inputs: usize,
    /// Leaves of the last segment, by slot.
    leaves: Vec<(usize, Value)>,
}

/// A segment that will be computed again.
struct Cut {
    segment: Segment,
    /// The values it reads, in the order of its slots, and whether each wants a gradient.
    reads: Vec<(Value, bool)>,
    /// Buffers as the segment found them.
    updates: Vec<(usize, Bound)>,
}

impl<'a> Tape<'a> {
    /// The forward pass. Gives the outputs, ready for the loss. With `track_inputs` the float inputs want gradients.
    pub fn record(
        graph: &'a Graph,
        pass: &'a Pass<'a>,
        segments: usize,
        inputs: Vec<Value>,
        track_inputs: bool,
        updates: &mut Vec<(usize, Bound)>,
    ) -> Result<(Self, Vec<Value>)> {
        let mut all = if segments > 1 { graph.segments(segments) } else { Vec::new() };
        let wanted = |slot: usize| track_inputs && is_float(&graph.input_types[slot]);
        let count = if track_inputs { inputs.len() } else { 0 };
        let Some(last) = all.pop().filter(|_| !all.is_empty()) else {
            let inputs = inputs.into_iter().enumerate();
            let inputs: Vec<Value> = inputs.map(|(i, v)| if wanted(i) { v.tracked() } else { v }).collect();
            let leaves = inputs.iter().cloned().enumerate().filter(|(i, _)| wanted(*i)).collect();
            let outputs = graph.forward(pass, inputs, updates)?;
            return Ok((Self { graph, pass, segments: Vec::new(), inputs: count, leaves }, outputs));
        };
        let constants: Vec<Bound> = pass.bound.iter().map(constant).collect();
        let untaped = Pass { bound: &constants, ..*pass };
        let mut dependent = vec![false; graph.slots];
        (0..inputs.len()).for_each(|slot| dependent[slot] = wanted(slot));
        graph.mark_dependent(pass.bound, &mut dependent);
        let inputs = inputs.into_iter().enumerate();
        let mut kept: Vec<Option<Value>> =
            inputs.map(|(i, v)| Some(if wanted(i) { v.constant() } else { v })).collect();
        kept.resize(graph.slots, None);
        let mut cuts = Vec::with_capacity(all.len());
        for segment in all {
            let reads = read(&kept, &segment, &dependent)?;
            let before = updates.clone();
            let mut slots = vec![None; graph.slots];
            for (&slot, (value, _)) in segment.reads.iter().zip(&reads) {
                slots[slot] = Some(value.clone());
            }
            graph.run(&untaped, segment.nodes.clone(), &mut slots, updates)?;
            for &slot in &segment.writes {
                kept[slot] = slots[slot].take();
            }
            cuts.push(Cut { segment, reads, updates: before });
        }
        let reads = read(&kept, &last, &dependent)?;
        // From here on the cuts hold the values that are still wanted.
        drop(kept);
        let (mut slots, leaves) = leaves(graph, &last, reads);
        graph.run(pass, last.nodes.clone(), &mut slots, updates)?;
        let outputs = graph.read_outputs(pass, &slots)?;
        Ok((Self { graph, pass, segments: cuts, inputs: count, leaves }, outputs))
    }

    /// Gradients of all entries of the table, and of the inputs where they are wanted, from those that the loss's own
    /// backward pass found; `None` where the loss does not depend on an entry.
    pub fn gradients(self, found: Gradients) -> Result<(Vec<Option<Value>>, Vec<Option<Value>>)> {
        let mut totals = vec![None; self.pass.bound.len()];
        collect(self.pass.bound, &found, &mut totals)?;
        let mut arrived: Vec<Option<Value>> = vec![None; self.graph.slots];
        deliver(&self.leaves, &found, &mut arrived)?;
        drop((self.leaves, found));
        for Cut { segment, reads, mut updates } in self.segments.into_iter().rev() {
            let wanted = segment.writes.iter().filter_map(|&slot| Some((slot, arrived[slot].take()?)));
            let wanted: Vec<(usize, Value)> = wanted.collect();
            if wanted.is_empty() {
                continue;
            }
            let (mut slots, leaves) = leaves(self.graph, &segment, reads);
            self.graph.run(self.pass, segment.nodes, &mut slots, &mut updates)?;
            let Some(scalar) = seeded(&slots, wanted)? else { continue };
            drop(slots);
            let found = scalar.backward()?;
            collect(self.pass.bound, &found, &mut totals)?;
            deliver(&leaves, &found, &mut arrived)?;
        }
        arrived.truncate(self.inputs);
        Ok((totals, arrived))
    }
}

/// A parameter that wants no gradient, on the gradient graph's side: there Burn computes some layers from other parts than
/// beside it, and both passes of a segment must round alike.
fn constant(bound: &Bound) -> Bound {
    match bound {
        Bound::Tensor(leaf) if leaf.is_tracked() => Bound::Tensor(leaf.clone().detached().constant()),
        other => other.clone(),
    }
}

fn filled(slots: &[Option<Value>], slot: usize) -> Result<Value> {
    slots[slot].clone().ok_or_else(|| Error::internal(format!("slot {slot} is empty")))
}

/// The values that a segment reads, and whether each wants a gradient.
fn read(kept: &[Option<Value>], segment: &Segment, dependent: &[bool]) -> Result<Vec<(Value, bool)>> {
    let one = |&slot: &usize| {
        let value = filled(kept, slot)?;
        let wants = dependent[slot] && value.kind() == Kind::Float;
        Ok((value, wants))
    };
    segment.reads.iter().map(one).collect()
}

/// Slots with what a segment reads; where a gradient is wanted, as leaves, which are given besides.
fn leaves(graph: &Graph, segment: &Segment, reads: Vec<(Value, bool)>) -> (Vec<Option<Value>>, Vec<(usize, Value)>) {
    let mut slots = vec![None; graph.slots];
    let mut leaves = Vec::new();
    for (&slot, (value, wants)) in segment.reads.iter().zip(reads) {
        let value = if wants { value.detached().tracked() } else { value };
        if wants {
            leaves.push((slot, value.clone()));
        }
        slots[slot] = Some(value);
    }
    (slots, leaves)
}

/// A number whose gradient with respect to each slot's value is the gradient that arrived there: the sum of their
/// products, which hands them on unchanged, times 1.
fn seeded(slots: &[Option<Value>], wanted: Vec<(usize, Value)>) -> Result<Option<Value>> {
    let mut total: Option<Value> = None;
    for (slot, gradient) in wanted {
        let value = filled(slots, slot)?;
        if !value.is_tracked() {
            continue;
        }
        let product = value.mul(&gradient)?.sum()?;
        total = Some(match total {
            None => product,
            Some(sum) => sum.add(&product)?,
        });
    }
    Ok(total)
}

/// Adds the gradients of the parameters to what there is of them.
fn collect(bound: &[Bound], found: &Gradients, totals: &mut [Option<Value>]) -> Result<()> {
    for (bound, total) in bound.iter().zip(totals) {
        if let Bound::Tensor(leaf) = bound
            && leaf.is_tracked()
        {
            add(total, found.of(leaf))?;
        }
    }
    Ok(())
}

/// Adds the gradients of a segment's leaves to what has arrived at their slots.
fn deliver(leaves: &[(usize, Value)], found: &Gradients, arrived: &mut [Option<Value>]) -> Result<()> {
    leaves.iter().try_for_each(|(slot, leaf)| add(&mut arrived[*slot], found.of(leaf)))
}

fn add(total: &mut Option<Value>, more: Option<Value>) -> Result<()> {
    let Some(more) = more else { return Ok(()) };
    *total = Some(match total.take() {
        None => more,
        Some(sum) => sum.add(&more)?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use crate::device::Device;
    use crate::layers::{Context, Layer, Type};
    use crate::model::Model;
    use crate::spec::{CompileSpec, ModelSpec};
    use crate::tensor::Value;
    use crate::train::{TrainOptions, train_step};
    use crate::{ArrayView, DataView, Result};

    /// Tanh that counts how often it is computed.
    #[derive(Debug)]
    struct Counting(Arc<AtomicUsize>);

    impl Layer for Counting {
        fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
            Ok(inputs.to_vec())
        }

        fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(vec![inputs[0].clone().tanh()?])
        }
    }

    /// How often each of the counting layers at nodes 1, 3, 5 of six is computed in a step.
    fn counts(segments: usize, frozen: &[&str]) -> [usize; 3] {
        let linear = ("Linear", json!({"in_features": 2, "out_features": 2}));
        let layers =
            [linear.clone(), ("Tanh", json!({})), linear.clone(), ("Tanh", json!({})), linear, ("Tanh", json!({}))];
        let mut model = Model::build(&ModelSpec::sequential("f32", &layers).unwrap(), 1, &Device::cpu()).unwrap();
        let compile = r#"{"version":1,"loss":{"type":"MSE"},"optimizer":{"type":"SGD","config":{"lr":0.1}}}"#;
        model.compile(&CompileSpec::from_json(compile).unwrap()).unwrap();
        for pattern in frozen {
            model.set_trainable(pattern, false).unwrap();
        }
        let counters: [Arc<AtomicUsize>; 3] = Default::default();
        let graph = Arc::get_mut(&mut model.graph).unwrap();
        for (node, counter) in [1, 3, 5].into_iter().zip(&counters) {
            let node = Arc::get_mut(&mut graph.nodes[node]).unwrap();
            node.layer = Box::new(Counting(Arc::clone(counter)));
        }
        let (x, y) = ([0.5, -1.0], [1.0, 0.0]);
        let view = |data| [ArrayView::new(vec![1, 2], DataView::F64(data)).unwrap()];
        let options = TrainOptions { segments, ..TrainOptions::default() };
        train_step(&mut model, &view(&x), &view(&y), None, &options, 0.1).unwrap();
        counters.map(|counter| counter.load(Ordering::Relaxed))
    }

    #[test]
    fn segments_are_computed_twice_but_for_the_last() {
        assert_eq!(counts(1, &[]), [1, 1, 1]);
        assert_eq!(counts(2, &[]), [2, 1, 1]);
        assert_eq!(counts(3, &[]), [2, 2, 1]);
        assert_eq!(counts(6, &[]), [2, 2, 1]);
        assert_eq!(counts(100, &[]), [2, 2, 1]);
    }

    #[test]
    fn segments_without_gradients_are_not_computed_again() {
        assert_eq!(counts(3, &["0"]), [1, 2, 1]);
        assert_eq!(counts(3, &["0", "2"]), [1, 1, 1]);
    }
}
