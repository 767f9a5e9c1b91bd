//! Ten steps of a net with 101 thousand weights, against losses recomputed in double precision from the published rules
//! (the fixture of TorchSharp's optimizer tests; their RAdam is wrong there).

use exburn_core::device::Device;
use exburn_core::optim::{self, Optimizer, State};
use exburn_core::tensor::{DType, Value};
use serde_json::{Value as Json, json};

use crate::reference::{devices, part};

/// MT19937, seeded with one integer.
struct Twister {
    state: [u32; 624],
    next: usize,
}

impl Twister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; 624];
        for i in 1..624u32 {
            let before = state[i as usize - 1];
            state[i as usize] = 1812433253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i);
        }
        Self { state, next: 624 }
    }

    fn integer(&mut self) -> u32 {
        if self.next == 624 {
            for i in 0..624 {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Numbers from 0 to 1, as often as asked for.
    fn draw(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| f64::from(self.integer() & 0xff_ffff) / 16_777_216.0).collect()
    }

    fn weights(&mut self, n: usize, inputs: usize) -> Vec<f64> {
        let bound = 1.0 / (inputs as f64).sqrt();
        self.draw(n).iter().map(|r| r * 2.0 * bound - bound).collect()
    }
}

/// Weights and biases of two layers, input, target.
struct Fixture {
    arrays: [(Vec<f64>, Vec<usize>); 6],
}

impl Fixture {
    fn new() -> Self {
        let mut random = Twister::new(4711);
        let arrays = [
            (random.weights(100_000, 1000), vec![100, 1000]),
            (random.weights(100, 1000), vec![100]),
            (random.weights(1000, 100), vec![10, 100]),
            (random.weights(10, 100), vec![10]),
            (random.draw(64_000), vec![64, 1000]),
            (random.draw(640), vec![64, 10]),
        ];
        Self { arrays }
    }

    /// The losses before each of ten steps, the two layers under optimizers of their own.
    fn losses(&self, layers: [&dyn Optimizer; 2], dtype: DType, device: &Device) -> Vec<f64> {
        let mut values: Vec<Value> = self
            .arrays
            .iter()
            .map(|(data, shape)| Value::from_doubles(data.clone(), shape, dtype, device).unwrap())
            .collect();
        let mut states = vec![State::default(); 4];
        (0..10)
            .map(|_| {
                let leaves: Vec<Value> = values[..4].iter().map(Value::tracked).collect();
                let hidden = values[4].clone().linear(&leaves[0], Some(&leaves[1])).unwrap().relu().unwrap();
                let output = hidden.linear(&leaves[2], Some(&leaves[3])).unwrap();
                let error = output.sub(&values[5]).unwrap();
                let loss = error.clone().mul(&error).unwrap().sum().unwrap();
                let number = loss.clone().detached().to_scalar().unwrap();
                let gradients = loss.backward().unwrap();
                for i in 0..4 {
                    let gradient = gradients.of(&leaves[i]).unwrap();
                    let optimizer = layers[i / 2];
                    optimizer.step(&mut values[i], gradient, &mut states[i], optimizer.rate()).unwrap();
                }
                number
            })
            .collect()
    }
}

/// Optimizer, options, and where it differs the second layer's rate; the loss at the tenth iteration.
fn cases() -> Vec<(&'static str, Json, Option<f64>, f64)> {
    vec![
        ("SGD", json!({"lr": 4e-5}), None, 62.493688),
        ("SGD", json!({"lr": 4e-5, "momentum": 0.5}), None, 53.710789),
        ("SGD", json!({"lr": 4e-5, "momentum": 0.1, "nesterov": true}), None, 59.270365),
        ("Adam", json!({}), None, 53.307652),
        ("Adam", json!({"amsgrad": true}), None, 53.307233),
        ("Adam", json!({"weight_decay": 0.5}), None, 53.236098),
        ("Adam", json!({"lr": 5e-3}), Some(1e-3), 105.71546),
        ("AdamW", json!({"weight_decay": 0.5}), None, 53.289339),
        ("Adagrad", json!({"lr": 4e-5}), None, 203.20207),
        ("Adagrad", json!({"lr": 4e-5, "weight_decay": 0.5}), None, 203.20669),
        ("Adagrad", json!({"lr": 4e-5, "lr_decay": 0.1}), None, 211.06551),
        ("Adagrad", json!({"lr": 5e-3}), Some(1e-2), 51.509377),
        ("Adadelta", json!({}), None, 74.753708),
        ("Adadelta", json!({"weight_decay": 0.35}), None, 73.226162),
        ("Adadelta", json!({"rho": 0.75}), None, 73.027170),
        ("Adadelta", json!({"lr": 5e-3}), Some(1.0), 77.891479),
        ("Adamax", json!({}), None, 55.559023),
        ("Adamax", json!({"weight_decay": 0.35}), None, 55.470898),
        ("Adamax", json!({"betas": [0.75, 0.95]}), None, 51.002240),
        ("Adamax", json!({"lr": 5e-3}), Some(2e-3), 141.51912),
        ("NAdam", json!({}), None, 66.262278),
        ("NAdam", json!({"weight_decay": 0.45}), None, 67.041012),
        ("NAdam", json!({"betas": [0.75, 0.95]}), None, 66.729845),
        ("NAdam", json!({"momentum_decay": 0.04}), None, 66.739380),
        ("NAdam", json!({"lr": 5e-3}), Some(2e-3), 56.438380),
        ("RAdam", json!({"lr": 5e-4}), None, 65.675211),
        ("RAdam", json!({"lr": 5e-4, "weight_decay": 0.05}), None, 65.673189),
        ("RMSprop", json!({"lr": 4e-5}), None, 56.589781),
        ("RMSprop", json!({"lr": 4e-5, "alpha": 0.75}), None, 156.33918),
        ("RMSprop", json!({"lr": 4e-5, "weight_decay": 0.15}), None, 56.608791),
        ("RMSprop", json!({"lr": 4e-5, "centered": true}), None, 56.189776),
        ("RMSprop", json!({"lr": 4e-5, "centered": true, "weight_decay": 0.15}), None, 56.196751),
        ("RMSprop", json!({"lr": 4e-5, "momentum": 0.15}), None, 53.504144),
        ("Rprop", json!({}), None, 77.279773),
        ("Rprop", json!({"etas": [0.55, 1.2]}), None, 171.12215),
        ("Rprop", json!({"etas": [0.5, 1.25]}), None, 65.859001),
        ("Rprop", json!({"lr": 5e-3}), Some(1e-2), 66.479677),
        ("ASGD", json!({"lr": 1e-3}), None, 57.748246),
        ("ASGD", json!({"lr": 2e-4}), Some(1e-3), 56.653053),
    ]
}

#[test]
fn ten_steps_of_a_net() {
    let fixture = Fixture::new();
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-7;
    let [w, _, _, b, x, y] = &fixture.arrays;
    assert!(near(w.0[0], 0.0120613) && near(b.0[9], -0.0699901) && near(x.0[0], 0.7314322) && near(y.0[0], 0.8038773));
    let all = cases();
    let count = all.len();
    let (device, types) = devices().swap_remove(0);
    let mut worst = [0.0f64; 2];
    let mut wrong = Vec::new();
    for (kind, config, second, expected) in all {
        let first = optim::create(&part(kind, config.clone())).unwrap();
        let mut other = config.clone();
        if let Some(rate) = second {
            other["lr"] = json!(rate);
        }
        let other = optim::create(&part(kind, other)).unwrap();
        for &dtype in &types {
            let losses = fixture.losses([&*first, &*other], dtype, &device);
            assert!((losses[0] - 244.55300).abs() < 1e-4, "{}", losses[0]);
            let error = (losses[9] / expected - 1.0).abs();
            // The constants have eight digits.
            let (k, limit) = if dtype == DType::F64 { (1, 2e-7) } else { (0, 1e-5) };
            worst[k] = worst[k].max(error);
            if error > limit {
                wrong.push(format!("{kind} {config} {second:?} {}: {} not {expected}", dtype.name(), losses[9]));
            }
        }
    }
    println!("{count} constants, worst relative error f32 {:e}, f64 {:e}", worst[0], worst[1]);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
