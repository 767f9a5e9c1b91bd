//! One block: attention, perhaps attention to a memory, feed-forward network; each with a normalisation and a residual link.

use super::{Attention, AttentionOptions, Context, Declaration, Init, Masking, Operands, probability, xavier};
use crate::Result;
use crate::spec::Config;
use crate::tensor::Value;

/// Places of dropout per block.
const PARTS: u64 = 8;

/// What all blocks of a stack share.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockOptions {
    pub attention: AttentionOptions,
    feedforward: usize,
    dropout: f64,
    gelu: bool,
    norm_first: bool,
    eps: f64,
    bias: bool,
}

impl BlockOptions {
    /// `d_model`, `nhead`, `dim_feedforward`, `dropout`, `activation`, `layer_norm_eps`, `batch_first`, `norm_first`, `bias`.
    pub fn new(config: &Config) -> Result<Self> {
        Self::with_defaults(config, None, false)
    }

    /// The same; `defaults` of `d_model` and `nhead`, without which both are required.
    pub fn with_defaults(config: &Config, defaults: Option<[usize; 2]>, xavier: bool) -> Result<Self> {
        let size = |key: &str, index: usize| match (config.int_or_none(key)?, defaults) {
            (None, Some(defaults)) => Ok(defaults[index]),
            _ => config.size(key),
        };
        let (width, heads) = (size("d_model", 0)?, size("nhead", 1)?);
        let dropout = probability(config, "dropout", 0.1)?;
        let bias = config.flag("bias", true)?;
        let batch_first = config.flag("batch_first", false)?;
        let feedforward = match config.int_or_none("dim_feedforward")? {
            None => 2048,
            Some(_) => config.size("dim_feedforward")?,
        };
        let attention = AttentionOptions {
            width,
            heads,
            keys: width,
            values: width,
            dropout,
            bias,
            bias_kv: false,
            zero: false,
            batch_first,
            xavier,
        };
        Ok(Self {
            attention: attention.checked("d_model", "nhead")?,
            feedforward,
            dropout,
            gelu: config.word("activation", &["relu", "gelu"], "relu")? == "gelu",
            norm_first: config.flag("norm_first", false)?,
            eps: config.non_negative("layer_norm_eps", 1e-5)?,
            bias,
        })
    }

    pub fn width(&self) -> usize {
        self.attention.width
    }

    pub fn batch_first(&self) -> bool {
        self.attention.batch_first
    }

    /// Weight and bias of a linear part.
    fn linear(&self, name: &str, outputs: usize, inputs: usize) -> Vec<Declaration> {
        let init = Init::fan_in(inputs);
        let weight = if self.attention.xavier { xavier(outputs, inputs) } else { init.clone() };
        let mut all = vec![Declaration::parameter(&format!("{name}.weight"), &[outputs, inputs], weight)];
        if self.bias {
            all.push(Declaration::parameter(&format!("{name}.bias"), &[outputs], init));
        }
        all
    }

    /// Weight and bias of a normalisation.
    pub fn norm(&self, name: &str) -> Vec<Declaration> {
        let part =
            |kind: &str, x| Declaration::parameter(&format!("{name}.{kind}"), &[self.width()], Init::Constant(x));
        let mut all = vec![part("weight", 1.0)];
        if self.bias {
            all.push(part("bias", 0.0));
        }
        all
    }

    /// The normalisation of that name.
    pub fn normalise(&self, ctx: &Context<'_>, x: Value, name: &str) -> Result<Value> {
        let (weight, bias) = (ctx.get(&format!("{name}.weight"))?, ctx.optional(&format!("{name}.bias"))?);
        x.layer_norm(&[self.width()], Some(&weight), bias.as_ref(), self.eps)
    }
}

/// Memory and masks for a block of a decoder.
#[derive(Clone, Copy)]
pub(super) struct Memory<'a> {
    pub value: &'a Value,
    pub masking: &'a Masking,
}

/// One block.
#[derive(Debug)]
pub(super) struct Block {
    options: BlockOptions,
    prefix: String,
    own: Attention,
    cross: Option<Attention>,
    part: u64,
}

impl Block {
    /// The `index`-th block of a layer; its parameters' names begin with `prefix`.
    pub fn new(options: BlockOptions, prefix: &str, index: usize, decoder: bool) -> Self {
        let part = index as u64 * PARTS;
        let attention =
            |name: &str, part| Attention { options: options.attention, prefix: format!("{prefix}{name}."), part };
        Self {
            own: attention("self_attn", part),
            cross: decoder.then(|| attention("multihead_attn", part + 1)),
            prefix: prefix.to_owned(),
            options,
            part,
        }
    }

    pub fn declare(&self) -> Vec<Declaration> {
        let (o, prefix) = (&self.options, &self.prefix);
        let mut all = self.own.declare();
        all.extend(self.cross.iter().flat_map(Attention::declare));
        all.extend(o.linear(&format!("{prefix}linear1"), o.feedforward, o.width()));
        all.extend(o.linear(&format!("{prefix}linear2"), o.width(), o.feedforward));
        for norm in 1..=self.norms() {
            all.extend(o.norm(&format!("{prefix}norm{norm}")));
        }
        all
    }

    fn norms(&self) -> usize {
        if self.cross.is_some() { 3 } else { 2 }
    }

    /// One part with its residual link: `norm(x + part(x))`, or `x + part(norm(x))` with `norm_first`.
    fn link(
        &self,
        ctx: &Context<'_>,
        x: Value,
        norm: usize,
        part: impl FnOnce(Value) -> Result<Value>,
    ) -> Result<Value> {
        let name = format!("{}norm{norm}", self.prefix);
        let drop = |y| ctx.drop(y, self.options.dropout, self.part + 1 + norm as u64);
        if self.options.norm_first {
            let y = drop(part(self.options.normalise(ctx, x.clone(), &name)?)?)?;
            return x.add(&y);
        }
        let y = drop(part(x.clone())?)?;
        self.options.normalise(ctx, x.add(&y)?, &name)
    }

    /// `x` with a batch; `inputs` are the layer's, for masks.
    pub fn forward(
        &self,
        ctx: &Context<'_>,
        x: Value,
        masking: &Masking,
        memory: Option<Memory<'_>>,
        inputs: &[Value],
    ) -> Result<Value> {
        let mut x = self.link(ctx, x, 1, |x| {
            let operands = Operands { query: &x, key: &x, value: &x };
            Ok(self.own.forward(ctx, &operands, masking, inputs)?.0)
        })?;
        if let (Some(cross), Some(memory)) = (&self.cross, memory) {
            x = self.link(ctx, x, 2, |x| {
                let operands = Operands { query: &x, key: memory.value, value: memory.value };
                Ok(cross.forward(ctx, &operands, memory.masking, inputs)?.0)
            })?;
        }
        self.link(ctx, x, self.norms(), |x| self.feed(ctx, x))
    }

    /// linear2(dropout(activation(linear1(x)))).
    fn feed(&self, ctx: &Context<'_>, x: Value) -> Result<Value> {
        let linear = |x: Value, name: &str| {
            let name = format!("{}{name}", self.prefix);
            ctx.linear(&x, &ctx.get(&format!("{name}.weight"))?, ctx.optional(&format!("{name}.bias"))?.as_ref())
        };
        let inner = linear(x, "linear1")?;
        let inner = if self.options.gelu { inner.gelu()? } else { inner.relu()? };
        linear(ctx.drop(inner, self.options.dropout, self.part + 5)?, "linear2")
    }
}
