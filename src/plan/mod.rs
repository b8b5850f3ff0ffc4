//! IR -> DAG of fused stages, and what the readers are asked for; `explain` shows both.
//!
//! Operators with equal inputs and equal work are one node, whoever asks for it (a thousand rules
//! with the same first filter evaluate it once). Chains of nodes that only one reader follows are
//! fused into a [`Stage`]. A stage is *ordered* when it holds, or follows, an operator to which the
//! order of rows matters; all others run on any thread, morsel by morsel.

mod decode;
mod explain;
mod explain_attention;
mod explain_code;
mod explain_index;
mod explain_pattern;
mod fuse;
mod graph;
mod indexes;
mod prefilter;
mod pruning;
mod shared;

use crate::data::FieldId;
use crate::diag::Span;
use crate::eval::Compiled;
use crate::ir::{
    Aggregate, Attention, Enrich, EventId, ExprId, Join, Named, OnError, Over, Pattern, Process, Query, Reach,
    RowFunction, Scope, SideChannel, SortKey, StreamId, Window,
};
use crate::read::{DecodePlan, TimeUnit};

pub(crate) use explain::one_line;
pub use explain::{ExplainFormat, explain};
pub(crate) use explain_pattern::{View as PatternView, duration};
pub use indexes::Indexes;

/// What the command line says about reading.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--type-field`
    pub type_field: Option<String>,
    /// `--time-field`
    pub time_field: Option<String>,
    /// `--time-unit`
    pub time_unit: TimeUnit,
    /// `--from`, in nanoseconds.
    pub from: Option<i64>,
    /// `--to`, in nanoseconds.
    pub to: Option<i64>,
    /// Check every record in full.
    pub check_all: bool,
    /// Take the records as they lie, whatever their times.
    pub as_they_lie: bool,
    /// Look for literals in the raw text first, where that is sound.
    pub prefilter: bool,
    /// Find the filters that may be true by an index over their conditions, where there are many.
    pub index: bool,
    /// Longest record, in bytes.
    pub max_record_bytes: usize,
    /// The types that inputs are bound to (`Type=path`); none among them: an input that is not.
    pub bound: Vec<Option<String>>,
}

/// A stage, as an index into [`Plan::stages`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StageId(pub u32);

/// A program, planned.
#[derive(Debug)]
pub struct Plan {
    /// The query, optimised.
    pub query: Query,
    /// What each rule of the optimizer changed.
    pub rewrites: Vec<(&'static str, usize)>,
    /// What the readers decode.
    pub decode: DecodePlan,
    /// The event that each of [`DecodePlan::types`] is.
    pub types: Vec<EventId>,
    /// For each of the types and for the others (last): who reads its records, in program order.
    pub scans: Vec<Vec<Next>>,
    /// For each of the types: who reads rows that `.emit as` makes of it (all readers but `any`).
    pub fed: Vec<Vec<Next>>,
    /// The stages, each after those it reads.
    pub stages: Vec<Stage>,
    /// What is written, in program order of the streams.
    pub sinks: Vec<Sink>,
    /// Some operator depends on the order of rows.
    pub order_matters: bool,
    /// Some operator depends on their times.
    pub time_matters: bool,
    /// The order in which ordered stages run: each after those it reads, and those that touch the same
    /// variables of the run side by side.
    pub turns: Vec<Vec<StageId>>,
    /// Filters are found by an index, where many read the same rows; never changes what comes out.
    pub index: bool,
}

/// Operators that run one after another over each batch.
#[derive(Debug)]
pub struct Stage {
    /// In order; never empty.
    pub steps: Vec<Step>,
    /// Who reads the rows that come out, in program order.
    pub next: Vec<Next>,
    /// Runs in order of the input, on one thread at a time.
    pub ordered: bool,
}

/// Where rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// On to a stage, through one of its ports: a join has one for each input, all others only 0.
    Stage(StageId, u8),
    /// Out.
    Sink(usize),
    /// To those who read an event type, as records of it.
    Event(EventId),
}

/// One operator, and everybody who asked for it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub kind: StepKind,
    /// The operators it stands for; never empty, the first is the one whose expressions run.
    pub owners: Vec<Owner>,
}

/// An operator of a stream that a step stands for.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The stream.
    pub stream: StreamId,
    /// The operator's place.
    pub span: Span,
    /// Its expressions, in the same order for all owners of a step.
    pub roots: Vec<ExprId>,
    /// What is done about rows that fail at it; its step has no other owner then.
    pub on_error: Option<OnError>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Keeps the rows for which it is true.
    Filter(ExprId),
    /// Makes rows of these fields; of an event type when one is named.
    Project(Vec<Named>, Option<EventId>),
    /// Makes rows as they stand into records of an event type.
    Retype(EventId),
    /// One row to one row.
    Map(ExprId),
    /// One row to many.
    FlatMap(ExprId),
    /// Keeps what follows apart by these keys.
    Partition(Vec<ExprId>),
    /// The first row of each value (of the whole row, when there is none).
    Distinct(Option<ExprId>, Option<i64>, Scope),
    /// The first rows.
    Limit(u64, Scope),
    /// In order of these keys.
    OrderBy(Vec<SortKey>, Scope),
    /// The rows of each window, together: the window, its fields start and end.
    Window(Window, FieldId, FieldId),
    /// Windows and what is reckoned over them.
    Aggregate(Box<Aggregate>),
    /// Adds fields that depend on the rows before (or behind).
    RowFunctions(Vec<RowFunction>, Scope),
    /// Rows at which the condition becomes true.
    Rising(ExprId),
    /// At most one row in this time; the field that holds how many were suppressed.
    Throttle(i64, FieldId),
    /// Rows of several inputs put together.
    Join(Box<Join>),
    /// Matches of a sequence pattern.
    Pattern(Box<Pattern>),
    /// Each event with the events before it.
    Attention(Box<Attention>),
    /// A row at each multiple of this time.
    Timer(i64),
    /// Adds fields from a table.
    Enrich(Box<Enrich>),
    /// Forgets the partition.
    Collect,
    /// Rows that do not conform are bad records.
    Validate(EventId),
    /// Says something on stderr or in the metrics.
    Side(SideChannel),
    /// Row by row: what is emitted, or else the value.
    Process(Box<Process>),
}

/// What a stream writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// The stream.
    pub stream: StreamId,
    /// `.to(path)`; none: the main output.
    pub path: Option<String>,
}

/// Why a query cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to know or do.
    pub help: &'static str,
    /// The stream it is about.
    pub span: Span,
}

/// Optimises and plans a query.
///
/// # Errors
/// When streams feed each other in a circle through `.emit as`.
pub fn plan(mut query: Query, options: &Options) -> Result<Plan, PlanError> {
    let rewrites = crate::optimize::optimize(&mut query);
    let graph = graph::build(&query)?;
    let types = decode::event_types(&query, &graph);
    let order_matters = graph.nodes.iter().any(|node| node.step.kind.needs_order());
    let time_matters = graph.nodes.iter().any(|node| node.step.kind.needs_time());
    let mut decode = decode::plan(&query, &graph, &types, options);
    decode.time_of_all = order_matters && !options.as_they_lie;
    if options.prefilter && !decode.check_all && !decode.time_of_all && !decode.seq {
        decode.prefilter = prefilter::literals(&query, &graph, options);
    }
    if options.prefilter && !decode.check_all {
        decode.bounds = pruning::bounds(&query, &graph, &types);
    }
    let fuse::Fused {
        stages,
        scans,
        fed,
        sinks,
    } = fuse::fuse(&query, &graph, &types);
    let turns = shared::turns(&query, &types, &stages, &fed)?;
    Ok(Plan {
        turns,
        query,
        rewrites,
        decode,
        types,
        scans,
        fed,
        stages,
        sinks,
        order_matters,
        time_matters,
        index: options.index,
    })
}

impl StepKind {
    /// Whether the order of rows decides what comes out.
    #[must_use]
    pub fn needs_order(&self) -> bool {
        match self {
            Self::Distinct(.., scope)
            | Self::Limit(_, scope)
            | Self::OrderBy(_, scope)
            | Self::RowFunctions(_, scope) => *scope == Scope::Partition,
            Self::Aggregate(made) => made.over != Over::Collected,
            Self::Process(process) => !process.globals.is_empty(),
            Self::Window(..)
            | Self::Rising(_)
            | Self::Throttle(..)
            | Self::Join(_)
            | Self::Pattern(_)
            | Self::Attention(_)
            | Self::Timer(_) => true,
            _ => false,
        }
    }

    /// Whether times decide what comes out.
    #[must_use]
    pub fn needs_time(&self) -> bool {
        let of_time = |window: &Window| !matches!(window, Window::Count { .. });
        match self {
            Self::Distinct(_, within, _) => within.is_some(),
            Self::Window(window, ..) => of_time(window),
            Self::Aggregate(made) => matches!(&made.over, Over::Window(window) if of_time(window)),
            Self::Attention(attention) => matches!(attention.reach, Reach::Time(_)),
            Self::Throttle(..) | Self::Join(_) | Self::Pattern(_) | Self::Timer(_) => true,
            _ => false,
        }
    }

    /// Whether rows come out as they went in (or not at all).
    #[must_use]
    pub fn keeps_rows(&self) -> bool {
        !matches!(
            self,
            Self::Project(..)
                | Self::Map(_)
                | Self::FlatMap(_)
                | Self::Process(_)
                | Self::Aggregate(_)
                | Self::Join(_)
                | Self::Pattern(_)
                | Self::Timer(_)
        )
    }

    /// Whether the whole row is looked at.
    #[must_use]
    pub fn reads_whole(&self) -> bool {
        matches!(self, Self::Distinct(None, ..) | Self::Side(SideChannel::Print(_)))
    }
}

impl Plan {
    /// All expressions that run.
    #[must_use]
    pub fn roots(&self) -> Vec<ExprId> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps);
        steps.flat_map(|step| step.owners[0].roots.iter().copied()).collect()
    }

    /// The tables that rows are looked up in.
    #[must_use]
    pub fn tables(&self) -> Vec<&crate::ir::Table> {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps);
        steps
            .filter_map(|step| match &step.kind {
                StepKind::Enrich(enrich) => Some(&enrich.table),
                _ => None,
            })
            .collect()
    }

    /// The functions, compiled. `max_steps`: how many steps they may take in one row.
    #[must_use]
    pub fn compiled(&self, max_steps: u64) -> Compiled {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps);
        let mut owners = steps.flat_map(|step| &step.owners);
        Compiled::new(
            &self.query.code,
            max_steps,
            owners.any(|owner| owner.on_error.is_some()),
        )
    }

    /// A stage.
    #[must_use]
    pub fn stage(&self, id: StageId) -> &Stage {
        &self.stages[id.0 as usize]
    }
}
