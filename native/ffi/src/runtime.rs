//! Options of the whole process.

use crate::error::{ExbError, Failure, Status};
use crate::guard::{guard, mark_worker};
use crate::structs::size;
use std::sync::Mutex;

/// What was asked for, once it is settled.
static THREADS: Mutex<Option<usize>> = Mutex::new(None);

/// Sets the number of worker threads of the CPU devices, before their first use. The same number again is fine, another one is an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_runtime_set_threads(n: u64, error: *mut *mut ExbError) -> i32 {
    guard(error, || {
        let n = size(n, "n")?;
        if n == 0 || n > 4096 {
            let text = format!("the number of threads must be between 1 and 4096, found {n}");
            return Err(Failure::argument(Status::InvalidArgument, "n", text));
        }
        let mut settled = THREADS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *settled == Some(n) {
            return Ok(());
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .thread_name(|i| format!("exburn-worker-{i}"))
            .start_handler(|_| mark_worker());
        if pool.build_global().is_err() {
            let running = rayon::current_num_threads();
            if running == n {
                *settled = Some(n);
                return Ok(());
            }
            let text =
                format!("the thread pool already runs with {running} threads; set the number before the first use");
            return Err(Failure::argument(Status::InvalidArgument, "n", text));
        }
        *settled = Some(n);
        Ok(())
    })
}
