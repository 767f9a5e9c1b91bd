//! Areas under curves, exact: all scores are kept until the end, ties are shared as scikit-learn does.

use super::Metric;
use super::counts::{Average, class_index};
use super::form::{Form, classes_last, plain, row};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// An area from scores and whether each is of a positive, the highest first.
type Area = fn(&[(f64, bool)]) -> f64;

/// The area over all scores of an epoch; for several classes or labels one against the rest, averaged over those that have an area.
/// Options: `average` (macro; micro takes all classes together), `class_index`.
#[derive(Debug)]
struct Curve {
    name: &'static str,
    area: Area,
    average: Average,
    class: Option<usize>,
    scores: Vec<Vec<(f64, bool)>>,
}

fn curve(config: &Config, name: &'static str, area: Area) -> Result<Box<dyn Metric>> {
    let (average, class) = (Average::parse(config)?, class_index(config)?);
    if average == Average::None {
        return Err(Error::argument("option 'average': for one class give 'class_index'"));
    }
    Ok(Box::new(Curve { name, area, average, class, scores: vec![] }))
}

/// Area under the receiver operating characteristic: the probability that a positive is scored above a negative, ties counting
/// half. Not a number without a positive or without a negative.
pub(super) fn roc_auc(config: &Config) -> Result<Box<dyn Metric>> {
    curve(config, "roc_auc", |scores| {
        let (mut right, mut positives, mut negatives) = (0.0, 0.0, 0.0);
        for tied in ties(scores) {
            let yes = tied.iter().filter(|(_, is)| *is).count() as f64;
            let no = tied.len() as f64 - yes;
            // Each negative is below the positives before it, and level with those of its own score.
            right += no * (positives + yes / 2.0);
            positives += yes;
            negatives += no;
        }
        right / (positives * negatives)
    })
}

/// Average precision: precision at each threshold, weighted by what it adds to recall. Not a number without a positive.
pub(super) fn average_precision(config: &Config) -> Result<Box<dyn Metric>> {
    curve(config, "average_precision", |scores| {
        let (mut area, mut positives, mut said) = (0.0, 0.0, 0.0);
        for tied in ties(scores) {
            let yes = tied.iter().filter(|(_, is)| *is).count() as f64;
            positives += yes;
            said += tied.len() as f64;
            area += yes * positives / said;
        }
        area / positives
    })
}

/// Runs of equal scores.
fn ties(scores: &[(f64, bool)]) -> impl Iterator<Item = &[(f64, bool)]> {
    scores.chunk_by(|a, b| a.0 == b.0)
}

impl Curve {
    fn area_of(&self, mut scores: Vec<(f64, bool)>) -> f64 {
        if scores.iter().any(|(score, _)| score.is_nan()) {
            return f64::NAN;
        }
        scores.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        (self.area)(&scores)
    }
}

impl Metric for Curve {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let (prediction, target) = plain(self.name, prediction, targets)?;
        let form = Form::of(self.name, &prediction, &target)?;
        let classes = if form == Form::Binary { 1 } else { prediction.dim(1) };
        let indices = form == Form::Indices;
        let header = prediction.constant_like(&[classes as f64, f64::from(u8::from(indices))], &[2])?;
        if prediction.is_empty() {
            return Ok(header);
        }
        let target = target.to_float(prediction.dtype()?);
        let (scores, target) = match form {
            Form::Binary => (prediction, target),
            Form::Indices => (classes_last(prediction)?, target),
            Form::Shares => (classes_last(prediction)?, classes_last(target)?),
        };
        Value::concat(vec![header, row(scores)?, row(target)?], 0)
    }

    fn absorb(&mut self, partial: &[f64]) {
        let [classes, indices, rest @ ..] = partial else { return };
        let (classes, indices) = (*classes as usize, *indices == 1.0);
        self.scores.resize(classes.max(self.scores.len()), vec![]);
        let positions = rest.len() / if indices { classes + 1 } else { 2 * classes };
        let (scores, targets) = rest.split_at(positions * classes);
        for (i, &score) in scores.iter().enumerate() {
            let (position, class) = (i / classes, i % classes);
            let is = if indices { targets[position] == class as f64 } else { targets[i] > 0.5 };
            // An index below zero is an ignored one.
            if !indices || targets[position] >= 0.0 {
                self.scores[class].push((score, is));
            }
        }
    }

    fn value(&self) -> f64 {
        if let Some(class) = self.class {
            return self.scores.get(class).map_or(f64::NAN, |scores| self.area_of(scores.clone()));
        }
        if self.average == Average::Micro {
            return self.area_of(self.scores.concat());
        }
        let weight = |scores: &Vec<(f64, bool)>| match self.average {
            Average::Weighted => scores.iter().filter(|(_, is)| *is).count() as f64,
            _ => 1.0,
        };
        let areas = self.scores.iter().map(|scores| (self.area_of(scores.clone()), weight(scores)));
        let (sum, weights) = areas
            .filter(|(area, _)| !area.is_nan())
            .fold((0.0, 0.0), |(sum, weights), (area, weight)| (sum + area * weight, weights + weight));
        sum / weights
    }

    fn reset(&mut self) {
        self.scores.clear();
    }

    fn fresh(&self) -> Box<dyn Metric> {
        let Self { name, area, average, class, .. } = *self;
        Box::new(Self { name, area, average, class, scores: vec![] })
    }
}
