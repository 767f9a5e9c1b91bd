//! An LSTM layer, forward and backward, by our kernel and by Burn's operations step by step, the same work on the same device:
//! `cargo bench -p exburn-core --bench recurrent`. Medians of 15 in milliseconds; above 1.0 in the ratio ours is faster.

#[path = "../../kernels/benches/common/measure.rs"]
mod measure;

use exburn_core::device::Device;
use exburn_core::layers::{SingleSpec, run_single};
use exburn_core::spec::Config;
use exburn_core::tensor::{DType, Value};
use exburn_core::{HostArray, HostData, Result};
use measure::{median_ms, noise};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn array(shape: &[usize]) -> HostArray {
    let scale = 1.0 / (shape[shape.len() - 1] as f32).sqrt();
    let numbers = noise(shape.iter().product()).into_iter().map(|x| x * scale).collect();
    HostArray::new(shape.to_vec(), HostData::F32(numbers)).expect("numbers for the shape")
}

/// Gradients of sum(output * dy), each step made of Burn's operations. Input `[batch, time, inputs]`.
fn by_steps(state: &[(String, HostArray)], x: &HostArray, dy: &HostArray, device: &Device) -> Result<Value> {
    let value = |a: &HostArray| Value::float_from_host(&a.view(), DType::F32, device);
    let [w_ih, w_hh, b_ih, b_hh] = [0, 1, 2, 3].map(|i| value(&state[i].1).map(|v| v.tracked()));
    let (x, w_hh, bias) = (value(x)?.tracked(), w_hh?, b_ih?.add(&b_hh?)?);
    let (batch, time, hidden) = (x.dim(0), x.dim(1), w_hh.dim(1));
    let gates = x.clone().linear(&w_ih?, Some(&bias))?;
    let mut h = Value::zeros(&[batch, hidden], DType::F32, device)?;
    let mut c = h.clone();
    let mut outputs = Vec::new();
    for t in 0..time {
        let all = gates.clone().narrow(1, t, t + 1)?.reshape(&[batch, 4 * hidden])?.add(&h.linear(&w_hh, None)?)?;
        let gate = |k: usize| all.clone().narrow(1, k * hidden, (k + 1) * hidden);
        c = gate(1)?.sigmoid()?.mul(&c)?.add(&gate(0)?.sigmoid()?.mul(&gate(2)?.tanh()?)?)?;
        h = gate(3)?.sigmoid()?.mul(&c.clone().tanh()?)?;
        outputs.push(h.clone().reshape(&[batch, 1, hidden])?);
    }
    let gradients = Value::concat(outputs, 1)?.mul(&value(dy)?)?.sum()?.backward()?;
    gradients.of(&x).ok_or_else(|| exburn_core::Error::internal("no gradient"))
}

fn main() {
    let device = Device::cpu();
    println!("{:<36}{:>10}{:>10}{:>10}", "LSTM, f32, ms: batch, time, sizes", "ours", "Burn", "ratio");
    for (batch, time, inputs, hidden) in [(32, 64, 64, 128), (64, 28, 28, 128), (8, 100, 256, 256), (1, 64, 64, 128)] {
        let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"].map(str::to_owned);
        let shapes = [vec![4 * hidden, inputs], vec![4 * hidden, hidden], vec![4 * hidden], vec![4 * hidden]];
        let state: Vec<_> = names.into_iter().zip(shapes.iter().map(|s| array(s))).collect();
        let (x, dy) = (array(&[batch, time, inputs]), array(&[batch, time, hidden]));
        let options = json!({"input_size": inputs, "hidden_size": hidden, "batch_first": true});
        let config = Config::from_value(options).expect("options");
        let (inputs_array, grads) = ([x.clone()], [dy.clone()]);
        let spec = SingleSpec {
            layer: "LSTM",
            config: &config,
            state: &state,
            inputs: &inputs_array,
            training: true,
            frozen: false,
            device: &device,
            dtype: DType::F32,
            seed: 1,
            output_grads: Some(&grads),
        };
        let ours = median_ms(|| drop(run_single(&spec).expect("a pass")));
        let burn = median_ms(|| drop(by_steps(&state, &x, &dy, &device).expect("a pass")));
        let name = format!("{batch} x {time} x {inputs} -> {hidden}");
        println!("{name:<36}{ours:>10.3}{burn:>10.3}{:>10.2}", burn / ours);
    }
}
