//! Matches, once they are determined, until their rows are made.

use std::cmp::Ordering;

use super::store::{EventId, Store};
use crate::data::Place;
use crate::ir::StepId;

/// A match.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Where its row stands.
    pub(super) place: Place,
    /// The event time of its row, in nanoseconds.
    pub(super) time: i64,
    /// `match_end`: the time of the last event, or of the deadline that was waited for.
    pub(super) end: i64,
    /// Its first and last events, in replay order.
    pub(super) first: EventId,
    pub(super) last: EventId,
    /// The event whose `_seq` its row has: the one that completed it; of deadlines and ends the first.
    pub(super) by: EventId,
    /// All its events, with the steps that took them: by step, those of one step in order.
    pub(super) taken: Vec<(StepId, EventId)>,
}

impl Store {
    /// The order of rows (LANGUAGE.md, section 11): by place; of one place by the events of each step,
    /// compared from the last step back to the first, older first, a longer list before its own tail.
    pub(super) fn in_output(&self, a: &Found, b: &Found) -> Ordering {
        a.place.cmp(&b.place).then_with(|| self.back(a, b))
    }

    fn back(&self, a: &Found, b: &Found) -> Ordering {
        let mut pairs = a.taken.iter().rev().zip(b.taken.iter().rev());
        let unlike = pairs.find(|(one, other)| one != other);
        let Some(((step, event), (other_step, other_event))) = unlike else {
            return b.taken.len().cmp(&a.taken.len());
        };
        // Of unlike steps, the later one has a list that is longer than the other's.
        let tick = |event: &EventId| self.get(*event).tick;
        other_step
            .cmp(step)
            .then_with(|| tick(event).cmp(&tick(other_event)))
            .then_with(|| event.cmp(other_event))
    }
}
