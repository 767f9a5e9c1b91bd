//! Wrong options and wrong shapes: the error says what was expected and what was found. Inference with unknown sizes.

use exburn_core::layers::{Dim, Init, Type, create};
use exburn_core::spec::Config;
use exburn_core::tensor::Kind;
use exburn_core::{Error, ErrorKind};
use serde_json::{Value as Json, json};

fn config(options: Json) -> Config {
    Config::from_value(options).unwrap()
}

fn refused(layer: &str, options: Json) -> Error {
    create(layer, &config(options.clone())).err().unwrap_or_else(|| panic!("{layer} takes {options}"))
}

fn infer(layer: &str, options: Json, input: Type) -> Result<Type, Error> {
    create(layer, &config(options)).unwrap().infer(&[input]).map(|mut types| types.remove(0))
}

fn float(shape: &[i64]) -> Type {
    Type::from_spec(Some(shape), Kind::Float).unwrap()
}

#[test]
fn wrong_options() {
    for (layer, options, message) in [
        ("Linear", json!({"in_features": 3}), "option 'out_features' is missing"),
        ("Linear", json!({"in_features": 0, "out_features": 1}), "option 'in_features': expected at least 1, found 0"),
        (
            "Linear",
            json!({"in_features": "3", "out_features": 1}),
            "option 'in_features': expected an integer, found \"3\"",
        ),
        ("ReLU", json!({"inplace": true}), "unknown option 'inplace'"),
        ("Dropout", json!({"p": 0.5, "inplace": false}), "unknown option 'inplace'; known: p"),
        ("Dropout", json!({"p": 1.5}), "option 'p': expected a probability, 0 to 1, found 1.5"),
        ("Conv2d", json!({"in_channels": 3, "out_channels": 4}), "option 'kernel_size' is missing"),
        (
            "Conv2d",
            json!({"in_channels": 3, "out_channels": 4, "kernel_size": 3, "groups": 2}),
            "option 'in_channels': expected a multiple of groups (2), found 3",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 3, "kernel_size": 3, "groups": 2}),
            "option 'out_channels': expected a multiple of groups (2), found 3",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 4, "kernel_size": 3, "padding": "full"}),
            "option 'padding': expected one of same, valid, found 'full'",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 4, "kernel_size": 3, "padding": "same", "stride": 2}),
            "option 'padding': 'same' needs a stride of 1, found [2, 2]",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 4, "kernel_size": [3, 3, 3]}),
            "option 'kernel_size': expected one or 2 integers of at least 1, found [3, 3, 3]",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 4, "kernel_size": 3, "stride": 0}),
            "option 'stride': expected one or 2 integers of at least 1, found [0, 0]",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 4, "kernel_size": 5_000_000_000u64}),
            "option 'kernel_size': expected at most 2147483647, found 5000000000",
        ),
        (
            "Conv2d",
            json!({"in_channels": 4, "out_channels": 4, "kernel_size": 3, "padding_mode": "mirror"}),
            "option 'padding_mode': expected one of zeros, reflect, replicate, circular, found 'mirror'",
        ),
        (
            "MaxPool2d",
            json!({"kernel_size": 3, "padding": 2}),
            "option 'padding': expected at most 1 (half of the kernel's size 3), found 2",
        ),
        ("MaxPool2d", json!({"kernel_size": 2, "return_indices": true}), "unknown option 'return_indices'"),
        ("AvgPool2d", json!({"kernel_size": 2, "dilation": 2}), "unknown option 'dilation'"),
        (
            "AvgPool2d",
            json!({"kernel_size": 2, "divisor_override": 0}),
            "option 'divisor_override': expected at least 1, found 0",
        ),
        ("AdaptiveAvgPool2d", json!({}), "option 'output_size' is missing"),
        (
            "AdaptiveAvgPool2d",
            json!({"output_size": [1, 2, 3]}),
            "expected one or 2 integers of at least 1, each of them or null, found [1,2,3]",
        ),
        ("AdaptiveAvgPool2d", json!({"output_size": [0, null]}), "option 'output_size'"),
        (
            "BatchNorm1d",
            json!({"num_features": 2, "momentum": 2}),
            "option 'momentum': expected 0 to 1, or null, found 2",
        ),
        (
            "BatchNorm2d",
            json!({"num_features": 2, "eps": -1}),
            "option 'eps': expected a number of at least 0, found -1",
        ),
        ("LayerNorm", json!({}), "option 'normalized_shape' is missing"),
        (
            "LayerNorm",
            json!({"normalized_shape": []}),
            "option 'normalized_shape': expected integers of at least 1, found []",
        ),
        (
            "LayerNorm",
            json!({"normalized_shape": [3, 0]}),
            "option 'normalized_shape': expected integers of at least 1, found [3, 0]",
        ),
        (
            "Embedding",
            json!({"num_embeddings": 4, "embedding_dim": 2, "padding_idx": 4}),
            "option 'padding_idx': expected -4 to 3, found 4",
        ),
        (
            "Embedding",
            json!({"num_embeddings": 4, "embedding_dim": 2, "padding_idx": -5}),
            "option 'padding_idx': expected -4 to 3, found -5",
        ),
        ("Unflatten", json!({"dim": 1}), "option 'unflattened_size' is missing"),
        ("Unflatten", json!({"dim": 1, "unflattened_size": [-1, -1]}), "one of them may be -1, found [-1, -1]"),
        ("Softmax", json!({}), "option 'dim' is missing"),
        ("GELU", json!({"approximate": "erf"}), "option 'approximate': expected one of none, tanh, found 'erf'"),
        ("LeakyReLU", json!({"negative_slope": "x"}), "option 'negative_slope': expected a number, found \"x\""),
    ] {
        let error = refused(layer, options.clone());
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
        assert!(error.message.contains(message), "{layer} {options}: {error}");
    }
    let error = refused("Conv9d", json!({}));
    assert!(error.kind == ErrorKind::Unsupported && error.message.contains("there is no layer 'Conv9d'; known: "));
}

#[test]
fn wrong_shapes() {
    let conv = json!({"in_channels": 3, "out_channels": 4, "kernel_size": 3});
    for (layer, options, shape, message) in [
        ("Linear", json!({"in_features": 3, "out_features": 1}), &[-1, 4][..], "input: expected [.., 3], found [?, 4]"),
        ("Conv2d", conv.clone(), &[-1, 1, 28, 28], "input: expected [N, 3, H, W], found [?, 1, 28, 28]"),
        ("Conv2d", conv.clone(), &[-1, 28, 28], "input: expected [N, 3, H, W], found [?, 28, 28]"),
        (
            "Conv2d",
            conv,
            &[-1, 3, 2, 9],
            "input: expected a height that with 0 of padding holds a window of 3, found [?, 3, 2, 9]",
        ),
        (
            "Conv2d",
            json!({"in_channels": 3, "out_channels": 4, "kernel_size": 5, "padding": 2, "padding_mode": "reflect"}),
            &[-1, 3, 9, 2],
            "reflect padding of 2 and 2: expected a dimension of at least 3, found 2",
        ),
        ("MaxPool2d", json!({"kernel_size": 2}), &[-1, 10], "input: expected [N, C, H, W], found [?, 10]"),
        (
            "MaxPool2d",
            json!({"kernel_size": 2}),
            &[-1, 4, 8, 1],
            "input: expected a width that with 0 of padding holds a window of 2",
        ),
        ("BatchNorm1d", json!({"num_features": 3}), &[-1, 4], "input: expected [N, 3] or [N, 3, L], found [?, 4]"),
        (
            "BatchNorm1d",
            json!({"num_features": 3}),
            &[-1, 3, 4, 4],
            "input: expected [N, 3] or [N, 3, L], found [?, 3, 4, 4]",
        ),
        ("BatchNorm2d", json!({"num_features": 3}), &[-1, 3], "input: expected [N, 3, H, W], found [?, 3]"),
        ("LayerNorm", json!({"normalized_shape": [3, 4]}), &[-1, 4, 4], "input: expected [.., 3, 4], found [?, 4, 4]"),
        ("LayerNorm", json!({"normalized_shape": [3, 4]}), &[4], "input: expected [.., 3, 4], found [4]"),
        (
            "Unflatten",
            json!({"dim": 1, "unflattened_size": [3, 5]}),
            &[-1, 12],
            "input: expected 15 in dimension 1, found [?, 12]",
        ),
        (
            "Unflatten",
            json!({"dim": 1, "unflattened_size": [5, -1]}),
            &[-1, 12],
            "input: expected a multiple of 5 in dimension 1",
        ),
    ] {
        let error =
            infer(layer, options.clone(), float(shape)).err().unwrap_or_else(|| panic!("{layer} takes {shape:?}"));
        assert_eq!(error.kind, ErrorKind::Shape, "{error}");
        assert!(error.message.contains(message), "{layer} {options} {shape:?}: {error}");
        assert!(error.detail.is_some());
    }
    let error = infer("Flatten", json!({"start_dim": 3}), float(&[-1, 2])).unwrap_err();
    assert_eq!(error.message, "start_dim: dimension 3 does not exist in a tensor of rank 2");
    let error = infer("Flatten", json!({"start_dim": 2, "end_dim": 1}), float(&[-1, 2, 2])).unwrap_err();
    assert_eq!(error.message, "start_dim 2 comes after end_dim 1 in a tensor of rank 3");
    let error = infer("Softmax", json!({"dim": 2}), float(&[-1, 2])).unwrap_err();
    assert_eq!(error.message, "option 'dim': dimension 2 does not exist in a tensor of rank 2");
}

#[test]
fn wrong_kinds() {
    let table = json!({"num_embeddings": 4, "embedding_dim": 2});
    let error = infer("Embedding", table, float(&[-1, 4])).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::DType, "input: expected integer, found float"));
    let error = infer("ReLU", json!({}), Type::unknown(Kind::Int)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::DType);
}

#[test]
fn unknown_sizes_stay_unknown() {
    let conv = || json!({"in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": 2});
    for (layer, options, shape, expected) in [
        ("Linear", json!({"in_features": 3, "out_features": 5}), &[-1, -1, -1][..], &[-1, -1, 5][..]),
        ("Conv2d", conv(), &[-1, -1, -1, 9], &[-1, 4, -1, 4]),
        (
            "Conv2d",
            json!({"in_channels": 3, "out_channels": 4, "kernel_size": 4, "padding": "same"}),
            &[2, 3, 7, 9],
            &[2, 4, 7, 9],
        ),
        ("MaxPool2d", json!({"kernel_size": 2}), &[-1, -1, 28, -1], &[-1, -1, 14, -1]),
        ("AvgPool2d", json!({"kernel_size": 3, "stride": 2, "ceil_mode": true}), &[-1, 2, 8, 8], &[-1, 2, 4, 4]),
        ("AdaptiveAvgPool2d", json!({"output_size": [null, 2]}), &[-1, 8, 5, -1], &[-1, 8, 5, 2]),
        ("BatchNorm1d", json!({"num_features": 3}), &[-1, -1, 7], &[-1, 3, 7]),
        ("LayerNorm", json!({"normalized_shape": [3, 4]}), &[-1, -1, 4], &[-1, 3, 4]),
        ("Flatten", json!({}), &[-1, 2, 3, 4], &[-1, 24]),
        ("Flatten", json!({"start_dim": 0, "end_dim": 1}), &[-1, 2, 3], &[-1, 3]),
        ("Unflatten", json!({"dim": -1, "unflattened_size": [2, -1]}), &[-1, 6], &[-1, 2, 3]),
        ("Unflatten", json!({"dim": 1, "unflattened_size": [2, -1]}), &[-1, -1], &[-1, 2, -1]),
        ("Unflatten", json!({"dim": 1, "unflattened_size": [2, 3]}), &[-1, -1], &[-1, 2, 3]),
        ("Softmax", json!({"dim": -1}), &[-1, 6], &[-1, 6]),
        ("Dropout", json!({}), &[-1, 6], &[-1, 6]),
    ] {
        let found = infer(layer, options.clone(), float(shape)).unwrap_or_else(|e| panic!("{layer} {options}: {e}"));
        assert_eq!(found.to_spec().unwrap(), expected, "{layer} {options}");
    }
    let out = infer("Conv2d", conv(), Type::unknown(Kind::Float)).unwrap();
    assert_eq!(out.to_spec().unwrap(), [-1, 4, -1, -1]);
    let out =
        infer("Embedding", json!({"num_embeddings": 4, "embedding_dim": 2}), Type::new(vec![None, Some(7)], Kind::Int));
    assert_eq!(out.unwrap(), Type::float(vec![None, Some(7), Some(2)]));
    let rankless = infer("Flatten", json!({}), Type::unknown(Kind::Int)).unwrap();
    assert_eq!(rankless, Type::unknown(Kind::Int));
}

#[test]
fn natural_inputs() {
    let natural = |layer: &str, options: Json| create(layer, &config(options)).unwrap().natural_input(0);
    let dims = |dims: &[Dim]| Type::float(dims.to_vec());
    let conv = json!({"in_channels": 3, "out_channels": 4, "kernel_size": 3});
    assert_eq!(natural("Conv2d", conv), dims(&[None, Some(3), None, None]));
    assert_eq!(natural("BatchNorm2d", json!({"num_features": 3})), dims(&[None, Some(3), None, None]));
    // The rank of these is open.
    assert_eq!(natural("BatchNorm1d", json!({"num_features": 3})), Type::unknown(Kind::Float));
    assert_eq!(natural("LayerNorm", json!({"normalized_shape": 3})), Type::unknown(Kind::Float));
    assert_eq!(natural("MaxPool2d", json!({"kernel_size": 3})), dims(&[None; 4]));
    let embedding = create("Embedding", &config(json!({"num_embeddings": 9, "embedding_dim": 2}))).unwrap();
    assert_eq!(embedding.natural_input(0), Type::unknown(Kind::Int));
    assert_eq!((embedding.input_kind(0), embedding.index_bound(0)), (Kind::Int, Some(9)));
}

/// Names, shapes and first values as PyTorch's.
#[test]
fn declarations() {
    let declared = |layer: &str, options: Json| {
        let all = create(layer, &config(options)).unwrap().declare();
        all.into_iter().map(|d| (d.name, d.shape, d.init)).collect::<Vec<_>>()
    };
    let conv = declared("Conv2d", json!({"in_channels": 4, "out_channels": 6, "kernel_size": [3, 2], "groups": 2}));
    let bound = Init::Uniform(1.0 / 12f64.sqrt());
    assert_eq!(conv, [("weight".into(), vec![6, 2, 3, 2], bound.clone()), ("bias".into(), vec![6], bound)]);
    let names = |layer: &str, options: Json| declared(layer, options).into_iter().map(|d| d.0).collect::<Vec<_>>();
    let all = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
    assert_eq!(names("BatchNorm2d", json!({"num_features": 4})), all);
    assert_eq!(names("BatchNorm1d", json!({"num_features": 4, "affine": false})), all[2..]);
    assert_eq!(names("BatchNorm1d", json!({"num_features": 4, "track_running_stats": false})), all[..2]);
    assert_eq!(names("LayerNorm", json!({"normalized_shape": 4, "bias": false})), ["weight"]);
    assert!(names("LayerNorm", json!({"normalized_shape": 4, "elementwise_affine": false})).is_empty());
}
