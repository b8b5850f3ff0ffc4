//! Rows held against the runs that wait: what each lacks to be taken.

use super::super::compare::{holds, values};
use super::super::conditions::{Subject, rest};
use super::super::matching::Walking;
use super::super::program::{Move, StateId};
use super::super::runs::{List, RunId};
use super::super::ticks::{Round, Row};
use super::super::{Asked, Asking, Judge};
use super::{Closest, LOOK, Lack, Trace, Wish};
use crate::data::format::write_text;
use crate::data::{Key, Value};
use crate::ir::{BinaryOp, Compare, Selection, StepId};

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
        self.look_back(trace, round, row, &mine);
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
            let ways = shared.into_iter().chain(moves);
            let ways: Vec<Way<'_>> = ways.filter(|way| mine.contains(&way.step)).collect();
            if ways.is_empty() {
                continue;
            }
            for id in self.runs.listed(state, List::Plain, row.partition).back().take(LOOK) {
                self.hold(trace, (round, row), &ways, id, &mut alone, judge);
            }
        }
    }

    /// Holds a row against a run.
    fn hold(
        &self,
        trace: &mut Trace,
        (round, row): (&Round, &Row),
        ways: &[Way<'_>],
        id: RunId,
        alone: &mut [Option<Vec<Lack>>],
        judge: &mut Judge<'_>,
    ) {
        let Some(note) = trace.note(id) else { return };
        let known = note.closest.as_ref().map(|known| known.weight);
        let mut best: Option<((usize, u32), StepId, Vec<Lack>)> = None;
        let waited = self.waited(id);
        for &way in ways {
            let mut lacks = if round.fits(row, way.step) {
                Vec::new()
            } else {
                let alone = &mut alone[way.step];
                let lacks = alone.get_or_insert_with(|| self.lacks_alone(trace, row, way.step, judge));
                lacks.clone()
            };
            self.lacks_of_run(way, row, id, &mut lacks);
            if lacks.is_empty() {
                lacks.extend(self.lacks_rest(trace, row, way.step, id, judge));
            }
            if lacks.is_empty() {
                // The run takes it.
                return;
            }
            let weight = (lacks.len(), lacks.iter().map(unlikeness).sum());
            let least = best.as_ref().map(|best| best.0).or(known);
            if least.is_none_or(|least| weight < least) && waited.contains(&way.step) {
                best = Some((weight, way.step, lacks));
            }
        }
        if let Some((weight, step, lacks)) = best {
            let event = trace.sight.show(&self.store, row.at, row.place, row.time);
            trace.notes[id as usize].closest = Some(Box::new(Closest {
                step,
                event,
                lacks,
                weight,
            }));
        }
    }

    /// Holds a row against runs whose time was over before.
    fn look_back(&self, trace: &mut Trace, round: &Round, row: &Row, mine: &[StepId]) {
        let Trace { sight, seen, .. } = trace;
        for miss in seen.misses.iter_mut().filter(|miss| miss.late.is_none()) {
            let mut keys = miss.keys.iter().enumerate();
            let is_other = |(number, key): (usize, &Value)| Key(self.store.key_at(row.at, number)) != Key(key.clone());
            if miss.wishes.is_empty() || keys.any(is_other) {
                continue;
            }
            let holds = |wish: &&Wish| {
                let compare = &self.pattern.steps[wish.step].compare;
                let mut all = compare.iter().zip(&wish.others);
                let fits = mine.contains(&wish.step) && round.fits(row, wish.step);
                fits && all.all(|(compare, other)| {
                    let own = self.store.value_at(row.at, compare.own);
                    let other = other.as_ref();
                    other.map_or(compare.op == BinaryOp::Ne, |other| values(compare.op, &own, other))
                })
            };
            if let Some(wish) = miss.wishes.iter().find(holds) {
                let event = sight.show(&self.store, row.at, row.place, row.time);
                miss.late = Some((wish.step, event));
            }
        }
    }

    /// What a run would take next, where that can be told without it.
    pub(super) fn wishes(&self, id: RunId) -> Vec<Wish> {
        let state = self.program.state(self.runs.get(id).state);
        let has = state
            .shared
            .map_or(0, |(step, _)| self.taken().count(self.runs.capture(id, step)));
        let steps = state.moves.iter().filter(|one| one.needs <= has).map(|one| one.step);
        let told = steps.filter(|&step| {
            let of = &self.pattern.steps[step];
            of.rest.is_none() && !of.next && self.pattern.select == Selection::Next
        });
        let wish = |step: StepId| {
            let other = |one: &Compare| {
                let (by, event) = self.taken().bound(self.runs.captures(id), &one.other)?;
                let value = one.other.values.iter().find(|(of, _)| *of == by)?.1;
                let (column, row) = self.store.value(event, value);
                Some(column.value(row))
            };
            Wish {
                step,
                others: self.pattern.steps[step].compare.iter().map(other).collect(),
            }
        };
        told.map(wish).collect()
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
