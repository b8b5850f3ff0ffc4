//! The conditions of a step that look at what the run has taken.

use std::cell::RefCell;

use super::compare;
use super::folds::Folds;
use super::report::Subjects;
use super::runs::Capture;
use super::store::EventId;
use super::taken::Taken;
use super::{Asked, Asking};
use crate::data::Column;
use crate::ir::{How, PatternRead, StepId, ValueId, Which};

/// The event that a condition is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// A row of this round.
    Fresh((u32, u32)),
    /// An event that was kept.
    Kept(EventId),
}

impl Subject {
    fn value<'s>(self, asking: &'s Asking<'_, '_>, value: ValueId) -> (&'s Column, usize) {
        match self {
            Self::Fresh((segment, row)) => (asking.store.fresh(segment, value), row as usize),
            Self::Kept(event) => asking.store.value(event, value),
        }
    }
}

/// Whether the comparisons of a step hold, but for the one that a look-up has settled.
pub(super) fn compares(
    asking: &Asking<'_, '_>,
    taken: Taken<'_>,
    captures: &[Capture],
    step: StepId,
    subject: Subject,
    settled: Option<usize>,
) -> bool {
    let of = &asking.pattern.steps[step];
    of.compare.iter().enumerate().all(|(at, one)| {
        if Some(at) == settled {
            return true;
        }
        let own = subject.value(asking, one.own);
        match taken.bound(captures, &one.other) {
            Some((by, event)) => {
                let value = one.other.values.iter().find(|(of, _)| *of == by);
                let value = value.map_or(0, |value| value.1);
                compare::holds(one.op, own, asking.store.value(event, value))
            }
            None if of.alias == Some(one.other.alias) => true,
            None => one.op == crate::ir::BinaryOp::Ne,
        }
    })
}

/// Which of some events, each with what a run has taken, satisfy the rest of a step's condition.
pub(super) fn rest(
    asking: &mut Asking<'_, '_>,
    taken: Taken<'_>,
    step: StepId,
    of: Vec<(Subject, &[Capture])>,
) -> Vec<u32> {
    let pattern = asking.pattern;
    let Some(rest) = &pattern.steps[step].rest else {
        return (0..of.len() as u32).collect();
    };
    let own = |value: ValueId| own(asking, &of, value);
    let mut asked = Asked {
        len: of.len(),
        fields: rest.own.iter().map(|&(field, value)| (field, own(value))).collect(),
        pseudo: rest.pseudo.iter().map(|&(which, value)| (which, own(value))).collect(),
        whole: rest.whole.map(own),
        quiet: false,
    };
    let captures: Vec<&[Capture]> = of.iter().map(|one| one.1).collect();
    for read in &rest.reads {
        asked.fields.push((read.field, column(asking, taken, &captures, read)));
    }
    (asking.judge)(rest.condition, asked)
}

fn own(asking: &Asking<'_, '_>, of: &[(Subject, &[Capture])], value: ValueId) -> Column {
    let same = |a: Subject, b: Subject| matches!((a, b), (Subject::Fresh(a), Subject::Fresh(b)) if a == b);
    if of.iter().all(|one| same(one.0, of[0].0)) {
        let (column, row) = of[0].0.value(asking, value);
        return Column::Const(column.value(row), of.len());
    }
    let values = of.iter().map(|one| {
        let (column, row) = one.0.value(asking, value);
        column.value(row)
    });
    Column::from_values(values.collect())
}

/// A value that a condition reads of each of some runs.
fn column(asking: &Asking<'_, '_>, taken: Taken<'_>, captures: &[&[Capture]], read: &PatternRead) -> Column {
    let pattern = asking.pattern;
    let store = asking.store;
    match &read.how {
        How::One(bound) => {
            let events = captures.iter().map(|captures| taken.bound(captures, bound));
            store.gather(&bound.values, events.map(|event| event.unwrap_or(NOTHING)))
        }
        How::Nth(bound, at @ (0 | -1)) => {
            let which = if *at == 0 { Which::First } else { Which::Last };
            let bound = crate::ir::Bound { which, ..bound.clone() };
            let events = captures.iter().map(|captures| taken.bound(captures, &bound));
            store.gather(&bound.values, events.map(|event| event.unwrap_or(NOTHING)))
        }
        How::Count(alias) => {
            let steps = &pattern.aliases[*alias].steps;
            let count = |captures: &&[Capture]| {
                let all = steps.iter().map(|&step| i64::from(taken.count(captures[step])));
                all.sum::<i64>()
            };
            Column::Int(captures.iter().map(count).collect::<Vec<i64>>().into())
        }
        how => {
            let kept = |(folds, runs): (&RefCell<Folds>, _)| folds.borrow_mut().read(how, runs, taken, store);
            if let Some(column) = asking.folds.and_then(kept) {
                return column;
            }
            let steps = how_steps(asking, how);
            let lists: Vec<Vec<(StepId, EventId)>> =
                captures.iter().map(|captures| taken.list(captures, &steps)).collect();
            let of = Subjects::runs(lists.iter().map(Vec::as_slice).collect());
            let reads = std::slice::from_ref(read);
            let mut asked = asking.reporter.asked(store, reads, &of, (&mut Vec::new(), 0));
            asked
                .fields
                .pop()
                .map_or_else(|| Column::nulls(captures.len()), |field| field.1)
        }
    }
}

/// The steps that a value is about.
fn how_steps(asking: &Asking<'_, '_>, how: &How) -> Vec<StepId> {
    let mut steps = match how {
        How::One(bound) | How::Nth(bound, _) | How::List(bound) => asking.pattern.aliases[bound.alias].steps.clone(),
        How::Count(alias) | How::Aggregate { alias, .. } => asking.pattern.aliases[*alias].steps.clone(),
        _ => super::program::steps(&asking.pattern.shape),
    };
    steps.sort_unstable();
    steps
}

const NOTHING: (StepId, EventId) = (0, super::store::NO_EVENT);
