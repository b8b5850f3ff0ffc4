//! Arrow buffers over memory that somebody else owns.
#![allow(unsafe_code, reason = "arrow asks for a promise that the memory stays where it is")]

use std::panic::RefUnwindSafe;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::Buffer;

/// Owns bytes that stay where they are.
///
/// # Safety
/// `bytes` must give the same address and length each time, whether or not the owner has moved since,
/// and the memory must stay readable until the owner is dropped.
pub(super) unsafe trait StableBytes: RefUnwindSafe + Send + Sync + 'static {
    /// The bytes.
    fn bytes(&self) -> &[u8];
}

/// A buffer over an owner's bytes; the owner is dropped with the last of the buffer's clones and slices.
pub(super) fn share<T: StableBytes>(owner: T) -> Buffer {
    let owner = Arc::new(owner);
    let bytes = owner.bytes();
    let (start, len) = (NonNull::from(bytes).cast::<u8>(), bytes.len());
    // SAFETY: `StableBytes` promises that `start..start + len` stays readable while `owner` lives, and
    // the buffer keeps it alive.
    unsafe { Buffer::from_custom_allocation(start, len, owner) }
}
