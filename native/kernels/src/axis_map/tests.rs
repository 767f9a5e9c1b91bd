use super::*;

fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// The matrix of a map, written out.
fn dense(map: &AxisMap) -> Vec<Vec<f64>> {
    let row = |i| {
        let mut row = vec![0.0; map.inputs()];
        let (taps, weights) = map.row(i);
        taps.iter().zip(weights).for_each(|(&t, &w)| row[t as usize] += w);
        row
    };
    (0..map.outputs()).map(row).collect()
}

fn maps() -> Vec<AxisMap> {
    let rows = |inputs: usize, taps: &[&[usize]]| {
        let mut weights = noise(7, 1000).into_iter();
        let rows: Vec<Vec<_>> =
            taps.iter().map(|row| row.iter().map(|&t| (t, weights.next().unwrap())).collect()).collect();
        AxisMap::new(inputs, rows).unwrap()
    };
    vec![
        AxisMap::copying(5, [4, 0, 0, 3, 2, 1, 1]).unwrap(),
        AxisMap::copying(3, 0..3).unwrap(),
        rows(4, &[&[3], &[0], &[1]]),
        rows(4, &[&[3, 1], &[0, 0], &[1, 2], &[2, 3], &[0, 1]]),
        rows(6, &[&[3, 1, 5, 4], &[0, 0, 2, 1]]),
        rows(6, &[&[3, 1, 5], &[], &[0], &[2, 4, 1, 0, 5]]),
        rows(2, &[]),
    ]
}

#[test]
fn products_with_the_matrix() {
    for map in maps() {
        let matrix = dense(&map);
        for (outer, inner) in [(1, 1), (3, 1), (2, 4), (5, 7), (1, 300), (0, 2), (2, 0)] {
            let x = noise(3, outer * map.inputs() * inner);
            let mut expected = Vec::new();
            for o in 0..outer {
                for row in &matrix {
                    for j in 0..inner {
                        expected.push(
                            (0..map.inputs()).map(|n| row[n] * x[(o * map.inputs() + n) * inner + j]).sum::<f64>(),
                        );
                    }
                }
            }
            let found = apply_to_vec(&map, outer, inner, &x).unwrap();
            assert_eq!(found.len(), expected.len());
            assert!(found.iter().zip(&expected).all(|(f, e)| (f - e).abs() < 1e-14));
            let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
            let found = apply_to_vec(&map, outer, inner, &single).unwrap();
            assert!(found.iter().zip(&expected).all(|(&f, e)| (f64::from(f) - e).abs() < 1e-5));
        }
    }
}

/// Enough work for several threads: the same bits as plane by plane.
#[test]
fn pieces_do_not_change_the_result() {
    let map = AxisMap::new(64, (0..100usize).map(|i| [(i % 64, 0.25), (i * 7 % 64, -0.5), (i * 3 % 64, 2.0)])).unwrap();
    let x = noise(1, 40 * 64 * 9);
    let whole = apply_to_vec(&map, 40, 9, &x).unwrap();
    for (plane, y) in x.chunks(64 * 9).zip(whole.chunks(100 * 9)) {
        assert_eq!(apply_to_vec(&map, 1, 9, plane).unwrap(), y);
    }
}

#[test]
fn transposes() {
    for map in maps() {
        let (matrix, other) = (dense(&map), dense(&map.transposed()));
        for (i, row) in matrix.iter().enumerate() {
            for (j, &w) in row.iter().enumerate() {
                assert!((other[j][i] - w).abs() < 1e-15);
            }
        }
        assert_eq!((map.transposed().inputs(), map.transposed().outputs()), (map.outputs(), map.inputs()));
    }
}

#[test]
fn identities() {
    let identities: Vec<bool> = maps().iter().map(AxisMap::is_identity).collect();
    assert_eq!(identities, [false, true, false, false, false, false, false]);
    assert!(!AxisMap::copying(4, 0..3).unwrap().is_identity());
}

#[test]
fn wrong_arguments() {
    let error = AxisMap::copying(3, [0, 3]).unwrap_err();
    assert_eq!(error.to_string(), "axis map: tap 3 of an axis of 3");
    let map = AxisMap::copying(3, [0]).unwrap();
    let error = apply_to_vec(&map, 2, 1, &[0.0f32; 5]).unwrap_err();
    assert_eq!(error.to_string(), "input: expected 6 elements, found 5");
}
