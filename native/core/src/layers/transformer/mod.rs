//! Transformers (Vaswani et al., 2017): blocks, stacks of blocks, and both together, with PyTorch's names.

mod block;
mod decoder;
mod encoder;
mod whole;

use super::attention::{Attention, AttentionOptions, MaskNames, Masking, Masks, Operands, mask_count, xavier};
use super::sequence::{Sequences, batched, expect_count, probability};
use super::{Context, Declaration, Init, Layer, Make, Type};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("TransformerEncoderLayer", |c| encoder::Encoder::new(c, false)),
    ("TransformerDecoderLayer", |c| decoder::Decoder::new(c, false)),
    ("TransformerEncoder", |c| encoder::Encoder::new(c, true)),
    ("TransformerDecoder", |c| decoder::Decoder::new(c, true)),
    ("Transformer", whole::Transformer::new),
];

/// Masks of an encoder's self-attention.
const SOURCE: MaskNames = MaskNames {
    causal: "is_causal",
    padding: "key_padding_mask",
    attention: "attn_mask",
    words: ["key_padding", "attention"],
};

/// Masks of a decoder's self-attention.
const TARGET: MaskNames =
    MaskNames { causal: "tgt_is_causal", padding: "", attention: "", words: ["tgt_key_padding", "tgt"] };

/// Masks of a decoder's attention to the memory.
const MEMORY: MaskNames =
    MaskNames { causal: "memory_is_causal", padding: "", attention: "", words: ["memory_key_padding", "memory"] };
