//! Logs -> event batches: open, map, cut into morsels, decode; bad records.
//!
//! An [`Input`] hands out [`Morsel`]s one after another (cheap, serial); a morsel is decoded on any
//! thread into [`Decoded`] batches, one an event type. Where morsels are cut depends on the input
//! only, never on threads.

mod decoded;
pub mod json;
mod morsel;
mod plan;

use std::path::PathBuf;
use std::sync::Arc;

pub use decoded::{Base, BaseCell, Clock, Decoded};
pub use morsel::{InputInfo, MorselText};
pub use plan::{DecodePlan, FieldPlan, TimeUnit, TypePlan};

/// How an input is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// By the name's extension (below a compression's), else JSON lines.
    #[default]
    Auto,
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180 with a header line.
    Csv,
}

/// One input, as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputSpec {
    /// The file; `-` is stdin.
    pub path: PathBuf,
    /// `Type=path`: all its records are of this type.
    pub event_type: Option<String>,
    /// How it is written.
    pub format: Format,
}

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// About how many bytes of (uncompressed) text a morsel holds; it ends at a record boundary.
    pub morsel_bytes: usize,
    /// Longest record, in bytes; longer ones are bad records.
    pub max_record_bytes: usize,
    /// Map files into memory (else they are read).
    pub mmap: bool,
}

/// Why an input cannot be read. Lower case, no full stop; names the input.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{path}`: {reason}")]
pub struct ReadError {
    /// The input as named.
    pub path: String,
    /// What went wrong.
    pub reason: String,
}

/// An opened input.
#[derive(Debug)]
pub struct Input {}

impl Input {
    /// Opens an input; `number` is its place on the command line, from 0.
    ///
    /// # Errors
    /// When it cannot be opened, or its compression or CSV header cannot be read.
    pub fn open(spec: &InputSpec, number: u32, _options: &ReadOptions) -> Result<Self, ReadError> {
        let _ = number;
        Err(ReadError {
            path: spec.path.display().to_string(),
            reason: String::new(),
        })
    }

    /// The name it is shown by, and the value of `_source`.
    #[must_use]
    pub fn name(&self) -> &str {
        ""
    }

    /// How many bytes there are to read (compressed ones, where it is compressed), if known.
    #[must_use]
    pub fn total_bytes(&self) -> Option<u64> {
        None
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When reading or decompressing fails, or a mapped file has shrunk.
    pub fn next_morsel(&mut self) -> Result<Option<Morsel>, ReadError> {
        Ok(None)
    }
}

/// A piece of an input that begins and ends at record boundaries.
#[derive(Clone, Debug)]
pub struct Morsel {}

impl Morsel {
    /// How many bytes of the input (compressed ones, where it is compressed) have been consumed up
    /// to the end of this morsel.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        0
    }

    /// Finds the records and their types. Columns are decoded later, when asked for.
    #[must_use]
    pub fn decode(&self, plan: &Arc<DecodePlan>) -> Decoded {
        let text = MorselText {
            bytes: arrow::buffer::Buffer::from(&[][..]),
            offset: 0,
        };
        let input = InputInfo {
            number: 0,
            name: Arc::from(""),
            event_type: None,
        };
        json::decode(text, plan, input)
    }
}
