//! The doors into Burn: devices, random numbers, own kernels.

pub mod device;
pub(crate) mod extension;
pub mod rng;
