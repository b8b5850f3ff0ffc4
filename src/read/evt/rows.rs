//! What was decoded of rewritten lines, with the places and texts of the lines themselves.

use std::sync::Arc;

use super::line::Faults;
use crate::data::{BadRecord, Column, EventRows, FieldId, Position, Pseudo, Rows, Value};
use crate::read::framing::content;
use crate::read::{Clock, Decoded, MorselText};

/// The lines of a morsel.
#[derive(Debug)]
pub(super) struct Lines {
    text: MorselText,
    /// Where each line begins, and where the text ends.
    starts: Vec<u32>,
    faults: Faults,
}

impl Lines {
    /// Where the rewritten text is said to begin.
    pub(super) const OFFSET: u64 = 1;

    pub(super) fn new(text: MorselText, faults: Faults) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', &text.bytes).map(|at| at as u32 + 1));
        if starts.last() != Some(&(text.bytes.len() as u32)) {
            starts.push(text.bytes.len() as u32);
        }
        Self { text, starts, faults }
    }

    /// Where a line begins in the morsel, and what it says, without blanks around it.
    fn line(&self, nth: u64) -> (usize, &[u8]) {
        let bounds = self.starts.get(nth as usize).zip(self.starts.get(nth as usize + 1));
        let Some((start, end)) = bounds else {
            return (self.text.bytes.len(), &[]);
        };
        let (start, end) = (*start as usize, *end as usize);
        let line = content(&self.text.bytes.as_slice()[start..end]);
        let blank = line.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        (start + blank, line.trim_ascii())
    }

    fn offset(&self, line: u64) -> u64 {
        self.text.offset + self.line(line).0 as u64
    }

    /// A bad record as its line stands in the input.
    fn bad(&self, bad: BadRecord) -> BadRecord {
        let (_, text) = self.line(bad.line);
        let offset = self.offset(bad.line);
        let (at, reason) = match self.faults.get(&bad.line) {
            Some(fault) => {
                let start = self.starts.get(bad.line as usize).copied().unwrap_or(0);
                (
                    self.text.offset + u64::from(start) + fault.at as u64,
                    fault.reason.clone(),
                )
            }
            None => (offset, bad.reason),
        };
        BadRecord {
            position: Position { offset, ..bad.position },
            at,
            reason,
            text: text.to_vec(),
            ..bad
        }
    }

    /// The same decoded records, in their places.
    pub(super) fn apply(self, decoded: Decoded, bytes: u64) -> Decoded {
        let lines = Arc::new(self);
        let batches = decoded.batches.into_iter().map(|(of, rows)| {
            let lines = Arc::clone(&lines);
            (of, Arc::new(EvtRows { rows, lines }) as Arc<dyn EventRows>)
        });
        Decoded {
            batches: batches.collect(),
            bad: decoded.bad.into_iter().map(|bad| lines.bad(bad)).collect(),
            bytes,
            clock: Arc::new(EvtClock {
                clock: decoded.clock,
                lines,
            }),
            ..decoded
        }
    }
}

/// Rows that stand in other places than they were read from.
#[derive(Debug)]
struct EvtRows {
    rows: Arc<dyn EventRows>,
    lines: Arc<Lines>,
}

impl Rows for EvtRows {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        self.rows.column(field, rows)
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        self.rows.pseudo(which, rows)
    }

    fn whole(&self, row: u32) -> Value {
        self.rows.whole(row)
    }
}

impl EventRows for EvtRows {
    fn position(&self, row: u32) -> Position {
        Position {
            offset: self.lines.offset(self.rows.line(row)),
            ..self.rows.position(row)
        }
    }

    fn line(&self, row: u32) -> u64 {
        self.rows.line(row)
    }

    fn text(&self, row: u32) -> &[u8] {
        self.lines.line(self.rows.line(row)).1
    }

    fn members(&self, row: u32, out: &mut Vec<u8>) {
        self.rows.members(row, out);
    }

    fn take_bad(&self) -> Vec<(u32, BadRecord)> {
        let bad = self.rows.take_bad().into_iter();
        bad.map(|(row, bad)| (row, self.lines.bad(bad))).collect()
    }
}

/// The times of such rows.
#[derive(Debug)]
struct EvtClock {
    clock: Arc<dyn Clock>,
    lines: Arc<Lines>,
}

impl Clock for EvtClock {
    fn first_time(&self) -> Option<i64> {
        self.clock.first_time()
    }

    fn last_time(&self) -> Option<i64> {
        self.clock.last_time()
    }

    fn max_time(&self) -> Option<i64> {
        self.clock.max_time()
    }

    fn disorder(&self) -> Option<(u64, i64, i64)> {
        self.clock.disorder()
    }

    fn records(&self) -> Vec<(u64, Option<i64>)> {
        // Records come in order, one for each line that is neither blank nor a comment nor a `BATCH`.
        let mut places = self.lines.records();
        let times = self.clock.records().into_iter();
        times
            .map(|(_, time)| (places.next().unwrap_or_default(), time))
            .collect()
    }
}

impl Lines {
    /// Where the records begin, in order.
    fn records(&self) -> impl Iterator<Item = u64> {
        (0..self.starts.len() as u64 - 1).filter_map(|nth| {
            let (start, line) = self.line(nth);
            let sound = || super::time::batch(line).is_some_and(|time| time.is_some());
            let none = line.is_empty() || line.starts_with(b"#") || line.starts_with(b"//") || sound();
            (!none).then_some(self.text.offset + start as u64)
        })
    }
}
