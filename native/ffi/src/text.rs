//! Texts: UTF-8 with a length, no terminator.

use crate::error::{Failure, Result, Status};
use crate::structs::slice;

/// A borrowed text, checked to be UTF-8. Null is allowed for the empty text only.
///
/// # Safety
/// `ptr` points to `len` readable bytes for the call, or is null.
pub(crate) unsafe fn utf8<'a>(ptr: *const u8, len: usize, name: &str) -> Result<&'a str> {
    // SAFETY: the rule of this function.
    let bytes = unsafe { slice(ptr, len, name)? };
    std::str::from_utf8(bytes).map_err(|e| {
        let text = format!("'{name}' is not UTF-8: bad byte at {}", e.valid_up_to());
        Failure::argument(Status::InvalidArgument, name, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked() {
        let read = |bytes: &[u8]| {
            // SAFETY: a slice of the test's.
            unsafe { utf8(bytes.as_ptr(), bytes.len(), "t") }.map(str::to_owned)
        };
        assert_eq!(read("grün".as_bytes()).unwrap(), "grün");
        assert_eq!(read(b"a\xff").unwrap_err().status, Status::InvalidArgument);
        // SAFETY: null is never read.
        unsafe {
            assert_eq!(utf8(std::ptr::null(), 0, "t").unwrap(), "");
            assert_eq!(utf8(std::ptr::null(), 3, "t").unwrap_err().status, Status::NullArgument);
            assert_eq!(utf8(b"x".as_ptr(), usize::MAX, "t").unwrap_err().status, Status::InvalidArgument);
        }
    }
}
