//! Masks of attention scores: causal, of padding keys, of pairs; constants of the description or inputs of the graph.

use serde_json::Value as Json;

use super::{Context, Type};
use crate::layers::Dim;
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

/// What is added to the score of a pair that must not be seen. Finite, so that no infinities meet on a GPU, and far below every
/// score: exp() of it is 0.
const CLOSED: f64 = -1e30;

/// What the options that describe masks are called; an empty name is no option.
pub(in crate::layers) struct MaskNames {
    /// Flag.
    pub causal: &'static str,
    /// Constant over samples and keys.
    pub padding: &'static str,
    /// Constant over queries and keys.
    pub attention: &'static str,
    /// Words in the list `masks`: the mask of padding keys, the mask of pairs.
    pub words: [&'static str; 2],
}

#[derive(Debug, Clone)]
enum Source {
    /// Position among the layer's inputs.
    Input(usize),
    /// Rows of numbers that are added to scores.
    Constant(usize, Vec<f64>),
}

/// The masks of one attention.
#[derive(Debug, Clone, Default)]
pub(in crate::layers) struct Masking {
    causal: bool,
    /// `[N, keys]`.
    padding: Option<Source>,
    /// `[queries, keys]` or `[N * heads, queries, keys]`.
    attention: Option<Source>,
}

/// Sizes that masks have to fit: samples (`None` without a batch), heads, queries, keys.
#[derive(Debug, Clone, Copy)]
pub(in crate::layers) struct Masks {
    pub batch: Option<Dim>,
    pub heads: usize,
    pub queries: Dim,
    pub keys: Dim,
}

/// How many masks the option `masks` adds to a layer's inputs.
pub(in crate::layers) fn mask_count(config: &Config) -> Result<usize> {
    Ok(words(config)?.len())
}

fn words(config: &Config) -> Result<Vec<String>> {
    let Some(value) = config.raw("masks") else { return Ok(Vec::new()) };
    let words: Option<Vec<String>> =
        value.as_array().and_then(|list| list.iter().map(|w| Some(w.as_str()?.to_owned())).collect());
    words.ok_or_else(|| Error::argument(format!("option 'masks': expected a list of names, found {value}")))
}

impl Masking {
    /// The masks of all attentions of a layer from its options; mask inputs follow `first` other inputs.
    pub fn of<const N: usize>(config: &Config, first: usize, names: [&MaskNames; N]) -> Result<[Self; N]> {
        let words = words(config)?;
        let known: Vec<&str> = names.iter().flat_map(|n| n.words).collect();
        if let Some(word) = words.iter().find(|w| !known.contains(&w.as_str())) {
            let known = known.join(", ");
            return Err(Error::argument(format!("option 'masks': expected some of {known}, found '{word}'")));
        }
        let input = |word: &str| -> Result<Option<Source>> {
            let mut found = words.iter().enumerate().filter(|(_, w)| *w == word);
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(Error::argument(format!("option 'masks': '{word}' is there twice"))),
                (position, None) => Ok(position.map(|(i, _)| Source::Input(first + i))),
            }
        };
        let source = |word: &str, constant: &str| -> Result<Option<Source>> {
            let given = if constant.is_empty() { None } else { table(config, constant)? };
            match (input(word)?, given) {
                (Some(_), Some(_)) => Err(Error::argument(format!(
                    "option '{constant}': the mask is an input already, by option 'masks'"
                ))),
                (input, given) => Ok(input.or(given)),
            }
        };
        let mut all = [(); N].map(|()| Self::default());
        for (masking, n) in all.iter_mut().zip(names) {
            masking.causal = config.flag(n.causal, false)?;
            masking.padding = source(n.words[0], n.padding)?;
            masking.attention = source(n.words[1], n.attention)?;
        }
        Ok(all)
    }

    /// Checks mask inputs and constants against the sizes of the attention.
    pub fn check(&self, inputs: &[Type], sizes: Masks) -> Result<()> {
        let Masks { batch, heads, queries, keys } = sizes;
        let padding = batch.into_iter().chain([keys]).collect();
        let pairs = vec![queries, keys];
        let all = match batch {
            Some(batch) => vec![batch.and_then(|n| n.checked_mul(heads)), queries, keys],
            None => vec![Some(heads), queries, keys],
        };
        check("key padding mask", self.padding.as_ref(), inputs, &[padding])?;
        check("attention mask", self.attention.as_ref(), inputs, &[pairs, all])
    }

    /// What is added to the scores `[N, heads, queries, keys]`, and whether every query surely sees a key.
    pub fn added(&self, ctx: &Context<'_>, inputs: &[Value], sizes: [usize; 4]) -> Result<(Option<Value>, bool)> {
        let [batch, heads, queries, keys] = sizes;
        let mut sum = None;
        let mut add = |mask: Value| -> Result<()> {
            sum = Some(match sum.take() {
                None => mask,
                Some(sum) => mask.add(&sum)?,
            });
            Ok(())
        };
        if self.causal {
            let closed = |i: usize| if i % keys > i / keys { CLOSED } else { 0.0 };
            let mask = (0..queries * keys).map(closed).collect();
            add(Value::from_doubles(mask, &[1, 1, queries, keys], ctx.dtype, ctx.device)?)?;
        }
        if let Some(padding) = &self.padding {
            add(padding.value(ctx, inputs)?.reshape(&[batch, 1, 1, keys])?)?;
        }
        if let Some(attention) = &self.attention {
            let mask = attention.value(ctx, inputs)?;
            let shape = if mask.rank() == 3 { [batch, heads, queries, keys] } else { [1, 1, queries, keys] };
            add(mask.reshape(&shape)?)?;
        }
        Ok((sum, self.padding.is_none() && self.attention.is_none()))
    }
}

/// 1 where a pair is open, 0 where it is closed, from what is added to the scores.
pub(super) fn open(added: &Value) -> Result<Value> {
    Ok(added.clone().detached().greater_scalar(CLOSED / 2.0)?.to_float(added.dtype()?))
}

fn check(what: &str, source: Option<&Source>, inputs: &[Type], expected: &[Vec<Dim>]) -> Result<()> {
    let found = match source {
        None => return Ok(()),
        Some(Source::Input(at)) => &inputs[*at],
        Some(Source::Constant(columns, numbers)) => &Type::float(vec![Some(numbers.len() / columns), Some(*columns)]),
    };
    let Some(shape) = &found.shape else { return Ok(()) };
    let agree = |(a, b): (&Dim, &Dim)| a.is_none() || b.is_none() || a == b;
    // A constant has two dimensions, also for one sample without a batch.
    let row = |e: &Vec<Dim>| e.len() == 1 && shape.len() == 2 && shape[0] == Some(1) && agree((&shape[1], &e[0]));
    if expected.iter().any(|e| row(e) || e.len() == shape.len() && shape.iter().zip(e).all(agree)) {
        return Ok(());
    }
    let expected: Vec<String> = expected.iter().map(|e| Type::float(e.clone()).to_string()).collect();
    Err(Error::shape(what, expected.join(" or "), found))
}

impl Source {
    /// Numbers that are added to scores: of a mask of bools (or integers) the true ones are closed, floats are added.
    fn value(&self, ctx: &Context<'_>, inputs: &[Value]) -> Result<Value> {
        let mask = match self {
            Source::Constant(columns, numbers) => {
                let shape = [numbers.len() / columns, *columns];
                return Value::from_doubles(numbers.clone(), &shape, ctx.dtype, ctx.device);
            }
            Source::Input(at) => inputs[*at].clone(),
        };
        let closed = match mask.kind() {
            Kind::Float => return mask.clamp_min(CLOSED),
            Kind::Int => mask.equal_scalar(0)?.not()?,
            Kind::Bool => mask,
        };
        Value::zeros(&closed.shape(), ctx.dtype, ctx.device)?.fill_mask(&closed, CLOSED)
    }
}

/// A constant mask: rows of bools (true is closed) or of numbers (added).
fn table(config: &Config, key: &str) -> Result<Option<Source>> {
    let Some(value) = config.raw(key) else { return Ok(None) };
    let number = |x: &Json| match x {
        Json::Bool(closed) => Some(if *closed { CLOSED } else { 0.0 }),
        other => other.as_f64().map(|x| x.max(CLOSED)),
    };
    let row = |row: &Json| -> Option<Vec<f64>> { row.as_array()?.iter().map(number).collect() };
    let rows: Option<Vec<Vec<f64>>> = value.as_array().and_then(|rows| rows.iter().map(row).collect());
    let columns = rows.as_ref().and_then(|r| r.first()).map_or(0, Vec::len);
    match rows {
        Some(rows) if columns > 0 && rows.iter().all(|r| r.len() == columns) => {
            Ok(Some(Source::Constant(columns, rows.concat())))
        }
        _ => Err(Error::argument(format!(
            "option '{key}': expected rows of true and false or of numbers, found {value}"
        ))),
    }
}
