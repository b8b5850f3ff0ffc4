//! How runs begin.

use std::sync::Arc;

use super::absence::Between;
use super::complete::Done;
use super::conditions::{Subject, compares, rest};
use super::matching::Walking;
use super::program::Move;
use super::runs::Capture;
use super::ticks::{Round, Row};
use super::{Asking, Judge};
use crate::ir::StepId;

impl Walking {
    /// Begins runs: one for the event, whichever inputs it comes through, and one for each further row
    /// that a single input has of it.
    pub(super) fn begin(&mut self, round: &Round, rows: &[Row], judge: &mut Judge<'_>, done: &mut Vec<Done>) {
        if rows.len() == 1 {
            return self.begin_once(round, rows, judge, done);
        }
        let number = |at: usize| rows[..at].iter().filter(|row| row.at.0 == rows[at].at.0).count();
        let numbers: Vec<usize> = (0..rows.len()).map(number).collect();
        for which in 0..=numbers.iter().copied().max().unwrap_or(0) {
            let some = rows.iter().zip(&numbers).filter(|(_, number)| **number == which);
            let some: Vec<Row> = some.map(|(row, _)| *row).collect();
            self.begin_once(round, &some, judge, done);
        }
    }

    /// One of these rows begins a run, if it can.
    fn begin_once(&mut self, round: &Round, rows: &[Row], judge: &mut Judge<'_>, done: &mut Vec<Done>) {
        let start = self.program.start;
        for at in 0..self.program.state(start).moves.len() {
            let step = self.program.state(start).moves[at].step;
            for row in rows {
                if round.fits(row, step) && self.may_begin(row, step, judge) {
                    let one = self.program.state(start).moves[at].clone();
                    self.begin_with(round, row, &one, judge, done);
                    return;
                }
            }
        }
    }

    /// Whether the conditions of a step hold while nothing has been taken.
    fn may_begin(&self, row: &Row, step: StepId, judge: &mut Judge<'_>) -> bool {
        let of = &self.pattern.steps[step];
        if of.compare.is_empty() && of.rest.is_none() {
            return true;
        }
        let nothing = vec![Capture::Nothing; self.pattern.steps.len()];
        let subject = Subject::Fresh(row.at);
        let mut asking = Asking {
            pattern: &self.pattern,
            store: &self.store,
            reporter: self.reporter(),
            folds: None,
            judge,
        };
        compares(&asking, self.taken(), &nothing, step, subject, None)
            && !rest(&mut asking, self.taken(), step, vec![(subject, &nothing)]).is_empty()
    }

    fn begin_with(&mut self, round: &Round, row: &Row, one: &Move, judge: &mut Judge<'_>, done: &mut Vec<Done>) {
        let event = self.store.event(row.at, row.place, row.time, self.tick);
        let id = self.runs.begin(row.partition, event);
        self.began(id, row);
        self.advance(round, row, id, one);
        if let Some(absent) = self.program.leading {
            let pattern = Arc::clone(&self.pattern);
            let within = pattern.steps[absent].within.unwrap_or(i64::MAX);
            let before = Between {
                after: 0,
                before: self.tick,
                since: row.time.saturating_sub(within),
                until: i64::MAX,
            };
            if self.was_there(&pattern, absent, id, before, judge) {
                self.broke(&pattern, (id, absent), before, judge);
                self.forget(id);
                return;
            }
        }
        self.arrive(id, row, done);
    }
}
