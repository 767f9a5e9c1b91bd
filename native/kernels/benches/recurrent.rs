//! Times of the recurrent kernels on typical sizes: `cargo bench -p exburn-kernels --bench recurrent`.
//! Prints the median in milliseconds and the arithmetic rate of the products. Threads: `RAYON_NUM_THREADS`.

#[path = "common/measure.rs"]
mod measure;

use exburn_kernels::recurrent::{Cell, RecurrentShape, backward, forward};
use measure::{median_ms, noise};
use std::hint::black_box;

fn main() {
    println!("{:<28}{:>10}{:>8}{:>12}{:>8}", "f32, median of 15", "forward", "GF/s", "backward", "GF/s");
    for (batch, time, hidden) in [(32, 64, 128), (64, 28, 128), (8, 100, 256), (1, 64, 128), (128, 32, 512)] {
        for cell in [Cell::Tanh, Cell::Lstm, Cell::Gru] {
            let shape = RecurrentShape { cell, batch, time, hidden, batch_first: true, reverse: false };
            let (gates, state) = (cell.gates() * hidden, batch * hidden);
            let x = noise(batch * time * gates);
            let w: Vec<f32> = noise(gates * hidden).into_iter().map(|w| w / (hidden as f32).sqrt()).collect();
            let (bias, h0, dy) = (noise(gates), noise(state), noise(time * state));
            let c0 = if cell == Cell::Lstm { noise(state) } else { Vec::new() };
            let run = || forward(&shape, &x, &w, &bias, [&h0, &c0], true).expect("possible");
            let states = run();
            let back = || backward(&shape, &w, [&dy, &c0], [&states.y, &states.saved], [&h0, &c0]).expect("possible");
            let giga = 2.0 * (batch * time * gates * hidden) as f64 * 1e-6;
            let times = [median_ms(|| drop(black_box(run()))), median_ms(|| drop(black_box(back())))];
            let name = format!("{cell:?} {batch} x {time} x {hidden}");
            println!("{name:<28}{:>10.3}{:>8.1}{:>12.3}{:>8.1}", times[0], giga / times[0], times[1], giga / times[1]);
        }
    }
}
