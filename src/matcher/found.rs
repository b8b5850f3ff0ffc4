//! Matches, once they are determined, until their rows are made.

use super::store::EventId;
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
