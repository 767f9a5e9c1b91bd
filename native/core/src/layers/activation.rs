//! Activations that are functions of one number; the shape is unchanged.

use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Activation, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("ReLU", |_| relu()),
    ("ReLU6", |_| activation(Activation::Hardtanh { min: 0.0, max: 6.0 })),
    ("LeakyReLU", leaky_relu),
    ("ELU", elu),
    ("CELU", celu),
    ("SELU", |_| selu()),
    ("GELU", gelu),
    ("QuickGELU", |_| activation(Activation::Swish { beta: 1.702 })),
    ("SiLU", |_| activation(Activation::Swish { beta: 1.0 })),
    ("Mish", |_| activation(Activation::Mish)),
    ("Sigmoid", |_| activation(Activation::Sigmoid)),
    ("LogSigmoid", |_| activation(Activation::LogSigmoid)),
    ("Tanh", |_| activation(Activation::Tanh)),
    ("Softplus", softplus),
    ("Softsign", |_| activation(Activation::Softsign)),
    ("Hardtanh", hardtanh),
    ("Hardsigmoid", |_| activation(Activation::Hardsigmoid)),
    ("Hardswish", |_| activation(Activation::Hardswish)),
    ("Hardshrink", |c| shrink(c, |lambda| Activation::Hardshrink { lambda })),
    ("Softshrink", |c| shrink(c, |lambda| Activation::Softshrink { lambda })),
    ("Tanhshrink", |_| activation(Activation::Tanhshrink)),
    ("Threshold", threshold),
];

/// The fixed point of mean 0 and variance 1 (Klambauer et al. 2017).
pub(super) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
pub(super) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// A layer that is a function of one value and keeps its shape.
struct Elementwise<F> {
    name: String,
    apply: F,
}

impl<F> std::fmt::Debug for Elementwise<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F: Fn(Value) -> Result<Value> + Send + Sync> Layer for Elementwise<F> {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::single(inputs, Kind::Float)?.clone()])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![(self.apply)(inputs[0].clone())?])
    }
}

fn elementwise<F>(name: String, apply: F) -> Result<Box<dyn Layer>>
where
    F: Fn(Value) -> Result<Value> + Send + Sync + 'static,
{
    Ok(Box::new(Elementwise { name, apply }))
}

/// A function of one number, computed in one pass.
fn activation(activation: Activation) -> Result<Box<dyn Layer>> {
    elementwise(format!("{activation:?}"), move |x| x.activate(activation))
}

/// torch.nn.ReLU: max(0, x).
pub fn relu() -> Result<Box<dyn Layer>> {
    elementwise("ReLU".to_owned(), Value::relu)
}

/// torch.nn.LeakyReLU: x where x > 0, else negative_slope * x.
pub fn leaky_relu(config: &Config) -> Result<Box<dyn Layer>> {
    activation(Activation::LeakyRelu { slope: config.float("negative_slope", 0.01)? })
}

/// torch.nn.ELU: x where x > 0, else alpha * (exp(x) - 1).
pub fn elu(config: &Config) -> Result<Box<dyn Layer>> {
    activation(Activation::Elu { positive: 1.0, negative: config.float("alpha", 1.0)?, inner: 1.0 })
}

/// torch.nn.CELU: x where x > 0, else alpha * (exp(x / alpha) - 1).
pub fn celu(config: &Config) -> Result<Box<dyn Layer>> {
    let alpha = positive(config, "alpha", 1.0)?;
    activation(Activation::Elu { positive: 1.0, negative: alpha, inner: 1.0 / alpha })
}

/// torch.nn.SELU: scale * x where x > 0, else scale * alpha * (exp(x) - 1), with the constants of Klambauer et al. (2017).
pub fn selu() -> Result<Box<dyn Layer>> {
    activation(Activation::Elu { positive: SELU_SCALE, negative: SELU_SCALE * SELU_ALPHA, inner: 1.0 })
}

/// torch.nn.GELU: x * Phi(x), exactly or with tanh.
pub fn gelu(config: &Config) -> Result<Box<dyn Layer>> {
    match config.word("approximate", &["none", "tanh"], "none")? {
        "tanh" => activation(Activation::GeluTanh),
        _ => elementwise("GELU".to_owned(), Value::gelu),
    }
}

/// torch.nn.Softplus: ln(1 + exp(beta * x)) / beta, and x where beta * x > threshold.
pub fn softplus(config: &Config) -> Result<Box<dyn Layer>> {
    activation(Activation::Softplus {
        beta: positive(config, "beta", 1.0)?,
        threshold: config.float("threshold", 20.0)?,
    })
}

/// torch.nn.Hardtanh: x, but at least min_val and at most max_val.
pub fn hardtanh(config: &Config) -> Result<Box<dyn Layer>> {
    let (min, max) = (config.float("min_val", -1.0)?, config.float("max_val", 1.0)?);
    if min >= max {
        return Err(Error::argument(format!("option 'max_val': expected more than min_val ({min}), found {max}")));
    }
    activation(Activation::Hardtanh { min, max })
}

/// torch.nn.Hardshrink (x where |x| > lambd, else 0) and Softshrink (x moved towards 0 by lambd).
pub fn shrink(config: &Config, of: fn(f64) -> Activation) -> Result<Box<dyn Layer>> {
    activation(of(config.non_negative("lambd", 0.5)?))
}

/// torch.nn.Threshold: x where x > threshold, else value; both options are required.
pub fn threshold(config: &Config) -> Result<Box<dyn Layer>> {
    let required =
        |key: &str| config.float_or_none(key)?.ok_or_else(|| Error::argument(format!("option '{key}' is missing")));
    activation(Activation::Threshold { threshold: required("threshold")?, value: required("value")? })
}

/// A finite option above 0.
fn positive(config: &Config, key: &str, default: f64) -> Result<f64> {
    let value = config.float(key, default)?;
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(Error::argument(format!("option '{key}': expected a number above 0, found {value}")))
}
