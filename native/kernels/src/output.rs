//! Result vectors that are written once, by the kernel, instead of being zeroed first.

use crate::{Element, KernelError};

/// A pointer that pieces of work on several threads may write through, each to its own part.
#[derive(Clone, Copy)]
pub(crate) struct Output<T> {
    pointer: *mut T,
    len: usize,
}

// SAFETY: the kernels write disjoint parts from different threads; `T` is a plain number.
unsafe impl<T: Copy + Send> Send for Output<T> {}
// SAFETY: as above.
unsafe impl<T: Copy + Send> Sync for Output<T> {}

impl<T: Copy> Output<T> {
    pub fn of(slice: &mut [T]) -> Self {
        Output { pointer: slice.as_mut_ptr(), len: slice.len() }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Pointer to the element `offset`, which may be the end.
    pub fn at(&self, offset: usize) -> *mut T {
        debug_assert!(offset <= self.len);
        self.pointer.wrapping_add(offset)
    }

    /// The part `start .. start + len` as a slice filled with `value`.
    ///
    /// # Safety
    /// The part must lie inside, and nobody else may use it while the slice lives.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn filled<'a>(&self, start: usize, len: usize, value: T) -> &'a mut [T] {
        debug_assert!(start + len <= self.len);
        let part = self.at(start);
        for i in 0..len {
            // SAFETY: inside, by the caller's word; writing does not need initialised memory.
            unsafe { part.add(i).write(value) };
        }
        // SAFETY: all written above, and exclusive by the caller's word.
        unsafe { std::slice::from_raw_parts_mut(part, len) }
    }
}

/// Allocates `len` elements and lets `write` fill them all.
///
/// # Safety
/// When `write` gives `Ok`, it must have written every element.
pub(crate) unsafe fn written_vec<T: Element>(
    len: usize,
    write: impl FnOnce(Output<T>) -> Result<(), KernelError>,
) -> Result<Vec<T>, KernelError> {
    let mut out: Vec<T> = Vec::with_capacity(len);
    write(Output { pointer: out.as_mut_ptr(), len })?;
    // SAFETY: all `len` elements were written, by the caller's word.
    unsafe { out.set_len(len) };
    Ok(out)
}
