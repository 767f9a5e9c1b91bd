//! Multi-head attention: the layer, and the parts that transformers are made of.

mod heads;
mod layer;
mod masks;

pub(super) use heads::{Attention, AttentionOptions, Operands, xavier};
pub(super) use masks::{MaskNames, Masking, Masks, mask_count};

use super::{Context, Declaration, Init, Layer, Make, Type};

pub(super) const LAYERS: &[(&str, Make)] = &[("MultiheadAttention", layer::MultiheadAttention::new)];
