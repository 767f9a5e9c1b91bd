//! Any entry of the layers' table, run on tensors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::backward::LeafGradients;
use super::graph::{Edge, Node, Pull};
use super::on_stream;
use super::rules::{self, Rule};
use super::tensor::{ElementType, Tensor, device_mix, stored_shape};
use crate::device::Device;
use crate::layers::{Bound, Context, Declaration, Layer, Precision, Role, Type, compute, create};
use crate::spec::Config;
use crate::tensor::{DType, Kind, Value};
use crate::{Error, Result};

/// Whether a graph is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tracking {
    Off,
    #[default]
    On,
    /// Results know that they depend on something tracked, but nothing is kept: the first pass of a checkpoint.
    Shadow,
}

/// What an operation needs to know besides its inputs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub tracking: Tracking,
    /// Whether dropout drops and batch norm uses the batch's statistics.
    pub training: bool,
    /// The operation's random numbers.
    pub seed: u64,
    pub counter: u64,
    /// The type of 16 bits for what may be computed in it; see [`Precision`].
    pub autocast: Option<DType>,
}

/// Runs an operation or layer: its inputs, then its parameters and buffers in the declared order. `config` is its options as
/// JSON, empty for none. Buffers that the pass updates get their new values.
pub fn apply(op: &str, config: &str, tensors: &[Tensor], options: &Options) -> Result<Vec<Tensor>> {
    run(op, config, tensors, options).map_err(|e| e.at(op))
}

fn run(op: &str, config: &str, tensors: &[Tensor], options: &Options) -> Result<Vec<Tensor>> {
    let made = made(op, config)?;
    let count = check_count(&*made.layer, &made.declarations, tensors.len())?;
    let device = tensors[0].device().clone();
    let dtype = check_alike(tensors, options.autocast)?;
    if let Some(low) = options.autocast {
        check_autocast(low, &device)?;
    }
    let values: Vec<Value> = tensors.iter().map(Tensor::value).collect();
    let types = check_values(&made, tensors, &values, count)?;
    let edges: Vec<Edge> = tensors.iter().enumerate().map(|(i, t)| edge(t, i, count, &made.declarations)).collect();
    let wants: Vec<bool> = edges.iter().map(Edge::is_tracked).collect();
    let tracked = options.tracking != Tracking::Off && wants.contains(&true);
    let random = (options.seed, options.counter, 0);
    // A rule computes in the type of its values, so it is not for those that are computed in another.
    let mixed = options.autocast.is_some() || dtype.is_half() || has_halves(tensors);
    let precision = Precision::of(op);
    let (training, autocast) = (options.training, options.autocast);
    let work =
        Operation { made, values, count, training, device, dtype, precision, autocast, random, tape: None.into() };
    on_stream(|| {
        // What has parameters is worth keeping Burn's record of; the rest is done again on the way back, or has a rule.
        let record = tracked && options.tracking == Tracking::On && !work.made.declarations.is_empty();
        let (outputs, updates) = if record {
            let (tape, updates) = work.record(&wants)?;
            let outputs = tape.outputs.iter().map(|v| v.clone().detached()).collect();
            *work.tape() = Some(tape);
            (outputs, updates)
        } else {
            work.forward(&work.values)?
        };
        for (position, update) in updates {
            store(&tensors[count + position], update)?;
        }
        let device = work.device.clone();
        let node = if !tracked {
            None
        } else if options.tracking == Tracking::Shadow {
            return outputs.into_iter().zip(&types).map(|(v, t)| shadow(v, t, &device)).collect();
        } else {
            let outputs = outputs.len();
            let rule = if mixed { None } else { rules::rule(op, work.made.value, &work.values) };
            Some(match rule {
                Some(rule) => Node::new(op, edges, outputs, rule),
                None => Node::new(op, edges, outputs, work),
            })
        };
        let attach = |(i, (value, of)): (usize, (Value, &Type))| {
            let (value, shape) = conform(value, of, &device)?;
            let edge = match &node {
                Some(node) if value.kind() == Kind::Float => Edge::Node(Arc::clone(node), i),
                _ => Edge::None,
            };
            Tensor::with_edge(value, &shape, &device, edge)
        };
        outputs.into_iter().zip(&types).enumerate().map(attach).collect()
    })
}

/// A result in the shape that inference gives it: a scalar may have a dimension of size 1 on the device.
fn conform(value: Value, of: &Type, device: &Device) -> Result<(Value, Vec<usize>)> {
    let known = of.shape.as_ref().and_then(|dims| dims.iter().copied().collect::<Option<Vec<usize>>>());
    let shape = known.unwrap_or_else(|| value.shape());
    let stored = stored_shape(&shape, device)?;
    let value = if value.shape() == stored { value } else { value.reshape(&stored)? };
    Ok((value, shape))
}

fn shadow(value: Value, of: &Type, device: &Device) -> Result<Tensor> {
    let (value, shape) = conform(value, of, device)?;
    let edge = if value.kind() == Kind::Float { Edge::Shadow } else { Edge::None };
    Tensor::with_edge(value, &shape, device, edge)
}

/// A layer that was made, with what the table says of it.
struct Made {
    layer: Box<dyn Layer>,
    declarations: Vec<Declaration>,
    /// The option `value` of operations with a number.
    value: Option<f64>,
}

/// Layers hold options only, so one serves every call with the same options.
fn made(op: &str, config: &str) -> Result<Arc<Made>> {
    const KEPT: usize = 512;
    type Known = HashMap<String, HashMap<String, Arc<Made>>>;
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(found) = known.get(op).and_then(|all| all.get(config)) {
        return Ok(Arc::clone(found));
    }
    let options = if config.is_empty() {
        Config::default()
    } else {
        let json = serde_json::from_str(config).map_err(|e| Error::argument(format!("options: {e}")))?;
        Config::from_value(json)?
    };
    let layer = create(op, &options)?;
    let value = options.float_or_none("value").unwrap_or(None);
    let declarations = layer.declare();
    let made = Arc::new(Made { layer, declarations, value });
    if known.values().map(HashMap::len).sum::<usize>() >= KEPT {
        known.clear();
    }
    known.entry(op.to_owned()).or_default().insert(config.to_owned(), Arc::clone(&made));
    Ok(made)
}

/// Gives the number of inputs; the other tensors are parameters and buffers.
fn check_count(layer: &dyn Layer, declarations: &[Declaration], found: usize) -> Result<usize> {
    let count = layer.input_count();
    if found == 0 || found != count + declarations.len() {
        let state: Vec<&str> = declarations.iter().map(|d| d.name.as_str()).collect();
        let state = if state.is_empty() { String::new() } else { format!(", then {}", state.join(", ")) };
        return Err(Error::argument(format!("takes {count} input(s){state}; found {found} tensor(s)")));
    }
    Ok(count)
}

fn has_halves(tensors: &[Tensor]) -> bool {
    tensors.iter().any(|t| matches!(t.element(), ElementType::Float(dtype) if dtype.is_half()))
}

/// What autocast can round to, on a device that has it.
pub(super) fn check_autocast(low: DType, device: &Device) -> Result<()> {
    if low.is_half() { device.expect_float(low) } else { Err(Error::dtype("autocast", "f16 or bf16", low.name())) }
}

/// All on one device, all floats of one type; gives that type. Halves go with f32, and under autocast all do: the widest type
/// is given then.
fn check_alike(tensors: &[Tensor], autocast: Option<DType>) -> Result<DType> {
    let mixes = autocast.is_some() || has_halves(tensors);
    let first = &tensors[0];
    let mut dtype = None;
    for (i, tensor) in tensors.iter().enumerate() {
        if tensor.device() != first.device() {
            return Err(device_mix(&format!("tensor {i}"), first.device(), tensor.device()));
        }
        if let ElementType::Float(found) = tensor.element() {
            match dtype {
                None => dtype = Some(found),
                Some(known) if mixes => dtype = Some(DType::widest(known, found)),
                Some(known) if known != found => {
                    return Err(Error::dtype(format!("tensor {i}"), known.name(), found.name()));
                }
                Some(_) => {}
            }
        }
    }
    Ok(dtype.unwrap_or(DType::F32))
}

/// Types and sizes, before anything is computed; gives the types of the results.
fn check_values(made: &Made, tensors: &[Tensor], values: &[Value], count: usize) -> Result<Vec<Type>> {
    let known = tensors[..count].iter().zip(values);
    let types: Vec<Type> = known.map(|(t, v)| Type::known(t.shape(), v.kind())).collect();
    let results = made.layer.infer(&types)?;
    for of in &results {
        if let Some(dims) = &of.shape {
            stored_shape(&dims.iter().map(|d| d.unwrap_or(1)).collect::<Vec<_>>(), tensors[0].device())?;
        }
    }
    for (i, value) in values[..count].iter().enumerate() {
        if let Some(bound) = made.layer.index_bound(i) {
            check_bound(value, bound)?;
        }
    }
    for ((declaration, value), tensor) in made.declarations.iter().zip(&values[count..]).zip(&tensors[count..]) {
        let expected = if declaration.role == Role::Counter { Kind::Int } else { Kind::Float };
        value.expect_kind(expected, &declaration.name)?;
        if tensor.shape() != declaration.shape {
            let (expected, found) = (format!("{:?}", declaration.shape), format!("{:?}", tensor.shape()));
            return Err(Error::shape(&declaration.name, expected, found));
        }
    }
    Ok(results)
}

/// Indices must lie in 0..bound, on every device: those of a GPU are read back.
fn check_bound(indices: &Value, bound: usize) -> Result<()> {
    if indices.kind() != Kind::Int {
        return Ok(());
    }
    let host = on_stream(|| indices.to_host())?;
    let crate::HostData::I32(all) = host.data else { return Err(Error::internal("indices of another type")) };
    match all.iter().find(|&&i| i < 0 || i as usize >= bound) {
        None => Ok(()),
        Some(bad) => Err(Error::argument(format!("index {bad} is out of range: expected 0 to {}", bound - 1))),
    }
}

/// Where the gradient of a tensor goes; buffers, integers and bools have none.
fn edge(tensor: &Tensor, position: usize, count: usize, declarations: &[Declaration]) -> Edge {
    let buffer = position >= count && declarations[position - count].role != Role::Parameter;
    let float = matches!(tensor.element(), ElementType::Float(_));
    if float && !buffer { tensor.edge() } else { Edge::None }
}

/// Gives a buffer its new value.
fn store(buffer: &Tensor, update: Bound) -> Result<()> {
    let value = match update {
        Bound::Tensor(value) => value,
        Bound::Counter(n) => {
            let n = i32::try_from(n).map_err(|_| Error::argument(format!("the counter {n} does not fit 32 bits")))?;
            Value::from_ints(vec![n], &stored_shape(buffer.shape(), buffer.device())?, buffer.device())?
        }
    };
    buffer.change(|place| {
        *place = value;
        Ok(())
    })
}

/// An operation and all it was given.
struct Operation {
    made: Arc<Made>,
    /// Inputs, then parameters and buffers.
    values: Vec<Value>,
    count: usize,
    training: bool,
    device: Device,
    dtype: DType,
    precision: Precision,
    autocast: Option<DType>,
    random: (u64, u64, u64),
    /// Burn's record of the pass, for the first way back.
    tape: Mutex<Option<Tape>>,
}

/// A pass that Burn has recorded.
struct Tape {
    /// Where gradients were asked for.
    leaves: Vec<Option<Value>>,
    outputs: Vec<Value>,
}

type Outcome = (Vec<Value>, Vec<(usize, Bound)>);

impl Operation {
    fn tape(&self) -> std::sync::MutexGuard<'_, Option<Tape>> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forward(&self, values: &[Value]) -> Result<Outcome> {
        let declarations = &self.made.declarations;
        let bound = declarations.iter().zip(&values[self.count..]).map(|(d, v)| match d.role {
            Role::Counter => Ok(Bound::Counter(v.to_scalar()? as i64)),
            _ => Ok(Bound::Tensor(v.clone())),
        });
        let bound = bound.collect::<Result<Vec<_>>>()?;
        let frozen = vec![false; bound.len()];
        let mut ctx = Context {
            training: self.training,
            device: &self.device,
            dtype: self.dtype,
            autocast: self.autocast,
            declarations,
            bound: &bound,
            frozen: &frozen,
            updates: Vec::new(),
            random: self.random,
        };
        let outputs = compute(self.made.layer.as_ref(), self.precision, &mut ctx, &values[..self.count], false)?;
        Ok((outputs, ctx.updates))
    }

    fn record(&self, wants: &[bool]) -> Result<(Tape, Vec<(usize, Bound)>)> {
        let leaves: Vec<Option<Value>> =
            self.values.iter().zip(wants).map(|(value, &wanted)| wanted.then(|| value.tracked())).collect();
        let given: Vec<Value> =
            leaves.iter().zip(&self.values).map(|(leaf, value)| leaf.as_ref().unwrap_or(value).clone()).collect();
        let (outputs, updates) = self.forward(&given)?;
        Ok((Tape { leaves, outputs }, updates))
    }
}

impl Pull for Operation {
    fn pull(&self, gradients: &[Option<Value>], wants: &[bool], _: &mut LeafGradients) -> Result<Vec<Option<Value>>> {
        let kept = self.tape().take();
        let tape = match kept {
            Some(tape) => tape,
            None => self.record(wants)?.0,
        };
        pull_tape(&tape.leaves, tape.outputs, gradients)
    }
}

/// The gradients of sum(output * gradient) over all outputs, for leaves of a pass that Burn has recorded.
pub(super) fn pull_tape(
    leaves: &[Option<Value>],
    outputs: Vec<Value>,
    gradients: &[Option<Value>],
) -> Result<Vec<Option<Value>>> {
    let given = outputs.into_iter().zip(gradients).filter_map(|(output, g)| Some((output, g.as_ref()?)));
    let mut parts: Vec<(Value, &Value)> = given.filter(|(output, _)| output.is_recorded()).collect();
    let found = match parts.len() {
        0 => None,
        1 => {
            let (output, gradient) = parts.remove(0);
            Some(output.mul(gradient)?.backward_all())
        }
        _ => {
            let mut total: Option<Value> = None;
            for (output, gradient) in parts {
                let part = output.mul(gradient)?.sum()?;
                total = Some(match total {
                    None => part,
                    Some(sum) => sum.add(&part)?,
                });
            }
            total.map(Value::backward_all)
        }
    };
    // Where nothing arrives (rounding, a branch not taken) the gradient is zero, as in PyTorch.
    let gradient = |leaf: &Value| match found.as_ref().and_then(|all| all.of(leaf)) {
        Some(gradient) => Ok(gradient),
        None => leaf.zeros_like(),
    };
    leaves.iter().map(|leaf| leaf.as_ref().map(gradient).transpose()).collect()
}

impl Drop for Operation {
    fn drop(&mut self) {
        let tape = self.tape().take();
        let values = std::mem::take(&mut self.values);
        on_stream(|| drop((tape, values)));
    }
}

const _: fn() = || {
    fn check<T: Send + Sync>() {}
    check::<Operation>();
    check::<Rule>();
};
