//! Metrics against scikit-learn's definitions, worked out by hand; every case is also fed in pieces.

#[path = "common/reference.rs"]
mod reference;

use exburn_core::ErrorKind;
use exburn_core::device::Device;
use exburn_core::metrics::{self, Metric};
use exburn_core::tensor::{DType, Value};
use reference::{devices, difference, part};
use serde_json::{Value as Json, json};

/// Rows of predictions and targets; the first dimension is the rows.
struct Data<'a> {
    scores: &'a [f64],
    width: &'a [usize],
    targets: &'a [f64],
    target_width: &'a [usize],
    integers: bool,
}

fn metric(kind: &str, config: &Json) -> Box<dyn Metric> {
    metrics::create(&part(kind, config.clone())).unwrap()
}

fn values(metric: &dyn Metric) -> Vec<f64> {
    let mut values = Vec::new();
    metric.values(&mut values);
    values
}

impl Data<'_> {
    fn rows(&self) -> usize {
        self.scores.len() / self.width.iter().product::<usize>()
    }

    fn feed(&self, metric: &mut dyn Metric, rows: std::ops::Range<usize>, dtype: DType, device: &Device) {
        let part = |data: &[f64], width: &[usize]| {
            let size: usize = width.iter().product();
            let mut shape = vec![rows.len()];
            shape.extend(width);
            (data[rows.start * size..rows.end * size].to_vec(), shape)
        };
        let (scores, shape) = part(self.scores, self.width);
        let scores = Value::from_doubles(scores, &shape, dtype, device).unwrap();
        let (targets, shape) = part(self.targets, self.target_width);
        let targets = if self.integers {
            Value::from_ints(targets.iter().map(|&x| x as i32).collect(), &shape, device).unwrap()
        } else {
            Value::from_doubles(targets, &shape, dtype, device).unwrap()
        };
        metric.absorb(&metric.partial(&scores, &[targets]).unwrap().to_doubles().unwrap());
    }

    /// At once and in two unequal pieces, on every device and in every type.
    fn gives(&self, kind: &str, config: Json, expected: &[f64]) {
        for (device, types) in devices() {
            for dtype in types {
                let rows = self.rows();
                for cut in [rows, 1] {
                    let mut metric = metric(kind, &config);
                    self.feed(&mut *metric, 0..cut, dtype, &device);
                    if cut < rows {
                        self.feed(&mut *metric, cut..rows, dtype, &device);
                    }
                    let found = values(&*metric);
                    let error = difference(&found, expected);
                    let limit = if dtype == DType::F64 { 1e-12 } else { 3e-6 };
                    let device = device.info().kind;
                    assert!(error < limit, "{kind} {config}, {device}: {found:?} {expected:?}");
                    metric.reset();
                    assert!(values(&*metric).iter().all(|v| v.is_nan() || *v == 0.0));
                    assert_eq!(values(&*metric.fresh()).len(), expected.len());
                }
            }
        }
    }
}

/// Predicted 0, 2, 1, 0, 0, 1 where 0, 1, 2, 0, 1, 2 is true: scikit-learn's documented example.
fn three_classes() -> Data<'static> {
    const HOT: [f64; 18] = [1., 0., 0., 0., 0., 1., 0., 1., 0., 1., 0., 0., 1., 0., 0., 0., 1., 0.];
    Data { scores: &HOT, width: &[3], targets: &[0., 1., 2., 0., 1., 2.], target_width: &[], integers: true }
}

#[test]
fn scores_of_three_classes() {
    let data = three_classes();
    // Class 0: two right of three said, of two; classes 1 and 2: none right of two said and one said.
    let precision = [2.0 / 3.0, 0.0, 0.0];
    let recall = [1.0, 0.0, 0.0];
    for average in ["macro", "weighted"] {
        // Each class is true twice: weighted is macro.
        data.gives("Precision", json!({"average": average}), &[2.0 / 9.0]);
        data.gives("Recall", json!({"average": average}), &[1.0 / 3.0]);
        data.gives("FBeta", json!({"average": average}), &[0.8 / 3.0]);
    }
    for kind in ["Precision", "Recall", "FBeta"] {
        data.gives(kind, json!({"average": "micro"}), &[1.0 / 3.0]);
    }
    data.gives("Precision", json!({"average": "none", "num_classes": 3}), &precision);
    data.gives("Recall", json!({"average": "none", "num_classes": 3}), &recall);
    data.gives(
        "FBeta",
        json!({"beta": 0.5, "average": "none", "num_classes": 3}),
        &[1.25 * (2.0 / 3.0) / (0.25 * 2.0 / 3.0 + 1.0), 0.0, 0.0],
    );
    data.gives("FBeta", json!({"beta": 0.5}), &[(1.25 * (2.0 / 3.0) / (0.25 * 2.0 / 3.0 + 1.0)) / 3.0]);
    data.gives("Recall", json!({"class_index": 0}), &[1.0]);
    data.gives("Recall", json!({"class_index": 2}), &[0.0]);
    let matrix = [2., 0., 0., 1., 0., 1., 0., 2., 0.];
    data.gives("ConfusionMatrix", json!({"num_classes": 3}), &matrix);
    data.gives("ConfusionMatrix", json!({"num_classes": 3, "normalize": "true"}), &matrix.map(|n| n / 2.0));
    data.gives("ConfusionMatrix", json!({"num_classes": 3, "normalize": "all"}), &matrix.map(|n| n / 6.0));
    let by_column = [2.0 / 3.0, 0., 0., 1.0 / 3.0, 0., 1., 0., 1., 0.];
    data.gives("ConfusionMatrix", json!({"num_classes": 3, "normalize": "pred"}), &by_column);
    // The same targets one-hot; and one that is ignored.
    let hot: Vec<f64> =
        data.targets.iter().flat_map(|&t| (0..3).map(move |c| f64::from(u8::from(t == f64::from(c))))).collect();
    Data { targets: &hot, target_width: &[3], integers: false, ..three_classes() }.gives(
        "Recall",
        json!({}),
        &[1.0 / 3.0],
    );
    let ignoring = Data { targets: &[0., -100., 2., 0., -100., 2.], ..three_classes() };
    // Class 1 still occurs, as a prediction.
    ignoring.gives("Recall", json!({}), &[1.0 / 3.0]);
    ignoring.gives("Precision", json!({"average": "micro"}), &[0.5]);
}

#[test]
fn classes_that_do_not_occur_do_not_count() {
    let data = Data {
        scores: &[0.9, 0.1, 0.0, 0.8, 0.2, 0.0],
        width: &[3],
        targets: &[0., 1.],
        target_width: &[],
        integers: true,
    };
    data.gives("Recall", json!({}), &[0.5]);
    data.gives("Recall", json!({"average": "none", "num_classes": 3}), &[1.0, 0.0, 0.0]);
}

#[test]
fn one_yes_or_no() {
    // Truth 0, 1, 1, 1 and predictions 1, 0, 1, 1: two of three, both ways.
    for width in [&[][..], &[1]] {
        let data = Data {
            scores: &[0.9, 0.2, 0.7, 0.8],
            width,
            targets: &[0., 1., 1., 1.],
            target_width: width,
            integers: false,
        };
        for average in ["macro", "micro", "weighted"] {
            data.gives("Precision", json!({"average": average}), &[2.0 / 3.0]);
            data.gives("Recall", json!({"average": average}), &[2.0 / 3.0]);
            data.gives("FBeta", json!({"average": average}), &[2.0 / 3.0]);
        }
        data.gives("Precision", json!({"threshold": 0.75}), &[0.5]);
        data.gives("ConfusionMatrix", json!({"num_classes": 2}), &[0., 1., 1., 2.]);
    }
}

#[test]
fn several_labels() {
    // Keras' documented F1: .5, .8, .6666667; F2: .3846154, .9090909, .8333333.
    let data = Data {
        scores: &[0.2, 0.6, 0.7, 0.2, 0.6, 0.6, 0.6, 0.8, 0.0],
        width: &[3],
        targets: &[1., 1., 1., 1., 0., 0., 1., 1., 0.],
        target_width: &[3],
        integers: false,
    };
    let all = json!({"multilabel": true, "average": "none", "num_classes": 3});
    data.gives("FBeta", all.clone(), &[0.5, 0.8, 2.0 / 3.0]);
    let mut twice = all;
    twice["beta"] = json!(2.0);
    data.gives("FBeta", twice, &[5.0 / 13.0, 10.0 / 11.0, 5.0 / 6.0]);
    data.gives("FBeta", json!({"multilabel": true}), &[(0.5 + 0.8 + 2.0 / 3.0) / 3.0]);
    // Four right, six said, six true.
    data.gives("FBeta", json!({"multilabel": true, "average": "micro"}), &[2.0 / 3.0]);
    // True three times, twice, once.
    data.gives("FBeta", json!({"multilabel": true, "average": "weighted"}), &[(1.5 + 1.6 + 2.0 / 3.0) / 6.0]);
}

#[test]
fn areas() {
    // scikit-learn's documented example: .75 and .8333.
    let data = Data {
        scores: &[0.1, 0.4, 0.35, 0.8],
        width: &[],
        targets: &[0., 0., 1., 1.],
        target_width: &[],
        integers: false,
    };
    data.gives("RocAuc", json!({}), &[0.75]);
    data.gives("AveragePrecision", json!({}), &[0.5 * (1.0 + 2.0 / 3.0)]);
    // Ties: of four pairs two are right, two are level; and by threshold, 2 of 3, then 2 of 4 adding nothing.
    let tied = Data {
        scores: &[0.5, 0.5, 0.5, 0.1],
        width: &[1],
        targets: &[1., 0., 1., 0.],
        target_width: &[1],
        integers: false,
    };
    tied.gives("RocAuc", json!({}), &[0.75]);
    tied.gives("AveragePrecision", json!({}), &[2.0 / 3.0]);
    let one_sided = Data { scores: &[0.5, 0.1], width: &[], targets: &[1., 1.], target_width: &[], integers: false };
    one_sided.gives("RocAuc", json!({}), &[f64::NAN]);
    one_sided.gives("AveragePrecision", json!({}), &[1.0]);
    // One against the rest, by counting pairs: class 0: 1 of 2 (level .2 and .2: half), so .75; class 1: .5; class 2: 1.
    let data = Data {
        scores: &[0.2, 0.7, 0.1, 0.2, 0.6, 0.2, 0.1, 0.4, 0.5],
        width: &[3],
        targets: &[0., 1., 2.],
        target_width: &[],
        integers: true,
    };
    data.gives("RocAuc", json!({}), &[(0.75 + 0.5 + 1.0) / 3.0]);
    data.gives("RocAuc", json!({"class_index": 0}), &[0.75]);
    // All together: positives .2, .6, .5; negatives .7, .1, .2, .2, .1, .4: 2 + 2 halves, 5 and 5 of 6 each.
    data.gives("RocAuc", json!({"average": "micro"}), &[(3.0 + 5.0 + 5.0) / 18.0]);
}

#[test]
fn errors_of_quantities() {
    // scikit-learn's documented examples.
    let data = Data {
        scores: &[2.5, 0.0, 2.0, 8.0],
        width: &[],
        targets: &[3.0, -0.5, 2.0, 7.0],
        target_width: &[],
        integers: false,
    };
    data.gives("MeanAbsoluteError", json!({}), &[0.5]);
    data.gives("MeanSquaredError", json!({}), &[0.375]);
    data.gives("RootMeanSquaredError", json!({}), &[0.375f64.sqrt()]);
    // Mean 2.875, squared distances 29.1875, squared errors 1.5.
    data.gives("R2", json!({}), &[1.0 - 1.5 / 29.1875]);
    let data = Data {
        scores: &[0., 2., -1., 2., 8., -5.],
        width: &[2],
        targets: &[0.5, 1., -1., 1., 7., -6.],
        target_width: &[2],
        integers: false,
    };
    // Columns: errors 1.25 of 37.16667, 3 of 32.66667.
    let (a, b) = (1.0 - 1.25 / (50.25 - 6.5 * 6.5 / 3.0), 1.0 - 3.0 / (38.0 - 16.0 / 3.0));
    data.gives("R2", json!({}), &[(a + b) / 2.0]);
    let flat = Data { scores: &[1., 1.], width: &[], targets: &[1., 1.], target_width: &[], integers: false };
    flat.gives("R2", json!({}), &[1.0]);
    Data { scores: &[1., 2.], ..flat }.gives("R2", json!({}), &[0.0]);
    // A large mean: naive sums of squares would lose the spread in single precision.
    let data = Data {
        scores: &[10000.0, 10002.0, 10003.0],
        width: &[],
        targets: &[10001.0, 10002.0, 10003.0],
        target_width: &[],
        integers: false,
    };
    data.gives("R2", json!({}), &[0.5]);
}

#[test]
fn best_k_and_perplexity() {
    let data = Data {
        scores: &[0.1, 0.9, 0.8, 0.05, 0.95, 0.0],
        width: &[3],
        targets: &[2., 1.],
        target_width: &[],
        integers: true,
    };
    data.gives("TopKAccuracy", json!({"k": 1}), &[0.5]);
    data.gives("TopKAccuracy", json!({"k": 2}), &[1.0]);
    data.gives("TopKAccuracy", json!({"k": 3}), &[1.0]);
    Data { targets: &[0., 2.], ..data }.gives("TopKAccuracy", json!({"k": 2}), &[0.0]);
    // Of equal scores the first are the higher ones.
    let level = Data { scores: &[0.5; 8], width: &[4], targets: &[1., 2.], target_width: &[], integers: true };
    level.gives("TopKAccuracy", json!({"k": 2}), &[0.5]);
    // Probabilities 1/4 and 1/2: the geometric mean of 4 and 2. An ignored target changes nothing.
    let third = 3f64.ln();
    let data = Data {
        scores: &[0., third, 5., 0., 0., 0.],
        width: &[2],
        targets: &[0., -100., 1.],
        target_width: &[],
        integers: true,
    };
    data.gives("Perplexity", json!({}), &[8f64.sqrt()]);
    data.gives("TopKAccuracy", json!({"k": 1}), &[0.0]);
}

#[test]
fn positions_beyond_rows() {
    // [2, 2, 3]: each position has a class.
    let data = Data {
        scores: &[0.9, 0.2, 0.6, 0.1, 0.8, 0.4, 0.3, 0.3, 0.3, 0.7, 0.7, 0.7],
        width: &[2, 3],
        targets: &[0., 1., 1., 1., 1., 0.],
        target_width: &[3],
        integers: true,
    };
    // Predicted 0, 1, 0, 1, 1, 1.
    data.gives("ConfusionMatrix", json!({"num_classes": 2}), &[1., 1., 1., 3.]);
    data.gives("TopKAccuracy", json!({"k": 1}), &[4.0 / 6.0]);
    // Class 1 scored .1 .8 .4 .7 .7 .7, true 0 1 1 1 1 0: negatives .1 and .7; 4 below .1 none, above .1 all four; against .7: .8 above, two level.
    data.gives("RocAuc", json!({"class_index": 1}), &[(4.0 + 1.0 + 1.0) / 8.0]);
}

#[test]
fn bad_input() {
    let fails = |kind: &str, config: Json| {
        let error = metrics::create(&part(kind, config.clone())).map(|_| ()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{kind} {config}: {error}");
    };
    fails("TopKAccuracy", json!({"k": 0}));
    fails("Precision", json!({"average": "none"}));
    fails("Precision", json!({"average": "samples"}));
    fails("ConfusionMatrix", json!({}));
    fails("ConfusionMatrix", json!({"num_classes": 3, "normalize": "rows"}));
    fails("FBeta", json!({"beta": -1.0}));
    fails("RocAuc", json!({"average": "none"}));
    fails("R2", json!({"power": 2}));
    for (device, _) in devices() {
        let scores = Value::from_f32(vec![0.0; 6], &[2, 3], &device).unwrap();
        let wrong = Value::from_ints(vec![0; 3], &[3], &device).unwrap();
        let indices = Value::from_ints(vec![0; 2], &[2], &device).unwrap();
        for kind in ["TopKAccuracy", "Perplexity", "Precision", "RocAuc", "AveragePrecision", "R2", "MeanAbsoluteError"]
        {
            let metric = metric(kind, &json!({}));
            assert_eq!(
                metric.partial(&scores, std::slice::from_ref(&wrong)).unwrap_err().kind,
                ErrorKind::Shape,
                "{kind}"
            );
            assert!(metric.partial(&scores, &[]).is_err());
        }
        let matrix = metric("ConfusionMatrix", &json!({"num_classes": 4}));
        assert_eq!(matrix.partial(&scores, std::slice::from_ref(&indices)).unwrap_err().kind, ErrorKind::Shape);
        let labels = metric("Recall", &json!({"multilabel": true}));
        assert_eq!(labels.partial(&scores, &[indices]).unwrap_err().kind, ErrorKind::Shape);
    }
}
