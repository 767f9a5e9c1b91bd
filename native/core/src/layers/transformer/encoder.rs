//! torch.nn.TransformerEncoderLayer and TransformerEncoder.

use super::block::{Block, BlockOptions};
use super::{Context, Declaration, Layer, Masking, Masks, SOURCE, Sequences, Type};
use super::{batched, expect_count, mask_count};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

/// Blocks one after the other, and perhaps a normalisation at the end.
#[derive(Debug)]
pub(super) struct Blocks {
    pub options: BlockOptions,
    blocks: Vec<Block>,
    /// Name of the last normalisation.
    norm: Option<String>,
}

impl Blocks {
    /// Blocks `{prefix}layers.0.` and so on, the normalisation `{prefix}norm`; `first` is the number of blocks before them in the
    /// same layer.
    pub fn stacked(options: BlockOptions, prefix: &str, first: usize, count: usize, decoder: bool, norm: bool) -> Self {
        let block = |i: usize| Block::new(options, &format!("{prefix}layers.{i}."), first + i, decoder);
        Self { options, blocks: (0..count).map(block).collect(), norm: norm.then(|| format!("{prefix}norm")) }
    }

    pub fn single(options: BlockOptions, decoder: bool) -> Self {
        Self { options, blocks: vec![Block::new(options, "", 0, decoder)], norm: None }
    }

    /// From the options: one block, or `num_layers` of them and a last normalisation if `norm` is true.
    pub fn new(config: &Config, stack: bool, decoder: bool) -> Result<Self> {
        let options = BlockOptions::new(config)?;
        if !stack {
            return Ok(Self::single(options, decoder));
        }
        let (count, norm) = (config.size("num_layers")?, config.flag("norm", false)?);
        Ok(Self::stacked(options, "", 0, count, decoder, norm))
    }

    pub fn declare(&self) -> Vec<Declaration> {
        let mut all: Vec<Declaration> = self.blocks.iter().flat_map(Block::declare).collect();
        all.extend(self.norm.iter().flat_map(|name| self.options.norm(name)));
        all
    }

    /// The sequences of an input, checked.
    pub fn sequences(&self, what: &str, input: &Type) -> Result<Option<Sequences>> {
        Sequences::of(what, input, self.options.width(), self.options.batch_first())
    }

    pub fn forward(
        &self,
        ctx: &Context<'_>,
        mut x: Value,
        masking: &Masking,
        memory: Option<super::block::Memory<'_>>,
        inputs: &[Value],
    ) -> Result<Value> {
        for block in &self.blocks {
            x = block.forward(ctx, x, masking, memory, inputs)?;
        }
        match &self.norm {
            Some(name) => self.options.normalise(ctx, x, name),
            None => Ok(x),
        }
    }
}

/// `[L, N, d_model]` (batch first with `batch_first`, or without a batch), then the masks that the option `masks` names -> the
/// same shape.
#[derive(Debug)]
pub(super) struct Encoder {
    blocks: Blocks,
    masking: Masking,
    inputs: usize,
}

impl Encoder {
    pub fn new(config: &Config, stack: bool) -> Result<Box<dyn Layer>> {
        let blocks = Blocks::new(config, stack, false)?;
        let [masking] = Masking::of(config, 1, [&SOURCE])?;
        Ok(Box::new(Self { blocks, masking, inputs: 1 + mask_count(config)? }))
    }
}

/// Masks of a self-attention.
pub(super) fn own_masks(sequences: Sequences, options: &BlockOptions) -> Masks {
    let Sequences { batch, time } = sequences;
    Masks { batch, heads: options.attention.heads, queries: time, keys: time }
}

/// Two sequences that one attention reads have the same batch.
pub(super) fn same_batch(a: Sequences, b: Sequences) -> Result<Sequences> {
    let batch = match (a.batch, b.batch) {
        (None, None) => None,
        (Some(Some(x)), Some(Some(y))) if x != y => return Err(Error::shape("batch", x, y)),
        (Some(x), Some(y)) => Some(x.or(y)),
        _ => return Err(Error::shape("inputs", "all with a batch, or all without", "some with and some without")),
    };
    Ok(Sequences { batch, ..a })
}

impl Layer for Encoder {
    fn declare(&self) -> Vec<Declaration> {
        self.blocks.declare()
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.inputs)?;
        let options = &self.blocks.options;
        let Some(found) = self.blocks.sequences("input", &inputs[0])? else {
            return Ok(vec![Type::ending(options.width())]);
        };
        self.masking.check(inputs, own_masks(found, options))?;
        Ok(vec![found.wide(options.width(), options.batch_first())])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let x = batched(&inputs[0], self.blocks.options.batch_first())?;
        let y = self.blocks.forward(ctx, x, &self.masking, None, inputs)?;
        Ok(vec![y.reshape(&inputs[0].shape())?])
    }

    fn input_count(&self) -> usize {
        self.inputs
    }

    fn input_kind(&self, index: usize) -> Kind {
        if index == 0 { Kind::Float } else { Kind::Int }
    }

    fn natural_input(&self, index: usize) -> Type {
        Type::unknown(self.input_kind(index))
    }

    fn usual_input(&self, index: usize) -> Type {
        match index {
            0 => Type::float(vec![None, None, Some(self.blocks.options.width())]),
            _ => self.natural_input(index),
        }
    }
}
