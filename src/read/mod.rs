//! Logs -> event batches: open, map, cut into morsels, decode; bad records.
//!
//! An [`Input`] hands out [`Morsel`]s one after another (cheap, serial); a morsel is decoded on any
//! thread into [`Decoded`] batches, one an event type. Where morsels are cut depends on the input
//! only, never on threads.

mod blocks;
mod columnar;
mod compressed;
mod csv;
mod decoded;
mod evt;
mod framing;
mod globs;
pub mod json;
mod kind;
mod look;
mod mapped;
mod morsel;
mod morsels;
mod open;
mod plan;
mod shared;
mod sigbus;
mod spec;
mod spool;
mod spool_origins;
mod spool_sort;
mod stream;
pub mod time;
pub mod value;

use std::path::{Path, PathBuf};

pub use csv::{CsvHeader, CsvOptions, CsvQuote};
pub use decoded::{Base, BaseCell, Clock, Decoded};
pub use globs::expand;
pub use look::Look;
pub use morsel::{InputInfo, MorselText};
pub use morsels::Morsel;
pub use open::Input;
pub use plan::{Bound, Comparison, DecodePlan, FieldPlan, TimeUnit, TypePlan};
pub use spool_sort::{Sorted, Sorter};

/// What is wrong with a record that is of no type and not without one.
const NO_TYPE: &str = "the type field holds neither text nor an integer";

/// How an input is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// By the first bytes, the name's extension (below a compression's), else JSON lines.
    #[default]
    Auto,
    /// One JSON object a line.
    Jsonl,
    /// RFC 4180 with a header line; cells are separated by the one of `,`, `;`, tab and `|` that the
    /// header has most of.
    Csv,
    /// The same, separated by tabs.
    Tsv,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, with a footer or as a stream.
    Arrow,
    /// Lines `@5s Type { field: value }`.
    Evt,
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
    /// How it is written, if it is CSV.
    pub csv: CsvOptions,
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

impl ReadError {
    fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.display().to_string(),
            reason: reason.into(),
        }
    }
}
