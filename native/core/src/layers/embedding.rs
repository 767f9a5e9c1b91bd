//! Embeddings: rows of a table by index.

use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Embedding", Embedding::new)];

/// torch.nn.Embedding: integers of any shape [..] -> [.., embedding_dim].
#[derive(Debug)]
pub struct Embedding {
    rows: usize,
    width: usize,
    /// A row that starts as zero and gets no gradient.
    padding: Option<usize>,
}

impl Embedding {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let rows = config.size("num_embeddings")?;
        let row = |index: i64| {
            let from_front = if index < 0 { index + rows as i64 } else { index };
            usize::try_from(from_front).ok().filter(|&i| i < rows).ok_or_else(|| {
                Error::argument(format!("option 'padding_idx': expected -{rows} to {}, found {index}", rows - 1))
            })
        };
        let padding = config.int_or_none("padding_idx")?.map(row).transpose()?;
        Ok(Box::new(Self { rows, width: config.size("embedding_dim")?, padding }))
    }
}

impl Layer for Embedding {
    fn declare(&self) -> Vec<Declaration> {
        let init = Init::Normal { std: 1.0, zero_row: self.padding };
        vec![Declaration::parameter("weight", &[self.rows, self.width], init)]
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Int)?;
        let Some(shape) = &input.shape else { return Ok(vec![Type::ending(self.width)]) };
        let mut output = shape.clone();
        output.push(Some(self.width));
        Ok(vec![Type::float(output)])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let (weight, indices) = (ctx.get("weight")?, &inputs[0]);
        let rows = weight.clone().embedding(indices)?;
        let Some(padding) = self.padding.filter(|_| weight.is_tracked()) else { return Ok(vec![rows]) };
        // The same values, but where the padding's row was taken they come from outside the gradient graph.
        let constant = weight.detached().narrow(0, padding, padding + 1)?;
        let mut column = indices.shape();
        column.push(1);
        let taken = indices.clone().equal_scalar(padding as i64)?.reshape(&column)?;
        Ok(vec![rows.where_mask(&taken, &constant)?])
    }

    fn input_kind(&self, _index: usize) -> Kind {
        Kind::Int
    }

    fn natural_input(&self, _index: usize) -> Type {
        Type::unknown(Kind::Int)
    }

    fn index_bound(&self) -> Option<usize> {
        Some(self.rows)
    }

    fn multiply_adds(&self, _: &[Type], _: &[Type]) -> Option<u64> {
        // Rows are looked up, not multiplied.
        Some(0)
    }
}
