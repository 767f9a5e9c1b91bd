//! First values of parameters that a description asks for: the functions of torch.nn.init, on numbers of our own generator.
//!
//! To add one: a variant, a line in [`Initializer::new`] that reads its options, an arm in [`Initializer::values`].

mod draws;
mod matrix;

use draws::Truncated;

use crate::array::element_count;
use crate::backend::rng::Rng;
use crate::spec::{Config, PartSpec};
use crate::{Error, Result};

/// How a parameter gets its first values.
#[derive(Debug, Clone, PartialEq)]
pub enum Initializer {
    /// One number everywhere.
    Constant(f64),
    /// Uniform in [a, b).
    Uniform {
        a: f64,
        b: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    /// Normal, of which only what lies in [a, b] counts.
    TruncatedNormal {
        mean: f64,
        std: f64,
        a: f64,
        b: f64,
    },
    /// Variance gain^2 2 / (fan_in + fan_out) (Glorot and Bengio 2010).
    Xavier {
        gain: f64,
        normal: bool,
    },
    /// Variance gain^2 / fan (He et al. 2015).
    Kaiming {
        gain: f64,
        fan_out: bool,
        normal: bool,
    },
    /// Orthogonal rows or columns, whichever are fewer, times gain (Saxe et al. 2013).
    Orthogonal {
        gain: f64,
    },
    /// Normal with a share of every column zero (Martens 2010).
    Sparse {
        sparsity: f64,
        std: f64,
    },
    /// The identity matrix.
    Eye,
    /// A convolution that passes its input on, in each of so many groups.
    Dirac {
        groups: usize,
    },
    /// These numbers.
    Array {
        shape: Vec<usize>,
        data: Vec<f64>,
    },
}

impl Initializer {
    /// From its description; options have PyTorch's names and defaults.
    pub fn new(spec: &PartSpec) -> Result<Self> {
        let c = &spec.config;
        let initializer = match spec.kind.as_str() {
            "Constant" => Self::Constant(required(c, "val")?),
            "Zeros" => Self::Constant(0.0),
            "Ones" => Self::Constant(1.0),
            "Uniform" => {
                let (a, b) = range(c, 0.0, 1.0)?;
                Self::Uniform { a, b }
            }
            "Normal" => Self::Normal { mean: c.float("mean", 0.0)?, std: c.non_negative("std", 1.0)? },
            "TruncatedNormal" => {
                let (a, b) = range(c, -2.0, 2.0)?;
                Self::TruncatedNormal { mean: c.float("mean", 0.0)?, std: c.non_negative("std", 1.0)?, a, b }
            }
            kind @ ("XavierUniform" | "XavierNormal") => {
                Self::Xavier { gain: c.float("gain", 1.0)?, normal: kind == "XavierNormal" }
            }
            kind @ ("KaimingUniform" | "KaimingNormal") => Self::Kaiming {
                gain: gain(c)?,
                fan_out: c.word("mode", &["fan_in", "fan_out"], "fan_in")? == "fan_out",
                normal: kind == "KaimingNormal",
            },
            "Orthogonal" => Self::Orthogonal { gain: c.float("gain", 1.0)? },
            "Sparse" => {
                let sparsity = required(c, "sparsity")?;
                if !(0.0..=1.0).contains(&sparsity) {
                    return Err(Error::argument(format!("option 'sparsity': expected 0 to 1, found {sparsity}")));
                }
                Self::Sparse { sparsity, std: c.non_negative("std", 0.01)? }
            }
            "Eye" => Self::Eye,
            "Dirac" => {
                let groups = c.int("groups", 1)?;
                let valid = usize::try_from(groups).ok().filter(|&n| n > 0);
                let wrong = || Error::argument(format!("option 'groups': expected at least 1, found {groups}"));
                Self::Dirac { groups: valid.ok_or_else(wrong)? }
            }
            "Array" => array(c)?,
            other => {
                return Err(Error::unsupported(format!(
                    "there is no initializer '{other}'; known: {}",
                    NAMES.join(", ")
                )));
            }
        };
        c.finish()?;
        Ok(initializer)
    }

    /// Values for a parameter of a shape; an error where the initializer is not for such shapes.
    pub fn values(&self, shape: &[usize], rng: &mut Rng) -> Result<Vec<f64>> {
        let count = element_count(shape)?;
        let uniform = |bound: f64, rng: &mut Rng| (0..count).map(|_| (2.0 * rng.uniform() - 1.0) * bound).collect();
        let normal = |mean: f64, std: f64, rng: &mut Rng| (0..count).map(|_| mean + rng.normal() * std).collect();
        let spread = |std: f64, is_normal: bool, rng: &mut Rng| {
            if is_normal { normal(0.0, std, rng) } else { uniform(3f64.sqrt() * std, rng) }
        };
        Ok(match self {
            Self::Constant(x) => vec![*x; count],
            Self::Uniform { a, b } => (0..count).map(|_| a + (b - a) * rng.uniform()).collect(),
            Self::Normal { mean, std } => normal(*mean, *std, rng),
            Self::TruncatedNormal { mean, std, a, b } => {
                let truncated = Truncated::new(*mean, *std, *a, *b);
                (0..count).map(|_| truncated.draw(rng)).collect()
            }
            Self::Xavier { gain, normal } => {
                let (fan_in, fan_out) = fans(shape)?;
                spread(gain * (2.0 / (fan_in + fan_out)).sqrt(), *normal, rng)
            }
            Self::Kaiming { gain, fan_out: out, normal } => {
                let (fan_in, fan_out) = fans(shape)?;
                spread(gain / if *out { fan_out } else { fan_in }.sqrt(), *normal, rng)
            }
            Self::Orthogonal { gain } => matrix::orthogonal(shape, *gain, rng)?,
            Self::Sparse { sparsity, std } => matrix::sparse(shape, *sparsity, *std, rng)?,
            Self::Eye => matrix::eye(shape)?,
            Self::Dirac { groups } => matrix::dirac(shape, *groups)?,
            Self::Array { shape: given, data } if given == shape => data.clone(),
            Self::Array { shape: given, .. } => {
                return Err(Error::shape("array", format!("{shape:?}"), format!("{given:?}")));
            }
        })
    }
}

const NAMES: [&str; 15] = [
    "Constant",
    "Zeros",
    "Ones",
    "Uniform",
    "Normal",
    "TruncatedNormal",
    "XavierUniform",
    "XavierNormal",
    "KaimingUniform",
    "KaimingNormal",
    "Orthogonal",
    "Sparse",
    "Eye",
    "Dirac",
    "Array",
];

/// Numbers that flow into and out of one element, as torch.nn.init counts them: [out, in, kernel ..] gives in and out times
/// the kernel's size, also for transposed convolutions, whose weights are [in, out, kernel ..].
pub fn fans(shape: &[usize]) -> Result<(f64, f64)> {
    let [first, second, kernel @ ..] = shape else {
        return Err(Error::shape("parameter", "at least 2 dimensions (fans)", format!("{shape:?}")));
    };
    let field: usize = kernel.iter().product();
    Ok(((second * field).max(1) as f64, (first * field).max(1) as f64))
}

/// torch.nn.init.calculate_gain: what a nonlinearity takes from a variance, as a factor of the standard deviation.
fn gain(config: &Config) -> Result<f64> {
    let words = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"];
    let slope = config.float("a", 0.0)?;
    Ok(match config.word("nonlinearity", &words, "leaky_relu")? {
        "tanh" => 5.0 / 3.0,
        "relu" => 2f64.sqrt(),
        "leaky_relu" => (2.0 / (1.0 + slope * slope)).sqrt(),
        "selu" => 0.75,
        _ => 1.0,
    })
}

fn required(config: &Config, key: &str) -> Result<f64> {
    config.float_or_none(key)?.ok_or_else(|| Error::argument(format!("option '{key}' is missing")))
}

fn range(config: &Config, low: f64, high: f64) -> Result<(f64, f64)> {
    let (a, b) = (config.float("a", low)?, config.float("b", high)?);
    if a <= b && (b - a).is_finite() {
        return Ok((a, b));
    }
    Err(Error::argument(format!("option 'b': expected a finite number of at least a ({a}), found {b}")))
}

fn array(config: &Config) -> Result<Initializer> {
    let missing = |key: &str| Error::argument(format!("option '{key}' is missing"));
    let data = config.floats_or_none("data")?.ok_or_else(|| missing("data"))?;
    let sizes = config.ints_or_none("shape")?.ok_or_else(|| missing("shape"))?;
    let shape: Option<Vec<usize>> = sizes.iter().map(|&n| usize::try_from(n).ok()).collect();
    let shape = shape.filter(|s| element_count(s).is_ok_and(|n| n == data.len()));
    let wrong = || Error::argument(format!("option 'shape': expected {} elements, found {sizes:?}", data.len()));
    Ok(Initializer::Array { shape: shape.ok_or_else(wrong)?, data })
}
