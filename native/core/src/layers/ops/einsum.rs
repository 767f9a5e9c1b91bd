//! torch.einsum: sums of products over named dimensions, by batched matrix products.

use super::{float, op};
use crate::layers::{Dim, Layer, Make, Type};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{Error, Result};

pub(super) const LAYERS: &[(&str, Make)] = &[("Einsum", einsum)];

/// A name of a dimension: a letter, or a dimension that dots stand for, counted from the back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Dots(usize),
    Letter(char),
}

/// One side of an equation for one operand: letters before the dots, whether there are dots, letters behind.
#[derive(Debug, Clone, Default)]
struct Term {
    before: Vec<char>,
    dots: bool,
    after: Vec<char>,
}

#[derive(Debug, Clone)]
struct Equation {
    text: String,
    inputs: Vec<Term>,
    output: Option<Term>,
}

/// Option `equation`: one term of letters for each input, separated by commas, and after `->` one for the output; without it
/// the output has the letters that occur once, in alphabetical order. `...` stands for any number of dimensions, which
/// broadcast. A letter twice in a term takes the diagonal. Option `inputs`, if given, must be their number.
fn einsum(config: &Config) -> Result<Box<dyn Layer>> {
    let text =
        config.text_or_none("equation")?.ok_or_else(|| Error::argument("option 'equation' is missing"))?.to_owned();
    let equation = Equation::parse(&text)?;
    let count = equation.inputs.len();
    if config.int("inputs", count as i64)? != count as i64 {
        return Err(equation.wrong(&format!("has {count} terms, but option 'inputs' says otherwise")));
    }
    let own = equation.clone();
    op("Einsum", &vec![Kind::Float; count], move |x| equation.infer(x), move |x| own.run(x))
}

impl Equation {
    fn wrong(&self, why: &str) -> Error {
        Error::argument(format!("option 'equation': '{}' {why}", self.text))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut equation = Self { text: text.to_owned(), inputs: Vec::new(), output: None };
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (left, right) = match compact.split_once("->") {
            Some((left, right)) => (left.to_owned(), Some(right.to_owned())),
            None => (compact, None),
        };
        equation.inputs = left.split(',').map(|part| equation.term(part)).collect::<Result<_>>()?;
        if let Some(right) = right {
            let term = equation.term(&right)?;
            let letters: Vec<char> = term.letters().collect();
            for (i, letter) in letters.iter().enumerate() {
                if letters[..i].contains(letter) {
                    return Err(equation.wrong(&format!("has '{letter}' twice in the output")));
                }
                if !equation.inputs.iter().any(|t| t.letters().any(|l| l == *letter)) {
                    return Err(equation.wrong(&format!("has '{letter}' in the output only")));
                }
            }
            equation.output = Some(term);
        }
        Ok(equation)
    }

    fn term(&self, part: &str) -> Result<Term> {
        let letters = |s: &str| match s.chars().find(|c| !c.is_ascii_alphabetic()) {
            Some(c) => Err(self.wrong(&format!("has '{c}' where a letter is expected"))),
            None => Ok(s.chars().collect::<Vec<char>>()),
        };
        match part.split_once("...") {
            Some((before, after)) => Ok(Term { before: letters(before)?, dots: true, after: letters(after)? }),
            None => Ok(Term { before: letters(part)?, ..Term::default() }),
        }
    }

    /// The labels of every input's dimensions, and those of the output.
    fn labels(&self, ranks: &[usize]) -> Result<(Vec<Vec<Label>>, Vec<Label>)> {
        let mut all = Vec::with_capacity(ranks.len());
        let mut widest = 0;
        for (i, (term, &rank)) in self.inputs.iter().zip(ranks).enumerate() {
            let named = term.before.len() + term.after.len();
            let dots = match rank.checked_sub(named) {
                Some(0) => 0,
                Some(dots) if term.dots => dots,
                _ => return Err(self.wrong(&format!("names {named} dimensions of input {i}, which has {rank}"))),
            };
            widest = widest.max(dots);
            all.push(term.labels(dots));
        }
        let output = match &self.output {
            Some(term) => term.labels(if term.dots { widest } else { 0 }),
            None => {
                let mut once: Vec<Label> = all.iter().flatten().copied().collect();
                once.sort_unstable();
                let count = |label: Label| all.iter().flatten().filter(|&&l| l == label).count();
                let letters = once.iter().copied().filter(|&l| matches!(l, Label::Letter(_)) && count(l) == 1);
                (0..widest).rev().map(Label::Dots).chain(letters).collect()
            }
        };
        Ok((all, output))
    }

    fn infer(&self, x: &[Type]) -> Result<Type> {
        let mut shapes = Vec::with_capacity(x.len());
        for input in x {
            match &float(input)?.shape {
                Some(shape) => shapes.push(shape.clone()),
                None => return Ok(Type::unknown(Kind::Float)),
            }
        }
        let (labels, output) = self.labels(&shapes.iter().map(Vec::len).collect::<Vec<_>>())?;
        let mut sizes: Vec<(Label, Dim)> = Vec::new();
        for (i, (labels, shape)) in labels.iter().zip(&shapes).enumerate() {
            for (&label, &size) in labels.iter().zip(shape) {
                match sizes.iter_mut().find(|(known, _)| *known == label) {
                    None => sizes.push((label, size)),
                    Some((_, known)) => match (*known, size) {
                        (Some(n), Some(m)) if n != m && n != 1 && m != 1 => {
                            let expected = format!("size {n} where '{}' says so", self.text);
                            return Err(Error::shape(format!("input {i}"), expected, &x[i]));
                        }
                        (Some(1), other) | (other, Some(1)) => *known = other,
                        (n, m) => *known = n.or(m),
                    },
                }
            }
        }
        let size = |label: &Label| sizes.iter().find(|(known, _)| known == label).and_then(|(_, size)| *size);
        Ok(Type::float(output.iter().map(size).collect()))
    }

    fn run(&self, x: &[Value]) -> Result<Value> {
        let (labels, output) = self.labels(&x.iter().map(Value::rank).collect::<Vec<_>>())?;
        let mut rest: Vec<(Value, Vec<Label>)> = Vec::with_capacity(x.len());
        for (value, labels) in x.iter().zip(labels) {
            rest.push(diagonals(value.clone(), labels)?);
        }
        rest.reverse();
        let Some(mut sum) = rest.pop() else { return Err(Error::internal("an equation without inputs")) };
        while let Some(next) = rest.pop() {
            let wanted = |l: &Label| output.contains(l) || rest.iter().any(|(_, labels)| labels.contains(l));
            sum = contract(sum, next, wanted)?;
        }
        let (value, labels) = reduce(sum, |l| output.contains(l))?;
        let place = |l: &Label| labels.iter().position(|known| known == l);
        match output.iter().map(place).collect::<Option<Vec<usize>>>() {
            Some(order) => value.permute(&order),
            None => Err(Error::internal("a label of the output is in no input")),
        }
    }
}

impl Term {
    fn letters(&self) -> impl Iterator<Item = char> + '_ {
        self.before.iter().chain(&self.after).copied()
    }

    fn labels(&self, dots: usize) -> Vec<Label> {
        let letters = |all: &[char]| all.iter().map(|&c| Label::Letter(c)).collect::<Vec<_>>();
        let mut labels = letters(&self.before);
        labels.extend((0..dots).rev().map(Label::Dots));
        labels.extend(letters(&self.after));
        labels
    }
}

/// Every label once: dimensions of the same label become their diagonal.
fn diagonals(mut value: Value, mut labels: Vec<Label>) -> Result<(Value, Vec<Label>)> {
    while let Some((i, j)) = (0..labels.len())
        .flat_map(|i| (i + 1..labels.len()).map(move |j| (i, j)))
        .find(|&(i, j)| labels[i] == labels[j])
    {
        let mut order: Vec<usize> = (0..labels.len()).filter(|&d| d != i && d != j).collect();
        let mut kept: Vec<Label> = order.iter().map(|&d| labels[d]).collect();
        kept.push(labels[i]);
        order.extend([i, j]);
        if value.dim(i) != value.dim(j) {
            let found = format!("{:?}", value.shape());
            return Err(Error::shape("input", "equal sizes where a letter stands twice", found));
        }
        value = value.permute(&order)?.diagonal(0)?;
        labels = kept;
    }
    Ok((value, labels))
}

/// Sums the dimensions away that are not wanted.
fn reduce((value, labels): (Value, Vec<Label>), wanted: impl Fn(&Label) -> bool) -> Result<(Value, Vec<Label>)> {
    let gone: Vec<usize> = (0..labels.len()).filter(|&d| !wanted(&labels[d])).collect();
    if gone.is_empty() {
        return Ok((value, labels));
    }
    let kept: Vec<usize> = (0..labels.len()).filter(|d| !gone.contains(d)).collect();
    let shape: Vec<usize> = kept.iter().map(|&d| value.dim(d)).collect();
    let value =
        if value.is_empty() { value.filled_like(&shape, 0.0)? } else { value.sum_dims(&gone)?.reshape(&shape)? };
    Ok((value, kept.iter().map(|&d| labels[d]).collect()))
}

/// The product of two, summed over what is not wanted later: one batched matrix product.
fn contract(
    a: (Value, Vec<Label>),
    b: (Value, Vec<Label>),
    wanted: impl Fn(&Label) -> bool,
) -> Result<(Value, Vec<Label>)> {
    let (in_a, in_b) = (a.1.clone(), b.1.clone());
    let (a, b) = (reduce(a, |l| wanted(l) || in_b.contains(l))?, reduce(b, |l| wanted(l) || in_a.contains(l))?);
    let shared = |l: &&Label| b.1.contains(l);
    let batch: Vec<Label> = a.1.iter().filter(shared).filter(|l| wanted(l)).copied().collect();
    let summed: Vec<Label> = a.1.iter().filter(shared).filter(|l| !wanted(l)).copied().collect();
    let rows: Vec<Label> = a.1.iter().filter(|l| !b.1.contains(l)).copied().collect();
    let columns: Vec<Label> = b.1.iter().filter(|l| !a.1.contains(l)).copied().collect();
    // A size of 1 stands for the other's size.
    let size = |l: &Label| {
        let of = |(value, labels): &(Value, Vec<Label>)| labels.iter().position(|k| k == l).map(|d| value.dim(d));
        match (of(&a), of(&b)) {
            (Some(1), Some(n)) | (Some(n), _) | (None, Some(n)) => n,
            (None, None) => 1,
        }
    };
    let sizes = |labels: &[Label]| labels.iter().map(size).collect::<Vec<usize>>();
    let count = |labels: &[Label]| sizes(labels).iter().product::<usize>();
    let arrange = |(value, labels): &(Value, Vec<Label>), first: &[Label], second: &[Label]| {
        let wanted: Vec<Label> = batch.iter().chain(first).chain(second).copied().collect();
        let order: Vec<usize> = wanted.iter().filter_map(|l| labels.iter().position(|k| k == l)).collect();
        let value = value.clone().permute(&order)?.expand(&sizes(&wanted))?;
        value.reshape(&[count(&batch), count(first), count(second)])
    };
    let (left, right) = (arrange(&a, &rows, &summed)?, arrange(&b, &summed, &columns)?);
    let labels: Vec<Label> = batch.iter().chain(&rows).chain(&columns).copied().collect();
    let shape = sizes(&labels);
    let empty = left.is_empty() || right.is_empty();
    let product = if empty { left.filled_like(&shape, 0.0)? } else { left.matmul(&right)?.reshape(&shape)? };
    Ok((product, labels))
}
