//! Connectionist temporal classification (Graves et al., 2006): `torch.nn.CTCLoss`.

use super::formula::{check_count, with_gradient};
use super::{Elements, Loss, Reduction};
use crate::spec::Config;
use crate::tensor::{Kind, Value};
use crate::{ArrayView, Error, Result};

/// Log-probabilities [T, N, C], or [N, T, C] with `batch_first`, which is what models give; three integer targets: the classes [N, S] (or
/// all rows joined), the input lengths [N], the target lengths [N]. Options: `blank` (0), `zero_infinity` (a target that does not fit
/// into its input counts 0 rather than infinity). The mean divides each loss by its target's length, then averages.
///
/// The recursions run on the host in double precision, in logarithms; the derivative is theirs, not that of a recorded graph. As in
/// PyTorch it takes the prediction for the output of a log-softmax: exp(x) minus the share of the paths through it.
#[derive(Debug)]
struct Ctc {
    blank: usize,
    zero_infinity: bool,
    batch_first: bool,
    reduction: Reduction,
}

pub(super) fn ctc(config: &Config) -> Result<Box<dyn Loss>> {
    let blank = config.int("blank", 0)?;
    let blank = usize::try_from(blank)
        .map_err(|_| Error::argument(format!("option 'blank': expected a class of at least 0, found {blank}")))?;
    let (zero_infinity, batch_first) = (config.flag("zero_infinity", false)?, config.flag("batch_first", false)?);
    Ok(Box::new(Ctc { blank, zero_infinity, batch_first, reduction: Reduction::parse(config)? }))
}

/// log(exp(a) + exp(b)).
fn log_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// The loss of one sequence of log-probabilities [T][C], and the logarithm of the share of all paths that pass class c at time t
/// times their probability; `None` where no path exists.
fn sequence(log: &[&[f64]], labels: &[usize], blank: usize) -> (f64, Option<Vec<Vec<f64>>>) {
    const NONE: f64 = f64::NEG_INFINITY;
    let (steps, states) = (log.len(), 2 * labels.len() + 1);
    if steps == 0 {
        return (if labels.is_empty() { 0.0 } else { f64::INFINITY }, None);
    }
    // State 2i is the blank before label i, state 2i + 1 the label.
    let class = |s: usize| if s.is_multiple_of(2) { blank } else { labels[s / 2] };
    // Whether the blank between two labels may be left out on the way to state s.
    let skips = |s: usize| s >= 3 && s % 2 == 1 && class(s) != class(s - 2);
    let mut forward = vec![vec![NONE; states]; steps];
    let mut backward = forward.clone();
    for s in 0..states.min(2) {
        forward[0][s] = log[0][class(s)];
        backward[steps - 1][states - 1 - s] = log[steps - 1][class(states - 1 - s)];
    }
    for t in 1..steps {
        for s in 0..states {
            let before = &forward[t - 1];
            let mut sum = before[s];
            if s >= 1 {
                sum = log_add(sum, before[s - 1]);
            }
            if skips(s) {
                sum = log_add(sum, before[s - 2]);
            }
            forward[t][s] = sum + log[t][class(s)];
        }
    }
    for t in (0..steps - 1).rev() {
        for s in 0..states {
            let after = &backward[t + 1];
            let mut sum = after[s];
            if s + 1 < states {
                sum = log_add(sum, after[s + 1]);
            }
            if s + 2 < states && skips(s + 2) {
                sum = log_add(sum, after[s + 2]);
            }
            backward[t][s] = sum + log[t][class(s)];
        }
    }
    let last = &forward[steps - 1];
    let total = if states == 1 { last[0] } else { log_add(last[states - 1], last[states - 2]) };
    if total == NONE {
        return (f64::INFINITY, None);
    }
    let shares = (0..steps).map(|t| {
        let mut shares = vec![NONE; log[t].len()];
        for s in 0..states {
            let c = class(s);
            // Both halves hold this step's probability: once too often.
            let path = forward[t][s] + backward[t][s] - log[t][c];
            if path > NONE {
                shares[c] = log_add(shares[c], path - total);
            }
        }
        shares
    });
    (-total, Some(shares.collect()))
}

/// Integers of a host array.
fn integers(array: &ArrayView<'_>, what: &str) -> Result<Vec<i64>> {
    let list = array.data.to_i32().map_err(|e| e.at(what))?;
    Ok(list.into_iter().map(i64::from).collect())
}

impl Ctc {
    /// T, N, C.
    fn sizes(&self, prediction: &[usize]) -> Result<[usize; 3]> {
        match *prediction {
            [n, t, c] if self.batch_first && c > 0 => Ok([t, n, c]),
            [t, n, c] if !self.batch_first && c > 0 => Ok([t, n, c]),
            _ => {
                let expected = if self.batch_first { "[samples, time, classes]" } else { "[time, samples, classes]" };
                Err(Error::shape("prediction", expected, format!("{prediction:?}")))
            }
        }
    }
}

impl Loss for Ctc {
    fn target_count(&self) -> usize {
        3
    }

    fn target_kind(&self, _index: usize, _found: Kind) -> Kind {
        Kind::Int
    }

    fn check(&self, prediction: &[usize], targets: &[ArrayView<'_>]) -> Result<()> {
        check_count(3, targets)?;
        let [steps, rows, classes] = self.sizes(prediction)?;
        if self.blank >= classes {
            return Err(Error::argument(format!("option 'blank': {} is not one of {classes} classes", self.blank)));
        }
        let expected = [rows];
        for (target, what) in targets[1..].iter().zip(["input lengths", "target lengths"]) {
            if target.shape != expected {
                let hint =
                    if self.batch_first { "" } else { " (for predictions [samples, time, classes] set batch_first)" };
                return Err(Error::shape(what, format!("shape {expected:?}{hint}"), format!("{:?}", target.shape)));
            }
        }
        let (inputs, lengths) = (integers(&targets[1], "input lengths")?, integers(&targets[2], "target lengths")?);
        let joined = targets[0].shape.len() == 1;
        let width = match targets[0].shape[..] {
            [n, width] if n == rows => width,
            [n] if n as i64 == lengths.iter().sum::<i64>() => n,
            _ => {
                let expected = format!("[{rows}, longest], or all joined");
                return Err(Error::shape("target classes", expected, format!("{:?}", targets[0].shape)));
            }
        };
        let labels = integers(&targets[0], "target classes")?;
        let mut start = 0;
        for sample in 0..rows {
            let (input, length) = (inputs[sample], lengths[sample]);
            if !(0..=steps as i64).contains(&input) {
                return Err(Error::argument(format!("input lengths: sample {sample} has {input} of {steps} steps")));
            }
            if !(0..=width as i64).contains(&length) {
                return Err(Error::argument(format!(
                    "target lengths: sample {sample} has {length} of {width} classes"
                )));
            }
            let from = if joined { start } else { sample * width };
            for &class in &labels[from..from + length as usize] {
                if !(0..classes as i64).contains(&class) || class == self.blank as i64 {
                    let blank = self.blank;
                    return Err(Error::argument(format!(
                        "target classes: sample {sample} has class {class}, expected 0 to {} without the blank {blank}",
                        classes - 1
                    )));
                }
            }
            start += length as usize;
        }
        Ok(())
    }

    fn elements(&self, prediction: &Value, targets: &[Value]) -> Result<Elements> {
        let shape = prediction.shape();
        let [steps, rows, classes] = self.sizes(&shape)?;
        let log = prediction.to_doubles()?;
        let read = |v: &Value| -> Result<Vec<usize>> { Ok(v.to_doubles()?.into_iter().map(|x| x as usize).collect()) };
        let (labels, inputs, lengths) = (read(&targets[0])?, read(&targets[1])?, read(&targets[2])?);
        let place = |t: usize, n: usize| if self.batch_first { n * steps + t } else { t * rows + n } * classes;
        let joined = targets[0].rank() == 1;
        let (mut values, mut gradient, mut start) = (vec![0.0; rows], vec![0.0; log.len()], 0);
        for n in 0..rows {
            let from = if joined { start } else { n * targets[0].dim(1) };
            start += lengths[n];
            let own: Vec<&[f64]> = (0..inputs[n]).map(|t| &log[place(t, n)..place(t, n) + classes]).collect();
            let (value, shares) = sequence(&own, &labels[from..from + lengths[n]], self.blank);
            if value == f64::INFINITY && self.zero_infinity {
                continue;
            }
            values[n] = value;
            for (t, row) in own.iter().enumerate() {
                // An infinite loss has no direction: its derivative is left at 0.
                let Some(shares) = &shares else { break };
                for c in 0..classes {
                    gradient[place(t, n) + c] = row[c].exp() - shares[t][c].exp();
                }
            }
        }
        let factor: Vec<f64> = match self.reduction {
            Reduction::Mean => lengths.iter().map(|&s| 1.0 / s.max(1) as f64).collect(),
            _ => vec![1.0; rows],
        };
        for (i, g) in gradient.iter_mut().enumerate() {
            let n = if self.batch_first { i / (steps * classes) } else { i / classes % rows };
            *g *= factor[n];
        }
        for (value, factor) in values.iter_mut().zip(&factor) {
            *value *= factor;
        }
        let plain = prediction.clone().detached();
        let mut losses = plain.constant_like(&values, &[rows])?;
        if prediction.is_tracked() {
            let gradient = plain.constant_like(&gradient, &shape)?;
            let zero = with_gradient(prediction, plain.zeros_like()?, &gradient)?;
            let dims = if self.batch_first { [1, 2] } else { [0, 2] };
            losses = zero.sum_dims(&dims)?.reshape(&[rows])?.add(&losses)?;
        }
        Ok(losses.into())
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}
