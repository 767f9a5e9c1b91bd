//! Overlap of a predicted and a marked region.

use super::Loss;
use super::formula::{Formula, reduced};
use super::targets::{same_shape, shares};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{ArrayView, Error, Result};

/// The soft Dice loss (Milletari et al., 2016, without squares): 1 - (2 sum(p t) + smooth) / (sum(p) + sum(t) + smooth), the sums over
/// the positions of a sample [N, D], or of a sample's channel [N, C, ..]. Targets have the prediction's shape and are 0 to 1.
/// `activation` makes probabilities of the prediction first: none (the default), sigmoid, or softmax over C; `smooth` is 1.
#[derive(Debug)]
struct Dice {
    activation: Activation,
    smooth: f64,
}

#[derive(Debug)]
enum Activation {
    None,
    Sigmoid,
    Softmax,
}

pub(super) fn dice(config: &Config) -> Result<Box<dyn Loss>> {
    let activation = match config.word("activation", &["none", "sigmoid", "softmax"], "none")? {
        "sigmoid" => Activation::Sigmoid,
        "softmax" => Activation::Softmax,
        _ => Activation::None,
    };
    reduced(config, Dice { activation, smooth: config.non_negative("smooth", 1.0)? })
}

impl Formula for Dice {
    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        if prediction.len() < 2 || prediction.contains(&0) {
            return Err(Error::shape(
                "prediction",
                "[samples, channels, ..] or [samples, positions]",
                format!("{prediction:?}"),
            ));
        }
        same_shape(prediction, &targets[0])?;
        shares(&targets[0])
    }

    fn elements(&self, x: &Value, targets: &[Value]) -> Result<Value> {
        let p = match self.activation {
            Activation::None => x.clone(),
            Activation::Sigmoid => x.clone().sigmoid()?,
            Activation::Softmax => x.clone().softmax(1)?,
        };
        let shape = x.shape();
        let regions = if shape.len() == 2 { &shape[..1] } else { &shape[..2] };
        let count: usize = regions.iter().product();
        let sum = |v: Value| v.reshape(&[count, x.len() / count])?.sum_dims(&[1])?.reshape(regions);
        let t = &targets[0];
        let common = sum(p.clone().mul(t)?)?.mul_scalar(2.0)?.add_scalar(self.smooth)?;
        let all = sum(p)?.add(&sum(t.clone())?)?.add_scalar(self.smooth)?;
        common.div(&all)?.neg()?.add_scalar(1.0)
    }
}
