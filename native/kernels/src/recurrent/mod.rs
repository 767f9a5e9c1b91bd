//! Recurrent layers over whole sequences, and their gradients: PyTorch's `RNN`, `LSTM` and `GRU` of one layer and one
//! direction, after the product of the inputs with `weight_ih`.
//!
//! With the gates' inputs `x`, the weights `w` `[gates * hidden, hidden]` and their bias `b`, `u = w h + b`, gates in
//! PyTorch's order and `s` the logistic function:
//! - RNN: `h' = tanh(x + u)`, or `max(0, x + u)`;
//! - LSTM (i, f, g, o): `c' = s(x_f + u_f) c + s(x_i + u_i) tanh(x_g + u_g)`, `h' = s(x_o + u_o) tanh(c')`;
//! - GRU (r, z, n): `n = tanh(x_n + s(x_r + u_r) u_n)`, `h' = (1 - z) n + z h` with `z = s(x_z + u_z)`.
//!
//! Samples are independent of each other, so the batch is cut into pieces and each runs through all times by itself: no
//! thread waits for another between two steps. The weights are packed once for all steps.

mod backward;
mod forward;
mod product;
mod shape;
#[cfg(test)]
mod tests;

pub use backward::{Gradients, backward};
pub use forward::{States, forward};
pub use shape::{Cell, RecurrentShape};

use crate::parallel::PIECES;

/// How many pieces the batch is cut into: at least eight samples each, which is what the product takes at once, and more where
/// the weights do not fit into a core's cache and every piece reads them again at every step.
fn pieces(batch: usize, weights: usize) -> usize {
    let least = match weights {
        0..=0x2_0000 => 8,
        0x2_0001..=0x4_0000 => 16,
        _ => 32,
    };
    batch.div_ceil(least).clamp(1, PIECES)
}
