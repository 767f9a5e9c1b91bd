//! Opaque handles: a tagged, counted `Arc` behind a typed pointer.
//!
//! A call clones the `Arc`, so a free from another thread never pulls the object away under it, and `free` never waits.

use crate::error::{Failure, Result, Status};
use crate::guard::quietly;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Number of handle kinds, buffers included.
pub(crate) const KINDS: usize = 13;
/// The kind index of `ExbBuffer`, which is counted but is no handle.
pub(crate) const BUFFER: usize = 7;
/// Tag of kind `i` is `TAG + i`: unlikely in foreign memory.
const TAG: u32 = 0xEB0B_4100;

static LIVE: [AtomicI64; KINDS] = [const { AtomicI64::new(0) }; KINDS];

/// An opaque type of the ABI and what is behind it.
pub(crate) trait Kind: 'static {
    type Value: Send + Sync;
    /// Index in the live counters.
    const INDEX: usize;
    /// Name in messages.
    const NAME: &'static str;
}

/// What a handle points to. The tag comes first, so that it can be read whatever the kind is.
#[repr(C)]
pub(crate) struct Slot<K: Kind> {
    tag: AtomicU32,
    value: K::Value,
}

impl<K: Kind> Drop for Slot<K> {
    fn drop(&mut self) {
        count(K::INDEX, -1);
    }
}

impl<K: Kind> std::ops::Deref for Slot<K> {
    type Target = K::Value;
    fn deref(&self) -> &K::Value {
        &self.value
    }
}

/// A handle in use.
pub(crate) type Lease<K> = Arc<Slot<K>>;

pub(crate) fn count(index: usize, by: i64) {
    LIVE[index].fetch_add(by, Ordering::AcqRel);
}

pub(crate) fn live(index: usize) -> i64 {
    LIVE[index].load(Ordering::Acquire)
}

/// A new handle; the caller of the export owns it.
pub(crate) fn create<K: Kind>(value: K::Value) -> *mut K {
    count(K::INDEX, 1);
    let slot = Arc::new(Slot::<K> { tag: AtomicU32::new(TAG + K::INDEX as u32), value });
    Arc::into_raw(slot).cast_mut().cast()
}

/// Checks a handle and holds its object for the call.
///
/// # Safety
/// `ptr` is null or came from [`create`] (of any kind) and is not freed.
pub(crate) unsafe fn get<K: Kind>(ptr: *const K, name: &str) -> Result<Lease<K>> {
    let slot = ptr.cast::<Slot<K>>();
    // SAFETY: the rule of this function.
    unsafe { check(slot, name)? };
    // SAFETY: the tag says that this is an `Arc<Slot<K>>` which `create` leaked and nobody freed.
    Ok(unsafe {
        Arc::increment_strong_count(slot);
        Arc::from_raw(slot)
    })
}

/// As [`get`], null is `None`.
///
/// # Safety
/// As [`get`].
pub(crate) unsafe fn get_optional<K: Kind>(ptr: *const K, name: &str) -> Result<Option<Lease<K>>> {
    if ptr.is_null() {
        return Ok(None);
    }
    // SAFETY: the rule of this function.
    unsafe { get(ptr, name).map(Some) }
}

unsafe fn check<K: Kind>(slot: *const Slot<K>, name: &str) -> Result<()> {
    if slot.is_null() {
        return Err(Failure::argument(
            Status::NullArgument,
            name,
            format!("'{name}' is null; a {} is needed", K::NAME),
        ));
    }
    let bad = |found: &str| {
        let text = format!("'{name}' is not a live {} handle ({found})", K::NAME);
        Err(Failure::argument(Status::BadHandle, name, text))
    };
    // Only the tag's alignment may be asked for: another kind's slot may be aligned less.
    let tag = slot.cast::<AtomicU32>();
    if !tag.is_aligned() {
        return bad("misaligned pointer");
    }
    // SAFETY: every handle begins with its tag.
    let tag = unsafe { (*tag).load(Ordering::Acquire) };
    match tag.wrapping_sub(TAG) as usize {
        index if index == K::INDEX => Ok(()),
        index if index < KINDS => bad("a handle of another kind"),
        _ => bad("unknown or freed"),
    }
}

/// Drops the caller's reference. Null and wrong kinds do nothing; running calls keep the object until they end.
///
/// # Safety
/// As [`get`]; the handle is not used afterwards.
pub(crate) unsafe fn free<K: Kind>(ptr: *mut K) {
    let slot = ptr.cast::<Slot<K>>().cast_const();
    // SAFETY: the rule of this function.
    if unsafe { check(slot, "handle") }.is_err() {
        return;
    }
    // SAFETY: the tag was right, so this is ours; taking the tag away makes one free of two racing ones win.
    let slot = unsafe {
        if (*slot).tag.swap(0, Ordering::AcqRel) != TAG + K::INDEX as u32 {
            return;
        }
        Arc::from_raw(slot)
    };
    quietly(move || drop(slot));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Left;
    struct Right;
    impl Kind for Left {
        type Value = u64;
        const INDEX: usize = 5;
        const NAME: &'static str = "left";
    }
    impl Kind for Right {
        type Value = u64;
        const INDEX: usize = 6;
        const NAME: &'static str = "right";
    }

    #[test]
    fn a_handle_is_checked_and_counted() {
        let before = live(Left::INDEX);
        let left = create::<Left>(7);
        assert_eq!(live(Left::INDEX), before + 1);
        // SAFETY: a live handle, then a live handle under a wrong type, then null.
        unsafe {
            assert_eq!(**get::<Left>(left, "x").unwrap(), 7);
            assert_eq!(get::<Right>(left.cast(), "x").err().unwrap().status, Status::BadHandle);
            assert_eq!(get::<Left>(std::ptr::null(), "x").err().unwrap().status, Status::NullArgument);
            assert!(get_optional::<Left>(std::ptr::null(), "x").unwrap().is_none());
            free::<Right>(left.cast());
            assert_eq!(live(Left::INDEX), before + 1, "a wrong kind is not freed");
        }
        // SAFETY: the lease keeps the slot, so the second free reads a live tag.
        unsafe {
            let lease = get::<Left>(left, "x").unwrap();
            free::<Left>(left);
            free::<Left>(left);
            assert_eq!(get::<Left>(left, "x").err().unwrap().status, Status::BadHandle);
            assert_eq!(**lease, 7);
            assert_eq!(live(Left::INDEX), before + 1, "a running call holds the object");
            drop(lease);
        }
        assert_eq!(live(Left::INDEX), before);
        // SAFETY: null is allowed.
        unsafe { free::<Left>(std::ptr::null_mut()) };
    }

    #[test]
    fn a_misaligned_pointer_is_no_handle() {
        let words = [0u64; 4];
        let odd = words.as_ptr().cast::<u8>().wrapping_add(1);
        // SAFETY: nothing is read behind a misaligned pointer, and the aligned one is readable.
        unsafe {
            assert_eq!(get::<Left>(odd.cast(), "x").err().unwrap().status, Status::BadHandle);
            assert_eq!(get::<Left>(words.as_ptr().cast(), "x").err().unwrap().status, Status::BadHandle);
        }
    }
}
