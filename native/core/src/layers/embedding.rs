//! Embeddings: rows of a table by index.

use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Embedding", Embedding::new)];

/// The table and how rows are taken from it.
#[derive(Debug)]
pub(super) struct Lookup {
    pub rows: usize,
    pub width: usize,
    /// A row that starts as zero and gets no gradient.
    pub padding: Option<usize>,
    /// Longest norm of a row as it is taken, and which norm.
    longest: Option<(f64, f64)>,
    /// Whether a row's gradient is divided by how often the batch takes it.
    by_frequency: bool,
}

impl Lookup {
    pub fn new(config: &Config) -> Result<Self> {
        let rows = config.size("num_embeddings")?;
        let row = |index: i64| {
            let from_front = if index < 0 { index + rows as i64 } else { index };
            usize::try_from(from_front).ok().filter(|&i| i < rows).ok_or_else(|| {
                Error::argument(format!("option 'padding_idx': expected -{rows} to {}, found {index}", rows - 1))
            })
        };
        let padding = config.int_or_none("padding_idx")?.map(row).transpose()?;
        let norm = config.float("norm_type", 2.0)?;
        let longest = config.float_or_none("max_norm")?;
        for (key, x) in [("norm_type", Some(norm)), ("max_norm", longest)] {
            if let Some(x) = x.filter(|x| *x <= 0.0 || !x.is_finite()) {
                return Err(Error::argument(format!("option '{key}': expected a number above 0, found {x}")));
            }
        }
        Ok(Self {
            rows,
            width: config.size("embedding_dim")?,
            padding,
            longest: longest.map(|longest| (longest, norm)),
            by_frequency: config.flag("scale_grad_by_freq", false)?,
        })
    }

    pub fn declare(&self) -> Vec<Declaration> {
        let init = Init::Normal { std: 1.0, zero_row: self.padding };
        vec![Declaration::parameter("weight", &[self.rows, self.width], init)]
    }

    /// The rows `[.., width]` at indices `[..]`.
    pub fn take(&self, ctx: &Context<'_>, indices: &Value) -> Result<Value> {
        let weight = ctx.get("weight")?;
        let mut rows = weight.clone().embedding(indices)?;
        if let Some((longest, norm)) = self.longest.filter(|_| !rows.is_empty()) {
            rows = shorten(rows, longest, norm)?;
        }
        if !weight.is_tracked() || indices.is_empty() {
            return Ok(rows);
        }
        let mut column = indices.shape();
        column.push(1);
        if self.by_frequency {
            let flat = indices.clone().reshape(&[indices.len()])?;
            let ones = Value::full(1.0, &[indices.len()], ctx.dtype, ctx.device)?;
            let counts = Value::zeros(&[self.rows], ctx.dtype, ctx.device)?.add_at(0, &flat, &ones)?;
            let shares = counts.select(0, &flat)?.recip()?.reshape(&column)?;
            let scaled = rows.clone().mul(&shares)?;
            // The value of the rows, the gradient of the scaled ones: what is added is exactly zero.
            rows = rows.detached().add(&scaled.clone().sub(&scaled.detached())?)?;
        }
        let Some(padding) = self.padding else { return Ok(rows) };
        // The same values, but where the padding's row was taken they come from outside the gradient graph.
        let taken = indices.clone().equal_scalar(padding as i64)?.reshape(&column)?;
        let constant = rows.clone().detached();
        rows.where_mask(&taken, &constant)
    }
}

/// Rows longer than `longest` scaled to it. The gradient is that of the scaled row as a parameter of its own, as in PyTorch.
fn shorten(rows: Value, longest: f64, norm: f64) -> Result<Value> {
    let plain = rows.clone().detached();
    let last = plain.rank() - 1;
    let length = plain.clone().abs()?.pow_scalar(norm)?.sum_dims(&[last])?.pow_scalar(1.0 / norm)?;
    let long = length.clone().greater_scalar(longest)?;
    // PyTorch's small number keeps the result below the limit.
    let scale = length.add_scalar(1e-7)?.recip()?.mul_scalar(longest)?;
    let ones = scale.full_like(&scale.shape(), 1.0)?;
    let scaled = plain.clone().mul(&ones.where_mask(&long, &scale)?)?;
    scaled.add(&rows.sub(&plain)?)
}

/// torch.nn.Embedding: integers of any shape [..] -> [.., embedding_dim].
///
/// Options beyond PyTorch's meaning: with `max_norm` rows are scaled as they are taken and the table keeps its numbers; PyTorch
/// writes the scaled rows into the table.
#[derive(Debug)]
pub struct Embedding {
    lookup: Lookup,
}

impl Embedding {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        Ok(Box::new(Self { lookup: Lookup::new(config)? }))
    }
}

impl Layer for Embedding {
    fn declare(&self) -> Vec<Declaration> {
        self.lookup.declare()
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Int)?;
        let Some(shape) = &input.shape else { return Ok(vec![Type::ending(self.lookup.width)]) };
        let mut output = shape.clone();
        output.push(Some(self.lookup.width));
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        Ok(vec![self.lookup.take(ctx, &inputs[0])?])
    }

    fn input_kind(&self, _index: usize) -> Kind {
        Kind::Int
    }

    fn natural_input(&self, _index: usize) -> Type {
        Type::unknown(Kind::Int)
    }

    fn index_bound(&self, _input: usize) -> Option<usize> {
        Some(self.lookup.rows)
    }

    fn multiply_adds(&self, _: &[Type], _: &[Type]) -> Option<u64> {
        // Rows are looked up, not multiplied.
        Some(0)
    }
}
