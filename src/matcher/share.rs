//! Repetitions whose events many runs share (see [`super::logs`]).

use super::complete::Done;
use super::matching::Walking;
use super::runs::{Capture, NONE, RunId};
use super::store::EventId;
use super::ticks::{Round, Row};
use crate::ir::StepId;

impl Walking {
    /// The last event that a run has.
    pub(super) fn last_of(&self, id: RunId) -> EventId {
        let run = self.runs.get(id);
        match self.program.state(run.state).shared {
            Some((step, _)) => self.taken().last(self.runs.capture(id, step)),
            None => run.last,
        }
    }

    /// Where the shared repetition of a run ends, if it goes on from there now.
    pub(super) fn end_of_shared(&self, id: RunId) -> u32 {
        let shared = self.program.state(self.runs.get(id).state).shared;
        match shared.map(|(step, _)| self.runs.capture(id, step)) {
            Some(Capture::Range { log, to, .. }) => to.min(self.logs.all[log as usize].events.len() as u32),
            _ => NONE,
        }
    }

    /// A run goes on from a shared repetition that ends there.
    pub(super) fn leave_shared(&mut self, id: RunId, end: u32) {
        let Some((step, _)) = self.program.state(self.runs.get(id).state).shared else {
            return;
        };
        if let Capture::Range { to, .. } = self.runs.capture_mut(id, step) {
            *to = end;
        }
        self.runs.get_mut(id).last = self.taken().last(self.runs.capture(id, step));
    }

    /// The first element that a run takes of a shared repetition.
    pub(super) fn share(
        &mut self,
        round: &Round,
        row: &Row,
        (id, step): (RunId, StepId),
        event: EventId,
        most: Option<u32>,
    ) {
        let number = self.log_number(round, row, step);
        let log = self.logs.get(step, number);
        let of = &mut self.logs.all[log as usize];
        if of.tick != self.tick || of.events.is_empty() {
            of.events.push(event);
            of.tick = self.tick;
        }
        of.users += 1;
        let from = of.events.len() as u32 - 1;
        let to = most.map_or(NONE, |most| from.saturating_add(most));
        *self.runs.capture_mut(id, step) = Capture::Range { log, from, to };
        self.runs.get_mut(id).log = log;
    }

    /// The partition or key of the log that a row belongs to.
    pub(super) fn log_number(&self, round: &Round, row: &Row, step: StepId) -> u32 {
        match self.keyed.probes[step] {
            None => row.partition,
            Some(probe) => round.key(row, probe.domain, probe.own),
        }
    }

    /// Appends the tick's rows to the logs that runs share; runs that are full then are complete.
    pub(super) fn lengthen(&mut self, round: &Round, rows: &[Row], done: &mut Vec<Done>) {
        for row in rows {
            for step in round.steps(row) {
                if !self.program.shared[step] {
                    continue;
                }
                let number = self.log_number(round, row, step);
                let Some(log) = (number != NONE).then(|| self.logs.find(step, number)).flatten() else {
                    continue;
                };
                let of = &self.logs.all[log as usize];
                if of.users == 0 {
                    continue;
                }
                if of.tick != self.tick {
                    let event = self.store.event(row.at, row.place, row.time, self.tick);
                    let of = &mut self.logs.all[log as usize];
                    of.events.push(event);
                    of.tick = self.tick;
                }
                let len = self.logs.all[log as usize].events.len() as u32;
                while let Some(&(full, run, generation)) = self.logs.all[log as usize].filling.front() {
                    if full > len {
                        break;
                    }
                    self.logs.all[log as usize].filling.pop_front();
                    let of = self.runs.get(run);
                    let waits = self
                        .program
                        .state(of.state)
                        .shared
                        .is_some_and(|shared| shared.0 == step);
                    if of.alive && of.generation == generation && waits {
                        self.delist(run);
                        self.leave_shared(run, self.end_of_shared(run));
                        done.push(Done::event(run, row));
                    }
                }
            }
        }
    }
}
