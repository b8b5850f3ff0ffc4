//! Sequence patterns over rows in order (LANGUAGE.md, sections 8, 9 and 15).
//!
//! A [`Matching`] takes the rows of a pattern's inputs, round after round, with all that the pattern
//! asks of them already computed ([`PatternInput::values`](crate::ir::PatternInput)), and makes the
//! rows of [`Pattern::reads`](crate::ir::Pattern).

mod absence;
mod any;
mod begin;
mod boxes;
mod compare;
mod complete;
mod conditions;
mod covered;
mod folds;
mod found;
pub mod hypertree;
mod indexed;
mod keyed;
mod listing;
mod logs;
mod matching;
mod operator;
mod program;
mod report;
mod runs;
mod share;
mod store;
mod sweep;
mod taken;
mod ticks;
mod timers;
pub mod trace;
mod trends;
mod wake;
mod walk;

pub use operator::{Operator, operator};

use std::cell::RefCell;

use crate::aggregate::CallErrors;
use crate::data::{Column, FieldId, Place, Pseudo};
use crate::ir::{ExprId, Pattern, Selection};
use crate::ordered::{Batch, Ending, Made};

/// Rows over which a condition is asked: the columns of some fields.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How many rows.
    pub len: usize,
    /// The fields that the condition reads.
    pub fields: Vec<(FieldId, Column)>,
    /// `_time` and the like.
    pub pseudo: Vec<(Pseudo, Column)>,
    /// The row as a record.
    pub whole: Option<Column>,
    /// What fails is not counted: somebody only wants to know.
    pub quiet: bool,
}

/// Evaluates a condition; gives the rows for which it is true, ascending.
pub type Judge<'a> = dyn FnMut(ExprId, Asked) -> Vec<u32> + 'a;

/// What was determined.
#[derive(Debug, Default)]
pub struct Matches {
    /// The rows: a column for each of the pattern's reads, then `_seq` where it is asked for.
    pub made: Made,
    /// What aggregates could not compute, by the number of the read.
    pub errors: Vec<CallErrors>,
}

/// What a pattern still waits for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// Runs that have begun and are neither complete nor over.
    pub runs: u64,
    /// Matches that depend on an absence whose time has not passed.
    pub undecided: u64,
    /// How many counts and sums of trends were too large for an integer.
    pub wide: u64,
}

/// What conditions are asked with.
struct Asking<'a, 'j> {
    pattern: &'a Pattern,
    store: &'a store::Store,
    reporter: &'a report::Reporter,
    /// The aggregates that are kept, and the runs that are asked.
    folds: Option<(&'a RefCell<folds::Folds>, &'a [runs::RunId])>,
    judge: &'a mut Judge<'j>,
}

/// The state of one pattern.
#[derive(Debug)]
pub struct Matching(Strategy);

/// How matches are found.
#[derive(Debug)]
enum Strategy {
    /// Each run goes one way.
    Walking(Box<matching::Walking>),
    /// All combinations.
    All(Box<any::All>),
    /// What is reckoned over all combinations.
    Trends(Box<trends::Trends>),
}

impl Matching {
    /// No rows yet. `lateness`: how late a row may be and still count, in nanoseconds. `timed`: some
    /// input's rows come from timers, which are determined up to a nanosecond after their event time.
    /// `seq`: rows are numbered.
    #[must_use]
    pub fn new(pattern: &Pattern, lateness: i64, timed: bool, seq: bool) -> Self {
        Self(match pattern.select {
            Selection::Any if !pattern.trends.is_empty() => {
                Strategy::Trends(Box::new(trends::Trends::new(pattern, lateness, timed, seq)))
            }
            Selection::Any => Strategy::All(Box::new(any::All::new(pattern, lateness, timed, seq))),
            Selection::Next | Selection::Strict => {
                Strategy::Walking(Box::new(matching::Walking::new(pattern, lateness, timed, seq)))
            }
        })
    }

    /// Takes batches, each with the input it comes through, in order of places within an input, then
    /// moves the clock; every row that stands before `until` has come. What was determined comes in
    /// order.
    pub fn run(
        &mut self,
        batches: &[(u8, Batch)],
        until: Place,
        ending: Option<Ending>,
        judge: &mut Judge<'_>,
    ) -> Matches {
        match &mut self.0 {
            Strategy::Walking(walking) => walking.run(batches, until, ending, judge),
            Strategy::All(all) => all.run(batches, until, ending, judge),
            Strategy::Trends(trends) => trends.run(batches, until, ending, judge),
        }
    }

    /// The most memory that was held between rounds, in bytes, about; without texts.
    #[must_use]
    pub fn peak(&self) -> usize {
        match &self.0 {
            Strategy::Walking(walking) => walking.peak(),
            Strategy::All(all) => all.peak(),
            Strategy::Trends(trends) => trends.peak(),
        }
    }

    /// Watches the walk, before any row has come; `false`: it cannot be watched, since no run goes one way.
    pub fn watch(&mut self, sight: trace::Sight) -> bool {
        match &mut self.0 {
            Strategy::Walking(walking) => walking.watch(sight),
            Strategy::All(_) | Strategy::Trends(_) => return false,
        }
        true
    }

    /// What was seen, if it was watched.
    #[must_use]
    pub fn traced(&self) -> Option<trace::Traced> {
        match &self.0 {
            Strategy::Walking(walking) => walking.traced(),
            Strategy::All(_) | Strategy::Trends(_) => None,
        }
    }

    /// How much memory it holds, in bytes, about; without texts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Strategy::Walking(walking) => walking.bytes(),
            Strategy::All(all) => all.bytes(),
            Strategy::Trends(trends) => trends.bytes(),
        }
    }

    /// What it still waits for.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match &self.0 {
            Strategy::Walking(walking) => walking.standing(),
            Strategy::All(all) => all.standing(),
            Strategy::Trends(trends) => trends.standing(),
        }
    }
}
