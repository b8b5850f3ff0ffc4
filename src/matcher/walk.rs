//! What a tick does to runs: who takes one of its rows, who begins, who ends.

use std::sync::Arc;

use super::absence::{self, Between};
use super::complete::Done;
use super::conditions::{Subject, compares, rest};
use super::matching::Walking;
use super::program::{Complete, Move, StateId};
use super::runs::{Capture, List, NONE, RunId};
use super::store::EventId;
use super::ticks::{Round, Row};
use super::{Asking, Judge};
use crate::ir::{Pattern, Selection, StepId};

/// A run takes a row.
#[derive(Clone, Copy, Debug)]
struct Decision {
    run: RunId,
    /// Which move of its state.
    at: u32,
    row: usize,
    /// Where its shared repetition ends, if it is in one.
    end: u32,
}

impl Walking {
    /// Lets the rows of a tick pass.
    pub(super) fn pass(&mut self, round: &Round, from: usize, to: usize, judge: &mut Judge<'_>) {
        let rows = &round.rows[from..to];
        if rows.iter().all(|row| row.partition == rows[0].partition) {
            return self.pass_partition(round, rows, judge);
        }
        let mut partitions: Vec<u32> = rows.iter().map(|row| row.partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        for partition in partitions {
            let rows: Vec<Row> = rows.iter().filter(|row| row.partition == partition).copied().collect();
            self.pass_partition(round, &rows, judge);
        }
    }

    /// The same, of rows of one partition.
    fn pass_partition(&mut self, round: &Round, rows: &[Row], judge: &mut Judge<'_>) {
        let partition = rows[0].partition;
        if self.counts_all {
            self.ordinals[partition as usize] += 1;
        }
        let mut done = Vec::new();
        self.look(round, rows, judge);
        for decision in self.decide(round, rows, judge) {
            self.carry_out(round, rows, decision, judge, &mut done);
        }
        self.lengthen(round, rows, &mut done);
        if !self.restless.is_empty() {
            self.let_go(partition, &rows[0], &mut done);
        }
        self.begin(round, rows, judge, &mut done);
        for row in rows {
            for step in round.steps(row) {
                if let Some(absent) = &mut self.absences[step] {
                    absence::keep(absent, &mut self.store, round, row, self.tick);
                }
            }
        }
        if !done.is_empty() {
            self.settle(done, judge);
        }
    }

    /// Which runs take which row.
    fn decide(&mut self, round: &Round, rows: &[Row], judge: &mut Judge<'_>) -> Vec<Decision> {
        let mut decisions = Vec::new();
        if self.runs.live() == 0 {
            return decisions;
        }
        let mut possible: Vec<(StateId, u32, usize)> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            for step in round.steps(row) {
                let takers = &self.takers[step];
                let alive = takers.iter().filter(|taker| self.runs.live_at(taker.0) > 0);
                possible.extend(alive.map(|&(state, one)| (state, one, at)));
            }
        }
        if possible.len() > 1 {
            possible.sort_unstable();
        }
        for (state, at, row) in possible {
            self.ask(round, (state, at), (row, &rows[row]), judge, &mut decisions);
        }
        decisions
    }

    /// Which runs at a state take a row by one of its moves.
    fn ask(
        &mut self,
        round: &Round,
        (state, at): (StateId, u32),
        (number, row): (usize, &Row),
        judge: &mut Judge<'_>,
        decisions: &mut Vec<Decision>,
    ) {
        let pattern = Arc::clone(&self.pattern);
        let one = &self.program.state(state).moves[at as usize];
        let (step, needs) = (one.step, one.needs);
        let mut waiting = std::mem::take(&mut self.scratch);
        let settled = self.waiting(round, (state, at), row, &mut waiting);
        let taken = self.taken();
        let mut asking = Asking {
            pattern: &pattern,
            store: &self.store,
            reporter: self.reporter(),
            folds: None,
            judge,
        };
        let subject = Subject::Fresh(row.at);
        self.leave_short(state, needs, &mut waiting);
        waiting.retain(|&id| {
            self.runs.get(id).seen != self.tick
                && self.in_time(&pattern, step, id, row.time)
                && compares(&asking, taken, self.runs.captures(id), step, subject, settled)
        });
        if pattern.steps[step].rest.is_some() && !waiting.is_empty() {
            asking.folds = Some((&self.folds, &waiting));
            let all = waiting.iter().map(|&id| (subject, self.runs.captures(id)));
            let kept = rest(&mut asking, taken, step, all.collect());
            waiting = kept.into_iter().map(|at| waiting[at as usize]).collect();
        }
        for &run in &waiting {
            self.runs.get_mut(run).seen = self.tick;
            let end = self.end_of_shared(run);
            decisions.push(Decision {
                run,
                at,
                row: number,
                end,
            });
        }
        self.scratch = waiting;
    }

    /// The runs that wait for a row by a move of their state, as far as lists and trees tell; and the
    /// comparison that has been settled by that.
    fn waiting(
        &mut self,
        round: &Round,
        (state, at): (StateId, u32),
        row: &Row,
        waiting: &mut Vec<RunId>,
    ) -> Option<usize> {
        waiting.clear();
        let step = self.program.state(state).moves[at as usize].step;
        if self.pattern.steps[step].next || self.pattern.select == Selection::Strict {
            let last = self.ordinals[row.partition as usize] - 1;
            let listed = self.runs.listed(state, List::Plain, row.partition);
            waiting.extend(listed.back().take_while(|&run| self.runs.get(run).ordinal == last));
            waiting.reverse();
            return None;
        }
        let keyed = self.listings[state as usize].keyed;
        let Some(probe) = self.keyed.probes[step].filter(|probe| keyed == Some(probe.domain)) else {
            self.candidates((state, at), (List::Plain, row.partition), row, waiting);
            return None;
        };
        let key = round.key(row, probe.domain, probe.own);
        if key != NONE {
            self.candidates((state, at), (List::Keyed, key), row, waiting);
        }
        Some(probe.compare)
    }

    /// Leaves out the runs that have not enough elements of their shared repetition to go on.
    fn leave_short(&self, state: StateId, needs: u32, waiting: &mut Vec<RunId>) {
        let Some((shared, _)) = self.program.state(state).shared.filter(|_| needs > 1) else {
            return;
        };
        let taken = self.taken();
        let has_enough = |&id: &RunId| taken.count(self.runs.capture(id, shared)) >= needs;
        if self.keyed.probes[shared].is_none() && self.indexed[state as usize].is_none() {
            // They are of one log and stand in order: those that began later have fewer.
            let enough = waiting.partition_point(has_enough);
            waiting.truncate(enough);
        } else {
            waiting.retain(has_enough);
        }
    }

    /// Whether a run may take an event of this time by a step.
    fn in_time(&self, pattern: &Pattern, step: StepId, id: RunId, time: i64) -> bool {
        let since = |event: EventId| time.saturating_sub(self.store.get(event).time);
        let whole = pattern.within;
        let own = pattern.steps[step].within;
        whole.is_none_or(|within| since(self.runs.get(id).first) <= within)
            && own.is_none_or(|within| since(self.last_of(id)) <= within)
    }

    /// Lets a run take a row.
    fn carry_out(
        &mut self,
        round: &Round,
        rows: &[Row],
        decision: Decision,
        judge: &mut Judge<'_>,
        done: &mut Vec<Done>,
    ) {
        let Decision { run, at, row, end } = decision;
        let row = &rows[row];
        let state = self.runs.get(run).state;
        let one = self.program.state(state).moves[at as usize].clone();
        let pattern = Arc::clone(&self.pattern);
        let each = pattern.steps[one.step].each;
        let id = if each { self.copy(run) } else { run };
        self.leave_shared(id, end);
        let crosses = self.crosses(&pattern, id, &one, judge);
        if crosses || !pattern.absent.is_empty() && self.violates(&pattern, id, self.tick, judge) {
            self.broke_off(&pattern, (run, id), &one, judge);
            if each {
                self.forget(id);
            }
            if crosses || !each {
                self.kill(run);
            }
            return;
        }
        if !each {
            self.delist(id);
        }
        self.advance(round, row, id, &one);
        self.arrive(id, row, done);
    }

    /// Another run that has taken the same, in no list.
    fn copy(&mut self, of: RunId) -> RunId {
        let id = self.runs.split(of);
        self.went_on_twice(of, id);
        for step in 0..self.pattern.steps.len() {
            if let Capture::Range { log, .. } = self.runs.capture(id, step) {
                self.logs.all[log as usize].users += 1;
            }
        }
        id
    }

    /// Whether an absence lies between a run's last event and now.
    fn crosses(&self, pattern: &Pattern, id: RunId, one: &Move, judge: &mut Judge<'_>) -> bool {
        one.crossed.iter().any(|&(step, mark)| {
            let last = mark.map_or(self.runs.get(id).last, |mark| self.runs.mark(id, mark));
            let between = Between {
                after: self.store.get(last).tick,
                before: self.tick,
                since: i64::MIN,
                until: i64::MAX,
            };
            self.was_there(pattern, step, id, between, judge)
        })
    }

    /// Whether `.not(..)` is violated between a run's first event and a tick.
    pub(super) fn violates(&self, pattern: &Pattern, id: RunId, before: u64, judge: &mut Judge<'_>) -> bool {
        let between = Between {
            after: self.store.get(self.runs.get(id).first).tick,
            before,
            since: i64::MIN,
            until: i64::MAX,
        };
        let absent = pattern.absent.iter();
        absent
            .copied()
            .any(|step| self.was_there(pattern, step, id, between, judge))
    }

    /// Whether an event of an absent step was there.
    pub(super) fn was_there(
        &self,
        pattern: &Pattern,
        step: StepId,
        id: RunId,
        when: Between,
        judge: &mut Judge<'_>,
    ) -> bool {
        let mut asking = Asking {
            pattern,
            store: &self.store,
            reporter: self.reporter(),
            folds: None,
            judge,
        };
        let absence = self.absences[step].as_ref();
        absence.is_some_and(|absence| absence.met(&mut asking, self.taken(), id, when))
    }

    /// Gives a row to a run; its state is the next one, and it is in no list.
    pub(super) fn advance(&mut self, round: &Round, row: &Row, id: RunId, one: &Move) {
        let step = one.step;
        let event = self.store.event(row.at, row.place, row.time, self.tick);
        if !self.is_reached(one.to) {
            self.reached(one.to);
        }
        let ordinal = self.ordinals.get(row.partition as usize).copied().unwrap_or(0);
        let before = self.runs.capture(id, step);
        if before == Capture::Nothing {
            for &(domain, value) in &self.keyed.binds[step] {
                let key = round.key(row, domain, value);
                let known = self.runs.key_mut(id, domain);
                if *known == NONE {
                    *known = key;
                }
            }
        }
        let run = self.runs.get_mut(id);
        run.state = one.to;
        run.last = event;
        run.ordinal = ordinal;
        run.seen = self.tick;
        let shared = self.program.state(one.to).shared;
        match shared {
            Some((of, most)) if of == step => self.share(round, row, (id, step), event, most),
            _ if self.program.repeats[step] => self.runs.append(id, step, event),
            _ => *self.runs.capture_mut(id, step) = Capture::One(event),
        }
        let mut marks = one.marks;
        while marks != 0 {
            self.runs.set_mark(id, marks.trailing_zeros() as usize, event);
            marks &= marks - 1;
        }
        self.took(id, step, before == Capture::Nothing);
    }

    /// A run has come to its state: it is complete, or waits.
    pub(super) fn arrive(&mut self, id: RunId, row: &Row, done: &mut Vec<Done>) {
        let run = self.runs.get(id);
        let state = self.program.state(run.state);
        let full = state.moves.is_empty() && state.shared.is_none_or(|(_, most)| most == Some(1));
        if full && state.complete != Complete::No && self.program.trailing.is_none() {
            done.push(Done::event(id, row));
            return;
        }
        if let Some((step, Some(most))) = state.shared
            && state.moves.is_empty()
            && self.program.trailing.is_none()
            && let Capture::Range { log, from, .. } = self.runs.capture(id, step)
        {
            let generation = run.generation;
            let filling = &mut self.logs.all[log as usize].filling;
            filling.push_back((from.saturating_add(most), id, generation));
        }
        self.wait(id);
    }

    /// Puts a run into the lists of its state, and sets its timer.
    pub(super) fn wait(&mut self, id: RunId) {
        self.enlist(id);
        self.set_timer(id);
    }

    /// Where every event counts: runs that took none of this tick's are over, or complete by it.
    fn let_go(&mut self, partition: u32, row: &Row, done: &mut Vec<Done>) {
        for at in 0..self.restless.len() {
            let state = self.restless[at];
            if self.runs.live_at(state) == 0 {
                continue;
            }
            let listed = self.runs.listed(state, List::Plain, partition).iter();
            let left: Vec<RunId> = listed.filter(|&run| self.runs.get(run).seen != self.tick).collect();
            for run in left {
                if self.program.state(state).complete == Complete::No {
                    self.ends_passed(run, row);
                    self.kill(run);
                } else if self.program.trailing.is_some() {
                    self.close(run);
                } else {
                    self.delist(run);
                    done.push(Done::passed(run, row));
                }
            }
        }
    }

    /// A run takes no more, and waits for its deadline.
    fn close(&mut self, id: RunId) {
        self.delist(id);
        self.runs.get_mut(id).state = super::program::Program::CLOSED;
        if !self.is_reached(super::program::Program::CLOSED) {
            self.reached(super::program::Program::CLOSED);
        }
        self.wait(id);
    }

    /// Ends a run that waits at a state.
    pub(super) fn kill(&mut self, id: RunId) {
        self.delist(id);
        self.forget(id);
    }

    /// Ends a run that is in no list.
    pub(super) fn forget(&mut self, id: RunId) {
        for step in 0..self.pattern.steps.len() {
            if let Capture::Range { log, .. } = self.runs.capture(id, step) {
                self.logs.leave(log);
            }
        }
        self.runs.end(id);
    }
}
