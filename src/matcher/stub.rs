//! Takes the place of the engine until it is there: no pattern ever matches.

use super::Judge;
use crate::aggregate::CallErrors;
use crate::data::Place;
use crate::ir::Pattern;
use crate::ordered::{Batch, Ending, Made};

/// The state of one pattern.
#[derive(Debug)]
pub struct Matching;

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
}

impl Matching {
    /// No rows yet.
    #[must_use]
    pub fn new(_pattern: &Pattern, _lateness: i64, _seq: bool) -> Self {
        Self
    }

    /// Takes rows, and moves the clock.
    pub fn run(&mut self, _: &[(u8, Batch)], _: Place, _: Option<Ending>, _: &mut Judge<'_>) -> Matches {
        Matches::default()
    }

    /// Memory, in bytes.
    #[must_use]
    pub fn peak(&self) -> usize {
        0
    }

    /// What it still waits for.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing::default()
    }
}
