//! The records of one type, and their columns.

use std::sync::Arc;

use arrow::array::{BooleanBuilder, Float64Builder, Int64Builder, StringViewBuilder};

use super::cells::{Record, Table};
use super::header::Schema;
use super::infer::Kind;
use super::typed::CellType;
use crate::data::format::{write_json, write_json_text};
use crate::data::{BadRecord, Column, EventRows, FieldId, Key, Position, Pseudo, Rows, Type, Value};
use crate::read::time::TimeReader;
use crate::read::value::parse_number;
use crate::read::{BaseCell, Clock, InputInfo, MorselText, TimeUnit};

/// A morsel, cut into cells.
#[derive(Debug)]
pub(super) struct CsvMorsel {
    pub(super) text: MorselText,
    pub(super) table: Table,
    pub(super) schema: Arc<Schema>,
    pub(super) info: InputInfo,
    pub(super) base: Arc<BaseCell>,
    pub(super) times: Arc<Times>,
    pub(super) time_unit: TimeUnit,
}

/// The times of a morsel's records.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Of each record its own.
    own: Vec<Option<i64>>,
    /// The same, where it has none that of the record before.
    carried: Vec<Option<i64>>,
    lines: Vec<u32>,
    /// Where each begins in the input.
    offsets: Vec<u64>,
}

impl Times {
    pub(super) fn push(&mut self, time: Option<i64>, line: u32, offset: u64) {
        let before = self.carried.last().copied().flatten();
        self.own.push(time);
        self.carried.push(time.or(before));
        self.lines.push(line);
        self.offsets.push(offset);
    }

    /// The time of a record, or of one before it in the morsel.
    pub(super) fn carried(&self, nth: usize) -> Option<i64> {
        self.carried.get(nth).copied().flatten()
    }
}

impl Clock for Times {
    fn first_time(&self) -> Option<i64> {
        self.own.iter().copied().flatten().next()
    }

    fn last_time(&self) -> Option<i64> {
        self.carried.last().copied().flatten()
    }

    fn max_time(&self) -> Option<i64> {
        self.own.iter().copied().flatten().max()
    }

    fn disorder(&self) -> Option<(u64, i64, i64)> {
        let mut largest = None;
        for (time, line) in self.own.iter().zip(&self.lines) {
            let Some(time) = *time else { continue };
            if let Some(before) = largest.filter(|before| time < *before) {
                return Some((u64::from(*line), time, before));
            }
            largest = Some(time);
        }
        None
    }

    fn records(&self) -> Vec<(u64, Option<i64>)> {
        self.offsets.iter().copied().zip(self.own.iter().copied()).collect()
    }
}

/// Where the fields of a type lie.
#[derive(Clone, Debug)]
pub(super) struct TypeColumns {
    /// None: of any type.
    pub(super) name: Option<Arc<str>>,
    pub(super) ids: Vec<FieldId>,
    /// Of each field its column, if it has one, and how it is read.
    pub(super) fields: Vec<Option<(usize, CellType)>>,
    /// How each column is read.
    pub(super) cells: Vec<CellType>,
    /// The columns in which the type is looked for.
    pub(super) types: Vec<usize>,
    /// The columns in which the time is looked for.
    pub(super) times: Vec<usize>,
}

/// The records of one type.
#[derive(Debug)]
pub(super) struct CsvRows {
    morsel: Arc<CsvMorsel>,
    columns: TypeColumns,
    /// Numbers of the records in the morsel.
    rows: Vec<u32>,
}

impl CsvRows {
    pub(super) fn new(morsel: Arc<CsvMorsel>, columns: TypeColumns, rows: Vec<u32>) -> Self {
        Self { morsel, columns, rows }
    }

    /// Which record of the morsel a row is.
    fn nth(&self, row: u32) -> usize {
        self.rows[row as usize] as usize
    }

    fn record(&self, row: u32) -> &Record {
        &self.morsel.table.records[self.nth(row)]
    }

    /// The selected rows.
    fn selected<'a>(&'a self, rows: Option<&'a [u32]>) -> impl ExactSizeIterator<Item = u32> + 'a {
        let n = rows.map_or(self.rows.len(), <[u32]>::len);
        (0..n).map(move |at| rows.map_or(at as u32, |rows| rows[at]))
    }

    fn range(&self, row: u32, column: usize) -> std::ops::Range<usize> {
        self.morsel.table.cell(self.record(row), column)
    }

    fn cell(&self, row: u32, column: usize) -> std::borrow::Cow<'_, [u8]> {
        let text = self.morsel.text.bytes.as_slice();
        self.morsel.table.read_or_empty(text, self.record(row), column)
    }

    fn reader(&self) -> TimeReader {
        TimeReader::new(self.morsel.time_unit)
    }

    fn value(&self, row: u32, column: usize, reader: &mut TimeReader) -> Value {
        let cell = self
            .morsel
            .table
            .read(&self.morsel.text.bytes, self.record(row), column);
        cell.and_then(|cell| self.columns.cells[column].read(&cell, reader))
            .unwrap_or_default()
    }

    /// A column of text: views into the morsel, but for what had to be unquoted.
    fn text_column(&self, column: usize, rows: Option<&[u32]>) -> Column {
        let rows = self.selected(rows);
        let mut out = StringViewBuilder::with_capacity(rows.len());
        let block = out.append_block(self.morsel.text.bytes.clone());
        for row in rows {
            let range = self.range(row, column);
            let raw = &self.morsel.text.bytes[range.clone()];
            let table = &self.morsel.table;
            let Some(cell) = table.read(&self.morsel.text.bytes, self.record(row), column) else {
                out.append_null();
                continue;
            };
            let viewed = !table.is_quoted(raw)
                && out
                    .try_append_view(block, range.start as u32, range.len() as u32)
                    .is_ok();
            if !viewed {
                out.append_value(String::from_utf8_lossy(&cell));
            }
        }
        Column::Str(out.finish())
    }

    /// A column of one scalar type; none when some cell is not of it.
    fn scalar_column(&self, column: usize, cell_type: &CellType, rows: Option<&[u32]>) -> Option<Column> {
        macro_rules! build {
            ($builder:ident, $value:ident, $column:ident) => {{
                let mut out = $builder::new();
                let mut reader = self.reader();
                for row in self.selected(rows) {
                    match cell_type.read(&self.cell(row, column), &mut reader) {
                        Some(Value::$value(value)) => out.append_value(value),
                        Some(Value::Null) | None => out.append_null(),
                        Some(_) => return None,
                    }
                }
                Some(Column::$column(out.finish()))
            }};
        }
        match cell_type {
            CellType::Declared(Type::Int) | CellType::Inferred(Kind::Int) => build!(Int64Builder, Int, Int),
            CellType::Declared(Type::Float) | CellType::Inferred(Kind::Float) => build!(Float64Builder, Float, Float),
            CellType::Declared(Type::Bool) | CellType::Inferred(Kind::Bool) => build!(BooleanBuilder, Bool, Bool),
            CellType::Declared(Type::Timestamp) | CellType::Inferred(Kind::Timestamp) => {
                build!(Int64Builder, Timestamp, Timestamp)
            }
            _ => None,
        }
    }

    /// The time of a row; none while it depends on what is not known yet.
    fn time(&self, row: u32) -> Option<i64> {
        let nth = self.nth(row);
        let own = self.morsel.times.carried(nth);
        own.or_else(|| self.morsel.base.time_before_first(nth as u64))
    }

    fn type_column(&self, rows: Option<&[u32]>) -> Column {
        let selected = self.selected(rows);
        let constant = self.columns.name.as_ref().or(self.morsel.info.event_type.as_ref());
        match constant {
            Some(name) => Column::Const(Value::Str(Arc::clone(name)), selected.len()),
            None => Column::from_values(selected.map(|row| self.type_of(row)).collect()),
        }
    }

    /// The type that a record names, as it was found when records were sorted.
    fn type_of(&self, row: u32) -> Value {
        let cells = self.columns.types.iter().map(|column| self.cell(row, *column));
        let name = cells.into_iter().find(|cell| !cell.is_empty());
        name.map_or_else(
            || Value::str("Event"),
            |name| Value::str(&String::from_utf8_lossy(&name)),
        )
    }
}

impl Rows for CsvRows {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn column(&self, field: FieldId, rows: Option<&[u32]>) -> Column {
        let place = self.columns.ids.iter().position(|id| *id == field);
        let Some((column, cell_type)) = place.and_then(|at| self.columns.fields[at].as_ref()) else {
            return Column::nulls(self.selected(rows).len());
        };
        if cell_type.is_text() {
            return self.text_column(*column, rows);
        }
        self.scalar_column(*column, cell_type, rows).unwrap_or_else(|| {
            let mut reader = self.reader();
            let read = |row| {
                cell_type
                    .read(&self.cell(row, *column), &mut reader)
                    .unwrap_or_default()
            };
            Column::from_values(self.selected(rows).map(read).collect())
        })
    }

    fn pseudo(&self, which: Pseudo, rows: Option<&[u32]>) -> Column {
        let n = self.selected(rows).len();
        let info = &self.morsel.info;
        match which {
            Pseudo::Time => Column::Timestamp(self.selected(rows).map(|row| self.time(row)).collect()),
            Pseudo::Type => self.type_column(rows),
            Pseudo::Seq => {
                let seq = |row| Some((self.morsel.base.seq()? + self.nth(row) as u64) as i64);
                Column::Int(self.selected(rows).map(seq).collect())
            }
            Pseudo::Source => Column::Const(Value::Str(Arc::clone(&info.name)), n),
            Pseudo::Input => Column::Const(Value::Int(i64::from(info.number)), n),
            Pseudo::Index => Column::Const(Value::Int(0), n),
        }
    }

    fn whole(&self, row: u32) -> Value {
        let mut reader = self.reader();
        let names = self.morsel.schema.names.iter().enumerate();
        let mut entries: indexmap::IndexMap<Key, Value, crate::data::value::FixedHasher> =
            indexmap::IndexMap::default();
        for (column, name) in names {
            let value = self.value(row, column, &mut reader);
            // Of equal names the first counts.
            entries.entry(Key(Value::str(name))).or_insert(value);
        }
        Value::map(entries)
    }
}

impl EventRows for CsvRows {
    fn position(&self, row: u32) -> Position {
        Position {
            input: self.morsel.info.number,
            offset: self.morsel.text.offset + u64::from(self.record(row).start),
        }
    }

    fn line(&self, row: u32) -> u64 {
        u64::from(self.record(row).line)
    }

    fn text(&self, row: u32) -> &[u8] {
        let record = self.record(row);
        &self.morsel.text.bytes.as_slice()[record.start as usize..record.end as usize]
    }

    /// Numbers and times as they stand in the file, everything else as it was read.
    fn members(&self, row: u32, out: &mut Vec<u8>) {
        let mut reader = self.reader();
        let mut first = true;
        for (column, name) in self.morsel.schema.names.iter().enumerate() {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_json_text(name, out);
            out.push(b':');
            let cell = self.cell(row, column);
            match self.value(row, column, &mut reader) {
                Value::Int(_) | Value::Float(_) if parse_number(&cell).is_some() => out.extend_from_slice(&cell),
                Value::Timestamp(_) => write_json_text(&String::from_utf8_lossy(&cell), out),
                value => write_json(&value, out),
            }
        }
    }

    fn take_bad(&self) -> Vec<(u32, BadRecord)> {
        Vec::new()
    }
}
