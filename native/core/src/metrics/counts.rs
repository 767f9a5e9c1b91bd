//! Right and wrong decisions, counted: precision, recall, F-beta, the confusion matrix. Definitions are scikit-learn's; a quotient
//! of nothing by nothing is 0.

use super::Metric;
use super::form::{Form, plain, row};
use crate::spec::Config;
use crate::tensor::Value;
use crate::{Error, Result};

/// Counts of decisions. In a batch's contribution the first number says which form follows.
#[derive(Debug, Clone)]
struct Counts {
    threshold: f64,
    ignored: f64,
    multilabel: bool,
    /// Number of classes, where it was given.
    given: Option<usize>,
    /// [truth][predicted], as many as were seen.
    matrix: Vec<Vec<u64>>,
    /// Per label: right and yes, said yes, is yes.
    labels: Vec<[u64; 3]>,
    all: u64,
}

const PAIRS: f64 = 0.0;
const LABELS: f64 = 1.0;

impl Counts {
    fn new(config: &Config) -> Result<Self> {
        let threshold = config.float("threshold", 0.5)?;
        if !threshold.is_finite() {
            return Err(Error::argument(format!("option 'threshold': expected a number, found {threshold}")));
        }
        let given = config.int_or_none("num_classes")?.map(|n| usize::try_from(n).ok().filter(|&n| n > 0));
        if given == Some(None) {
            return Err(Error::argument("option 'num_classes': expected at least 1"));
        }
        let (ignored, multilabel) = (config.int("ignore_index", -100)? as f64, config.flag("multilabel", false)?);
        Ok(Self { threshold, ignored, multilabel, given: given.flatten(), matrix: vec![], labels: vec![], all: 0 })
    }

    fn fresh(&self) -> Self {
        Self { matrix: vec![], labels: vec![], all: 0, ..self.clone() }
    }

    fn partial(&self, metric: &str, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let (prediction, target) = plain(metric, prediction, targets)?;
        let (form, dtype) = (Form::of(metric, &prediction, &target)?, prediction.dtype()?);
        let classes = if form == Form::Binary { 1 } else { prediction.dim(1) };
        if let Some(given) = self.given.filter(|&given| given != classes && form != Form::Binary) {
            return Err(Error::shape(metric, format!("{given} classes"), classes));
        }
        let header = |kind: f64| prediction.constant_like(&[kind, classes as f64], &[2]);
        if prediction.is_empty() {
            return header(PAIRS);
        }
        if form == Form::Binary || (form == Form::Shares && self.multilabel) {
            let shape = prediction.shape();
            let said = prediction.clone().greater_scalar(self.threshold)?.to_float(dtype);
            let is = target.to_float(dtype).reshape(&shape)?.greater_scalar(0.5)?.to_float(dtype);
            let all = prediction.constant_like(&[(prediction.len() / classes) as f64], &[1])?;
            let dims: Vec<usize> = (0..shape.len()).filter(|&d| d != 1 || form == Form::Binary).collect();
            let sum = |v: Value| row(v.sum_dims(&dims)?);
            return Value::concat(vec![header(LABELS)?, sum(said.clone().mul(&is)?)?, sum(said)?, sum(is)?, all], 0);
        }
        if self.multilabel {
            let expected = format!("yes or no for each label, {:?}", prediction.shape());
            return Err(Error::shape(metric, expected, format!("{:?}", target.shape())));
        }
        let truth = if form == Form::Shares { target.to_float(dtype).argmax(1)? } else { target.to_int() };
        let predicted = prediction.clone().argmax(1)?;
        Value::concat(vec![header(PAIRS)?, row(truth.to_float(dtype))?, row(predicted.to_float(dtype))?], 0)
    }

    fn absorb(&mut self, partial: &[f64]) {
        let [kind, classes, rest @ ..] = partial else { return };
        let classes = *classes as usize;
        if *kind == LABELS {
            self.labels.resize(classes.max(self.labels.len()), [0; 3]);
            for (label, counts) in self.labels.iter_mut().enumerate().take(classes) {
                for (which, count) in counts.iter_mut().enumerate() {
                    *count += rest[which * classes + label] as u64;
                }
            }
            self.all += rest[3 * classes] as u64;
            return;
        }
        let classes = classes.max(self.matrix.len());
        self.matrix.resize(classes, vec![]);
        self.matrix.iter_mut().for_each(|row| row.resize(classes, 0));
        let (truth, predicted) = rest.split_at(rest.len() / 2);
        for (&t, &p) in truth.iter().zip(predicted) {
            if t != self.ignored && t >= 0.0 && (t as usize) < classes {
                self.matrix[t as usize][p as usize] += 1;
                self.all += 1;
            }
        }
    }

    /// Per class or label: right and yes, said yes, is yes.
    fn classes(&self) -> Vec<[f64; 3]> {
        let sum = |counts: &mut dyn Iterator<Item = u64>| counts.sum::<u64>() as f64;
        let of_class = |c: usize| {
            let row = &self.matrix[c];
            [row[c] as f64, sum(&mut self.matrix.iter().map(|row| row[c])), sum(&mut row.iter().copied())]
        };
        let labels = self.labels.iter().map(|label| label.map(|n| n as f64));
        (0..self.matrix.len()).map(of_class).chain(labels).collect()
    }
}

/// How the scores of classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Average {
    /// The mean over the classes that occur, in truth or prediction (all labels, with several labels per row).
    Macro,
    /// From the decisions of all classes together.
    Micro,
    /// The mean weighted by how often a class is the truth.
    Weighted,
    /// One value per class; as one value the macro average.
    None,
}

impl Average {
    pub fn parse(config: &Config) -> Result<Self> {
        Ok(match config.word("average", &["macro", "micro", "weighted", "none"], "macro")? {
            "micro" => Self::Micro,
            "weighted" => Self::Weighted,
            "none" => Self::None,
            _ => Self::Macro,
        })
    }
}

/// F-beta, (1 + b²) right / (b² is + said), with precision (b = 0) and recall (b infinite) as its ends.
///
/// Predictions [N, C, ..] with class indices or shares: the largest is the decision. Predictions [N] or [N, 1, ..], or `multilabel`:
/// each is compared with `threshold` (0.5; for logits give 0), and a single one is scored for its yes, as `binary` in scikit-learn.
#[derive(Debug)]
struct Score {
    name: &'static str,
    beta: f64,
    average: Average,
    class: Option<usize>,
    counts: Counts,
}

fn score(config: &Config, name: &'static str, beta: f64) -> Result<Box<dyn Metric>> {
    let (average, counts) = (Average::parse(config)?, Counts::new(config)?);
    if average == Average::None && counts.given.is_none() {
        return Err(Error::argument("option 'num_classes' is missing: average 'none' gives as many values"));
    }
    Ok(Box::new(Score { name, beta, average, class: class_index(config)?, counts }))
}

/// The option that picks one class.
pub(super) fn class_index(config: &Config) -> Result<Option<usize>> {
    let index = config.int_or_none("class_index")?;
    let wrong = |i| Error::argument(format!("option 'class_index': expected at least 0, found {i}"));
    index.map(|i| usize::try_from(i).map_err(|_| wrong(i))).transpose()
}

pub(super) fn precision(config: &Config) -> Result<Box<dyn Metric>> {
    score(config, "precision", 0.0)
}

pub(super) fn recall(config: &Config) -> Result<Box<dyn Metric>> {
    score(config, "recall", f64::INFINITY)
}

/// Option `beta` (1): how many times recall counts as much as precision.
pub(super) fn f_beta(config: &Config) -> Result<Box<dyn Metric>> {
    let beta = config.non_negative("beta", 1.0)?;
    score(config, "f_beta", beta)
}

impl Score {
    fn of(&self, [right, said, is]: [f64; 3]) -> f64 {
        let square = self.beta * self.beta;
        let (above, below) =
            if square.is_infinite() { (right, is) } else { ((1.0 + square) * right, square * is + said) };
        if below == 0.0 { 0.0 } else { above / below }
    }
}

impl Metric for Score {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        self.counts.partial(self.name, prediction, targets)
    }

    fn absorb(&mut self, partial: &[f64]) {
        self.counts.absorb(partial);
    }

    fn value(&self) -> f64 {
        if self.counts.all == 0 {
            return f64::NAN;
        }
        let classes = self.counts.classes();
        if let Some(class) = self.class {
            return classes.get(class).map_or(f64::NAN, |&class| self.of(class));
        }
        match self.average {
            Average::Micro => self.of(classes.iter().fold([0.0; 3], |sum, class| [0, 1, 2].map(|i| sum[i] + class[i]))),
            Average::Weighted => {
                let weights: f64 = classes.iter().map(|class| class[2]).sum();
                let sum: f64 = classes.iter().map(|&class| class[2] * self.of(class)).sum();
                if weights == 0.0 { 0.0 } else { sum / weights }
            }
            Average::Macro | Average::None => {
                let labelled = !self.counts.labels.is_empty();
                let seen = classes.into_iter().filter(|[_, said, is]| labelled || said + is > 0.0);
                let scores: Vec<f64> = seen.map(|class| self.of(class)).collect();
                scores.iter().sum::<f64>() / scores.len() as f64
            }
        }
    }

    fn values(&self, out: &mut Vec<f64>) {
        if self.average != Average::None {
            return out.push(self.value());
        }
        let mut scores: Vec<f64> = self.counts.classes().into_iter().map(|class| self.of(class)).collect();
        let missing = if self.counts.all == 0 { f64::NAN } else { 0.0 };
        scores.resize(self.counts.given.unwrap_or(0), missing);
        out.append(&mut scores);
    }

    fn reset(&mut self) {
        self.counts = self.counts.fresh();
    }

    fn fresh(&self) -> Box<dyn Metric> {
        let Self { name, beta, average, class, .. } = *self;
        Box::new(Self { name, beta, average, class, counts: self.counts.fresh() })
    }
}

/// How often class i was taken for class j: `num_classes`² values, row by row, a row per true class; for predictions [N] or [N, 1]
/// compared with `threshold` 2 x 2. `normalize`: none (the default), true (by rows), pred (by columns) or all.
#[derive(Debug)]
struct Confusion {
    classes: usize,
    by: Normalise,
    counts: Counts,
}

#[derive(Debug, Clone, Copy)]
enum Normalise {
    None,
    Truth,
    Prediction,
    All,
}

pub(super) fn confusion_matrix(config: &Config) -> Result<Box<dyn Metric>> {
    let classes = config.size("num_classes")?;
    let by = match config.word("normalize", &["none", "true", "pred", "all"], "none")? {
        "true" => Normalise::Truth,
        "pred" => Normalise::Prediction,
        "all" => Normalise::All,
        _ => Normalise::None,
    };
    let counts = Counts::new(config)?;
    if counts.multilabel {
        return Err(Error::argument("option 'multilabel': a confusion matrix has one class per row"));
    }
    Ok(Box::new(Confusion { classes, by, counts }))
}

impl Metric for Confusion {
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value> {
        let yes_or_no = prediction.rank() == 1 || prediction.rank() > 1 && prediction.dim(1) == 1;
        if yes_or_no && self.classes != 2 {
            return Err(Error::shape("confusion_matrix", format!("{} classes", self.classes), "one yes or no"));
        }
        self.counts.partial("confusion_matrix", prediction, targets)
    }

    fn absorb(&mut self, partial: &[f64]) {
        self.counts.absorb(partial);
    }

    /// The share of decisions that are right.
    fn value(&self) -> f64 {
        let matrix = self.matrix();
        (0..self.classes).map(|c| matrix[c * self.classes + c]).sum::<f64>() / self.counts.all as f64
    }

    fn values(&self, out: &mut Vec<f64>) {
        let (n, mut matrix) = (self.classes, self.matrix());
        let total = |places: &mut dyn Iterator<Item = usize>| places.map(|i| matrix[i]).sum::<f64>();
        let sums: Vec<f64> = match self.by {
            Normalise::None => vec![1.0; n * n],
            Normalise::All => vec![self.counts.all as f64; n * n],
            Normalise::Truth => (0..n * n).map(|i| total(&mut (0..n).map(|j| i / n * n + j))).collect(),
            Normalise::Prediction => (0..n * n).map(|i| total(&mut (0..n).map(|j| j * n + i % n))).collect(),
        };
        for (count, sum) in matrix.iter_mut().zip(sums) {
            *count = if *count == 0.0 { 0.0 } else { *count / sum };
        }
        out.append(&mut matrix);
    }

    fn reset(&mut self) {
        self.counts = self.counts.fresh();
    }

    fn fresh(&self) -> Box<dyn Metric> {
        Box::new(Self { classes: self.classes, by: self.by, counts: self.counts.fresh() })
    }
}

impl Confusion {
    /// The counts, row by row.
    fn matrix(&self) -> Vec<f64> {
        let mut matrix = vec![0.0; self.classes * self.classes];
        if let [[right, said, is]] = self.counts.labels[..] {
            let counts = [self.counts.all + right - said - is, said - right, is - right, right];
            return counts.map(|n| n as f64).to_vec();
        }
        for (t, row) in self.counts.matrix.iter().enumerate() {
            for (p, &count) in row.iter().enumerate() {
                matrix[t * self.classes + p] = count as f64;
            }
        }
        matrix
    }
}
