//! One layer on its own: built from a description, run, its gradients checked against central differences.
#![allow(dead_code)] // each test program uses its part

use exburn_core::backend::rng::{Purpose, Rng};
use exburn_core::device::Device;
use exburn_core::layers::{SingleRun, SingleSpec, create, run_single};
use exburn_core::spec::Config;
use exburn_core::tensor::DType;
use exburn_core::{Error, HostArray, HostData, Result};
use serde_json::Value as Json;

/// A layer with everything that a pass needs.
#[derive(Debug, Clone)]
pub struct Single {
    pub layer: String,
    pub config: Json,
    pub state: Vec<(String, HostArray)>,
    pub inputs: Vec<HostArray>,
    pub training: bool,
    pub frozen: bool,
    pub seed: u64,
}

pub fn floats(shape: &[usize], data: Vec<f64>) -> HostArray {
    HostArray::new(shape.to_vec(), HostData::F64(data)).unwrap()
}

pub fn integers(shape: &[usize], data: Vec<i64>) -> HostArray {
    HostArray::new(shape.to_vec(), HostData::I64(data)).unwrap()
}

/// Where layers are tested: the CPU devices in both types, and the GPU, if the run asks for one, in single precision.
pub fn places(devices: Vec<(Device, Vec<DType>)>) -> Vec<(Device, DType)> {
    let fits = |device: &Device, dtype: DType| device.info().kind != "gpu" || dtype == DType::F32;
    let all = devices.into_iter().flat_map(|(device, types)| types.into_iter().map(move |t| (device.clone(), t)));
    all.filter(|(device, dtype)| fits(device, *dtype)).collect()
}

/// Standard normal numbers.
pub fn noise(shape: &[usize], seed: u64) -> HostArray {
    let mut rng = Rng::new(seed, Purpose::Initialise, &[77]);
    floats(shape, (0..shape.iter().product()).map(|_| rng.normal()).collect())
}

pub fn data(array: &HostArray) -> Vec<f64> {
    array.view_data().to_f64()
}

pub fn config(json: &Json) -> Config {
    Config::from_value(json.clone()).unwrap()
}

impl Single {
    /// A layer with noise as parameters and input, in training. Running variances are positive.
    pub fn new(layer: &str, options: Json, input: HostArray) -> Self {
        let declared = create(layer, &config(&options)).unwrap_or_else(|e| panic!("{layer} {options}: {e}")).declare();
        let state = declared.iter().enumerate().map(|(i, d)| {
            let mut values = noise(&d.shape, 100 + i as u64);
            if d.name == "running_var" {
                values = floats(&d.shape, data(&values).iter().map(|x| 0.5 + x * x).collect());
            }
            if d.name == "num_batches_tracked" {
                values = integers(&[], vec![3]);
            }
            (d.name.clone(), values)
        });
        let state = state.collect();
        Self {
            layer: layer.to_owned(),
            config: options,
            state,
            inputs: vec![input],
            training: true,
            frozen: false,
            seed: 5,
        }
    }

    pub fn evaluating(mut self) -> Self {
        self.training = false;
        self
    }

    pub fn frozen(mut self) -> Self {
        self.frozen = true;
        self
    }

    pub fn run(&self, device: &Device, dtype: DType, output_grads: Option<&[HostArray]>) -> Result<SingleRun> {
        run_single(&SingleSpec {
            layer: &self.layer,
            config: &config(&self.config),
            state: &self.state,
            inputs: &self.inputs,
            training: self.training,
            frozen: self.frozen,
            device,
            dtype,
            seed: self.seed,
            output_grads,
        })
    }

    /// The only output on the CPU in double precision.
    pub fn output(&self) -> HostArray {
        self.output_on(&Device::cpu(), DType::F64)
    }

    pub fn output_on(&self, device: &Device, dtype: DType) -> HostArray {
        let run = self.run(device, dtype, None).unwrap_or_else(|e| panic!("{} {}: {e}", self.layer, self.config));
        run.outputs.into_iter().next().expect("an output")
    }

    pub fn error(&self) -> Error {
        match self.run(&Device::cpu(), DType::F32, None) {
            Ok(_) => panic!("{} {} takes {:?}", self.layer, self.config, self.inputs[0].shape),
            Err(e) => e,
        }
    }

    /// The largest difference between the gradients of sum(output * g) and central differences, relative to the larger of 1
    /// and the gradient, over all inputs and parameters; g is noise.
    pub fn gradient_error(&self, device: &Device) -> f64 {
        let title = format!("{} {}", self.layer, self.config);
        let run = |case: &Self, grads: Option<&[HostArray]>| {
            case.run(device, DType::F64, grads).unwrap_or_else(|e| panic!("{title}: {e}"))
        };
        let weights: Vec<HostArray> =
            run(self, None).outputs.iter().enumerate().map(|(i, o)| noise(&o.shape, 9 + i as u64)).collect();
        let loss = |case: &Self| -> f64 {
            let outputs = run(case, None).outputs;
            outputs.iter().zip(&weights).flat_map(|(o, w)| data(o).into_iter().zip(data(w))).map(|(o, w)| o * w).sum()
        };
        let analytic = run(self, Some(&weights));
        let mut worst: f64 = 0.0;
        let mut compare = |gradient: &HostArray, place: &dyn Fn(&mut Self) -> &mut HostArray| {
            for (i, expected) in data(gradient).into_iter().enumerate() {
                let shifted = |by: f64| {
                    let mut case = self.clone();
                    let HostData::F64(values) = &mut place(&mut case).data else { panic!("floats") };
                    values[i] += by;
                    loss(&case)
                };
                let numeric = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
                worst = worst.max((numeric - expected).abs() / numeric.abs().max(1.0));
            }
        };
        for (i, gradient) in analytic.input_grads.iter().enumerate() {
            if let Some(gradient) = gradient {
                compare(gradient, &|case: &mut Self| &mut case.inputs[i]);
            }
        }
        for (name, gradient) in &analytic.param_grads {
            if let Some(gradient) = gradient {
                let at = self.state.iter().position(|(n, _)| n == name).expect("state");
                compare(gradient, &|case: &mut Self| &mut case.state[at].1);
            }
        }
        worst
    }
}
