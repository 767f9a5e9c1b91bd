//! Attention with several heads as a part of layers: its parameters and its computation.

use super::masks::{Masking, open};
use super::{Context, Declaration, Init};
use crate::tensor::Value;
use crate::{Error, Result};

/// torch.nn.MultiheadAttention's sizes and options, with a prefix for its names.
#[derive(Debug, Clone)]
pub(in crate::layers) struct Attention {
    pub options: AttentionOptions,
    /// Stands before the names of its parameters.
    pub prefix: String,
    /// Tells its dropout from that of other parts of the layer.
    pub part: u64,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::layers) struct AttentionOptions {
    pub width: usize,
    pub heads: usize,
    /// Widths of keys and values.
    pub keys: usize,
    pub values: usize,
    pub dropout: f64,
    pub bias: bool,
    /// Whether a learned key and value are appended to the sequence.
    pub bias_kv: bool,
    /// Whether a key and value of zeros are appended to the sequence.
    pub zero: bool,
    pub batch_first: bool,
    /// Whether all matrices get Xavier's uniform first values, as in torch.nn.Transformer.
    pub xavier: bool,
}

/// What attends to what; always with a batch.
pub(in crate::layers) struct Operands<'a> {
    pub query: &'a Value,
    pub key: &'a Value,
    pub value: &'a Value,
}

/// U(-a, a) with a = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
pub(in crate::layers) fn xavier(fan_out: usize, fan_in: usize) -> Init {
    Init::Uniform((6.0 / (fan_in + fan_out) as f64).sqrt())
}

impl AttentionOptions {
    /// Checks that the heads divide the width.
    pub fn checked(self, width: &str, heads: &str) -> Result<Self> {
        if self.width.is_multiple_of(self.heads) {
            return Ok(self);
        }
        Err(Error::argument(format!(
            "option '{heads}': expected a divisor of {width} ({}), found {}",
            self.width, self.heads
        )))
    }

    fn packed(&self) -> bool {
        self.keys == self.width && self.values == self.width
    }
}

impl Attention {
    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub fn declare(&self) -> Vec<Declaration> {
        let o = &self.options;
        let e = o.width;
        let parameter = |name: &str, shape: &[usize], init| Declaration::parameter(&self.name(name), shape, init);
        let mut all = Vec::new();
        if o.packed() {
            all.push(parameter("in_proj_weight", &[3 * e, e], xavier(3 * e, e)));
        } else {
            all.push(parameter("q_proj_weight", &[e, e], xavier(e, e)));
            all.push(parameter("k_proj_weight", &[e, o.keys], xavier(e, o.keys)));
            all.push(parameter("v_proj_weight", &[e, o.values], xavier(e, o.values)));
        }
        if o.bias {
            all.push(parameter("in_proj_bias", &[3 * e], Init::Constant(0.0)));
        }
        if o.bias_kv {
            // Xavier's normal for [1, 1, width]: both fans are the width.
            let init = Init::Normal { std: 1.0 / (e as f64).sqrt(), zero_row: None };
            all.push(parameter("bias_k", &[1, 1, e], init.clone()));
            all.push(parameter("bias_v", &[1, 1, e], init));
        }
        all.push(parameter("out_proj.weight", &[e, e], if o.xavier { xavier(e, e) } else { Init::fan_in(e) }));
        if o.bias {
            all.push(parameter("out_proj.bias", &[e], Init::Constant(0.0)));
        }
        all
    }

    /// The result, `[L, N, width]` or batch first as the query, and the weights `[N, heads, L, S]`.
    ///
    /// A query that may see no key at all gets zeros as weights, so the bias of the last projection alone, as PyTorch's
    /// scaled_dot_product_attention since 2.5; before, it gave not-a-number.
    pub fn forward(
        &self,
        ctx: &Context<'_>,
        operands: &Operands<'_>,
        masking: &Masking,
        inputs: &[Value],
    ) -> Result<(Value, Value)> {
        let o = &self.options;
        let (e, size) = (o.width, o.width / o.heads);
        let time = usize::from(o.batch_first);
        let (batch, queries) = (operands.query.dim(1 - time), operands.query.dim(time));
        let keys = operands.key.dim(time);

        let scale = 1.0 / (size as f64).sqrt();
        let query = self.project(ctx, operands.query, 0, "q_proj_weight")?.mul_scalar(scale)?;
        let mut key = self.project(ctx, operands.key, 1, "k_proj_weight")?;
        let mut value = self.project(ctx, operands.value, 2, "v_proj_weight")?;
        let mut one = [batch, batch, e];
        one[time] = 1;
        if o.bias_kv {
            key = Value::concat(vec![key, ctx.get(&self.name("bias_k"))?.expand(&one)?], time)?;
            value = Value::concat(vec![value, ctx.get(&self.name("bias_v"))?.expand(&one)?], time)?;
        }
        if o.zero {
            let zeros = Value::zeros(&one, ctx.dtype, ctx.device)?;
            key = Value::concat(vec![key, zeros.clone()], time)?;
            value = Value::concat(vec![value, zeros], time)?;
        }

        // [N, heads, time, size]
        let heads = |x: Value| {
            let mut shape = x.shape()[..2].to_vec();
            shape.extend([o.heads, size]);
            x.reshape(&shape)?.permute(if o.batch_first { &[0, 2, 1, 3] } else { &[1, 2, 0, 3] })
        };
        let mut scores = ctx.matmul(&heads(query)?, &heads(key)?.transpose()?)?;
        let (added, sure) = masking.added(ctx, inputs, [batch, o.heads, queries, keys])?;
        let added = added.map(|mask| self.widen(ctx, mask)).transpose()?;
        if let Some(added) = &added {
            scores = scores.add(added)?;
        }
        let mut weights = scores.softmax(3)?;
        if let Some(added) = added.filter(|_| !sure) {
            weights = weights.mul(&open(&added)?)?;
        }
        let weights = ctx.drop(weights, o.dropout, self.part)?;

        let mixed = ctx.matmul(&weights, &heads(value)?)?;
        let (axes, shape) = match o.batch_first {
            true => ([0, 2, 1, 3], [batch, queries, e]),
            false => ([2, 0, 1, 3], [queries, batch, e]),
        };
        let bias = ctx.optional(&self.name("out_proj.bias"))?;
        let mixed = mixed.permute(&axes)?.reshape(&shape)?;
        let output = ctx.linear(&mixed, &ctx.get(&self.name("out_proj.weight"))?, bias.as_ref())?;
        Ok((output, weights))
    }

    /// The `index`-th of the three projections.
    fn project(&self, ctx: &Context<'_>, x: &Value, index: usize, name: &str) -> Result<Value> {
        let e = self.options.width;
        let part = |v: Value| v.narrow(0, index * e, (index + 1) * e);
        let weight = match self.options.packed() {
            true => part(ctx.get(&self.name("in_proj_weight"))?)?,
            false => ctx.get(&self.name(name))?,
        };
        let bias = ctx.optional(&self.name("in_proj_bias"))?.map(part).transpose()?;
        ctx.linear(x, &weight, bias.as_ref())
    }

    /// A mask over the keys that were given as one over all keys: those appended are open.
    fn widen(&self, ctx: &Context<'_>, mask: Value) -> Result<Value> {
        let more = usize::from(self.options.bias_kv) + usize::from(self.options.zero);
        if more == 0 {
            return Ok(mask);
        }
        let mut shape = mask.shape();
        shape[3] = more;
        Value::concat(vec![mask, Value::zeros(&shape, ctx.dtype, ctx.device)?], 3)
    }
}
