//! The layer step by step in Burn's operations: for every device but Flex.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Scalar, Slice, TensorMetadata};
use burn::tensor::Shape;

use super::{Cell, RecurrentOptions, Sizes};

type Tensor<B> = FloatTensor<B>;

/// Operations on sequences and on the gates of one step.
struct Steps<B: Backend> {
    options: RecurrentOptions,
    sizes: Sizes,
    marker: std::marker::PhantomData<B>,
}

impl<B: Backend> Steps<B> {
    fn new(options: RecurrentOptions, x: &Tensor<B>, w: &Tensor<B>) -> Self {
        Self { options, sizes: options.sizes(x, w), marker: std::marker::PhantomData }
    }

    /// The times in the order in which the layer goes through them.
    fn times(&self) -> Vec<usize> {
        let times = 0..self.sizes.time;
        if self.options.reverse { times.rev().collect() } else { times.collect() }
    }

    /// `[batch, width]` of a sequence at a time.
    fn at(&self, sequence: &Tensor<B>, time: usize) -> Tensor<B> {
        let width = sequence.shape()[2];
        let mut slices = [Slice::full(); 3];
        slices[self.options.axis()] = Slice::from(time..time + 1);
        B::float_reshape(B::float_slice(sequence.clone(), &slices), Shape::from([self.sizes.batch, width]))
    }

    /// The sequence of what the steps gave, in the order of [`Steps::times`].
    fn sequence(&self, mut steps: Vec<Tensor<B>>) -> Tensor<B> {
        if self.options.reverse {
            steps.reverse();
        }
        let axis = self.options.axis();
        let lift = |step: Tensor<B>| {
            let shape = step.shape();
            let lifted = if axis == 0 { [1, shape[0], shape[1]] } else { [shape[0], 1, shape[1]] };
            B::float_reshape(step, Shape::from(lifted))
        };
        B::float_cat(steps.into_iter().map(lift).collect(), axis)
    }

    /// The `index`-th part of `[batch, parts * hidden]`.
    fn part(&self, all: &Tensor<B>, index: usize) -> Tensor<B> {
        let n = self.sizes.hidden;
        B::float_slice(all.clone(), &[Slice::full(), Slice::from(index * n..(index + 1) * n)])
    }
}

/// By tanh, which is exact on every device and in every type.
fn sigmoid<B: Backend>(x: Tensor<B>) -> Tensor<B> {
    let half = B::float_tanh(B::float_mul_scalar(x, Scalar::Float(0.5)));
    B::float_add_scalar(B::float_mul_scalar(half, Scalar::Float(0.5)), Scalar::Float(0.5))
}

/// 1 - x.
fn rest<B: Backend>(x: Tensor<B>) -> Tensor<B> {
    B::float_add_scalar(B::float_neg(x), Scalar::Float(1.0))
}

/// d s (1 - s): the gradient before a sigmoid that gave s.
fn through_sigmoid<B: Backend>(d: Tensor<B>, s: Tensor<B>) -> Tensor<B> {
    B::float_mul(B::float_mul(d, s.clone()), rest::<B>(s))
}

/// d (1 - t^2): the gradient before a tanh that gave t.
fn through_tanh<B: Backend>(d: Tensor<B>, t: Tensor<B>) -> Tensor<B> {
    B::float_mul(d, rest::<B>(B::float_mul(t.clone(), t)))
}

/// Output, last cell state, and what the gradients need.
pub(super) fn forward<B: Backend>(
    x: Tensor<B>,
    w: Tensor<B>,
    bias: Tensor<B>,
    h0: Tensor<B>,
    c0: Tensor<B>,
    options: RecurrentOptions,
) -> (Tensor<B>, Tensor<B>, Tensor<B>) {
    let steps = Steps::<B>::new(options, &x, &w);
    let bias = B::float_reshape(bias, Shape::from([1, steps.sizes.gates]));
    let w = B::float_swap_dims(w, 0, 1);
    let (mut h, mut c) = (h0, c0);
    let (mut outputs, mut saved) = (Vec::new(), Vec::new());
    for time in steps.times() {
        let x = steps.at(&x, time);
        let u = B::float_add(B::float_matmul(h.clone(), w.clone()), bias.clone());
        match options.cell {
            Cell::Tanh => h = B::float_tanh(B::float_add(x, u)),
            Cell::Relu => h = B::float_clamp_min(B::float_add(x, u), Scalar::Float(0.0)),
            Cell::Lstm => {
                let all = B::float_add(x, u);
                let [i, f, o] = [0, 1, 3].map(|k| sigmoid::<B>(steps.part(&all, k)));
                let g = B::float_tanh(steps.part(&all, 2));
                c = B::float_add(B::float_mul(f.clone(), c), B::float_mul(i.clone(), g.clone()));
                h = B::float_mul(o.clone(), B::float_tanh(c.clone()));
                saved.push(B::float_cat(vec![i, f, g, o, c.clone()], 1));
            }
            Cell::Gru => {
                let [r, z] = [0, 1].map(|k| sigmoid::<B>(B::float_add(steps.part(&x, k), steps.part(&u, k))));
                let inner = steps.part(&u, 2);
                let new = B::float_tanh(B::float_add(steps.part(&x, 2), B::float_mul(r.clone(), inner.clone())));
                h = B::float_add(new.clone(), B::float_mul(z.clone(), B::float_sub(h, new.clone())));
                saved.push(B::float_cat(vec![r, z, new, inner], 1));
            }
        }
        outputs.push(h.clone());
    }
    let y = steps.sequence(outputs);
    let saved = if saved.is_empty() { y.clone() } else { steps.sequence(saved) };
    (y, c, saved)
}

/// Gradients of x, of w h + bias, of h0 and of c0.
#[expect(clippy::too_many_arguments, reason = "as the operation")]
pub(super) fn backward<B: Backend>(
    dy: Tensor<B>,
    dc: Tensor<B>,
    w: Tensor<B>,
    y: Tensor<B>,
    saved: Tensor<B>,
    h0: Tensor<B>,
    c0: Tensor<B>,
    options: RecurrentOptions,
) -> (Tensor<B>, Tensor<B>, Tensor<B>, Tensor<B>) {
    let steps = Steps::<B>::new(options, &dy, &w);
    let times = steps.times();
    let mut dh = B::float_zeros(h0.shape(), &h0.device(), h0.dtype().into());
    let mut dc = dc;
    let (mut inputs, mut inners) = (Vec::new(), Vec::new());
    for (index, &time) in times.iter().enumerate().rev() {
        let before = index.checked_sub(1).map(|i| times[i]);
        let d = B::float_add(dh, steps.at(&dy, time));
        match options.cell {
            Cell::Tanh => {
                let dx = through_tanh::<B>(d, steps.at(&y, time));
                dh = B::float_matmul(dx.clone(), w.clone());
                inputs.push(dx);
            }
            Cell::Relu => {
                // The sign of max(0, x) is the slope, 0 at 0 as in PyTorch.
                let dx = B::float_mul(d, B::float_sign(steps.at(&y, time)));
                dh = B::float_matmul(dx.clone(), w.clone());
                inputs.push(dx);
            }
            Cell::Lstm => {
                let keep = steps.at(&saved, time);
                let [i, f, g, o, c] = [0, 1, 2, 3, 4].map(|k| steps.part(&keep, k));
                let old = before.map_or_else(|| c0.clone(), |t| steps.part(&steps.at(&saved, t), 4));
                let t = B::float_tanh(c);
                let d_o = through_sigmoid::<B>(B::float_mul(d.clone(), t.clone()), o.clone());
                dc = B::float_add(dc, through_tanh::<B>(B::float_mul(d, o), t));
                let d_i = through_sigmoid::<B>(B::float_mul(dc.clone(), g.clone()), i.clone());
                let d_f = through_sigmoid::<B>(B::float_mul(dc.clone(), old), f.clone());
                let d_g = through_tanh::<B>(B::float_mul(dc.clone(), i), g);
                dc = B::float_mul(dc, f);
                let dx = B::float_cat(vec![d_i, d_f, d_g, d_o], 1);
                dh = B::float_matmul(dx.clone(), w.clone());
                inputs.push(dx);
            }
            Cell::Gru => {
                let keep = steps.at(&saved, time);
                let [r, z, new, inner] = [0, 1, 2, 3].map(|k| steps.part(&keep, k));
                let old = before.map_or_else(|| h0.clone(), |t| steps.at(&y, t));
                let d_n = through_tanh::<B>(B::float_mul(d.clone(), rest::<B>(z.clone())), new.clone());
                let d_r = through_sigmoid::<B>(B::float_mul(d_n.clone(), inner), r.clone());
                let d_z = through_sigmoid::<B>(B::float_mul(d.clone(), B::float_sub(old, new)), z.clone());
                let d_inner = B::float_mul(d_n.clone(), r);
                let du = B::float_cat(vec![d_r.clone(), d_z.clone(), d_inner], 1);
                dh = B::float_add(B::float_mul(d, z), B::float_matmul(du.clone(), w.clone()));
                inputs.push(B::float_cat(vec![d_r, d_z, d_n], 1));
                inners.push(du);
            }
        }
    }
    inputs.reverse();
    inners.reverse();
    let dx = steps.sequence(inputs);
    let du = if inners.is_empty() { dx.clone() } else { steps.sequence(inners) };
    (dx, du, dh, dc)
}
