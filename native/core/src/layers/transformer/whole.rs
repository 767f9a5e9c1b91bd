//! torch.nn.Transformer: an encoder, and a decoder that attends to what it gives.

use super::block::{BlockOptions, Memory};
use super::encoder::{Blocks, own_masks, same_batch};
use super::{Context, Declaration, Layer, MaskNames, Masking, Masks, Type, batched, expect_count, mask_count};
use crate::Result;
use crate::spec::Config;
use crate::tensor::{Kind, Value};

const SOURCE: MaskNames =
    MaskNames { causal: "src_is_causal", padding: "", attention: "", words: ["src_key_padding", "src"] };

/// Source `[S, N, d_model]` and target `[T, N, d_model]` (batch first with `batch_first`, or without a batch), then the masks that
/// the option `masks` names -> the shape of the target. Both stacks end with a normalisation; all matrices start with Xavier's
/// uniform values.
#[derive(Debug)]
pub(super) struct Transformer {
    encoder: Blocks,
    decoder: Blocks,
    source: Masking,
    target: Masking,
    memory: Masking,
    inputs: usize,
}

impl Transformer {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let options = BlockOptions::with_defaults(config, Some([512, 8]), true)?;
        let count = |key: &str| match config.int_or_none(key)? {
            None => Ok(6),
            Some(_) => config.size(key),
        };
        let (encoders, decoders) = (count("num_encoder_layers")?, count("num_decoder_layers")?);
        let [source, target, memory] = Masking::of(config, 2, [&SOURCE, &super::TARGET, &super::MEMORY])?;
        Ok(Box::new(Self {
            encoder: Blocks::stacked(options, "encoder.", 0, encoders, false, true),
            decoder: Blocks::stacked(options, "decoder.", encoders, decoders, true, true),
            source,
            target,
            memory,
            inputs: 2 + mask_count(config)?,
        }))
    }
}

impl Layer for Transformer {
    fn declare(&self) -> Vec<Declaration> {
        let mut all = self.encoder.declare();
        all.extend(self.decoder.declare());
        all
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.inputs)?;
        let options = &self.decoder.options;
        let found = (self.encoder.sequences("source", &inputs[0])?, self.decoder.sequences("target", &inputs[1])?);
        let (Some(source), Some(target)) = found else { return Ok(vec![Type::ending(options.width())]) };
        let (source, target) = (same_batch(source, target)?, same_batch(target, source)?);
        self.source.check(inputs, own_masks(source, options))?;
        let own = own_masks(target, options);
        self.target.check(inputs, own)?;
        self.memory.check(inputs, Masks { keys: source.time, ..own })?;
        Ok(vec![target.wide(options.width(), options.batch_first())])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let first = self.encoder.options.batch_first();
        let (source, target) = (batched(&inputs[0], first)?, batched(&inputs[1], first)?);
        let memory = self.encoder.forward(ctx, source, &self.source, None, inputs)?;
        let memory = Memory { value: &memory, masking: &self.memory };
        let y = self.decoder.forward(ctx, target, &self.target, Some(memory), inputs)?;
        Ok(vec![y.reshape(&inputs[1].shape())?])
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
            0 | 1 => Type::float(vec![None, None, Some(self.encoder.options.width())]),
            _ => self.natural_input(index),
        }
    }
}
