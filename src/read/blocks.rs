//! Memory for text that is read, used again and again.
#![allow(unsafe_code, reason = "the promise of `StableBytes`")]

use std::sync::{Arc, Mutex};

use arrow::buffer::Buffer;

use super::shared::{StableBytes, share};

/// How many free blocks are kept.
const KEPT: usize = 8;

/// Free blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Pool {
    /// An empty block.
    pub(super) fn take(&self) -> Block {
        let memory = self.free.lock().ok().and_then(|mut free| free.pop());
        Block {
            memory: memory.unwrap_or_default(),
            len: 0,
            pool: self.clone(),
        }
    }
}

/// A growing text. All its memory is kept initialised, so that it need not be when it is used again.
#[derive(Debug)]
pub(super) struct Block {
    memory: Vec<u8>,
    len: usize,
    pool: Pool,
}

impl Block {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory[..self.len]
    }

    /// Free memory behind the text, of `n` bytes.
    pub(super) fn room(&mut self, n: usize) -> &mut [u8] {
        let end = self.len + n;
        if self.memory.len() < end {
            self.memory
                .resize(end.max(self.memory.len() + self.memory.len() / 2), 0);
        }
        &mut self.memory[self.len..end]
    }

    /// Says that `n` bytes of the room have been filled.
    pub(super) fn grow(&mut self, n: usize) {
        self.len = (self.len + n).min(self.memory.len());
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.grow(bytes.len());
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The text as a buffer; its memory comes back to the pool with the last view of it.
    pub(super) fn share(self) -> Buffer {
        share(self)
    }
}

// SAFETY: the memory is a vector's, which is not touched while it is shared.
unsafe impl StableBytes for Block {
    fn bytes(&self) -> &[u8] {
        Self::bytes(self)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Ok(mut free) = self.pool.free.lock()
            && free.len() < KEPT
        {
            free.push(std::mem::take(&mut self.memory));
        }
    }
}
