//! What the readers are asked for: made by `plan`, obeyed by every format.

use crate::data::{FieldId, Path, Type, Value};

/// How epoch numbers are read where they are times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// By magnitude (LANGUAGE.md, "Values").
    #[default]
    Auto,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// Windows FILETIME: 100 ns since 1601.
    FileTime,
}

/// What is decoded from the inputs of a run.
#[derive(Clone, Debug, Default)]
pub struct DecodePlan {
    /// `--type-field`; else the first present of `event_type`, `type`.
    pub type_field: Option<String>,
    /// `--time-field`; else the declared event's first timestamp field, else the first present of
    /// `timestamp`, `ts`, `@timestamp`, `time`.
    pub time_field: Option<String>,
    /// How epoch numbers are read.
    pub time_unit: TimeUnit,
    /// The event types that the program reads, each once.
    pub types: Vec<TypePlan>,
    /// Records of all other types, where the program reads `any`.
    pub other: Option<TypePlan>,
    /// Check every record in full (`--strict`, `--dead-letter`, `--max-errors`, `.validate`).
    pub check_all: bool,
    /// Every record's time is needed, also of records that no stream reads (order matters).
    pub time_of_all: bool,
    /// Record numbers (`_seq`) are needed.
    pub seq: bool,
    /// `--from`, `--to`: records outside `[from, to)` are left out. Nanoseconds.
    pub from: Option<i64>,
    /// See `from`.
    pub to: Option<i64>,
    /// Longest record, in bytes.
    pub max_record_bytes: usize,
    /// A line that holds none of these literals (and no `\u` escape) matters to no stream; none:
    /// every line is looked at.
    pub prefilter: Option<Vec<Vec<u8>>>,
    /// For each of the types, and for all others (last): a record matters to some stream only if all
    /// bounds of one of these alternatives hold. None, or nothing there: whatever it is like.
    pub bounds: Vec<Option<Vec<Vec<Bound>>>>,
}

/// What the value of a field must be like.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The field.
    pub field: FieldId,
    /// How it must compare.
    pub op: Comparison,
    /// With what: one value, or, with [`Comparison::In`], any number of them.
    pub values: Vec<Value>,
}

/// How a value must compare with a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// Equal to one of them.
    In,
}

/// What is decoded from the records of one event type.
#[derive(Clone, Debug, Default)]
pub struct TypePlan {
    /// The name of the type as the log writes it.
    pub name: String,
    /// The name of the event in the program, for messages.
    pub event: String,
    /// All fields that the program reads of it, and all that its declaration names.
    pub fields: Vec<FieldPlan>,
    /// The declared event's first field of type timestamp.
    pub time: Option<FieldId>,
}

/// One field of one event type.
#[derive(Clone, Debug)]
pub struct FieldPlan {
    /// The id by which expressions ask for it.
    pub id: FieldId,
    /// Where it lies in the record.
    pub path: Path,
    /// The declared type without `?`; `Any`: by the value found.
    pub ty: Type,
    /// The declaration names it: values that do not conform make the record bad, whoever reads it.
    pub declared: bool,
    /// A record without it is bad.
    pub required: bool,
    /// Read by the first filter of some stream: worth locating at once for every row.
    pub first: bool,
}
