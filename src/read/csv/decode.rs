//! A morsel -> records by type, bad records, times.

use std::borrow::Cow;
use std::sync::Arc;

use super::cells::{Record, Table};
use super::header::Schema;
use super::rows::{CsvMorsel, CsvRows, Times, TypeColumns};
use super::typed::{CellType, parse_time};
use crate::data::{BadCause, BadRecord, EventRows, Path, PathSeg, Position, Type};
use crate::read::time::TimeReader;
use crate::read::{Base, BaseCell, DecodePlan, Decoded, InputInfo, MorselText, TypePlan};

/// Where a record's time and type may lie, in order of preference, if nothing is said.
const TIME_COLUMNS: [&str; 4] = ["timestamp", "ts", "@timestamp", "time"];
const TYPE_COLUMNS: [&str; 2] = ["event_type", "type"];

/// The type of records that name none.
const UNTYPED: &str = "Event";

/// Finds the records of a morsel and their types, checks what is declared, and reads the times.
pub(in crate::read) fn decode(
    text: MorselText,
    schema: &Arc<Schema>,
    plan: &Arc<DecodePlan>,
    info: InputInfo,
    base: Option<Base>,
) -> Decoded {
    // The header is no record; its lines count.
    let start = schema.body.saturating_sub(text.offset).min(text.bytes.len() as u64) as usize;
    let line = memchr::memchr_iter(b'\n', &text.bytes[..start]).count() as u64;
    let table = Table::new(&text.bytes, start, line, &schema.dialect);
    let (records, lines, bytes) = (table.records.len() as u64, table.lines, text.bytes.len() as u64);
    let cell = Arc::new(BaseCell::default());
    if let Some(base) = base {
        cell.set(base);
    }
    let mut sorter = Sorter::new(&text, &table, schema, plan, &info, &cell);
    for nth in 0..table.records.len() {
        sorter.take(nth);
    }
    let Sorter {
        rows,
        types,
        bad,
        times,
        ..
    } = sorter;
    let times = Arc::new(times);
    let morsel = Arc::new(CsvMorsel {
        text,
        table,
        schema: Arc::clone(schema),
        info,
        base: Arc::clone(&cell),
        times: Arc::clone(&times),
        time_unit: plan.time_unit,
    });
    let batches = rows
        .into_iter()
        .zip(types)
        .enumerate()
        .filter(|(_, (rows, _))| !rows.is_empty())
        .map(|(index, (rows, columns))| {
            let rows: Arc<dyn EventRows> = Arc::new(CsvRows::new(Arc::clone(&morsel), columns, rows));
            (index, rows)
        })
        .collect();
    Decoded {
        look: None,
        batches,
        bad,
        records,
        lines,
        bytes,
        big_ints: 0,
        late_big_ints: Arc::default(),
        base: cell,
        clock: times,
    }
}

/// Sorts records by type.
struct Sorter<'a> {
    text: &'a MorselText,
    table: &'a Table,
    plan: &'a DecodePlan,
    info: &'a InputInfo,
    base: &'a BaseCell,
    n_columns: usize,
    type_columns: Vec<usize>,
    default_times: Vec<usize>,
    /// The types of the plan, then `other`.
    types: Vec<TypeColumns>,
    /// The records of each.
    rows: Vec<Vec<u32>>,
    bad: Vec<BadRecord>,
    times: Times,
    reader: TimeReader,
    /// The type of the record before: mostly the next one's too.
    last: usize,
}

impl<'a> Sorter<'a> {
    fn new(
        text: &'a MorselText,
        table: &'a Table,
        schema: &Schema,
        plan: &'a DecodePlan,
        info: &'a InputInfo,
        base: &'a BaseCell,
    ) -> Self {
        let columns = |names: &[&str]| names.iter().filter_map(|name| schema.column(name)).collect::<Vec<_>>();
        let default_times = match &plan.time_field {
            Some(name) => columns(&[name]),
            None => columns(&TIME_COLUMNS),
        };
        let type_columns = match &plan.type_field {
            Some(name) => columns(&[name]),
            None => columns(&TYPE_COLUMNS),
        };
        let other = plan.other.as_ref().map(|other| (other, None));
        let types: Vec<TypeColumns> = plan
            .types
            .iter()
            .map(|ty| (ty, Some(ty.name.as_str())))
            .chain(other)
            .map(|(ty, name)| TypeColumns {
                types: type_columns.clone(),
                ..bind(ty, name, schema, plan, &default_times)
            })
            .collect();
        Self {
            text,
            table,
            plan,
            info,
            base,
            n_columns: schema.names.len(),
            type_columns,
            default_times,
            rows: vec![Vec::new(); types.len()],
            types,
            bad: Vec::new(),
            times: Times::default(),
            reader: TimeReader::new(plan.time_unit),
            last: 0,
        }
    }

    /// Takes the next record.
    fn take(&mut self, nth: usize) {
        let record = self.table.records[nth];
        if let Err((cause, reason, at)) = self.check_frame(&record) {
            self.times.push(None, record.line, self.place_of(&record));
            self.refuse(&record, cause, reason, at);
            return;
        }
        let index = self.type_of(&record);
        let time = self.time_of(&record, index);
        self.times
            .push(time.clone().ok().flatten(), record.line, self.place_of(&record));
        let needed = self.plan.check_all || self.plan.time_of_all || self.plan.from.is_some() || self.plan.to.is_some();
        if let Err((reason, at)) = time
            && (index.is_some() || needed)
        {
            self.refuse(&record, BadCause::BadTime, reason, at);
            return;
        }
        let Some(index) = index else { return };
        if self.is_outside(nth) {
            return;
        }
        match self.check_fields(&record, index) {
            Ok(()) => self.rows[index].push(nth as u32),
            Err((cause, reason, at)) => self.refuse(&record, cause, reason, at),
        }
    }

    /// Where a record begins in the input.
    fn place_of(&self, record: &Record) -> u64 {
        self.text.offset + u64::from(record.start)
    }

    fn cell(&self, record: &Record, column: usize) -> Cow<'a, [u8]> {
        self.table.read_or_empty(self.text.bytes.as_slice(), record, column)
    }

    /// As many cells as the header has, all of them UTF-8.
    fn check_frame(&self, record: &Record) -> Result<(), (BadCause, String, usize)> {
        let (start, end) = (record.start as usize, record.end as usize);
        if record.width as usize != self.n_columns {
            let reason = format!("{} cells, the header has {}", record.width, self.n_columns);
            return Err((BadCause::Malformed, reason, start));
        }
        std::str::from_utf8(&self.text.bytes[start..end])
            .map(|_| ())
            .map_err(|error| {
                (
                    BadCause::NotUtf8,
                    "bytes that are not UTF-8".to_owned(),
                    start + error.valid_up_to(),
                )
            })
    }

    /// The index of a record's type in the plan; none if nobody reads it.
    fn type_of(&mut self, record: &Record) -> Option<usize> {
        let cell = self
            .type_columns
            .iter()
            .map(|column| self.cell(record, *column))
            .find(|cell| !cell.is_empty());
        let name = match (&self.info.event_type, &cell) {
            (Some(bound), _) => bound.as_bytes(),
            (None, Some(cell)) => cell,
            (None, None) => UNTYPED.as_bytes(),
        };
        let types = &self.plan.types;
        if types.get(self.last).is_none_or(|ty| ty.name.as_bytes() != name) {
            let found = types.iter().position(|ty| ty.name.as_bytes() == name);
            let Some(found) = found else {
                return self.plan.other.is_some().then_some(types.len());
            };
            self.last = found;
        }
        Some(self.last)
    }

    /// The record's own time; none where it has none.
    fn time_of(&mut self, record: &Record, index: Option<usize>) -> Result<Option<i64>, (String, usize)> {
        let columns = index.map_or(&self.default_times, |index| &self.types[index].times);
        for &column in columns {
            let place = self.table.cell(record, column);
            let cell = self.table.read_or_empty(&self.text.bytes, record, column);
            if !cell.is_empty() {
                let time = parse_time(&cell, &mut self.reader);
                let reason = || (format!("`{}` is no time", String::from_utf8_lossy(&cell)), place.start);
                return time.map(Some).ok_or_else(reason);
            }
        }
        Ok(None)
    }

    fn is_outside(&self, nth: usize) -> bool {
        let DecodePlan { from, to, .. } = self.plan;
        if from.is_none() && to.is_none() {
            return false;
        }
        let before = || self.base.time_before_first(nth as u64);
        let time = self.times.carried(nth).or_else(before);
        time.is_some_and(|time| from.is_some_and(|from| time < from) || to.is_some_and(|to| time >= to))
    }

    /// Whether what is declared is there, and of its type.
    fn check_fields(&mut self, record: &Record, index: usize) -> Result<(), (BadCause, String, usize)> {
        let (ty, columns) = match self.plan.types.get(index) {
            Some(ty) => (ty, &self.types[index]),
            None => return Ok(()),
        };
        for (field, place) in ty
            .fields
            .iter()
            .zip(&columns.fields)
            .filter(|(field, _)| field.declared)
        {
            let missing = || {
                (
                    BadCause::MissingField,
                    format!("`{}` is missing", field.path),
                    record.start as usize,
                )
            };
            let Some((column, cell_type)) = place else {
                if field.required {
                    return Err(missing());
                }
                continue;
            };
            let range = self.table.cell(record, *column);
            let there = |cell: &Cow<'_, [u8]>| !cell.is_empty() || cell_type.is_text();
            let Some(cell) = self.table.read(&self.text.bytes, record, *column).filter(there) else {
                if field.required {
                    return Err(missing());
                }
                continue;
            };
            if cell_type.read(&cell, &mut self.reader).is_none() {
                let reason = format!(
                    "`{}` is `{}`, the declaration says {}",
                    field.path,
                    String::from_utf8_lossy(&cell),
                    field.ty
                );
                return Err((BadCause::WrongType, reason, range.start));
            }
        }
        Ok(())
    }

    fn refuse(&mut self, record: &Record, cause: BadCause, reason: String, at: usize) {
        let (start, end) = (record.start as usize, record.end as usize);
        self.bad.push(BadRecord {
            position: Position {
                input: self.info.number,
                offset: self.text.offset + start as u64,
            },
            line: u64::from(record.line),
            at: self.text.offset + at as u64,
            cause,
            reason,
            text: self.text.bytes[start..end].to_vec(),
        });
    }
}

/// Where the fields of a type lie in this input.
fn bind(ty: &TypePlan, name: Option<&str>, schema: &Schema, plan: &DecodePlan, default_times: &[usize]) -> TypeColumns {
    let fields: Vec<Option<(usize, CellType)>> = ty
        .fields
        .iter()
        .map(|field| {
            let column = find_column(&field.path, schema)?;
            let cell_type = match field.ty.non_null() {
                Type::Any | Type::Null => CellType::Inferred(schema.kinds[column]),
                declared => CellType::Declared(declared.clone()),
            };
            Some((column, cell_type))
        })
        .collect();
    let mut cells: Vec<CellType> = schema.kinds.iter().map(|kind| CellType::Inferred(*kind)).collect();
    for (column, cell_type) in fields.iter().flatten() {
        cells[*column] = cell_type.clone();
    }
    let own_time = ty
        .time
        .filter(|_| plan.time_field.is_none())
        .and_then(|id| ty.fields.iter().position(|field| field.id == id))
        .and_then(|at| fields[at].as_ref());
    TypeColumns {
        name: name.map(Into::into),
        ids: ty.fields.iter().map(|field| field.id).collect(),
        times: own_time.map_or_else(|| default_times.to_vec(), |(column, _)| vec![*column]),
        types: Vec::new(),
        fields,
        cells,
    }
}

/// The column of a path: that of its only key, or of its flattened name. A cell has nothing inside.
fn find_column(path: &Path, schema: &Schema) -> Option<usize> {
    match path.0.as_slice() {
        [PathSeg::Key(key)] => schema.column(key),
        [PathSeg::Key(key), ..] if schema.column(key).is_some() => None,
        _ => schema.column(&path.flattened(0)?),
    }
}
