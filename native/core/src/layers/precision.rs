//! Mixed precision: in which floating-point type a layer computes.
//!
//! Under autocast a value is rounded to a half (f16, bf16) where PyTorch's autocast rounds it, by the lists of its CUDA
//! documentation ("Autocast Op Reference"), here by layer; normalisations keep single precision as a whole. Parameters
//! stay what they are; a cast is a part of the gradient graph, so their gradients arrive in their own type.
//!
//! What a half value goes through is computed in f32 and rounded once at the end, as PyTorch's CPU kernels do: the
//! processor has no faster way, and no kernel needs to know the halves. On other devices the products of the list
//! [`LOW`] run in the half type itself, where the hardware is fast at it and adds up in f32.

use super::{Bound, Context, Layer};
use crate::Result;
use crate::tensor::{DType, Kind, Value};

/// Which type a layer computes in under autocast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// In the low one: inputs and parameters are rounded to it.
    Low,
    /// In f32.
    Full,
    /// In the widest of its inputs and parameters.
    Widest,
    /// As [`Precision::Widest`]; it only moves numbers, so it needs no other type to compute in.
    Moves,
    /// In f32, but the products inside are low, and so is the output.
    LowInside,
    /// In f32, but the products inside are low.
    LowProducts,
}

/// Products with weights and of matrices, and what is made of them.
const LOW: &[&str] = &[
    "Bilinear",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Einsum",
    "GRU",
    "GRUCell",
    "LSTM",
    "LSTMCell",
    "Linear",
    "MatMul",
    "PReLU",
    "RNN",
    "RNNCell",
];

/// Sums, exponentials, powers and normalisations.
const FULL: &[&str] = &[
    "Acos",
    "Asin",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "CDist",
    "Cosh",
    "CosineSimilarity",
    "CumProd",
    "CumSum",
    "Erfinv",
    "Exp",
    "Expm1",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "LayerNorm",
    "LocalResponseNorm",
    "Log",
    "Log10",
    "Log1p",
    "Log2",
    "LogSoftmax",
    "LogSumExp",
    "Norm",
    "PairwiseDistance",
    "Pow",
    "PowScalar",
    "Prod",
    "RMSNorm",
    "Reciprocal",
    "Rsqrt",
    "Sinh",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "Softplus",
    "Sum",
    "Tan",
];

const MOVES: &[&str] = &["Flatten", "Identity", "Permute", "Reshape", "Squeeze", "Transpose", "Unflatten", "Unsqueeze"];

const LOW_INSIDE: &[&str] = &["MultiheadAttention"];

const LOW_PRODUCTS: &[&str] =
    &["Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer"];

impl Precision {
    /// That of the layer of a name.
    pub fn of(layer: &str) -> Self {
        let lists = [
            (LOW, Self::Low),
            (FULL, Self::Full),
            (MOVES, Self::Moves),
            (LOW_INSIDE, Self::LowInside),
            (LOW_PRODUCTS, Self::LowProducts),
        ];
        lists.into_iter().find(|(names, _)| names.contains(&layer)).map_or(Self::Widest, |(_, precision)| precision)
    }

    /// The type a layer is to have whose values have the type `widest` together. Autocast leaves f64 alone.
    fn target(self, autocast: Option<DType>, widest: DType) -> DType {
        match (self, autocast) {
            _ if widest == DType::F64 => DType::F64,
            (Self::Low | Self::LowInside, Some(low)) => low,
            (Self::Full | Self::LowProducts, Some(_)) => DType::F32,
            _ => widest,
        }
    }
}

fn half_or_none(value: &Value) -> Option<DType> {
    if value.kind() == Kind::Float { value.dtype().ok() } else { None }
}

/// Runs a layer in the type that its policy and its values ask for.
///
/// Of the context count: `autocast`, and `dtype`, the type of the model, which stands for parameters that are only stored as
/// halves if `stored` says so. Without autocast and without halves this is [`Layer::forward`].
pub(crate) fn compute(
    layer: &dyn Layer,
    precision: Precision,
    ctx: &mut Context<'_>,
    inputs: &[Value],
    stored: bool,
) -> Result<Vec<Value>> {
    let model = ctx.dtype;
    let parameter = |bound: &Bound| match bound {
        Bound::Tensor(value) => half_or_none(value).map(|t| if stored && t.is_half() { model } else { t }),
        Bound::Counter(_) => None,
    };
    let bound_half =
        ctx.bound.iter().any(|b| matches!(b, Bound::Tensor(v) if half_or_none(v).is_some_and(DType::is_half)));
    let types = || inputs.iter().filter_map(half_or_none).chain(ctx.bound.iter().filter_map(parameter));
    if ctx.autocast.is_none() && !bound_half && !types().any(DType::is_half) {
        return layer.forward(ctx, inputs);
    }
    let widest = types().reduce(DType::widest).unwrap_or(model);
    let target = precision.target(ctx.autocast, widest);
    if precision == Precision::Moves && types().all(|t| t == target) && !bound_half {
        return layer.forward(ctx, inputs);
    }
    let native = target.is_half() && precision == Precision::Low && !ctx.device.is_host();
    // The products inside such a layer are rounded on their own.
    let outside = matches!(precision, Precision::LowInside | Precision::LowProducts) && ctx.autocast.is_some();
    let inner = if target.is_half() && !native { DType::F32 } else { target };
    let cast = |value: &Value| match value.kind() {
        Kind::Float if outside => value.clone().to_float(inner),
        Kind::Float => value.clone().to_float(target).to_float(inner),
        _ => value.clone(),
    };
    let inputs: Vec<Value> = inputs.iter().map(cast).collect();
    let bound: Vec<Bound> = ctx
        .bound
        .iter()
        .map(|bound| match bound {
            Bound::Tensor(value) => Bound::Tensor(cast(value)),
            counter => counter.clone(),
        })
        .collect();
    let mut wide = Context { dtype: inner, bound: &bound, updates: Vec::new(), ..*ctx };
    let outputs = layer.forward(&mut wide, &inputs)?;
    let updates = std::mem::take(&mut wide.updates);
    ctx.updates.extend(updates.into_iter().map(|(i, bound)| match bound {
        Bound::Tensor(value) => (i, Bound::Tensor(value.to_float(model))),
        counter => (i, counter),
    }));
    let round = |value: Value| if value.kind() == Kind::Float { value.to_float(target) } else { value };
    Ok(outputs.into_iter().map(round).collect())
}

/// Products inside a layer that has [`Precision::LowInside`] or [`Precision::LowProducts`]: rounded under autocast, the result
/// as f32.
impl Context<'_> {
    fn low(&self, values: &[&Value], product: impl FnOnce(Vec<Value>) -> Result<Value>) -> Result<Value> {
        let Some(low) = self.autocast.filter(|_| self.dtype == DType::F32) else {
            return product(values.iter().map(|&value| value.clone()).collect());
        };
        let inner = if self.device.is_host() { DType::F32 } else { low };
        let rounded = values.iter().map(|&value| value.clone().to_float(low).to_float(inner));
        Ok(product(rounded.collect())?.to_float(low).to_float(DType::F32))
    }

    /// x W^T + b.
    pub(super) fn linear(&self, x: &Value, weight: &Value, bias: Option<&Value>) -> Result<Value> {
        let values: Vec<&Value> = [x, weight].into_iter().chain(bias).collect();
        self.low(&values, |values| values[0].clone().linear(&values[1], values.get(2)))
    }

    /// The product of two matrices.
    pub(super) fn matmul(&self, a: &Value, b: &Value) -> Result<Value> {
        self.low(&[a, b], |values| values[0].clone().matmul(&values[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::{DType, FULL, LOW, LOW_INSIDE, LOW_PRODUCTS, MOVES, Precision};

    #[test]
    fn the_lists_name_layers() {
        let known = crate::layers::names();
        let all = [LOW, FULL, MOVES, LOW_INSIDE, LOW_PRODUCTS].concat();
        let unknown: Vec<_> = all.iter().filter(|name| !known.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn no_layer_stands_in_two_lists() {
        let mut all: Vec<&str> = [LOW, FULL, MOVES, LOW_INSIDE, LOW_PRODUCTS].concat();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn the_type_follows_policy_and_values() {
        use DType::{BF16, F16, F32, F64};
        let target = |name: &str, autocast, widest| Precision::of(name).target(autocast, widest);
        assert_eq!(target("Linear", Some(F16), F32), F16);
        assert_eq!(target("Softmax", Some(F16), F16), F32);
        assert_eq!(target("ReLU", Some(BF16), BF16), BF16);
        assert_eq!(target("Add", Some(BF16), F32), F32);
        assert_eq!(target("Linear", Some(F16), F64), F64);
        assert_eq!(target("Softmax", None, F16), F16);
        assert_eq!(F16.widest(BF16), F32);
    }
}
