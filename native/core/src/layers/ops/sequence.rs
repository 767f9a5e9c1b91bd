//! Operations that transformers need: rows of a table by index, and the mask of what comes later.

use super::{check_indices, op};
use crate::layers::{Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::Kind;
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Lookup", lookup), ("CausalMask", causal_mask)];

/// torch.nn.functional.embedding: rows of a table [n, d] at indices [..], to [.., d]. Indices out of range are an error on
/// the CPU.
fn lookup(_: &Config) -> Result<Box<dyn Layer>> {
    let infer = |x: &[Type]| {
        x[0].expect_kind(Kind::Float)?;
        x[1].expect_kind(Kind::Int)?;
        let table = x[0].with_rank(&[2], "a table [n, d]")?;
        let width = table.and_then(|t| t[1]);
        Ok(match &x[1].shape {
            Some(shape) => Type::float(shape.iter().copied().chain([width]).collect()),
            None => width.map_or(Type::unknown(Kind::Float), Type::ending),
        })
    };
    op("Lookup", &[Kind::Float, Kind::Int], infer, |x| {
        check_indices(&x[1], x[0].dim(0))?;
        x[0].clone().embedding(&x[1])
    })
}

/// Scores [.., T, S] with option `value` (minus infinity) where column s comes after row t: attention that sees only
/// what came before. With S > T the last rows are meant: row t sees columns up to t + S - T.
fn causal_mask(config: &Config) -> Result<Box<dyn Layer>> {
    let value = config.float_or_none("value")?.unwrap_or(f64::NEG_INFINITY);
    let infer = |x: &[Type]| {
        x[0].expect_kind(Kind::Float)?;
        if x[0].rank().is_some_and(|rank| rank < 2) {
            return Err(Error::shape("input", "[.., T, S]", &x[0]));
        }
        Ok(x[0].clone())
    };
    op("CausalMask", &[Kind::Float], infer, move |x| {
        let shape = x[0].shape();
        let [.., rows, columns] = shape[..] else { return Err(Error::internal("a mask of a vector")) };
        let offset = columns.saturating_sub(rows);
        let later = (0..rows).flat_map(|t| (0..columns).map(move |s| i32::from(s > t + offset))).collect();
        let mask = x[0].ints_like(later).equal_scalar(1)?;
        let mut lifted = vec![1; shape.len() - 2];
        lifted.extend([rows, columns]);
        x[0].clone().fill_mask(&mask.reshape(&lifted)?, value)
    })
}
