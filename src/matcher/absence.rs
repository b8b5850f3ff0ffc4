//! Events that must not be there, and the question whether one was.
//!
//! Such events are kept by partition, or by the key that they are looked up by, in order. Whether a match
//! is allowed is asked when it would step over the time in question: the newest event tells for most.
//!
//! Cost: one look at the last event where nothing but a key has to hold, else a look at each event of
//! the time in question.

use super::conditions::{Subject, compares, rest};
use super::keyed::{Keyed, NO_KEY, Probe};
use super::store::{EventId, NO_EVENT, Store};
use super::taken::Taken;
use super::{Asking, ticks};
use crate::ir::{Pattern, StepId};
use std::collections::VecDeque;

/// An event that was there.
#[derive(Clone, Copy, Debug)]
struct There {
    tick: u64,
    time: i64,
    /// Where it has to be looked at again.
    event: EventId,
}

/// The events of one absent step.
#[derive(Debug)]
pub(super) struct Absence {
    step: StepId,
    probe: Option<Probe>,
    /// Something must hold besides the key.
    judged: bool,
    /// Events are kept, whether or not they have to be looked at again.
    keeps: bool,
    /// By partition or key.
    there: Vec<VecDeque<There>>,
    kept: usize,
}

/// A time to be asked about: after the first tick and before the second, from a time until another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Between {
    pub(super) after: u64,
    pub(super) before: u64,
    pub(super) since: i64,
    pub(super) until: i64,
}

impl Absence {
    pub(super) fn new(pattern: &Pattern, keyed: &Keyed, step: StepId) -> Self {
        let probe = keyed.probes[step];
        let of = &pattern.steps[step];
        Self {
            step,
            probe,
            judged: of.rest.is_some() || of.compare.len() > usize::from(probe.is_some()),
            keeps: false,
            there: Vec::new(),
            kept: 0,
        }
    }

    pub(super) fn step(&self) -> StepId {
        self.step
    }

    /// Whether an event has to be looked at again.
    pub(super) fn is_judged(&self) -> bool {
        self.judged
    }

    /// Whether events are kept.
    fn keeps(&self) -> bool {
        self.judged || self.keeps
    }

    /// Keeps all events from now on.
    pub(super) fn keep_all(&mut self) {
        self.keeps = true;
    }

    /// The list that a row belongs to.
    pub(super) fn number(&self, round: &ticks::Round, row: &ticks::Row) -> u32 {
        match self.probe {
            None => row.partition,
            Some(Probe { domain, own, .. }) => round.key(row, domain, own),
        }
    }

    /// An event was there. `event`: none where it need not be looked at again.
    pub(super) fn enter(&mut self, number: u32, tick: u64, time: i64, event: EventId) {
        if number == NO_KEY {
            return;
        }
        if self.there.len() <= number as usize {
            self.there.resize_with(number as usize + 1, VecDeque::new);
        }
        let there = &mut self.there[number as usize];
        // Of what need not be looked at again, one event of a tick is as good as another.
        if event == NO_EVENT && there.back().is_some_and(|last| last.tick == tick) {
            return;
        }
        there.push_back(There { tick, time, event });
        self.kept += 1;
    }

    /// Those of a partition that were there at a time, newest first; no event where it need not be looked at
    /// again.
    pub(super) fn there(&self, number: u32, when: Between) -> impl Iterator<Item = EventId> + '_ {
        let all = self.there.get(number as usize).into_iter().flatten().rev();
        all.skip_while(move |one| one.tick >= when.before)
            .take_while(move |one| one.tick > when.after)
            .filter(move |one| (when.since..=when.until).contains(&one.time))
            .map(|one| one.event)
    }

    /// The tick of the last of those of a partition at a time.
    pub(super) fn last(&self, number: u32, when: Between) -> Option<u64> {
        let mut all = self.there.get(number as usize)?.iter().rev();
        all.find(|one| one.tick < when.before).map(|one| one.tick)
    }

    /// Whether one was there for a run, at a time.
    pub(super) fn met(&self, asking: &mut Asking<'_, '_>, taken: Taken<'_>, run: u32, when: Between) -> bool {
        self.found(asking, taken, run, when).is_some()
    }

    /// The newest that was there for a run, at a time ([`NO_EVENT`] where it is not kept).
    pub(super) fn found(
        &self,
        asking: &mut Asking<'_, '_>,
        taken: Taken<'_>,
        run: u32,
        when: Between,
    ) -> Option<EventId> {
        let number = match self.probe {
            None => taken.runs.get(run).partition,
            Some(probe) => taken.runs.key(run, probe.domain),
        };
        if number == NO_KEY {
            return None;
        }
        let there = self.there.get(number as usize)?;
        let mut possible = there
            .iter()
            .rev()
            .skip_while(|one| one.tick >= when.before)
            .take_while(|one| one.tick > when.after)
            .filter(|one| (when.since..=when.until).contains(&one.time));
        if !self.judged {
            return possible.next().map(|one| one.event);
        }
        let skip = self.probe.map(|probe| probe.compare);
        let captures = taken.runs.captures(run);
        let events: Vec<EventId> = possible
            .map(|one| one.event)
            .filter(|&event| {
                let subject = Subject::Kept(event);
                compares(asking, taken, captures, self.step, subject, skip)
            })
            .collect();
        if asking.pattern.steps[self.step].rest.is_none() {
            return events.first().copied();
        }
        if events.is_empty() {
            return None;
        }
        let of = events.iter().map(|&event| (Subject::Kept(event), captures));
        let kept = rest(asking, taken, self.step, of.collect());
        kept.first().map(|&at| events[at as usize])
    }

    /// Lets go of events before a tick and a time, which nobody will ask about; tells which are left.
    pub(super) fn forget(&mut self, before: u64, since: i64) {
        self.kept = 0;
        for there in &mut self.there {
            while there.front().is_some_and(|one| one.tick < before && one.time < since) {
                there.pop_front();
            }
            self.kept += there.len();
        }
    }

    /// The events that are kept.
    pub(super) fn events(&self) -> impl Iterator<Item = EventId> + '_ {
        let all = self.there.iter().flatten().map(|one| one.event);
        all.filter(|&event| event != NO_EVENT)
    }

    /// Which lists have something in them.
    pub(super) fn numbers(&self) -> (Option<usize>, impl Iterator<Item = usize> + '_) {
        let some = self.there.iter().enumerate().filter(|(_, there)| !there.is_empty());
        (self.probe.map(|probe| probe.domain), some.map(|(number, _)| number))
    }

    /// Events and lists have new numbers.
    pub(super) fn rename(&mut self, events: &[EventId], numbers: &[Vec<u32>]) {
        let numbers = &numbers[self.probe.map_or(0, |probe| probe.domain + 1)];
        let old = std::mem::take(&mut self.there);
        for (number, mut there) in old.into_iter().enumerate().filter(|(_, there)| !there.is_empty()) {
            let number = numbers.get(number).copied().unwrap_or(NO_KEY);
            if number == NO_KEY {
                continue;
            }
            for one in &mut there {
                if one.event != NO_EVENT {
                    one.event = events[one.event as usize];
                }
            }
            if self.there.len() <= number as usize {
                self.there.resize_with(number as usize + 1, VecDeque::new);
            }
            self.there[number as usize] = there;
        }
    }

    pub(super) fn kept(&self) -> usize {
        self.kept
    }

    pub(super) fn bytes(&self) -> usize {
        self.kept * size_of::<There>() + self.there.capacity() * size_of::<VecDeque<There>>()
    }
}

/// An event of a row that is absent somewhere, kept if it must be.
pub(super) fn keep(absence: &mut Absence, store: &mut Store, round: &ticks::Round, row: &ticks::Row, tick: u64) {
    let number = absence.number(round, row);
    let event = if absence.keeps() && number != NO_KEY {
        store.event(row.at, row.place, row.time, tick)
    } else {
        NO_EVENT
    };
    absence.enter(number, tick, row.time, event);
}
