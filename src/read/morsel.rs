//! What a decoder is handed: the text of a morsel, and the input it comes from.

use std::sync::Arc;

use arrow::buffer::Buffer;

/// The text of a morsel: whole lines (the last may lack its newline) that live as long as the buffer.
///
/// The buffer owns what it points into (a `Vec`, or a mapped file through
/// `Buffer::from_custom_allocation`), so that columns can keep views into it. Nothing may be read
/// beyond its end.
#[derive(Clone, Debug)]
pub struct MorselText {
    /// The bytes.
    pub bytes: Buffer,
    /// Where they begin in the (uncompressed) input.
    pub offset: u64,
}

/// The input that a morsel is part of.
#[derive(Clone, Debug)]
pub struct InputInfo {
    /// Its place on the command line, from 0.
    pub number: u32,
    /// The name it is shown by, and the value of `_source`.
    pub name: Arc<str>,
    /// `Type=path`: all its records are of this type.
    pub event_type: Option<Arc<str>>,
}
