//! From a description to a model.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::graph::{last_uses, locate};
use super::{Averages, Graph, Model, Table, initialise, new_stream};
use crate::device::Device;
use crate::layers::{self, Precision, Type};
use crate::model::graph::Node;
use crate::spec::ModelSpec;
use crate::tensor::DType;
use crate::{Error, Result};

impl Model {
    /// Builds the graph, checks all shapes that are known, and initialises the parameters from the seed.
    /// The error of a layer that does not fit names it; nothing is allocated then.
    pub fn build(spec: &ModelSpec, seed: u64, device: &Device) -> Result<Self> {
        device.check()?;
        let dtype = DType::parse(&spec.dtype)?;
        device.expect_float(dtype)?;
        let mut graph = graph_of(spec)?;
        let inputs = graph.input_types.clone();
        graph.infer(&inputs)?;

        let stream = new_stream();
        let table = stream.executes(|| -> Result<Table> {
            let mut table = Table::default();
            let mut entries: HashMap<&str, Range<usize>> = HashMap::new();
            for (node, described) in graph.nodes.iter_mut().zip(&spec.nodes) {
                let node = Arc::get_mut(node).ok_or_else(|| Error::internal("a node of a new graph is shared"))?;
                node.entries = match &described.shares {
                    Some(owner) => entries.get(owner.as_str()).cloned().unwrap_or(0..0),
                    None => table
                        .declare(&node.name, &node.declarations, described.trainable, seed, dtype, device)
                        .map_err(|e| node.locate(e))?,
                };
                entries.insert(&described.name, node.entries.clone());
            }
            Ok(table)
        })?;
        Ok(Self {
            graph: Arc::new(graph),
            table,
            device: device.clone(),
            dtype,
            compiled: None,
            passes: 0,
            averages: Averages::default(),
            open: None,
            scaler: None,
            inference: None,
            stream,
        })
    }
}

fn graph_of(spec: &ModelSpec) -> Result<Graph> {
    if spec.nodes.is_empty() {
        return Err(Error::argument("a model needs at least one layer"));
    }
    let mut names: HashMap<String, usize> = HashMap::new();
    let define = |names: &mut HashMap<String, usize>, name: &str, slot| match names.insert(name.to_owned(), slot) {
        None => Ok(()),
        Some(_) => Err(Error::argument(format!("the name '{name}' is used twice"))),
    };
    for (slot, input) in spec.inputs.iter().enumerate() {
        define(&mut names, &input.name, slot)?;
    }
    let mut slots = spec.inputs.len();
    let mut nodes = Vec::with_capacity(spec.nodes.len());
    for described in &spec.nodes {
        let layer = layers::create(&described.layer, &described.config)
            .map_err(|e| locate(&described.name, &described.layer, e))?;
        let mut declarations = layer.declare();
        initialise::ask(&mut declarations, &described.init)
            .map_err(|e| locate(&described.name, &described.layer, e))?;
        let start = slots;
        slots += layer.output_count();
        nodes.push(Node {
            name: described.name.clone(),
            layer_name: described.layer.clone(),
            declarations,
            precision: Precision::of(&described.layer),
            layer,
            entries: 0..0,
            shared: described.shares.is_some(),
            inputs: Vec::new(),
            outputs: start..slots,
        });
    }
    // Inputs are looked up before the node's own name is defined: a node can only read what comes before it.
    for (node, described) in nodes.iter_mut().zip(&spec.nodes) {
        if described.inputs.len() != node.layer.input_count() {
            let message = format!("takes {} input(s), found {}", node.layer.input_count(), described.inputs.len());
            return Err(node.locate(Error::argument(message)));
        }
        for input in &described.inputs {
            let slot = *names.get(input).ok_or_else(|| {
                node.locate(Error::not_found(format!("reads '{input}', which is no input and no earlier layer")))
            })?;
            node.inputs.push(slot);
        }
        define(&mut names, &node.name, node.outputs.start)?;
        for (output, slot) in node.outputs.clone().enumerate().skip(1) {
            define(&mut names, &format!("{}:{output}", node.name), slot)?;
        }
    }
    check_shared(spec)?;
    let nodes: Vec<Arc<Node>> = nodes.into_iter().map(Arc::new).collect();
    let outputs = spec
        .outputs
        .iter()
        .map(|name| {
            names.get(name).copied().ok_or_else(|| Error::not_found(format!("the output '{name}' is no layer")))
        })
        .collect::<Result<Vec<_>>>()?;
    if outputs.is_empty() {
        return Err(Error::argument("a model needs at least one output"));
    }
    let mut input_types = Vec::with_capacity(spec.inputs.len());
    for (slot, input) in spec.inputs.iter().enumerate() {
        if !nodes.iter().any(|n| n.inputs.contains(&slot)) {
            return Err(Error::argument(format!("the input '{}' is not used", input.name)));
        }
        let kind = input.kind.unwrap_or_else(|| Graph::input_kind(&nodes, slot));
        input_types
            .push(Type::from_spec(input.shape.as_deref(), kind).map_err(|e| e.at(format!("input '{}'", input.name)))?);
    }
    Ok(Graph {
        input_names: spec.inputs.iter().map(|i| i.name.clone()).collect(),
        input_types,
        last_use: last_uses(&nodes, &outputs, slots),
        nodes,
        names,
        outputs,
        slots,
        checked: Mutex::new(Vec::new()),
    })
}

/// A node can share the parameters of an earlier node of its own type and options, which owns them.
fn check_shared(spec: &ModelSpec) -> Result<()> {
    for (position, node) in spec.nodes.iter().enumerate() {
        let Some(owner) = &node.shares else { continue };
        let at = |e: Error| locate(&node.name, &node.layer, e);
        let found = spec.nodes[..position].iter().find(|n| n.name == *owner);
        let found =
            found.ok_or_else(|| at(Error::not_found(format!("shares '{owner}', which is no earlier layer"))))?;
        if found.shares.is_some() || found.layer != node.layer || !found.config.same_as(&node.config) {
            let message =
                format!("shares '{owner}', which is not a {} of the same options with weights of its own", node.layer);
            return Err(at(Error::argument(message)));
        }
    }
    Ok(())
}
