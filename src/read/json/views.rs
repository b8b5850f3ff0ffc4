//! Text columns whose values lie in the log.
#![allow(unsafe_code, reason = "views into text that was checked while it was found")]

use std::sync::Arc;

use arrow::array::StringViewArray;
use arrow::buffer::{Buffer, NullBuffer};

use crate::data::Column;

/// Text values, gathered: each lies in the morsel or among those written here.
#[derive(Debug)]
pub(super) struct Views<'a> {
    morsel: &'a Buffer,
    views: Vec<u128>,
    /// Values that do not stand in the morsel as they read.
    side: Vec<u8>,
    nulls: Vec<bool>,
    any_null: bool,
}

impl<'a> Views<'a> {
    pub(super) fn new(morsel: &'a Buffer, n: usize) -> Self {
        Self {
            morsel,
            views: Vec::with_capacity(n),
            side: Vec::new(),
            nulls: Vec::new(),
            any_null: false,
        }
    }

    /// Text that stands at `start..end` of the morsel.
    ///
    /// Takes `text` only to prove that it is UTF-8; it must be that piece.
    #[inline]
    pub(super) fn push(&mut self, start: usize, text: &str) {
        debug_assert_eq!(&self.morsel[start..start + text.len()], text.as_bytes());
        self.views.push(view(text, 0, start));
        if self.any_null {
            self.nulls.push(true);
        }
    }

    /// Text from elsewhere.
    pub(super) fn push_copy(&mut self, text: &str) {
        let start = self.side.len();
        if text.len() > 12 {
            self.side.extend_from_slice(text.as_bytes());
        }
        self.views.push(view(text, 1, start));
        if self.any_null {
            self.nulls.push(true);
        }
    }

    pub(super) fn push_null(&mut self) {
        if !self.any_null {
            self.any_null = true;
            self.nulls.resize(self.views.len(), true);
        }
        self.views.push(0);
        self.nulls.push(false);
    }

    /// The column.
    pub(super) fn finish(self) -> Column {
        let buffers: Arc<[Buffer]> = Arc::from([self.morsel.clone(), Buffer::from_vec(self.side)]);
        let nulls = self.any_null.then(|| NullBuffer::from(self.nulls));
        // SAFETY: each view was made of a `&str` that stands in its buffer at its offset, and is
        // inlined if it has at most 12 bytes.
        let array = unsafe { StringViewArray::new_unchecked(self.views.into(), buffers, nulls) };
        Column::Str(array)
    }
}

#[inline]
fn view(text: &str, buffer: u32, start: usize) -> u128 {
    arrow::array::make_view(text.as_bytes(), buffer, start as u32)
}

/// Bytes that are known to be ASCII, as text.
#[inline]
pub(super) fn ascii(bytes: &[u8]) -> &str {
    debug_assert!(bytes.is_ascii());
    // SAFETY: the index found no byte beyond ASCII on the line (`Line::SPECIAL`), or the text was looked
    // through (`string::is_plain`).
    unsafe { std::str::from_utf8_unchecked(bytes) }
}
