//! CSV (RFC 4180) -> event batches.
//!
//! A record is its cells; a cell is read as its field's declared type, or as the type inferred for its
//! column from the first records, or, where it does not fit that, as text: nothing is lost. Empty
//! cells are null, but for text. All of a morsel is cut into cells and checked at once; columns are
//! made when asked for.
//!
//! As the `csv` crate reads it: quotes count only as the first byte of a cell, what stands behind a
//! closing quote belongs to the cell, blank lines are skipped. Other than it, a carriage return ends
//! no record unless a newline follows.

mod cells;
mod decode;
mod dialect;
mod header;
mod infer;
mod rows;
mod typed;

pub(super) use decode::decode;
pub(super) use dialect::Dialect;
pub use dialect::{CsvHeader, CsvOptions, CsvQuote};
pub(super) use header::{Header, Schema, sniff};
