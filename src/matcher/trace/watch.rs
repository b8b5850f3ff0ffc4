//! What happens to runs, as it is told to a trace.

use std::cmp::{Ordering, Reverse};

use super::super::absence::Between;
use super::super::complete::Done;
use super::super::matching::Walking;
use super::super::program::{Complete, Move};
use super::super::runs::{DONE, RunId};
use super::super::store::{EventId, NO_EVENT};
use super::super::ticks::Row;
use super::super::{Asking, Judge};
use super::{Cause, Closest, Ended, Extent, Miss, Rank, Sight, StepSeen, Took, Traced};
use crate::ir::{Pattern, StepId};

/// What a trace knows, and has seen.
#[derive(Clone, Debug)]
pub(in super::super) struct Trace {
    pub(super) sight: Sight,
    /// By run.
    pub(super) notes: Vec<Note>,
    pub(super) seen: Traced,
}

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    /// It has the keys that are asked for, and has not ended.
    pub(super) wanted: bool,
    pub(super) closest: Option<Box<Closest>>,
}

impl Trace {
    pub(super) fn note(&self, id: RunId) -> Option<&Note> {
        self.notes.get(id as usize).filter(|note| note.wanted)
    }

    fn note_mut(&mut self, id: RunId) -> Option<&mut Note> {
        self.notes.get_mut(id as usize).filter(|note| note.wanted)
    }

    fn set(&mut self, id: RunId, note: Note) {
        if self.notes.len() <= id as usize {
            self.notes.resize_with(id as usize + 1, Note::default);
        }
        self.notes[id as usize] = note;
    }
}

impl Walking {
    /// Watches the walk.
    pub(in super::super) fn watch(&mut self, sight: Sight) {
        self.store.keep_all(&self.pattern);
        self.absences
            .iter_mut()
            .flatten()
            .for_each(|absence| absence.keep_all());
        let seen = Traced {
            steps: vec![StepSeen::default(); self.pattern.steps.len()],
            ..Traced::default()
        };
        self.trace = Some(Box::new(Trace {
            sight,
            notes: Vec::new(),
            seen,
        }));
    }

    /// What was seen; runs that still wait have come to the end.
    pub(in super::super) fn traced(&self) -> Option<Traced> {
        let mut trace = self.trace.as_deref()?.clone();
        for id in self.runs.ids() {
            let waits = self.program.trailing.is_some() && self.is_complete(id);
            let cause = if waits { Cause::Undecided } else { Cause::Open };
            self.ended(&mut trace, id, cause);
        }
        Some(trace.seen)
    }

    /// A run begins with a row.
    #[inline]
    pub(in super::super) fn began(&mut self, id: RunId, row: &Row) {
        if let Some(trace) = &mut self.trace {
            let wanted = trace.sight.is_wanted(&self.store, row.at);
            trace.seen.begun += u64::from(wanted);
            trace.set(id, Note { wanted, closest: None });
        }
    }

    /// A run goes on twice.
    #[inline]
    pub(in super::super) fn went_on_twice(&mut self, of: RunId, id: RunId) {
        if let Some(trace) = &mut self.trace {
            let note = trace.note(of).cloned().unwrap_or_default();
            trace.seen.split += u64::from(note.wanted);
            trace.set(id, note);
        }
    }

    /// A run has taken a row with a step, and is at its next state.
    #[inline]
    pub(in super::super) fn took(&mut self, id: RunId, step: StepId, first: bool) {
        if self.trace.is_some() {
            let waited = self.waited(id);
            let Some(trace) = &mut self.trace else { return };
            let Some(note) = trace.note_mut(id) else { return };
            // What could not be taken is of interest as long as it is waited for.
            note.closest = note.closest.take().filter(|closest| waited.contains(&closest.step));
            trace.seen.steps[step].runs += u64::from(first);
        }
    }

    /// A run ends: an absence before its next step is broken, or one of the whole.
    pub(in super::super) fn broke_off(
        &mut self,
        pattern: &Pattern,
        (run, copy): (RunId, RunId),
        one: &Move,
        judge: &mut Judge<'_>,
    ) {
        if self.trace.is_none() {
            return;
        }
        let crossed = one.crossed.iter().find_map(|&(step, mark)| {
            let last = mark.map_or(self.runs.get(copy).last, |mark| self.runs.mark(copy, mark));
            let after = self.store.get(last).tick;
            self.culprit(pattern, step, copy, between(after, self.tick), judge)
        });
        if let Some((step, event)) = crossed {
            // The copy that was to take the row is none.
            if let Some(trace) = self.trace.as_mut().filter(|_| run != copy) {
                trace.seen.split -= u64::from(trace.note(copy).is_some());
            }
            self.ends_by(run, step, Some(event));
        } else if let Some((step, event)) = self.culprit_of_whole(pattern, copy, self.tick, judge) {
            self.ends_by(copy, step, Some(event));
        }
    }

    /// A run that is complete is none: an event came that must not.
    pub(in super::super) fn broke_whole(&mut self, pattern: &Pattern, id: RunId, judge: &mut Judge<'_>) {
        if self.trace.is_none() {
            return;
        }
        let last = self.store.get(self.last_of(id)).tick;
        if let Some((step, event)) = self.culprit_of_whole(pattern, id, last, judge) {
            self.ends_by(id, step, Some(event));
        }
    }

    /// A run ends: an event of this absence came in that time.
    pub(in super::super) fn broke(
        &mut self,
        pattern: &Pattern,
        (id, step): (RunId, StepId),
        when: Between,
        judge: &mut Judge<'_>,
    ) {
        if self.trace.is_some() {
            let found = self.culprit(pattern, step, id, when, judge);
            self.ends_by(id, step, found.map(|found| found.1));
        }
    }

    fn ends_by(&mut self, id: RunId, step: StepId, event: Option<EventId>) {
        let Some(mut trace) = self.trace.take() else { return };
        let event = event.map(|event| trace.sight.show_event(&self.store, event));
        if trace.note(id).is_some() {
            trace.seen.steps[step].broke += 1;
        }
        self.ended(&mut trace, id, Cause::Broken { step, event });
        if let Some(note) = trace.note_mut(id) {
            note.wanted = false;
        }
        self.trace = Some(trace);
    }

    /// A run ends.
    #[inline]
    pub(in super::super) fn ends(&mut self, id: RunId, cause: Cause) {
        if let Some(mut trace) = self.trace.take() {
            self.ended(&mut trace, id, cause);
            if let Some(note) = trace.note_mut(id) {
                note.wanted = false;
            }
            self.trace = Some(trace);
        }
    }

    /// A run ends: its time is over.
    pub(in super::super) fn ends_late(&mut self, id: RunId, now: i64) {
        if self.trace.is_none() {
            return;
        }
        let first = self.store.get(self.runs.get(id).first).time;
        let whole = self
            .pattern
            .within
            .filter(|within| first.saturating_add(*within) <= now);
        let last = self.store.get(self.last_of(id)).time;
        let cause = Cause::Expired {
            at: now,
            within: whole.unwrap_or(now.saturating_sub(last)),
            whole: whole.is_some(),
        };
        self.ends(id, cause);
    }

    /// A run ends: it wanted the very next row, and that was another.
    pub(in super::super) fn ends_passed(&mut self, id: RunId, row: &Row) {
        if let Some(trace) = &self.trace {
            let event = trace.sight.show(&self.store, row.at, row.place, row.time);
            self.ends(id, Cause::Passed(event));
        }
    }

    /// Complete runs that are part of a longer match.
    #[inline]
    pub(in super::super) fn are_parts(&mut self, before: &[Done], after: &[Done]) {
        if before.len() > after.len() {
            for one in before {
                if !after.iter().any(|other| other.run == one.run) {
                    self.is_part(one.run);
                }
            }
        }
    }

    /// A complete run is part of a longer match.
    pub(in super::super) fn is_part(&mut self, id: RunId) {
        if let Some(trace) = &mut self.trace {
            trace.seen.parts += u64::from(trace.note(id).is_some());
        }
    }

    /// A complete run is ended by another match.
    pub(in super::super) fn is_skipped(&mut self, id: RunId) {
        if let Some(trace) = &mut self.trace {
            trace.seen.skipped += u64::from(trace.note(id).is_some());
        }
    }

    /// A complete run is a match.
    pub(in super::super) fn is_match(&mut self, id: RunId) {
        if let Some(trace) = &mut self.trace {
            trace.seen.matches += u64::from(trace.note(id).is_some());
        }
    }

    fn culprit(
        &self,
        pattern: &Pattern,
        step: StepId,
        id: RunId,
        when: Between,
        judge: &mut Judge<'_>,
    ) -> Option<(StepId, EventId)> {
        let mut quiet =
            |condition, asked: super::super::Asked| judge(condition, super::super::Asked { quiet: true, ..asked });
        let mut asking = Asking {
            pattern,
            store: &self.store,
            reporter: self.reporter(),
            folds: None,
            judge: &mut quiet,
        };
        let absence = self.absences[step].as_ref()?;
        Some((step, absence.found(&mut asking, self.taken(), id, when)?))
    }

    fn culprit_of_whole(
        &self,
        pattern: &Pattern,
        id: RunId,
        before: u64,
        judge: &mut Judge<'_>,
    ) -> Option<(StepId, EventId)> {
        let first = self.store.get(self.runs.get(id).first).tick;
        let all = pattern.absent.iter();
        all.copied()
            .find_map(|step| self.culprit(pattern, step, id, between(first, before), judge))
    }

    /// The steps that a run waits for: those of its state's moves, and its shared repetition's if that has
    /// not enough elements.
    pub(super) fn waited(&self, id: RunId) -> Vec<StepId> {
        let run = self.runs.get(id);
        let state = self.program.state(run.state);
        let mut all: Vec<StepId> = Vec::new();
        if let Some((step, _)) = state.shared {
            let least = match state.complete {
                Complete::With(least) => least,
                _ => 0,
            };
            let needs = state.moves.iter().map(|one| one.needs).min().unwrap_or(0).max(least);
            if self.taken().count(self.runs.capture(id, step)) < needs {
                all.push(step);
            }
        }
        for one in &state.moves {
            if !all.contains(&one.step) {
                all.push(one.step);
            }
        }
        if let (true, Some(step)) = (self.is_complete(id), self.program.trailing) {
            all.insert(0, step);
        }
        all
    }

    /// A run has ended, and is no match.
    fn ended(&self, trace: &mut Trace, id: RunId, cause: Cause) {
        let Some(note) = trace.note(id) else { return };
        let closest = note.closest.clone().map(|closest| *closest);
        let complete = self.runs.get(id).seen == DONE;
        let waited = if complete { Vec::new() } else { self.waited(id) };
        if let Some(&step) = waited.first() {
            count(&mut trace.seen.steps[step].ended, &cause);
        } else if cause == Cause::Rejected {
            trace.seen.rejected += 1;
        } else {
            trace.seen.undone += 1;
        }
        // What another match ended is no miss.
        if cause == Cause::Skipped {
            return;
        }
        let Some(extent) = self.extent(id) else { return };
        let rank = self.rank(trace, id, &extent, &cause);
        // Runs that share events and end likewise tell one story, once.
        let is_alike = |known: &Miss| {
            let same = std::mem::discriminant(&known.cause) == std::mem::discriminant(&cause);
            same && known.waited == waited && extent.meets(&known.extent)
        };
        let misses = &mut trace.seen.misses;
        if let Some(known) = misses.iter_mut().find(|known| known.rank >= rank && is_alike(known)) {
            known.alike += 1;
            return;
        }
        let mut alike = 0;
        misses.retain(|known| {
            let same = is_alike(known);
            alike += if same { known.alike + 1 } else { 0 };
            !same
        });
        let at = misses.partition_point(|known| known.rank >= rank);
        if at >= trace.sight.question.misses {
            return;
        }
        let wishes = match cause {
            Cause::Expired { .. } => self.wishes(id),
            _ => Vec::new(),
        };
        let first = self.store.get(self.runs.get(id).first).at();
        let key = |number| self.store.key_at(first, number);
        let miss = Miss {
            keys: (0..trace.sight.key_count()).map(key).collect(),
            took: self.shown(trace, id),
            steps: rank.1,
            waited,
            cause,
            closest,
            late: None,
            alike,
            rank,
            extent,
            wishes,
        };
        trace.seen.misses.insert(at, miss);
        trace.seen.misses.truncate(trace.sight.question.misses);
    }

    /// The time that a run's events take up; none: it has none.
    fn extent(&self, id: RunId) -> Option<Extent> {
        let captures = self.runs.captures(id);
        let count: u32 = captures.iter().map(|&capture| self.taken().count(capture)).sum();
        let lasts = captures.iter().map(|&capture| self.taken().last(capture));
        let last = lasts.filter(|&event| event != NO_EVENT).max()?;
        let mut ticks = Vec::new();
        if count <= SHORT {
            let steps: Vec<StepId> = (0..captures.len()).collect();
            let events = self.taken().list(captures, &steps).into_iter();
            ticks.extend(events.map(|(_, event)| self.store.get(event).tick));
            ticks.sort_unstable();
        }
        Some(Extent {
            first: self.store.get(self.runs.get(id).first).tick,
            last: self.store.get(last).tick,
            end: self.store.get(last).time,
            count,
            ticks,
        })
    }

    /// What a run is ordered by.
    fn rank(&self, trace: &Trace, id: RunId, extent: &Extent, cause: &Cause) -> Rank {
        let begin = self.store.get(self.runs.get(id).first).time;
        let end = match cause {
            Cause::Expired { at, .. } => *at,
            Cause::Open | Cause::Undecided => i64::MAX,
            _ => extent.end,
        };
        let far = trace.sight.question.at.map_or(0, |at| {
            let before = begin.saturating_sub(at).max(0);
            before.max(at.saturating_sub(end)) as u64
        });
        let captures = self.runs.captures(id).iter();
        let steps = captures.filter(|&&capture| self.taken().count(capture) > 0).count();
        (Reverse(far), steps, u64::from(extent.count), extent.last)
    }

    /// What a run took, in order, as far as it is shown.
    fn shown(&self, trace: &Trace, id: RunId) -> Vec<Took> {
        let captures = self.runs.captures(id);
        let steps: Vec<StepId> = (0..captures.len()).collect();
        let mut nth = vec![0; captures.len()];
        let mut left_out = vec![0; captures.len()];
        let mut shown = Vec::new();
        for (step, event) in self.taken().list(captures, &steps) {
            nth[step] += 1;
            if nth[step] > FIRST && nth[step] < self.taken().count(captures[step]) {
                left_out[step] += 1;
                continue;
            }
            shown.push(Took {
                step,
                event: trace.sight.show_event(&self.store, event),
                left_out: std::mem::take(&mut left_out[step]),
            });
        }
        shown
    }
}

/// Of a repetition so many of the first elements are shown, and the last.
const FIRST: u32 = 2;

/// Of runs with more events it is not asked which they are.
const SHORT: u32 = 64;

impl Extent {
    /// Whether two runs share events; of long ones, whether their times overlap.
    fn meets(&self, other: &Self) -> bool {
        let overlap = self.first <= other.last && other.first <= self.last;
        overlap && (self.ticks.is_empty() || other.ticks.is_empty() || meet(&self.ticks, &other.ticks))
    }
}

fn between(after: u64, before: u64) -> Between {
    Between {
        after,
        before,
        since: i64::MIN,
        until: i64::MAX,
    }
}

fn count(ended: &mut Ended, cause: &Cause) {
    let which = match cause {
        Cause::Expired { .. } => &mut ended.expired,
        Cause::Broken { .. } => &mut ended.broken,
        Cause::Passed(_) => &mut ended.passed,
        Cause::Open => &mut ended.open,
        Cause::Undecided => &mut ended.undecided,
        Cause::Skipped | Cause::Rejected => &mut ended.skipped,
    };
    *which += 1;
}

/// Whether two ascending lists have something in common.
fn meet(mut a: &[u64], mut b: &[u64]) -> bool {
    while let (Some(x), Some(y)) = (a.first(), b.first()) {
        match x.cmp(y) {
            Ordering::Equal => return true,
            Ordering::Less => a = &a[a.partition_point(|one| one < y)..],
            Ordering::Greater => b = &b[b.partition_point(|one| one < x)..],
        }
    }
    false
}
