//! Rows as a whole: all columns of the file, in its order.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;

use super::binding::Place;
use super::cells::{bytes_of, text_or_base64, value};
use super::convert::natural;
use super::slice::Slice;
use crate::data::format::{write_float, write_json, write_json_text, write_timestamp};
use crate::data::value::FixedHasher;
use crate::data::{Column, Key, Value};

/// A column of the file, under its name.
#[derive(Debug)]
pub(super) struct WholeColumn {
    name: Value,
    /// The name as JSON, with a colon.
    key: Vec<u8>,
    cells: Cells,
}

#[derive(Debug)]
enum Cells {
    Column(Column),
    /// Lists, structs, bytes that are no text.
    Nested(ArrayRef),
}

impl Slice {
    fn whole(&self) -> &[WholeColumn] {
        self.whole.get_or_init(|| {
            let fields = self.morsel.input.schema.fields();
            let columns = fields.iter().enumerate().map(|(column, field)| {
                let inner = Vec::new();
                let array = self.load(&Place { column, inner });
                let mut key = Vec::new();
                write_json_text(field.name(), &mut key);
                key.push(b':');
                WholeColumn {
                    name: Value::str(field.name()),
                    key,
                    cells: Cells::of(array),
                }
            });
            columns.collect()
        })
    }

    /// A row as a record.
    pub(super) fn record(&self, row: u32) -> Value {
        let mut entries: indexmap::IndexMap<Key, Value, FixedHasher> = indexmap::IndexMap::default();
        for column in self.whole() {
            // Of equal names the first counts.
            let value = || column.cells.value(row as usize);
            entries.entry(Key(column.name.clone())).or_insert_with(value);
        }
        Value::map(entries)
    }

    /// Appends a row's members as JSON, without the outer braces.
    pub(super) fn members(&self, row: u32, out: &mut Vec<u8>) {
        for (at, column) in self.whole().iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&column.key);
            column.cells.write(row as usize, out);
        }
    }

    /// A row as JSON.
    pub(super) fn text(&self, row: u32) -> Vec<u8> {
        let mut out = b"{".to_vec();
        self.members(row, &mut out);
        out.push(b'}');
        out
    }
}

impl Cells {
    fn of(array: ArrayRef) -> Self {
        let mut misfits = 0;
        match natural(&array, &mut |_, _| misfits += 1) {
            Some(column) if misfits == 0 => Self::Column(column),
            _ => Self::Nested(array),
        }
    }

    fn value(&self, row: usize) -> Value {
        match self {
            Self::Column(column) => column.value(row),
            Self::Nested(array) => whole_value(array, row),
        }
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Column(Column::Str(texts)) if texts.is_valid(row) => write_json_text(texts.value(row), out),
            Self::Column(Column::Float(floats)) if floats.is_valid(row) => write_float(floats.value(row), out),
            Self::Column(Column::Int(ints)) if ints.is_valid(row) => {
                out.extend_from_slice(itoa::Buffer::new().format(ints.value(row)).as_bytes());
            }
            Self::Column(Column::Timestamp(times)) if times.is_valid(row) => {
                out.push(b'"');
                write_timestamp(times.value(row), out);
                out.push(b'"');
            }
            _ => write_json(&self.value(row), out),
        }
    }
}

/// A value as it is shown in a whole row: what does not fit the language is shown in some other way.
fn whole_value(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    if let Some(bytes) = bytes_of(array, row) {
        return text_or_base64(bytes);
    }
    if !matches!(
        array.data_type(),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    ) {
        return value(array, row);
    }
    match natural(&array.slice(row, 1), &mut |_, _| ()).map(|column| column.value(0)) {
        Some(Value::Timestamp(time)) => Value::Timestamp(time),
        // Beyond what 64 bits of nanoseconds hold.
        _ => super::cells::display(array, row),
    }
}
