//! The exports, called as C calls them.

use exburn::abi::*;
use exburn::array::ExbArray;
use exburn::buffer::{ExbBuffer, exb_buffer_free};
use exburn::cancel::*;
use exburn::dataset::*;
use exburn::device::*;
use exburn::error::*;
use exburn::log::exb_log_set_sink;
use exburn::model::*;
use exburn::outputs::*;
use exburn::predictor::*;
use exburn::store::*;
use exburn::train::*;
use exburn::weights::*;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard};

const CPU: &str = r#"{"kind":"cpu"}"#;
const MODEL: &str = r#"{"version":1,"dtype":"f32","inputs":[{"name":"input","shape":[-1,3],"kind":"float"}],
 "nodes":[{"name":"0","type":"Linear","config":{"in_features":3,"out_features":2},"inputs":["input"],"trainable":true}],"outputs":["0"]}"#;
const COMPILE: &str = r#"{"version":1,"loss":{"type":"CrossEntropy","config":{}},"optimizer":{"type":"SGD","config":{"lr":0.1}},
 "metrics":[{"type":"Accuracy","config":{}}]}"#;

/// The live counters belong to the process: the tests of this file run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(|e| e.into_inner())
}

/// Status, message, subject and trace of a failed call.
#[derive(Debug)]
struct Failed(i32, String, Option<String>, Option<String>);

fn text(error: *mut ExbError, field: i32) -> Option<String> {
    let (mut ptr, mut len) = (null(), 0);
    // SAFETY: a live error and two places.
    unsafe {
        assert_eq!(exb_error_text(error, field, &mut ptr, &mut len), 0);
        if ptr.is_null() {
            return None;
        }
        Some(String::from_utf8(std::slice::from_raw_parts(ptr, len).to_vec()).unwrap())
    }
}

fn call(body: impl FnOnce(*mut *mut ExbError) -> i32) -> Result<(), Failed> {
    let mut error = std::ptr::dangling_mut::<ExbError>();
    let status = body(&mut error);
    if status == 0 {
        assert!(error.is_null(), "cleared on success");
        return Ok(());
    }
    // SAFETY: a failed call gave us an error.
    assert_eq!(unsafe { exb_error_code(error) }, status);
    let failed = Failed(status, text(error, 0).unwrap(), text(error, 1), text(error, 3));
    // SAFETY: ours to free.
    unsafe { exb_error_free(error) };
    Err(failed)
}

fn status(result: Result<(), Failed>) -> i32 {
    result.map_or_else(|e| e.0, |()| 0)
}

/// A call that gives one result.
fn made<T>(empty: T, body: impl FnOnce(*mut T, *mut *mut ExbError) -> i32) -> T {
    let mut out = empty;
    call(|e| body(&mut out, e)).unwrap();
    out
}

fn json(buffer: ExbBuffer) -> serde_json::Value {
    // SAFETY: a buffer of the library's, freed once.
    unsafe {
        let value = serde_json::from_slice(std::slice::from_raw_parts(buffer.data, buffer.len)).unwrap();
        exb_buffer_free(buffer);
        value
    }
}

fn array(data: &[f32], shape: &[i64]) -> ExbArray {
    ExbArray {
        struct_size: size_of::<ExbArray>() as u32,
        dtype: 0,
        data: data.as_ptr().cast(),
        byte_len: size_of_val(data),
        shape: shape.as_ptr(),
        rank: shape.len(),
    }
}

fn classes(data: &[i64], shape: &[i64]) -> ExbArray {
    ExbArray { dtype: 3, data: data.as_ptr().cast(), byte_len: size_of_val(data), ..array(&[], shape) }
}

fn device() -> *mut ExbDevice {
    // SAFETY: true pointers.
    made(null_mut(), |out, e| unsafe { exb_device_open(CPU.as_ptr(), CPU.len(), out, e) })
}

fn model(device: *mut ExbDevice) -> *mut ExbModel {
    // SAFETY: true pointers.
    unsafe {
        let m = made(null_mut(), |out, e| exb_model_new(MODEL.as_ptr(), MODEL.len(), 1, device, out, e));
        call(|e| exb_model_compile(m, COMPILE.as_ptr(), COMPILE.len(), e)).unwrap();
        m
    }
}

fn options() -> ExbTrainOptions {
    ExbTrainOptions {
        struct_size: size_of::<ExbTrainOptions>() as u32,
        shuffle: 1,
        seed: 1,
        batch_size: 1,
        report_every: 1,
        // SAFETY: numbers and null pointers; zero stands for every default.
        ..unsafe { std::mem::zeroed() }
    }
}

fn result() -> ExbRunResult {
    ExbRunResult {
        struct_size: size_of::<ExbRunResult>() as u32,
        stopped: 9,
        samples: 9,
        batches: 9,
        steps: 9,
        loss: 9.0,
        seconds: 9.0,
        grad_norm: 9.0,
        metric_count: 9,
        skipped: 9,
        loss_scale: 9.0,
    }
}

#[test]
fn the_guard_holds() {
    let _alone = alone();
    // SAFETY: a place for the error, then none.
    unsafe {
        let failed = call(|e| exb_debug_panic(e)).unwrap_err();
        assert_eq!(failed.0, 99);
        assert!(failed.1.contains("exb_debug_panic was called"));
        assert!(failed.3.unwrap().contains("abi.rs:"));
        assert_eq!(exb_debug_panic(null_mut()), 99);
    }
}

#[test]
fn versions_sizes_and_names() {
    // SAFETY: no pointers but true ones.
    unsafe {
        assert_eq!(exb_abi_version(), MAJOR << 16 | MINOR);
        let sizes: Vec<usize> = (-1..7).map(|id| exb_struct_size(id)).collect();
        #[cfg(target_pointer_width = "64")]
        assert_eq!(sizes, [0, 40, 24, 192, 176, 80, 40, 32]);
        let mut len = 0;
        let name = exb_status_name(12, &mut len);
        assert_eq!(std::slice::from_raw_parts(name, len), b"BUSY");
        assert!(exb_status_name(18, &mut len).is_null());
        assert_eq!(len, 0);
        assert!(!exb_status_name(0, null_mut()).is_null());
        let info = json(made(ExbBuffer::EMPTY, |out, e| exb_build_info(out, e)));
        assert_eq!(info["abi"], format!("{MAJOR}.{MINOR}"));
    }
}

#[test]
fn wrong_pointers_are_errors_and_results_are_cleared() {
    let _alone = alone();
    let d = device();
    // SAFETY: null, live handles of a wrong kind, and true pointers.
    unsafe {
        let mut out = std::ptr::dangling_mut::<ExbModel>();
        let failed = call(|e| exb_model_new(null(), 5, 0, d, &mut out, e)).unwrap_err();
        assert_eq!((failed.0, failed.2.as_deref()), (2, Some("json")));
        assert!(out.is_null(), "cleared on failure");
        assert_eq!(status(call(|e| exb_model_new(b"\xff".as_ptr(), 1, 0, d, &mut out, e))), 1);
        assert_eq!(status(call(|e| exb_model_new(MODEL.as_ptr(), MODEL.len(), 0, null(), &mut out, e))), 2);
        assert_eq!(status(call(|e| exb_model_new(MODEL.as_ptr(), MODEL.len(), 0, d, null_mut(), e))), 2);
        assert_eq!(status(call(|e| exb_model_summary(d.cast(), &mut ExbBuffer::EMPTY.clone(), e))), 3);
        assert_eq!(status(call(|e| exb_model_new(b"{".as_ptr(), 1, 0, d, &mut out, e))), 10);
        assert_eq!(exb_error_code(null()), 2);
        assert_eq!(exb_error_code(d.cast()), 3);
        // Without a place for the error the status is all there is.
        assert_eq!(exb_device_sync(null(), null_mut()), 2);
        exb_model_free(null_mut());
        exb_model_free(d.cast());
        exb_buffer_free(ExbBuffer::EMPTY);
        exb_cancel_set(null());
        exb_device_free(d);
    }
}

#[test]
fn a_model_predicts_and_everything_is_freed_in_any_order() {
    let _alone = alone();
    // SAFETY: true pointers; each handle is freed once.
    unsafe {
        let before = exb_debug_live_handles(-1);
        let d = device();
        assert_eq!(json(made(ExbBuffer::EMPTY, |out, e| exb_device_info(d, out, e)))["kind"], "cpu");
        let m = model(d);
        exb_device_free(d);
        let again = made(null_mut(), |out, e| exb_model_device(m, out, e));
        call(|e| exb_model_to(m, again, e)).unwrap();
        let p = made(null_mut(), |out, e| exb_predictor_new(m, null(), 0, out, e));
        let inputs = [array(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3])];
        let a = made(null_mut(), |out, e| exb_model_predict(m, inputs.as_ptr(), 1, 0, out, e));
        exb_model_free(m);
        let b = made(null_mut(), |out, e| exb_predictor_predict(p, inputs.as_ptr(), 1, 1, out, e));
        exb_predictor_free(p);
        for o in [a, b] {
            assert_eq!(made(0, |out, e| exb_outputs_count(o, out, e)), 1);
            let mut first = array(&[], &[]);
            call(|e| exb_outputs_array(o, 0, &mut first, e)).unwrap();
            assert_eq!(*first.shape, 2);
            assert_eq!(first.rank, 2);
            assert_eq!(status(call(|e| exb_outputs_array(o, 1, &mut first, e))), 11);
            assert!(first.data.is_null());
            first.struct_size = 4;
            assert_eq!(status(call(|e| exb_outputs_array(o, 0, &mut first, e))), 17);
            exb_outputs_free(o);
        }
        exb_device_free(again);
        assert_eq!(exb_debug_live_handles(-1), before);
    }
}

struct Seen {
    events: u64,
    answer: i32,
    model: *mut ExbModel,
    busy: i32,
}

unsafe extern "C" fn on_batch(state: *mut c_void, event: *const ExbBatchEvent) -> i32 {
    // SAFETY: the state is the test's, the event lives during the callback.
    unsafe {
        let seen = &mut *state.cast::<Seen>();
        assert_eq!((*event).struct_size as usize, size_of::<ExbBatchEvent>());
        seen.events += 1;
        let mut out = ExbBuffer::EMPTY;
        seen.busy = exb_model_summary(seen.model, &mut out, null_mut());
        seen.answer
    }
}

#[test]
fn training_calls_back_stops_fails_and_cancels() {
    let _alone = alone();
    // SAFETY: true pointers; each handle is freed once.
    unsafe {
        let before = exb_debug_live_handles(-1);
        let d = device();
        let m = model(d);
        let ds = made(null_mut(), |out, e| exb_dataset_new(out, e));
        let (data, labels) = ([0.5f32; 12], [0i64, 1, 0, 1]);
        call(|e| exb_dataset_add(ds, 0, &array(&data, &[4, 3]), e)).unwrap();
        assert_eq!(status(call(|e| exb_dataset_add(ds, 1, &classes(&labels[..3], &[3]), e))), 4);
        assert_eq!(status(call(|e| exb_dataset_add(ds, 3, &classes(&labels, &[4]), e))), 1);
        call(|e| exb_dataset_add(ds, 1, &classes(&labels, &[4]), e)).unwrap();
        assert_eq!(made(0, |out, e| exb_dataset_len(ds, out, e)), 4);
        let cancel = made(null_mut(), |out, e| exb_cancel_new(out, e));

        let mut seen = Seen { events: 0, answer: 0, model: m, busy: 0 };
        let state: *mut Seen = &mut seen;
        let raw = state.cast::<c_void>();
        let run = |o: &ExbTrainOptions, r: &mut ExbRunResult, metrics: &mut [f64], e| {
            let rates = [0.1];
            let (ptr, cap) = (metrics.as_mut_ptr(), metrics.len());
            exb_train_epoch(m, ds, o, rates.as_ptr(), 1, cancel, Some(on_batch), raw, r, ptr, cap, e)
        };
        let (mut r, mut metrics) = (result(), [-1.0; 3]);
        call(|e| run(&options(), &mut r, &mut metrics, e)).unwrap();
        assert_eq!((r.stopped, r.samples, r.batches, r.metric_count), (0, 4, 4, 1));
        assert!(metrics[0] >= 0.0 && metrics[1] == 0.0);
        assert_eq!(((*state).events, (*state).busy), (4, 12));
        call(|e| run(&options(), &mut r, &mut [], e)).unwrap();

        (*state).answer = 1;
        call(|e| run(&options(), &mut r, &mut metrics, e)).unwrap();
        assert_eq!((r.stopped, r.batches), (1, 1));
        (*state).answer = 2;
        assert_eq!(status(call(|e| run(&options(), &mut r, &mut metrics, e))), 14);
        assert_eq!((r.samples, r.metric_count, metrics[0]), (0, 0, 0.0), "cleared on failure");
        assert_eq!(status(call(|e| run(&ExbTrainOptions { shuffle: 2, ..options() }, &mut r, &mut metrics, e))), 1);
        // A caller of ABI 1.0 has no columns: what stands behind its struct is not read.
        let columns = ExbTrainOptions { columns: 77, ..options() };
        assert_eq!(status(call(|e| run(&columns, &mut r, &mut metrics, e))), 1);
        let old = ExbTrainOptions { struct_size: 80, ..columns };
        assert_eq!(status(call(|e| run(&old, &mut r, &mut metrics, e))), 14);
        assert_eq!(
            status(call(|e| run(&ExbTrainOptions { struct_size: 8, ..options() }, &mut r, &mut metrics, e))),
            17
        );
        exb_cancel_set(cancel);
        (*state).answer = 0;
        assert_eq!(status(call(|e| run(&options(), &mut r, &mut metrics, e))), 13);

        let (x, y) = ([array(&data, &[4, 3])], [classes(&labels, &[4])]);
        let (xp, yp, mp) = (x.as_ptr(), y.as_ptr(), metrics.as_mut_ptr());
        call(|e| exb_train_step(m, xp, 1, yp, 1, 0, &options(), 0.1, &mut r, mp, 3, e)).unwrap();
        assert_eq!(r.steps, 1);
        call(|e| exb_evaluate_step(m, xp, 1, yp, 1, 0, &mut r, mp, 3, e)).unwrap();
        call(|e| exb_evaluate(m, ds, 2, null(), None, null_mut(), 0, &mut r, mp, 3, e)).unwrap();
        assert_eq!(r.samples, 4);
        assert_eq!(made(0, |out, e| exb_model_set_trainable(m, b"0.*".as_ptr(), 3, 0, out, e)), 2);
        let initialize = |pattern: &[u8], json: &[u8], out: &mut u64, e| {
            exb_model_initialize(m, pattern.as_ptr(), pattern.len(), json.as_ptr(), json.len(), 1, out, e)
        };
        assert_eq!(made(0, |out, e| initialize(b"0.*", br#"{"type":"Zeros"}"#, &mut *out, e)), 2);
        let mut count = 7;
        assert_eq!(status(call(|e| initialize(b"nothing", br#"{"type":"Zeros"}"#, &mut count, e))), 11);
        assert_eq!(count, 0, "cleared on failure");
        assert_eq!(status(call(|e| initialize(b"0.bias", br#"{"type":"Orthogonal"}"#, &mut count, e))), 4);
        assert_eq!(status(call(|e| initialize(b"0.bias", b"Zeros", &mut count, e))), 10);

        exb_cancel_free(cancel);
        exb_dataset_free(ds);
        exb_model_free(m);
        exb_device_free(d);
        assert_eq!(exb_debug_live_handles(-1), before);
    }
}

#[test]
fn state_goes_out_and_in() {
    let _alone = alone();
    // SAFETY: true pointers; each handle is freed once.
    unsafe {
        let d = device();
        let m = model(d);
        let file = made(ExbBuffer::EMPTY, |out, e| exb_model_state_export(m, out, e));
        let report = json(made(ExbBuffer::EMPTY, |out, e| exb_model_state_import(m, file.data, file.len, 1, out, e)));
        assert!(report["loaded"].as_array().unwrap().iter().any(|n| n == "0.weight"));
        exb_buffer_free(file);
        let mut out = ExbBuffer { len: 7, ..ExbBuffer::EMPTY };
        assert_eq!(status(call(|e| exb_model_state_import(m, null(), 0, 1, &mut out, e))), 10);
        assert_eq!(out.len, 0);
        let path = "/nowhere/at/all.safetensors";
        assert_eq!(status(call(|e| exb_model_load(m, path.as_ptr(), path.len(), null(), 0, &mut out, e))), 11);
        exb_model_free(m);
        exb_device_free(d);
    }
}

#[test]
fn files_are_opened_without_a_model() {
    let _alone = alone();
    let path = std::env::temp_dir().join(format!("exburn-boundary-{}.safetensors", std::process::id()));
    let path = path.to_str().unwrap();
    let (p, n) = (path.as_ptr(), path.len());
    // SAFETY: true pointers; each handle is freed once.
    unsafe {
        let before = exb_debug_live_handles(-1);
        let d = device();
        let m = model(d);
        let options = r#"{"dtype":"F16","metadata":{"a":"b"}}"#;
        call(|e| exb_model_save(m, p, n, options.as_ptr(), options.len(), e)).unwrap();
        assert_eq!(status(call(|e| exb_model_save(m, p, n, b"{\"dtype\":\"I8\"}".as_ptr(), 14, e))), 5);
        assert_eq!(status(call(|e| exb_model_save(m, p, n, b"{\"x\":1}".as_ptr(), 7, e))), 10);

        let w = made(null_mut(), |out, e| exb_weights_open(p, n, null(), 0, out, e));
        assert_eq!(exb_debug_live_handles(10), 1);
        let list = json(made(ExbBuffer::EMPTY, |out, e| exb_weights_list(w, out, e)));
        assert_eq!((list["format"].as_str(), list["files"].as_i64()), (Some("safetensors"), Some(1)));
        assert_eq!(list["metadata"]["a"], "b");
        assert_eq!(list["tensors"][0], serde_json::json!({"name": "0.weight", "shape": [2, 3], "dtype": "F16"}));
        let name = "0.bias";
        let o = made(null_mut(), |out, e| exb_weights_read(w, name.as_ptr(), name.len(), out, e));
        assert_eq!(made(0, |out, e| exb_outputs_count(o, out, e)), 1);
        let mut out = null_mut();
        assert_eq!(status(call(|e| exb_weights_read(w, b"x".as_ptr(), 1, &mut out, e))), 11);
        assert_eq!(status(call(|e| exb_weights_read(m.cast(), name.as_ptr(), name.len(), &mut out, e))), 3);
        assert_eq!(status(call(|e| exb_weights_read(null(), name.as_ptr(), name.len(), &mut out, e))), 2);
        let mut other = null_mut();
        assert_eq!(status(call(|e| exb_weights_open(p, n, b"key".as_ptr(), 3, &mut other, e))), 11);
        assert_eq!(status(call(|e| exb_weights_open(b"/nowhere".as_ptr(), 8, null(), 0, &mut other, e))), 11);
        assert!(other.is_null());
        exb_outputs_free(o);
        exb_weights_free(w);
        exb_weights_free(null_mut());
        exb_model_free(m);
        exb_device_free(d);
        assert_eq!(exb_debug_live_handles(-1), before);
    }
    std::fs::remove_file(path).unwrap();
}

unsafe extern "C" fn on_log(state: *mut c_void, level: i32, _: *const u8, target_len: usize, _: *const u8, len: usize) {
    // SAFETY: the state is the test's.
    unsafe { (*state.cast::<Mutex<Vec<(i32, usize, usize)>>>()).lock().unwrap().push((level, target_len, len)) };
}

#[test]
fn the_log_sink_gets_records_until_it_is_cleared() {
    let _alone = alone();
    let records: Mutex<Vec<(i32, usize, usize)>> = Mutex::new(Vec::new());
    let state = (&raw const records).cast_mut().cast();
    let mine = || records.lock().unwrap().iter().filter(|r| r.1 == "exburn-test".len()).count();
    // SAFETY: the state outlives the sink.
    unsafe {
        call(|e| exb_log_set_sink(Some(on_log), state, 3, e)).unwrap();
        ::log::info!(target: "exburn-test", "heard");
        ::log::debug!(target: "exburn-test", "too fine");
        assert_eq!(mine(), 1);
        assert_eq!(status(call(|e| exb_log_set_sink(Some(on_log), state, 6, e))), 1);
        call(|e| exb_log_set_sink(None, null_mut(), 0, e)).unwrap();
        ::log::error!(target: "exburn-test", "gone");
        assert_eq!(mine(), 1);
    }
}
