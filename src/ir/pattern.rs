//! Sequence patterns (LANGUAGE.md, sections 8, 9 and 15).
//!
//! A pattern reads *inputs* (event types or streams, each once). What it asks of a row of an input
//! (conditions, values that are compared, kept or written) are the input's `values`: expressions over
//! that row alone, computed for whole batches. Everything else refers to them by number.

use crate::data::{FieldId, Pseudo, Value};
use crate::diag::Span;

use super::{AggFunction, BinaryOp, ExprId, StreamId};

/// A single event that a pattern takes, or must not meet: an index into [`Pattern::steps`], in order
/// of the program.
pub type StepId = usize;

/// A value of an input: an index into [`PatternInput::values`].
pub type ValueId = usize;

/// A pattern: the first operator of its stream, whose sources are its inputs' streams. It makes rows of
/// the fields `reads`, in this order.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it reads.
    pub inputs: Vec<PatternInput>,
    /// The single events, absent ones too.
    pub steps: Vec<PatternStep>,
    /// The names that steps are bound to.
    pub aliases: Vec<PatternAlias>,
    /// How the steps are put together.
    pub shape: Shape,
    /// `.not(C where ..)`: no such event between the first and the last of a match.
    pub absent: Vec<StepId>,
    /// How many keys its partition has: as many as each input's `keys`.
    pub keys: usize,
    /// The last event's time minus the first one's is at most this. Nanoseconds.
    pub within: Option<i64>,
    /// Which events are taken.
    pub select: Selection,
    /// What is reported of a match.
    pub report: Report,
    /// What becomes of other runs after a match.
    pub after: AfterMatch,
    /// `.where(..)` behind the pattern: over the row made. A match it rejects is none. It stands here
    /// only where a match has consequences (`after` is not [`AfterMatch::NoSkip`]); else an operator of
    /// its own follows.
    pub filter: Option<ExprId>,
    /// The fields of the rows made.
    pub reads: Vec<PatternRead>,
    /// `.trend_aggregate(..)`: rows are made of these and the keys only; `reads` has a
    /// [`How::Trend`] for each.
    pub trends: Vec<TrendCall>,
    /// The whole pattern's place.
    pub span: Span,
}

impl Pattern {
    /// All its expressions: keys and values of the inputs (over their rows) first.
    #[must_use]
    pub fn expressions(&self) -> Vec<ExprId> {
        let inputs = self.over_inputs().into_iter();
        let rests = self.steps.iter().filter_map(|step| step.rest.as_ref());
        inputs
            .chain(rests.map(|rest| rest.condition))
            .chain(self.filter)
            .collect()
    }

    /// Whether the time from the first event of a match to the last is bounded, by the whole or step by
    /// step.
    #[must_use]
    pub fn bounded(&self) -> bool {
        self.within.is_some() || self.bounded_from(&self.shape, true, false).0
    }

    /// Whether all steps of a part are bounded; and whether a first event is still to come behind it.
    fn bounded_from(&self, shape: &Shape, first: bool, repeats: bool) -> (bool, bool) {
        match shape {
            Shape::Step(step) => (self.steps[*step].within.is_some() || (first && !repeats), false),
            Shape::Absent(_) => (true, first),
            Shape::Seq(parts) | Shape::And(parts) => parts.iter().fold((true, first), |(good, first), part| {
                let (this, first) = self.bounded_from(part, first, repeats);
                (good && this, first)
            }),
            Shape::Or(parts) => parts.iter().fold((true, false), |(good, open), part| {
                let (this, first) = self.bounded_from(part, first, repeats);
                (good && this, open || first)
            }),
            Shape::Repeat(inner, _, most) => self.bounded_from(inner, first, repeats || *most != Some(1)),
        }
    }

    /// The expressions over rows of its inputs.
    #[must_use]
    pub fn over_inputs(&self) -> Vec<ExprId> {
        let inputs = self.inputs.iter();
        inputs
            .flat_map(|input| input.keys.iter().chain(&input.values))
            .copied()
            .collect()
    }

    /// All its expressions in the same order, to be changed in place.
    pub fn expressions_mut(&mut self) -> Vec<&mut ExprId> {
        let inputs = self.inputs.iter_mut();
        let inputs = inputs.flat_map(|input| input.keys.iter_mut().chain(input.values.iter_mut()));
        let rests = self.steps.iter_mut().filter_map(|step| step.rest.as_mut());
        inputs
            .chain(rests.map(|rest| &mut rest.condition))
            .chain(self.filter.as_mut())
            .collect()
    }
}

/// What a pattern reads.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternInput {
    /// The name of the event type or stream.
    pub name: String,
    /// The stream that brings its rows (made for this input).
    pub stream: StreamId,
    /// The keys of the partition, over its rows.
    pub keys: Vec<ExprId>,
    /// All that is asked of a row.
    pub values: Vec<ExprId>,
}

/// A single event of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternStep {
    /// The input that its event comes from.
    pub input: usize,
    /// The part of its condition that reads its own event only.
    pub alone: Option<ValueId>,
    /// Comparisons of a value of its own event with one bound before; all must hold.
    pub compare: Vec<Compare>,
    /// What else must hold.
    pub rest: Option<Rest>,
    /// The time since the step (or element) before it is at most this; of an absence in first or last
    /// place the time it is looked out for. Nanoseconds.
    pub within: Option<i64>,
    /// `next`: the very next event of the pattern's input in its partition.
    pub next: bool,
    /// `each`: takes the event, and goes on waiting for another too.
    pub each: bool,
    /// The name it is bound to.
    pub alias: Option<usize>,
    /// Its place.
    pub span: Span,
}

/// `own op other`: a value of the step's own event compared with one that was bound before. False when
/// either is null, but for `!=`, which is the negation of `==` (as everywhere). True while the name of a
/// repetition's own step stands for no element yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// `== != < <= > >=`
    pub op: BinaryOp,
    /// The own value.
    pub own: ValueId,
    /// The other side.
    pub other: Bound,
    /// Its place.
    pub span: Span,
}

/// A value of an event bound before.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The name it is bound to.
    pub alias: usize,
    /// Which of the events bound to it.
    pub which: Which,
    /// The value, by the step that was bound.
    pub values: Vec<(StepId, ValueId)>,
}

/// Which of the events bound to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// The only one, or the first of a repetition.
    First,
    /// The last one so far.
    Last,
}

/// A condition that needs more than comparisons: over a row with the step's own fields, and values of
/// the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// The condition.
    pub condition: ExprId,
    /// The fields of the own event that it reads.
    pub own: Vec<(FieldId, ValueId)>,
    /// `_time` and the like of the own event.
    pub pseudo: Vec<(Pseudo, ValueId)>,
    /// The own event as a record.
    pub whole: Option<ValueId>,
    /// The fields that hold values of the run so far.
    pub reads: Vec<PatternRead>,
}

/// A name that steps are bound to: several steps of alternatives may have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternAlias {
    /// The name.
    pub name: String,
    /// The steps bound to it.
    pub steps: Vec<StepId>,
    /// It stands for a list: a step of it repeats, by itself or in a group.
    pub list: bool,
}

/// How steps are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One event.
    Step(StepId),
    /// An absence; stands in a [`Shape::Seq`] only, first and last only at the top.
    Absent(StepId),
    /// One after another; at least two.
    Seq(Vec<Shape>),
    /// All, in any order, of distinct events; at least two.
    And(Vec<Shape>),
    /// One of these; at least two.
    Or(Vec<Shape>),
    /// At least and at most so often; `(1, Some(1))` does not occur.
    Repeat(Box<Shape>, u32, Option<u32>),
}

/// Which events a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Selection {
    /// `.stnm()`: the first that fits; no branching.
    #[default]
    Next,
    /// `.strict()`: every step is `next`.
    Strict,
    /// `.stam()`: every one that fits, and also not: all combinations.
    Any,
}

/// What is reported of a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Report {
    /// `.longest()`: one row, repetitions as lists.
    #[default]
    Longest,
    /// `.each()`: one row for each element of the last repetition.
    Each,
    /// `.subsets()`: one row for each choice of a non-empty subset of every repetition.
    Subsets,
}

/// `.after_match(..)`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AfterMatch {
    /// Other runs live on.
    #[default]
    NoSkip,
    /// Runs that share the match's first event are dropped.
    SkipToNext,
    /// Runs of the partition that started at or before the match's last event are dropped.
    SkipPastLast,
}

/// A field of the row made, or a value that a condition reads of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternRead {
    /// The field that holds it.
    pub field: FieldId,
    /// Its name where it is written with the whole row: aliases and keys.
    pub name: Option<String>,
    /// What it is.
    pub how: How,
    /// Its place, for evaluation errors.
    pub span: Span,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// The partition's key with this number.
    Key(usize),
    /// A value of the event bound to an alias (of the element at hand, under [`Report::Each`]); null
    /// when none is.
    One(Bound),
    /// A value of the element with this number (from the end when negative).
    Nth(Bound, i64),
    /// How many events are bound to an alias.
    Count(usize),
    /// A value of each event bound to an alias, in order.
    List(Bound),
    /// An aggregate over the events bound to an alias: for each argument its value by step.
    Aggregate {
        /// Which.
        function: AggFunction,
        /// The constant argument, else null.
        param: Value,
        /// Over which.
        alias: usize,
        /// For each argument the value, by the step that was bound.
        args: Vec<Vec<(StepId, ValueId)>>,
    },
    /// `match_start`
    Start,
    /// `match_end`: the time of the last event, or of the deadline that was waited for.
    End,
    /// `match_duration`
    Duration,
    /// The trend aggregate with this number.
    Trend(usize),
}

/// A call in `.trend_aggregate(..)`.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendCall {
    /// Which.
    pub function: TrendFunction,
    /// The repetition it is about, and the value by step (not for counts).
    pub over: Option<(usize, Vec<(StepId, ValueId)>)>,
    /// Its place.
    pub span: Span,
}

/// What is reckoned over all trends (LANGUAGE.md, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrendFunction {
    /// How many trends there are.
    CountTrends,
    /// How many elements all of them have together.
    CountEvents,
    /// The sum over all elements of all trends.
    SumTrends,
    /// That sum divided by that number.
    AvgTrends,
    /// The smallest value.
    MinTrends,
    /// The largest value.
    MaxTrends,
}
