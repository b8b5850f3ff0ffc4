//! The matcher: rows in, matches out.
//!
//! Rows come in replay order, a *tick* (the rows of one place) at a time. Before a tick, the runs whose
//! time has passed are woken. At a tick, the steps that its rows satisfy alone tell the states that could
//! take one of them, and the keys tell the runs there; these are asked for the rest of their conditions.
//! What was decided is carried out when all runs have been asked, so that no run sees what another did at
//! the same tick. Then the row begins a run of its own, and what is complete is reported.
//!
//! Cost: for each row the runs that it advances, and those that wait for it with the same key and whose
//! other conditions fail. Elements of a repetition whose conditions do not look at the run cost nothing
//! for each run (see [`super::logs`]).

use std::cell::RefCell;
use std::sync::Arc;

use super::absence::Absence;
use super::boxes::Boxes;
use super::covered::Covered;
use super::folds::Folds;
use super::found::Found;
use super::indexed::Indexed;
use super::keyed::Keyed;
use super::logs::Logs;
use super::program::{Program, StateId};
use super::report::Reporter;
use super::runs::{Listing, RunId, Runs};
use super::store::{Store, absences};
use super::taken::Taken;
use super::ticks::Round;
use super::timers::Timers;
use super::trace::Trace;
use super::{Judge, Matches, Standing};
use crate::data::Place;
use crate::ir::{AfterMatch, Pattern, Selection};
use crate::ordered::{Batch, Ending};

/// How much there was when all was looked at last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Swept {
    pub(super) keys: usize,
    pub(super) nodes: usize,
    pub(super) absent: usize,
    /// The latest time of a row.
    pub(super) clock: i64,
}

/// The state of one pattern under skip till next match, or strict.
#[derive(Debug)]
pub(super) struct Walking {
    pub(super) pattern: Arc<Pattern>,
    pub(super) program: Program,
    pub(super) keyed: Keyed,
    pub(super) store: Store,
    pub(super) runs: Runs,
    pub(super) logs: Logs,
    pub(super) timers: Timers,
    /// By step: those that are absences.
    pub(super) absences: Vec<Option<Absence>>,
    /// For each state how runs are listed at it.
    pub(super) listings: Vec<Listing>,
    /// For each state by what values its runs can be found, and such trees by partition or key.
    pub(super) indexed: Vec<Option<Indexed>>,
    pub(super) trees: Vec<Vec<Option<Box<Boxes>>>>,
    /// For each step the states that can take it: the state, and which of its moves.
    pub(super) takers: Vec<Vec<(StateId, u32)>>,
    /// States at which no run stays when a tick of its partition passes.
    pub(super) restless: Vec<StateId>,
    /// The number of ticks so far, and for each partition where they are counted.
    pub(super) tick: u64,
    pub(super) ordinals: Vec<u64>,
    /// Whether every row of the inputs counts.
    pub(super) counts_all: bool,
    pub(super) covered: Covered,
    pub(super) swept: Swept,
    lateness: i64,
    /// A row may be determined so much after its event time. Nanoseconds.
    timed: i64,
    pub(super) found: Vec<Found>,
    reporter: Reporter,
    peak: usize,
    undecided: u64,
    /// Who watches.
    pub(super) trace: Option<Box<Trace>>,
    pub(super) folds: RefCell<Folds>,
    pub(super) scratch: Vec<RunId>,
}

impl Walking {
    pub(super) fn new(pattern: &Pattern, lateness: i64, timed: bool, seq: bool) -> Self {
        let pattern = Arc::new(pattern.clone());
        let program = Program::new(&pattern);
        let keyed = Keyed::new(&pattern);
        let mut absent: Vec<Option<Absence>> = pattern.steps.iter().map(|_| None).collect();
        for step in absences(&pattern) {
            absent[step] = Some(Absence::new(&pattern, &keyed, step));
        }
        let strides = (pattern.steps.len(), keyed.domains(), program.marks);
        let strict = pattern.select == Selection::Strict;
        let mut walking = Self {
            store: Store::new(&pattern, seq),
            runs: Runs::new(strides, pattern.after != AfterMatch::NoSkip),
            logs: Logs::new(pattern.steps.len()),
            timers: Timers::default(),
            absences: absent,
            listings: Vec::new(),
            indexed: Vec::new(),
            trees: Vec::new(),
            takers: vec![Vec::new(); pattern.steps.len()],
            restless: Vec::new(),
            tick: 0,
            ordinals: Vec::new(),
            counts_all: strict || pattern.steps.iter().any(|step| step.next),
            covered: Covered::default(),
            swept: Swept::default(),
            lateness,
            timed: i64::from(timed),
            found: Vec::new(),
            reporter: Reporter::new(&pattern, seq),
            peak: 0,
            undecided: 0,
            trace: None,
            folds: RefCell::new(Folds::new(&pattern)),
            scratch: Vec::new(),
            keyed,
            program,
            pattern,
        };
        walking.reached(walking.program.start);
        walking
    }

    #[inline]
    pub(super) fn taken(&self) -> Taken<'_> {
        Taken {
            runs: &self.runs,
            logs: &self.logs,
        }
    }

    /// Takes rows, and moves the clock; every row that stands before `until` has come.
    pub(super) fn run(
        &mut self,
        batches: &[(u8, Batch)],
        until: Place,
        ending: Option<Ending>,
        judge: &mut Judge<'_>,
    ) -> Matches {
        let pattern = Arc::clone(&self.pattern);
        let parts = (&mut self.keyed, &mut self.store);
        let round = Round::new(
            &pattern,
            parts,
            batches,
            (self.lateness, self.counts_all || self.trace.is_some()),
        );
        if self.counts_all {
            self.ordinals.resize(self.keyed.partitions(), 0);
        }
        if let Some(last) = round.rows.last() {
            self.swept.clock = self.swept.clock.max(last.time);
        }
        let mut from = 0;
        while from < round.rows.len() {
            let to = round.tick_end(from);
            let place = round.rows[from].place;
            if !place.end {
                self.wake_until(place.time.saturating_sub(self.timed), judge);
            }
            self.tick += 1;
            self.pass(&round, from, to, judge);
            from = to;
        }
        let clock = match ending {
            Some(_) if until == Place::LAST => i64::MAX,
            Some(ending) => ending.last,
            None => until.time.saturating_sub(self.timed),
        };
        self.wake_until(clock, judge);
        if let Some(ending) = ending {
            self.finish(ending, judge);
        }
        self.made()
    }

    /// The rows of all matches that were found.
    fn made(&mut self) -> Matches {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|a, b| self.store.in_output(a, b));
        let mut errors = Vec::new();
        let made = self.reporter.rows(&self.store, &found, &mut errors);
        self.peak = self.peak.max(self.bytes());
        self.store.settle();
        self.sweep();
        Matches { made, errors }
    }

    /// The most memory that was held between rounds, in bytes, about.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    pub(super) fn bytes(&self) -> usize {
        let absences = self.absences.iter().flatten().map(Absence::bytes);
        let trees: usize = self.trees.iter().flatten().flatten().map(|tree| tree.bytes()).sum();
        self.store.bytes()
            + self.runs.bytes()
            + self.logs.bytes()
            + self.timers.bytes()
            + self.keyed.bytes()
            + absences.sum::<usize>()
            + self.ordinals.capacity() * 8
            + trees
            + self.folds.borrow().bytes()
    }

    /// What it still waits for.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            runs: self.runs.live() as u64,
            undecided: self.undecided,
            wide: 0,
        }
    }

    pub(super) fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    pub(super) fn timed(&self) -> i64 {
        self.timed
    }

    pub(super) fn set_undecided(&mut self, undecided: u64) {
        self.undecided = undecided;
    }
}
