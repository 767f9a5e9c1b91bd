//! Metrics: streaming and exact over an epoch, never a mean of batch means.
//!
//! A metric has two halves. On the device, [`Metric::partial`] makes a small float vector of a batch; it stays there
//! until the loop reads several at once. On the host, [`Metric::absorb`] adds it up and [`Metric::value`] gives the result.
//! To add one: write it in the file of its family and add a line to [`create`].

mod accuracy;
mod counts;
mod curves;
mod form;
mod ranked;
mod regression;

use crate::spec::PartSpec;
use crate::tensor::Value;
use crate::{Error, Result};

/// A metric with its running state.
pub trait Metric: Send + Sync + std::fmt::Debug {
    /// What the batch contributes, a plain float value of rank 1, without reading it. Targets are those of the loss.
    fn partial(&self, prediction: &Value, targets: &[Value]) -> Result<Value>;

    /// Adds a batch's contribution.
    fn absorb(&mut self, partial: &[f64]);

    /// The metric over everything absorbed since the last reset; NaN when there was nothing.
    fn value(&self) -> f64;

    /// Appends all values: one, or as many as the metric's options say (per class, a matrix).
    fn values(&self, out: &mut Vec<f64>) {
        out.push(self.value());
    }

    fn reset(&mut self);

    /// A fresh copy without state.
    fn fresh(&self) -> Box<dyn Metric>;
}

/// A metric of one of the model's outputs.
#[derive(Debug)]
pub struct Measured {
    pub metric: Box<dyn Metric>,
    pub output: usize,
    /// Positions of the targets it reads.
    pub targets: Vec<usize>,
}

impl Measured {
    /// A fresh copy without state.
    pub fn fresh(&self) -> Self {
        Self { metric: self.metric.fresh(), output: self.output, targets: self.targets.clone() }
    }

    /// What the batch contributes, of all outputs and targets.
    pub fn partial(&self, outputs: &[Value], targets: &[Value]) -> Result<Value> {
        if let [only] = self.targets[..] {
            return self.metric.partial(&outputs[self.output], &targets[only..=only]);
        }
        let own: Vec<Value> = self.targets.iter().map(|&t| targets[t].clone()).collect();
        self.metric.partial(&outputs[self.output], &own)
    }
}

/// Makes the metric of a description; unknown names and options are errors.
pub fn create(spec: &PartSpec) -> Result<Box<dyn Metric>> {
    type Make = fn(&crate::spec::Config) -> Result<Box<dyn Metric>>;
    let table: &[(&str, Make)] = &[
        ("Accuracy", accuracy::accuracy),
        ("TopKAccuracy", ranked::top_k_accuracy),
        ("Perplexity", ranked::perplexity),
        ("Precision", counts::precision),
        ("Recall", counts::recall),
        ("FBeta", counts::f_beta),
        ("ConfusionMatrix", counts::confusion_matrix),
        ("RocAuc", curves::roc_auc),
        ("AveragePrecision", curves::average_precision),
        ("MeanAbsoluteError", regression::mean_absolute_error),
        ("MeanSquaredError", regression::mean_squared_error),
        ("RootMeanSquaredError", regression::root_mean_squared_error),
        ("R2", regression::r2),
    ];
    let Some((_, make)) = table.iter().find(|(known, _)| *known == spec.kind) else {
        let known: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        return Err(Error::unsupported(format!("there is no metric '{}'; known: {}", spec.kind, known.join(", "))));
    };
    let metric = make(&spec.config).map_err(|e| e.at(format!("metric {}", spec.kind)))?;
    spec.config.finish().map_err(|e| e.at(format!("metric {}", spec.kind)))?;
    Ok(metric)
}
