//! One layer on its own, without a model: what tests compare with references, and a help in debugging.

use super::{Bound, Context, Declaration, Layer, Role, Type, create};
use crate::array::HostData;
use crate::device::Device;
use crate::spec::Config;
use crate::tensor::{DType, Gradients, Kind, Value};
use crate::{ArrayView, Error, HostArray, Result};

/// One pass through one layer.
#[derive(Debug, Clone)]
pub struct SingleSpec<'a> {
    pub layer: &'a str,
    pub config: &'a Config,
    /// Parameters and buffers by name; those that the layer declares must all be there.
    pub state: &'a [(String, HostArray)],
    pub inputs: &'a [HostArray],
    pub training: bool,
    /// Whether the layer's parameters and buffers are frozen.
    pub frozen: bool,
    pub device: &'a Device,
    pub dtype: DType,
    /// Names the random numbers of the pass.
    pub seed: u64,
    /// Where given, the gradients of sum(output * output_grad) are computed.
    pub output_grads: Option<&'a [HostArray]>,
}

/// What came out; lists follow the inputs and the declarations.
#[derive(Debug, Clone, Default)]
pub struct SingleRun {
    pub outputs: Vec<HostArray>,
    /// `None` for integer inputs, and where the output does not depend on the input.
    pub input_grads: Vec<Option<HostArray>>,
    /// Gradients of the parameters.
    pub param_grads: Vec<(String, Option<HostArray>)>,
    /// Buffers and counters after the pass.
    pub buffers: Vec<(String, HostArray)>,
}

/// Runs one layer once, forward and, where gradients of the outputs are given, backward.
pub fn run_single(spec: &SingleSpec<'_>) -> Result<SingleRun> {
    let layer = create(spec.layer, spec.config)?;
    let declarations = layer.declare();
    let backward = spec.output_grads.is_some();
    let inputs = spec
        .inputs
        .iter()
        .map(|array| {
            let value = Value::from_host(&array.view(), spec.dtype, spec.device)?;
            Ok(if backward && value.kind() == Kind::Float { value.tracked() } else { value })
        })
        .collect::<Result<Vec<_>>>()?;
    let bound = declarations.iter().map(|d| bind(spec, d, backward)).collect::<Result<Vec<_>>>()?;
    let types: Vec<Type> = inputs.iter().map(|v| Type::known(&v.shape(), v.kind())).collect();
    let inferred = layer.infer(&types)?;
    let frozen = vec![spec.frozen; declarations.len()];
    let mut ctx = Context {
        training: spec.training,
        device: spec.device,
        dtype: spec.dtype,
        autocast: None,
        declarations: &declarations,
        bound: &bound,
        frozen: &frozen,
        updates: Vec::new(),
        random: (spec.seed, 0, 0),
    };
    let outputs = layer.forward(&mut ctx, &inputs)?;
    let mut after = bound.clone();
    for (position, value) in ctx.updates {
        after[position] = value;
    }
    check_inferred(layer.as_ref(), &inferred, &outputs)?;
    let gradients = gradients(spec, &outputs)?;
    let gradient = |value: &Value| -> Result<Option<HostArray>> {
        let found = gradients.as_ref().filter(|_| value.is_tracked()).and_then(|g| g.of(value));
        found.map(|g| g.to_host()).transpose()
    };
    let mut run = SingleRun {
        outputs: outputs.iter().zip(&inferred).map(|(value, of)| host(value, of)).collect::<Result<_>>()?,
        input_grads: inputs.iter().map(gradient).collect::<Result<_>>()?,
        ..SingleRun::default()
    };
    for ((declaration, bound), after) in declarations.iter().zip(&bound).zip(&after) {
        let name = declaration.name.clone();
        match (bound, after) {
            (Bound::Tensor(value), _) if declaration.role == Role::Parameter => {
                run.param_grads.push((name, gradient(value)?));
            }
            (_, Bound::Tensor(value)) => run.buffers.push((name, value.to_host()?)),
            (_, Bound::Counter(n)) => run.buffers.push((name, HostArray::new(vec![], HostData::I64(vec![*n]))?)),
        }
    }
    Ok(run)
}

/// The stored value of a declaration, of the declared shape.
fn bind(spec: &SingleSpec<'_>, declaration: &Declaration, backward: bool) -> Result<Bound> {
    let name = &declaration.name;
    let (_, array) = spec
        .state
        .iter()
        .find(|(known, _)| known == name)
        .ok_or_else(|| Error::not_found(format!("the state has no '{name}'")))?;
    if array.shape != declaration.shape {
        return Err(Error::shape(name, format!("{:?}", declaration.shape), format!("{:?}", array.shape)));
    }
    if declaration.role == Role::Counter {
        return Ok(Bound::Counter(array.view_data().to_f64()[0] as i64));
    }
    let value = Value::float_from_host(&array.view(), spec.dtype, spec.device)?;
    let learns = backward && declaration.role == Role::Parameter && !spec.frozen;
    Ok(Bound::Tensor(if learns { value.tracked() } else { value }))
}

/// Inference must say exactly what the pass gives; a scalar may have a dimension of size 1 on the device.
fn check_inferred(layer: &dyn Layer, inferred: &[Type], outputs: &[Value]) -> Result<()> {
    let fits = |(of, value): (&Type, &Value)| {
        let found = value.shape();
        let scalar = of.shape.as_ref().is_some_and(Vec::is_empty) && found == [1];
        of.kind == value.kind() && (scalar || *of == Type::known(&found, value.kind()))
    };
    if inferred.len() == outputs.len() && inferred.iter().zip(outputs).all(fits) {
        return Ok(());
    }
    let found: Vec<Type> = outputs.iter().map(|v| Type::known(&v.shape(), v.kind())).collect();
    Err(Error::internal(format!("{layer:?} inferred {inferred:?} but gave {found:?}")))
}

/// An output on the host, a scalar without dimensions.
fn host(output: &Value, of: &Type) -> Result<HostArray> {
    let host = output.to_host()?;
    Ok(if of.shape.as_ref().is_some_and(Vec::is_empty) { HostArray { shape: vec![], ..host } } else { host })
}

fn gradients(spec: &SingleSpec<'_>, outputs: &[Value]) -> Result<Option<Gradients>> {
    let Some(grads) = spec.output_grads else { return Ok(None) };
    let mut total: Option<Value> = None;
    for (output, grad) in outputs.iter().zip(grads) {
        if !output.is_tracked() {
            continue;
        }
        let grad = ArrayView { shape: output.shape(), data: grad.view_data() };
        let grad = Value::float_from_host(&grad, spec.dtype, spec.device)?;
        let part = output.clone().mul(&grad)?.sum()?;
        total = Some(match total {
            Some(sum) => sum.add(&part)?,
            None => part,
        });
    }
    total.map(Value::backward).transpose()
}
