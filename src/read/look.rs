//! The look-through: what the times of a morsel's records are, and nothing else.
//!
//! A quick look may take a malformed record for a sound one (it reads the time and not the rest), so
//! the times it finds are those of decoding and perhaps a few more; an exact look finds those of
//! decoding. Both count the same records and lines.
//!
//! Cost: JSON lines that begin alike up to their time, a search for the line's end and the reading of
//! the time; all else what it costs to find the records.

use std::sync::Arc;

use super::json;
use super::morsels::Writing;
use super::stream::PieceKind;
use super::{Clock, DecodePlan, Decoded, Morsel, MorselText};

/// What was seen of a morsel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Non-blank records, bad ones included.
    pub records: u64,
    /// Lines, blank ones included.
    pub lines: u64,
    /// How many records come before the first that has a time.
    pub untimed: u64,
    /// The times of all records from the first that has one on, in nanoseconds; a record that has
    /// none has that of the record before it.
    pub times: Vec<i64>,
}

impl Look {
    /// Notes the next record.
    pub(super) fn add(&mut self, time: Option<i64>) {
        self.records += 1;
        match time.or(self.times.last().copied()) {
            Some(time) => self.times.push(time),
            None => self.untimed += 1,
        }
    }

    /// The time of the first record that has one.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        self.times.first().copied()
    }

    /// The time of the last record.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.times.last().copied()
    }

    /// Smallest and largest time.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        let first = self.first()?;
        let wider = |(low, high): (i64, i64), &time: &i64| (low.min(time), high.max(time));
        Some(self.times.iter().fold((first, first), wider))
    }
}

impl Morsel {
    /// The times of its records. Columns cannot be asked for.
    pub(super) fn clock(&self, plan: &Arc<DecodePlan>) -> Arc<dyn Clock> {
        match (self.piece.kind, &self.writing) {
            (PieceKind::Records, Writing::Json) => json::clock(self.piece_text(), plan, self.info.clone()),
            _ => self.decode(plan).clock,
        }
    }

    fn piece_text(&self) -> MorselText {
        MorselText {
            bytes: self.piece.text.clone(),
            offset: self.piece.offset,
        }
    }

    /// Looks through the morsel. With `exact`, no record has a time that decoding does not find.
    #[must_use]
    pub fn look(&self, plan: &Arc<DecodePlan>, exact: bool) -> Look {
        if let (PieceKind::Records, Writing::Json) = (self.piece.kind, &self.writing) {
            return json::look(self.piece_text(), plan, self.info.clone(), exact);
        }
        self.look_decoded(plan).0
    }

    /// The same, with what it took to find the records: decoded once for both. The look is exact.
    #[must_use]
    pub fn look_decoded(&self, plan: &Arc<DecodePlan>) -> (Look, Decoded) {
        let decoded = self.decode(plan);
        let mut look = Look {
            lines: decoded.lines,
            ..Look::default()
        };
        let clock: &dyn Clock = &*decoded.clock;
        clock.records().into_iter().for_each(|(_, time)| look.add(time));
        (look, decoded)
    }
}
