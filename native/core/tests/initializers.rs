//! Initialisers: bounds and moments against torch.nn.init's formulas, structure, seeds, patterns, wrong options.

use exburn_core::backend::rng::{Purpose, Rng};
use exburn_core::device::Device;
use exburn_core::layers::{Initializer, fans};
use exburn_core::model::Model;
use exburn_core::spec::{CompileSpec, Config, ModelSpec, PartSpec};
use exburn_core::train::{TrainOptions, train_step};
use exburn_core::{ArrayView, DataView, Error, ErrorKind, HostArray, HostData};
use serde_json::{Value as Json, json};

fn part(kind: &str, config: Json) -> PartSpec {
    PartSpec { kind: kind.to_owned(), config: Config::from_value(config).unwrap() }
}

fn values(kind: &str, config: Json, shape: &[usize]) -> Vec<f64> {
    let mut rng = Rng::new(7, Purpose::Initialise, &[1]);
    Initializer::new(&part(kind, config)).unwrap().values(shape, &mut rng).unwrap()
}

fn refused(kind: &str, config: Json) -> Error {
    Initializer::new(&part(kind, config.clone())).err().unwrap_or_else(|| panic!("{kind} takes {config}"))
}

/// Mean and variance within five standard errors; `kurtosis` is the fourth central moment by the square of the variance.
fn moments(what: &str, values: &[f64], mean: f64, variance: f64, kurtosis: f64) {
    let n = values.len() as f64;
    let found = values.iter().sum::<f64>() / n;
    let spread = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    assert!((found - mean).abs() < 5.0 * (variance / n).sqrt(), "{what}: mean {found}, expected {mean}");
    let bound = 5.0 * variance * ((kurtosis - 1.0) / n).sqrt();
    assert!((spread - variance).abs() < bound, "{what}: variance {spread}, expected {variance}");
}

const NORMAL: f64 = 3.0;
const UNIFORM: f64 = 1.8;

/// A uniform distribution of this bound: moments, and nothing beyond it though something near it.
fn uniform(what: &str, values: &[f64], low: f64, high: f64) {
    moments(what, values, (low + high) / 2.0, (high - low).powi(2) / 12.0, UNIFORM);
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &x| (a.min(x), b.max(x)));
    let near = (high - low) * 20.0 / values.len() as f64;
    assert!(least >= low && least < low + near && most <= high && most > high - near, "{what}: {least} to {most}");
}

#[test]
fn plain_distributions() {
    assert_eq!(values("Zeros", json!({}), &[2, 2]), [0.0; 4]);
    assert_eq!(values("Ones", json!({}), &[3]), [1.0; 3]);
    assert_eq!(values("Constant", json!({"val": -2.5}), &[2]), [-2.5; 2]);
    uniform("uniform", &values("Uniform", json!({}), &[10_000]), 0.0, 1.0);
    uniform("uniform", &values("Uniform", json!({"a": -3, "b": -1}), &[100, 100]), -3.0, -1.0);
    moments("normal", &values("Normal", json!({}), &[10_000]), 0.0, 1.0, NORMAL);
    moments("normal", &values("Normal", json!({"mean": 2, "std": 0.1}), &[10_000]), 2.0, 0.01, NORMAL);
    let given = json!({"shape": [2, 2], "data": [1, 2.5, -3, 4]});
    assert_eq!(values("Array", given, &[2, 2]), [1.0, 2.5, -3.0, 4.0]);
}

/// Means and variances by numerical integration of the density (200,000 points), for wide, narrow, far and one-sided cuts.
#[test]
fn truncated_normal() {
    for (a, b, mean, variance) in [
        (-2.0, 2.0, 0.0, 0.773_741_303_554_562),
        (1.0, 3.0, 1.510_049_513_254_073, 0.173_452_904_917_383),
        (8.0, 9.0, 8.121_188_992_996_423, 0.014_148_542_781_243),
        (0.5, 0.6, 0.549_541_842_510_244, 0.000_832_929_682_041),
        (-1.0, 6.0, 0.287_599_964_050_578, 0.629_686_246_046_757),
        (0.0, 50.0, 0.797_884_562_880_707, 0.363_380_224_316_67),
        (-9.0, -8.0, -8.121_188_992_996_56, 0.014_148_542_779_594),
        (-0.2, 1.5, 0.510_340_166_437_201, 0.207_825_724_292_905),
    ] {
        let drawn = values("TruncatedNormal", json!({"a": a, "b": b}), &[20_000]);
        assert!(drawn.iter().all(|&x| x >= a && x <= b), "[{a}, {b}]");
        // None of these has more tails than an exponential distribution, whose kurtosis is 9.
        moments(&format!("[{a}, {b}]"), &drawn, mean, variance, 9.0);
    }
    let moved = values("TruncatedNormal", json!({"mean": 1, "std": 0.5, "a": 0, "b": 2}), &[20_000]);
    assert!(moved.iter().all(|x| (0.0..=2.0).contains(x)));
    moments("moved", &moved, 1.0, 0.773_741_303_554_562 / 4.0, NORMAL);
    assert_eq!(values("TruncatedNormal", json!({"mean": 3, "std": 0, "a": 0, "b": 2}), &[2]), [2.0; 2]);
}

#[test]
fn fans_are_torchs() {
    assert_eq!(fans(&[5, 3]).unwrap(), (3.0, 5.0));
    assert_eq!(fans(&[8, 4, 3, 2]).unwrap(), (24.0, 48.0));
    assert_eq!(fans(&[2, 3, 2, 2, 2]).unwrap(), (24.0, 16.0));
    let error = fans(&[5]).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), {
        (ErrorKind::Shape, "parameter: expected at least 2 dimensions (fans), found [5]")
    });
}

#[test]
fn xavier_and_kaiming() {
    let shape = [64, 16, 3, 3];
    let (fan_in, fan_out) = (144.0, 576.0);
    for gain in [1.0, 5.0 / 3.0] {
        let std = gain * (2.0f64 / (fan_in + fan_out)).sqrt();
        let bound = 3f64.sqrt() * std;
        uniform("xavier", &values("XavierUniform", json!({"gain": gain}), &shape), -bound, bound);
        moments("xavier", &values("XavierNormal", json!({"gain": gain}), &shape), 0.0, std * std, NORMAL);
    }
    // calculate_gain, and what it makes of each mode.
    for (nonlinearity, slope, gain) in [
        ("linear", 0.0, 1.0),
        ("sigmoid", 0.0, 1.0),
        ("tanh", 0.0, 5.0 / 3.0),
        ("relu", 0.0, 2f64.sqrt()),
        ("leaky_relu", 0.0, 2f64.sqrt()),
        ("leaky_relu", 0.2, (2.0f64 / 1.04).sqrt()),
        ("leaky_relu", 5f64.sqrt(), (1.0f64 / 3.0).sqrt()),
        ("selu", 0.0, 0.75),
    ] {
        for (mode, fan) in [("fan_in", fan_in), ("fan_out", fan_out)] {
            let options = json!({"a": slope, "mode": mode, "nonlinearity": nonlinearity});
            let bound = gain * (3.0f64 / fan).sqrt();
            uniform(nonlinearity, &values("KaimingUniform", options.clone(), &shape), -bound, bound);
            moments(nonlinearity, &values("KaimingNormal", options, &shape), 0.0, gain * gain / fan, NORMAL);
        }
    }
    let defaults = values("KaimingNormal", json!({}), &shape);
    assert_eq!(
        defaults,
        values("KaimingNormal", json!({"mode": "fan_in", "nonlinearity": "leaky_relu", "a": 0}), &shape)
    );
}

/// The rows, or the columns where they are fewer, are orthogonal and as long as the gain.
#[test]
fn orthogonal() {
    for (shape, gain) in
        [(&[6, 6][..], 1.0), (&[3, 40], 1.0), (&[40, 3], 2.5), (&[1, 5], 1.0), (&[4, 2, 3, 3], 0.5), (&[300, 280], 1.0)]
    {
        let q = values("Orthogonal", json!({"gain": gain}), shape);
        let (rows, columns) = (shape[0], q.len() / shape[0]);
        let at = |i: usize, k: usize| if rows <= columns { q[i * columns + k] } else { q[k * columns + i] };
        let (few, many) = (rows.min(columns), rows.max(columns));
        for i in 0..few {
            for j in 0..=i {
                let product: f64 = (0..many).map(|k| at(i, k) * at(j, k)).sum();
                let expected = if i == j { gain * gain } else { 0.0 };
                assert!((product - expected).abs() < 1e-12, "{shape:?}: {product} at {i}, {j}");
            }
        }
        // Every orthogonal matrix is equally likely: an element has mean 0 and variance gain^2 / many.
        if few > 30 {
            moments("orthogonal", &q, 0.0, gain * gain / many as f64, NORMAL);
        }
    }
    let first: Vec<f64> = (0..4000)
        .map(|seed| {
            let mut rng = Rng::new(seed, Purpose::Initialise, &[1]);
            Initializer::new(&part("Orthogonal", json!({}))).unwrap().values(&[3, 3], &mut rng).unwrap()[0]
        })
        .collect();
    // One coordinate of a uniform point on the sphere is itself uniform in [-1, 1] (Archimedes).
    uniform("sphere", &first, -1.0, 1.0);
}

#[test]
fn structures() {
    let sparse = values("Sparse", json!({"sparsity": 0.33, "std": 0.5}), &[200, 50]);
    for column in 0..50 {
        let zeros = (0..200).filter(|row| sparse[row * 50 + column] == 0.0).count();
        assert_eq!(zeros, 66, "column {column}");
    }
    let rest: Vec<f64> = sparse.into_iter().filter(|&x| x != 0.0).collect();
    moments("sparse", &rest, 0.0, 0.25, NORMAL);
    // Rounded up, as torch.nn.init.sparse_ does.
    assert_eq!(values("Sparse", json!({"sparsity": 0.01}), &[3, 1]).iter().filter(|&&x| x == 0.0).count(), 1);
    assert_eq!(values("Eye", json!({}), &[2, 3]), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(values("Dirac", json!({}), &[2, 1, 3]), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    // Two groups of two output channels, two input channels each, kernel 2 x 3: the point (1, 1) of each.
    let dirac = values("Dirac", json!({"groups": 2}), &[4, 2, 2, 3]);
    let ones: Vec<usize> = dirac.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(i, _)| i).collect();
    let at = |o: usize, i: usize| (o * 2 + i) * 6 + 3 + 1;
    assert_eq!(ones, [at(0, 0), at(1, 1), at(2, 0), at(3, 1)]);
    assert!(ones.iter().all(|&i| dirac[i] == 1.0));
}

#[test]
fn seeds_name_the_numbers() {
    for kind in ["Uniform", "Normal", "TruncatedNormal", "XavierUniform", "KaimingNormal", "Orthogonal"] {
        let draw = |seed: u64| {
            let mut rng = Rng::new(seed, Purpose::Initialise, &[0]);
            Initializer::new(&part(kind, json!({}))).unwrap().values(&[4, 5], &mut rng).unwrap()
        };
        assert_eq!(draw(3), draw(3), "{kind}");
        assert_ne!(draw(3), draw(4), "{kind}");
    }
}

#[test]
fn wrong_options_and_shapes() {
    for (kind, options, message) in [
        ("Xavier", json!({}), "there is no initializer 'Xavier'; known: Constant, Zeros"),
        ("Constant", json!({}), "option 'val' is missing"),
        ("Zeros", json!({"val": 0}), "unknown option 'val'"),
        ("Uniform", json!({"a": 2}), "option 'b': expected a finite number of at least a (2), found 1"),
        ("Normal", json!({"std": -1}), "option 'std': expected a number of at least 0, found -1"),
        ("TruncatedNormal", json!({"a": 3}), "option 'b': expected a finite number of at least a (3), found 2"),
        (
            "KaimingNormal",
            json!({"mode": "fan_avg"}),
            "option 'mode': expected one of fan_in, fan_out, found 'fan_avg'",
        ),
        ("KaimingUniform", json!({"nonlinearity": "gelu"}), "option 'nonlinearity': expected one of linear"),
        ("Sparse", json!({}), "option 'sparsity' is missing"),
        ("Sparse", json!({"sparsity": 1.5}), "option 'sparsity': expected 0 to 1, found 1.5"),
        ("Dirac", json!({"groups": 0}), "option 'groups': expected at least 1, found 0"),
        ("Array", json!({"data": [1, 2]}), "option 'shape' is missing"),
        ("Array", json!({"data": [1, 2], "shape": [3]}), "option 'shape': expected 2 elements, found [3]"),
    ] {
        let error = refused(kind, options);
        assert!(error.message.contains(message), "{kind}: {}", error.message);
    }
    for (kind, options, shape, message) in [
        ("XavierUniform", json!({}), &[3][..], "expected at least 2 dimensions (fans), found [3]"),
        ("Orthogonal", json!({}), &[3], "expected at least 2 dimensions (orthogonal), found [3]"),
        ("Sparse", json!({"sparsity": 0.5}), &[3, 2, 1], "expected 2 dimensions (sparse), found [3, 2, 1]"),
        ("Eye", json!({}), &[3], "expected 2 dimensions (eye), found [3]"),
        ("Dirac", json!({}), &[3, 2], "expected 3 to 5 dimensions (dirac), found [3, 2]"),
        ("Dirac", json!({"groups": 2}), &[3, 2, 1], "expected a multiple of 2 output channels, found [3, 2, 1]"),
        ("Array", json!({"data": [1, 2], "shape": [2]}), &[2, 1], "array: expected [2, 1], found [2]"),
    ] {
        let mut rng = Rng::new(0, Purpose::Initialise, &[]);
        let error = Initializer::new(&part(kind, options)).unwrap().values(shape, &mut rng).unwrap_err();
        assert!(error.kind == ErrorKind::Shape && error.message.contains(message), "{kind}: {}", error.message);
    }
}

fn model(init: Json, seed: u64) -> Result<Model, Error> {
    let node = json!({"name": "fc", "type": "Linear", "config": {"in_features": 3, "out_features": 3}, "init": init,
        "inputs": ["x"]});
    let last = json!({"name": "norm", "type": "BatchNorm1d", "config": {"num_features": 3}, "inputs": ["fc"]});
    let spec =
        json!({"version": 1, "dtype": "f64", "inputs": [{"name": "x"}], "nodes": [node, last], "outputs": ["fc"]});
    Model::build(&ModelSpec::from_json(&spec.to_string()).unwrap(), seed, &Device::cpu())
}

/// What a linear layer of three inputs and outputs holds: its weight transposed, each row plus the bias.
fn rows(model: &Model) -> Vec<f64> {
    let x = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];
    let input = ArrayView::new(vec![4, 3], DataView::F64(&x)).unwrap();
    let HostArray { data: HostData::F64(y), .. } = model.predict(&[input], 0).unwrap().remove(0) else { panic!() };
    y
}

#[test]
fn a_description_asks_per_parameter() {
    let eye = json!({"weight": {"type": "Eye"}, "bias": {"type": "Constant", "config": {"val": 2}}});
    let expected = [3.0, 2.0, 2.0, 2.0, 3.0, 2.0, 2.0, 2.0, 3.0, 2.0, 2.0, 2.0];
    assert_eq!(rows(&model(eye, 1).unwrap()), expected);
    // Of several patterns the last counts; the text's order, not the alphabet's.
    let text = r#"{"weight": {"type": "Ones"}, "*": {"type": "Zeros"}}"#;
    let node = format!(
        r#"{{"version":1,"dtype":"f64","inputs":[{{"name":"x"}}],"outputs":["fc"],"nodes":[{{"name":"fc","type":"Linear",
        "config":{{"in_features":3,"out_features":3}},"init":{text},"inputs":["x"]}}]}}"#
    );
    let last = Model::build(&ModelSpec::from_json(&node).unwrap(), 1, &Device::cpu()).unwrap();
    assert_eq!(rows(&last), [0.0; 12]);
    // The other parameters keep PyTorch's default and the numbers they have without the request.
    let (plain, asked) =
        (rows(&model(json!({}), 4).unwrap()), rows(&model(json!({"weight": {"type": "Zeros"}}), 4).unwrap()));
    assert_eq!(plain[9..], asked[9..]);
    assert_ne!(plain[..9], asked[..9]);
}

#[test]
fn a_wrong_request_names_layer_and_parameter() {
    for (init, kind, message) in [
        (
            json!({"wieght": {"type": "Zeros"}}),
            ErrorKind::NotFound,
            "layer 'fc' (Linear): init: no parameter matches 'wieght'; there are: weight, bias",
        ),
        (
            json!({"weight": {"type": "Nothing"}}),
            ErrorKind::Unsupported,
            "layer 'fc' (Linear): init 'weight': there is no initializer 'Nothing'",
        ),
        (
            json!({"*": {"type": "Orthogonal"}}),
            ErrorKind::Shape,
            "layer 'fc' (Linear): fc.bias: parameter: expected at least 2 dimensions (orthogonal), found [3]",
        ),
    ] {
        let error = model(init, 1).err().unwrap();
        assert!(error.message.contains(message), "{}", error.message);
        assert_eq!((error.kind, error.subject.as_deref()), (kind, Some("fc")));
    }
}

#[test]
fn a_built_model_is_drawn_anew() {
    let orthogonal = part("Orthogonal", json!({}));
    let mut built = model(json!({}), 1).unwrap();
    assert_eq!(built.initialize("*.weight", &part("Constant", json!({"val": 0.5})), 0).unwrap(), 2);
    assert_eq!(built.initialize("fc.bias", &part("Zeros", json!({})), 0).unwrap(), 1);
    assert_eq!(rows(&built), [[0.5; 9].to_vec(), vec![0.0; 3]].concat());
    // The same numbers as a description with that seed gives.
    assert_eq!(built.initialize("fc.weight", &orthogonal, 9).unwrap(), 1);
    let described = model(json!({"weight": {"type": "Orthogonal"}, "bias": {"type": "Zeros"}}), 9).unwrap();
    assert_eq!(rows(&built), rows(&described));
    // A name that matches nothing, or only buffers, is an error; so is a shape that does not fit, and nothing changes.
    let before = rows(&built);
    for pattern in ["fd.*", "norm.running_mean"] {
        assert_eq!(built.initialize(pattern, &orthogonal, 1).unwrap_err().kind, ErrorKind::NotFound);
    }
    let error = built.initialize("fc", &orthogonal, 1).unwrap_err();
    assert_eq!((error.kind, error.subject.as_deref()), (ErrorKind::Shape, Some("fc.bias")));
    assert_eq!(rows(&built), before);
}

/// The momentum of the old weights does not push the new ones.
#[test]
fn drawing_anew_drops_the_optimizers_state() {
    let compile = r#"{"version":1,"loss":{"type":"MSE","config":{}},"metrics":[],
        "optimizer":{"type":"SGD","config":{"lr":0.1,"momentum":0.9}}}"#;
    let zeros = part("Zeros", json!({}));
    let (x, y) = ([1.0, 2.0, 3.0, -1.0, 0.0, 0.5], [1.0, -1.0, 0.5, 2.0, 0.0, 1.0]);
    let step = |model: &mut Model| {
        let view = |data| ArrayView::new(vec![2, 3], DataView::F64(data)).unwrap();
        train_step(model, &[view(&x)], &[view(&y)], None, &TrainOptions::default(), 0.1).unwrap();
    };
    let [mut used, mut fresh] = [1, 2].map(|seed| model(json!({}), seed).unwrap());
    for model in [&mut used, &mut fresh] {
        model.compile(&CompileSpec::from_json(compile).unwrap()).unwrap();
    }
    step(&mut used);
    for model in [&mut used, &mut fresh] {
        model.initialize("fc", &zeros, 0).unwrap();
        step(model);
    }
    assert_eq!(rows(&used), rows(&fresh));
}
