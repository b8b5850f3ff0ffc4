//! Deadlines of runs, and the end of the input.

use std::sync::Arc;

use super::Judge;
use super::absence::Between;
use super::complete::Done;
use super::matching::Walking;
use super::program::Complete;
use super::runs::{DONE, RunId};
use crate::ordered::Ending;

impl Walking {
    /// Whether a run needs nothing more, but for an absence behind it.
    pub(super) fn is_complete(&self, id: RunId) -> bool {
        let state = self.program.state(self.runs.get(id).state);
        match state.complete {
            Complete::No => false,
            Complete::Yes => true,
            Complete::With(least) => state
                .shared
                .is_some_and(|(step, _)| self.taken().count(self.runs.capture(id, step)) >= least),
        }
    }

    /// When a run has to be looked at, if nothing happens before.
    fn wake_time(&self, id: RunId) -> i64 {
        let pattern = &self.pattern;
        let run = self.runs.get(id);
        let state = self.program.state(run.state);
        let last = || self.store.get(self.last_of(id)).time;
        let whole = pattern
            .within
            .map(|within| self.store.get(run.first).time.saturating_add(within));
        let gaps = || {
            let all = state.moves.iter().map(|one| pattern.steps[one.step].within);
            let most = all.collect::<Option<Vec<i64>>>()?.into_iter().max()?;
            state.shared.is_none().then(|| last().saturating_add(most))
        };
        let absent = self.program.trailing.and_then(|step| pattern.steps[step].within);
        if self.is_complete(id) {
            return match (absent, whole) {
                (Some(within), _) => last().saturating_add(within),
                (None, Some(whole)) => whole,
                (None, None) => gaps().unwrap_or(i64::MAX),
            };
        }
        // Elements of a shared repetition come without a word; the run looks whether it has become complete.
        let poll = absent.filter(|_| matches!(state.complete, Complete::With(_)));
        let times = [whole, gaps(), poll.map(|within| last().saturating_add(within))];
        times.into_iter().flatten().min().unwrap_or(i64::MAX)
    }

    /// Sets a timer for a run, if there is not one that is early enough.
    pub(super) fn set_timer(&mut self, id: RunId) {
        let wake = self.wake_time(id);
        self.timer_at(id, wake);
    }

    fn timer_at(&mut self, id: RunId, wake: i64) {
        let run = self.runs.get_mut(id);
        if wake < run.wake {
            run.wake = wake;
            self.timers.push((wake, id, run.generation));
        }
    }

    /// Wakes the runs whose time is before a clock, in order.
    pub(super) fn wake_until(&mut self, clock: i64, judge: &mut Judge<'_>) {
        while let Some(now) = self.timers.next().filter(|&time| time < clock) {
            let mut done = Vec::new();
            while let Some((_, id, generation)) = self.timers.pop(now) {
                let run = self.runs.get_mut(id);
                if run.alive && run.generation == generation && run.seen != DONE {
                    run.wake = i64::MAX;
                    self.wake(id, (now, clock), judge, &mut done);
                }
            }
            self.settle_by_partition(done, judge);
        }
    }

    /// Looks at a run at a time that its timer was set for; nothing comes before `clock` any more.
    fn wake(&mut self, id: RunId, (now, clock): (i64, i64), judge: &mut Judge<'_>, done: &mut Vec<Done>) {
        let wake = self.wake_time(id);
        if wake > now {
            self.timer_at(id, wake);
            return;
        }
        let state = self.runs.get(id).state;
        if !self.is_complete(id) {
            let whole = self.pattern.within;
            let over = whole.is_some_and(|within| {
                let first = self.store.get(self.runs.get(id).first).time;
                first.saturating_add(within) <= now
            });
            let absent = self.program.trailing.and_then(|step| self.pattern.steps[step].within);
            match absent {
                Some(within) if !over && matches!(self.program.state(state).complete, Complete::With(_)) => {
                    let whole = whole.map_or(i64::MAX, |whole| {
                        self.store.get(self.runs.get(id).first).time.saturating_add(whole)
                    });
                    self.timer_at(id, clock.saturating_add(within).min(whole));
                }
                _ => {
                    self.ends_late(id, now);
                    self.kill(id);
                }
            }
            return;
        }
        if self.is_broken(id, now, judge) {
            self.ends_broken(id, now, judge);
            self.kill(id);
            return;
        }
        let place = self.store.get(self.runs.get(id).first).place;
        self.delist(id);
        self.runs.get_mut(id).seen = DONE;
        done.push(Done::deadline(id, place, now, self.timed()));
    }

    /// Whether the absence behind a complete run has been violated by a time.
    fn is_broken(&self, id: RunId, until: i64, judge: &mut Judge<'_>) -> bool {
        let Some(step) = self.program.trailing else {
            return false;
        };
        let pattern = Arc::clone(&self.pattern);
        self.was_there(&pattern, step, id, self.behind(id, until), judge)
    }

    /// The time behind a complete run's last event.
    fn behind(&self, id: RunId, until: i64) -> Between {
        Between {
            after: self.store.get(self.last_of(id)).tick,
            before: u64::MAX,
            since: i64::MIN,
            until,
        }
    }

    /// Tells whoever watches that the absence behind a complete run is broken.
    fn ends_broken(&mut self, id: RunId, until: i64, judge: &mut Judge<'_>) {
        if let Some(step) = self.program.trailing {
            let pattern = Arc::clone(&self.pattern);
            self.broke(&pattern, (id, step), self.behind(id, until), judge);
        }
    }

    /// The input has ended: repetitions in last place are complete with what they have; what waits for an
    /// absence is counted.
    pub(super) fn finish(&mut self, ending: Ending, judge: &mut Judge<'_>) {
        let ids: Vec<RunId> = self.runs.ids().collect();
        let mut done = Vec::new();
        let mut undecided = 0;
        for id in ids {
            if !self.is_complete(id) {
                continue;
            }
            if self.program.trailing.is_some() {
                let broken = self.is_broken(id, i64::MAX, judge);
                undecided += u64::from(!broken);
                if broken {
                    self.ends_broken(id, i64::MAX, judge);
                }
                continue;
            }
            let run = self.runs.get(id);
            let place = self.store.get(run.first).place;
            let end = self.store.get(self.last_of(id)).time;
            self.delist(id);
            done.push(Done::end(id, place, end, ending.last));
        }
        self.set_undecided(undecided);
        self.settle_by_partition(done, judge);
    }

    /// Settles what was completed at one time, each partition by itself.
    fn settle_by_partition(&mut self, mut done: Vec<Done>, judge: &mut Judge<'_>) {
        done.sort_by_key(|one| self.runs.get(one.run).partition);
        while let Some(first) = done.first() {
            let partition = self.runs.get(first.run).partition;
            let end = done.partition_point(|one| self.runs.get(one.run).partition <= partition);
            let rest = done.split_off(end);
            self.settle(std::mem::replace(&mut done, rest), judge);
        }
    }
}
