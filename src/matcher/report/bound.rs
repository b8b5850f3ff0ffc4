//! The events that are bound to an alias.
//!
//! Events stand by step, so those of one step are found by halving. Where several steps have one name,
//! its events are put in order; numbers of events are in order of the replay.

use super::{Taken, cut};
use crate::data::Column;
use crate::ir::StepId;

/// The events that a step took.
pub(super) fn of_step(step: StepId, taken: &[Taken]) -> &[Taken] {
    let from = taken.partition_point(|one| one.0 < step);
    let behind = &taken[from..];
    // Most steps take one event.
    let len = match behind {
        [] => 0,
        [only] => usize::from(only.0 == step),
        [_, next, ..] if next.0 > step => usize::from(behind[0].0 == step),
        _ => behind.partition_point(|one| one.0 == step),
    };
    &behind[..len]
}

/// The first event bound to a name.
pub(super) fn first(steps: &[StepId], taken: &[Taken]) -> Option<Taken> {
    let firsts = steps.iter().filter_map(|&step| of_step(step, taken).first());
    firsts.min_by_key(|one| one.1).copied()
}

/// The last one.
pub(super) fn last(steps: &[StepId], taken: &[Taken]) -> Option<Taken> {
    let lasts = steps.iter().filter_map(|&step| of_step(step, taken).last());
    lasts.max_by_key(|one| one.1).copied()
}

/// The one with a number, from the end when it is negative.
pub(super) fn nth(steps: &[StepId], taken: &[Taken], n: i64) -> Option<Taken> {
    let pick = |all: &[Taken]| {
        let from_end = usize::try_from(n.unsigned_abs()).ok()?;
        let at = if n < 0 {
            all.len().checked_sub(from_end)?
        } else {
            from_end
        };
        all.get(at).copied()
    };
    match steps {
        [step] => pick(of_step(*step, taken)),
        _ => {
            let mut all = Vec::new();
            bound(steps, taken, &mut all);
            pick(&all)
        }
    }
}

/// How many there are.
pub(super) fn count(steps: &[StepId], taken: &[Taken]) -> usize {
    steps.iter().map(|&step| of_step(step, taken).len()).sum()
}

/// Adds all of them, in order.
fn bound(steps: &[StepId], taken: &[Taken], all: &mut Vec<Taken>) {
    let from = all.len();
    steps.iter().for_each(|&step| all.extend(of_step(step, taken)));
    if steps.len() > 1 {
        all[from..].sort_unstable_by_key(|one| one.1);
    }
}

/// The events bound to a name, of many runs or matches one after another.
#[derive(Debug)]
pub(super) struct Events {
    events: Vec<Taken>,
    /// How many are of each.
    lens: Vec<usize>,
}

impl Events {
    pub(super) fn of(steps: &[StepId], subjects: &[&[Taken]]) -> Self {
        let mut made = Self {
            events: Vec::new(),
            lens: Vec::with_capacity(subjects.len()),
        };
        for taken in subjects {
            let before = made.events.len();
            bound(steps, taken, &mut made.events);
            made.lens.push(made.events.len() - before);
        }
        made
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Taken> {
        self.events.iter().copied()
    }

    /// For each event whose it is.
    pub(super) fn subjects(&self) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.events.len());
        for (subject, len) in self.lens.iter().enumerate() {
            all.resize(all.len() + len, subject as u32);
        }
        all
    }

    /// A value of each event as a list for each subject.
    pub(super) fn lists(&self, values: &Column) -> Column {
        cut(values, self.lens.iter().copied())
    }
}
