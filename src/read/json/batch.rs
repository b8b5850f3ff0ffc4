//! The records of one type in a morsel, as rows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::Int64Array;

use super::Builder;
use super::column::{Cell, ColumnReader, text_column, timestamp_column};
use super::compiled::{Compiled, Place, TypeFields};
use super::fault::Fault;
use super::record::{is_integer, text_value, time_in};
use super::scratch::{self, Scratch};
use super::shared::Shared;
use super::walk::{Shaped, Span, Walk};
use super::{exact, string};
use crate::data::{BadRecord, Column, EventRows, FieldId, Position, Pseudo, Rows, Value};
use crate::read::time::TimeReader;

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Where it begins in the morsel.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Which record of the morsel it is, from 0.
    pub(super) nth: u32,
    /// Which line.
    pub(super) line: u32,
    /// It has backslashes or bytes beyond ASCII.
    pub(super) special: bool,
}

/// The rows of one type.
#[derive(Debug)]
pub(super) struct Batch {
    shared: Arc<Shared>,
    of: usize,
    found: Builder,
    /// By field: its column, where it was read along with the records.
    read: Vec<Option<Column>>,
    later: Mutex<Later>,
}

/// What is found when somebody asks for it.
#[derive(Debug, Default)]
struct Later {
    /// For each row where its spans begin in `spans`; `NOT_YET` before it was looked at.
    places: Vec<u32>,
    spans: Vec<Span>,
    /// Bad rows, in the order found.
    bad: Vec<(u32, BadRecord)>,
    /// Rows that were bad at some time.
    known_bad: Vec<u32>,
    /// Where values stand whose integers beyond 64 bits were counted: a field may be read again.
    big_ints: BTreeSet<u32>,
}

impl Later {
    /// Counts integers beyond 64 bits of values, given with the places of these, once each.
    fn count_big_ints(&mut self, shared: &Shared, found: &[(u32, u64)]) {
        let new = found.iter().filter(|(at, _)| self.big_ints.insert(*at));
        shared.count_big_ints(new.map(|(_, count)| count).sum());
    }
}

const NOT_YET: u32 = u32::MAX;

impl Batch {
    /// `read`: by field its column, where it was read already.
    pub(super) fn new(shared: Arc<Shared>, of: usize, found: Builder, read: Vec<Option<Column>>) -> Self {
        let mut batch = Self {
            shared,
            of,
            found,
            read,
            later: Mutex::default(),
        };
        // Nobody will ask where the values stand.
        if batch.read.len() == batch.fields().plan.fields.len() && batch.read.iter().all(Option::is_some) {
            batch.found.spans = Vec::new();
        }
        batch
    }

    fn reader(&self) -> ColumnReader<'_> {
        ColumnReader {
            morsel: &self.shared.text.bytes,
            times: TimeReader::new(self.shared.compiled.plan.time_unit),
            big_ints: Vec::new(),
            bad: Vec::new(),
        }
    }

    fn fields(&self) -> &TypeFields {
        &self.shared.compiled.types[self.of]
    }

    fn later(&self) -> MutexGuard<'_, Later> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn row(&self, row: u32) -> Row {
        self.found.rows[row as usize]
    }

    fn each<'r>(&self, rows: Option<&'r [u32]>) -> impl Iterator<Item = u32> + Clone + use<'r> {
        let n = if rows.is_some() {
            0
        } else {
            self.found.rows.len() as u32
        };
        rows.unwrap_or_default().iter().copied().chain(0..n)
    }

    /// The values of a field found at once.
    fn found_at_once<'r>(
        &'r self,
        place: Place,
        rows: Option<&'r [u32]>,
    ) -> impl Iterator<Item = Cell> + Clone + use<'r> {
        let stride = self.fields().n_kept;
        let slot = usize::from(place.slot);
        self.each(rows).map(move |row| Cell {
            row,
            span: self.found.spans[row as usize * stride + slot],
            special: self.found.rows[row as usize].special,
        })
    }

    /// The values of a field found later.
    fn found_later(&self, place: Place, rows: Option<&[u32]>) -> Vec<Cell> {
        let slot = usize::from(place.slot);
        let mut later = self.later();
        self.find_rest(&mut later, rows);
        let cell = |row: u32| Cell {
            row,
            span: later.spans[later.places[row as usize] as usize + slot],
            special: self.row(row).special,
        };
        self.each(rows).map(cell).collect()
    }

    /// Finds, in the selected rows, what is not found at once.
    fn find_rest(&self, later: &mut Later, rows: Option<&[u32]>) {
        later.places.resize(self.found.rows.len(), NOT_YET);
        scratch::with(&self.shared.compiled, |scratch| {
            for row in self.each(rows) {
                if later.places[row as usize] == NOT_YET {
                    self.find_rest_of(scratch, later, row);
                }
            }
        });
    }

    fn find_rest_of(&self, scratch: &mut Scratch, later: &mut Later, row: u32) {
        let at = self.row(row);
        let text = self.text(row);
        let Scratch {
            index, memory, spans, ..
        } = scratch;
        index.run(text);
        let rest = &self.fields().rest;
        spans.clear();
        spans.resize(rest.n_slots, Span::MISSING);
        let mut walk = Walk {
            text,
            bitmap: &index.marks,
            memory,
            line: (0, text.len()),
            brackets: index.brackets(),
            special: at.special,
            shape: Shaped::Unknown,
            all_wanted: false,
        };
        let walked = walk.find(rest, spans);
        later.places[row as usize] = later.spans.len() as u32;
        later.spans.extend(spans.iter().map(|span| span.within(at.start)));
        if let Err(fault) = walked {
            self.remember(later, row, fault.within(at.start as usize));
        }
    }

    /// Notes that a row is bad; the fault's place is in the morsel.
    fn remember(&self, later: &mut Later, row: u32, fault: Fault) {
        if later.known_bad.contains(&row) {
            return;
        }
        let at = self.row(row);
        let record = self
            .shared
            .bad(at.start as usize, at.end as usize, u64::from(at.line), fault);
        later.known_bad.push(row);
        later.bad.push((row, record));
    }

    fn times(&self, rows: Option<&[u32]>) -> Column {
        if self.shared.compiled.eager_times {
            let before = |row: u32| self.shared.base.time_before_first(u64::from(self.row(row).nth));
            if let (Some(all), None) = (self.found.times.all(), rows) {
                return Column::Timestamp(Int64Array::from(all.to_vec()));
            }
            let time = |row: u32| self.found.times.get(row as usize).or_else(|| before(row));
            return timestamp_column(self.each(rows).map(time));
        }
        let mut later = self.later();
        self.find_rest(&mut later, rows);
        let mut reader = TimeReader::new(self.shared.compiled.plan.time_unit);
        let times: Vec<Option<i64>> = self
            .each(rows)
            .map(|row| self.time(&mut later, &mut reader, row))
            .collect();
        timestamp_column(times.into_iter())
    }

    fn time(&self, later: &mut Later, reader: &mut TimeReader, row: u32) -> Option<i64> {
        let at = self.row(row);
        let from = later.places[row as usize] as usize;
        let slots = self.fields().times.clone();
        let spans = &later.spans[from + slots.start..from + slots.end];
        match time_in(reader, spans, self.shared.bytes(), at.special) {
            Ok(Some(time)) => Some(time),
            Ok(None) => {
                let carried = self.shared.carried(at.nth as usize);
                carried.or_else(|| self.shared.base.time_before_first(u64::from(at.nth)))
            }
            Err(fault) => {
                self.remember(later, row, fault);
                None
            }
        }
    }

    fn types(&self, rows: Option<&[u32]>) -> Column {
        let compiled = &self.shared.compiled;
        let n = rows.map_or(self.len(), <[u32]>::len);
        if let Some(bound) = &self.shared.input.event_type {
            return Column::Const(Value::Str(Arc::clone(bound)), n);
        }
        if self.of < compiled.plan.types.len() {
            return Column::Const(Value::str(&self.fields().plan.name), n);
        }
        let name = |row: u32| -> Arc<str> {
            let span = self.found.types[row as usize];
            let value = span.of(self.shared.bytes());
            let Some(raw) = text_value(value) else {
                let number = std::str::from_utf8(value).ok().filter(|_| is_integer(value));
                return number.map_or_else(|| Arc::from(Compiled::untyped_name()), Arc::from);
            };
            let mut name = Vec::new();
            let _ = string::unescape(raw, 0, &mut name);
            Arc::from(String::from_utf8_lossy(&name))
        };
        text_column(self.each(rows).map(name).collect())
    }

    fn seqs(&self, rows: Option<&[u32]>) -> Column {
        let base = self.shared.base.seq();
        let seqs = self
            .each(rows)
            .map(|row| base.map(|base| (base + u64::from(self.row(row).nth)) as i64));
        Column::Int(seqs.collect::<Int64Array>())
    }
}

impl Rows for Batch {
    fn len(&self) -> usize {
        self.found.rows.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let Some(place) = self.fields().places.get(&field).copied() else {
            return Column::nulls(rows.map_or(self.len(), <[u32]>::len));
        };
        if let Some(Some(column)) = self.read.get(place.field) {
            return rows.map_or_else(|| column.clone(), |rows| column.take(rows));
        }
        let mut reader = self.reader();
        let field = &self.fields().plan.fields[place.field];
        let column = if place.at_once {
            reader.read(field, self.found_at_once(place, rows))
        } else {
            reader.read(field, self.found_later(place, rows).iter().copied())
        };
        if !reader.big_ints.is_empty() {
            self.later().count_big_ints(&self.shared, &reader.big_ints);
        }
        if !reader.bad.is_empty() {
            let mut later = self.later();
            for (row, fault) in reader.bad {
                self.remember(&mut later, row, fault);
            }
        }
        column
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let n = rows.map_or(self.len(), <[u32]>::len);
        match which {
            Pseudo::Time => self.times(rows),
            Pseudo::Type => self.types(rows),
            Pseudo::Seq => self.seqs(rows),
            Pseudo::Source => Column::Const(Value::Str(Arc::clone(&self.shared.input.name)), n),
            Pseudo::Input => Column::Const(Value::Int(i64::from(self.shared.input.number)), n),
            Pseudo::Index => Column::Const(Value::Int(0), n),
        }
    }

    fn whole(&self, row: u32) -> Value {
        match exact::parse(self.text(row)) {
            Ok((value, big_ints)) => {
                let start = self.row(row).start;
                self.later().count_big_ints(&self.shared, &[(start, big_ints)]);
                value
            }
            Err(fault) => {
                let fault = fault.within(self.row(row).start as usize);
                self.remember(&mut self.later(), row, fault);
                Value::Null
            }
        }
    }
}

impl EventRows for Batch {
    fn position(&self, row: u32) -> Position {
        self.shared.position(self.row(row).start as usize)
    }

    fn line(&self, row: u32) -> u64 {
        u64::from(self.row(row).line)
    }

    fn text(&self, row: u32) -> &[u8] {
        let at = self.row(row);
        &self.shared.bytes()[at.start as usize..at.end as usize]
    }

    fn members(&self, row: u32, out: &mut Vec<u8>) {
        let text = self.text(row);
        if let Err(fault) = exact::check(text) {
            let fault = fault.within(self.row(row).start as usize);
            self.remember(&mut self.later(), row, fault);
            return;
        }
        out.extend_from_slice(text[1..text.len() - 1].trim_ascii());
    }

    fn take_bad(&self) -> Vec<(u32, BadRecord)> {
        std::mem::take(&mut self.later().bad)
    }
}
