//! Our convolution against Burn's own on the Flex device, the same work on the same threads:
//! `cargo bench -p exburn-core --bench conv2d`. Medians of 15 in milliseconds; above 1.0 in the ratio ours is faster.

#[path = "../../kernels/benches/common/measure.rs"]
mod measure;

use burn::backend::ops::{ConvOptions, FloatTensorOps, ModuleOps};
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{Device, TensorData, try_read_sync};
use exburn_kernels::conv2d::{self, Conv2dShape};
use measure::{median_ms, noise};
use std::hint::black_box;

/// Runs Burn's lazy operation to its end.
fn finish(tensor: DispatchTensor) {
    let data = try_read_sync(Dispatch::float_into_data(tensor)).expect("synchronous").expect("readable");
    drop(black_box(data));
}

fn main() {
    let device = Device::flex().as_dispatch().clone();
    // batch, in, size, out, kernel, stride, padding, groups
    let cases = [
        ("mnist conv1", 64, 1, 28, 32, 3, 1, 0, 1),
        ("mnist conv2", 64, 32, 26, 64, 3, 1, 0, 1),
        ("resnet 56", 4, 64, 56, 64, 3, 1, 1, 1),
        ("resnet 28 stride 2", 4, 128, 56, 128, 3, 2, 1, 1),
        ("resnet 7", 8, 512, 7, 512, 3, 1, 1, 1),
        ("pointwise", 8, 128, 28, 256, 1, 1, 0, 1),
        ("depthwise", 8, 96, 56, 96, 3, 1, 1, 96),
        ("groups 4", 8, 64, 28, 64, 3, 1, 1, 4),
    ];
    println!("{:<20}{:>30}{:>30}{:>30}", "f32, ms", "forward", "d input", "d weight");
    println!("{:<20}{}", "", "      ours      Burn     ratio".repeat(3));
    for (name, batch, channels, size, out, kernel, stride, padding, groups) in cases {
        let (input, weight) = ([batch, channels, size, size], [out, channels / groups, kernel, kernel]);
        let mut s = Conv2dShape::new(input, weight);
        s.stride = [stride; 2];
        s.padding = [(padding, padding); 2];
        s.groups = groups;
        let [h, w] = s.output_size().expect("possible shape");
        let output = [batch, out, h, w];
        let values = [&input[..], &weight[..], &[out], &output[..]].map(|shape| noise(shape.iter().product()));
        let [x, wt, bias, dy] = &values;
        let tensor = |values: &Vec<f32>, shape: &[usize]| {
            Dispatch::float_from_data(TensorData::new(values.clone(), shape.to_vec()), &device)
        };
        let (tx, tw, tb, tdy) = (tensor(x, &input), tensor(wt, &weight), tensor(bias, &[out]), tensor(dy, &output));
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
        let times = [
            (
                median_ms(|| drop(black_box(conv2d::forward_to_vec(&s, x, wt, Some(bias))))),
                median_ms(|| finish(Dispatch::conv2d(tx.clone(), tw.clone(), Some(tb.clone()), options.clone()))),
            ),
            (
                median_ms(|| drop(black_box(conv2d::input_gradient_to_vec(&s, wt, dy)))),
                median_ms(|| {
                    finish(Dispatch::conv2d_x_backward(tx.clone(), tw.clone(), tdy.clone(), options.clone()));
                }),
            ),
            (
                median_ms(|| drop(black_box(conv2d::weight_gradient_to_vec(&s, x, dy)))),
                median_ms(|| {
                    finish(Dispatch::conv2d_weight_backward(tx.clone(), tw.clone(), tdy.clone(), options.clone()));
                }),
            ),
        ];
        print!("{name:<20}");
        for (ours, burns) in times {
            print!("{ours:>10.3}{burns:>10.3}{:>10.2}", burns / ours);
        }
        println!();
    }
}
