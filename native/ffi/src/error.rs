//! Status numbers and the owned error object.

use crate::handle::{self, Kind};
use crate::structs::Out;
use exburn_core::{Error, ErrorKind};
use std::fmt::Display;

/// What an export returns. Numbers are never reused; C# compares the names at load.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok = 0,
    InvalidArgument = 1,
    NullArgument = 2,
    BadHandle = 3,
    Shape = 4,
    DType = 5,
    Device = 6,
    OutOfMemory = 7,
    Unsupported = 8,
    Io = 9,
    Format = 10,
    NotFound = 11,
    Busy = 12,
    Cancelled = 13,
    Callback = 14,
    Numerical = 15,
    Poisoned = 16,
    Abi = 17,
    Internal = 99,
}

impl Status {
    /// All statuses in order.
    pub const ALL: [Status; 19] = [
        Status::Ok,
        Status::InvalidArgument,
        Status::NullArgument,
        Status::BadHandle,
        Status::Shape,
        Status::DType,
        Status::Device,
        Status::OutOfMemory,
        Status::Unsupported,
        Status::Io,
        Status::Format,
        Status::NotFound,
        Status::Busy,
        Status::Cancelled,
        Status::Callback,
        Status::Numerical,
        Status::Poisoned,
        Status::Abi,
        Status::Internal,
    ];

    /// The name that goes with the number, part of the ABI.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::InvalidArgument => "INVALID_ARGUMENT",
            Status::NullArgument => "NULL_ARGUMENT",
            Status::BadHandle => "BAD_HANDLE",
            Status::Shape => "SHAPE",
            Status::DType => "DTYPE",
            Status::Device => "DEVICE",
            Status::OutOfMemory => "OUT_OF_MEMORY",
            Status::Unsupported => "UNSUPPORTED",
            Status::Io => "IO",
            Status::Format => "FORMAT",
            Status::NotFound => "NOT_FOUND",
            Status::Busy => "BUSY",
            Status::Cancelled => "CANCELLED",
            Status::Callback => "CALLBACK",
            Status::Numerical => "NUMERICAL",
            Status::Poisoned => "POISONED",
            Status::Abi => "ABI",
            Status::Internal => "INTERNAL",
        }
    }

    /// The status with this number.
    pub fn from_code(code: i32) -> Option<Status> {
        Status::ALL.into_iter().find(|s| *s as i32 == code)
    }
}

/// Why an export failed: the content of an [`ExbError`].
#[derive(Debug)]
pub struct Failure {
    pub(crate) status: Status,
    pub(crate) message: String,
    pub(crate) subject: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) trace: Option<String>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Failure { status, message: message.into(), subject: None, detail: None, trace: None }
    }

    /// The argument's name becomes the subject.
    pub(crate) fn argument(status: Status, name: impl Display, message: impl Into<String>) -> Self {
        Failure { subject: Some(name.to_string()), ..Failure::new(status, message) }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            ErrorKind::InvalidArgument => Status::InvalidArgument,
            ErrorKind::Shape => Status::Shape,
            ErrorKind::DType => Status::DType,
            ErrorKind::Device => Status::Device,
            ErrorKind::OutOfMemory => Status::OutOfMemory,
            ErrorKind::Unsupported => Status::Unsupported,
            ErrorKind::Io => Status::Io,
            ErrorKind::Format => Status::Format,
            ErrorKind::NotFound => Status::NotFound,
            ErrorKind::Busy => Status::Busy,
            ErrorKind::Cancelled => Status::Cancelled,
            ErrorKind::Callback => Status::Callback,
            ErrorKind::Numerical => Status::Numerical,
            ErrorKind::Poisoned => Status::Poisoned,
            ErrorKind::Internal => Status::Internal,
        };
        Failure {
            status,
            message: error.message,
            subject: error.subject,
            detail: error.detail.map(|d| d.to_string()),
            trace: None,
        }
    }
}

/// An owned error. Any thread may read it; `exb_error_free` ends it.
pub struct ExbError {
    _opaque: [u8; 0],
}

impl Kind for ExbError {
    type Value = Failure;
    const INDEX: usize = 0;
    const NAME: &'static str = "error";
}

/// Status number of an error; 2 for null, 3 for a pointer that is no error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_error_code(e: *const ExbError) -> i32 {
    // SAFETY: the caller gives an error of ours or null.
    match unsafe { handle::get::<ExbError>(e, "e") } {
        Ok(failure) => failure.status as i32,
        Err(failure) => failure.status as i32,
    }
}

/// A text of an error: field 0 message, 1 subject (layer, file, argument), 2 detail (JSON), 3 location and backtrace of a panic.
/// UTF-8 without terminator, borrowed until the error is freed; null and 0 if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_error_text(
    e: *const ExbError,
    field: i32,
    out_ptr: *mut *const u8,
    out_len: *mut usize,
) -> i32 {
    let read = || -> Result<()> {
        // SAFETY: the caller keeps the rules of ABI.md for every pointer.
        let (ptr, len, failure) = unsafe {
            let ptr = Out::new(out_ptr, std::ptr::null(), "out_ptr")?;
            let len = Out::new(out_len, 0, "out_len")?;
            (ptr, len, handle::get::<ExbError>(e, "e")?)
        };
        let text = match field {
            0 => Some(&failure.message),
            1 => failure.subject.as_ref(),
            2 => failure.detail.as_ref(),
            3 => failure.trace.as_ref(),
            _ => return Err(Failure::new(Status::InvalidArgument, "unknown field")),
        };
        if let Some(text) = text {
            ptr.set(text.as_ptr());
            len.set(text.len());
        }
        Ok(())
    };
    match read() {
        Ok(()) => Status::Ok as i32,
        Err(failure) => failure.status as i32,
    }
}

/// Frees an error. Null is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exb_error_free(e: *mut ExbError) {
    // SAFETY: the caller gives up its error.
    unsafe { handle::free::<ExbError>(e) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_one_to_one() {
        for status in Status::ALL {
            assert_eq!(Status::from_code(status as i32), Some(status));
            assert_eq!(Status::ALL.iter().filter(|s| s.name() == status.name()).count(), 1);
        }
        assert_eq!(Status::from_code(18), None);
    }
}
