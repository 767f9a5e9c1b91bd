//! What training makes small: one loss, or a weighted sum of losses of several outputs.

use super::{Loss, Reduction, create};
use crate::spec::MeasureSpec;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

#[derive(Debug)]
struct Term {
    loss: Box<dyn Loss>,
    weight: f64,
    output: usize,
    targets: Vec<usize>,
}

/// The losses of a model.
#[derive(Debug)]
pub struct Objective {
    terms: Vec<Term>,
    targets: usize,
    /// Whether a loss wants probabilities of yes and no, which half precision spoils.
    probabilities: bool,
}

/// The weights of a batch's samples.
#[derive(Debug)]
pub struct SampleWeights {
    /// [N].
    pub values: Value,
    /// Their sum.
    pub total: f64,
}

/// What a batch gave: the value to be made small, and the losses it consists of, before their factors.
pub struct Evaluated {
    pub total: Value,
    pub parts: Vec<Value>,
}

impl Objective {
    /// Losses of a model with so many outputs.
    pub fn new(specs: &[MeasureSpec], outputs: usize) -> Result<Self> {
        let mut terms = Vec::with_capacity(specs.len());
        let mut next = 0;
        for (position, spec) in specs.iter().enumerate() {
            let at = |e: Error| if specs.len() == 1 { e.at("loss") } else { e.at(format!("loss {position}")) };
            let loss = create(&spec.part())?;
            if loss.reduction() == Reduction::None {
                return Err(at(Error::argument("training needs one value: use reduction 'mean' or 'sum'")));
            }
            let weight = spec.weight.unwrap_or(1.0);
            if !weight.is_finite() {
                return Err(at(Error::argument(format!("weight: expected a finite number, found {weight}"))));
            }
            let output = spec.output.unwrap_or(position);
            if output >= outputs {
                let message = format!("output: the model has {outputs} output(s), found position {output}");
                return Err(at(Error::argument(message)));
            }
            let count = loss.target_count();
            let targets = spec.targets.clone().unwrap_or_else(|| (next..next + count).collect());
            if targets.len() != count {
                let message = format!("the loss takes {count} target(s), found {} positions", targets.len());
                return Err(at(Error::argument(message)));
            }
            next = targets.iter().map(|&t| t + 1).fold(next, usize::max);
            terms.push(Term { loss, weight, output, targets });
        }
        let Some(first) = terms.first() else { return Err(Error::argument("a model needs at least one loss")) };
        if terms.iter().any(|t| t.loss.reduction() != first.loss.reduction()) {
            return Err(Error::argument("all losses of a model must reduce alike: by 'mean' or by 'sum'").at("loss"));
        }
        let used: Vec<usize> = terms.iter().flat_map(|t| t.targets.iter().copied()).collect();
        if let Some(unused) = (0..next).find(|t| !used.contains(t)) {
            return Err(Error::argument(format!("no loss takes target {unused}")).at("loss"));
        }
        let probabilities = specs.iter().any(|spec| spec.kind == "BCE");
        Ok(Self { terms, targets: next, probabilities })
    }

    pub fn takes_probabilities(&self) -> bool {
        self.probabilities
    }

    /// Number of losses.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Number of target arrays.
    pub fn target_count(&self) -> usize {
        self.targets
    }

    pub fn reduction(&self) -> Reduction {
        self.terms[0].loss.reduction()
    }

    /// The targets of an output's first loss; the first ones where it has none.
    pub fn targets_of(&self, output: usize) -> Vec<usize> {
        self.terms.iter().find(|t| t.output == output).unwrap_or(&self.terms[0]).targets.clone()
    }

    /// What a target is to be turned into; `found` is what the user gave.
    pub fn target_kind(&self, target: usize, found: Kind) -> Kind {
        let taker = |t: &Term| t.targets.iter().position(|&x| x == target).map(|i| t.loss.target_kind(i, found));
        self.terms.iter().find_map(taker).unwrap_or(found)
    }

    /// Checks shapes and values of the targets. `outputs` are the whole shapes of the model's outputs.
    pub fn check(&self, outputs: &[Vec<usize>], targets: &[ArrayView<'_>]) -> Result<()> {
        if targets.len() != self.targets {
            let (subject, s) = if self.terms.len() == 1 { ("loss takes", "") } else { ("losses take", "s") };
            let message = format!("the {subject} {} target{s}, found {}", self.targets, targets.len());
            return Err(Error::argument(message).at("targets"));
        }
        for (position, term) in self.terms.iter().enumerate() {
            let own: Vec<ArrayView<'_>> = term.targets.iter().map(|&t| targets[t].clone()).collect();
            let place =
                if self.terms.len() == 1 { "targets".to_owned() } else { format!("targets of loss {position}") };
            term.loss.check(&outputs[term.output], &own).map_err(|e| e.at(place))?;
            for (i, &t) in term.targets.iter().enumerate() {
                let found = if targets[t].data.is_float() { Kind::Float } else { Kind::Int };
                if term.loss.target_kind(i, found) != self.target_kind(t, found) {
                    let message = format!("target {t} is shared by losses that read it as different kinds of numbers");
                    return Err(Error::argument(message).at("loss"));
                }
            }
        }
        Ok(())
    }

    /// The losses of a batch.
    pub fn evaluate(&self, outputs: &[Value], targets: &[Value], weights: Option<&SampleWeights>) -> Result<Evaluated> {
        let mut total: Option<Value> = None;
        let mut parts = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let own: Vec<Value> = term.targets.iter().map(|&t| targets[t].clone()).collect();
            let prediction = &outputs[term.output];
            let value = match weights {
                Some(weights) => term.loss.weighted(prediction, &own, weights)?,
                None => term.loss.forward(prediction, &own)?,
            };
            parts.push(value.clone().detached());
            let value = if term.weight == 1.0 { value } else { value.mul_scalar(term.weight)? };
            total = Some(match total {
                None => value,
                Some(sum) => sum.add(&value)?,
            });
        }
        Ok(Evaluated { total: total.ok_or_else(|| Error::internal("no loss"))?, parts })
    }
}
