//! Rows of events as the readers hand them on: columns are decoded when somebody asks for them.

use std::fmt::Debug;

use super::{Column, FieldId, Value};

/// Where a record stands: which input, and its first byte (of the uncompressed text) or row number
/// in it. Positions order the records of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Number of the input, from 0, in the order of the command line.
    pub input: u32,
    /// Offset in the input; grows from record to record.
    pub offset: u64,
}

/// The pseudo-fields of every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pseudo {
    /// `_time`
    Time,
    /// `_type`
    Type,
    /// `_seq`
    Seq,
    /// `_source`
    Source,
    /// The number of the input, from 0, as an int (not to be named in programs; keys random draws)
    Input,
    /// Which of the rows born of the same record, from 0, as an int (likewise)
    Index,
}

/// Why a record is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BadCause {
    /// Not one JSON object, or not as many cells as the header.
    Malformed,
    /// Nested deeper than 128.
    TooDeep,
    /// Longer than `--max-record-bytes`.
    TooLong,
    /// Bytes that are not UTF-8 where text is needed.
    NotUtf8,
    /// A field that the declaration asks for is not there.
    MissingField,
    /// A field is not of its declared type.
    WrongType,
    /// The time field holds no time.
    BadTime,
    /// The type field holds neither text nor an integer.
    BadType,
    /// `.validate` says no.
    Invalid,
    /// Not bad in itself: something was raised in its row and not caught.
    Failed,
}

impl BadCause {
    /// The cause in words, for summaries and dead letters.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooDeep => "nested too deep",
            Self::TooLong => "too long",
            Self::NotUtf8 => "not UTF-8",
            Self::MissingField => "missing field",
            Self::WrongType => "wrong type",
            Self::BadTime => "bad time",
            Self::BadType => "bad type",
            Self::Invalid => "not valid",
            Self::Failed => "raised",
        }
    }
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRecord {
    /// Where it stands.
    pub position: Position,
    /// Which line of its morsel the record begins on, from 0 (blank lines count); for formats without
    /// lines which row. The driver adds the lines of the morsels before.
    pub line: u64,
    /// Byte offset in the input at which reading failed.
    pub at: u64,
    /// Why, in short.
    pub cause: BadCause,
    /// Why, in full: "`price` is text, the declaration says float".
    pub reason: String,
    /// The record as it stands in the input.
    pub text: Vec<u8>,
}

/// Rows whose columns are made when somebody asks for them.
///
/// `rows` always selects: none means all rows, in order; the column then has one value per selected row.
pub trait Rows: Debug + Send + Sync {
    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A field of the selected rows, typed as declared or by what is found; null where it is missing.
    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column;

    /// A pseudo-field of the selected rows.
    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column;

    /// The whole of a row as a record.
    fn whole(&self, row: u32) -> Value;
}

/// A batch of records of one event type (or of any type), read from one morsel of one input, in
/// input order. Columns are decoded on demand, for all rows or for some; asking twice decodes twice
/// (whoever reads a field more than once keeps the column).
///
/// A record that turns out to be bad while a column is decoded yields null there and is
/// remembered; the driver then runs the morsel again without it ([`EventRows::take_bad`]).
pub trait EventRows: Rows {
    /// The position of a row.
    fn position(&self, row: u32) -> Position;

    /// Which line of its morsel a row begins on, from 0 (as [`BadRecord::line`]).
    fn line(&self, row: u32) -> u64;

    /// The record of a row as it stands in the input, without line end. Not JSON for other formats.
    fn text(&self, row: u32) -> &[u8];

    /// Appends the record's members as JSON text without the outer braces, for whole-event output.
    /// Bytes as in the file where it is JSON, but for blanks just inside the braces.
    fn members(&self, row: u32, out: &mut Vec<u8>);

    /// Bad records found since the last call, each with its row.
    fn take_bad(&self) -> Vec<(u32, BadRecord)>;
}
