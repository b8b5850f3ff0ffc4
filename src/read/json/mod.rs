//! JSON lines -> event batches.
//!
//! ```text
//! text --prefilter--> lines --index--> marks --frame, type, time--> rows by type --walk--> spans
//!                                                                                           |
//!                                     columns, when somebody asks for them <----------------'
//! ```
//!
//! A record is bad when what is needed of it cannot be read: its frame (one object, its strings
//! ended, its brackets balanced and at most 128 deep), its type, its time, or a field that is asked
//! for or declared. What lies between is not looked at, unless the plan says so
//! ([`DecodePlan::check_all`]). Whether a record is bad, and what is read of it, depends on the record
//! and the plan only. A string that is no text (bytes that are not UTF-8, half a surrogate pair) makes
//! its record bad where it is read.

mod batch;
mod column;
mod compiled;
mod eager;
mod exact;
mod fault;
mod field;
mod index;
mod look;
mod prefilter;
mod record;
mod scratch;
mod shared;
mod string;
mod trie;
mod views;
mod walk;

use std::sync::Arc;

use super::{Base, DecodePlan, Decoded, InputInfo, Look, MorselText};
use crate::data::{BadRecord, EventRows};
use batch::{Batch, Row};
use column::Nullable;
use compiled::{Compiled, TypeFields};
use eager::Eager;
use fault::Fault;
use record::{RecordLine, RecordReader, each_record};
use scratch::Scratch;
use shared::{Shared, Timeline};
use walk::{Span, Walk};

/// A JSON text as a declared type, for cells of other formats.
pub(super) fn read_as(
    text: &[u8],
    ty: &crate::data::Type,
    times: &mut super::time::TimeReader,
) -> Option<crate::data::Value> {
    field::read_as(text, ty, times)
}

/// A value as a declared type, for other formats; none if it is of another type.
pub(super) fn conform(
    value: crate::data::Value,
    ty: &crate::data::Type,
    times: &mut super::time::TimeReader,
) -> Option<crate::data::Value> {
    field::conform(value, ty, times)
}

pub(super) use look::look;

/// The times of a morsel's records, found when asked for.
pub(super) fn clock(text: MorselText, plan: &Arc<DecodePlan>, input: InputInfo) -> Arc<dyn super::Clock> {
    Arc::new(Shared::new(text, input, scratch::compiled(plan)))
}

/// Finds the records of a morsel and their types. Columns are decoded later, when asked for.
#[must_use]
pub fn decode(text: MorselText, plan: &Arc<DecodePlan>, input: InputInfo) -> Decoded {
    decode_at(text, plan, input, None)
}

/// The same where it is known where the morsel stands. With [`DecodePlan::from`] or
/// [`DecodePlan::to`], that decides about the records before the first timed one: decoded without it,
/// they are left in and [`Decoded::needs_base`] says so.
#[must_use]
pub fn decode_at(text: MorselText, plan: &Arc<DecodePlan>, input: InputInfo, base: Option<Base>) -> Decoded {
    let compiled = scratch::compiled(plan);
    let shared = Arc::new(Shared::new(text, input, Arc::clone(&compiled)));
    if let Some(base) = base {
        shared.base.set(base);
    }
    let mut pass = Pass::new(&shared);
    let lines = scratch::with(&compiled, |scratch| {
        pass.likely_rows = scratch.rows;
        pass.look
            .times
            .reserve(if compiled.eager_times { scratch.records } else { 0 });
        let lines = pass.run(scratch);
        let rows = pass.builders.iter().flatten().map(|builder| builder.rows.len());
        scratch.rows = rows.max().map_or(0, |rows| rows + rows / 8);
        scratch.records = pass.look.times.len() + pass.look.times.len() / 8;
        lines
    });
    let Pass {
        builders,
        eager,
        bad,
        records,
        timeline,
        look,
        ..
    } = pass;
    if compiled.eager_times {
        shared.set_timeline(timeline);
    }
    let builders = builders.into_iter().zip(eager).enumerate();
    let batches = builders.filter_map(|(of, (builder, eager))| {
        let read = eager.into_iter().map(|column| column.and_then(Eager::finish));
        let batch = Batch::new(Arc::clone(&shared), of, builder?, read.collect());
        Some((of, Arc::new(batch) as Arc<dyn EventRows>))
    });
    Decoded {
        batches: batches.collect(),
        bad,
        records,
        lines,
        bytes: shared.bytes().len() as u64,
        big_ints: 0,
        late_big_ints: Arc::clone(&shared.big_ints),
        base: Arc::clone(&shared.base),
        look: compiled.eager_times.then_some(look),
        clock: shared,
    }
}

/// The rows of one type, as they are found.
#[derive(Debug, Default)]
struct Builder {
    rows: Vec<Row>,
    /// The spans of the fields found at once, row by row.
    spans: Vec<Span>,
    /// With eager times, those of the rows.
    times: Nullable<i64>,
    /// Where the types of the rows stand, if they differ.
    types: Vec<Span>,
}

impl Builder {
    /// With room for about this many rows.
    fn of(rows: usize, slots: usize, with_times: bool, with_types: bool) -> Self {
        Self {
            rows: Vec::with_capacity(rows),
            spans: Vec::with_capacity(rows * slots),
            times: Nullable::new(if with_times { rows } else { 0 }),
            types: Vec::with_capacity(if with_types { rows } else { 0 }),
        }
    }
}

/// One pass over a morsel.
#[derive(Debug)]
struct Pass<'m> {
    shared: &'m Shared,
    reader: RecordReader<'m>,
    builders: Vec<Option<Builder>>,
    /// By type and field, the columns that are read along with the records.
    eager: Vec<Vec<Option<Eager<'m>>>>,
    bad: Vec<BadRecord>,
    records: u64,
    timeline: Timeline,
    /// With eager times, those of all records.
    look: Look,
    /// The time of the record at hand stands there.
    looked: bool,
    spans: Vec<Span>,
    /// About how many rows a type may have.
    likely_rows: usize,
}

/// What becomes of a record that is not bad.
enum Fate {
    Dropped,
    Row { of: usize, kind: Span, time: Option<i64> },
}

impl<'m> Pass<'m> {
    fn new(shared: &'m Shared) -> Self {
        let compiled: &'m Arc<Compiled> = &shared.compiled;
        Self {
            reader: RecordReader::new(compiled, shared.bytes()),
            builders: compiled.types.iter().map(|_| None).collect(),
            eager: compiled.types.iter().map(|_| Vec::new()).collect(),
            bad: Vec::new(),
            records: 0,
            timeline: Timeline::default(),
            look: Look::default(),
            looked: false,
            spans: Vec::new(),
            likely_rows: 0,
            shared,
        }
    }

    /// Reads all records; the number of lines.
    fn run(&mut self, scratch: &mut Scratch) -> u64 {
        let text = self.shared.bytes();
        let first = self.shared.first_byte();
        let Some(prefilter) = &self.shared.compiled.prefilter else {
            return self.range(scratch, first..text.len(), 0);
        };
        let (mut done, mut lines) = (first, 0);
        prefilter.lines(&text[first..], |start, end| {
            let (start, end) = (start + first, end + first);
            self.count(&text[done..start], &mut lines);
            lines += self.range(scratch, start..end, lines);
            done = end;
        });
        self.count(&text[done..], &mut lines);
        lines
    }

    fn count(&mut self, text: &[u8], lines: &mut u64) {
        let counted = prefilter::count_lines(text);
        *lines += counted.0;
        self.records += counted.1;
    }

    fn range(&mut self, scratch: &mut Scratch, range: std::ops::Range<usize>, first_line: u64) -> u64 {
        let shared = self.shared;
        let max = shared.compiled.plan.max_record_bytes;
        each_record(scratch, shared.bytes(), range, max, |walk, record, base, framed| {
            let line = record.line + first_line;
            let record = RecordLine { line, ..record };
            let read = framed.and_then(|()| self.record(walk, record, base));
            if let Err(fault) = read {
                self.timeline.add(line, None);
                let (start, end) = (record.start + base, record.end + base);
                self.bad.push(shared.bad(start, end, line, fault.within(base)));
            }
            if !std::mem::take(&mut self.looked) {
                self.look.add(None);
            }
            self.records += 1;
        })
    }

    fn record(&mut self, walk: &mut Walk<'_>, record: RecordLine, base: usize) -> Result<(), Fault> {
        let compiled = &self.shared.compiled;
        if compiled.plan.check_all {
            exact::check(&walk.text[record.start..record.end]).map_err(|fault| fault.within(record.start))?;
        }
        let fate = self.fate(walk, record, base)?;
        walk.all_wanted = matches!(fate, Fate::Row { .. });
        let Fate::Row { of, kind, time } = fate else {
            return Ok(());
        };
        let fields = &compiled.types[of];
        if !compiled.eager_times {
            self.spans.resize(fields.first.n_slots, Span::MISSING);
            walk.find(&fields.first, &mut self.spans)?;
        }
        for (nth, slot) in &fields.declared {
            let span = self.spans[usize::from(*slot)];
            let wanted = &fields.plan.fields[*nth];
            field::check(wanted, span, walk.text, record.special, &mut self.reader.times)?;
        }
        self.push(fields, of, (record, base, walk.text), (kind, time));
        Ok(())
    }

    /// Finds type and time, and whether anybody reads the record. With eager times, `spans` is filled.
    fn fate(&mut self, walk: &mut Walk<'_>, record: RecordLine, base: usize) -> Result<Fate, Fault> {
        let compiled = &self.shared.compiled;
        let (index, kind) = match self.shared.bound() {
            Some(index) => (index, Span::MISSING),
            None => {
                let of = self.reader.type_of(walk, record, base)?;
                (of.index, of.span)
            }
        };
        let mut time = None;
        if compiled.eager_times {
            time = self.time(walk, record, index)?;
            if self.is_outside(time) {
                return Ok(Fate::Dropped);
            }
        }
        Ok(match index {
            Some(of) => Fate::Row { of, kind, time },
            None => Fate::Dropped,
        })
    }

    fn time(&mut self, walk: &mut Walk<'_>, record: RecordLine, of: Option<usize>) -> Result<Option<i64>, Fault> {
        let (trie, times) = match of {
            Some(of) => {
                let fields = &self.shared.compiled.types[of];
                (&fields.first, fields.times.clone())
            }
            None => {
                let stray = &self.shared.compiled.stray;
                (stray, 0..stray.n_slots)
            }
        };
        self.spans.resize(trie.n_slots, Span::MISSING);
        walk.find(trie, &mut self.spans)?;
        let own = self.reader.time_in(&self.spans[times], walk.text, record.special)?;
        self.timeline.add(record.line, own);
        self.look.add(own);
        self.looked = true;
        let before = || self.shared.base.time_before_first(self.records);
        Ok(own.or(self.timeline.last()).or_else(before))
    }

    fn is_outside(&self, time: Option<i64>) -> bool {
        let plan = &self.shared.compiled.plan;
        time.is_some_and(|time| plan.from.is_some_and(|from| time < from) || plan.to.is_some_and(|to| time >= to))
    }

    fn push(
        &mut self,
        fields: &TypeFields,
        of: usize,
        (record, base, text): (RecordLine, usize, &[u8]),
        (kind, time): (Span, Option<i64>),
    ) {
        let compiled = &self.shared.compiled;
        let rows = self.likely_rows;
        let builder = self.builders[of].get_or_insert_with(|| {
            self.eager[of] = eager(self.shared, fields, rows);
            Builder::of(
                rows,
                fields.n_kept,
                compiled.eager_times,
                of == compiled.plan.types.len(),
            )
        });
        for (column, slot) in self.eager[of].iter_mut().zip(&fields.eager) {
            if let (Some(column), Some(slot)) = (column, slot) {
                let span = self.spans[usize::from(*slot)];
                column.push(span.of(text), span.start as usize + base, record.special);
            }
        }
        builder.rows.push(Row {
            start: (record.start + base) as u32,
            end: (record.end + base) as u32,
            nth: self.records as u32,
            line: record.line as u32,
            special: record.special,
        });
        let spans = self.spans.iter().take(fields.n_kept);
        builder.spans.extend(spans.map(|span| span.within(base as u32)));
        if compiled.eager_times {
            match time {
                Some(time) => builder.times.push(time),
                None => builder.times.push_null(),
            }
        }
        if of == compiled.plan.types.len() {
            builder.types.push(kind.within(base as u32));
        }
    }
}

/// The columns of a type that are read along with its records.
fn eager<'m>(shared: &'m Shared, fields: &TypeFields, rows: usize) -> Vec<Option<Eager<'m>>> {
    let columns = fields.plan.fields.iter().zip(&fields.eager);
    let column = columns.map(|(field, slot)| slot.map(|_| Eager::new(&shared.text.bytes, &field.ty, rows)));
    column.collect()
}
