//! A sparse matrix along one axis: padding from the input, windows, interpolation, means over bins.
#![expect(deprecated, reason = "NdArray stays a device by choice")]

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, DispatchTensor, Flex, NdArray, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape, TensorData};
use exburn_kernels::axis_map::{self as kernel, AxisMap};

use super::flex::Number;
use crate::{Error, Result};

/// The map as an operation of a backend. Shapes must have been checked. Its gradient is the transposed map.
#[backend_extension(Flex, NdArray, Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait AxisMapOps: Backend {
    /// `x` mapped along `dim`.
    #[fusion(default)]
    fn kernel_axis_map(x: FloatTensor<Self>, map: Arc<AxisMap>, dim: usize) -> FloatTensor<Self> {
        burn_axis_map::<Self>(x, &map, dim)
    }
}

/// Up to so many taps a row, the sum of as many selections is cheaper than a product with the whole matrix.
const FEW_TAPS: usize = 8;

/// Elements of a matrix that is worth writing out.
const MOST_WRITTEN: usize = 1 << 22;

fn burn_axis_map<B: Backend>(x: FloatTensor<B>, map: &AxisMap, dim: usize) -> FloatTensor<B> {
    let mut shape = x.shape().to_vec();
    shape[dim] = map.outputs();
    if shape.contains(&0) || map.widest() == 0 {
        return B::float_zeros(Shape::from(shape), &x.device(), x.dtype().into());
    }
    let written = map.inputs().checked_mul(map.outputs()).is_some_and(|n| n <= MOST_WRITTEN);
    if map.widest() > FEW_TAPS && written { product::<B>(x, map, dim, shape) } else { selections::<B>(x, map, dim) }
}

/// The sum over tap positions of selected and weighted elements. A row that has fewer taps repeats its first one with
/// weight zero.
fn selections<B: Backend>(x: FloatTensor<B>, map: &AxisMap, dim: usize) -> FloatTensor<B> {
    let (rank, m) = (x.shape().num_dims(), map.outputs());
    let mut sum: Option<FloatTensor<B>> = None;
    for position in 0..map.widest() {
        let tap = |row: usize| {
            let (taps, weights) = map.row(row);
            match taps.get(position) {
                Some(&tap) => (tap as i32, weights[position]),
                None => (taps.first().map_or(0, |&tap| tap as i32), 0.0),
            }
        };
        let (taps, weights): (Vec<i32>, Vec<f64>) = (0..m).map(tap).unzip();
        let indices = B::int_from_data(TensorData::new(taps, [m]), &x.device());
        let mut part = B::float_select(x.clone(), dim, indices);
        if weights.iter().any(|&w| w != 1.0) {
            let mut shape = vec![1; rank];
            shape[dim] = m;
            part = B::float_mul(part, constant::<B>(&x, weights, shape));
        }
        sum = Some(match sum {
            Some(sum) => B::float_add(sum, part),
            None => part,
        });
    }
    sum.expect("a map with taps")
}

/// The product with the matrix written out; `output` is the shape of the result.
fn product<B: Backend>(x: FloatTensor<B>, map: &AxisMap, dim: usize, output: Vec<usize>) -> FloatTensor<B> {
    let (n, m) = (map.inputs(), map.outputs());
    let (outer, inner) = (output[..dim].iter().product(), output[dim + 1..].iter().product());
    // With nothing after the axis its elements are the rows of one matrix.
    let rows = inner == 1;
    let mut matrix = vec![0.0; n * m];
    for i in 0..m {
        let (taps, weights) = map.row(i);
        for (&tap, &weight) in taps.iter().zip(weights) {
            let tap = tap as usize;
            matrix[if rows { tap * m + i } else { i * n + tap }] += weight;
        }
    }
    let y = if rows {
        let matrix = constant::<B>(&x, matrix, vec![n, m]);
        B::float_matmul(B::float_reshape(x, Shape::from(vec![outer, n])), matrix)
    } else {
        let matrix = constant::<B>(&x, matrix, vec![1, m, n]);
        B::float_matmul(matrix, B::float_reshape(x, Shape::from(vec![outer, n, inner])))
    };
    B::float_reshape(y, Shape::from(output))
}

/// Numbers of the type and on the device of `like`.
fn constant<B: Backend>(like: &FloatTensor<B>, data: Vec<f64>, shape: Vec<usize>) -> FloatTensor<B> {
    B::float_from_data(TensorData::new(data, Shape::from(shape)).convert_dtype(like.dtype()), &like.device())
}

/// Maps `x` along `dim`, whose length becomes `map.outputs()`.
///
/// # Errors
/// A shape error if `x` has no such dimension or its length is not `map.inputs()`.
pub(crate) fn axis_map(x: DispatchTensor, map: Arc<AxisMap>, dim: usize) -> Result<DispatchTensor> {
    let found = x.shape().to_vec();
    if found.get(dim) != Some(&map.inputs()) {
        let expected = format!("{} elements in dimension {dim}", map.inputs());
        return Err(Error::shape("axis map input", expected, format!("{found:?}")));
    }
    Ok(Dispatch::kernel_axis_map(x, map, dim))
}

impl AxisMapOps for NdArray {}

#[cfg(feature = "gpu")]
impl AxisMapOps for burn_cubecl::CubeBackend {}

type Float = FloatTensor<Flex>;

impl AxisMapOps for Flex {
    fn kernel_axis_map(x: Float, map: Arc<AxisMap>, dim: usize) -> Float {
        match x.dtype() {
            DType::F32 => apply::<f32>(&x, &map, dim),
            DType::F64 => apply::<f64>(&x, &map, dim),
            _ => burn_axis_map::<Self>(x, &map, dim),
        }
    }
}

fn apply<T: Number>(x: &Float, map: &AxisMap, dim: usize) -> Float {
    let mut shape = x.shape().to_vec();
    let (outer, inner) = (shape[..dim].iter().product(), shape[dim + 1..].iter().product());
    shape[dim] = map.outputs();
    let y = kernel::apply_to_vec(map, outer, inner, T::slice(&x.to_contiguous()));
    T::tensor(y.expect("shapes were checked by the caller"), shape)
}

#[derive(Debug)]
struct AxisMapBackward;

impl<B: Backend + AxisMapOps> Backward<B, 1> for AxisMapBackward {
    type State = (Arc<AxisMap>, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let dy = grads.consume::<B>(&ops.node);
        let (map, dim) = ops.state;
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, B::kernel_axis_map(dy, Arc::new(map.transposed()), dim));
        }
    }
}

impl<B: Backend + AxisMapOps, C: CheckpointStrategy> AxisMapOps for Autodiff<B, C> {
    fn kernel_axis_map(x: FloatTensor<Self>, map: Arc<AxisMap>, dim: usize) -> FloatTensor<Self> {
        match AxisMapBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = B::kernel_axis_map(x.into_primitive(), map.clone(), dim);
                prep.finish((map, dim), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::kernel_axis_map(x.into_primitive(), map, dim)),
        }
    }
}
