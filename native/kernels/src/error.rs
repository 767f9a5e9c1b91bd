//! The error of every kernel.

use std::fmt;

/// Why a kernel refused its arguments. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelError {
    /// The shape makes no sense in itself, for example a kernel larger than the padded input.
    Shape(String),
    /// A slice has not the number of elements that the shape asks for.
    Length {
        /// Which argument, for example `"weight"`.
        argument: &'static str,
        /// Number of elements that the shape asks for.
        expected: usize,
        /// Number of elements in the slice.
        found: usize,
    },
}

impl KernelError {
    pub(crate) fn check_length(argument: &'static str, expected: usize, found: usize) -> Result<(), KernelError> {
        if expected == found { Ok(()) } else { Err(KernelError::Length { argument, expected, found }) }
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KernelError::Shape(message) => f.write_str(message),
            KernelError::Length { argument, expected, found } => {
                write!(f, "{argument}: expected {expected} elements, found {found}")
            }
        }
    }
}

impl std::error::Error for KernelError {}
