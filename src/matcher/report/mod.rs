//! The rows of matches: of each match one, or one for each element or choice of its repetitions, and
//! the columns of what is read of it.
//!
//! Everything is made for many matches at once: a read gathers the events of all rows, and takes their
//! values in one go. What rows of one match share is made once for the match.
//!
//! Cost: a read costs the events that it is about; a choice of elements costs the elements it takes.

mod bound;
mod subsets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use arrow::array::Int64Array;

use super::Asked;
use super::found::Found;
use super::store::{EventId, NO_EVENT, Store};
use crate::aggregate::{Accumulators, CallErrors, Groups, Spec};
use crate::data::{Column, Value};
use crate::ir::{Bound, How, Pattern, PatternRead, Report, Shape, StepId, Which};
use crate::ordered::Made;
use bound::Events;
pub(super) use subsets::Repetition;
use subsets::Subsets;

/// An event, and the step that took it.
pub(super) type Taken = (StepId, EventId);

/// So many rows are made at a time.
const ENOUGH: usize = 1 << 16;

/// Makes the rows of a pattern.
#[derive(Debug)]
pub(super) struct Reporter {
    reads: Vec<PatternRead>,
    /// The steps that are bound to each alias.
    aliases: Vec<Vec<StepId>>,
    /// The steps that repeat by themselves, in order of the text.
    repetitions: Vec<Repetition>,
    report: Report,
    seq: bool,
}

/// What rows are about: runs or matches.
#[derive(Debug)]
pub(super) struct Subjects<'a> {
    /// The events of each, with the steps that took them: by step, those of one step in order.
    taken: Vec<&'a [Taken]>,
    /// The first event of each.
    firsts: Vec<EventId>,
    /// `match_end` of each, where it is known.
    ends: Option<Vec<i64>>,
}

impl<'a> Subjects<'a> {
    /// Runs that have taken these events: by step, those of one step in order.
    pub(super) fn runs(taken: Vec<&'a [Taken]>) -> Self {
        let first = |taken: &&[Taken]| taken.iter().map(|one| one.1).min().unwrap_or(NO_EVENT);
        Self {
            firsts: taken.iter().map(first).collect(),
            taken,
            ends: None,
        }
    }

    /// Matches.
    pub(super) fn matches(found: &'a [Found]) -> Self {
        Self {
            taken: found.iter().map(|one| one.taken.as_slice()).collect(),
            firsts: found.iter().map(|one| one.first).collect(),
            ends: Some(found.iter().map(|one| one.end).collect()),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }

    fn starts(&self, store: &Store) -> Vec<i64> {
        let time = |&id: &EventId| if id == NO_EVENT { 0 } else { store.get(id).time };
        self.firsts.iter().map(time).collect()
    }

    fn ends(&self, store: &Store) -> Vec<i64> {
        let last = |taken: &&[Taken]| taken.iter().map(|one| one.1).max();
        let time = |taken: &&[Taken]| last(taken).map_or(0, |id| store.get(id).time);
        match &self.ends {
            Some(ends) => ends.clone(),
            None => self.taken.iter().map(time).collect(),
        }
    }
}

impl Reporter {
    /// For a pattern; `seq`: its rows have a last column with `_seq`.
    pub(super) fn new(pattern: &Pattern, seq: bool) -> Self {
        let mut repetitions = Vec::new();
        repeated(&pattern.shape, &mut repetitions);
        Self {
            reads: pattern.reads.clone(),
            aliases: pattern.aliases.iter().map(|alias| alias.steps.clone()).collect(),
            repetitions,
            report: pattern.report,
            seq,
        }
    }

    /// All rows of some matches that stand in order. `errors`: the call is the number of the read.
    pub(super) fn rows(&self, store: &Store, found: &[Found], errors: &mut Vec<CallErrors>) -> Made {
        let mut pieces = self.pieces(found);
        let mut all = Vec::new();
        while let Some(piece) = pieces.next(store, errors) {
            all.push(piece);
        }
        Made::in_order(all)
    }

    /// The same in pieces, made when they are asked for.
    pub(super) fn pieces<'a>(&'a self, found: &'a [Found]) -> Pieces<'a> {
        Pieces {
            reporter: self,
            found,
            next: 0,
            subsets: None,
        }
    }

    /// What a condition is asked over that reads this of runs or matches. `errors`: the call is the number
    /// of the read, counted from `from`.
    pub(super) fn asked(
        &self,
        store: &Store,
        reads: &[PatternRead],
        of: &Subjects<'_>,
        (errors, from): (&mut Vec<CallErrors>, usize),
    ) -> Asked {
        let before = errors.len();
        let columns = self.columns(store, reads, of, errors);
        errors[before..].iter_mut().for_each(|error| error.call += from);
        Asked {
            len: of.len(),
            fields: reads.iter().map(|read| read.field).zip(columns).collect(),
            ..Asked::default()
        }
    }

    /// The columns of some reads.
    fn columns(
        &self,
        store: &Store,
        reads: &[PatternRead],
        of: &Subjects<'_>,
        errors: &mut Vec<CallErrors>,
    ) -> Vec<Column> {
        let mut made: Vec<Option<Column>> = vec![None; reads.len()];
        let mut aggregates: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, read) in reads.iter().enumerate() {
            if let How::Aggregate { alias, .. } = &read.how {
                aggregates.entry(*alias).or_default().push(at);
            } else {
                made[at] = Some(self.column(store, &read.how, of));
            }
        }
        let before = errors.len();
        for (alias, calls) in aggregates {
            let hows: Vec<&How> = calls.iter().map(|&at| &reads[at].how).collect();
            let known = errors.len();
            let columns = self.aggregates(store, alias, &hows, of, errors);
            errors[known..]
                .iter_mut()
                .for_each(|error| error.call = calls[error.call]);
            for (at, column) in calls.into_iter().zip(columns) {
                made[at] = Some(column);
            }
        }
        errors[before..].sort_by_key(|error| error.call);
        let made = made.into_iter();
        made.map(|column| column.unwrap_or_else(|| Column::nulls(of.len())))
            .collect()
    }

    /// The column of one that is no aggregate.
    fn column(&self, store: &Store, how: &How, of: &Subjects<'_>) -> Column {
        match how {
            How::Key(number) => store.keys(*number, of.firsts.iter().copied()),
            How::One(bound) => {
                let one = |taken: &&[Taken]| self.one(bound, taken);
                store.gather(&bound.values, of.taken.iter().map(one))
            }
            How::Nth(bound, n) => {
                let steps = &self.aliases[bound.alias];
                let one = |taken: &&[Taken]| bound::nth(steps, taken, *n).unwrap_or((0, NO_EVENT));
                store.gather(&bound.values, of.taken.iter().map(one))
            }
            How::Count(alias) => {
                let steps = &self.aliases[*alias];
                let count = |taken: &&[Taken]| bound::count(steps, taken) as i64;
                ints(of.taken.iter().map(count))
            }
            How::List(bound) => {
                let events = Events::of(&self.aliases[bound.alias], &of.taken);
                events.lists(&store.gather(&bound.values, events.all()))
            }
            How::Start => Column::Timestamp(Int64Array::from(of.starts(store))),
            How::End => Column::Timestamp(Int64Array::from(of.ends(store))),
            How::Duration => {
                let times = of.starts(store).into_iter().zip(of.ends(store));
                let all: Vec<i64> = times.map(|(start, end)| end.saturating_sub(start)).collect();
                Column::Duration(Int64Array::from(all))
            }
            How::Aggregate { .. } | How::Trend(_) => Column::nulls(of.len()),
        }
    }

    /// The event that a value is of.
    fn one(&self, bound: &Bound, taken: &[Taken]) -> Taken {
        let steps = &self.aliases[bound.alias];
        let found = match bound.which {
            Which::First => bound::first(steps, taken),
            Which::Last => bound::last(steps, taken),
        };
        found.unwrap_or((0, NO_EVENT))
    }

    /// The columns of aggregates over one alias: every subject is a group.
    fn aggregates(
        &self,
        store: &Store,
        alias: usize,
        calls: &[&How],
        of: &Subjects<'_>,
        errors: &mut Vec<CallErrors>,
    ) -> Vec<Column> {
        let events = Events::of(&self.aliases[alias], &of.taken);
        let mut known: Vec<(&[(StepId, usize)], Column)> = Vec::new();
        let (mut specs, mut columns) = (Vec::new(), Vec::new());
        for how in calls {
            let How::Aggregate {
                function, param, args, ..
            } = how
            else {
                continue;
            };
            let numbers = args.iter().map(|arg| {
                let seen = known.iter().position(|(values, _)| *values == arg.as_slice());
                seen.unwrap_or_else(|| {
                    known.push((arg, store.gather(arg, events.all())));
                    known.len() - 1
                })
            });
            let numbers: Vec<usize> = numbers.collect();
            columns.push(numbers.iter().map(|&at| known[at].1.clone()).collect());
            specs.push(Spec {
                function: *function,
                param: param.clone(),
                args: numbers.iter().map(|&at| at as u32).collect(),
            });
        }
        let times: Vec<i64> = events.all().map(|(_, id)| store.get(id).time).collect();
        let mut accumulators = Accumulators::new(&specs);
        accumulators.grow(of.len());
        accumulators.update(&columns, &times, None, Groups::Each(&events.subjects()));
        let groups: Vec<u32> = (0..of.len() as u32).collect();
        accumulators.read(&groups, errors)
    }
}

/// Rows of matches, piece by piece.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    reporter: &'a Reporter,
    found: &'a [Found],
    next: usize,
    /// What is left of the choices of the match before `next`.
    subsets: Option<Subsets<'a>>,
}

impl Pieces<'_> {
    /// The next rows, about [`ENOUGH`]; none behind the last.
    pub(super) fn next(&mut self, store: &Store, errors: &mut Vec<CallErrors>) -> Option<Made> {
        let made = match self.reporter.report {
            Report::Longest => self.whole(store, errors),
            Report::Each => self.each(store, errors),
            Report::Subsets => self.choices(store, errors),
        };
        (!made.places.is_empty()).then_some(made)
    }

    fn whole(&mut self, store: &Store, errors: &mut Vec<CallErrors>) -> Made {
        let to = self.found.len().min(self.next + ENOUGH);
        let found = &self.found[self.next..to];
        self.next = to;
        let reads = &self.reporter.reads;
        let columns = self.reporter.columns(store, reads, &Subjects::matches(found), errors);
        self.made(store, found.iter(), columns)
    }

    /// A row for each element of the last repetition, none where it took none; one where nothing repeats.
    fn each(&mut self, store: &Store, errors: &mut Vec<CallErrors>) -> Made {
        let (from, mut rows, mut elements) = (self.next, Vec::new(), Vec::new());
        while self.next < self.found.len() && rows.len() < ENOUGH {
            let taken = &self.found[self.next].taken;
            let mut repeats = self.reporter.repetitions.iter().rev();
            let last = repeats.find(|one| one.most != Some(1));
            let list = last.map_or(&[(StepId::MAX, NO_EVENT)][..], |one| bound::of_step(one.step, taken));
            rows.resize(rows.len() + list.len(), (self.next - from) as u32);
            elements.extend_from_slice(list);
            self.next += 1;
        }
        let found = &self.found[from..self.next];
        let subjects = Subjects::matches(found);
        let shared = self.reporter.columns(store, &self.reporter.reads, &subjects, errors);
        let columns = self
            .reporter
            .reads
            .iter()
            .zip(shared)
            .map(|(read, shared)| match &read.how {
                How::One(bound) => {
                    let steps = &self.reporter.aliases[bound.alias];
                    let of = |(element, row): (&Taken, &u32)| match steps.contains(&element.0) {
                        true => *element,
                        false => self.reporter.one(bound, subjects.taken[*row as usize]),
                    };
                    store.gather(&bound.values, elements.iter().zip(&rows).map(of))
                }
                _ => shared.take(&rows),
            });
        let columns = columns.collect();
        self.made(store, rows.iter().map(|&row| &found[row as usize]), columns)
    }

    /// A row for each choice of elements.
    fn choices(&mut self, store: &Store, errors: &mut Vec<CallErrors>) -> Made {
        let mut rows: Vec<&Found> = Vec::new();
        let mut taken: Vec<Taken> = Vec::new();
        let mut ends: Vec<usize> = Vec::new();
        while rows.len() < ENOUGH {
            if self.subsets.is_none() {
                let Some(one) = self.found.get(self.next) else { break };
                self.subsets = Subsets::of(&self.reporter.repetitions, &one.taken);
                self.next += 1;
            }
            let Some(subsets) = &mut self.subsets else { continue };
            let one = &self.found[self.next - 1];
            loop {
                subsets.write(&mut taken);
                ends.push(taken.len());
                rows.push(one);
                if !subsets.advance() {
                    self.subsets = None;
                    break;
                }
                if rows.len() >= ENOUGH {
                    break;
                }
            }
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let subjects = Subjects {
            taken: starts.zip(&ends).map(|(from, &to)| &taken[from..to]).collect(),
            firsts: rows.iter().map(|one| one.first).collect(),
            ends: Some(rows.iter().map(|one| one.end).collect()),
        };
        let columns = self.reporter.columns(store, &self.reporter.reads, &subjects, errors);
        self.made(store, rows.iter().copied(), columns)
    }

    fn made<'f>(&self, store: &Store, of: impl Iterator<Item = &'f Found> + Clone, mut columns: Vec<Column>) -> Made {
        if self.reporter.seq {
            columns.push(store.seqs(of.clone().map(|one| one.by)));
        }
        Made {
            places: of.clone().map(|one| one.place).collect(),
            times: of.map(|one| one.time).collect(),
            columns,
        }
    }
}

/// The steps that repeat by themselves, in order of the text.
fn repeated(shape: &Shape, found: &mut Vec<Repetition>) {
    match shape {
        Shape::Step(_) | Shape::Absent(_) => {}
        Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => {
            parts.iter().for_each(|part| repeated(part, found));
        }
        Shape::Repeat(body, least, most) => match &**body {
            Shape::Step(step) => found.push(Repetition {
                step: *step,
                least: *least,
                most: *most,
            }),
            other => repeated(other, found),
        },
    }
}

fn ints(values: impl Iterator<Item = i64>) -> Column {
    Column::Int(Int64Array::from_iter_values(values))
}

/// Consecutive values of a column as lists, so many each.
fn cut(column: &Column, lens: impl Iterator<Item = usize>) -> Column {
    let mut at = 0;
    let lists = lens.map(|len| {
        at += len;
        (at - len..at).map(|row| column.value(row)).collect::<Value>()
    });
    Column::Any(lists.collect())
}
