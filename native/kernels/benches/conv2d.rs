//! Times of the convolution kernels on typical sizes: `cargo bench -p exburn-kernels --bench conv2d`.
//! Prints the median in milliseconds and the arithmetic rate. Threads: `RAYON_NUM_THREADS`.

#[path = "common/measure.rs"]
mod measure;

use exburn_kernels::conv2d::{self, Conv2dShape};
use measure::{median_ms, noise};
use std::hint::black_box;

fn main() {
    // batch, in, size, out, kernel, stride, padding, groups
    let cases = [
        ("mnist conv1", 64, 1, 28, 32, 3, 1, 0, 1),
        ("mnist conv2", 64, 32, 26, 64, 3, 1, 0, 1),
        ("resnet 56", 4, 64, 56, 64, 3, 1, 1, 1),
        ("resnet 28 stride 2", 4, 128, 56, 128, 3, 2, 1, 1),
        ("resnet 7", 8, 512, 7, 512, 3, 1, 1, 1),
        ("resnet stem", 2, 3, 224, 64, 7, 2, 3, 1),
        ("pointwise", 8, 128, 28, 256, 1, 1, 0, 1),
        ("depthwise", 8, 96, 56, 96, 3, 1, 1, 96),
        ("groups 4", 8, 64, 28, 64, 3, 1, 1, 4),
        ("one image", 1, 32, 64, 32, 3, 1, 1, 1),
        ("tiny", 1, 1, 8, 4, 3, 1, 0, 1),
        // ResNet-18 in batches, on 224x224 and on 32x32 images.
        ("resnet224 layer2", 32, 128, 28, 128, 3, 1, 1, 1),
        ("resnet224 layer2.0", 32, 64, 56, 128, 3, 2, 1, 1),
        ("resnet224 layer3.0", 32, 128, 28, 256, 3, 2, 1, 1),
        ("resnet224 layer3", 32, 256, 14, 256, 3, 1, 1, 1),
        ("resnet224 layer4.0", 32, 256, 14, 512, 3, 2, 1, 1),
        ("resnet224 layer4", 32, 512, 7, 512, 3, 1, 1, 1),
        ("resnet32 stem", 32, 3, 32, 64, 7, 2, 3, 1),
        ("resnet32 layer1", 32, 64, 8, 64, 3, 1, 1, 1),
        ("resnet32 layer2.0", 32, 64, 8, 128, 3, 2, 1, 1),
        ("resnet32 shortcut", 32, 64, 8, 128, 1, 2, 0, 1),
        ("resnet32 layer2", 32, 128, 4, 128, 3, 1, 1, 1),
        ("resnet32 layer3.0", 32, 128, 4, 256, 3, 2, 1, 1),
        ("resnet32 layer3", 32, 256, 2, 256, 3, 1, 1, 1),
        ("resnet32 layer4.0", 32, 256, 2, 512, 3, 2, 1, 1),
        ("resnet32 layer4", 32, 512, 1, 512, 3, 1, 1, 1),
    ];
    println!(
        "{:<20}{:>10}{:>8}{:>12}{:>8}{:>12}{:>8}",
        "f32, median of 15", "forward", "GF/s", "d input", "GF/s", "d weight", "GF/s"
    );
    for (name, batch, channels, size, out, kernel, stride, padding, groups) in cases {
        let mut s = Conv2dShape::new([batch, channels, size, size], [out, channels / groups, kernel, kernel]);
        s.stride = [stride; 2];
        s.padding = [(padding, padding); 2];
        s.groups = groups;
        let [h, w] = s.output_size().expect("possible shape");
        let depth = channels / groups * kernel * kernel;
        let x = noise(batch * channels * size * size);
        let weight = noise(out * depth);
        let bias = noise(out);
        let dy = noise(batch * out * h * w);
        let giga = 2.0 * (dy.len() * depth) as f64 * 1e-6;
        let times = [
            median_ms(|| drop(black_box(conv2d::forward_to_vec(&s, &x, &weight, Some(&bias))))),
            median_ms(|| drop(black_box(conv2d::input_gradient_to_vec(&s, &weight, &dy)))),
            median_ms(|| drop(black_box(conv2d::weight_gradient_to_vec(&s, &x, &dy)))),
        ];
        print!("{name:<20}");
        for (i, ms) in times.into_iter().enumerate() {
            print!("{:>w$.3}{:>8.1}", ms, giga / ms, w = if i == 0 { 10 } else { 12 });
        }
        println!();
    }
}
