//! Upsampling by interpolation.

use serde_json::Value as Json;

use super::window::{MOST, behind};
use super::{Context, Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Interpolation, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Upsample", Upsample::new),
    ("UpsamplingNearest2d", Upsample::nearest),
    ("UpsamplingBilinear2d", Upsample::bilinear),
];

/// Where the output's sizes come from: a number for all dimensions, or one for each.
#[derive(Debug)]
enum Target {
    Sizes(Vec<usize>),
    /// Sizes are rounded down. `steps`: whether outputs are 1 / factor elements of the input apart, whatever the rounding.
    Factors {
        factors: Vec<f64>,
        steps: bool,
    },
}

/// The number for a dimension.
fn at<T: Copy>(list: &[T], axis: usize) -> T {
    if list.len() == 1 { list[0] } else { list[axis] }
}

/// torch.nn.Upsample, UpsamplingNearest2d, UpsamplingBilinear2d: [N, C, ..] -> [N, C, ..] with 1 to 3 dimensions in the place
/// of the dots.
#[derive(Debug)]
pub struct Upsample {
    target: Target,
    interpolation: Interpolation,
    /// How many dimensions there may be behind the channels.
    dims: Vec<usize>,
}

impl Upsample {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let modes = ["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"];
        let mode = config.word("mode", &modes, "nearest")?;
        let straight = mode.starts_with("nearest");
        if straight && config.raw("align_corners").is_some() {
            return Err(Error::argument(format!("option 'align_corners': has no meaning in mode '{mode}'")));
        }
        let align_corners = config.flag("align_corners", false)?;
        let (interpolation, dims) = match mode {
            "nearest" => (Interpolation::Nearest, vec![1, 2, 3]),
            "nearest-exact" => (Interpolation::NearestExact, vec![1, 2, 3]),
            "linear" => (Interpolation::Linear { align_corners }, vec![1]),
            "bilinear" => (Interpolation::Linear { align_corners }, vec![2]),
            "trilinear" => (Interpolation::Linear { align_corners }, vec![3]),
            _ => (Interpolation::Cubic { align_corners }, vec![2]),
        };
        Self::with(config, interpolation, dims, config.flag("recompute_scale_factor", false)?)
    }

    pub fn nearest(config: &Config) -> Result<Box<dyn Layer>> {
        Self::with(config, Interpolation::Nearest, vec![2], false)
    }

    pub fn bilinear(config: &Config) -> Result<Box<dyn Layer>> {
        Self::with(config, Interpolation::Linear { align_corners: true }, vec![2], false)
    }

    fn with(
        config: &Config,
        interpolation: Interpolation,
        dims: Vec<usize>,
        recompute: bool,
    ) -> Result<Box<dyn Layer>> {
        let (size, factor) = (config.raw("size"), config.raw("scale_factor"));
        let (target, count) = match (size, factor) {
            (Some(given), None) if recompute => {
                return Err(Error::argument(format!(
                    "option 'recompute_scale_factor': has no meaning with a size, found size {given}"
                )));
            }
            (Some(given), None) => {
                let size = |v: &Json| v.as_u64().map(|n| n as usize).filter(|&n| n > 0 && n <= MOST);
                let sizes = list(given, &dims, "size", "integers of at least 1", size)?;
                let count = sizes.len();
                (Target::Sizes(sizes), count)
            }
            (None, Some(given)) => {
                let factor = |v: &Json| v.as_f64().filter(|&f| f > 0.0 && f.is_finite());
                let factors = list(given, &dims, "scale_factor", "numbers above 0", factor)?;
                let count = factors.len();
                (Target::Factors { factors, steps: !recompute }, count)
            }
            _ => return Err(Error::argument("expected one of the options 'size' and 'scale_factor'")),
        };
        let dims = if count > 1 { vec![count] } else { dims };
        Ok(Box::new(Self { target, interpolation, dims }))
    }

    fn size(&self, axis: usize, n: usize) -> Result<usize> {
        match &self.target {
            Target::Sizes(sizes) => Ok(at(sizes, axis)),
            Target::Factors { factors, .. } => {
                let factor = at(factors, axis);
                let size = (n as f64 * factor).floor();
                if size >= 1.0 && size <= MOST as f64 {
                    return Ok(size as usize);
                }
                let expected = format!("a size that times {factor} is from 1 to {MOST}");
                Err(Error::shape("input", expected, n))
            }
        }
    }
}

/// One number or one for each dimension.
fn list<T>(
    given: &Json,
    dims: &[usize],
    key: &str,
    expected: &str,
    one: impl Fn(&Json) -> Option<T>,
) -> Result<Vec<T>> {
    let list = match given.as_array() {
        Some(list) => list.iter().map(one).collect::<Option<Vec<T>>>().filter(|list| dims.contains(&list.len())),
        None => one(given).map(|one| vec![one]),
    };
    list.ok_or_else(|| {
        let counts: Vec<String> = dims.iter().map(usize::to_string).collect();
        Error::argument(format!("option '{key}': expected one or {} {expected}, found {given}", counts.join(" or ")))
    })
}

impl Layer for Upsample {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let ranks: Vec<usize> = self.dims.iter().map(|dims| dims + 2).collect();
        let expected: Vec<&str> =
            self.dims.iter().map(|dims| ["[N, C, L]", "[N, C, H, W]", "[N, C, D, H, W]"][dims - 1]).collect();
        let Some(shape) = input.with_rank(&ranks, &expected.join(" or "))? else {
            return Ok(vec![match (&self.target, &self.dims[..]) {
                (Target::Sizes(sizes), &[dims]) => {
                    behind(None, None, &(0..dims).map(|axis| Some(at(sizes, axis))).collect::<Vec<Dim>>())
                }
                (_, &[dims]) => behind(None, None, &vec![None; dims]),
                _ => Type::unknown(Kind::Float),
            }]);
        };
        if shape[2..].contains(&Some(0)) {
            return Err(Error::shape("input", "sizes of at least 1 behind the channels", input));
        }
        let size = |(axis, size): (usize, &Dim)| match (size, &self.target) {
            (None, Target::Sizes(sizes)) => Ok(Some(at(sizes, axis))),
            (size, _) => size.map(|n| self.size(axis, n)).transpose(),
        };
        let sizes: Vec<Dim> = shape[2..].iter().enumerate().map(size).collect::<Result<_>>()?;
        Ok(vec![behind(shape[0], shape[1], &sizes)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = &inputs[0];
        let dims = input.rank() - 2;
        let sizes = (0..dims).map(|axis| self.size(axis, input.dim(2 + axis))).collect::<Result<Vec<_>>>()?;
        let steps = match &self.target {
            Target::Factors { factors, steps: true } => {
                Some((0..dims).map(|axis| 1.0 / at(factors, axis)).collect::<Vec<_>>())
            }
            _ => None,
        };
        Ok(vec![input.clone().resize(&sizes, steps.as_deref(), self.interpolation)?])
    }

    fn natural_input(&self, _index: usize) -> Type {
        match self.dims[..] {
            [dims] => behind(None, None, &vec![None; dims]),
            _ => Type::unknown(Kind::Float),
        }
    }

    fn usual_input(&self, _index: usize) -> Type {
        let dims = if let [dims] = self.dims[..] { dims } else { 2 };
        behind(None, None, &vec![None; dims])
    }
}
