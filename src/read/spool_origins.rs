//! Where the records of a morsel came from that was put together from a sorted input.
//!
//! The morsel is decoded like any other; then everything that says where a record stands is put
//! right: positions, lines, `_seq`, places of errors.

use std::sync::Arc;

use arrow::array::Int64Array;

use super::{Clock, Decoded};
use crate::data::{BadRecord, Column, EventRows, FieldId, Position, Pseudo, Rows, Value};

/// Where such morsels begin to be counted: behind every offset of an input.
pub(super) const SPOOLED: u64 = 1 << 62;

/// Of each record of a morsel where it begins there, and where it came from.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// Where the morsel begins.
    pub(super) base: u64,
    starts: Vec<u64>,
    /// Offset and line in the input, and number.
    from: Vec<(u64, u64, u64)>,
}

impl Origins {
    pub(super) fn add(&mut self, start: usize, from: (u64, u64, u64)) {
        self.starts.push(start as u64);
        self.from.push(from);
    }

    /// Where what begins at an offset came from: the offset, its line, its record's number.
    fn of(&self, offset: u64) -> (u64, u64, u64) {
        let at = offset.saturating_sub(self.base);
        let nth = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        let (from, line, seq) = self.from.get(nth).copied().unwrap_or_default();
        (from + at - self.starts.get(nth).copied().unwrap_or(at), line, seq)
    }

    fn position(&self, position: Position) -> Position {
        Position {
            offset: self.of(position.offset).0,
            ..position
        }
    }

    fn bad(&self, bad: BadRecord) -> BadRecord {
        let (offset, line, _) = self.of(bad.position.offset);
        BadRecord {
            position: Position { offset, ..bad.position },
            line,
            at: self.of(bad.at).0,
            ..bad
        }
    }

    /// Puts right what was decoded of the morsel.
    pub(super) fn apply(self: &Arc<Self>, decoded: Decoded) -> Decoded {
        let batches = decoded.batches.into_iter().map(|(of, inner)| {
            let origins = Arc::clone(self);
            (of, Arc::new(Spooled { inner, origins }) as Arc<dyn EventRows>)
        });
        Decoded {
            batches: batches.collect(),
            bad: decoded.bad.into_iter().map(|bad| self.bad(bad)).collect(),
            clock: Arc::new(SpooledClock {
                inner: decoded.clock,
                origins: Arc::clone(self),
            }),
            ..decoded
        }
    }
}

/// Rows whose places are put right.
#[derive(Debug)]
struct Spooled {
    inner: Arc<dyn EventRows>,
    origins: Arc<Origins>,
}

impl Rows for Spooled {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        self.inner.column(field, rows)
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        if which != Pseudo::Seq {
            return self.inner.pseudo(which, rows);
        }
        let seq = |row: u32| self.origins.of(self.inner.position(row).offset).2 as i64;
        let seqs: Int64Array = match rows {
            Some(rows) => rows.iter().map(|row| Some(seq(*row))).collect(),
            None => (0..self.len() as u32).map(|row| Some(seq(row))).collect(),
        };
        Column::Int(seqs)
    }

    fn whole(&self, row: u32) -> Value {
        self.inner.whole(row)
    }
}

impl EventRows for Spooled {
    fn position(&self, row: u32) -> Position {
        self.origins.position(self.inner.position(row))
    }

    fn line(&self, row: u32) -> u64 {
        self.origins.of(self.inner.position(row).offset).1
    }

    fn text(&self, row: u32) -> &[u8] {
        self.inner.text(row)
    }

    fn members(&self, row: u32, out: &mut Vec<u8>) {
        self.inner.members(row, out);
    }

    fn take_bad(&self) -> Vec<(u32, BadRecord)> {
        let bad = self.inner.take_bad().into_iter();
        bad.map(|(row, bad)| (row, self.origins.bad(bad))).collect()
    }
}

/// Times whose places are put right.
#[derive(Debug)]
struct SpooledClock {
    inner: Arc<dyn Clock>,
    origins: Arc<Origins>,
}

impl Clock for SpooledClock {
    fn first_time(&self) -> Option<i64> {
        self.inner.first_time()
    }

    fn last_time(&self) -> Option<i64> {
        self.inner.last_time()
    }

    fn max_time(&self) -> Option<i64> {
        self.inner.max_time()
    }

    fn disorder(&self) -> Option<(u64, i64, i64)> {
        self.inner.disorder()
    }

    fn records(&self) -> Vec<(u64, Option<i64>)> {
        let records = self.inner.records().into_iter();
        records
            .map(|(offset, time)| (self.origins.of(offset).0, time))
            .collect()
    }
}
