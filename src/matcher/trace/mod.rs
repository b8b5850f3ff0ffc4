//! Why a pattern did not fire: what a trace is asked, and what it tells.
//!
//! A traced pattern takes the same events as any other: the walk is not changed, it is watched. It is
//! given all rows of its inputs, also those that satisfy no step, and keeps every field that its
//! conditions name, so that what was not taken can be shown with its values.
//!
//! Invariant: what is told depends on the rows and their order only.
//!
//! Cost: none for patterns that are not traced. For one that is, each row is held against the newest
//! [`LOOK`] runs of its partition at each state.

mod look;
mod sight;
mod watch;

use std::sync::Arc;

pub use sight::{Sight, key_names, widen};
pub(super) use watch::Trace;

use crate::data::{Place, Value};
use crate::ir::{ExprId, StepId};

/// A row is held against so many runs of its partition, the newest, at each state.
const LOOK: usize = 256;

/// What is asked of a stream's trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The stream.
    pub stream: String,
    /// Only runs whose first event has these values, as text: of a partition key or field with a name, or
    /// of any partition key.
    pub keys: Vec<(Option<String>, String)>,
    /// Runs that lived at this time, or near it, are the nearest misses. Nanoseconds.
    pub at: Option<i64>,
    /// How many of them are told.
    pub misses: usize,
}

/// What a trace has seen of a pattern.
#[derive(Clone, Debug, Default)]
pub struct Traced {
    /// By step, absences too.
    pub steps: Vec<StepSeen>,
    /// How many runs began.
    pub begun: u64,
    /// How many runs came of others, at `each`.
    pub split: u64,
    /// How many runs are matches that were reported.
    pub matches: u64,
    /// How many were complete and part of a longer match.
    pub parts: u64,
    /// How many were complete and ended by another match (`after_match`).
    pub skipped: u64,
    /// How many were complete, and the condition behind the pattern is not true of them.
    pub rejected: u64,
    /// How many were complete, and an absence of the whole was broken.
    pub undone: u64,
    /// The nearest misses, the nearest first.
    pub misses: Vec<Miss>,
}

/// What a trace has seen of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepSeen {
    /// How many rows of its input came.
    pub came: u64,
    /// How many of them satisfy what it asks of a row alone.
    pub fit: u64,
    /// How many runs took a row with it.
    pub runs: u64,
    /// Of an absence: how many runs it ended.
    pub broke: u64,
    /// How the runs ended that waited for it.
    pub ended: Ended,
}

/// How runs ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Their time was over.
    pub expired: u64,
    /// Something came that must not.
    pub broken: u64,
    /// Another event was the very next.
    pub passed: u64,
    /// Another match ended them (`after_match`).
    pub skipped: u64,
    /// They were still waiting at the end of the input.
    pub open: u64,
    /// They were waiting at the end for the time of an absence to be over.
    pub undecided: u64,
}

/// An event as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The pattern's input that it came through.
    pub input: usize,
    /// Where it stands.
    pub place: Place,
    /// Its time, in nanoseconds.
    pub time: i64,
    /// The fields that the pattern names.
    pub fields: Vec<(Arc<str>, Value)>,
}

/// An event that a run took.
#[derive(Clone, Debug, PartialEq)]
pub struct Took {
    /// By which step.
    pub step: StepId,
    /// The event.
    pub event: Shown,
    /// How many of the same step before it are left out.
    pub left_out: usize,
}

/// A run that did not become a match.
#[derive(Clone, Debug)]
pub struct Miss {
    /// The partition's keys.
    pub keys: Vec<Value>,
    /// What it took, in order.
    pub took: Vec<Took>,
    /// How many steps took something.
    pub steps: usize,
    /// What it waited for: the steps that could have come next, later ones first.
    pub waited: Vec<StepId>,
    /// How it ended.
    pub cause: Cause,
    /// Of what came and could not be taken, what lacked the least.
    pub closest: Option<Closest>,
    /// The first event that it would have taken, had its time not been over.
    pub late: Option<(StepId, Shown)>,
    /// How many runs took some of the same events, and ended likewise.
    pub alike: u64,
    /// What it is ordered by.
    rank: Rank,
    extent: Extent,
    /// What it would take, had its time not been over.
    wishes: Vec<Wish>,
}

/// An event that a run would take.
#[derive(Clone, Debug)]
struct Wish {
    step: StepId,
    /// What the step's comparisons compare with; none: nothing is bound to that name.
    others: Vec<Option<Value>>,
}

/// The time that the events of a run take up.
#[derive(Clone, Debug)]
struct Extent {
    /// The ticks of the first and the last.
    first: u64,
    last: u64,
    /// The time of the last. Nanoseconds.
    end: i64,
    /// How many there are, and of few their ticks.
    count: u32,
    ticks: Vec<u64>,
}

/// Nearer to the time asked for, more steps, more events, later.
type Rank = (std::cmp::Reverse<u64>, usize, u64, u64);

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Its time was over.
    Expired {
        /// When it was. Nanoseconds.
        at: i64,
        /// The bound. Nanoseconds.
        within: i64,
        /// Of the whole pattern, else of a step.
        whole: bool,
    },
    /// An event came that must not.
    Broken {
        /// The absence.
        step: StepId,
        /// The event.
        event: Option<Shown>,
    },
    /// It wanted the very next event, and that was another.
    Passed(Shown),
    /// Another match ended it.
    Skipped,
    /// It was complete, and the condition behind the pattern was not true.
    Rejected,
    /// It was waiting when the input ended.
    Open,
    /// The time of the absence behind it was not over when the input ended.
    Undecided,
}

/// An event that could not be taken.
#[derive(Clone, Debug)]
pub struct Closest {
    /// The step that did not take it.
    pub step: StepId,
    /// The event.
    pub event: Shown,
    /// All that it lacked; never empty.
    pub lacks: Vec<Lack>,
    /// How much that is: how many, and how unlike.
    weight: (usize, u32),
}

/// Something that kept an event from being taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Lack {
    /// A condition on the event alone is not true.
    Alone {
        /// The condition.
        condition: ExprId,
        /// The fields it reads.
        fields: Vec<(Arc<str>, Value)>,
    },
    /// A comparison with an event taken before is not true.
    Compare {
        /// Which of [`PatternStep::compare`](crate::ir::PatternStep).
        at: usize,
        /// The event's value.
        own: Value,
        /// The other value; none: nothing is bound to that name.
        other: Option<Value>,
    },
    /// A condition on the event and the run is not true.
    Rest {
        /// The condition.
        condition: ExprId,
        /// The event's fields that it reads.
        fields: Vec<(Arc<str>, Value)>,
    },
    /// The repetition before it has not enough elements.
    Few {
        /// The repetition.
        step: StepId,
        /// How many it has.
        has: u32,
        /// How many it needs.
        needs: u32,
    },
    /// It came too late.
    Late {
        /// The time since the first event, or the step before. Nanoseconds.
        after: i64,
        /// The bound. Nanoseconds.
        within: i64,
        /// Of the whole pattern, else of the step.
        whole: bool,
    },
}
