//! `.stam()`, skip till any match: every combination of events that satisfies the pattern.
//!
//! The events of a window are kept as nodes (see [`graph`]), which stand for all combinations at once; when
//! an event completes combinations, these are listed by walking back from it (see [`paths`]). Conditions
//! are checked as early on the way as they can be told, the others on whole combinations (see [`judging`]).
//!
//! Cost: memory is bounded by the events within the window. Each combination costs its own length.

pub(super) mod graph;
pub(super) mod judging;
pub(super) mod paths;
mod settle;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::absence::{Absence, Between, keep};
use super::found::Found;
use super::keyed::{Keyed, NO_KEY};
use super::program::{self, Program};
use super::report::Reporter;
use super::store::{EventId, Store, absences};
use super::ticks::{Round, Row};
use super::{Judge, Matches, Standing};
use crate::data::Place;
use crate::data::value::FixedHasher;
use crate::ir::{Pattern, StepId};
use crate::ordered::{Batch, Ending};
use graph::{Graph, Ground, Node, START, SlotId};
use judging::{Judging, Late};
use paths::Link;

/// Is given nodes that are complete, all by one tick or by one deadline.
pub(super) type Complete<'c> = dyn FnMut(&mut All, Vec<(SlotId, Node)>, Option<i64>, &mut Judge<'_>) + 'c;

/// The state of one pattern under skip till any match.
#[derive(Debug)]
pub(super) struct All {
    pub(super) pattern: Arc<Pattern>,
    pub(super) program: Program,
    pub(super) keyed: Keyed,
    pub(super) store: Store,
    pub(super) graph: Graph,
    pub(super) absences: Vec<Option<Absence>>,
    pub(super) late: Late,
    pub(super) reporter: Reporter,
    /// Nodes that are complete, until the time of the absence behind them has passed.
    pending: BTreeMap<i64, Vec<(SlotId, Node)>>,
    /// By partition: no match begins at this tick or before; or at none of these.
    past: IndexMap<u32, u64, FixedHasher>,
    begun: IndexMap<u32, Vec<u64>, FixedHasher>,
    tick: u64,
    ordinals: Vec<u64>,
    counts: bool,
    lateness: i64,
    timed: i64,
    clock: i64,
    found: Vec<Found>,
    swept: sweep::Swept,
    peak: usize,
    undecided: u64,
}

impl All {
    pub(super) fn new(pattern: &Pattern, lateness: i64, timed: bool, seq: bool) -> Self {
        let pattern = Arc::new(pattern.clone());
        let program = Program::new(&pattern);
        let mut keyed = Keyed::new(&pattern);
        let mut absent: Vec<Option<Absence>> = pattern.steps.iter().map(|_| None).collect();
        for step in absences(&pattern) {
            // Which key it would be looked up by is known of a whole combination only.
            keyed.probes[step] = None;
            absent[step] = Some(Absence::new(&pattern, &keyed, step));
        }
        let store = Store::new(&pattern, seq);
        let late = Late::new(&Ground {
            pattern: &pattern,
            program: &program,
            store: &store,
            absences: &absent,
        });
        Self {
            graph: Graph::new(&program, pattern.steps.len(), lateness.saturating_add(1)),
            reporter: Reporter::new(&pattern, seq),
            counts: pattern.steps.iter().any(|step| step.next),
            absences: absent,
            late,
            store,
            keyed,
            program,
            pattern,
            pending: BTreeMap::new(),
            past: IndexMap::default(),
            begun: IndexMap::default(),
            tick: 0,
            ordinals: Vec::new(),
            lateness,
            timed: i64::from(timed),
            clock: i64::MIN,
            found: Vec::new(),
            swept: sweep::Swept::default(),
            peak: 0,
            undecided: 0,
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
        self.take(batches, until, ending, judge, &mut |all, done, deadline, judge| {
            all.complete(&done, deadline, judge);
        });
        self.made()
    }

    /// The same; `complete` is given the complete nodes of each tick.
    pub(super) fn take(
        &mut self,
        batches: &[(u8, Batch)],
        until: Place,
        ending: Option<Ending>,
        judge: &mut Judge<'_>,
        complete: &mut Complete<'_>,
    ) {
        let pattern = Arc::clone(&self.pattern);
        let parts = (&mut self.keyed, &mut self.store);
        let round = Round::new(&pattern, parts, batches, (self.lateness, self.counts));
        if self.counts {
            self.ordinals.resize(self.keyed.partitions(), 0);
        }
        let mut from = 0;
        while from < round.rows.len() {
            let to = round.tick_end(from);
            let place = round.rows[from].place;
            if !place.end {
                self.wake_until(place.time.saturating_sub(self.timed), judge, complete);
            }
            self.tick += 1;
            let mut done = Vec::new();
            self.pass(&round, &round.rows[from..to], judge, &mut done);
            if !done.is_empty() {
                complete(self, done, None, judge);
            }
            from = to;
        }
        let clock = match ending {
            Some(_) if until == Place::LAST => i64::MAX,
            Some(ending) => ending.last,
            None => until.time.saturating_sub(self.timed),
        };
        self.wake_until(clock, judge, complete);
        if ending.is_some() {
            self.count_undecided(judge);
        }
    }

    pub(super) fn ground(&self) -> Ground<'_> {
        Ground {
            pattern: &self.pattern,
            program: &self.program,
            store: &self.store,
            absences: &self.absences,
        }
    }

    /// The rows of a tick. `done`: the nodes that are complete by them.
    fn pass(&mut self, round: &Round, rows: &[Row], judge: &mut Judge<'_>, done: &mut Vec<(SlotId, Node)>) {
        for (at, row) in rows.iter().enumerate() {
            self.clock = self.clock.max(row.time);
            let again = rows[..at].iter().any(|other| other.partition == row.partition);
            if self.counts && !again {
                self.ordinals[row.partition as usize] += 1;
            }
            for step in round.steps(row) {
                if let Some(absence) = &mut self.absences[step] {
                    keep(absence, &mut self.store, round, row, self.tick);
                } else {
                    self.offer(round, row, step, judge, done);
                }
            }
        }
    }

    /// Gives a row to all that could go on with it.
    fn offer(&mut self, round: &Round, row: &Row, step: StepId, judge: &mut Judge<'_>, done: &mut Vec<(SlotId, Node)>) {
        let probe = self.keyed.probes[step];
        let mut blank: Option<Node> = None;
        let mut made: Vec<(SlotId, Node)> = Vec::new();
        for at in 0..self.graph.takers(step).len() {
            let edge = self.graph.takers(step)[at];
            let key = probe.map_or(NO_KEY, |probe| round.key(row, probe.domain, probe.own));
            let empty = |node: &Node| self.graph.before(edge.0, node).is_none_or(|list| list.is_empty());
            let mut node = blank.unwrap_or(Node {
                event: 0,
                tick: self.tick,
                time: row.time,
                ordinal: self.ordinals.get(row.partition as usize).copied().unwrap_or(0),
                since: row.time,
                newest: row.time,
                oldest: row.time,
                partition: row.partition,
                key,
                start: edge.0 == START,
            });
            node.start = edge.0 == START;
            if !node.start && empty(&node) {
                continue;
            }
            if blank.is_none() {
                node.event = self.store.event(row.at, row.place, row.time, self.tick);
                blank = Some(node);
            }
            if node.start {
                if !self.is_silent(step, &node, judge) {
                    continue;
                }
            } else {
                let Some((newest, oldest)) = self.graph.newest(&self.ground(), edge, &node) else {
                    continue;
                };
                (node.since, node.oldest) = (newest, oldest);
            }
            let parts = (&mut self.program, &*self.pattern, &self.keyed);
            let slot = self.graph.target(parts, edge);
            match made.iter_mut().find(|one| one.0 == slot) {
                None => made.push((slot, node)),
                Some((_, known)) => {
                    known.start |= node.start;
                    known.since = known.since.max(node.since);
                    known.oldest = known.oldest.min(node.oldest);
                }
            }
        }
        for (slot, node) in made {
            let number = match self.graph.own(slot) {
                None => node.partition,
                Some((domain, Some(value))) => round.key(row, domain, value),
                Some((_, None)) => node.key,
            };
            let horizon = self.horizon().unwrap_or(i64::MIN);
            self.graph.keep(&self.program, slot, node, number, horizon);
            let state = self.graph.slots[slot as usize].state;
            if self.program.state(state).complete != program::Complete::No {
                self.finish(slot, node, done);
            }
        }
    }

    /// Whether an absence in first place allows a match to begin with a node's event.
    fn is_silent(&mut self, step: StepId, node: &Node, judge: &mut Judge<'_>) -> bool {
        let Some(absent) = self.program.leading else {
            return true;
        };
        let within = self.pattern.steps[absent].within.unwrap_or(i64::MAX);
        let when = Between {
            after: 0,
            before: node.tick,
            since: node.time.saturating_sub(within),
            until: i64::MAX,
        };
        let path = [Link {
            step,
            event: node.event,
            tick: node.tick,
            via: (START, 0),
        }];
        !self.judging(judge).was_there(absent, node.partition, when, &path)
    }

    fn judging<'a, 'j, 'k>(&'a self, judge: &'k mut Judge<'j>) -> Judging<'a, 'j, 'k> {
        Judging {
            ground: self.ground(),
            graph: &self.graph,
            reporter: &self.reporter,
            judge,
        }
    }

    /// A node is complete, but for an absence behind it.
    fn finish(&mut self, slot: SlotId, node: Node, done: &mut Vec<(SlotId, Node)>) {
        match self.program.trailing {
            None => done.push((slot, node)),
            Some(absent) => {
                let within = self.pattern.steps[absent].within.unwrap_or(0);
                let deadline = node.time.saturating_add(within);
                self.pending.entry(deadline).or_default().push((slot, node));
            }
        }
    }

    /// No match is still to come that began before this time, where the pattern has a bound.
    fn horizon(&self) -> Option<i64> {
        let behind = self.program.trailing.and_then(|step| self.pattern.steps[step].within);
        let back = self.pattern.within?.saturating_add(behind.unwrap_or(0));
        Some(
            self.clock
                .saturating_sub(back.saturating_add(self.lateness).saturating_add(1)),
        )
    }

    /// The rows of all matches that were found.
    fn made(&mut self) -> Matches {
        let mut found = std::mem::take(&mut self.found);
        found.sort_by(|a, b| self.store.in_output(a, b));
        found.dedup_by(|a, b| a.place == b.place && a.taken == b.taken);
        let mut errors = Vec::new();
        let made = self.reporter.rows(&self.store, &found, &mut errors);
        self.settle_round();
        Matches { made, errors }
    }

    /// Ends a round.
    pub(super) fn settle_round(&mut self) {
        self.peak = self.peak.max(self.bytes());
        self.store.settle();
        self.sweep();
    }

    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// What it still waits for.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            runs: self.graph.nodes as u64,
            undecided: self.undecided,
            wide: 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let absences: usize = self.absences.iter().flatten().map(Absence::bytes).sum();
        let pending: usize = self
            .pending
            .values()
            .map(|all| all.capacity() * size_of::<(SlotId, Node)>())
            .sum();
        self.store.bytes() + self.graph.bytes() + self.keyed.bytes() + absences + pending + self.ordinals.capacity() * 8
    }

    /// The last tick before a node at which an event came that must not be, where no look at it is needed.
    pub(super) fn last_absent(&self, step: StepId, node: &Node) -> u64 {
        let when = Between {
            after: 0,
            before: node.tick,
            since: i64::MIN,
            until: i64::MAX,
        };
        let absence = self.absences[step].as_ref();
        absence
            .and_then(|absence| absence.last(node.partition, when))
            .unwrap_or(0)
    }

    /// The tick of an event.
    fn tick_of(&self, event: EventId) -> u64 {
        self.store.get(event).tick
    }
}
