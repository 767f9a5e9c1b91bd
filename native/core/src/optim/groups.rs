//! Parameter groups: which optimizer changes which parameter.

use super::{Optimizer, State, create};
use crate::model::matches_name;
use crate::spec::{OptimizerSpec, PartSpec};
use crate::tensor::Value;
use crate::{Error, Result};

/// A row of the model's table as the groups see it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub name: &'a str,
    pub shape: &'a [usize],
    /// False for buffers, which no group takes.
    pub parameter: bool,
}

/// The optimizers of a model: one for all, and one for each group of parameters.
///
/// A group is named by patterns (`*.bias`, `encoder`, `0.weight`; see [`crate::model::Model::set_trainable`]). It takes
/// the common options, with its own in their place; or it names an optimizer of another type, which takes its own options
/// only. A pattern that matches no parameter is an error, and so is a parameter in two groups.
///
/// A schedule gives one rate, that of the common optimizer. A group's rate follows it: own `lr` * rate / common `lr`
/// (own `lr` unchanged where the common one is 0).
#[derive(Debug)]
pub struct Groups {
    /// The common one, then one for each group.
    optimizers: Vec<Box<dyn Optimizer>>,
    /// Their types.
    kinds: Vec<String>,
    /// Position in `optimizers`, for each row of the table.
    of: Vec<usize>,
}

/// The optimizers with the rates and momenta of one step.
#[derive(Debug)]
pub struct Paced<'a> {
    groups: &'a Groups,
    rates: &'a [f64],
    /// Empty, or in the place of each optimizer the one with another momentum.
    cycled: Vec<Option<Box<dyn Optimizer>>>,
}

impl Paced<'_> {
    /// One step of a row's parameter; see [`Optimizer::step`].
    pub fn step(&self, row: usize, parameter: &mut Value, gradient: Value, state: &mut State) -> Result<()> {
        let group = self.groups.of[row];
        let rate = if self.rates.len() == 1 { self.groups.rate_of(row, self.rates[0]) } else { self.rates[group] };
        let cycled = self.cycled.get(group).and_then(Option::as_deref);
        cycled.unwrap_or_else(|| self.groups.of(row)).step(parameter, gradient, state, rate)
    }
}

impl Groups {
    /// Makes the optimizers of a description for a model with these rows.
    pub fn new(spec: &OptimizerSpec, targets: &[Target<'_>]) -> Result<Self> {
        let common = PartSpec { kind: spec.kind.clone(), config: spec.config.clone() };
        let mut groups =
            Self { optimizers: vec![create(&common)?], kinds: vec![common.kind], of: vec![0; targets.len()] };
        for (i, group) in spec.groups.iter().enumerate() {
            let here = format!("parameter group {i}");
            let part = match &group.kind {
                Some(kind) if *kind != spec.kind => PartSpec { kind: kind.clone(), config: group.config.clone() },
                _ => PartSpec { kind: spec.kind.clone(), config: group.config.over(&spec.config) },
            };
            groups.optimizers.push(create(&part).map_err(|e| e.at(&here))?);
            groups.kinds.push(part.kind);
            groups.claim(&group.params, targets).map_err(|e| e.at(&here))?;
        }
        for (target, &i) in targets.iter().zip(&groups.of) {
            if target.parameter {
                groups.optimizers[i].check(target.shape).map_err(|e| e.at(target.name))?;
            }
        }
        Ok(groups)
    }

    /// Gives the parameters that match to the group made last.
    fn claim(&mut self, patterns: &[String], targets: &[Target<'_>]) -> Result<()> {
        if patterns.is_empty() {
            return Err(Error::argument("it names no parameters"));
        }
        let group = self.optimizers.len() - 1;
        for pattern in patterns {
            let mut found = false;
            for (target, of) in targets.iter().zip(&mut self.of) {
                if !target.parameter || !matches_name(pattern, target.name) {
                    continue;
                }
                if *of != 0 && *of != group {
                    let other = *of - 1;
                    return Err(Error::argument(format!("parameter '{}' is in group {other} too", target.name)));
                }
                *of = group;
                found = true;
            }
            if !found {
                let names: Vec<&str> = targets.iter().filter(|t| t.parameter).take(20).map(|t| t.name).collect();
                let names = names.join(", ");
                return Err(Error::not_found(format!("no parameter matches '{pattern}'; there are: {names}")));
            }
        }
        Ok(())
    }

    /// The optimizer of a row of the table.
    pub fn of(&self, row: usize) -> &dyn Optimizer {
        &*self.optimizers[self.of[row]]
    }

    /// The learning rate of the common options.
    pub fn rate(&self) -> f64 {
        self.optimizers[0].rate()
    }

    /// The rate of a row when that of the common options is `rate`.
    pub fn rate_of(&self, row: usize, rate: f64) -> f64 {
        let (own, common) = (self.of(row).rate(), self.rate());
        if own == common {
            return rate;
        }
        if common == 0.0 { own } else { own * (rate / common) }
    }

    /// Number of optimizers: the common one and one for each group.
    pub fn count(&self) -> usize {
        self.optimizers.len()
    }

    /// The type of each optimizer, for messages and checkpoints.
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// The optimizers at a step of a schedule. `rates`: that of the common optimizer, which the groups follow, or one for
    /// each optimizer. `momenta`: none, one for all, or one for each; NaN leaves an optimizer its own.
    pub fn paced<'a>(&'a self, rates: &'a [f64], momenta: &[f64]) -> Result<Paced<'a>> {
        for (what, found) in [("rates", rates.len()), ("momenta", momenta.len())] {
            if found != 1 && found != self.count() && (what, found) != ("momenta", 0) {
                let expected = format!("expected 1 or {} (one for each optimizer), found {found}", self.count());
                return Err(Error::argument(format!("{what} of a step: {expected}")));
            }
        }
        let cycle = |i: usize| {
            let momentum = if momenta.len() == 1 { momenta[0] } else { momenta[i] };
            if momentum.is_nan() {
                return Ok(None);
            }
            if !(0.0..1.0).contains(&momentum) {
                let message = format!("momentum: expected at least 0 and less than 1, found {momentum}");
                return Err(Error::argument(message));
            }
            self.optimizers[i].with_momentum(momentum).map(Some).ok_or_else(|| {
                Error::argument(format!("optimizer {} has no momentum that a schedule could set", self.kinds[i]))
            })
        };
        let cycled = if momenta.is_empty() { vec![] } else { (0..self.count()).map(cycle).collect::<Result<_>>()? };
        Ok(Paced { groups: self, rates, cycled })
    }

    /// One step of a row's parameter; see [`Optimizer::step`].
    pub fn step(&self, row: usize, parameter: &mut Value, gradient: Value, state: &mut State, rate: f64) -> Result<()> {
        self.of(row).step(parameter, gradient, state, self.rate_of(row, rate))
    }
}
