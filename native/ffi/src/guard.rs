//! No panic leaves an export: it becomes status 99 with message, location and backtrace, and nothing is printed.

use crate::error::{ExbError, Failure, Result, Status};
use crate::handle;
use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};

/// What the hook saw.
struct Capture {
    message: String,
    trace: String,
}

thread_local! {
    /// Guards around the running code of this thread.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// A thread of our own pool: its panics reach the guard of the caller, who waits for it.
    static WORKER: Cell<bool> = const { Cell::new(false) };
    static CAPTURED: RefCell<Option<Capture>> = const { RefCell::new(None) };
}

/// The last panic of a thread without a guard. Rayon carries the payload to the caller, but not the location.
static ELSEWHERE: Mutex<Option<Capture>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Marks the current thread as one of ours (rayon's workers).
pub(crate) fn mark_worker() {
    install_hook();
    WORKER.set(true);
}

pub(crate) fn install_hook() {
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let guarded = DEPTH.get() > 0;
            let capture = capture(info);
            if guarded {
                // A panic while the cell is borrowed cannot happen: nothing below borrows it across user code.
                CAPTURED.with(|c| c.replace(Some(capture)));
                return;
            }
            *ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner) = Some(capture);
            if !WORKER.get() {
                previous(info);
            }
        }));
    });
}

fn capture(info: &PanicHookInfo) -> Capture {
    let place = match info.location() {
        Some(l) => format!("{}:{}:{}", l.file(), l.line(), l.column()),
        None => "unknown location".to_owned(),
    };
    let thread = std::thread::current();
    let trace = format!("{place}\nthread '{}'\n{}", thread.name().unwrap_or("unnamed"), Backtrace::force_capture());
    Capture { message: payload_text(info.payload()), trace }
}

fn payload_text(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    }
}

/// Keeps the depth right when the body unwinds.
struct Inside;

impl Inside {
    fn enter() -> Self {
        install_hook();
        DEPTH.set(DEPTH.get() + 1);
        Inside
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

fn run<R>(body: impl FnOnce() -> Result<R>) -> Result<R> {
    let _inside = Inside::enter();
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => {
            let message = payload_text(&*payload);
            // A payload whose drop panics must not get out either.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(second);
            }
            let capture = CAPTURED.take().or_else(|| {
                let mut other = ELSEWHERE.lock().unwrap_or_else(PoisonError::into_inner);
                other.take_if(|c| c.message == message)
            });
            let mut failure = Failure::new(Status::Internal, format!("internal error: {message}"));
            failure.trace = capture.map(|c| c.trace);
            Err(failure)
        }
    }
}

/// Runs the body of an export. `error` is the export's last argument: null, or a place that gets null or an owned error.
pub(crate) fn guard(error: *mut *mut ExbError, body: impl FnOnce() -> Result<()>) -> i32 {
    let error = (!error.is_null() && error.is_aligned()).then_some(error);
    if let Some(place) = error {
        // SAFETY: the ABI demands null or a writable place; null and misaligned pointers are excluded above.
        unsafe { place.write(std::ptr::null_mut()) };
    }
    match run(body) {
        Ok(()) => Status::Ok as i32,
        Err(failure) => {
            let status = failure.status;
            if let Some(place) = error {
                let owned = handle::create::<ExbError>(failure);
                // SAFETY: as above.
                unsafe { place.write(owned) };
            }
            status as i32
        }
    }
}

/// Runs something that cannot report, such as a free. A panic in it is dropped.
pub(crate) fn quietly(body: impl FnOnce()) {
    let _ = run(|| {
        body();
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(body: impl FnOnce() -> Result<()>) -> Failure {
        run(body).unwrap_err()
    }

    #[test]
    fn a_panic_becomes_an_error_with_its_location() {
        let failure = failing(|| panic!("number {}", 7));
        assert_eq!(failure.status, Status::Internal);
        assert_eq!(failure.message, "internal error: number 7");
        let trace = failure.trace.unwrap();
        assert!(trace.lines().next().unwrap().contains("guard.rs:"), "{trace}");
    }

    #[test]
    fn guards_nest() {
        let outer = failing(|| {
            let inner = failing(|| panic!("inner"));
            assert!(inner.message.ends_with("inner"));
            panic!("outer");
        });
        assert!(outer.message.ends_with("outer"));
        assert_eq!(DEPTH.get(), 0);
    }

    #[test]
    fn a_payload_that_panics_when_dropped_stays_inside() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let failure = failing(|| std::panic::panic_any(Bomb));
        assert_eq!(failure.message, "internal error: a panic without a text");
    }

    #[test]
    fn a_panic_of_a_worker_keeps_its_location() {
        let failure = failing(|| {
            let handle = std::thread::spawn(|| {
                mark_worker();
                panic!("in a worker");
            });
            std::panic::resume_unwind(handle.join().unwrap_err());
        });
        assert!(failure.message.ends_with("in a worker"));
        assert!(failure.trace.unwrap().contains("guard.rs:"));
    }
}
