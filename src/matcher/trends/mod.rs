//! `.trend_aggregate(..)`: what is reckoned over all combinations, without making any where it can be.
//!
//! The events of a window are kept as the nodes of [`super::any`]. An event that completes trends gives one
//! row: the total over the paths to it (see [`reckon`]). Where conditions look further back than to the
//! neighboring event, the combinations are listed one by one, and added up.

mod exact;
mod reckon;
mod total;

use indexmap::{IndexMap, IndexSet};

use super::any::All;
use super::any::graph::{Node, SlotId};
use super::any::judging::taken;
use super::report::Taken;
use super::store::{EventId, Store};
use super::{Judge, Matches, Standing};
use crate::aggregate::CallErrors;
use crate::data::value::FixedHasher;
use crate::data::{Column, Place, Rank};
use crate::ir::{How, Pattern, PatternRead, StepId, TrendFunction, ValueId};
use crate::ordered::{Batch, Ending, Made};
use reckon::Reckoning;
use total::Total;

/// The state of one pattern of which trends are reckoned.
#[derive(Debug)]
pub(super) struct Trends {
    all: All,
    asked: Asked,
    reads: Vec<PatternRead>,
    seq: bool,
    timed: i64,
    wide: u64,
}

/// What is asked of trends.
#[derive(Debug)]
struct Asked {
    calls: Vec<(TrendFunction, Option<usize>)>,
    /// The steps of each repetition that is asked about, and the value by step.
    overs: Vec<(Vec<StepId>, Vec<(StepId, ValueId)>)>,
    /// For each the first call that is about it.
    first: Vec<usize>,
}

impl Asked {
    fn new(pattern: &Pattern) -> Self {
        let mut made = Self {
            calls: Vec::new(),
            overs: Vec::new(),
            first: Vec::new(),
        };
        for (number, call) in pattern.trends.iter().enumerate() {
            let over = call.over.as_ref().map(|(alias, values)| {
                let wanted = (pattern.aliases[*alias].steps.clone(), values.clone());
                let known = made.overs.iter().position(|over| *over == wanted);
                known.unwrap_or_else(|| {
                    made.overs.push(wanted);
                    made.first.push(number);
                    made.overs.len() - 1
                })
            });
            made.calls.push((call.function, over));
        }
        made
    }

    /// Trends go on with an event.
    fn extend(&self, store: &Store, total: &mut Total, (step, event): Taken, errors: &mut Vec<(usize, String)>) {
        for (at, (steps, values)) in self.overs.iter().enumerate() {
            if !steps.contains(&step) {
                continue;
            }
            let value = values.iter().find(|(of, _)| *of == step).map(|(_, value)| {
                let (column, row) = store.value(event, *value);
                column.value(row)
            });
            if let Err(message) = total.extend(at, &value.unwrap_or_default()) {
                errors.push((self.first[at], message));
            }
        }
    }
}

/// A row.
struct Row {
    place: Place,
    time: i64,
    event: EventId,
    total: Total,
}

impl Trends {
    pub(super) fn new(pattern: &Pattern, lateness: i64, timed: bool, seq: bool) -> Self {
        Self {
            all: All::new(pattern, lateness, timed, seq),
            asked: Asked::new(pattern),
            reads: pattern.reads.clone(),
            seq,
            timed: i64::from(timed),
            wide: 0,
        }
    }

    /// Takes rows, and moves the clock; every row that stands before `until` has come.
    pub(super) fn run(
        &mut self,
        batches: &[(u8, Batch)],
        until: Place,
        ending: Option<Ending>,
        judge: &mut Judge<'_>,
    ) -> Matches {
        let mut rows: Vec<Row> = Vec::new();
        let mut errors: Vec<(usize, String)> = Vec::new();
        let (asked, timed) = (&self.asked, self.timed);
        let mut complete = |all: &mut All, done: Vec<(SlotId, Node)>, deadline: Option<i64>, judge: &mut Judge<'_>| {
            let mut totals: IndexMap<(u32, u64, usize), (EventId, Total), FixedHasher> = IndexMap::default();
            let mut rows_of: IndexMap<(u32, u64, usize), Vec<EventId>, FixedHasher> = IndexMap::default();
            for (slot, node) in done {
                let total = total(all, asked, (slot, node), deadline, (judge, &mut errors));
                if total.is_none() {
                    continue;
                }
                // An event that comes through several inputs is one; an input may have several rows of it.
                let input = all.pattern.steps[all.graph.slots[slot as usize].step].input;
                let rows = rows_of.entry((node.partition, node.tick, input)).or_default();
                let number = rows.iter().position(|&row| row == node.event).unwrap_or_else(|| {
                    rows.push(node.event);
                    rows.len() - 1
                });
                let known = totals.entry((node.partition, node.tick, number));
                let known = known.or_insert_with(|| (node.event, Total::none(asked.overs.len())));
                known.1.add(&total);
            }
            for (event, total) in totals.into_values() {
                let of = all.store.get(event);
                rows.push(Row {
                    place: match deadline {
                        None => of.place,
                        Some(deadline) => of.place.timer(deadline.saturating_add(timed), Rank::Deadline),
                    },
                    time: deadline.unwrap_or(of.time),
                    event,
                    total,
                });
            }
        };
        self.all.take(batches, until, ending, judge, &mut complete);
        rows.sort_by_key(|row| row.place);
        let made = self.made(rows);
        self.all.settle_round();
        Matches {
            made,
            errors: self.told(errors),
        }
    }

    fn made(&mut self, rows: Vec<Row>) -> Made {
        let store = &self.all.store;
        let totals: Vec<Total> = rows.iter().map(|row| row.total.clone()).collect();
        let events = || rows.iter().map(|row| row.event);
        let mut columns: Vec<Column> = Vec::with_capacity(self.reads.len() + 1);
        for read in &self.reads {
            columns.push(match &read.how {
                How::Key(number) => store.keys(*number, events()),
                How::Trend(number) => {
                    let (function, over) = self.asked.calls[*number];
                    total::column(&totals, function, over, &mut self.wide)
                }
                _ => Column::nulls(rows.len()),
            });
        }
        if self.seq {
            columns.push(store.seqs(events()));
        }
        Made {
            places: rows.iter().map(|row| row.place).collect(),
            times: rows.iter().map(|row| row.time).collect(),
            columns,
        }
    }

    /// The errors of each call, by the number of its read.
    fn told(&self, errors: Vec<(usize, String)>) -> Vec<CallErrors> {
        let mut all: Vec<CallErrors> = Vec::new();
        for (number, message) in errors {
            let Some(call) = self.reads.iter().position(|read| read.how == How::Trend(number)) else {
                continue;
            };
            match all.iter_mut().find(|known| known.call == call) {
                Some(known) => known.count += 1,
                None => all.push(CallErrors {
                    call,
                    count: 1,
                    message,
                }),
            }
        }
        all
    }

    pub(super) fn peak(&self) -> usize {
        self.all.peak()
    }

    pub(super) fn bytes(&self) -> usize {
        self.all.bytes()
    }

    /// What it still waits for.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            wide: self.wide,
            ..self.all.standing()
        }
    }
}

/// The total over all trends that end at a node.
fn total(
    all: &All,
    asked: &Asked,
    (slot, node): (SlotId, Node),
    deadline: Option<i64>,
    (judge, errors): (&mut Judge<'_>, &mut Vec<(usize, String)>),
) -> Total {
    if let Some((total, told)) = Reckoning::total(all, asked, slot, &node) {
        errors.extend(told);
        return total;
    }
    let mut total = Total::none(asked.overs.len());
    let mut seen: IndexSet<Vec<Taken>, FixedHasher> = IndexSet::default();
    all.combinations(slot, node, deadline.unwrap_or(i64::MAX), judge, &mut |path| {
        let taken = taken(&path);
        if !seen.insert(taken.clone()) {
            return;
        }
        let mut one = Total::none(asked.overs.len());
        one.begin();
        for event in taken {
            asked.extend(&all.store, &mut one, event, errors);
        }
        total.add(&one);
    });
    total
}
