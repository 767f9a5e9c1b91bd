//! Losses against values worked out by hand from their formulas, at their edges, and with bad targets.

#[path = "common/reference.rs"]
mod reference;

use exburn_core::losses::{self, Loss, Reduction, SampleWeights};
use exburn_core::tensor::{DType, Value};
use exburn_core::{ArrayView, DataView, Error, ErrorKind};
use reference::{Worst, devices, part};
use serde_json::{Value as Json, json};

fn loss(kind: &str, config: Json) -> Box<dyn Loss> {
    losses::create(&part(kind, config)).unwrap()
}

/// A target: floats or class indices with a shape.
#[derive(Debug, Clone)]
enum Target {
    Floats(Vec<f64>, Vec<usize>),
    Ints(Vec<i64>, Vec<usize>),
}

fn floats(data: &[f64], shape: &[usize]) -> Target {
    Target::Floats(data.to_vec(), shape.to_vec())
}

fn ints(data: &[i64], shape: &[usize]) -> Target {
    Target::Ints(data.to_vec(), shape.to_vec())
}

fn checked(loss: &dyn Loss, shape: &[usize], targets: &[Target]) -> Result<(), Error> {
    let views = targets.iter().map(|target| match target {
        Target::Floats(data, shape) => ArrayView::new(shape.clone(), DataView::F64(data)).unwrap(),
        Target::Ints(data, shape) => ArrayView::new(shape.clone(), DataView::I64(data)).unwrap(),
    });
    loss.check(shape, &views.collect::<Vec<_>>())
}

/// Value and gradient of the value's sum on every device, in every type; they must be the expected ones.
fn meets(
    kind: &str,
    config: Json,
    x: &[f64],
    shape: &[usize],
    targets: &[Target],
    value: &[f64],
    gradient: Option<&[f64]>,
) {
    let what = format!("{kind} {config}");
    let loss = loss(kind, config);
    assert_eq!(loss.target_count(), targets.len());
    checked(&*loss, shape, targets).unwrap();
    let mut worst = Worst::default();
    for (device, types) in devices() {
        for dtype in types {
            let values = targets.iter().map(|target| match target {
                Target::Floats(data, shape) => Value::from_doubles(data.clone(), shape, dtype, &device).unwrap(),
                Target::Ints(data, shape) => {
                    Value::from_ints(data.iter().map(|&x| x as i32).collect(), shape, &device).unwrap()
                }
            });
            let values: Vec<Value> = values.collect();
            let leaf = Value::from_doubles(x.to_vec(), shape, dtype, &device).unwrap().tracked();
            let found = loss.forward(&leaf, &values).unwrap();
            let what = format!("{what}, {}, {}", device.info().kind, dtype.name());
            worst.meet(dtype, &found.to_doubles().unwrap(), value, [4e-6, 1e-9], &what);
            let Some(expected) = gradient else { continue };
            let found = found.sum().unwrap().backward().unwrap().of(&leaf).unwrap().to_doubles().unwrap();
            worst.meet(dtype, &found, expected, [4e-6, 1e-9], &format!("{what}, gradient"));
        }
    }
}

/// Asserts that f64 gradients on the CPU and ndarray devices are central differences of the value.
fn differences(kind: &str, config: Json, x: &[f64], shape: &[usize], targets: &[Target]) {
    let what = format!("{kind} {config}");
    let loss = loss(kind, config);
    checked(&*loss, shape, targets).unwrap();
    for (device, types) in devices() {
        if device.info().kind == "gpu" || !types.contains(&DType::F64) {
            continue;
        }
        let values = targets.iter().map(|target| match target {
            Target::Floats(data, shape) => Value::from_f64(data.clone(), shape, &device).unwrap(),
            Target::Ints(data, shape) => {
                Value::from_ints(data.iter().map(|&x| x as i32).collect(), shape, &device).unwrap()
            }
        });
        let values: Vec<Value> = values.collect();
        let at = |x: &[f64]| {
            let x = Value::from_f64(x.to_vec(), shape, &device).unwrap();
            loss.forward(&x, &values).unwrap().sum().unwrap().to_scalar().unwrap()
        };
        let leaf = Value::from_f64(x.to_vec(), shape, &device).unwrap().tracked();
        let sum = loss.forward(&leaf, &values).unwrap().sum().unwrap();
        let found = sum.backward().unwrap().of(&leaf).unwrap().to_doubles().unwrap();
        for i in 0..x.len() {
            let moved = |by: f64| {
                let mut x = x.to_vec();
                x[i] += by;
                at(&x)
            };
            let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((found[i] - expected).abs() < 2e-8, "{what}, {i}: {} {expected}", found[i]);
        }
    }
}

fn none(extra: Json) -> Json {
    let mut config = extra;
    config["reduction"] = json!("none");
    config
}

#[test]
fn documented_samples() {
    // L1 of 0..9 against zeros: 4.5.
    let x: Vec<f64> = (0..10).map(f64::from).collect();
    meets("L1", json!({}), &x, &[10], &[floats(&[0.0; 10], &[10])], &[4.5], None);
    // exp(x) - t x at x = .5, 1.5, 2.5 and t = 1, 2, 3.
    let (x, t) = ([0.5f64, 1.5, 2.5], [1.0, 2.0, 3.0]);
    let value: Vec<f64> = x.iter().zip(&t).map(|(x, t)| x.exp() - t * x).collect();
    assert!((value.iter().sum::<f64>() - 7.31290).abs() < 1e-5);
    let gradient: Vec<f64> = x.iter().zip(&t).map(|(x, t)| x.exp() - t).collect();
    meets("PoissonNLL", none(json!({})), &x, &[3], &[floats(&t, &[3])], &value, Some(&gradient));
    // Huber: rows .18 and .13, so .155 in the mean over all.
    let (x, t) = ([0.6, 0.4, 0.4, 0.6], floats(&[0.0, 1.0, 0.0, 0.0], &[2, 2]));
    meets("Huber", json!({}), &x, &[2, 2], std::slice::from_ref(&t), &[0.155], Some(&[0.15, -0.15, 0.1, 0.15]));
    // log cosh 1 = .4337808; rows .2168904 and 0.
    let one = 1f64.cosh().ln();
    meets(
        "LogCosh",
        json!({}),
        &[1.0, 1.0, 0.0, 0.0],
        &[2, 2],
        &[t],
        &[one / 4.0],
        Some(&[1f64.tanh() / 4.0, 0.0, 0.0, 0.0]),
    );
    // Keras' binary cross-entropy on logits: rows .23515666 and 1.4957594 are means of two.
    let (x, t) = ([-18.6, 0.51, 2.94, -12.8], floats(&[0.0, 1.0, 0.0, 0.0], &[4]));
    let softplus = |x: f64| x.exp().ln_1p();
    let value = [softplus(-18.6), softplus(-0.51), softplus(2.94), softplus(-12.8)];
    assert!((value.iter().sum::<f64>() / 4.0 - 0.865458).abs() < 1e-6);
    meets("BCEWithLogits", none(json!({})), &x, &[4], &[t], &value, None);
    // Focal: probabilities .97, .91, .03 with targets 1, 1, 0.
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let value = [6.8532745e-6, 1.909787e-4, 2.0559824e-5];
    let x = [logit(0.97), logit(0.91), logit(0.03)];
    let focal = |p: f64, a: f64| -a * (1.0 - p) * (1.0 - p) * p.ln();
    let exact = [focal(0.97, 0.25), focal(0.91, 0.25), focal(0.97, 0.75)];
    for (exact, rounded) in exact.iter().zip(&value) {
        assert!((exact / rounded - 1.0).abs() < 1e-5);
    }
    meets("BinaryFocal", none(json!({})), &x, &[3], &[floats(&[1.0, 1.0, 0.0], &[3])], &exact, None);
}

#[test]
fn edges_of_regression() {
    let zero = [floats(&[0.0; 4], &[4])];
    let x = [0.0, 1.0, -0.5, 3.0];
    meets("L1", none(json!({})), &x, &[4], &zero, &[0.0, 1.0, 0.5, 3.0], Some(&[0.0, 1.0, -1.0, 1.0]));
    meets("SmoothL1", none(json!({"beta": 0.0})), &x, &[4], &zero, &[0.0, 1.0, 0.5, 3.0], Some(&[0.0, 1.0, -1.0, 1.0]));
    meets(
        "SmoothL1",
        none(json!({"beta": 2.0})),
        &x,
        &[4],
        &zero,
        &[0.0, 0.25, 0.0625, 2.0],
        Some(&[0.0, 0.5, -0.25, 1.0]),
    );
    meets("Huber", none(json!({"delta": 2.0})), &x, &[4], &zero, &[0.0, 0.5, 0.125, 4.0], Some(&[0.0, 1.0, -0.5, 2.0]));
    // No overflow far out: |d| - log 2.
    let far = 500.0 - std::f64::consts::LN_2;
    meets(
        "LogCosh",
        none(json!({})),
        &[500.0, -500.0],
        &[2],
        &[floats(&[0.0; 2], &[2])],
        &[far, far],
        Some(&[1.0, -1.0]),
    );
}

#[test]
fn binary_edges_are_pytorchs() {
    // BCELoss at 0 and 1: logarithms end at -100, gradients at (x - t) / 1e-12.
    let t = [floats(&[0.0, 1.0, 1.0, 0.0], &[4])];
    meets(
        "BCE",
        none(json!({})),
        &[0.0, 1.0, 0.0, 1.0],
        &[4],
        &t,
        &[0.0, 0.0, 100.0, 100.0],
        Some(&[0.0, 0.0, -1e12, 1e12]),
    );
    let x = [0.2, 0.7, 0.6, 0.9];
    let value = [-(0.8f64.ln()), -(0.7f64.ln()) * 2.0, -(0.6f64.ln()), -(0.1f64.ln()) * 2.0];
    let t = [floats(&[0.0, 1.0, 1.0, 0.0], &[2, 2])];
    meets(
        "BCE",
        none(json!({"weight": [1.0, 2.0]})),
        &x,
        &[2, 2],
        &t,
        &value,
        Some(&[1.25, -2.0 / 0.7, -1.0 / 0.6, 20.0]),
    );
    // Logits far out stay finite: 1000 off is a loss of 1000, times pos_weight for a positive.
    let config = none(json!({"pos_weight": [3.0], "weight": [0.5]}));
    let t = [floats(&[1.0, 0.0, 1.0, 0.0], &[4, 1])];
    let value = [1500.0, 500.0, 0.0, 0.0];
    meets(
        "BCEWithLogits",
        config,
        &[-1000.0, 1000.0, 1000.0, -1000.0],
        &[4, 1],
        &t,
        &value,
        Some(&[-1.5, 0.5, 0.0, 0.0]),
    );
    meets(
        "SoftMargin",
        none(json!({})),
        &[300.0, -300.0],
        &[2],
        &[floats(&[-1.0, -1.0], &[2])],
        &[300.0, 0.0],
        Some(&[1.0, 0.0]),
    );
    // A prediction that is no probability.
    for (device, _) in devices().into_iter().filter(|(device, _)| device.info().kind == "cpu") {
        let x = Value::from_f32(vec![0.5, 0.5, 0.5, 1.5], &[2, 2], &device).unwrap();
        let t = Value::from_f32(vec![0.0; 4], &[2, 2], &device).unwrap();
        let error = loss("BCE", json!({})).forward(&x, &[t]).unwrap_err();
        assert!(error.message.contains("sample 1"), "{error}");
    }
}

#[test]
fn likelihoods() {
    // A share of 0 contributes nothing; batchmean divides by the rows.
    let x = [0.25f64.ln(), 0.75f64.ln(), 0.5f64.ln(), 0.5f64.ln()];
    let value = [0.0, (1.0f64 / 0.75).ln(), 0.5 * (0.5f64 / 0.5).ln(), 0.0];
    let t = [floats(&[0.0, 1.0, 0.5, 0.5], &[2, 2])];
    let gradient = [0.0, -0.5, -0.25, -0.25];
    meets("KLDiv", none(json!({})), &x, &[2, 2], &t, &value, Some(&[0.0, -1.0, -0.5, -0.5]));
    let mean = value.iter().sum::<f64>() / 2.0;
    meets("KLDiv", json!({"reduction": "batchmean"}), &x, &[2, 2], &t, &[mean], Some(&gradient));
    assert_eq!(loss("KLDiv", json!({"reduction": "batchmean"})).reduction(), Reduction::Mean);
    let logs = [floats(&[0.1f64.ln(), 0.9f64.ln(), 0.5f64.ln(), 0.5f64.ln()], &[2, 2])];
    let log_value = [0.1 * (0.1f64 / 0.25).ln(), 0.9 * (0.9f64 / 0.75).ln(), 0.0, 0.0];
    meets("KLDiv", none(json!({"log_target": true})), &x, &[2, 2], &logs, &log_value, Some(&[-0.1, -0.9, -0.5, -0.5]));
    // Stirling's term only above 1.
    let stirling = |t: f64| t * t.ln() - t + 0.5 * (2.0 * std::f64::consts::PI * t).ln();
    let config = none(json!({"log_input": false, "full": true, "eps": 0.5}));
    let value = [2.0, 2.0 - 2.5f64.ln(), 1.0 - 4.0 * 1.5f64.ln() + stirling(4.0)];
    let gradient = [1.0, 1.0 - 1.0 / 2.5, 1.0 - 4.0 / 1.5];
    meets("PoissonNLL", config, &[2.0, 2.0, 1.0], &[3], &[floats(&[0.0, 1.0, 4.0], &[3])], &value, Some(&gradient));
    // The variance [N, 1] or [N] serves a row, and does not fall below eps.
    let full = (2.0 * std::f64::consts::PI).ln() * 0.5;
    let value = [2.0 + 0.5 * 0.25f64.ln() + full, 0.5 * 0.25f64.ln() + full, 0.5 + full, 4.5 + full];
    for shape in [&[2, 1][..], &[2]] {
        let t = [floats(&[0.0, 1.0, 0.0, 0.0], &[2, 2]), floats(&[0.25, 1.0], shape)];
        let config = none(json!({"full": true}));
        meets("GaussianNLL", config, &[1.0, 1.0, 1.0, 3.0], &[2, 2], &t, &value, Some(&[4.0, 0.0, 1.0, 3.0]));
    }
    let t = [floats(&[0.0], &[1]), floats(&[0.0], &[1])];
    meets("GaussianNLL", json!({"eps": 0.5}), &[1.0], &[1], &t, &[1.0 + 0.5 * 0.5f64.ln()], Some(&[2.0]));
}

#[test]
fn negative_log_likelihood_options() {
    let x = [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0];
    let t = [ints(&[2, 0, 1], &[3])];
    // Weights 1 and 3; the sample of class 2 is ignored by its index.
    let config = json!({"weight": [3.0, 1.0], "ignore_index": 2});
    meets("NLL", config, &x, &[3, 2], &t, &[(3.0 * 3.0 + 6.0) / 4.0], Some(&[0.0, 0.0, -0.75, 0.0, 0.0, -0.25]));
    let error = checked(&*loss("NLL", json!({})), &[3, 2], &[floats(&[0.0; 3], &[3])]).unwrap_err();
    assert_eq!(error.kind, ErrorKind::DType);
    assert!(losses::create(&part("NLL", json!({"label_smoothing": 0.1}))).is_err());
}

#[test]
fn rankings() {
    // At the corner PyTorch's derivative is that of the slope.
    let t = [floats(&[1.0, 1.0, 1.0], &[3]), floats(&[1.0, -1.0, 1.0], &[3])];
    meets("MarginRanking", none(json!({})), &[1.0, 3.0, 4.0], &[3], &t, &[0.0, 2.0, 0.0], Some(&[-1.0, 1.0, 0.0]));
    let t = [floats(&[1.0, -1.0, -1.0, -1.0], &[4])];
    let config = none(json!({"margin": 2.0}));
    meets(
        "HingeEmbedding",
        config,
        &[0.5, 0.5, 2.0, 3.0],
        &[4],
        &t,
        &[0.5, 1.5, 0.0, 0.0],
        Some(&[1.0, -1.0, -1.0, 0.0]),
    );
    // 3-4-5 triangles: the cosine of (3, 4) and (4, 3) is .96.
    let t = [floats(&[4.0, 3.0, 4.0, 3.0], &[2, 2]), floats(&[1.0, -1.0], &[2])];
    meets("CosineEmbedding", none(json!({"margin": 0.5})), &[3.0, 4.0, 3.0, 4.0], &[2, 2], &t, &[0.04, 0.46], None);
    // Distances 5 and 13 by Pythagoras; the swap takes the 8 between (3, 4) and (3, 12).
    let t = [floats(&[3.0, 4.0], &[1, 2]), floats(&[5.0, 12.0], &[1, 2])];
    let triplet = |extra: Json, value: f64| {
        let mut config = extra;
        config["eps"] = json!(0.0);
        config["margin"] = json!(10.0);
        meets("TripletMargin", config, &[0.0, 0.0], &[1, 2], &t, &[value], None);
    };
    triplet(json!({}), 2.0);
    triplet(json!({"p": 1.0}), 0.0);
    triplet(json!({"swap": true}), 15.0 - 68f64.sqrt());
    let cubes = 10.0 + 91f64.cbrt() - (125.0f64 + 1728.0).cbrt();
    triplet(json!({"p": 3.0}), cubes);
}

#[test]
fn several_classes_and_labels() {
    let x = [0.1, 0.2, 0.4, 0.8];
    // PyTorch's documented sample: labels 3 and 0 against 1 and 2; what follows the -1 does not count.
    let value = [0.25 * ((1.0 - (0.1 - 0.2)) + (1.0 - (0.1 - 0.4)) + (1.0 - (0.8 - 0.2)) + (1.0 - (0.8 - 0.4)))];
    let t = [ints(&[3, 0, -1, 1], &[1, 4])];
    meets("MultiLabelMargin", json!({}), &x, &[1, 4], &t, &value, Some(&[-0.5, 0.5, 0.5, -0.5]));
    // The documented sample of MultiMarginLoss, class 3: .325; squared and weighted by 2.
    let t = [ints(&[3], &[1])];
    meets("MultiMargin", json!({}), &x, &[1, 4], &t, &[0.325], Some(&[0.25, 0.25, 0.25, -0.75]));
    let value = 2.0 * 0.25 * (0.3f64.powi(2) + 0.4f64.powi(2) + 0.6f64.powi(2));
    let config = json!({"p": 2, "weight": [1.0, 1.0, 1.0, 2.0]});
    meets("MultiMargin", config, &x, &[1, 4], &t, &[value], Some(&[0.3, 0.4, 0.6, -1.3]));
    let s = |x: f64| 1.0 / (1.0 + (-x).exp());
    let value = -(2.0 * s(1.0).ln() + s(2.0).ln()) / 2.0;
    let config = json!({"weight": [2.0, 1.0]});
    let t = [floats(&[1.0, 0.0], &[1, 2])];
    meets("MultiLabelSoftMargin", config, &[1.0, -2.0], &[1, 2], &t, &[value], Some(&[s(1.0) - 1.0, 0.5 * s(-2.0)]));
}

#[test]
fn focal_and_dice() {
    // Logits with softmax (1/4, 3/4) and (1/2, 1/2).
    let x = [0.0, 3f64.ln(), 0.0, 0.0];
    let (a, b) = (0.5 * 0.75f64.powi(3) * 4f64.ln(), 2.0 * 0.5f64.powi(3) * 2f64.ln());
    let config = none(json!({"gamma": 3.0, "alpha": [0.5, 2.0]}));
    meets("Focal", config, &x, &[2, 2], &[ints(&[0, 1], &[2])], &[a, b], None);
    // Without focus it is the cross-entropy.
    let config = json!({"gamma": 0.0, "reduction": "sum"});
    meets(
        "Focal",
        config,
        &x,
        &[2, 2],
        &[ints(&[0, 1], &[2])],
        &[4f64.ln() + 2f64.ln()],
        Some(&[-0.75, 0.75, 0.5, -0.5]),
    );
    let config = none(json!({"gamma": 0.0, "alpha": -1.0}));
    meets("BinaryFocal", config, &[0.0, 0.0], &[2], &[floats(&[1.0, 0.0], &[2])], &[2f64.ln(); 2], Some(&[-0.5, 0.5]));
    // Far out, and with an exponent whose own derivative is infinite at 0.
    let config = none(json!({"gamma": 0.5, "alpha": -1.0}));
    meets(
        "BinaryFocal",
        config,
        &[300.0, -300.0],
        &[2],
        &[floats(&[1.0, 1.0], &[2])],
        &[0.0, 300.0],
        Some(&[0.0, -1.0]),
    );
    // Overlaps by counting: rows (1, 1, 0, 0) and (1, 0, 1, 0) share one of two each.
    let x = [1.0, 1.0, 0.0, 0.0];
    let t = [floats(&[1.0, 0.0, 1.0, 0.0], &[1, 4])];
    meets("Dice", json!({"smooth": 0.0}), &x, &[1, 4], &t, &[0.5], None);
    meets("Dice", json!({}), &x, &[1, 4], &t, &[1.0 - 3.0 / 5.0], None);
    let t = [floats(&[1.0, 0.0, 0.0, 1.0], &[1, 2, 2])];
    let config = none(json!({"activation": "softmax", "smooth": 0.0}));
    meets("Dice", config, &[0.0; 4], &[1, 2, 2], &t, &[0.5, 0.5], None);
}

const BOX_LOSSES: [&str; 3] = ["GeneralizedBoxIoU", "DistanceBoxIoU", "CompleteBoxIoU"];

#[test]
fn boxes_by_hand() {
    let unit = [floats(&[0.0, 0.0, 1.0, 1.0], &[1, 4])];
    // So small that it does not show in the values.
    let config = || none(json!({"eps": 1e-12}));
    let all = |x: &[f64; 4], target: &[Target], values: [f64; 3]| {
        for (kind, value) in BOX_LOSSES.into_iter().zip(values) {
            meets(kind, config(), x, &[1, 4], target, &[value], None);
        }
    };
    all(&[0.0, 0.0, 1.0, 1.0], &unit, [0.0; 3]);
    // A unit apart: union 2 of 3; centres 2 apart, diagonal 10.
    all(&[2.0, 0.0, 3.0, 1.0], &unit, [1.0 + 1.0 / 3.0, 1.4, 1.4]);
    // Half of each in common: a third of the union, which is the hull; centres 1/2 apart, diagonal 13/4.
    all(&[0.5, 0.0, 1.5, 1.0], &unit, [2.0 / 3.0, 2.0 / 3.0 + 1.0 / 13.0, 2.0 / 3.0 + 1.0 / 13.0]);
    // One within the other, around one centre: angles of 60 and 45 degrees.
    let (w, v) = (3f64.sqrt(), 1.0 / 36.0);
    let missing = 1.0 - 1.0 / w;
    let wide = [floats(&[-w / 2.0, -0.5, w / 2.0, 0.5], &[1, 4])];
    all(&[-0.5, -0.5, 0.5, 0.5], &wide, [missing, missing, missing + v * v / (missing + v)]);
    // Without height: an angle of 90 degrees, v = 1/4, alpha = 1/5, centres 1/2 (squared) apart, diagonal 5. Sides that are equal
    // have half the slope.
    let slope = 0.2 / std::f64::consts::PI;
    let gradient = [0.14, -0.08 + slope, 0.02, -0.1 - slope];
    meets("CompleteBoxIoU", config(), &[0.0, 0.0, 2.0, 0.0], &[1, 4], &unit, &[1.15], Some(&gradient));
    // A point, where torchvision divides 0 by 0.
    let gradient = [0.25, 0.25, 0.125, 0.125];
    meets("CompleteBoxIoU", config(), &[1.0; 4], &[1, 4], &unit, &[1.3], Some(&gradient));
    for kind in BOX_LOSSES {
        meets(kind, config(), &[0.0; 4], &[1, 4], &[floats(&[0.0; 4], &[1, 4])], &[1.0], Some(&[0.0; 4]));
    }
    // An image without boxes.
    for kind in BOX_LOSSES {
        let none = [floats(&[], &[0, 4])];
        meets(kind, json!({"reduction": "sum"}), &[], &[0, 4], &none, &[0.0], Some(&[]));
    }
    // One value per box, whatever the dimensions before.
    let (x, t) = ([0.0, 0.0, 1.0, 1.0].repeat(2), floats(&[0.0, 0.0, 1.0, 1.0, 2.0, 0.0, 3.0, 1.0], &[1, 2, 4]));
    meets("DistanceBoxIoU", config(), &x, &[1, 2, 4], std::slice::from_ref(&t), &[0.0, 1.4], None);
    meets("DistanceBoxIoU", json!({"eps": 1e-12}), &x, &[1, 2, 4], std::slice::from_ref(&t), &[0.7], None);
    meets("DistanceBoxIoU", json!({"eps": 1e-12, "reduction": "sum"}), &x, &[1, 2, 4], &[t], &[1.4], None);
}

#[test]
fn boxes_with_weights() {
    // Losses 0, 4/3 and 2/3 of the boxes above, which count 2, 0 and 3 times.
    let x = [0.0, 0.0, 1.0, 1.0, 2.0, 0.0, 3.0, 1.0, 0.5, 0.0, 1.5, 1.0];
    for (device, _) in devices() {
        let value =
            |data: &[f64], shape: &[usize]| Value::from_doubles(data.to_vec(), shape, DType::F32, &device).unwrap();
        let weights = SampleWeights { values: value(&[2.0, 0.0, 3.0], &[3]), total: 5.0 };
        let target = [value(&[0.0, 0.0, 1.0, 1.0].repeat(3), &[3, 4])];
        for (reduction, expected) in [("mean", 0.4), ("sum", 2.0)] {
            let leaf = value(&x, &[3, 4]).tracked();
            let loss = loss("GeneralizedBoxIoU", json!({"reduction": reduction}));
            let found = loss.weighted(&leaf, &target, &weights).unwrap();
            assert!((found.clone().to_scalar().unwrap() - expected).abs() < 1e-6);
            let gradient = found.backward().unwrap().of(&leaf).unwrap().to_doubles().unwrap();
            assert_eq!(gradient[4..8], [0.0; 4]);
            assert!(gradient[8..].iter().any(|&g| g != 0.0));
        }
    }
}

#[test]
fn boxes_of_wrong_shapes() {
    for kind in BOX_LOSSES {
        let fails = |x: &[usize], target: &[usize], text: &str| {
            let target = floats(&vec![0.0; target.iter().product()], target);
            let error = checked(&*loss(kind, json!({})), x, &[target]).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Shape, "{error}");
            assert!(error.message.contains(text), "{kind}: {error}");
        };
        fails(&[3, 5], &[3, 5], "[samples, .., 4] of x1, y1, x2, y2, found [3, 5]");
        fails(&[4], &[4], "found [4]");
        fails(&[4, 1], &[4, 1], "found [4, 1]");
        fails(&[3, 4], &[3], "the prediction's shape [3, 4], found [3]");
        fails(&[3, 4], &[1, 4], "found [1, 4]");
        assert!(checked(&*loss(kind, json!({})), &[3, 4], &[]).is_err());
    }
}

#[test]
fn ctc_by_enumeration() {
    // Two steps, classes blank, a, b. The label a is spelt by (a, a), (a, blank), (blank, a); (a, a) only by three steps.
    let p = [[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]];
    let x: Vec<f64> = p.concat().iter().map(|p: &f64| p.ln()).collect();
    let a: f64 = 0.3 * 0.6 + 0.3 * 0.1 + 0.5 * 0.6;
    let t = |labels: &[i64], steps: i64| {
        [ints(labels, &[1, labels.len()]), ints(&[steps], &[1]), ints(&[labels.len() as i64], &[1])]
    };
    for first in [false, true] {
        let shape = if first { [1, 2, 3] } else { [2, 1, 3] };
        let config = json!({"batch_first": first});
        meets("CTC", config.clone(), &x, &shape, &t(&[1], 2), &[-a.ln()], None);
        meets("CTC", config.clone(), &x, &shape, &t(&[1, 2], 2), &[-(0.3f64 * 0.3).ln() / 2.0], None);
        meets("CTC", config, &x, &shape, &t(&[2], 1), &[-(0.2f64).ln()], None);
    }
    // Impossible: infinite, or nothing with zero_infinity.
    meets("CTC", json!({}), &x, &[2, 1, 3], &t(&[1, 1], 2), &[f64::INFINITY], None);
    meets("CTC", json!({"zero_infinity": true}), &x, &[2, 1, 3], &t(&[1, 1], 2), &[0.0], Some(&[0.0; 6]));
    // An empty target: all blanks.
    let empty = [ints(&[], &[0]), ints(&[2], &[1]), ints(&[0], &[1])];
    meets("CTC", json!({}), &x, &[2, 1, 3], &empty, &[-(0.05f64).ln()], None);
    // The derivative by the label's share, as PyTorch gives it: p minus the share of the paths through.
    let share = |paths: f64| paths / a;
    let gradient = [
        0.5 - share(0.3),
        0.3 - share(0.18 + 0.03),
        0.2, // first step: blank, a, b
        0.1 - share(0.03),
        0.6 - share(0.18 + 0.3),
        0.3,
    ];
    meets("CTC", json!({"reduction": "sum"}), &x, &[2, 1, 3], &t(&[1], 2), &[-a.ln()], Some(&gradient));
}

#[test]
fn gradients_are_central_differences() {
    let x = [0.7, -0.4, 1.3, 0.2, -1.1, 0.6];
    let hot = [floats(&[1.0, 0.0, 0.3, 1.0, 0.0, 0.8], &[2, 3])];
    let rows = [floats(&[0.3, 0.2, -1.0, 0.5, 0.1, 0.9], &[2, 3]), floats(&[-0.3, 1.2, 0.4, -0.5, 0.3, 0.2], &[2, 3])];
    for config in [json!({}), json!({"gamma": 0.7, "alpha": 0.6}), json!({"gamma": 1.0, "reduction": "sum"})] {
        differences("BinaryFocal", config, &x, &[2, 3], &hot);
    }
    for config in [json!({}), json!({"gamma": 0.7, "alpha": [0.2, 0.5, 0.9]})] {
        differences("Focal", config, &x, &[2, 3], &[ints(&[2, 0], &[2])]);
    }
    for activation in ["none", "sigmoid", "softmax"] {
        differences("Dice", json!({"activation": activation}), &x, &[2, 3], &hot);
    }
    let boxes = [0.1, 0.2, 0.9, 0.7, -1.0, 0.3, 0.4, 1.1, 2.0, 2.5, 2.6, 3.1];
    let marked = [floats(&[0.3, 0.1, 0.8, 1.2, -0.8, 0.5, 0.2, 0.9, 0.0, 0.1, 1.0, 0.4], &[3, 4])];
    // Not the complete one: its alpha is a constant in the derivative.
    for kind in ["GeneralizedBoxIoU", "DistanceBoxIoU"] {
        differences(kind, json!({}), &boxes, &[3, 4], &marked);
    }
    differences("LogCosh", json!({}), &x, &[2, 3], &hot);
    differences("BCEWithLogits", json!({"weight": [1.0, 2.0, 3.0], "pos_weight": [0.5, 2.0, 1.0]}), &x, &[2, 3], &hot);
    differences("MultiLabelSoftMargin", json!({"weight": [1.0, 2.0, 3.0]}), &x, &[2, 3], &hot);
    differences("TripletMargin", json!({"p": 3.5, "margin": 5.0}), &x, &[2, 3], &rows);
    differences("TripletMargin", json!({"swap": true, "margin": 5.0}), &x, &[2, 3], &rows);
    differences("GaussianNLL", json!({"full": true}), &x, &[2, 3], &[rows[0].clone(), floats(&[0.5, 2.0], &[2, 1])]);
    differences("CosineEmbedding", json!({}), &x, &[2, 3], &[rows[0].clone(), floats(&[1.0, -1.0], &[2])]);
    differences("MultiMargin", json!({"p": 2, "margin": 1.5}), &x, &[2, 3], &[ints(&[1, 2], &[2])]);
    differences("MultiLabelMargin", json!({}), &x, &[2, 3], &[ints(&[1, -1, 0, 0, 2, -1], &[2, 3])]);
}

#[test]
fn bad_targets_are_named() {
    let fails = |kind: &str, shape: &[usize], targets: &[Target], text: &str| {
        let error = checked(&*loss(kind, json!({})), shape, targets).unwrap_err();
        assert!(error.message.contains(text), "{kind}: {error}");
    };
    let four = |data: [f64; 4]| [floats(&data, &[2, 2])];
    fails("BCE", &[2, 2], &four([0.0, 1.0, 0.0, 1.5]), "sample 1 (position [1, 1]) is 1.5, expected 0 to 1");
    fails("BCEWithLogits", &[2, 2], &four([0.0, 1.0, -1.0, 1.0]), "sample 1 (position [1, 0]) is -1");
    fails("BCE", &[2, 2], &four([0.0, f64::NAN, 0.0, 1.0]), "sample 0 (position [0, 1]) is NaN");
    fails("SoftMargin", &[2, 2], &four([1.0, -1.0, 0.0, 1.0]), "is 0, expected 1 or -1");
    fails("KLDiv", &[2, 2], &four([1.0, 0.5, -0.1, 1.0]), "a probability of at least 0");
    fails("PoissonNLL", &[2, 2], &four([1.0, 0.5, 2.0, -1.0]), "a count of at least 0");
    fails("MSE", &[2, 2], &[], "takes 1 target, found 0");
    fails("TripletMargin", &[2, 2], &four([0.0; 4]), "takes 2 targets, found 1");
    fails("MultiMargin", &[2, 2], &[ints(&[0, 2], &[2])], "sample 1 has class 2");
    fails("MultiLabelMargin", &[2, 2], &[ints(&[0, -1, 3, 1], &[2, 2])], "sample 1 (position [1, 0]) has class 3");
    fails("GaussianNLL", &[2], &[floats(&[0.0; 2], &[2]), floats(&[0.1, -0.1], &[2])], "a variance of at least 0");
    let ctc = |labels: [i64; 4], steps: [i64; 2], lengths: [i64; 2], text: &str| {
        fails("CTC", &[3, 2, 4], &[ints(&labels, &[2, 2]), ints(&steps, &[2]), ints(&lengths, &[2])], text);
    };
    ctc([1, 2, 3, 4], [3, 3], [2, 2], "sample 1 has class 4");
    ctc([1, 0, 3, 3], [3, 3], [2, 2], "sample 0 has class 0");
    ctc([1, 2, 3, 3], [3, 4], [2, 2], "sample 1 has 4 of 3 steps");
    ctc([1, 2, 3, 3], [3, 3], [2, 3], "sample 1 has 3 of 2 classes");
    checked(
        &*loss("CTC", json!({})),
        &[3, 2, 4],
        &[ints(&[1, 0, 3, 3], &[2, 2]), ints(&[3, 3], &[2]), ints(&[1, 2], &[2])],
    )
    .unwrap();
    fails("CTC", &[2, 3, 4], &[ints(&[1; 4], &[2, 2]), ints(&[3; 2], &[2]), ints(&[2; 2], &[2])], "batch_first");
}

#[test]
fn options_are_checked() {
    for (kind, config) in [
        ("Huber", json!({"delta": 0.0})),
        ("SmoothL1", json!({"beta": -1.0})),
        ("MSE", json!({"reduction": "batchmean"})),
        ("KLDiv", json!({"reduction": "average"})),
        ("GaussianNLL", json!({"eps": 0.0})),
        ("CosineEmbedding", json!({"margin": 2.0})),
        ("TripletMargin", json!({"p": 0.5})),
        ("TripletMargin", json!({"margin": 0.0})),
        ("MultiMargin", json!({"p": 3})),
        ("CTC", json!({"blank": -1})),
        ("Focal", json!({"gamma": -1.0})),
        ("BinaryFocal", json!({"alpha": 1.5})),
        ("Dice", json!({"activation": "relu"})),
        ("GeneralizedBoxIoU", json!({"eps": 0.0})),
        ("CompleteBoxIoU", json!({"eps": -1e-7})),
        ("DistanceBoxIoU", json!({"reduction": "batchmean"})),
        ("BCE", json!({"pos_weight": [1.0]})),
    ] {
        let error = losses::create(&part(kind, config.clone())).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{kind} {config}: {error}");
        assert!(error.message.starts_with(&format!("loss {kind}: ")), "{error}");
    }
}
