//! Spans -> columns.

use std::sync::Arc;

use arrow::array::{BooleanArray, Float64Array, Int64Array};
use arrow::buffer::{Buffer, NullBuffer};

use super::fault::Fault;
use super::field;
use super::record::{read_time, text_value};
use super::string;
use super::views::{Views, ascii};
use super::walk::Span;
use crate::data::{Column, Type, Value};
use crate::read::FieldPlan;
use crate::read::time::TimeReader;
use crate::read::value::{Number, parse_number};

/// A value of a selected row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) row: u32,
    pub(super) span: Span,
    pub(super) special: bool,
}

/// The values of a field in some rows, which may be gone over again.
pub(super) trait Cells: Iterator<Item = Cell> + Clone {}

impl<I: Iterator<Item = Cell> + Clone> Cells for I {}

/// Makes columns, and notes what cannot be read.
#[derive(Debug)]
pub(super) struct ColumnReader<'a> {
    pub(super) morsel: &'a Buffer,
    pub(super) times: TimeReader,
    /// Integers that became floats.
    pub(super) big_ints: Vec<(u32, u64)>,
    /// Rows that turned out bad.
    pub(super) bad: Vec<(u32, Fault)>,
}

/// What a value is, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Str,
    Number,
    Bool,
    Other,
}

fn kind(value: &[u8]) -> Kind {
    match value.first() {
        Some(b'"') => Kind::Str,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        Some(b't' | b'f') => Kind::Bool,
        _ => Kind::Other,
    }
}

impl ColumnReader<'_> {
    /// The column of a field.
    pub(super) fn read(&mut self, field: &FieldPlan, cells: impl Cells) -> Column {
        match &field.ty {
            Type::Any => self.found(cells),
            Type::Timestamp => self.timestamps(field, cells),
            Type::Float => self.floats_of(field, cells),
            Type::Int => self.ints(cells.clone()).unwrap_or_else(|| self.slow(field, cells)),
            Type::Str => self.strings(cells.clone()).unwrap_or_else(|| self.slow(field, cells)),
            Type::Bool => self.bools(cells.clone()).unwrap_or_else(|| self.slow(field, cells)),
            _ => self.slow(field, cells),
        }
    }

    fn slow(&mut self, field: &FieldPlan, cells: impl Cells) -> Column {
        let values = cells.map(|cell| {
            if cell.span.is_null(self.morsel) {
                return Value::Null;
            }
            field::declared(field, cell.span, self.morsel, cell.special, &mut self.times).unwrap_or_else(|fault| {
                self.bad.push((cell.row, fault));
                Value::Null
            })
        });
        Column::from_values(values.collect())
    }

    fn found(&mut self, cells: impl Cells) -> Column {
        let n = cells.clone().count();
        let first = cells.clone().find(|cell| !cell.span.is_null(self.morsel));
        let Some(first) = first else {
            return Column::nulls(n);
        };
        let column = match kind(first.span.of(self.morsel)) {
            Kind::Str => self.strings(cells.clone()),
            Kind::Bool => self.bools(cells.clone()),
            Kind::Number => match parse_number(first.span.of(self.morsel)) {
                Some(Number::Int(_)) => self.ints(cells.clone()),
                Some(_) => self.floats(cells.clone()),
                None => None,
            },
            Kind::Other => None,
        };
        column.unwrap_or_else(|| self.any(cells))
    }

    fn any(&mut self, cells: impl Cells) -> Column {
        let values = cells.map(|cell| {
            if cell.span.is_null(self.morsel) {
                return Value::Null;
            }
            match field::found(cell.span, self.morsel) {
                Ok((value, big)) => {
                    if big > 0 {
                        self.big_ints.push((cell.span.start, big));
                    }
                    value
                }
                Err(fault) => {
                    self.bad.push((cell.row, fault));
                    Value::Null
                }
            }
        });
        Column::from_values(values.collect())
    }

    /// Integers only; none if there is anything else.
    fn ints(&mut self, cells: impl Cells) -> Option<Column> {
        let mut values = Nullable::new(cells.size_hint().0);
        for cell in cells {
            let value = cell.span.of(self.morsel);
            match parse_number(value) {
                Some(Number::Int(i)) => values.push(i),
                _ if value.is_empty() || value == b"null" => values.push_null(),
                _ => return None,
            }
        }
        let (values, nulls) = values.finish();
        Some(Column::Int(Int64Array::new(values.into(), nulls)))
    }

    /// Floats only; none if there is anything else.
    fn floats(&mut self, cells: impl Cells) -> Option<Column> {
        let mut values = Nullable::new(cells.size_hint().0);
        let mut big_ints = Vec::new();
        for cell in cells {
            let value = cell.span.of(self.morsel);
            match parse_number(value) {
                Some(Number::Float(f)) => values.push(f),
                Some(Number::Big(f)) => {
                    big_ints.push((cell.span.start, 1));
                    values.push(f);
                }
                _ if value.is_empty() || value == b"null" => values.push_null(),
                _ => return None,
            }
        }
        self.big_ints.append(&mut big_ints);
        let (values, nulls) = values.finish();
        Some(Column::Float(Float64Array::new(values.into(), nulls)))
    }

    /// Numbers, as floats.
    fn floats_of(&mut self, field: &FieldPlan, cells: impl Cells) -> Column {
        let mut values = Nullable::new(cells.size_hint().0);
        for cell in cells.clone() {
            let value = cell.span.of(self.morsel);
            match parse_number(value) {
                Some(number) => values.push(number.as_f64()),
                _ if value.is_empty() || value == b"null" => values.push_null(),
                _ => return self.slow(field, cells),
            }
        }
        let (values, nulls) = values.finish();
        Column::Float(Float64Array::new(values.into(), nulls))
    }

    fn timestamps(&mut self, field: &FieldPlan, cells: impl Cells) -> Column {
        let mut values = Nullable::new(cells.size_hint().0);
        for cell in cells.clone() {
            if cell.span.is_null(self.morsel) {
                values.push_null();
                continue;
            }
            match read_time(&mut self.times, cell.span, self.morsel, cell.special) {
                Ok(time) => values.push(time),
                Err(_) => return self.slow(field, cells),
            }
        }
        let (values, nulls) = values.finish();
        Column::Timestamp(Int64Array::new(values.into(), nulls))
    }

    fn bools(&mut self, cells: impl Cells) -> Option<Column> {
        let values = cells.map(|cell| match cell.span.of(self.morsel) {
            b"true" => Some(Some(true)),
            b"false" => Some(Some(false)),
            b"" | b"null" => Some(None),
            _ => None,
        });
        let values: Vec<Option<bool>> = values.collect::<Option<_>>()?;
        Some(Column::Bool(BooleanArray::from(values)))
    }

    /// Text only; none if there is anything else.
    fn strings(&mut self, cells: impl Cells) -> Option<Column> {
        let mut views = Views::new(self.morsel, cells.size_hint().0);
        let mut plain = Vec::new();
        for cell in cells {
            let value = cell.span.of(self.morsel);
            let Some(raw) = text_value(value) else {
                if !(value.is_empty() || value == b"null") {
                    return None;
                }
                views.push_null();
                continue;
            };
            let start = cell.span.start as usize + 1;
            if !cell.special || string::is_plain(raw) {
                views.push(start, ascii(raw));
                continue;
            }
            match field::special_text(cell.span, raw, &mut plain) {
                Ok(true) => views.push_copy(&String::from_utf8_lossy(&plain)),
                Ok(false) => views.push(start, std::str::from_utf8(raw).unwrap_or_default()),
                Err(fault) => {
                    self.bad.push((cell.row, fault));
                    views.push_null();
                }
            }
        }
        Some(views.finish())
    }
}

/// Values with holes.
#[derive(Debug, Default)]
pub(super) struct Nullable<T> {
    values: Vec<T>,
    /// Empty while there are no holes.
    valid: Vec<bool>,
}

impl<T: Copy + Default> Nullable<T> {
    /// With room for about `n`.
    pub(super) fn new(n: usize) -> Self {
        Self {
            values: Vec::with_capacity(n),
            valid: Vec::new(),
        }
    }

    /// The same, beginning with so many holes.
    pub(super) fn of_nulls(nulls: usize, n: usize) -> Self {
        let mut values = Self::new(n);
        (0..nulls).for_each(|_| values.push_null());
        values
    }

    #[inline]
    pub(super) fn push(&mut self, value: T) {
        self.values.push(value);
        if !self.valid.is_empty() {
            self.valid.push(true);
        }
    }

    pub(super) fn push_null(&mut self) {
        if self.valid.is_empty() {
            self.valid.resize(self.values.len(), true);
        }
        self.values.push(T::default());
        self.valid.push(false);
    }

    /// The value of a row.
    pub(super) fn get(&self, row: usize) -> Option<T> {
        self.valid.get(row).is_none_or(|valid| *valid).then(|| self.values[row])
    }

    /// All values, if there are no holes.
    pub(super) fn all(&self) -> Option<&[T]> {
        self.valid.is_empty().then_some(&self.values)
    }

    pub(super) fn finish(self) -> (Vec<T>, Option<NullBuffer>) {
        let nulls = (!self.valid.is_empty()).then(|| NullBuffer::from(self.valid));
        (self.values, nulls)
    }
}

/// A timestamp column of optional values.
pub(super) fn timestamp_column(times: impl Iterator<Item = Option<i64>>) -> Column {
    Column::Timestamp(times.collect::<Int64Array>())
}

/// A text column of values that are known.
pub(super) fn text_column(texts: Vec<Arc<str>>) -> Column {
    Column::from_values(texts.into_iter().map(Value::Str).collect())
}
