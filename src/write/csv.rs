//! Rows as cells between delimiters (RFC 4180, lines end in `\n`).
//!
//! Null is an empty cell, empty text is `""`. Times are RFC 3339, durations seconds, lists and maps
//! JSON text; NaN and infinities are empty cells and counted.

use std::path::Path;

use arrow::array::Array;
use memchr::memchr3;

use super::group::Slot;
use super::output::{Output, OutputError};
use crate::data::format::{duration_seconds, write_float, write_json, write_timestamp};
use crate::data::{Column, Value};

/// An open CSV file.
pub(super) struct CsvFile {
    out: Output,
    cells: Cells,
    text: Vec<u8>,
}

/// How cells are written, and what was lost by it.
struct Cells {
    delimiter: u8,
    not_finite: u64,
    scratch: Vec<u8>,
}

impl CsvFile {
    pub(super) fn open(path: &Path, delimiter: u8) -> Result<Self, OutputError> {
        let cells = Cells {
            delimiter,
            not_finite: 0,
            scratch: Vec::new(),
        };
        Ok(Self {
            out: Output::open_text(path)?,
            cells,
            text: Vec::new(),
        })
    }

    /// Adds the header.
    pub(super) fn header<'a>(&mut self, slots: &[Slot], name: impl Fn(usize) -> &'a str) {
        self.row(slots, |slot, cells, out| match slot {
            Slot::Stream => cells.text("stream", out),
            Slot::Ts => cells.text("ts", out),
            Slot::Field(at) => cells.text(name(*at), out),
        });
    }

    /// Adds a row of values.
    pub(super) fn values(&mut self, slots: &[Slot], stream: &str, ts: i64, values: &[&Value]) {
        self.row(slots, |slot, cells, out| match slot {
            Slot::Stream => cells.text(stream, out),
            Slot::Ts => write_timestamp(ts, out),
            Slot::Field(at) => cells.value(values[*at], out),
        });
    }

    /// Adds a row of columns.
    pub(super) fn columns(&mut self, slots: &[Slot], stream: &str, ts: i64, columns: &[Column], row: usize) {
        self.row(slots, |slot, cells, out| match slot {
            Slot::Stream => cells.text(stream, out),
            Slot::Ts => write_timestamp(ts, out),
            Slot::Field(at) => cells.in_column(&columns[*at], row, out),
        });
    }

    fn row(&mut self, slots: &[Slot], mut cell: impl FnMut(&Slot, &mut Cells, &mut Vec<u8>)) {
        for (at, slot) in slots.iter().enumerate() {
            if at > 0 {
                self.text.push(self.cells.delimiter);
            }
            cell(slot, &mut self.cells, &mut self.text);
        }
        self.text.push(b'\n');
    }

    /// Writes the rows added so far.
    pub(super) fn flush(&mut self) -> Result<(), OutputError> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.out.write(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// How many bytes wait for [`CsvFile::flush`].
    pub(super) fn waiting(&self) -> usize {
        self.text.len()
    }

    /// Ends the file; how many floats were NaN or infinite.
    pub(super) fn finish(mut self) -> Result<u64, OutputError> {
        self.flush()?;
        self.out.finish()?;
        Ok(self.cells.not_finite)
    }
}

impl Cells {
    fn value(&mut self, value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Null => {}
            Value::Str(text) => self.text(text, out),
            Value::Timestamp(ns) => write_timestamp(*ns, out),
            Value::Float(f) => self.float(*f, out),
            Value::Bool(_) | Value::Int(_) | Value::Duration(_) => write_json(value, out),
            Value::List(_) | Value::Map(_) => {
                let mut json = std::mem::take(&mut self.scratch);
                write_json(value, &mut json);
                self.text(&String::from_utf8_lossy(&json), out);
                json.clear();
                self.scratch = json;
            }
        }
    }

    fn in_column(&mut self, column: &Column, row: usize, out: &mut Vec<u8>) {
        match column {
            Column::Const(value, _) => self.value(value, out),
            Column::Any(values) => self.value(&values[row], out),
            Column::Bool(array) if array.is_valid(row) => {
                out.extend_from_slice(if array.value(row) { b"true" } else { b"false" });
            }
            Column::Int(array) if array.is_valid(row) => {
                out.extend_from_slice(itoa::Buffer::new().format(array.value(row)).as_bytes());
            }
            Column::Float(array) if array.is_valid(row) => self.float(array.value(row), out),
            Column::Str(array) if array.is_valid(row) => self.text(array.value(row), out),
            Column::Timestamp(array) if array.is_valid(row) => write_timestamp(array.value(row), out),
            Column::Duration(array) if array.is_valid(row) => write_float(duration_seconds(array.value(row)), out),
            _ => {}
        }
    }

    fn float(&mut self, f: f64, out: &mut Vec<u8>) {
        if f.is_finite() {
            write_float(f, out);
        } else {
            self.not_finite += 1;
        }
    }

    /// Text in quotes where it needs them: empty text too, which an empty cell (null) is not.
    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        let bytes = text.as_bytes();
        let special = |bytes: &[u8]| memchr3(self.delimiter, b'"', b'\n', bytes).is_some() || bytes.contains(&b'\r');
        if !bytes.is_empty() && !special(bytes) {
            out.extend_from_slice(bytes);
            return;
        }
        out.push(b'"');
        for (at, part) in bytes.split(|&byte| byte == b'"').enumerate() {
            if at > 0 {
                out.extend_from_slice(b"\"\"");
            }
            out.extend_from_slice(part);
        }
        out.push(b'"');
    }
}
