//! Files mapped into memory.
//!
//! The contract of a mapping, and what is done about it:
//! - *The file shrinks.* Touching what is gone raises SIGBUS; `sigbus` answers it with zero bytes and
//!   a mark, and the next [`Mapping::check`] is an error. It also asks the file for its size, so a
//!   shrunken file is found out even if nobody touched the gap.
//! - *The file is written to while it is read.* Then bytes that were looked at may look different
//!   later. Logs are appended to, not rewritten; who rewrites files under a reader gets garbage
//!   records (never memory faults, all offsets are checked against the mapping's fixed length).
//! - *Resident memory.* Each piece gives its pages back to the page cache when the last view of it
//!   is dropped, so that what is resident does not grow with the file. Giving back is harmless: a page
//!   that somebody still looks at is mapped again.
#![allow(unsafe_code, reason = "memory maps")]

use std::fs::File;
use std::io;
use std::sync::Arc;

use arrow::buffer::Buffer;
use memmap2::{Advice, Mmap, UncheckedAdvice};

use super::shared::{StableBytes, share};
use super::sigbus::Guard;

/// A whole file, mapped.
#[derive(Debug)]
pub(super) struct Mapping {
    // Dropped first: addresses are guarded only while they are ours.
    guard: Guard,
    map: Mmap,
    file: File,
}

impl Mapping {
    /// Maps a regular file that is not empty.
    ///
    /// # Errors
    /// When the system, the file system or the table of guarded mappings refuses; the file can still be read.
    pub(super) fn new(file: File) -> io::Result<Self> {
        // SAFETY: see the contract above.
        let map = unsafe { Mmap::map(&file)? };
        // Advice may be refused; then reading is slower.
        let _ = map.advise(Advice::Sequential);
        let guard = Guard::new(map.as_ptr() as usize, map.len())?;
        Ok(Self { guard, map, file })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// # Errors
    /// When the file has become shorter than it was when it was mapped.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let shorter = self
            .file
            .metadata()
            .is_ok_and(|meta| meta.len() < self.map.len() as u64);
        if shorter || self.guard.hit() {
            return Err("the file shrank while it was read");
        }
        Ok(())
    }

    /// A part of the file; its pages are given back with its last view.
    pub(super) fn piece(self: &Arc<Self>, start: usize, len: usize) -> Buffer {
        share(Piece {
            mapping: Arc::clone(self),
            start,
            len,
        })
    }

    /// Gives the pages back on which `start..start + len` lies.
    pub(super) fn release(&self, start: usize, len: usize) {
        // SAFETY: the mapping is shared and read-only, so dropping its pages loses nothing: they are
        // read from the page cache again when touched.
        let _ = unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, start, len) };
    }
}

/// A part of a mapping.
struct Piece {
    mapping: Arc<Mapping>,
    start: usize,
    len: usize,
}

// SAFETY: the mapping neither moves nor changes its length, and lives as long as the piece.
unsafe impl StableBytes for Piece {
    fn bytes(&self) -> &[u8] {
        &self.mapping.bytes()[self.start..self.start + self.len]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.mapping.release(self.start, self.len);
    }
}
