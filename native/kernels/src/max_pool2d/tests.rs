//! Against the definition as plain loops.

use super::*;

fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Few different values, so that equal ones meet.
            (state >> 60) as f64 - 8.0
        })
        .collect()
}

/// Value and position of every maximum, by the definition.
fn expected(s: &MaxPool2dShape, out: [usize; 2], x: &[f64]) -> (Vec<f64>, Vec<i32>) {
    let (mut values, mut positions) = (Vec::new(), Vec::new());
    for plane in x.chunks_exact(s.input[0] * s.input[1]) {
        for i in 0..out[0] {
            for j in 0..out[1] {
                let (mut best, mut at) = (f64::NEG_INFINITY, None);
                for u in 0..s.kernel[0] {
                    for v in 0..s.kernel[1] {
                        let row = (i * s.stride[0] + u * s.dilation[0]) as isize - s.padding[0] as isize;
                        let column = (j * s.stride[1] + v * s.dilation[1]) as isize - s.padding[1] as isize;
                        if row < 0 || column < 0 || row >= s.input[0] as isize || column >= s.input[1] as isize {
                            continue;
                        }
                        let position = row as usize * s.input[1] + column as usize;
                        if at.is_none() || plane[position] > best || plane[position].is_nan() {
                            (best, at) = (plane[position], Some(position));
                        }
                    }
                }
                values.push(best);
                positions.push(at.unwrap() as i32);
            }
        }
    }
    (values, positions)
}

fn check<T: Element>(s: &MaxPool2dShape, x: &[f64]) {
    let out = s.output_size().unwrap();
    let (values, positions) = expected(s, out, x);
    let typed: Vec<T> = x.iter().map(|&v| T::from_f64(v)).collect();
    let (y, indices) = forward_with_indices(s, &typed).unwrap();
    assert_eq!(indices, positions, "{s:?}");
    for found in [y, forward_to_vec(s, &typed).unwrap()] {
        let same = found.iter().zip(&values).all(|(&f, v)| f.to_f64() == *v || v.is_nan() && f.to_f64().is_nan());
        assert!(same && found.len() == values.len(), "{s:?}");
    }
    let dy: Vec<T> = (0..values.len()).map(|i| T::from_f64((i % 7) as f64)).collect();
    let mut dx = vec![0.0; x.len()];
    for (i, (&p, d)) in positions.iter().zip(&dy).enumerate() {
        dx[i / (out[0] * out[1]) * s.input[0] * s.input[1] + p as usize] += d.to_f64();
    }
    let found = input_gradient_to_vec(s, &dy, &indices).unwrap();
    assert!(found.iter().zip(&dx).all(|(f, e)| f.to_f64() == *e), "{s:?}");
}

#[test]
fn every_combination_follows_the_definition() {
    let mut done = 0;
    for (kernel, input) in [([2, 2], [8, 8]), ([3, 3], [9, 40]), ([2, 3], [7, 11]), ([1, 4], [5, 37])] {
        for stride in [[1, 1], [2, 2], [3, 1], [2, 3]] {
            for padding in [[0, 0], [1, 1], [0, 1]] {
                for dilation in [[1, 1], [2, 1], [1, 2]] {
                    for ceil in [false, true] {
                        let s = MaxPool2dShape { planes: 3, input, kernel, stride, padding, dilation, ceil };
                        if s.output_size().is_err() {
                            continue;
                        }
                        done += 1;
                        let mut x = noise(done, 3 * input[0] * input[1]);
                        check::<f32>(&s, &x);
                        check::<f64>(&s, &x);
                        x[7] = f64::NAN;
                        x[20..25].fill(f64::NEG_INFINITY);
                        check::<f32>(&s, &x);
                    }
                }
            }
        }
    }
    assert!(done > 150, "only {done} combinations were possible");
}

#[test]
fn bad_arguments_are_errors() {
    let good = MaxPool2dShape {
        planes: 2,
        input: [4, 4],
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
        dilation: [1, 1],
        ceil: false,
    };
    assert_eq!(good.output_size().unwrap(), [2, 2]);
    for bad in [
        MaxPool2dShape { kernel: [5, 2], ..good },
        MaxPool2dShape { kernel: [0, 2], ..good },
        MaxPool2dShape { stride: [2, 0], ..good },
        MaxPool2dShape { padding: [2, 0], ..good },
        MaxPool2dShape { dilation: [usize::MAX, 1], ..good },
        MaxPool2dShape { planes: usize::MAX / 4, ..good },
    ] {
        assert!(matches!(forward_to_vec(&bad, &[0.0f32; 32]), Err(KernelError::Shape(_))), "{bad:?}");
    }
    assert!(forward_to_vec(&good, &[0.0f32; 31]).is_err());
    assert!(input_gradient_to_vec(&good, &[0.0f32; 8], &[16; 8]).is_err());
    assert!(input_gradient_to_vec(&good, &[0.0f32; 8], &[-1; 8]).is_err());
    assert!(forward_to_vec::<f32>(&MaxPool2dShape { planes: 0, ..good }, &[]).unwrap().is_empty());
}
