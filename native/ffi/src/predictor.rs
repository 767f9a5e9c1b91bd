//! Predictors: immutable snapshots of a model that many threads may call at once.

use crate::array::{self, ExbArray};
use crate::device::on_device;
use crate::error::ExbError;
use crate::guard::guard;
use crate::handle::{self, Kind};
use crate::model::ExbModel;
use crate::outputs::{self, ExbOutputs};
use crate::structs::{Out, size};
use crate::text::utf8;
use exburn_core::device::Device;
use exburn_core::model::Predictor;
use exburn_core::spec::names_from_json;

/// A snapshot of a model for inference. Any thread, concurrently.
pub struct ExbPredictor {
    _opaque: [u8; 0],
}

/// A predictor and the device it works on.
pub struct OnDevice {
    predictor: Predictor,
    device: Device,
}

impl Kind for ExbPredictor {
    type Value = OnDevice;
    const INDEX: usize = 4;
    const NAME: &'static str = "predictor";
}

/// Takes a snapshot of a model. Later training does not change it; parameters are shared until then. `layers` is a JSON list of layers whose values it gives; empty: the model's outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_predictor_new(
    m: *const ExbModel,
    layers: *const u8,
    len: usize,
    out: *mut *mut ExbPredictor,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, model, layers) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbModel>(m, "m")?, utf8(layers, len, "layers")?)
        };
        let layers = if layers.is_empty() { Vec::new() } else { names_from_json("layers", layers)? };
        let snapshot =
            model.run(|model| Ok(OnDevice { predictor: model.predictor(&layers)?, device: model.device() }))?;
        out.set(handle::create::<ExbPredictor>(snapshot));
        Ok(())
    })
}

/// As exb_model_predict, from any number of threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_predictor_predict(
    p: *const ExbPredictor,
    inputs: *const ExbArray,
    n: usize,
    batch_size: u64,
    out: *mut *mut ExbOutputs,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (out, p, inputs) = unsafe {
            let out = Out::new(out, std::ptr::null_mut(), "out")?;
            (out, handle::get::<ExbPredictor>(p, "p")?, array::views(inputs, n, "inputs")?)
        };
        let batch_size = size(batch_size, "batch_size")?;
        let arrays = on_device(&p.device, || p.predictor.predict(&inputs, batch_size))?;
        out.set(outputs::owned(arrays));
        Ok(())
    })
}

/// Frees a predictor. Null is allowed; running calls keep it until they end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_predictor_free(p: *mut ExbPredictor) {
    // SAFETY: the caller gives up its handle.
    unsafe { handle::free::<ExbPredictor>(p) }
}
