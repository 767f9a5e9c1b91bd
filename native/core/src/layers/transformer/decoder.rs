//! torch.nn.TransformerDecoderLayer and TransformerDecoder.

use super::block::Memory;
use super::encoder::{Blocks, own_masks, same_batch};
use super::{Context, Declaration, Layer, MEMORY, Masking, Masks, TARGET, Type, batched, expect_count, mask_count};
use crate::Result;
use crate::spec::Config;
use crate::tensor::{Kind, Value};

/// Target `[T, N, d_model]` and memory `[S, N, d_model]` (batch first with `batch_first`, or without a batch), then the masks that
/// the option `masks` names -> the shape of the target.
#[derive(Debug)]
pub(super) struct Decoder {
    blocks: Blocks,
    target: Masking,
    memory: Masking,
    inputs: usize,
}

impl Decoder {
    pub fn new(config: &Config, stack: bool) -> Result<Box<dyn Layer>> {
        let blocks = Blocks::new(config, stack, true)?;
        let [target, memory] = Masking::of(config, 2, [&TARGET, &MEMORY])?;
        Ok(Box::new(Self { blocks, target, memory, inputs: 2 + mask_count(config)? }))
    }
}

impl Layer for Decoder {
    fn declare(&self) -> Vec<Declaration> {
        self.blocks.declare()
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.inputs)?;
        let options = &self.blocks.options;
        let found = (self.blocks.sequences("target", &inputs[0])?, self.blocks.sequences("memory", &inputs[1])?);
        let (Some(target), Some(memory)) = found else { return Ok(vec![Type::ending(options.width())]) };
        let target = same_batch(target, memory)?;
        let own = own_masks(target, options);
        self.target.check(inputs, own)?;
        self.memory.check(inputs, Masks { keys: memory.time, ..own })?;
        Ok(vec![target.wide(options.width(), options.batch_first())])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let first = self.blocks.options.batch_first();
        let (x, memory) = (batched(&inputs[0], first)?, batched(&inputs[1], first)?);
        let memory = Memory { value: &memory, masking: &self.memory };
        let y = self.blocks.forward(ctx, x, &self.target, Some(memory), inputs)?;
        Ok(vec![y.reshape(&inputs[0].shape())?])
    }

    fn input_count(&self) -> usize {
        self.inputs
    }

    fn input_kind(&self, index: usize) -> Kind {
        if index < 2 { Kind::Float } else { Kind::Int }
    }

    fn natural_input(&self, index: usize) -> Type {
        Type::unknown(self.input_kind(index))
    }

    fn usual_input(&self, index: usize) -> Type {
        match index {
            0 | 1 => Type::float(vec![None, None, Some(self.blocks.options.width())]),
            _ => self.natural_input(index),
        }
    }
}
