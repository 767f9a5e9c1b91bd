//! What a layer costs: multiply-adds of a forward pass, counted as torchinfo does.

use super::{Declaration, Role, Type};

/// Every weight (by its name) of at least two dimensions is used once per position of the output: a pixel for convolutions, whose weight
/// has as many dimensions as the output, and everything before the last dimension for the others. Biases, norms,
/// functions of single elements and products of two values (the scores of attention) count nothing. A first dimension that is unknown counts as one sample; `None` where another
/// is unknown.
pub(super) fn by_weights(declarations: &[Declaration], inputs: &[Type], outputs: &[Type]) -> Option<u64> {
    let is_weight = |d: &&Declaration| d.role == Role::Parameter && d.shape.len() > 1 && d.name.contains("weight");
    let weights = declarations.iter().filter(is_weight);
    let (count, rank) = weights.fold((0, 0), |(count, rank), d| (count + elements(&d.shape), rank.max(d.shape.len())));
    if count == 0 || inputs.is_empty() {
        return Some(0);
    }
    let output = outputs.first()?;
    let convolves = rank > 2 && output.rank() == Some(rank);
    Some(count * positions(output, if convolves { 1 } else { output.rank()?.checked_sub(1)? })?)
}

/// Product of all dimensions but the one of the features.
pub(super) fn positions(output: &Type, features: usize) -> Option<u64> {
    let dims = output.shape.as_ref()?.iter().enumerate().filter(|(d, _)| *d != features);
    dims.map(|(d, size)| if d == 0 { Some(size.unwrap_or(1)) } else { *size })
        .try_fold(1u64, |product, size| product.checked_mul(size? as u64))
}

fn elements(shape: &[usize]) -> u64 {
    shape.iter().map(|&n| n as u64).product()
}
