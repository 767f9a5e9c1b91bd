//! Log records of the library and of Burn, handed to one callback of the process.

use crate::error::{ExbError, Failure, Status};
use crate::guard::guard;
use log::{LevelFilter, Log, Metadata, Record};
use std::cell::Cell;
use std::ffi::c_void;
use std::sync::{OnceLock, PoisonError, RwLock};

type Callback = unsafe extern "C" fn(*mut c_void, i32, *const u8, usize, *const u8, usize);

#[derive(Clone, Copy)]
struct Sink {
    callback: Callback,
    state: *mut c_void,
}

// SAFETY: the ABI says that the callback may be called from any thread with this state.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

/// Read-locked while a record is delivered, so that taking the sink away waits for running callers.
static SINK: RwLock<Option<Sink>> = RwLock::new(None);
static INSTALLED: OnceLock<bool> = OnceLock::new();

thread_local! {
    /// This thread is inside the callback: records from there are dropped, and the sink cannot be changed.
    static DELIVERING: Cell<bool> = const { Cell::new(false) };
}

struct Forward;

impl Log for Forward {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record) {
        if !self.enabled(record.metadata()) || DELIVERING.get() {
            return;
        }
        let message = record.args().to_string();
        let target = record.target();
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sink) = *sink {
            DELIVERING.set(true);
            // SAFETY: the callback stays valid until the sink is cleared, which waits for this lock.
            unsafe {
                let level = record.level() as i32;
                (sink.callback)(sink.state, level, target.as_ptr(), target.len(), message.as_ptr(), message.len());
            }
            DELIVERING.set(false);
        }
    }

    fn flush(&self) {}
}

/// Sets the receiver of log records: level (1 error, 2 warn, 3 info, 4 debug, 5 trace), target and message as UTF-8, from any thread.
/// `max_level` 0 to 5 is held natively. A null callback clears; when it returns, no callback runs any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_log_set_sink(
    callback: Option<
        unsafe extern "C" fn(
            state: *mut c_void,
            level: i32,
            target: *const u8,
            target_len: usize,
            message: *const u8,
            message_len: usize,
        ),
    >,
    state: *mut c_void,
    max_level: i32,
    error: *mut *mut ExbError,
) -> i32 {
    guard(error, || {
        let level = match max_level {
            0 => LevelFilter::Off,
            1 => LevelFilter::Error,
            2 => LevelFilter::Warn,
            3 => LevelFilter::Info,
            4 => LevelFilter::Debug,
            5 => LevelFilter::Trace,
            _ => {
                let text = format!("'max_level' must be 0 to 5, found {max_level}");
                return Err(Failure::argument(Status::InvalidArgument, "max_level", text));
            }
        };
        if DELIVERING.get() {
            return Err(Failure::new(Status::Busy, "the log sink cannot be changed from inside its own callback"));
        }
        if !*INSTALLED.get_or_init(|| log::set_logger(&Forward).is_ok()) {
            return Err(Failure::new(Status::Unsupported, "this process has another logger for Rust's log crate"));
        }
        log::set_max_level(if callback.is_some() { level } else { LevelFilter::Off });
        let sink = callback.map(|callback| Sink { callback, state });
        *SINK.write().unwrap_or_else(PoisonError::into_inner) = sink;
        log::debug!(target: "exburn", "log records are delivered up to level {level}");
        Ok(())
    })
}
