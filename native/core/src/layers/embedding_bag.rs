//! Embedding bags: sums, means or maxima of rows of a table.

use super::embedding::Lookup;
use super::sequence::expect_count;
use super::{Context, Declaration, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, HostData, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("EmbeddingBag", EmbeddingBag::new)];

/// Below every number of a table; marks what is not in a bag.
const ABSENT: f64 = -1e30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Sum,
    Mean,
    Max,
}

/// torch.nn.EmbeddingBag. Indices `[bags, length]`, or, with the option `offsets`, indices `[n]` and a second input with the
/// position where each bag begins, `[bags]` (with `include_last_offset` also `n` at the end) -> `[bags, embedding_dim]`. With
/// `per_sample_weights` (mode sum) a last input of the indices' shape has a factor for each row. Rows at `padding_idx` do not
/// count; an empty bag gives zeros.
#[derive(Debug)]
pub struct EmbeddingBag {
    lookup: Lookup,
    mode: Mode,
    offsets: bool,
    /// Whether the end of the last bag is among the offsets.
    last: bool,
    weights: bool,
}

impl EmbeddingBag {
    pub fn new(config: &Config) -> Result<Box<dyn Layer>> {
        let lookup = Lookup::new(config)?;
        let mode = match config.word("mode", &["sum", "mean", "max"], "mean")? {
            "sum" => Mode::Sum,
            "max" => Mode::Max,
            _ => Mode::Mean,
        };
        let (offsets, last) = (config.flag("offsets", false)?, config.flag("include_last_offset", false)?);
        let weights = config.flag("per_sample_weights", false)?;
        if weights && mode != Mode::Sum {
            return Err(Error::argument("option 'per_sample_weights': only mode sum takes weights"));
        }
        if last && !offsets {
            return Err(Error::argument("option 'include_last_offset': there are no offsets"));
        }
        if mode == Mode::Max && config.flag("scale_grad_by_freq", false)? {
            return Err(Error::argument("option 'scale_grad_by_freq': mode max does not take it"));
        }
        Ok(Box::new(Self { lookup, mode, offsets, last, weights }))
    }

    /// Where bags begin, and the end of the last one.
    fn bounds(&self, offsets: &Value, n: usize) -> Result<Vec<usize>> {
        let HostData::I32(list) = offsets.to_host()?.data else {
            return Err(Error::internal("offsets are not integers"));
        };
        let mut bounds: Vec<i64> = list.iter().map(|&x| i64::from(x)).collect();
        if !self.last {
            bounds.push(n as i64);
        }
        let rising = bounds.windows(2).all(|pair| pair[0] <= pair[1]);
        if bounds.first().is_some_and(|&x| x != 0) || !rising || bounds.last().is_some_and(|&x| x > n as i64) {
            return Err(Error::argument(format!("offsets: expected 0 first, then rising up to {n}, found {list:?}")));
        }
        Ok(bounds.into_iter().map(|x| x as usize).collect())
    }

    /// 1 where an index counts, 0 where it is padding.
    fn counts(&self, indices: &Value, ctx: &Context<'_>) -> Result<Option<Value>> {
        let Some(padding) = self.lookup.padding else { return Ok(None) };
        Ok(Some(indices.clone().equal_scalar(padding as i64)?.not()?.to_float(ctx.dtype)))
    }

    /// Sums or means of the rows of bags that lie one after the other.
    fn add(&self, ctx: &Context<'_>, indices: &Value, bounds: &[usize], weights: Option<&Value>) -> Result<Value> {
        let (n, bags) = (indices.len(), bounds.len() - 1);
        let bag_of =
            (0..bags).flat_map(|b| std::iter::repeat_n(b as i32, bounds[b + 1] - bounds[b])).collect::<Vec<_>>();
        let within = bag_of.len();
        let flat = indices.clone().reshape(&[n])?.narrow(0, 0, within)?;
        let bag_of = Value::from_ints(bag_of, &[within], ctx.device)?;
        let counts = self.counts(&flat, ctx)?;
        let mut rows = self.lookup.take(ctx, &flat)?;
        for factor in [counts.as_ref(), weights].into_iter().flatten() {
            rows = rows.mul(&factor.clone().reshape(&[factor.len()])?.narrow(0, 0, within)?.reshape(&[within, 1])?)?;
        }
        let sums = Value::zeros(&[bags, self.lookup.width], ctx.dtype, ctx.device)?.add_at(0, &bag_of, &rows)?;
        if self.mode == Mode::Sum {
            return Ok(sums);
        }
        let ones = counts.map_or_else(|| Value::full(1.0, &[within], ctx.dtype, ctx.device), Ok)?;
        let sizes = Value::zeros(&[bags], ctx.dtype, ctx.device)?.add_at(0, &bag_of, &ones)?.clamp_min(1.0)?;
        sums.mul(&sizes.recip()?.reshape(&[bags, 1])?)
    }

    /// Maxima of the rows of bags that lie one after the other.
    fn max(&self, ctx: &Context<'_>, indices: &Value, bounds: &[usize]) -> Result<Value> {
        let bags = bounds.len() - 1;
        let longest = bounds.windows(2).map(|b| b[1] - b[0]).max().unwrap_or(0);
        if longest == 0 {
            return Value::zeros(&[bags, self.lookup.width], ctx.dtype, ctx.device);
        }
        // All bags as long as the longest; what is too much is absent.
        let places = (0..bags).flat_map(|b| (0..longest).map(move |i| (b, i)));
        let position = |(b, i): (usize, usize)| {
            if bounds[b] + i < bounds[b + 1] { bounds[b] + i } else { bounds[b].min(indices.len() - 1) }
        };
        let absent = |(b, i): (usize, usize)| if bounds[b] + i < bounds[b + 1] { 0.0 } else { 1.0 };
        let positions =
            Value::from_ints(places.clone().map(|p| position(p) as i32).collect(), &[bags * longest], ctx.device)?;
        let flat = indices.clone().reshape(&[indices.len()])?.select(0, &positions)?;
        let shape = [bags, longest, 1];
        let mut closed =
            Value::from_doubles(places.map(absent).collect(), &shape, ctx.dtype, ctx.device)?.greater_scalar(0.5)?;
        if let Some(counts) = self.counts(&flat, ctx)? {
            let open = counts.greater_scalar(0.5)?.reshape(&shape)?.to_float(ctx.dtype);
            closed = open.fill_mask(&closed, 0.0)?.greater_scalar(0.5)?.not()?;
        }
        let rows = self.lookup.take(ctx, &flat.reshape(&[bags, longest])?)?;
        let most = rows.fill_mask(&closed, ABSENT)?.max_dim(1)?.reshape(&[bags, self.lookup.width])?;
        let found = most.clone().detached().greater_scalar(ABSENT / 2.0)?;
        most.fill_mask(&found.not()?, 0.0)
    }
}

impl Layer for EmbeddingBag {
    fn declare(&self) -> Vec<Declaration> {
        self.lookup.declare()
    }

    fn infer(&self, inputs: &[Type]) -> Result<Vec<Type>> {
        expect_count(inputs, self.input_count())?;
        let expected = if self.offsets { "[n]" } else { "[bags, length]" };
        inputs[0].expect_kind(Kind::Int)?;
        let indices = inputs[0].with_rank(&[if self.offsets { 1 } else { 2 }], expected)?;
        let mut bags = indices.and_then(|shape| shape[0]);
        if self.offsets {
            inputs[1].expect_kind(Kind::Int).map_err(|e| e.at("offsets"))?;
            let offsets = match &inputs[1].shape {
                None => None,
                Some(shape) if shape.len() == 1 => shape[0],
                Some(_) => return Err(Error::shape("offsets", "[bags]", &inputs[1])),
            };
            bags = match offsets {
                Some(0) if self.last => return Err(Error::shape("offsets", "at least one offset", &inputs[1])),
                other => other.map(|n| n - usize::from(self.last)),
            };
        }
        if let (true, Some(shape), Some(weights)) = (self.weights, indices, inputs.last()) {
            weights.expect_shape("per_sample_weights", shape)?;
        }
        Ok(vec![Type::float(vec![bags, Some(self.lookup.width)])])
    }

    fn forward(&self, ctx: &mut Context<'_>, inputs: &[Value]) -> Result<Vec<Value>> {
        let indices = &inputs[0];
        let bounds = match self.offsets {
            true => self.bounds(&inputs[1], indices.len())?,
            false => (0..=indices.dim(0)).map(|b| b * indices.dim(1)).collect(),
        };
        if bounds.last() == Some(&0) {
            return Ok(vec![Value::zeros(&[bounds.len() - 1, self.lookup.width], ctx.dtype, ctx.device)?]);
        }
        let weights = inputs.last().filter(|_| self.weights);
        Ok(vec![if self.mode == Mode::Max {
            self.max(ctx, indices, &bounds)?
        } else {
            self.add(ctx, indices, &bounds, weights)?
        }])
    }

    fn input_count(&self) -> usize {
        1 + usize::from(self.offsets) + usize::from(self.weights)
    }

    fn input_kind(&self, index: usize) -> Kind {
        if index > usize::from(self.offsets) { Kind::Float } else { Kind::Int }
    }

    fn natural_input(&self, index: usize) -> Type {
        Type::unknown(self.input_kind(index))
    }

    fn index_bound(&self, input: usize) -> Option<usize> {
        (input == 0).then_some(self.lookup.rows)
    }

    fn multiply_adds(&self, _: &[Type], _: &[Type]) -> Option<u64> {
        // Rows are looked up and added, not multiplied.
        Some(0)
    }
}
