//! Windows, aggregates, and the other operators to which the order of rows matters.

use crate::data::{FieldId, Value};
use crate::diag::Span;

use super::{AggFunction, ExprId, Named, StreamId};

/// How rows are cut into windows (LANGUAGE.md, section 7). All spans of time are in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// `[k*slide + offset, k*slide + offset + size)` on the clock; tumbling when `slide == size`.
    Time {
        /// Length of a window; positive.
        size: i64,
        /// From one start to the next; positive, at most `size`.
        slide: i64,
        /// Shift of the grid; `0 <= offset < slide`.
        offset: i64,
        /// `align: "first"`: the grid starts at the first event of the partition.
        align_first: bool,
    },
    /// `every: event`: for each event, those of `(t - size, t]` up to it in order; with `closed`
    /// of `[t - size, t]`.
    Trailing {
        /// Length.
        size: i64,
        /// `bounds: "closed"`
        closed: bool,
    },
    /// Exactly `size` rows, a new window every `slide` rows.
    Count {
        /// Rows of a window; positive.
        size: u64,
        /// Rows from one start to the next; positive, at most `size`.
        slide: u64,
        /// A last, short window is emitted at the end of the input.
        partial: bool,
    },
    /// Goes on while the next event comes at most `gap` later.
    Session {
        /// The largest gap within a session; positive.
        gap: i64,
    },
}

/// Which rows `order_by`, `limit` and `distinct` act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All rows of the partition.
    Partition,
    /// The rows of one window of one partition: after an [`Op::Window`](super::Op::Window).
    Window,
    /// The rows of all partitions of one window: directly after an aggregation over time windows or
    /// over the whole input.
    AllOfWindow,
}

/// Over what an aggregation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// The rows of each window of each partition, as they come.
    Window(Window),
    /// The rows that an [`Op::Window`](super::Op::Window) before it handed on: one row a window.
    Collected,
    /// All rows of the partition: at the end of the input, or after every row.
    All {
        /// `running: true`
        running: bool,
    },
}

/// `.aggregate(...)`: makes rows of the fields `keys`, `start`, `end`, `revision` and one field for
/// each call, in this order. A projection that follows makes the fields of the program of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Over which rows.
    pub over: Over,
    /// The keys of the partition in force, by name and field, outermost first: their values stand in
    /// the row.
    pub keys: Vec<(String, FieldId)>,
    /// `window_start`; null where there is no window of time.
    pub start: FieldId,
    /// `window_end`; null where there is no window of time.
    pub end: FieldId,
    /// How often the window was emitted before (0 the first time).
    pub revision: FieldId,
    /// The aggregate functions called, each once.
    pub calls: Vec<AggCall>,
}

/// A call of an aggregate function.
#[derive(Clone, Debug, PartialEq)]
pub struct AggCall {
    /// Which.
    pub function: AggFunction,
    /// Its arguments over a row of the input (`count()` has none).
    pub args: Vec<ExprId>,
    /// Its constant argument (`p` of `percentile`, `n` of `ema` and `top`), else null.
    pub param: Value,
    /// The hidden field that holds its value in the row made.
    pub field: FieldId,
    /// Its place, for evaluation errors.
    pub span: Span,
}

/// One key of `.order_by(...)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    /// What is compared. Nulls come last, ascending or descending.
    pub value: ExprId,
    /// `desc`
    pub descending: bool,
}

/// A function of a row's place among the rows of its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowFunctionKind {
    /// `lag(x, n)`: `x` of the row `n` rows before; null when there is none.
    Lag(u64),
    /// `lead(x, n)`: `x` of the row `n` rows later of the same window.
    Lead(u64),
    /// `row_number()`: from 1.
    RowNumber,
    /// `rank(x)`: 1 and the number of rows of the partition so far with a smaller `x`.
    Rank,
}

/// A call of a row function; its value is added to the row as a hidden field.
#[derive(Clone, Debug, PartialEq)]
pub struct RowFunction {
    /// Which.
    pub kind: RowFunctionKind,
    /// Its argument; none for `row_number`.
    pub arg: Option<ExprId>,
    /// The hidden field.
    pub field: FieldId,
}

/// How streams are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// A row for every combination.
    Inner,
    /// Also rows of the first input that found none.
    Left,
    /// Also rows of the last input that found none.
    Right,
    /// Also rows of any of the two inputs that found none.
    Full,
    /// For each row of the first input the newest of the second at or before it.
    Asof,
}

/// `join(...)`: makes rows of the fields that its inputs' `reads` name.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which.
    pub kind: JoinKind,
    /// Largest minus smallest time of a combination is at most this (asof: how old the second may be).
    pub within: i64,
    /// The inputs, in order: two, or more of an inner join.
    pub inputs: Vec<JoinInput>,
    /// Pairs of values that must be equal: an input and an expression over its rows, twice.
    pub equal: Vec<((usize, ExprId), (usize, ExprId))>,
    /// What else must hold, over the row made.
    pub condition: Option<ExprId>,
}

/// One input of a join.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinInput {
    /// Its name in the row made.
    pub name: String,
    /// The stream it reads (one of the program, or made for this input).
    pub stream: StreamId,
    /// The fields that later operators and readers ask of the row made (the path begins with the
    /// input's name), each with its value over a row of the input. The whole row under the input's
    /// name itself, where somebody wants it.
    pub reads: Vec<Named>,
}

/// A table that rows are looked up in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// The connector's name.
    pub name: String,
    /// The file, relative to the program's own folder made absolute or relative to the working one.
    pub path: String,
    /// The column that is the key.
    pub key: String,
}

/// `.enrich(C, key: expr, fields: [..])`: adds fields to the row, and `enrich_status`
/// (`"found"`, `"missing"`).
#[derive(Clone, Debug, PartialEq)]
pub struct Enrich {
    /// Which table.
    pub table: Table,
    /// What is looked up.
    pub key: ExprId,
    /// The columns that are added, each with the field it becomes.
    pub fields: Vec<(String, FieldId)>,
    /// `enrich_status`
    pub status: FieldId,
    /// The place of the connector's name.
    pub span: Span,
}
