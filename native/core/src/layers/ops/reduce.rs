//! Reductions over dimensions: options `dims` (a list, negative ones from the back; missing means all) and `keepdim` (false).

use super::{extended, op};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Sum", |c| numbers(c, "Sum", Some(0.0), sum)),
    ("Prod", |c| numbers(c, "Prod", Some(1.0), Value::prod_dims)),
    // At ties the gradient is shared evenly.
    ("Max", |c| numbers(c, "Max", None, |x, dims| x.extreme(dims, true))),
    ("Min", |c| numbers(c, "Min", None, |x, dims| x.extreme(dims, false))),
    ("Mean", |c| floats(c, "Mean", Some(f64::NAN), Value::mean_dims)),
    ("LogSumExp", |c| floats(c, "LogSumExp", Some(f64::NEG_INFINITY), Value::log_sum_exp)),
    ("Norm", norm),
    ("Var", |c| variance(c, "Var", Ok)),
    ("Std", |c| variance(c, "Std", Value::deviation)),
    ("ArgMax", |c| position(c, "ArgMax", true)),
    ("ArgMin", |c| position(c, "ArgMin", false)),
    ("Any", |c| Reduction::new(c, "Any", None)?.layer(|_| Ok(Kind::Bool), Value::any_dims)),
    ("All", |c| Reduction::new(c, "All", None)?.layer(|_| Ok(Kind::Bool), Value::all_dims)),
];

fn sum(x: Value, dims: &[usize]) -> Result<Value> {
    if x.kind() == Kind::Float { x.sum_dims(dims) } else { Ok(x.sum_ints(dims)) }
}

/// What all reductions have in common.
#[derive(Debug, Clone)]
struct Reduction {
    name: &'static str,
    /// `None` for all dimensions.
    dims: Option<Vec<i64>>,
    keep: bool,
    /// What comes of no elements; `None` where that is an error (or, for bools, their own affair).
    empty: Option<f64>,
}

impl Reduction {
    fn new(config: &Config, name: &'static str, empty: Option<f64>) -> Result<Self> {
        let dims = config.ints_or_none("dims")?;
        if dims.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::argument("option 'dims': expected at least one dimension, or none of it for all"));
        }
        Ok(Self { name, dims, keep: config.flag("keepdim", false)?, empty })
    }

    /// Along option `dim`, or over all elements where it is missing.
    fn along(config: &Config, name: &'static str) -> Result<Self> {
        let dims = config.int_or_none("dim")?.map(|d| vec![d]);
        Ok(Self { name, dims, keep: config.flag("keepdim", false)?, empty: None })
    }

    /// The dimensions reduced, in order, each once.
    fn dimensions(&self, rank: usize) -> Result<Vec<usize>> {
        let Some(dims) = &self.dims else { return Ok((0..rank).collect()) };
        let mut found = dims.iter().map(|&d| dim_index("option 'dims'", d, rank)).collect::<Result<Vec<_>>>()?;
        found.sort_unstable();
        if found.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::argument(format!("option 'dims': {dims:?} names a dimension twice")));
        }
        Ok(found)
    }

    fn infer(&self, input: &Type, kind: Kind, takes_empty: bool) -> Result<Type> {
        let Some(shape) = &input.shape else {
            return Ok(if self.dims.is_none() && !self.keep { Type::new(vec![], kind) } else { Type::unknown(kind) });
        };
        let dims = self.dimensions(shape.len())?;
        if let (false, Some(empty)) = (takes_empty, dims.iter().find(|&&d| shape[d] == Some(0))) {
            return Err(Error::shape("input", format!("elements in dimension {empty}"), input));
        }
        let kept = shape.iter().enumerate().filter_map(|(d, &n)| match (dims.contains(&d), self.keep) {
            (false, _) => Some(n),
            (true, true) => Some(Some(1)),
            (true, false) => None,
        });
        Ok(Type::new(kept.collect(), kind))
    }

    fn run(&self, x: &Value, kind: Kind, f: impl Fn(Value, &[usize]) -> Result<Value>) -> Result<Value> {
        let (shape, dims) = (x.shape(), self.dimensions(x.rank())?);
        let reduced: Vec<usize> = match self.keep {
            true => (0..shape.len()).map(|d| if dims.contains(&d) { 1 } else { shape[d] }).collect(),
            false => (0..shape.len()).filter(|d| !dims.contains(d)).map(|d| shape[d]).collect(),
        };
        if let (true, Some(empty)) = (x.is_empty(), self.empty) {
            let like = if kind == Kind::Float { x.clone() } else { x.clone().to_int() };
            return like.filled_like(&reduced, empty);
        }
        if dims.len() == shape.len() {
            // All at once rather than one dimension after the other.
            return f(x.clone().reshape(&[x.len()])?, &[0])?.reshape(&reduced);
        }
        f(x.clone(), &dims)?.reshape(&reduced)
    }

    /// `kind` says what kind comes out of which type, or that the type is wrong.
    fn layer(
        self,
        kind: fn(&Type) -> Result<Kind>,
        f: impl Fn(Value, &[usize]) -> Result<Value> + Send + Sync + 'static,
    ) -> Result<Box<dyn Layer>> {
        let own = self.clone();
        op(
            self.name,
            &[Kind::Float],
            move |x| {
                let kind = kind(&x[0])?;
                own.infer(&x[0], kind, own.empty.is_some() || kind == Kind::Bool)
            },
            move |x| {
                let kind = kind(&Type::known(&x[0].shape(), x[0].kind()))?;
                self.run(&x[0], kind, &f)
            },
        )
    }
}

fn float(input: &Type) -> Result<Kind> {
    input.expect_kind(Kind::Float)?;
    Ok(Kind::Float)
}

fn number(input: &Type) -> Result<Kind> {
    Ok(if input.kind == Kind::Float { Kind::Float } else { Kind::Int })
}

type Reduce = fn(Value, &[usize]) -> Result<Value>;

fn floats(config: &Config, name: &'static str, empty: Option<f64>, f: Reduce) -> Result<Box<dyn Layer>> {
    Reduction::new(config, name, empty)?.layer(float, f)
}

/// Of floats or integers; bools count as 0 and 1.
fn numbers(config: &Config, name: &'static str, empty: Option<f64>, f: Reduce) -> Result<Box<dyn Layer>> {
    Reduction::new(config, name, empty)?.layer(number, f)
}

/// torch.linalg.vector_norm: option `p` (2), which may be infinite.
fn norm(config: &Config) -> Result<Box<dyn Layer>> {
    let p = extended(config, "p")?.unwrap_or(2.0);
    if p.is_nan() {
        return Err(Error::argument("option 'p': expected a number, found NaN"));
    }
    let empty = (p >= 0.0 && p.is_finite()).then_some(0.0);
    Reduction::new(config, "Norm", empty)?.layer(float, move |x, dims| x.norm(p, dims))
}

/// torch.var: option `correction` (1) is what is subtracted from the number of elements.
fn variance(config: &Config, name: &'static str, finish: fn(Value) -> Result<Value>) -> Result<Box<dyn Layer>> {
    let correction = config.non_negative("correction", 1.0)?;
    Reduction::new(config, name, Some(f64::NAN))?.layer(float, move |x, dims| {
        let count: usize = dims.iter().map(|&d| x.dim(d)).product();
        let centred = x.clone().sub(&x.mean_dims(dims)?)?;
        let sum = centred.clone().mul(&centred)?.sum_dims(dims)?;
        finish(sum.mul_scalar(1.0 / (count as f64 - correction).max(0.0))?)
    })
}

/// torch.argmax, torch.argmin along option `dim`, or in the flattened input: integers, through which no gradient flows.
fn position(config: &Config, name: &'static str, largest: bool) -> Result<Box<dyn Layer>> {
    Reduction::along(config, name)?.layer(
        |_| Ok(Kind::Int),
        move |x, dims| match dims {
            [dim] => x.position(*dim, largest),
            _ => Err(Error::internal("a position in several dimensions")),
        },
    )
}
