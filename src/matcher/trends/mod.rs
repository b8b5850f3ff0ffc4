//! `.trend_aggregate(..)`: what is reckoned over all combinations, without making any where it can be.
//!
//! An event that completes trends gives one row. Where nothing but order and one key relates the events of
//! a trend, an event is a small matrix, and the window's product tells (see [`window`]). Else the events
//! are kept as the nodes of [`super::any`], and the total over the paths to one is that over its
//! predecessors (see [`reckon`]); where conditions look further back than to the neighboring event, the
//! combinations are listed one by one, and added up.

mod exact;
mod plain;
mod reckon;
mod total;
mod window;

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
use plain::Plain;
use reckon::Reckoning;
use total::Total;

/// Steps, and the value of each that is asked for.
type Over = (Vec<StepId>, Vec<(StepId, ValueId)>);

/// The state of one pattern of which trends are reckoned.
#[derive(Debug)]
pub(super) struct Trends {
    way: Way,
    asked: Asked,
    reads: Vec<PatternRead>,
    seq: bool,
    timed: i64,
    wide: u64,
    peak: usize,
}

/// How.
#[derive(Debug)]
enum Way {
    /// By matrices.
    Plain(Box<Plain>),
    /// By the nodes of all combinations.
    Nodes(Box<All>),
}

/// What is asked of trends.
#[derive(Debug)]
struct Asked {
    calls: Vec<(TrendFunction, Option<usize>)>,
    /// The steps of each repetition that is asked about, and the value by step.
    overs: Vec<Over>,
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
    /// Its partition, and which of the rows that its event is there.
    of: (u32, usize),
    total: Total,
}

impl Trends {
    pub(super) fn new(pattern: &Pattern, lateness: i64, timed: bool, seq: bool) -> Self {
        let in_order = lateness == 0 && !timed;
        let plain = in_order.then(|| Plain::of(pattern, seq)).flatten();
        Self {
            way: match plain {
                Some(plain) => Way::Plain(Box::new(plain)),
                None => Way::Nodes(Box::new(All::new(pattern, lateness, timed, seq))),
            },
            asked: Asked::new(pattern),
            reads: pattern.reads.clone(),
            seq,
            timed: i64::from(timed),
            wide: 0,
            peak: 0,
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
        match &mut self.way {
            Way::Plain(plain) => rows = plain.run(asked, batches, &mut errors),
            Way::Nodes(all) => all.take(batches, until, ending, judge, &mut |all, done, deadline, judge| {
                add(
                    all,
                    asked,
                    &done,
                    deadline.map(|time| (time, timed)),
                    judge,
                    (&mut rows, &mut errors),
                );
            }),
        }
        rows.sort_by_key(|row| row.place);
        let store = match &self.way {
            Way::Plain(plain) => &plain.store,
            Way::Nodes(all) => &all.store,
        };
        let made = made(store, (&self.reads, &self.asked, self.seq), &rows, &mut self.wide);
        match &mut self.way {
            Way::Plain(plain) => {
                self.peak = self.peak.max(plain.bytes());
                plain.settle();
            }
            Way::Nodes(all) => all.settle_round(),
        }
        Matches {
            made,
            errors: self.told(errors),
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
        match &self.way {
            Way::Plain(_) => self.peak,
            Way::Nodes(all) => all.peak(),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.way {
            Way::Plain(plain) => plain.bytes(),
            Way::Nodes(all) => all.bytes(),
        }
    }

    /// What it still waits for.
    pub(super) fn standing(&self) -> Standing {
        let standing = match &self.way {
            Way::Plain(plain) => Standing {
                runs: plain.held() as u64,
                ..Standing::default()
            },
            Way::Nodes(all) => all.standing(),
        };
        Standing {
            wide: self.wide,
            ..standing
        }
    }
}

/// The columns of rows.
fn made(store: &Store, (reads, asked, seq): (&[PatternRead], &Asked, bool), rows: &[Row], wide: &mut u64) -> Made {
    let events = || rows.iter().map(|row| row.event);
    let mut columns: Vec<Column> = Vec::with_capacity(reads.len() + 1);
    for read in reads {
        columns.push(match &read.how {
            How::Key(number) => store.keys(*number, events()),
            How::Trend(number) => {
                let (function, over) = asked.calls[*number];
                total::column(rows.iter().map(|row| &row.total), function, over, wide)
            }
            _ => Column::nulls(rows.len()),
        });
    }
    if seq {
        columns.push(store.seqs(events()));
    }
    Made {
        places: rows.iter().map(|row| row.place).collect(),
        times: rows.iter().map(|row| row.time).collect(),
        columns,
    }
}

/// Adds the rows of nodes that one tick or deadline has completed. `deadline`: and how much later it is
/// determined.
fn add(
    all: &All,
    asked: &Asked,
    done: &[(SlotId, Node)],
    deadline: Option<(i64, i64)>,
    judge: &mut Judge<'_>,
    (rows, errors): (&mut Vec<Row>, &mut Vec<(usize, String)>),
) {
    let first = rows.len();
    // An event that comes through several inputs is one; an input may have several rows of it.
    let mut of_input: IndexMap<(u32, u64, usize), Vec<EventId>, FixedHasher> = IndexMap::default();
    let mut ticks: Vec<u64> = Vec::new();
    for &(slot, node) in done {
        let total = total(all, asked, (slot, node), deadline.map(|one| one.0), (judge, errors));
        if total.is_none() {
            continue;
        }
        let input = all.pattern.steps[all.graph.slots[slot as usize].step].input;
        let events = of_input.entry((node.partition, node.tick, input)).or_default();
        let number = events.iter().position(|&event| event == node.event).unwrap_or_else(|| {
            events.push(node.event);
            events.len() - 1
        });
        let same = |at: &usize| ticks[*at] == node.tick && rows[first + at].of == (node.partition, number);
        if let Some(at) = (0..ticks.len()).find(same) {
            rows[first + at].total.add(&total);
            continue;
        }
        let of = all.store.get(node.event);
        ticks.push(node.tick);
        rows.push(Row {
            place: match deadline {
                None => of.place,
                Some((time, later)) => of.place.timer(time.saturating_add(later), Rank::Deadline),
            },
            time: deadline.map_or(of.time, |one| one.0),
            event: node.event,
            of: (node.partition, number),
            total,
        });
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
