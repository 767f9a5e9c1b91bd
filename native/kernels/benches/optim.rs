//! Optimizer steps against a copy that moves the same bytes: `cargo bench -p exburn-kernels --bench optim`.

use exburn_kernels::optim::{self, Adam, AdamOptions, Sgd, SgdOptions};
use std::hint::black_box;
use std::time::Instant;

/// Shortest time of a call, in microseconds.
fn best(mut f: impl FnMut()) -> f64 {
    let calls = (0..3).map(|_| f()).count();
    (0..50 * calls / 3)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64() * 1e6
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    println!("microseconds (GB/s); f32, {} threads", rayon::current_num_threads());
    for n in [10_000usize, 200_704, 1_000_000, 16_000_000] {
        let (mut w, g) = (vec![0.5f32; n], vec![0.25f32; n]);
        let (mut m, mut v) = (vec![0.0f32; n], vec![0.0f32; n]);
        let show = |name: &str, bytes: usize, us: f64| {
            println!("{n:>9} {name:<22} {us:>9.1} ({:.1})", bytes as f64 / us * 1e-3);
        };
        let rule = Adam::new(&AdamOptions::default(), 10, 1e-3);
        // Reads four arrays, writes three: as many bytes as a copy of 3.5 arrays.
        show("adam", 28 * n, best(|| optim::step(&rule, &mut w, &g, [&mut m, &mut v]).unwrap()));
        let source = vec![1.0f32; n * 7 / 2];
        let mut target = vec![0.0f32; source.len()];
        let copied = best(|| {
            black_box(&mut target).copy_from_slice(black_box(&source));
        });
        show("copy (one thread)", 28 * n, copied);
        let half = target.len() / 2;
        let copied = best(|| {
            let (a, b) = black_box(&mut target).split_at_mut(half);
            let (c, d) = black_box(&source).split_at(half);
            rayon::join(|| a.copy_from_slice(c), || b.copy_from_slice(d));
        });
        show("copy (two threads)", 28 * n, copied);
        let rule = Sgd::new(&SgdOptions { momentum: 0.9, ..Default::default() }, 1e-3, false);
        show("sgd, momentum", 20 * n, best(|| optim::step(&rule, &mut w, &g, [&mut m]).unwrap()));
        let rule = Sgd::new(&SgdOptions::default(), 1e-3, false);
        show("sgd", 12 * n, best(|| optim::step(&rule, &mut w, &g, []).unwrap()));
        show(
            "sum of squares",
            4 * n,
            best(|| {
                black_box(optim::sum_squares(&g));
            }),
        );
    }
}
