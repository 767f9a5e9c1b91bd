//! Where in its sequence an element stands: sinusoids or learned vectors added to it, or a rotation by its position.

use super::sequence::{Sequences, batched, probability};
use super::{Context, Declaration, Init, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::shapes::dim_index;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[
    ("PositionalEncoding", PositionalEncoding::new),
    ("LearnedPositionalEmbedding", LearnedPositionalEmbedding::new),
    ("RotaryEmbedding", RotaryEmbedding::new),
];

/// Sequences of a width, none longer than a length.
#[derive(Debug)]
struct Positions {
    width: usize,
    longest: usize,
    batch_first: bool,
}

impl Positions {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        let Some(found) = Sequences::of("input", input, self.width, self.batch_first)? else {
            return Ok(vec![Type::ending(self.width)]);
        };
        if found.time.is_some_and(|time| time > self.longest) {
            return Err(Error::shape("input", format!("at most {} steps (max_len)", self.longest), input));
        }
        Ok(vec![found.wide(self.width, self.batch_first)])
    }

    /// x plus the vectors `[time, width]` of its positions.
    fn add(&self, x: &Value, vectors: impl FnOnce(usize) -> Result<Value>) -> Result<Value> {
        let batch = batched(x, self.batch_first)?;
        let time = batch.dim(usize::from(self.batch_first));
        let shape = if self.batch_first { [1, time, self.width] } else { [time, 1, self.width] };
        batch.add(&vectors(time)?.reshape(&shape)?)?.reshape(&x.shape())
    }

    fn usual(&self) -> Type {
        Type::float(vec![None, None, Some(self.width)])
    }
}

/// x + PE, then dropout, with PE(p, 2i) = sin(p / 10000^(2i / d_model)) and PE(p, 2i + 1) = cos of the same (Vaswani et al.,
/// "Attention is all you need", 2017, section 3.5). `[L, N, d_model]`, `[N, L, d_model]` with `batch_first`, or `[L, d_model]`.
#[derive(Debug)]
struct PositionalEncoding {
    positions: Positions,
    dropout: f64,
}

impl PositionalEncoding {
    fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let longest = match config.int_or_none("max_len")? {
            None => 5000,
            Some(_) => config.size("max_len")?,
        };
        let batch_first = config.flag("batch_first", false)?;
        let positions = Positions { width: config.size("d_model")?, longest, batch_first };
        Ok(Box::new(Self { positions, dropout: probability(config, "dropout", 0.0)? }))
    }
}

impl Layer for PositionalEncoding {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        self.positions.infer(inputs)
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let width = self.positions.width;
        let y = self.positions.add(&inputs[0], |time| {
            let wave = |i: usize| {
                let (position, feature) = (i / width, i % width);
                let angle = position as f64 / 10_000f64.powf((feature / 2 * 2) as f64 / width as f64);
                if feature % 2 == 0 { angle.sin() } else { angle.cos() }
            };
            Value::from_doubles((0..time * width).map(wave).collect(), &[time, width], ctx.dtype, ctx.device)
        })?;
        Ok(vec![ctx.drop(y, self.dropout, 0)?])
    }

    fn usual_input(&self, _index: usize) -> Type {
        self.positions.usual()
    }
}

/// x plus a learned vector per position: `[L, N, embedding_dim]`, `[N, L, embedding_dim]` with `batch_first`, or without a batch.
/// State `weight` `[max_len, embedding_dim]`, first drawn from N(0, init_std^2).
#[derive(Debug)]
struct LearnedPositionalEmbedding {
    positions: Positions,
    std: f64,
}

impl LearnedPositionalEmbedding {
    fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (longest, width) = (config.size("max_len")?, config.size("embedding_dim")?);
        let batch_first = config.flag("batch_first", false)?;
        let positions = Positions { width, longest, batch_first };
        Ok(Box::new(Self { positions, std: config.non_negative("init_std", 0.02)? }))
    }
}

impl Layer for LearnedPositionalEmbedding {
    fn declare(&self) -> Vec<Declaration> {
        let init = Init::Normal { std: self.std, zero_row: None };
        vec![Declaration::parameter("weight", &[self.positions.longest, self.positions.width], init)]
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        self.positions.infer(inputs)
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let weight = ctx.get("weight")?;
        Ok(vec![self.positions.add(&inputs[0], |time| weight.narrow(0, 0, time))?])
    }

    fn multiply_adds(&self, _: &[Type], _: &[Type]) -> Option<u64> {
        // Rows are looked up and added, not multiplied.
        Some(0)
    }

    fn usual_input(&self, _index: usize) -> Type {
        self.positions.usual()
    }
}

/// Rotary position embedding (Su et al., "RoFormer", 2021): the first `dim` features are pairs (a, b), and at position p pair i
/// becomes (a cos t - b sin t, b cos t + a sin t) with t = (p + offset) / base^(2i / dim); other features pass. Pairs are neighbours
/// (`interleaved`, the paper and GPT-J) or feature i with i + dim / 2 (`half`, GPT-NeoX and LLaMA). The shape, `[.., L, features]`
/// with time at `seq_dim`, is unchanged. Meant for queries and keys of an attention.
#[derive(Debug)]
struct RotaryEmbedding {
    dim: usize,
    base: f64,
    interleaved: bool,
    offset: usize,
    time: i64,
}

impl RotaryEmbedding {
    fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let (dim, base, offset) = (config.size("dim")?, config.float("base", 10_000.0)?, config.int("offset", 0)?);
        if dim % 2 == 1 {
            return Err(Error::argument(format!(
                "option 'dim': expected an even number, features come in pairs, found {dim}"
            )));
        }
        if base <= 0.0 || !base.is_finite() {
            return Err(Error::argument(format!("option 'base': expected a number above 0, found {base}")));
        }
        let offset = usize::try_from(offset)
            .map_err(|_| Error::argument(format!("option 'offset': expected at least 0, found {offset}")))?;
        Ok(Box::new(Self {
            dim,
            base,
            interleaved: config.word("pairing", &["half", "interleaved"], "half")? == "interleaved",
            offset,
            time: config.int("seq_dim", -2)?,
        }))
    }

    /// Dimension of time, which is not the last one.
    fn axis(&self, rank: usize) -> Result<usize> {
        let axis = dim_index("option 'seq_dim'", self.time, rank)?;
        if axis + 1 == rank {
            return Err(Error::argument(format!("option 'seq_dim': {} is the dimension of the features", self.time)));
        }
        Ok(axis)
    }
}

impl Layer for RotaryEmbedding {
    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        let input = Type::single(inputs, Kind::Float)?;
        if input.last.is_some_and(|n| n < self.dim) || input.rank().is_some_and(|rank| rank < 2) {
            return Err(Error::shape("input", format!("[.., L, at least {}]", self.dim), input));
        }
        if let Some(rank) = input.rank() {
            self.axis(rank)?;
        }
        Ok(vec![input.clone()])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let x = inputs[0].clone();
        let (shape, last, half) = (x.shape(), x.rank() - 1, self.dim / 2);
        let axis = self.axis(shape.len())?;
        let mut split = shape[..last].to_vec();
        split.extend(if self.interleaved { [half, 2] } else { [2, half] });
        let (pair, other) = if self.interleaved { (last + 1, last) } else { (last, last + 1) };
        // The angles, shaped so that they broadcast over all dimensions but time and pairs.
        let mut table = vec![1; split.len()];
        (table[axis], table[other]) = (shape[axis], half);
        let angle =
            |i: usize| (i / half + self.offset) as f64 / self.base.powf(2.0 * (i % half) as f64 / self.dim as f64);
        let angles = || (0..shape[axis] * half).map(angle);
        let constant = |numbers: Vec<f64>| Value::from_doubles(numbers, &table, ctx.dtype, ctx.device);
        let (cos, sin) = (constant(angles().map(f64::cos).collect())?, constant(angles().map(f64::sin).collect())?);

        let pairs = x.clone().narrow(last, 0, self.dim)?.reshape(&split)?;
        let (a, b) = (pairs.clone().narrow(pair, 0, 1)?, pairs.narrow(pair, 1, 2)?);
        let first = a.clone().mul(&cos)?.sub(&b.clone().mul(&sin)?)?;
        let second = b.mul(&cos)?.add(&a.mul(&sin)?)?;
        let mut turned = shape.clone();
        turned[last] = self.dim;
        let turned = Value::concat(vec![first, second], pair)?.reshape(&turned)?;
        if self.dim == shape[last] {
            return Ok(vec![turned]);
        }
        let rest = x.narrow(last, self.dim, shape[last])?;
        Ok(vec![Value::concat(vec![turned, rest], last)?])
    }
}
