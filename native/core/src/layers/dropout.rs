//! Dropout of elements and of whole channels. Nothing changes in evaluation. Masks are made on the host, so they are the
//! same on every device.

use super::activation::{SELU_ALPHA, SELU_SCALE};
use super::{Context, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{DType, Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Dropout", |c| Dropout::new(c, false, None)),
    ("Dropout1d", |c| Dropout::new(c, false, Some(&[2, 3]))),
    ("Dropout2d", |c| Dropout::new(c, false, Some(&[3, 4]))),
    ("Dropout3d", |c| Dropout::new(c, false, Some(&[4, 5]))),
    ("StochasticDepth", |c| Dropout::new(c, false, Some(&[1]))),
    ("AlphaDropout", |c| Dropout::new(c, true, None)),
    ("FeatureAlphaDropout", |c| Dropout::new(c, true, Some(&[]))),
];

/// torch.nn.Dropout: in training every element is zero with probability p, else divided by 1 - p.
///
/// Dropout1d, 2d, 3d and FeatureAlphaDropout drop whole channels, StochasticDepth (torchvision's, mode row) whole samples. AlphaDropout and FeatureAlphaDropout put the negative limit
/// of SELU in their place and scale so that mean and variance stay (Klambauer et al. 2017).
#[derive(Debug)]
pub struct Dropout {
    p: f64,
    alpha: bool,
    /// Where whole channels are dropped, the ranks of the input; none means any of at least 2, [1] whole samples.
    channels: Option<&'static [usize]>,
}

impl Dropout {
    pub fn new(config: &Config, alpha: bool, channels: Option<&'static [usize]>) -> Result<Box<dyn Layer>> {
        let p = config.float("p", 0.5)?;
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::argument(format!("option 'p': expected a probability, 0 to 1, found {p}")));
        }
        Ok(Box::new(Self { p, alpha, channels }))
    }

    /// One factor per element, or per channel.
    fn mask_shape(&self, shape: &[usize]) -> Vec<usize> {
        // A first dimension that is no batch holds the channels. Dropout2d takes 3 dimensions as [N, C, L], as PyTorch does.
        let leading = match self.channels {
            None => shape.len(),
            Some([1]) => 1,
            Some([2, 3]) if shape.len() == 2 => 1,
            Some([4, 5]) if shape.len() == 4 => 1,
            Some(_) => 2,
        };
        shape.iter().enumerate().map(|(d, &n)| if d < leading { n } else { 1 }).collect()
    }
}

impl Layer for Dropout {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        match self.channels {
            Some([]) if input.rank().is_some_and(|rank| rank < 2) => {
                return Err(Error::shape("input", "[N, C, ..]", input));
            }
            Some(ranks @ [fewer, more]) => {
                input.with_rank(ranks, &format!("{fewer} or {more} dimensions"))?;
            }
            _ => {}
        }
        Ok(vec![input.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let input = inputs[0].clone();
        if !ctx.training || self.p == 0.0 || input.is_empty() {
            return Ok(vec![input]);
        }
        let shape = self.mask_shape(&input.shape());
        let count = shape.iter().product();
        let scale = match (self.alpha, self.p < 1.0) {
            (_, false) => 0.0,
            (false, true) => 1.0 / (1.0 - self.p),
            (true, true) => self.alpha_scale(),
        };
        if !self.alpha || self.p == 1.0 {
            let mask = match input.dtype()? {
                DType::F16 | DType::BF16 | DType::F32 => {
                    Value::from_f32(ctx.rng().mask(count, self.p, scale as f32), &shape, ctx.device)?
                }
                DType::F64 => {
                    let keep = ctx.rng().mask(count, self.p, 1.0);
                    let mask = keep.into_iter().map(|k| f64::from(k) * scale).collect();
                    Value::from_f64(mask, &shape, ctx.device)?
                }
            };
            return Ok(vec![input.mul(&mask)?]);
        }
        let keep: Vec<f64> = ctx.rng().mask(count, self.p, 1.0).into_iter().map(f64::from).collect();
        let shift = |k: f64| scale * SELU_LIMIT * (1.0 - k - self.p);
        let shifts = keep.iter().map(|&k| shift(k)).collect();
        let factors = keep.iter().map(|&k| k * scale).collect();
        let [factors, shifts] = [factors, shifts].map(|data| Value::from_doubles(data, &shape, ctx.dtype, ctx.device));
        Ok(vec![input.mul(&factors?)?.add(&shifts?)?])
    }
}

/// What SELU gives far below 0.
const SELU_LIMIT: f64 = -SELU_SCALE * SELU_ALPHA;

impl Dropout {
    /// a of y = a (x m + limit (1 - m)) + b with b = -a limit p.
    fn alpha_scale(&self) -> f64 {
        1.0 / ((1.0 - self.p) * (1.0 + self.p * SELU_LIMIT * SELU_LIMIT)).sqrt()
    }
}
