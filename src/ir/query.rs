//! Streams, their operators, and the events they read.

use crate::data::{FieldId, FieldTable, Path, Type};
use crate::diag::Span;

use super::{
    Aggregate, Attention, Code, Enrich, ExprId, Exprs, Join, OnError, Pattern, Process, RowFunction, Scope, SortKey,
    Window,
};

/// An event type that the program reads, declared or not: an index into [`Query::events`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u32);

/// A stream: an index into [`Query::streams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A whole program, ready to be optimised and planned.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// All paths that expressions name.
    pub fields: FieldTable,
    /// All expressions.
    pub exprs: Exprs,
    /// All event types that are declared or read.
    pub events: Vec<Event>,
    /// All streams in the order of the program; those of `merge(stream C from ..)` stand before the
    /// stream they are part of.
    pub streams: Vec<Stream>,
    /// Functions, and the variables of the run.
    pub code: Code,
}

impl Query {
    /// The streams with an `.emit as` of this event or of one that extends it, in program order.
    #[must_use]
    pub fn emitters(&self, event: EventId) -> Vec<StreamId> {
        let makes = |op: &Op| op.emits().iter().any(|of| self.is_a(*of, event));
        (0..self.streams.len())
            .filter(|&at| self.streams[at].ops.iter().any(|operator| makes(&operator.op)))
            .map(|at| StreamId(at as u32))
            .collect()
    }

    /// The same for all event types at once, by their numbers.
    #[must_use]
    pub fn all_emitters(&self) -> Vec<Vec<StreamId>> {
        let mut found = vec![Vec::new(); self.events.len()];
        for (at, stream) in self.streams.iter().enumerate() {
            for operator in &stream.ops {
                for &of in operator.op.emits() {
                    for (event, emitters) in found.iter_mut().enumerate() {
                        let id = StreamId(at as u32);
                        if self.is_a(of, EventId(event as u32)) && emitters.last() != Some(&id) {
                            emitters.push(id);
                        }
                    }
                }
            }
        }
        found
    }

    /// Whether an event is `base` or extends it, at any distance.
    #[must_use]
    pub fn is_a(&self, event: EventId, base: EventId) -> bool {
        let mut at = Some(event);
        while let Some(id) = at {
            if id == base {
                return true;
            }
            at = self.events[id.0 as usize].extends;
        }
        false
    }
}

/// An event type.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its name in the program.
    pub name: String,
    /// Its name in the log: the name, or what `from` says.
    pub log_name: String,
    /// Whether it is declared (then it is validated).
    pub declared: bool,
    /// The event it extends.
    pub extends: Option<EventId>,
    /// All its fields, inherited ones first. Empty if not declared.
    pub fields: Vec<EventField>,
    /// Where it is declared, or first read.
    pub span: Span,
}

/// A declared field.
#[derive(Clone, Debug)]
pub struct EventField {
    /// Its name in the program.
    pub name: String,
    /// The id under which expressions read it: that of the one-key path of its name.
    pub field: FieldId,
    /// Where it lies in the record.
    pub path: Path,
    /// Its type without `?`.
    pub ty: Type,
    /// Whether a record without it is bad.
    pub required: bool,
}

/// A stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Where its rows come from.
    pub sources: Vec<Source>,
    /// What is done to them, in order.
    pub ops: Vec<Operator>,
    /// Whether its rows are written to the main output.
    pub writes: bool,
    /// `.to(...)`: where its rows go instead of the main output.
    pub targets: Vec<Target>,
    /// The names and types of its rows' fields, where the compiler knows them all: columns of typed
    /// formats. None: whole events, matches, or rows of which nothing is known.
    pub columns: Option<Vec<(String, Type)>>,
    /// After how many rows that failed the run stops (`.concurrent(supervision: ..)`).
    pub breaker: Option<u64>,
    /// Where it is declared.
    pub span: Span,
}

/// Where rows come from. A `merge` has several; their rows come in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Records of an event type and of those that extend it, and rows that `.emit as` makes of it.
    Event(EventId),
    /// Records of every type.
    Any,
    /// The rows of a stream.
    Stream(StreamId),
    /// `timer(1m)`: a row for each multiple of this many nanoseconds from the first record's time to
    /// the last's, with the field `at`.
    Timer(i64),
}

/// An operator and its place.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Which.
    pub op: Op,
    /// Its place in the program.
    pub span: Span,
}

/// A named expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The id of the name's one-key path.
    pub field: FieldId,
    /// The value.
    pub value: ExprId,
}

/// What a stream does to its rows.
#[derive(Clone, Debug)]
pub enum Op {
    /// `.where`, `.filter`, a step's `where`: keeps the rows for which it is true
    Where(ExprId),
    /// `.select(...)`, and `.map(e => { .. })`: a row of these fields
    Select(Vec<Named>),
    /// `.map(e => x)`: a record by its members, anything else as the field `value`
    Map(ExprId),
    /// `.flat_map(e => list)`: a row for each item, as in `Map`
    FlatMap(ExprId),
    /// `.partition_by(k, ...)`: what follows is kept apart by these keys
    PartitionBy(Vec<Named>),
    /// `.distinct([expr])`; without one the whole row. `within` in nanoseconds.
    Distinct {
        /// What must differ.
        key: Option<ExprId>,
        /// How long a value is remembered, from the row that passed.
        within: Option<i64>,
        /// Among which rows.
        scope: Scope,
    },
    /// `.limit(n)`
    Limit(u64, Scope),
    /// `.order_by(expr [asc|desc], ...)`; rows that compare equal keep their order
    OrderBy(Vec<SortKey>, Scope),
    /// `.window(...)` with other operators before `.aggregate`, or without one: hands on the rows of
    /// each window together when it closes (a row of several windows several times), with the fields
    /// `start` and `end`
    Window {
        /// How rows are cut into windows; no trailing one.
        window: Window,
        /// `window_start`
        start: FieldId,
        /// `window_end`
        end: FieldId,
    },
    /// `.aggregate(...)`
    Aggregate(Box<Aggregate>),
    /// `lag`, `lead`, `row_number`, `rank` in the expressions of the operator that follows: adds
    /// hidden fields to the rows
    RowFunctions(Vec<RowFunction>),
    /// `.rising(cond)`
    Rising(ExprId),
    /// `.throttle(10m)`: nanoseconds, and the field `suppressed`
    Throttle(i64, FieldId),
    /// A `join(...)`: the first operator of its stream, whose sources are its inputs' streams
    Join(Box<Join>),
    /// A sequence pattern: the first operator of its stream, whose sources are its inputs' streams
    Pattern(Box<Pattern>),
    /// `.attention_window(...)` and what is asked of it
    Attention(Box<Attention>),
    /// `.enrich(...)`
    Enrich(Box<Enrich>),
    /// `.collect()`: joins the partitions again
    Collect,
    /// `.emit(...)`, `.emit()` (no fields: the row as it stands), `.emit as T (...)`
    Emit {
        /// The event type that the rows become.
        as_type: Option<EventId>,
        /// The fields written, or none for the row as it stands.
        fields: Option<Vec<Named>>,
    },
    /// `.validate(schema: E)`: rows that do not conform are bad records
    Validate(EventId),
    /// `.tap`, `.print`, `.log`
    Side(SideChannel),
    /// `.process(..)`, and what else goes row by row
    Process(Box<Process>),
    /// `.on_error(..)`: for the operators before it
    OnError(OnError),
    /// `.watermark(out_of_order: ..)`: acts under `--order arrival` only; nanoseconds
    Watermark(i64),
    /// `.allowed_lateness(..)`: acts under `--order arrival` only; nanoseconds
    AllowedLateness(i64),
}

impl Op {
    /// The event types of which the operator makes events.
    #[must_use]
    pub fn emits(&self) -> &[EventId] {
        match self {
            Self::Emit {
                as_type: Some(event), ..
            } => std::slice::from_ref(event),
            Self::Process(process) => &process.emits,
            Self::OnError(on_error) => &on_error.emits,
            _ => &[],
        }
    }
}

/// What goes to stderr and the metrics, never to the rows.
#[derive(Clone, Debug)]
pub enum SideChannel {
    /// `.print(a, b)`: the values, separated by blanks; the row as JSON when there are none
    Print(Vec<ExprId>),
    /// `.log("text", level: "warn")`, `.tap(log: "name", sample: 0.1)`
    Log {
        /// `debug info warn error`
        level: String,
        /// The name or text.
        text: Vec<ExprId>,
        /// Which share of the rows, chosen by a hash of `_seq`.
        sample: f64,
    },
    /// `.tap(metrics: counter: "n", histogram: "f")`
    Metrics {
        /// A counter's name.
        counter: Option<String>,
        /// The name and value of a histogram.
        histogram: Option<(String, ExprId)>,
    },
    /// `.tap(trace: name: "t")`
    Trace {
        /// The trace's name.
        name: String,
        /// Which share of the rows.
        sample: f64,
    },
}

/// `.to("alerts.jsonl")`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The path as written.
    pub path: String,
    /// Its place in the program.
    pub span: Span,
}
