//! The kernels on Flex.

use burn::backend::{Flex, TensorMetadata};
use burn::tensor::DType;
use burn_flex::FlexTensor;
use exburn_kernels::recurrent::{self as kernel, Cell, RecurrentShape};

use super::super::flex::Number;
use super::{RecurrentOps, RecurrentOptions, steps};

/// The kernel's only errors are shapes, and those were checked where the operation was called.
const CHECKED: &str = "shapes were checked by the caller";

impl RecurrentOps for Flex {
    fn kernel_recurrent(
        x: FlexTensor,
        w: FlexTensor,
        bias: FlexTensor,
        h0: FlexTensor,
        c0: FlexTensor,
        options: RecurrentOptions,
    ) -> (FlexTensor, FlexTensor) {
        let (y, cell, _) = match x.dtype() {
            DType::F32 => forward::<f32>([x, w, bias, h0, c0], options, false),
            DType::F64 => forward::<f64>([x, w, bias, h0, c0], options, false),
            _ => steps::forward::<Self>(x, w, bias, h0, c0, options),
        };
        (y, cell)
    }

    fn kernel_recurrent_saving(
        x: FlexTensor,
        w: FlexTensor,
        bias: FlexTensor,
        h0: FlexTensor,
        c0: FlexTensor,
        options: RecurrentOptions,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        match x.dtype() {
            DType::F32 => forward::<f32>([x, w, bias, h0, c0], options, true),
            DType::F64 => forward::<f64>([x, w, bias, h0, c0], options, true),
            _ => steps::forward::<Self>(x, w, bias, h0, c0, options),
        }
    }

    fn kernel_recurrent_gradient(
        dy: FlexTensor,
        dc: FlexTensor,
        w: FlexTensor,
        y: FlexTensor,
        saved: FlexTensor,
        h0: FlexTensor,
        c0: FlexTensor,
        options: RecurrentOptions,
    ) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
        match dy.dtype() {
            DType::F32 => backward::<f32>([dy, dc, w, y, saved, h0, c0], options),
            DType::F64 => backward::<f64>([dy, dc, w, y, saved, h0, c0], options),
            _ => steps::backward::<Self>(dy, dc, w, y, saved, h0, c0, options),
        }
    }
}

fn shape(x: &FlexTensor, w: &FlexTensor, options: RecurrentOptions) -> RecurrentShape {
    let sizes = options.sizes(x, w);
    RecurrentShape {
        cell: options.cell,
        batch: sizes.batch,
        time: sizes.time,
        hidden: sizes.hidden,
        batch_first: options.batch_first,
        reverse: options.reverse,
    }
}

/// The sizes of a sequence with another width.
fn wide(x: &FlexTensor, width: usize) -> [usize; 3] {
    let shape = x.shape();
    [shape[0], shape[1], width]
}

fn forward<T: Number>(
    tensors: [FlexTensor; 5],
    options: RecurrentOptions,
    save: bool,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let [x, w, bias, h0, c0] = tensors.map(|t| t.to_contiguous());
    let shape = shape(&x, &w, options);
    let lstm = options.cell == Cell::Lstm;
    let first = [T::slice(&h0), if lstm { T::slice(&c0) } else { &[] }];
    let states = kernel::forward(&shape, T::slice(&x), T::slice(&w), T::slice(&bias), first, save).expect(CHECKED);
    let cell = if lstm { T::tensor(states.cell, [shape.batch, shape.hidden]) } else { c0 };
    let y = T::tensor(states.y, wide(&x, shape.hidden));
    let saved = match states.saved.is_empty() {
        true => y.clone(),
        false => T::tensor(states.saved, wide(&x, options.cell.saved() * shape.hidden)),
    };
    (y, cell, saved)
}

fn backward<T: Number>(
    tensors: [FlexTensor; 7],
    options: RecurrentOptions,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let [dy, dc, w, y, saved, h0, c0] = tensors.map(|t| t.to_contiguous());
    let shape = shape(&dy, &w, options);
    let lstm = options.cell == Cell::Lstm;
    let kept = if options.cell.saved() > 0 { T::slice(&saved) } else { &[] };
    let of_lstm = |t| if lstm { T::slice(t) } else { &[] };
    let found = kernel::backward(
        &shape,
        T::slice(&w),
        [T::slice(&dy), of_lstm(&dc)],
        [T::slice(&y), kept],
        [T::slice(&h0), of_lstm(&c0)],
    )
    .expect(CHECKED);
    let (gates, state) = (wide(&dy, options.cell.gates() * shape.hidden), [shape.batch, shape.hidden]);
    let dx = T::tensor(found.x, gates);
    let du = if options.cell == Cell::Gru { T::tensor(found.hidden, gates) } else { dx.clone() };
    let dh0 = T::tensor(found.h0, state);
    let dc0 = if lstm { T::tensor(found.c0, state) } else { dh0.clone() };
    (dx, du, dh0, dc0)
}
