//! The one error type of the core: what went wrong, where, what was found, what was expected.

use std::fmt;

/// What kind of failure it is; the boundary maps each kind to one status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    InvalidArgument,
    Shape,
    DType,
    Device,
    OutOfMemory,
    Unsupported,
    Io,
    Format,
    NotFound,
    Busy,
    Cancelled,
    Callback,
    Numerical,
    Poisoned,
    Internal,
}

/// A failure, with an optional subject (layer, parameter or file) and an optional structured detail.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    pub subject: Option<String>,
    pub detail: Option<serde_json::Value>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), subject: None, detail: None }
    }

    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// A shape that does not fit; `expected` and `found` travel as detail.
    pub fn shape(what: impl fmt::Display, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        let (expected, found) = (expected.to_string(), found.to_string());
        Self {
            kind: ErrorKind::Shape,
            message: format!("{what}: expected {expected}, found {found}"),
            subject: None,
            detail: Some(serde_json::json!({ "expected": expected, "found": found })),
        }
    }

    /// A data type that does not fit.
    pub fn dtype(what: impl fmt::Display, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { kind: ErrorKind::DType, ..Self::shape(what, expected, found) }
    }

    /// Says of which part the error is, before the message; the subject stays open for what the part belongs to.
    pub fn of(mut self, part: impl fmt::Display) -> Self {
        self.message = format!("{part}: {}", self.message);
        self
    }

    /// Names the layer, parameter or file that the error is about; an inner name is kept.
    pub fn at(mut self, subject: impl Into<String>) -> Self {
        if self.subject.is_none() {
            let subject = subject.into();
            self.message = format!("{subject}: {}", self.message);
            self.subject = Some(subject);
        }
        self
    }

    pub fn with_detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, error.to_string())
    }
}
