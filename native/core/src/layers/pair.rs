//! Layers of two inputs: Bilinear, CosineSimilarity, PairwiseDistance.

use super::cost::positions;
use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("Bilinear", Bilinear::new),
    ("CosineSimilarity", CosineSimilarity::new),
    ("PairwiseDistance", PairwiseDistance::new),
];

/// The two inputs, which must be floats.
fn pair(inputs: &[Type]) -> Result<(&Type, &Type)> {
    let [a, b] = inputs else {
        return Err(Error::argument(format!("takes 2 inputs, found {}", inputs.len())));
    };
    a.expect_kind(Kind::Float)?;
    b.expect_kind(Kind::Float)?;
    Ok((a, b))
}

/// torch.nn.Bilinear: [.., in1_features] and [.., in2_features] -> [.., out_features], y = x1^T W x2 + b; the leading
/// dimensions of the inputs agree.
#[derive(Debug)]
pub struct Bilinear {
    inputs: [usize; 2],
    outputs: usize,
    bias: bool,
}

impl Bilinear {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self {
            inputs: [config.size("in1_features")?, config.size("in2_features")?],
            outputs: config.size("out_features")?,
            bias: config.flag("bias", true)?,
        }))
    }
}

impl Layer for Bilinear {
    fn declare(&self) -> Vec<Declaration> {
        let [first, second] = self.inputs;
        let init = Init::fan_in(first);
        let mut all = vec![Declaration::parameter("weight", &[self.outputs, first, second], init.clone())];
        if self.bias {
            all.push(Declaration::parameter("bias", &[self.outputs], init));
        }
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let (a, b) = pair(inputs)?;
        a.expect_last(self.inputs[0])?;
        b.expect_last(self.inputs[1])?;
        let outputs = [a.with_last(self.outputs), b.with_last(self.outputs)];
        Ok(vec![outputs[0].merge(&outputs[1])?])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (weight, bias) = (ctx.get("weight")?, ctx.optional("bias")?);
        Ok(vec![inputs[0].clone().bilinear(&inputs[1], &weight, bias.as_ref())?])
    }

    fn multiply_adds(&self, _: &[Type], outputs: &[Type]) -> Option<u64> {
        let weights = self.inputs.iter().product::<usize>() * self.outputs;
        let output = outputs.first()?;
        Some(weights as u64 * positions(output, output.rank()?.checked_sub(1)?)?)
    }

    fn input_count(&self) -> usize {
        2
    }

    fn usual_input(&self, index: usize) -> Type {
        Type::float(vec![None, Some(self.inputs[index.min(1)])])
    }
}

/// torch.nn.CosineSimilarity: sum(x1 x2) / (max(|x1|, eps) max(|x2|, eps)) along `dim`, which goes; the inputs broadcast.
#[derive(Debug)]
pub struct CosineSimilarity {
    dim: i64,
    eps: f64,
}

impl CosineSimilarity {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { dim: config.int("dim", 1)?, eps: config.non_negative("eps", 1e-8)? }))
    }
}

impl Layer for CosineSimilarity {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let (a, b) = pair(inputs)?;
        let Some(mut shape) = a.broadcast(b)? else { return Ok(vec![Type::unknown(Kind::Float)]) };
        shape.remove(dim_index("option 'dim'", self.dim, shape.len())?);
        Ok(vec![Type::float(shape)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().cosine_similarity(&inputs[1], self.dim, self.eps)?])
    }

    fn input_count(&self) -> usize {
        2
    }
}

/// torch.nn.PairwiseDistance: the p-norm of x1 - x2 + eps over the last dimension, which goes unless `keepdim`; the inputs
/// broadcast. `p` is at least 1, or "inf".
#[derive(Debug)]
pub struct PairwiseDistance {
    p: f64,
    eps: f64,
    keep: bool,
}

impl PairwiseDistance {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let p = match config.raw("p") {
            Some(text) if text == "inf" => f64::INFINITY,
            _ => config.float("p", 2.0)?,
        };
        if p.is_nan() || p < 1.0 {
            return Err(Error::argument(format!("option 'p': expected at least 1, or \"inf\", found {p}")));
        }
        Ok(Box::new(Self { p, eps: config.non_negative("eps", 1e-6)?, keep: config.flag("keepdim", false)? }))
    }
}

impl Layer for PairwiseDistance {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let (a, b) = pair(inputs)?;
        let Some(mut shape) = a.broadcast(b)? else { return Ok(vec![Type::unknown(Kind::Float)]) };
        if shape.pop().is_none() {
            return Err(Error::shape("input", "at least 1 dimension", a));
        }
        if self.keep {
            shape.push(Some(1));
        }
        Ok(vec![Type::float(shape)])
    }

    fn forward(&self, _: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![inputs[0].clone().pairwise_distance(&inputs[1], self.p, self.eps, self.keep)?])
    }

    fn input_count(&self) -> usize {
        2
    }
}
