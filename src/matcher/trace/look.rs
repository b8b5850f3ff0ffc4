//! Rows held against the runs that wait: what each lacks to be taken.

use super::super::compare::{holds, values};
use super::super::conditions::{Subject, rest};
use super::super::matching::Walking;
use super::super::program::{Move, StateId};
use super::super::runs::{List, RunId};
use super::super::ticks::{Round, Row};
use super::super::{Asked, Asking, Judge};
use super::{Closest, LOOK, Lack, Trace};
use crate::data::Value;
use crate::data::format::write_text;
use crate::ir::{BinaryOp, StepId};

/// A way in which a run may go on: by a move of its state, or within its shared repetition.
#[derive(Clone, Copy)]
struct Way<'a> {
    state: StateId,
    step: StepId,
    one: Option<&'a Move>,
}

impl Walking {
    /// Looks at the rows of a tick, of one partition, before any run takes one.
    #[inline]
    pub(in super::super) fn look(&mut self, round: &Round, rows: &[Row], judge: &mut Judge<'_>) {
        if let Some(mut trace) = self.trace.take() {
            let mut quiet = |condition, asked: Asked| judge(condition, Asked { quiet: true, ..asked });
            for row in rows {
                self.look_at(&mut trace, round, row, &mut quiet);
            }
            self.trace = Some(trace);
        }
    }

    fn look_at(&self, trace: &mut Trace, round: &Round, row: &Row, judge: &mut Judge<'_>) {
        let input = self.store.input_of(row.at.0);
        let mine: Vec<StepId> = (0..self.pattern.steps.len())
            .filter(|&step| self.pattern.steps[step].input == input)
            .collect();
        let counts = trace.sight.is_wanted(&self.store, row.at);
        for &step in mine.iter().filter(|_| counts) {
            let seen = &mut trace.seen.steps[step];
            seen.came += 1;
            seen.fit += u64::from(round.fits(row, step));
        }
        // What a row lacks by itself, by step, once somebody asks.
        let mut alone: Vec<Option<Vec<Lack>>> = vec![None; self.pattern.steps.len()];
        for state in 0..self.listings.len() as StateId {
            if self.runs.live_at(state) == 0 || state == self.program.start {
                continue;
            }
            let of = self.program.state(state);
            let moves = of.moves.iter().map(|one| Way {
                state,
                step: one.step,
                one: Some(one),
            });
            let shared = of.shared.map(|(step, _)| Way { state, step, one: None });
            for way in moves.chain(shared).filter(|way| mine.contains(&way.step)) {
                let listed = self.runs.listed(state, List::Plain, row.partition).back().take(LOOK);
                for id in listed {
                    self.hold(trace, (round, row), way, id, &mut alone[way.step], judge);
                }
            }
        }
    }

    /// Holds a row against a run.
    fn hold(
        &self,
        trace: &mut Trace,
        (round, row): (&Round, &Row),
        way: Way<'_>,
        id: RunId,
        alone: &mut Option<Vec<Lack>>,
        judge: &mut Judge<'_>,
    ) {
        let Some(note) = trace.note(id) else { return };
        if way.one.is_none() && !self.waited(id).contains(&way.step) {
            return;
        }
        let known = note
            .closest
            .as_ref()
            .map_or((usize::MAX, u32::MAX), |known| known.weight);
        let mut lacks = match alone {
            _ if round.fits(row, way.step) => Vec::new(),
            Some(lacks) => lacks.clone(),
            None => alone.insert(self.lacks_alone(trace, row, way.step, judge)).clone(),
        };
        if lacks.len() > known.0 {
            return;
        }
        self.lacks_of_run(way, row, id, &mut lacks);
        if lacks.is_empty() {
            lacks.extend(self.lacks_rest(trace, row, way.step, id, judge));
        }
        let unlike = lacks.iter().map(unlikeness).sum();
        let weight = (lacks.len(), unlike);
        if lacks.is_empty() || weight >= known {
            return;
        }
        let closest = Closest {
            step: way.step,
            event: trace.sight.show(&self.store, row.at, row.place, row.time),
            lacks,
            weight,
        };
        trace.notes[id as usize].closest = Some(Box::new(closest));
    }

    /// What a row lacks by itself.
    fn lacks_alone(&self, trace: &Trace, row: &Row, step: StepId, judge: &mut Judge<'_>) -> Vec<Lack> {
        let mut lacks = Vec::new();
        for part in &trace.sight.parts[step] {
            if judge(part.condition, trace.sight.asked(&self.store, row.at)).is_empty() {
                let field =
                    |(name, value): &(std::sync::Arc<str>, usize)| (name.clone(), self.store.value_at(row.at, *value));
                lacks.push(Lack::Alone {
                    condition: part.condition,
                    fields: part.reads.iter().map(field).collect(),
                });
            }
        }
        lacks
    }

    /// What it lacks for a run, but for the rest of the condition.
    fn lacks_of_run(&self, way: Way<'_>, row: &Row, id: RunId, lacks: &mut Vec<Lack>) {
        let of = &self.pattern.steps[way.step];
        let run = self.runs.get(id);
        let shared = self.program.state(way.state).shared;
        if let (Some(one), Some((step, _))) = (way.one, shared) {
            let has = self.taken().count(self.runs.capture(id, step));
            if has < one.needs {
                lacks.push(Lack::Few {
                    step,
                    has,
                    needs: one.needs,
                });
            }
        }
        let mut late = |since: i64, within: Option<i64>, whole: bool| {
            let after = row.time.saturating_sub(since);
            if let Some(within) = within.filter(|&within| after > within) {
                lacks.push(Lack::Late { after, within, whole });
            }
        };
        late(self.store.get(run.first).time, self.pattern.within, true);
        late(self.store.get(self.last_of(id)).time, of.within, false);
        for (at, one) in of.compare.iter().enumerate() {
            let own = (self.store.fresh(row.at.0, one.own), row.at.1 as usize);
            let bound = self.taken().bound(self.runs.captures(id), &one.other);
            let holds = match bound {
                Some((by, event)) => {
                    let value = one.other.values.iter().find(|(of, _)| *of == by);
                    let other = self.store.value(event, value.map_or(0, |value| value.1));
                    holds(one.op, own, other)
                        .then_some(())
                        .ok_or_else(|| Some(other.0.value(other.1)))
                }
                None if of.alias == Some(one.other.alias) || one.op == BinaryOp::Ne => Ok(()),
                None => Err(None),
            };
            if let Err(other) = holds {
                let own = own.0.value(own.1);
                lacks.push(Lack::Compare { at, own, other });
            }
        }
    }

    /// Whether the rest of the condition fails.
    fn lacks_rest(&self, trace: &Trace, row: &Row, step: StepId, id: RunId, judge: &mut Judge<'_>) -> Option<Lack> {
        let condition = self.pattern.steps[step].rest.as_ref()?.condition;
        let mut asking = Asking {
            pattern: &self.pattern,
            store: &self.store,
            reporter: self.reporter(),
            folds: None,
            judge,
        };
        let of = vec![(Subject::Fresh(row.at), self.runs.captures(id))];
        if !rest(&mut asking, self.taken(), step, of).is_empty() {
            return None;
        }
        let own = trace.sight.rests[step].iter();
        Some(Lack::Rest {
            condition,
            fields: own
                .map(|(name, value)| (name.clone(), self.store.value_at(row.at, *value)))
                .collect(),
        })
    }
}

/// How far something is from what is wanted: texts that differ in case or blanks, or that are part of each
/// other, are near.
fn unlikeness(lack: &Lack) -> u32 {
    match lack {
        Lack::Few { has, needs, .. } => needs - has,
        Lack::Late { .. } | Lack::Rest { .. } | Lack::Alone { .. } => 4,
        Lack::Compare { own, other, .. } => match other {
            Some(other) if is_same_text(own, other) => 1,
            Some(other) if is_part(own, other) || is_part(other, own) => 2,
            _ => 8,
        },
    }
}

fn text(value: &Value) -> String {
    let mut out = Vec::new();
    write_text(value, &mut out);
    String::from_utf8_lossy(&out).trim().to_lowercase()
}

/// Whether two unequal values are written alike, but for case and blanks around them.
pub(super) fn is_same_text(a: &Value, b: &Value) -> bool {
    !a.is_null() && !b.is_null() && !values(BinaryOp::Eq, a, b) && text(a) == text(b)
}

fn is_part(a: &Value, b: &Value) -> bool {
    let a = text(a);
    !a.is_empty() && text(b).contains(&a)
}
