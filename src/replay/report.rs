//! What a run has to say for itself.

use super::{Order, Stopped};
use crate::data::BadCause;
use crate::diag::Span;

/// The whole of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The inputs, in order.
    pub inputs: Vec<InputReport>,
    /// The streams that write, in program order.
    pub streams: Vec<StreamReport>,
    /// Bad records.
    pub bad: BadReport,
    /// Evaluation errors by stream and place, in program order.
    pub errors: Vec<ErrorReport>,
    /// Metrics of `.tap(metrics: ..)`, by name.
    pub metrics: Vec<MetricReport>,
    /// Integers beyond 64 bits that were read as floats.
    pub big_ints: u64,
    /// NaN and infinities among the fields that were written, as null.
    pub not_finite: u64,
    /// Why the run stopped before the end of the input.
    pub stopped: Option<Stopped>,
    /// Records had no time at all: their numbers were taken for times.
    pub without_time: bool,
    /// In which order records were replayed, and what was found out about theirs.
    pub order: OrderReport,
    /// What there is to say about the files that were written, each with its path.
    pub output_notes: Vec<String>,
    /// About how many bytes of memory open windows took at most.
    pub window_bytes: u64,
    /// The tables that rows were looked up in.
    pub tables: Vec<TableReport>,
    /// Attention windows of which there is something to say.
    pub attention: Vec<AttentionReport>,
    /// The patterns, and what they still wait for.
    pub patterns: Vec<PatternReport>,
    /// What the index over filters has saved.
    pub index: IndexReport,
    /// What was seen of the streams that were watched, in the order in which they were named.
    pub traces: Vec<super::StreamTrace>,
}

/// A pattern at the end of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternReport {
    /// Its stream.
    pub stream: String,
    /// Whether it is bounded in time as a whole.
    pub bounded: bool,
    /// How many runs had begun and were neither complete nor over.
    pub alive: u64,
    /// How many matches depend on an absence whose time had not passed.
    pub undecided: u64,
    /// How many counts and sums of trends were too large for an integer.
    pub wide: u64,
}

/// What an index over filters has saved: without it, each filter in it would have been evaluated in each row
/// that it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexReport {
    /// How many filters are in indexes.
    pub filters: u64,
    /// For each filter the rows that it reads, added up.
    pub pairs: u64,
    /// For each filter the rows in which it was looked at, added up.
    pub looked: u64,
}

/// The order of the records in the inputs, and that of the replay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderReport {
    /// In which order records were replayed.
    pub order: Order,
    /// Of each input; empty where records are taken as they lie.
    pub inputs: Vec<InputOrder>,
    /// About how many bytes of memory were taken at most by records kept back for their turn, in order
    /// of time.
    pub kept_bytes: u64,
    /// The records that were older than the clock, in order of arrival.
    pub late: LateReport,
    /// Some input has no times: its records were taken to be at their numbers.
    pub untimed: bool,
    /// The program says how late records may be, and none can be.
    pub idle_watermark: bool,
}

/// Late records, in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LateReport {
    /// How many were older than the clock.
    pub events: u64,
    /// How many of these by more than every lateness that is allowed.
    pub left_out: u64,
    /// How far the latest was behind the clock. Nanoseconds.
    pub largest: i64,
    /// The slack with which none would have been late. Nanoseconds.
    pub enough: i64,
}

/// The order of the records of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputOrder {
    /// How many records are older than one before them.
    pub late: u64,
    /// How far the latest of these is behind. Nanoseconds.
    pub most_late: i64,
    /// What was done about it.
    pub replayed: Replayed,
}

/// How an input was brought in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replayed {
    /// Not at all: its records came as they lie.
    #[default]
    AsItLies,
    /// It was in order.
    Straight,
    /// Records were kept back until it was their turn.
    Reordered,
    /// It was sorted on disk.
    Sorted,
}

/// One input.
#[derive(Clone, Debug, Default)]
pub struct InputReport {
    /// Its name.
    pub name: String,
    /// Non-blank records.
    pub records: u64,
    /// Lines, blank ones included.
    pub lines: u64,
    /// Bytes of text.
    pub bytes: u64,
    /// What its reader has to say (inferred types and the like).
    pub notes: Vec<String>,
}

/// A table that rows were looked up in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableReport {
    /// The connector's name.
    pub name: String,
    /// The file.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Rows whose key occurs again below: that row counts.
    pub repeated: u64,
}

/// An attention window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttentionReport {
    /// Its stream.
    pub stream: String,
    /// Of a sample of events: how many of the nearest events an approximate index found, of how many.
    pub recall: Option<(u64, u64)>,
    /// Why the model of a learned embedding was not used, and the features alone served.
    pub fallback: Option<String>,
}

/// One stream that writes.
#[derive(Clone, Debug, Default)]
pub struct StreamReport {
    /// Its name.
    pub name: String,
    /// Where to, if not the main output.
    pub path: Option<String>,
    /// Rows written.
    pub rows: u64,
}

/// Bad records.
#[derive(Clone, Debug, Default)]
pub struct BadReport {
    /// How many of each cause.
    pub counts: std::collections::BTreeMap<BadCause, u64>,
    /// The first few.
    pub first: Vec<BadExample>,
}

impl BadReport {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }
}

/// One bad record.
#[derive(Clone, Debug)]
pub struct BadExample {
    /// The input's name.
    pub input: String,
    /// Its line, from 1.
    pub line: u64,
    /// The byte at which reading failed, from the beginning of the (uncompressed) input.
    pub at: u64,
    /// Why.
    pub reason: String,
}

/// Evaluation errors of one stream at one place of the program.
#[derive(Clone, Debug)]
pub struct ErrorReport {
    /// The stream.
    pub stream: String,
    /// The place.
    pub span: Span,
    /// How often.
    pub count: u64,
    /// What went wrong the first time.
    pub message: String,
    /// The rows were dropped: something was raised and not caught.
    pub dropped: bool,
    /// The input of the record of the first time, and its byte offset.
    pub first: (String, u64),
}

/// A counter or histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricReport {
    /// Its name.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Sum, smallest and largest value; none for a counter. The sum goes in order of the input.
    pub values: Option<(f64, f64, f64)>,
}
