//! Results through pointers, and structs that carry their size.

use crate::error::{Failure, Result, Status};
use std::fmt::Display;

/// A place of the caller's for one result: cleared at once, written on success only.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// # Safety
    /// `ptr` is null or points to a writable `T` for the call.
    pub(crate) unsafe fn new(ptr: *mut T, cleared: T, name: impl Display) -> Result<Self> {
        check_pointer(ptr, name)?;
        // SAFETY: not null, aligned, and writable by the rule of this function.
        unsafe { ptr.write(cleared) };
        Ok(Out(ptr))
    }

    pub(crate) fn set(self, value: T) {
        // SAFETY: checked by `new`; valid for the call.
        unsafe { self.0.write(value) };
    }
}

/// Null and alignment.
pub(crate) fn check_pointer<T>(ptr: *const T, name: impl Display) -> Result<()> {
    if ptr.is_null() {
        return Err(Failure::argument(Status::NullArgument, &name, format!("'{name}' is null")));
    }
    if !ptr.is_aligned() {
        let text = format!("'{name}' is not aligned to {} bytes", align_of::<T>());
        return Err(Failure::argument(Status::InvalidArgument, name, text));
    }
    Ok(())
}

/// A borrowed array of the caller's; null only if it is empty.
///
/// # Safety
/// `ptr` points to `len` readable elements for the call, or is null.
pub(crate) unsafe fn slice<'a, T>(ptr: *const T, len: usize, name: impl Display) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check_pointer(ptr, &name)?;
    check_bytes::<T>(len, name)?;
    // SAFETY: not null, aligned, not too long; readable by the rule of this function.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// As [`slice`], writable.
///
/// # Safety
/// `ptr` points to `len` writable elements that nobody else touches during the call, or is null.
pub(crate) unsafe fn slice_mut<'a, T>(ptr: *mut T, len: usize, name: impl Display) -> Result<&'a mut [T]> {
    if len == 0 {
        return Ok(&mut []);
    }
    check_pointer(ptr, &name)?;
    check_bytes::<T>(len, name)?;
    // SAFETY: not null, aligned, not too long; writable by the rule of this function.
    Ok(unsafe { std::slice::from_raw_parts_mut(ptr, len) })
}

fn check_bytes<T>(len: usize, name: impl Display) -> Result<()> {
    match len.checked_mul(size_of::<T>()) {
        Some(bytes) if bytes <= isize::MAX as usize => Ok(()),
        _ => {
            Err(Failure::argument(Status::InvalidArgument, &name, format!("'{name}' has an impossible length: {len}")))
        }
    }
}

/// The `struct_size` that stands first in a struct of the caller's; at least what it had as of ABI 1.0.
///
/// # Safety
/// `ptr` is null or points to a struct that begins with its `u32` size and is that long.
pub(crate) unsafe fn struct_size<T>(ptr: *const T, least: usize, name: impl Display) -> Result<usize> {
    check_pointer(ptr, &name)?;
    // SAFETY: not null, aligned to at least 4; the size stands first by the rule of this function.
    let size = unsafe { ptr.cast::<u32>().read() } as usize;
    if size < least {
        let text = format!("'{name}': struct_size is {size}, at least {least} is needed");
        return Err(Failure::argument(Status::Abi, name, text));
    }
    Ok(size)
}

/// A struct of the caller's that has grown since ABI 1.0: the fields that its size covers, the others from `none`.
///
/// # Safety
/// As [`struct_size`]; every bit pattern is a `T`.
pub(crate) unsafe fn prefix<T: Copy>(ptr: *const T, none: T, least: usize, name: impl Display) -> Result<T> {
    check_pointer(ptr, &name)?;
    let mut whole = none;
    // SAFETY: not null, aligned to at least 4; the struct is as long as its size says, by the rule of this function.
    unsafe {
        let size = ptr.cast::<u32>().read() as usize;
        if size < least {
            let text = format!("'{name}': struct_size is {size}, at least {least} is needed");
            return Err(Failure::argument(Status::Abi, name, text));
        }
        let bytes = size.min(size_of::<T>());
        std::ptr::copy_nonoverlapping(ptr.cast::<u8>(), (&raw mut whole).cast::<u8>(), bytes);
    }
    Ok(whole)
}

/// A flag: 0 or 1, nothing else.
pub(crate) fn flag(value: u32, name: impl Display) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::argument(Status::InvalidArgument, &name, format!("'{name}' must be 0 or 1, found {value}"))),
    }
}

/// A 64-bit count as this machine's size.
pub(crate) fn size(value: u64, name: impl Display) -> Result<usize> {
    usize::try_from(value)
        .map_err(|_| Failure::argument(Status::InvalidArgument, &name, format!("'{name}' is too large: {value}")))
}
