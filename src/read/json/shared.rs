//! What the batches of a morsel have in common.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::compiled::Compiled;
use super::fault::Fault;
use super::record::{RecordLine, RecordReader, each_record};
use super::{exact, scratch};
use crate::data::{BadRecord, Position};
use crate::read::{BaseCell, Clock, InputInfo, MorselText};

/// With how many bytes the search for a time begins.
const PIECE: usize = 512;

/// A morsel, and what is known of it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) text: MorselText,
    pub(super) input: InputInfo,
    pub(super) compiled: Arc<Compiled>,
    pub(super) base: Arc<BaseCell>,
    /// Integers that became floats.
    pub(super) big_ints: Arc<AtomicU64>,
    timeline: OnceLock<Timeline>,
}

/// The times of a morsel's records.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    /// For each record its time or that of the last one before it that has one; empty if every row
    /// knows its own.
    carried: Vec<Option<i64>>,
    first: Option<i64>,
    last: Option<i64>,
    max: Option<i64>,
    disorder: Option<(u64, i64, i64)>,
}

impl Timeline {
    /// Notes the time of the next record, if it has one.
    pub(super) fn add(&mut self, line: u64, time: Option<i64>) {
        let Some(time) = time else {
            return;
        };
        if let Some(max) = self.max
            && time < max
        {
            self.disorder.get_or_insert((line, time, max));
        }
        self.first.get_or_insert(time);
        self.last = Some(time);
        self.max = self.max.max(Some(time));
    }

    /// The time that a record without one has, as far as the morsel tells.
    pub(super) fn last(&self) -> Option<i64> {
        self.last
    }
}

impl Shared {
    pub(super) fn new(text: MorselText, input: InputInfo, compiled: Arc<Compiled>) -> Self {
        Self {
            text,
            input,
            compiled,
            base: Arc::default(),
            big_ints: Arc::default(),
            timeline: OnceLock::new(),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.text.bytes.as_slice()
    }

    /// Where the records begin: behind a byte order mark at the start of the input.
    pub(super) fn first_byte(&self) -> usize {
        let mark = self.text.offset == 0 && self.bytes().starts_with(b"\xef\xbb\xbf");
        3 * usize::from(mark)
    }

    pub(super) fn count_big_ints(&self, n: u64) {
        if n > 0 {
            self.big_ints.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// A bad record: its text is `start..end` of the morsel, as are the positions of the fault.
    pub(super) fn bad(&self, start: usize, end: usize, line: u64, fault: Fault) -> BadRecord {
        BadRecord {
            position: self.position(start),
            line,
            at: self.text.offset + fault.at as u64,
            cause: fault.cause,
            reason: fault.reason,
            text: self.bytes()[start..end].to_vec(),
        }
    }

    pub(super) fn position(&self, start: usize) -> Position {
        Position {
            input: self.input.number,
            offset: self.text.offset + start as u64,
        }
    }

    /// Hands over the times found while records were looked for.
    pub(super) fn set_timeline(&self, timeline: Timeline) {
        let _ = self.timeline.set(timeline);
    }

    /// The time of record `nth`, or of the last one before it that has one.
    pub(super) fn carried(&self, nth: usize) -> Option<i64> {
        self.timeline().carried.get(nth).copied().flatten()
    }

    fn timeline(&self) -> &Timeline {
        self.timeline.get_or_init(|| self.read_times())
    }

    /// Reads the times of all records.
    fn read_times(&self) -> Timeline {
        let mut timeline = Timeline::default();
        self.each_time(self.first_byte()..self.bytes().len(), |record, time| {
            timeline.add(record.line, time);
            timeline.carried.push(timeline.last);
        });
        timeline
    }

    /// Calls `each` with the place in the morsel and the time of every record of whole lines; gives
    /// the number of lines. Which records are bad, and so have no time, is decided as when they are
    /// decoded.
    pub(super) fn each_time(&self, range: Range<usize>, mut each: impl FnMut(RecordLine, Option<i64>)) -> u64 {
        let text = self.bytes();
        let mut reader = RecordReader::new(&self.compiled, text);
        scratch::with(&self.compiled, |scratch| {
            let max = self.compiled.plan.max_record_bytes;
            each_record(scratch, text, range, max, |walk, record, base, framed| {
                let time = framed.and_then(|()| {
                    if self.compiled.plan.check_all {
                        exact::check(&walk.text[record.start..record.end])?;
                    }
                    let of = match self.bound() {
                        Some(of) => of,
                        None => reader.type_of(walk, record, base)?.index,
                    };
                    reader.time_of(walk, record, of)
                });
                let at = RecordLine {
                    start: record.start + base,
                    end: record.end + base,
                    ..record
                };
                each(at, time.ok().flatten());
            })
        })
    }

    /// The first time, found in ever longer pieces from the beginning.
    fn look_for_first(&self) -> Option<i64> {
        let text = self.bytes();
        let (mut from, mut piece) = (self.first_byte(), PIECE);
        while from < text.len() {
            let about = (from + piece).min(text.len());
            let to = memchr::memchr(b'\n', &text[about..]).map_or(text.len(), |at| about + at + 1);
            let mut first = None;
            self.each_time(from..to, |_, time| first = first.or(time));
            if first.is_some() {
                return first;
            }
            (from, piece) = (to, piece * 4);
        }
        None
    }

    /// The last time, found in ever longer pieces from the end.
    fn look_for_last(&self) -> Option<i64> {
        let text = self.bytes();
        let (mut to, mut piece) = (text.len(), PIECE);
        while to > self.first_byte() {
            let about = to.saturating_sub(piece).max(self.first_byte());
            let from = memchr::memrchr(b'\n', &text[self.first_byte()..about]);
            let from = from.map_or(self.first_byte(), |at| self.first_byte() + at + 1);
            let mut last = None;
            self.each_time(from..to, |_, time| last = time.or(last));
            if last.is_some() {
                return last;
            }
            (to, piece) = (from, piece * 4);
        }
        None
    }

    /// The type that the input binds all its records to: the place of its fields, if anybody reads it.
    pub(super) fn bound(&self) -> Option<Option<usize>> {
        let name = self.input.event_type.as_ref()?;
        Some(self.compiled.type_index(name.as_bytes()))
    }
}

impl Clock for Shared {
    fn first_time(&self) -> Option<i64> {
        self.timeline
            .get()
            .map_or_else(|| self.look_for_first(), |timeline| timeline.first)
    }

    fn last_time(&self) -> Option<i64> {
        self.timeline
            .get()
            .map_or_else(|| self.look_for_last(), |timeline| timeline.last)
    }

    fn max_time(&self) -> Option<i64> {
        self.timeline().max
    }

    fn disorder(&self) -> Option<(u64, i64, i64)> {
        self.timeline().disorder
    }

    fn records(&self) -> Vec<(u64, Option<i64>)> {
        let mut records = Vec::new();
        self.each_time(self.first_byte()..self.bytes().len(), |record, time| {
            records.push((self.text.offset + record.start as u64, time));
        });
        records
    }
}
