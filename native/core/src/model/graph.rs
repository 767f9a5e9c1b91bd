//! The graph: nodes in order, each a layer applied to earlier values. Values live in slots: first the inputs, then
//! every node's outputs.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::device::Device;
use crate::layers::{Bound, Context, Declaration, Layer, Precision, Type, compute};
use crate::tensor::{DType, Kind, Value};
use crate::{Error, Result};

#[derive(Debug)]
pub(crate) struct Node {
    pub name: String,
    pub layer_name: String,
    pub layer: Box<dyn Layer>,
    /// What it computes in under autocast.
    pub precision: Precision,
    pub declarations: Vec<Declaration>,
    /// Positions of its parameters and buffers in the table; those of the node it shares them with.
    pub entries: Range<usize>,
    /// Whether an earlier node has the same parameters and buffers.
    pub shared: bool,
    /// Slots it reads.
    pub inputs: Vec<usize>,
    /// Slots it writes.
    pub outputs: Range<usize>,
}

impl Node {
    /// Names the layer in an error.
    pub fn locate(&self, error: Error) -> Error {
        locate(&self.name, &self.layer_name, error)
    }
}

/// Names a layer in an error that names nothing yet.
pub(crate) fn locate(name: &str, layer: &str, mut error: Error) -> Error {
    if error.subject.is_none() {
        error.message = format!("layer '{name}' ({layer}): {}", error.message);
        error.subject = Some(name.to_owned());
    }
    error
}

/// Whole shapes of the inputs, and of the outputs that they give.
pub(crate) type Checked = (Vec<Vec<usize>>, Vec<Vec<usize>>);

/// Remembered shapes: a few batch sizes, and whole datasets.
const MOST_CHECKED: usize = 16;

#[derive(Debug)]
pub(crate) struct Graph {
    pub input_names: Vec<String>,
    pub input_types: Vec<Type>,
    pub nodes: Vec<Arc<Node>>,
    /// What a name gives: an input, or an output of a node (`name`, `name:1` ...).
    pub names: HashMap<String, usize>,
    pub outputs: Vec<usize>,
    pub slots: usize,
    /// For every slot the last node that reads it; outputs of the graph are read to the end.
    pub last_use: Vec<usize>,
    /// Input shapes that inference has passed, with the shapes of the outputs.
    pub checked: Mutex<Vec<Checked>>,
}

/// What a forward pass works with.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub training: bool,
    pub device: &'a Device,
    pub dtype: DType,
    /// The type of 16 bits for what may be computed in it.
    pub autocast: Option<DType>,
    pub bound: &'a [Bound],
    pub frozen: &'a [bool],
    /// Seed and number of the pass, for random layers.
    pub seed: u64,
    pub pass: u64,
}

impl Graph {
    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Types of all slots, from those of the inputs. The error names the layer that does not fit.
    pub fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        // Slots of nodes that were left out stay unknown.
        let mut types = vec![Type::unknown(Kind::Float); self.slots];
        for (slot, ((declared, given), name)) in self.input_types.iter().zip(inputs).zip(&self.input_names).enumerate()
        {
            types[slot] = given.merge(declared).map_err(|e| e.at(format!("input '{name}'")))?;
        }
        for node in &self.nodes {
            let mut inputs = Vec::with_capacity(node.inputs.len());
            for (i, &slot) in node.inputs.iter().enumerate() {
                let found = &types[slot];
                let natural = node.layer.natural_input(i);
                // Where nothing is known yet, the layer's own options say what the input must be.
                let open = found.shape.is_none() && natural.shape.is_some() && natural.kind == found.kind;
                inputs.push(if open { natural } else { found.clone() });
            }
            let outputs = node.layer.infer(&inputs).map_err(|e| node.locate(e))?;
            if outputs.len() != node.outputs.len() {
                return Err(node.locate(Error::internal("inferred another number of outputs than it declares")));
            }
            types[node.outputs.clone()].clone_from_slice(&outputs);
        }
        Ok(types)
    }

    /// Shapes of the outputs for whole input shapes; the error names the layer that does not fit. Inferred once per
    /// shape: training asks at every batch.
    pub fn output_shapes(&self, shapes: &[Vec<usize>]) -> Result<Vec<Vec<usize>>> {
        let mut checked = self.checked.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, outputs)) = checked.iter().find(|(known, _)| known == shapes) {
            return Ok(outputs.clone());
        }
        let types = self.infer(&self.known_types(shapes))?;
        let whole = |slot: &usize| -> Option<Vec<usize>> { types[*slot].shape.as_ref()?.iter().copied().collect() };
        let outputs: Vec<Vec<usize>> = self
            .outputs
            .iter()
            .map(|slot| whole(slot).ok_or_else(|| Error::internal("a layer did not infer its whole output shape")))
            .collect::<Result<_>>()?;
        if checked.len() >= MOST_CHECKED {
            checked.remove(0);
        }
        checked.push((shapes.to_vec(), outputs.clone()));
        Ok(outputs)
    }

    fn known_types(&self, shapes: &[Vec<usize>]) -> Vec<Type> {
        shapes.iter().zip(&self.input_types).map(|(s, t)| Type::known(s, t.kind)).collect()
    }

    /// Largest index plus one that an integer input may hold, where the layers that read it say so.
    pub fn index_bound(&self, input: usize) -> Option<usize> {
        let readers = self.nodes.iter().flat_map(|n| n.inputs.iter().enumerate().map(move |(i, slot)| (n, i, slot)));
        readers.filter(|(.., slot)| **slot == input).filter_map(|(n, i, _)| n.layer.index_bound(i)).min()
    }

    /// Computes the outputs. New buffer values are added to `updates` by table position.
    pub fn forward(
        &self,
        pass: &Pass<'_>,
        inputs: Vec<Value>,
        updates: &mut Vec<(usize, Bound)>,
    ) -> Result<Vec<Value>> {
        let mut slots: Vec<Option<Value>> = inputs.into_iter().map(Some).collect();
        slots.resize(self.slots, None);
        self.run(pass, 0..self.nodes.len(), &mut slots, updates)?;
        self.read_outputs(pass, &slots)
    }

    /// The outputs, floats in the type of the pass whatever they were computed in.
    pub fn read_outputs(&self, pass: &Pass<'_>, slots: &[Option<Value>]) -> Result<Vec<Value>> {
        let output = |&slot: &usize| match slots[slot].clone() {
            Some(value) if value.kind() == Kind::Float => Ok(value.to_float(pass.dtype)),
            other => other.ok_or_else(|| Error::internal(format!("output slot {slot} is empty"))),
        };
        self.outputs.iter().map(output).collect()
    }

    /// Computes some nodes that follow one another; the slots hold what they read from before and get what they give.
    pub fn run(
        &self,
        pass: &Pass<'_>,
        nodes: Range<usize>,
        slots: &mut [Option<Value>],
        updates: &mut Vec<(usize, Bound)>,
    ) -> Result<()> {
        for index in nodes {
            let node = &self.nodes[index];
            let inputs: Vec<Value> = node
                .inputs
                .iter()
                .map(|&slot| {
                    // The last reader takes the value, so that its memory can be reused.
                    let value = if self.last_use[slot] == index { slots[slot].take() } else { slots[slot].clone() };
                    value.ok_or_else(|| Error::internal(format!("slot {slot} is empty")))
                })
                .collect::<Result<_>>()?;
            let bound = &pass.bound[node.entries.clone()];
            // A layer that is applied again goes on from the buffers that its last application gave.
            let moved = node.shared && updates.iter().any(|(i, _)| node.entries.contains(i));
            let later = moved.then(|| {
                let mut later = bound.to_vec();
                for (i, value) in updates.iter().filter(|(i, _)| node.entries.contains(i)) {
                    later[i - node.entries.start] = value.clone();
                }
                later
            });
            let mut ctx = Context {
                training: pass.training,
                device: pass.device,
                dtype: pass.dtype,
                autocast: pass.autocast,
                declarations: &node.declarations,
                bound: later.as_deref().unwrap_or(bound),
                frozen: &pass.frozen[node.entries.clone()],
                updates: Vec::new(),
                random: (pass.seed, pass.pass, index as u64),
            };
            let outputs = compute(node.layer.as_ref(), node.precision, &mut ctx, &inputs, true);
            let outputs = outputs.map_err(|e| node.locate(e))?;
            updates.extend(ctx.updates.into_iter().map(|(i, bound)| (node.entries.start + i, bound)));
            for (slot, value) in node.outputs.clone().zip(outputs) {
                slots[slot] = Some(value);
            }
        }
        Ok(())
    }

    /// The same inputs and weights with other outputs: values of the named nodes. Nodes that they do not need are left out.
    pub fn with_outputs(&self, names: &[String]) -> Result<Self> {
        let find = |name: &String| {
            self.names.get(name).copied().ok_or_else(|| {
                let known: Vec<&str> = self.nodes.iter().map(|n| n.name.as_str()).collect();
                Error::not_found(format!("there is no layer '{name}'; there are: {}", known.join(", "))).at(name)
            })
        };
        let outputs = names.iter().map(find).collect::<Result<Vec<_>>>()?;
        if outputs.is_empty() {
            return Err(Error::argument("at least one layer must be named"));
        }
        let mut wanted = outputs.clone();
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        for node in self.nodes.iter().rev() {
            if node.outputs.clone().any(|slot| wanted.contains(&slot)) {
                wanted.extend(&node.inputs);
                nodes.push(Arc::clone(node));
            }
        }
        nodes.reverse();
        Ok(Self {
            input_names: self.input_names.clone(),
            input_types: self.input_types.clone(),
            last_use: last_uses(&nodes, &outputs, self.slots),
            nodes,
            names: self.names.clone(),
            outputs,
            slots: self.slots,
            checked: Mutex::new(Vec::new()),
        })
    }

    /// Types of all slots for a summary: where the shape of an input is open, what its first layer usually takes.
    pub fn usual_types(&self) -> Result<Vec<Type>> {
        let usual = |(slot, declared): (usize, &Type)| {
            let reader = self.nodes.iter().find_map(|n| n.inputs.iter().position(|&s| s == slot).map(|i| (n, i)));
            match reader {
                Some((node, i)) if declared.shape.is_none() => node.layer.usual_input(i),
                _ => declared.clone(),
            }
        };
        let usual: Vec<Type> = self.input_types.iter().enumerate().map(usual).collect();
        self.infer(&usual).or_else(|_| self.infer(&self.input_types))
    }

    /// The kind of every input: what the description says, else what the first layer that reads it wants.
    pub fn input_kind(nodes: &[Arc<Node>], slot: usize) -> Kind {
        nodes
            .iter()
            .find_map(|n| n.inputs.iter().position(|&s| s == slot).map(|i| n.layer.input_kind(i)))
            .unwrap_or(Kind::Float)
    }
}

/// The last node that reads each slot.
pub(crate) fn last_uses(nodes: &[Arc<Node>], outputs: &[usize], slots: usize) -> Vec<usize> {
    let mut last: HashMap<usize, usize> = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for &slot in &node.inputs {
            // A node that reads a slot twice must not take it at the first reading.
            let twice = node.inputs.iter().filter(|&&s| s == slot).count() > 1;
            last.insert(slot, if twice { usize::MAX } else { index });
        }
    }
    for &slot in outputs {
        last.insert(slot, usize::MAX);
    }
    (0..slots).map(|slot| last.get(&slot).copied().unwrap_or(usize::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::device::Device;
    use crate::model::Model;
    use crate::spec::ModelSpec;
    use crate::{DataView, ErrorKind};

    fn build(layers: &[(&str, serde_json::Value)]) -> crate::Result<Model> {
        Model::build(&ModelSpec::sequential("f32", layers)?, 0, &Device::cpu())
    }

    fn linear(inputs: usize, outputs: usize) -> (&'static str, serde_json::Value) {
        ("Linear", json!({"in_features": inputs, "out_features": outputs}))
    }

    #[test]
    fn a_chain_that_cannot_fit_is_refused_without_data() {
        let error = build(&[linear(784, 256), ("ReLU", json!({})), linear(128, 10)]).err().unwrap();
        assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Shape, Some("2")));
        assert_eq!(error.message, "layer '2' (Linear): input: expected [.., 128], found [.., 256]");
    }

    #[test]
    fn ranks_that_only_data_tell_stay_open() {
        let model = build(&[linear(4, 3), ("Flatten", json!({})), linear(15, 2)]).unwrap();
        let x = vec![0.5; 2 * 5 * 4];
        let input = crate::ArrayView::new(vec![2, 5, 4], DataView::F32(&x)).unwrap();
        assert_eq!(model.predict(&[input], 0).unwrap()[0].shape, [2, 2]);
    }

    #[test]
    fn a_summary_shows_usual_shapes() {
        let shapes =
            |model: Model| -> Vec<_> { model.summary().unwrap().layers.into_iter().map(|l| l.output_shape).collect() };
        assert_eq!(shapes(build(&[linear(4, 3), linear(3, 2)]).unwrap()), [Some(vec![-1, 3]), Some(vec![-1, 2])]);
        let open = build(&[linear(4, 3), ("Flatten", json!({})), linear(15, 2)]).unwrap();
        assert_eq!(shapes(open)[0], None);
    }
}
