//! Runs that are complete: which of them are matches, and what becomes of the others.
//!
//! Runs that one event, deadline or end completes in a partition are settled together, oldest first: a
//! first repetition that is a proper tail of another's is left out, then what `.where` behind the pattern
//! rejects; each match that remains drops the runs that `after_match` says.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;

use super::Judge;
use super::found::Found;
use super::matching::Walking;
use super::report::Subjects;
use super::runs::{Capture, DONE, RunId};
use super::ticks::Row;
use super::trace::Cause;
use crate::data::value::FixedHasher;
use crate::data::{Place, Rank};
use crate::ir::{AfterMatch, Pattern, Selection, StepId};

/// A run that is complete, and in no list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) run: RunId,
    place: Place,
    /// The event time of its row, where that is not its last event's.
    time: Option<i64>,
    /// The same of `match_end`.
    end: Option<i64>,
    /// An event completed it.
    by_event: bool,
}

impl Done {
    /// By a row that it has taken.
    pub(super) fn event(run: RunId, row: &Row) -> Self {
        Self {
            run,
            place: row.place,
            time: None,
            end: None,
            by_event: true,
        }
    }

    /// By a row that it could not take.
    pub(super) fn passed(run: RunId, row: &Row) -> Self {
        Self::event(run, row)
    }

    /// By a deadline.
    pub(super) fn deadline(run: RunId, first: Place, time: i64, delay: i64) -> Self {
        Self {
            run,
            place: first.timer(time.saturating_add(delay), Rank::Deadline),
            time: Some(time),
            end: Some(time),
            by_event: false,
        }
    }

    /// By the end of the input.
    pub(super) fn end(run: RunId, first: Place, end: i64, last: i64) -> Self {
        Self {
            run,
            place: Place { time: last, ..first }.at_end(),
            time: Some(last),
            end: Some(end),
            by_event: false,
        }
    }
}

impl Walking {
    /// Settles runs of one partition that were completed together.
    pub(super) fn settle(&mut self, done: Vec<Done>, judge: &mut Judge<'_>) {
        let pattern = Arc::clone(&self.pattern);
        let mut alive: Vec<Done> = Vec::with_capacity(done.len());
        for one in &done {
            self.runs.get_mut(one.run).seen = DONE;
            if pattern.absent.is_empty() || !self.is_violated(&pattern, one.run, judge) {
                alive.push(*one);
            } else {
                self.broke_whole(&pattern, one.run, judge);
            }
        }
        if alive.len() > 1 {
            alive.sort_by(|a, b| self.order(a.run, b.run));
            let all = self.trace.is_some().then(|| alive.clone());
            self.leave_tails(&mut alive);
            all.into_iter().for_each(|all| self.are_parts(&all, &alive));
        }
        self.report(&pattern, alive, judge);
        for one in done {
            self.forget(one.run);
        }
    }

    fn is_violated(&self, pattern: &Pattern, id: RunId, judge: &mut Judge<'_>) -> bool {
        let last = self.store.get(self.last_of(id)).tick;
        self.violates(pattern, id, last, judge)
    }

    /// Matches determined at one place: by first event, then by the events of each step in turn.
    fn order(&self, a: RunId, b: RunId) -> Ordering {
        let first = |id: RunId| self.store.get(self.runs.get(id).first).tick;
        first(a).cmp(&first(b)).then_with(|| {
            let steps = 0..self.pattern.steps.len();
            let lists = |id: RunId, step: StepId| self.taken().list(self.runs.captures(id), &[step]);
            let orders = steps.map(|step| lists(a, step).cmp(&lists(b, step)));
            orders
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    }

    /// Leaves out those whose first repetition is a proper tail of another's, with equal other events.
    fn leave_tails(&self, alive: &mut Vec<Done>) {
        let mine = &self.program.first_repetition;
        if mine.is_empty() || self.pattern.select == Selection::Any {
            return;
        }
        let mut groups: IndexMap<Vec<u32>, Vec<usize>, FixedHasher> = IndexMap::default();
        for (at, one) in alive.iter().enumerate() {
            groups.entry(self.others(one.run, mine)).or_default().push(at);
        }
        let mut tail = vec![false; alive.len()];
        for group in groups.into_values().filter(|group| group.len() > 1) {
            self.mark_tails(alive, &group, &mut tail);
        }
        let mut at = 0;
        alive.retain(|_| {
            at += 1;
            !tail[at - 1]
        });
    }

    fn mark_tails(&self, alive: &[Done], group: &[usize], tail: &mut [bool]) {
        let mine = &self.program.first_repetition;
        if let [step] = mine[..] {
            // Of one log, the oldest with the same end has all the others in it.
            let ranges: Option<Vec<(u32, u32, u32, usize)>> = group
                .iter()
                .map(|&at| match self.runs.capture(alive[at].run, step) {
                    Capture::Range { log, from, .. } => {
                        let count = self.taken().count(self.runs.capture(alive[at].run, step));
                        Some((log, from + count, from, at))
                    }
                    _ => None,
                })
                .collect();
            if let Some(mut ranges) = ranges {
                ranges.sort_unstable();
                for pair in ranges.windows(2) {
                    tail[pair[1].3] = (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1);
                }
                return;
            }
        }
        // An event may have come through several inputs.
        let elements = |at: usize| -> Vec<u64> {
            let list = self.taken().list(self.runs.captures(alive[at].run), mine);
            list.into_iter().map(|(_, event)| self.store.get(event).tick).collect()
        };
        let mut lists: Vec<(Vec<u64>, usize)> = group.iter().map(|&at| (elements(at), at)).collect();
        lists.sort_by(|a, b| (b.0.len(), &a.0).cmp(&(a.0.len(), &b.0)));
        let mut kept: Vec<&Vec<u64>> = Vec::new();
        for (list, at) in &lists {
            if kept
                .iter()
                .any(|other| list.len() < other.len() && other.ends_with(list))
            {
                tail[*at] = true;
            } else {
                kept.push(list);
            }
        }
    }

    /// What a run has taken with steps other than these, as numbers.
    fn others(&self, id: RunId, but: &[StepId]) -> Vec<u32> {
        let mut all = Vec::new();
        let mut events = Vec::new();
        for (step, &capture) in self.runs.captures(id).iter().enumerate() {
            if but.contains(&step) {
                continue;
            }
            match capture {
                Capture::Nothing => all.push(0),
                Capture::One(event) => all.extend([1, event]),
                Capture::Range { log, from, .. } => all.extend([2, log, from, self.taken().count(capture)]),
                Capture::List { len, .. } => {
                    all.extend([3, len]);
                    events.clear();
                    self.taken().events(capture, &mut events);
                    all.extend(&events);
                }
            }
        }
        all
    }

    /// Reports what is a match, oldest first.
    fn report(&mut self, pattern: &Pattern, alive: Vec<Done>, judge: &mut Judge<'_>) {
        let mut dropped = vec![false; alive.len()];
        let found: Vec<Found> = alive.iter().map(|one| self.found_of(one)).collect();
        let passes = self.passes(pattern, &found, judge);
        for (at, one) in found.into_iter().enumerate() {
            if dropped[at] {
                self.is_skipped(alive[at].run);
                continue;
            }
            let partition = self.runs.get(alive[at].run).partition;
            if self.program.lone {
                let mut ticks: Vec<u64> = one.taken.iter().map(|&(_, event)| self.store.get(event).tick).collect();
                ticks.sort_unstable();
                if self.covered.covers(partition, &ticks) {
                    self.is_part(alive[at].run);
                    continue;
                }
                if passes[at] {
                    self.covered.add(partition, ticks);
                }
            }
            if !passes[at] {
                self.ends(alive[at].run, Cause::Rejected);
                continue;
            }
            self.is_match(alive[at].run);
            if pattern.after != AfterMatch::NoSkip {
                let last = self.store.get(one.last).tick;
                let first = self.store.get(one.first).tick;
                let is_dropped = |walking: &Self, id: RunId| {
                    let began = walking.store.get(walking.runs.get(id).first).tick;
                    match pattern.after {
                        AfterMatch::SkipPastLast => began <= last,
                        _ => began == first,
                    }
                };
                for (other, dropped) in alive.iter().zip(&mut dropped).skip(at + 1) {
                    *dropped |= is_dropped(self, other.run);
                }
                let of = self.runs.of_partition(partition).iter();
                let dead: Vec<RunId> = of
                    .filter(|&id| self.runs.get(id).seen != DONE && is_dropped(self, id))
                    .collect();
                for id in dead {
                    self.ends(id, Cause::Skipped);
                    self.kill(id);
                }
            }
            self.found.push(one);
        }
    }

    /// The match that a complete run is.
    fn found_of(&self, one: &Done) -> Found {
        let run = self.runs.get(one.run);
        let last = self.last_of(one.run);
        let time = self.store.get(last).time;
        let steps: Vec<StepId> = (0..self.pattern.steps.len()).collect();
        let mut taken = Vec::new();
        for step in steps {
            taken.append(&mut self.taken().list(self.runs.captures(one.run), &[step]));
        }
        Found {
            place: one.place,
            time: one.time.unwrap_or(time),
            end: one.end.unwrap_or(time),
            first: run.first,
            last,
            by: if one.by_event { last } else { run.first },
            taken,
        }
    }

    /// Which of some matches satisfy the condition behind the pattern.
    fn passes(&self, pattern: &Pattern, found: &[Found], judge: &mut Judge<'_>) -> Vec<bool> {
        let Some(filter) = pattern.filter else {
            return vec![true; found.len()];
        };
        let of = Subjects::matches(found);
        let asked = self
            .reporter()
            .asked(&self.store, &pattern.reads, &of, (&mut Vec::new(), 0));
        let mut passes = vec![false; found.len()];
        for row in judge(filter, asked) {
            passes[row as usize] = true;
        }
        passes
    }
}
