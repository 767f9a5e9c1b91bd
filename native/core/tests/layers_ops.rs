//! The operations on a graph's nodes: formulas, central differences, and their rules about shapes. ops_reference.rs has
//! PyTorch's values.

#[path = "common/single.rs"]
mod single;

use exburn_core::HostArray;
use exburn_core::tensor::DType;
use serde_json::{Value as Json, json};
use single::{Single, data, floats, integers, noise};

fn single(layer: &str, config: Json, inputs: Vec<HostArray>) -> Single {
    Single { layer: layer.to_owned(), config, state: vec![], inputs, training: true, frozen: false, seed: 0 }
}

/// Whole and half exponents, negative ones, one without a short form; expected values by powf of the host.
#[test]
fn powers() {
    let x = floats(&[4], vec![0.3, 1.0, 2.5, 7.0]);
    for p in [0.0, 1.0, 5.0, -3.0, 0.5, -0.5, 1.7, -2.3, 70.0] {
        let found = single("PowScalar", json!({"value": p}), vec![x.clone()]).output();
        for (found, x) in data(&found).iter().zip(data(&x)) {
            let expected = x.powf(p);
            assert!((found - expected).abs() <= 1e-13 * expected.abs(), "{x}^{p}: {found}, {expected}");
        }
    }
    let negative = single("PowScalar", json!({"value": 1.7}), vec![floats(&[2], vec![-1.0, 0.0])]).output();
    assert!(data(&negative)[0].is_nan() && data(&negative)[1] == 0.0);
}

#[test]
fn gradients_follow_central_differences() {
    let cpu = exburn_core::device::Device::cpu();
    let (a, b) = (noise(&[2, 3, 4], 1), noise(&[3, 4], 2));
    let positive = floats(&[2, 3], vec![0.5, 1.5, 2.0, 0.7, 1.1, 3.0]);
    let one = |name: &str, config: Json| single(name, config, vec![a.clone()]);
    let all = [
        single("Div", json!({}), vec![b.clone(), floats(&[1, 4], vec![1.5, -2.0, 0.8, 3.0])]),
        single("PowScalar", json!({"value": 1.7}), vec![positive.clone()]),
        single("PowScalar", json!({"value": -2}), vec![positive]),
        one("Var", json!({"dims": [0, -1], "keepdim": true, "correction": 0})),
        one("Mean", json!({"dims": [0, 2]})),
        one("Slice", json!({"dim": 2, "start": -3, "end": -1})),
        one("Reshape", json!({"shape": [0, -1]})),
        one("Split", json!({"dim": 1, "sizes": [1, 2]})),
        single("Stack", json!({"dim": -1, "inputs": 2}), vec![b.clone(), noise(&[3, 4], 4)]),
        single("MatMul", json!({}), vec![a.clone(), noise(&[4, 2], 3)]),
    ];
    for single in all {
        let error = single.gradient_error(&cpu);
        assert!(error < 1e-7, "{} {}: {error}", single.layer, single.config);
    }
}

#[test]
fn wrong_options_and_shapes_are_errors() {
    let x = || noise(&[2, 3, 4], 1);
    let wrong = [
        ("Reshape", json!({"shape": [5, -1]}), vec![x()], "elements for the shape"),
        ("Reshape", json!({"shape": [-1, -1]}), vec![x()], "-1 at most once"),
        ("Reshape", json!({"shape": [1, 1, 1, 0]}), vec![x()], "a dimension 3"),
        ("Permute", json!({"dims": [0, 0, 1]}), vec![x()], "is not an order"),
        ("Transpose", json!({"dim0": 0, "dim1": 3}), vec![x()], "dimension 3 does not exist"),
        ("Squeeze", json!({"dim": 1}), vec![x()], "size 1 in dimension 1"),
        ("Expand", json!({"shape": [2, 5, 4]}), vec![x()], "expands to"),
        ("Select", json!({"dim": 1, "index": 3}), vec![x()], "an index 3"),
        ("Split", json!({"dim": 1, "sizes": [1, 1]}), vec![x()], "size 2 in dimension 1"),
        ("Concat", json!({"dim": 0, "inputs": 2}), vec![x(), noise(&[2, 3, 5], 1)], "input 1"),
        ("Stack", json!({"dim": 0, "inputs": 2}), vec![x(), noise(&[2, 3], 1)], "input 1"),
        ("Add", json!({}), vec![x(), noise(&[5], 1)], "broadcasts with"),
        ("MatMul", json!({}), vec![x(), noise(&[3, 2], 1)], "can be multiplied"),
        ("Mean", json!({"dims": [1, -2]}), vec![x()], "names a dimension twice"),
        ("Sum", json!({"dims": []}), vec![x()], "at least one dimension"),
        ("Clamp", json!({}), vec![x()], "at least one is needed"),
        ("Gather", json!({"dim": 0}), vec![noise(&[2], 1), integers(&[1], vec![2])], "out of range"),
        ("Gather", json!({"dim": 0}), vec![noise(&[2], 1), noise(&[1], 1)], "int"),
        ("Parameter", json!({"shape": [0]}), vec![], "at least 1"),
        ("Constant", json!({"shape": [3], "values": [1, 2]}), vec![], "expected 3 numbers or 1"),
        ("AddScalar", json!({}), vec![x()], "'value' is missing"),
    ];
    for (name, config, inputs, text) in wrong {
        let error =
            single(name, config, inputs).run(&exburn_core::device::Device::cpu(), DType::F64, None).unwrap_err();
        assert!(error.to_string().contains(text), "{name}: {error}");
    }
}

#[test]
fn wrong_inputs_of_operations_are_errors() {
    let (x, ints) = (|| noise(&[2, 3, 4], 1), |data: Vec<i64>| integers(&[data.len()], data));
    let wrong = [
        ("Flip", json!({"dims": [0, 0]}), vec![x()], "names a dimension twice"),
        ("Roll", json!({"shifts": [1, 2]}), vec![x()], "expected 1 numbers"),
        ("Repeat", json!({"repeats": [2]}), vec![x()], "at most 1 dimensions"),
        ("Repeat", json!({"repeats": [-1]}), vec![x()], "at least 0"),
        ("Pad", json!({"padding": [1]}), vec![x()], "expected pairs"),
        ("Pad", json!({"padding": [-3, -1]}), vec![x()], "at least 5"),
        ("Narrow", json!({"dim": 1, "start": 2, "length": 2}), vec![x()], "2 elements from 2 on"),
        ("Chunk", json!({"dim": 2, "chunks": 3}), vec![x()], "a size of 3 chunks"),
        ("Slice", json!({"dim": 0, "step": 0}), vec![x()], "'step'"),
        ("Slice", json!({"ranges": [["a"]]}), vec![x()], "'ranges'"),
        ("Einsum", json!({"equation": "ij,jk->ik"}), vec![x(), x()], "names 2 dimensions of input 0, which has 3"),
        ("Einsum", json!({"equation": "i->j"}), vec![noise(&[3], 1)], "in the output only"),
        ("Einsum", json!({"equation": "i->ii"}), vec![noise(&[3], 1)], "twice in the output"),
        ("Einsum", json!({"equation": "i1"}), vec![x()], "where a letter is expected"),
        ("Einsum", json!({"equation": "i,i"}), vec![noise(&[3], 1), noise(&[4], 1)], "size 3"),
        ("Inverse", json!({}), vec![x()], "square"),
        ("Inverse", json!({}), vec![floats(&[2, 2], vec![1.0, 2.0, 2.0, 4.0])], "matrix 0 has no inverse"),
        ("CDist", json!({}), vec![x(), noise(&[5, 3], 1)], "rows as long as those"),
        ("CDist", json!({"p": -1}), vec![x(), x()], "at least 0"),
        ("Norm", json!({"p": "nan"}), vec![x()], "NaN"),
        ("TopK", json!({"k": 5}), vec![x()], "at least 5 elements"),
        ("OneHot", json!({"num_classes": 3}), vec![ints(vec![3])], "expected 0 to 2"),
        ("IndexSelect", json!({"dim": 0}), vec![x(), ints(vec![2])], "expected 0 to 1"),
        ("IndexAdd", json!({"dim": 0}), vec![x(), ints(vec![0]), noise(&[2, 3, 4], 1)], "third input"),
        ("ScatterAdd", json!({"dim": 0}), vec![noise(&[2], 1), ints(vec![0, 1]), noise(&[3], 1)], "third input"),
        ("MaskedFill", json!({"value": 0}), vec![noise(&[1], 1), ints(vec![0, 1])], "expands to"),
        ("MaskedFill", json!({"value": 0.5}), vec![ints(vec![1]), ints(vec![1])], "whole number"),
        ("Where", json!({}), vec![ints(vec![1]), noise(&[1], 1), ints(vec![1])], "third input"),
        ("FloorDivide", json!({}), vec![ints(vec![1]), ints(vec![0])], "by zero"),
        ("Div", json!({}), vec![ints(vec![1]), ints(vec![2])], "float"),
        ("AddScalar", json!({"value": 0.5}), vec![ints(vec![1])], "whole number"),
        ("GreaterScalar", json!({}), vec![x()], "'value' is missing"),
        ("GreaterScalar", json!({"value": "nan"}), vec![x()], "IsNaN"),
        ("BitwiseAnd", json!({}), vec![x(), x()], "int"),
        ("LeftShift", json!({}), vec![ints(vec![1]), ints(vec![32])], "0 to 31"),
        ("Diag", json!({}), vec![x()], "a vector [n] or a matrix"),
        ("Trace", json!({}), vec![noise(&[3], 1)], "matrices"),
        ("Tril", json!({}), vec![noise(&[3], 1)], "matrices"),
        ("Outer", json!({}), vec![x(), x()], "a vector"),
        ("Max", json!({"dims": [0]}), vec![noise(&[0, 2], 1)], "elements in dimension 0"),
        ("ArgMax", json!({"dim": 3}), vec![x()], "dimension 3 does not exist"),
        ("MatMul", json!({}), vec![noise(&[3], 1), noise(&[4], 1)], "can be multiplied"),
    ];
    for (name, config, inputs, text) in wrong {
        let error = single(name, config, inputs).error();
        assert!(error.to_string().contains(text), "{name}: {error}");
    }
}

/// Rows by index, and attention that sees only what came before: shorter queries are the last ones.
#[test]
fn lookups_and_masks() {
    let table = floats(&[3, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let rows = single("Lookup", json!({}), vec![table.clone(), integers(&[2, 1], vec![2, 0])]).output();
    assert_eq!((rows.shape.clone(), data(&rows)), (vec![2, 1, 2], vec![5.0, 6.0, 1.0, 2.0]));
    let outside = single("Lookup", json!({}), vec![table, integers(&[1], vec![3])]).error();
    assert!(outside.to_string().contains("expected 0 to 2"), "{outside}");

    let scores = |t: usize, s: usize| floats(&[1, t, s], (0..t * s).map(|i| i as f64).collect());
    let masked = |x: HostArray| data(&single("CausalMask", json!({"value": -1}), vec![x]).output());
    assert_eq!(masked(scores(3, 3)), [0.0, -1.0, -1.0, 3.0, 4.0, -1.0, 6.0, 7.0, 8.0]);
    assert_eq!(masked(scores(1, 3)), [0.0, 1.0, 2.0]);
    assert_eq!(masked(scores(2, 3)), [0.0, 1.0, -1.0, 3.0, 4.0, 5.0]);
    let error = single("CausalMask", json!({}), vec![noise(&[4], 1)]).error();
    assert!(error.to_string().contains("[.., T, S]"), "{error}");

    let cpu = exburn_core::device::Device::cpu();
    let masked = single("CausalMask", json!({"value": 0.5}), vec![noise(&[2, 3, 3], 1)]);
    assert!(masked.gradient_error(&cpu) < 1e-8);
}

/// Whole samples drop, with the frequency asked for, and the others are scaled.
#[test]
fn stochastic_depth_drops_samples() {
    let x = floats(&[4000, 3], vec![1.0; 12000]);
    let layer = single("StochasticDepth", json!({"p": 0.25}), vec![x.clone()]);
    let rows: Vec<Vec<f64>> = data(&layer.output()).chunks(3).map(<[f64]>::to_vec).collect();
    let dropped = rows.iter().filter(|row| row.iter().all(|&v| v == 0.0)).count();
    let kept = rows.iter().filter(|row| row.iter().all(|&v| (v - 1.0 / 0.75).abs() < 1e-15)).count();
    assert_eq!(dropped + kept, 4000);
    // Six standard deviations of a binomial are 164.
    assert!((dropped as f64 - 1000.0).abs() < 164.0, "{dropped}");
    assert_eq!(data(&layer.clone().evaluating().output()), data(&x));
}
