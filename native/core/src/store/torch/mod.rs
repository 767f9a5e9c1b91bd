//! Files of `torch.save`, in both of its formats.

pub(super) mod legacy;
mod state;
mod tensor;
pub(super) mod zip;
