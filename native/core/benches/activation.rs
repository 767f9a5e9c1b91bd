//! Our activations in one pass against the same functions as chains of Burn's operations on the Flex device:
//! `cargo bench -p exburn-core --bench activation`. Medians of 15 in milliseconds; above 1.0 in the ratio ours is faster.

#[path = "../../kernels/benches/common/measure.rs"]
mod measure;

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{AutodiffBackend, Dispatch, DispatchTensor as Tensor, Scalar};
use burn::tensor::{Device as BurnDevice, TensorData, try_read_sync};
use exburn_core::device::Device;
use exburn_core::tensor::{Activation, Value};
use measure::{median_ms, noise};
use std::hint::black_box;

fn finish(tensor: Tensor) {
    drop(black_box(try_read_sync(Dispatch::float_into_data(tensor)).expect("synchronous").expect("readable")));
}

fn plus(x: Tensor, c: f64) -> Tensor {
    Dispatch::float_add_scalar(x, Scalar::Float(c))
}

fn times(x: Tensor, c: f64) -> Tensor {
    Dispatch::float_mul_scalar(x, Scalar::Float(c))
}

fn softplus(x: Tensor) -> Tensor {
    Dispatch::float_log1p(Dispatch::float_exp(x))
}

fn gelu_tanh(x: Tensor) -> Tensor {
    let square = Dispatch::float_mul(x.clone(), x.clone());
    let inner = times(Dispatch::float_mul(plus(times(square, 0.044715), 1.0), x.clone()), 0.797_884_560_802_865_4);
    Dispatch::float_mul(x, times(plus(Dispatch::float_tanh(inner), 1.0), 0.5))
}

type Chain = fn(Tensor) -> Tensor;

fn main() {
    let device = BurnDevice::flex().as_dispatch().clone();
    let cases: [(&str, Activation, Chain); 7] = [
        ("Sigmoid", Activation::Sigmoid, Dispatch::sigmoid),
        ("Tanh", Activation::Tanh, Dispatch::float_tanh),
        ("SiLU", Activation::Swish { beta: 1.0 }, |x| Dispatch::float_mul(x.clone(), Dispatch::sigmoid(x))),
        ("GELU tanh", Activation::GeluTanh, gelu_tanh),
        ("Softplus", Activation::Softplus { beta: 1.0, threshold: 20.0 }, softplus),
        ("Mish", Activation::Mish, |x| Dispatch::float_mul(x.clone(), Dispatch::float_tanh(softplus(x)))),
        ("Softsign", Activation::Softsign, |x| Dispatch::float_div(x.clone(), plus(Dispatch::float_abs(x), 1.0))),
    ];
    for n in [16_384, 1_048_576] {
        println!("{n} numbers, f32, ms{}", "      ours      Burn     ratio".repeat(2));
        let data = noise(n);
        let plain = Dispatch::float_from_data(TensorData::new(data.clone(), [n]), &device);
        let value = Value::from_f32(data, &[n], &Device::cpu()).expect("a value");
        for (name, activation, chain) in cases {
            let ours = median_ms(|| drop(black_box(value.clone().activate(activation).expect("floats"))));
            let burns = median_ms(|| finish(chain(plain.clone())));
            let both = median_ms(|| {
                let leaf = value.tracked();
                let sum = leaf.clone().activate(activation).and_then(Value::sum).expect("floats");
                black_box(sum.backward().expect("a graph").of(&leaf));
            });
            let burns_both = median_ms(|| {
                let leaf =
                    Dispatch::float_set_require_grad(<Dispatch as AutodiffBackend>::from_inner(plain.clone()), true);
                let gradients = Dispatch::backward(Dispatch::float_sum(chain(leaf.clone())));
                black_box(Dispatch::grad(&leaf, &gradients));
            });
            print!("{name:<20}{ours:>10.3}{burns:>10.3}{:>10.2}", burns / ours);
            println!("{both:>10.3}{burns_both:>10.3}{:>10.2}", burns_both / both);
        }
    }
}
