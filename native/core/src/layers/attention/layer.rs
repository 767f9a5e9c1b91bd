//! torch.nn.MultiheadAttention.

use super::heads::{Attention, AttentionOptions, Operands};
use super::masks::{MaskNames, Masking, Masks, mask_count};
use super::{Context, Declaration, Layer, Type};
use crate::layers::Dim;
use crate::layers::sequence::{Sequences, batched, expect_count, probability};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

const NAMES: MaskNames = MaskNames {
    causal: "causal",
    padding: "key_padding_mask",
    attention: "attn_mask",
    words: ["key_padding", "attention"],
};

/// Query `[L, N, embed_dim]`, key `[S, N, kdim]`, value `[S, N, vdim]` (batch before time with `batch_first`; all three without
/// a batch) -> `[L, N, embed_dim]`; with `self_attention` one input is all three. The masks that the option `masks` names follow
/// as inputs. With `need_weights` the weights, averaged over heads `[N, L, S]` or of each `[N, heads, L, S]`, are a second output.
#[derive(Debug)]
pub(super) struct MultiheadAttention {
    attention: Attention,
    masking: Masking,
    /// Inputs without masks: 1 or 3.
    operands: usize,
    inputs: usize,
    weights: bool,
    average: bool,
}

impl MultiheadAttention {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let width = config.size("embed_dim")?;
        let optional = |key: &str| match config.int_or_none(key)? {
            None => Ok(width),
            Some(_) => config.size(key),
        };
        let options = AttentionOptions {
            width,
            heads: config.size("num_heads")?,
            keys: optional("kdim")?,
            values: optional("vdim")?,
            dropout: probability(config, "dropout", 0.0)?,
            bias: config.flag("bias", true)?,
            bias_kv: config.flag("add_bias_kv", false)?,
            zero: config.flag("add_zero_attn", false)?,
            batch_first: config.flag("batch_first", false)?,
            xavier: false,
        };
        let options = options.checked("embed_dim", "num_heads")?;
        let alone = config.flag("self_attention", false)?;
        if alone && (options.keys, options.values) != (width, width) {
            return Err(Error::argument(
                "option 'self_attention': kdim and vdim must be embed_dim, there is one input",
            ));
        }
        let operands = if alone { 1 } else { 3 };
        let [masking] = Masking::of(config, operands, [&NAMES])?;
        Ok(Box::new(Self {
            attention: Attention { options, prefix: String::new(), part: 0 },
            masking,
            operands,
            inputs: operands + mask_count(config)?,
            weights: config.flag("need_weights", false)?,
            average: config.flag("average_attn_weights", true)?,
        }))
    }

    /// Sequences of query, key and value, where they are known.
    fn sequences(&self, inputs: &[Type]) -> Result<[Option<Sequences>; 3]> {
        let o = &self.attention.options;
        let widths = [("query", o.width), ("key", o.keys), ("value", o.values)];
        let mut found = [None; 3];
        for (i, (name, width)) in widths.into_iter().enumerate() {
            let (name, input) = if self.operands == 1 { ("input", &inputs[0]) } else { (name, &inputs[i]) };
            found[i] = Sequences::of(name, input, width, o.batch_first)?;
        }
        Ok(found)
    }
}

/// What is known from both dimensions.
fn same(what: &str, a: Dim, b: Dim) -> Result<Dim> {
    match (a, b) {
        (Some(x), Some(y)) if x != y => Err(Error::shape(what, x, y)),
        (a, b) => Ok(a.or(b)),
    }
}

impl Layer for MultiheadAttention {
    fn declare(&self) -> Vec<Declaration> {
        self.attention.declare()
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.inputs)?;
        let o = &self.attention.options;
        let [query, key, value] = self.sequences(inputs)?;
        let (Some(query), Some(key), Some(value)) = (query, key, value) else {
            let outputs = [Type::ending(o.width), Type::unknown(Kind::Float)];
            return Ok(outputs.into_iter().take(self.output_count()).collect());
        };
        let mut batch = query.batch;
        for (name, other) in [("key", key), ("value", value)] {
            batch = match (batch, other.batch) {
                (None, None) => None,
                (Some(a), Some(b)) => Some(same(&format!("batch of {name}"), a, b)?),
                _ => return Err(Error::shape(name, "a batch where the query has one, none where not", "the other")),
            };
        }
        let keys = same("steps of value", key.time, value.time)?;
        self.masking.check(inputs, Masks { batch, heads: o.heads, queries: query.time, keys })?;
        let query = Sequences { batch, ..query };
        let more = usize::from(o.bias_kv) + usize::from(o.zero);
        let heads = (!self.average).then_some(Some(o.heads));
        let shape = batch.into_iter().chain(heads).chain([query.time, keys.map(|n| n + more)]).collect();
        let outputs = [query.wide(o.width, o.batch_first), Type::float(shape)];
        Ok(outputs.into_iter().take(self.output_count()).collect())
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let first = self.attention.options.batch_first;
        let operand = |i: usize| batched(&inputs[if self.operands == 1 { 0 } else { i }], first);
        let (query, key, value) = (operand(0)?, operand(1)?, operand(2)?);
        let operands = Operands { query: &query, key: &key, value: &value };
        let (output, weights) = self.attention.forward(ctx, &operands, &self.masking, inputs)?;
        let alone = inputs[0].rank() == 2;
        let output = output.reshape(&if alone { inputs[0].shape() } else { query.shape() })?;
        if !self.weights {
            return Ok(vec![output]);
        }
        let mut shape = weights.shape();
        let weights = if self.average { weights.mean_dims(&[1])? } else { weights };
        if self.average {
            shape.remove(1);
        }
        if alone {
            shape.remove(0);
        }
        Ok(vec![output, weights.reshape(&shape)?])
    }

    fn input_count(&self) -> usize {
        self.inputs
    }

    fn output_count(&self) -> usize {
        if self.weights { 2 } else { 1 }
    }

    fn input_kind(&self, index: usize) -> Kind {
        if index < self.operands { Kind::Float } else { Kind::Int }
    }

    fn natural_input(&self, index: usize) -> Type {
        Type::unknown(self.input_kind(index))
    }

    fn usual_input(&self, index: usize) -> Type {
        let o = &self.attention.options;
        match [o.width, o.keys, o.values].get(index) {
            Some(&width) if index < self.operands => Type::float(vec![None, None, Some(width)]),
            _ => self.natural_input(index),
        }
    }
}
