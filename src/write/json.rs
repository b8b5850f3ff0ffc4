//! Rows as JSON lines (LANGUAGE.md, "Output"): `{"stream":"S","ts":"..",<fields>}`.

use arrow::array::Array;

use super::own::Own;
use crate::data::format::{TimeText, duration_seconds, write_float, write_json, write_json_text, write_timestamp};
use crate::data::{Column, EventRows, Value};

/// Appends a whole event: our two members, then its own, byte for byte. Where it has a member
/// `stream` or `ts` itself, ours is left out.
pub fn record_row(stream: &[u8], ts: i64, event: &dyn EventRows, row: u32, out: &mut Vec<u8>) {
    let start = out.len();
    head(stream, ts, out);
    out.push(b',');
    let before = out.len();
    event.members(row, out);
    if out.len() == before {
        out.pop();
        out.extend_from_slice(b"}\n");
        return;
    }
    match Own::among(&out[before..]) {
        Own {
            stream: false,
            ts: false,
        } => {}
        own => drop(out.splice(start..before, remaining_head(own, stream, ts))),
    }
    out.extend_from_slice(b"}\n");
}

/// What is left of our members.
fn remaining_head(own: Own, stream: &[u8], ts: i64) -> Vec<u8> {
    let mut head = vec![b'{'];
    if !own.stream {
        head.extend_from_slice(b"\"stream\":");
        head.extend_from_slice(stream);
        head.push(b',');
    }
    if !own.ts {
        head.extend_from_slice(b"\"ts\":");
        time(ts, &mut head);
        head.push(b',');
    }
    head
}

/// Appends a row that is a single value: a map by its members, anything else as the field `value`.
pub fn value_row(stream: &[u8], ts: i64, value: &Value, out: &mut Vec<u8>) {
    let Value::Map(entries) = value else {
        head(stream, ts, out);
        out.extend_from_slice(b",\"value\":");
        write_json(value, out);
        out.extend_from_slice(b"}\n");
        return;
    };
    let own = |name: &str| entries.get(&crate::data::Key(Value::str(name)));
    out.extend_from_slice(b"{\"stream\":");
    match own("stream") {
        Some(value) => write_json(value, out),
        None => out.extend_from_slice(stream),
    }
    out.extend_from_slice(b",\"ts\":");
    match own("ts") {
        Some(value) => write_json(value, out),
        None => time(ts, out),
    }
    for (key, value) in entries.iter() {
        if matches!(&key.0, Value::Str(name) if &**name == "stream" || &**name == "ts") {
            continue;
        }
        out.push(b',');
        key_text(&key.0, out);
        out.push(b':');
        write_json(value, out);
    }
    out.extend_from_slice(b"}\n");
}

fn key_text(key: &Value, out: &mut Vec<u8>) {
    let mut text = Vec::new();
    crate::data::format::write_text(key, &mut text);
    write_json_text(&String::from_utf8_lossy(&text), out);
}

fn head(stream: &[u8], ts: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"stream\":");
    out.extend_from_slice(stream);
    out.extend_from_slice(b",\"ts\":");
    time(ts, out);
}

fn time(ts: i64, out: &mut Vec<u8>) {
    out.push(b'"');
    write_timestamp(ts, out);
    out.push(b'"');
}

/// The names of a projection's fields, written once: `,"name":`. A field called `stream` or `ts`
/// takes the place of ours.
#[derive(Clone, Debug)]
pub struct FieldKeys {
    stream: Option<usize>,
    ts: Option<usize>,
    others: Vec<(usize, Vec<u8>)>,
}

impl FieldKeys {
    /// The keys of fields of these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut keys = Self {
            stream: None,
            ts: None,
            others: Vec::new(),
        };
        for (at, name) in names.into_iter().enumerate() {
            match name {
                "stream" => keys.stream = Some(at),
                "ts" => keys.ts = Some(at),
                _ => {
                    let mut key = vec![b','];
                    write_json_text(name, &mut key);
                    key.push(b':');
                    keys.others.push((at, key));
                }
            }
        }
        keys
    }
}

/// Appends a row of columns, in the order of the keys.
pub fn field_row(keys: &FieldKeys, stream: &[u8], ts: i64, columns: &[Column], row: usize, out: &mut Vec<u8>) {
    FieldRows::new(keys, stream, columns).row(ts, row, out);
}

/// Writes rows of the same columns.
#[derive(Debug)]
pub struct FieldRows<'a> {
    stream: Lead<'a>,
    ts: Option<Cells<'a>>,
    /// The last time of a row.
    time: TimeText,
    others: Vec<(Key<'a>, Cells<'a>)>,
    /// How many of `others` are times or constants and come first: of rows of one window all these are
    /// the same.
    lead: usize,
    /// The row before, and its time.
    before: Option<(usize, i64)>,
    /// Its text up to there.
    beginning: Vec<u8>,
}

/// A key with its comma and colon, short ones padded: a copy of fixed length is quicker.
#[derive(Debug)]
struct Key<'a> {
    text: &'a [u8],
    padded: Option<[u8; PADDED]>,
}

const PADDED: usize = 16;

impl<'a> Key<'a> {
    fn new(text: &'a [u8]) -> Self {
        let padded = (text.len() <= PADDED).then(|| {
            let mut padded = [0; PADDED];
            padded[..text.len()].copy_from_slice(text);
            padded
        });
        Self { text, padded }
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        match &self.padded {
            Some(padded) => {
                let end = out.len() + self.text.len();
                out.extend_from_slice(padded);
                out.truncate(end);
            }
            None => out.extend_from_slice(self.text),
        }
    }
}

/// What stands as the stream.
#[derive(Debug)]
enum Lead<'a> {
    Name(&'a [u8]),
    Cells(Cells<'a>),
}

/// A column, with the last time written of it.
#[derive(Debug)]
struct Cells<'a> {
    column: &'a Column,
    time: TimeText,
}

impl<'a> FieldRows<'a> {
    /// Writes rows of these columns, in the order of the keys.
    #[must_use]
    pub fn new(keys: &'a FieldKeys, stream: &'a [u8], columns: &'a [Column]) -> Self {
        let cells = |at: usize| Cells {
            column: &columns[at],
            time: TimeText::default(),
        };
        let others: Vec<(Key<'a>, Cells<'a>)> = keys
            .others
            .iter()
            .map(|(at, key)| (Key::new(key), cells(*at)))
            .collect();
        let same =
            |(_, cells): &&(Key<'a>, Cells<'a>)| matches!(cells.column, Column::Timestamp(_) | Column::Const(..));
        let lead = others.iter().take_while(same).count();
        Self {
            stream: keys.stream.map_or(Lead::Name(stream), |at| Lead::Cells(cells(at))),
            ts: keys.ts.map(cells),
            time: TimeText::default(),
            lead,
            before: None,
            beginning: Vec::new(),
            others,
        }
    }

    /// Appends a row.
    pub fn row(&mut self, ts: i64, row: usize, out: &mut Vec<u8>) {
        let alike = |(before, time): (usize, i64)| time == ts && self.begins_alike(before, row);
        if !self.before.is_some_and(alike) {
            let mut text = std::mem::take(&mut self.beginning);
            text.clear();
            self.begin(ts, row, &mut text);
            self.beginning = text;
            self.before = Some((row, ts));
        }
        out.extend_from_slice(&self.beginning);
        for (key, cells) in &mut self.others[self.lead..] {
            key.write(out);
            cells.write(row, out);
        }
        out.extend_from_slice(b"}\n");
    }

    /// Whether the leading cells of two rows are the same.
    fn begins_alike(&self, a: usize, b: usize) -> bool {
        let ours = matches!(self.stream, Lead::Name(_)) && self.ts.is_none();
        ours && self.others[..self.lead].iter().all(|(_, cells)| match cells.column {
            Column::Timestamp(array) => array.is_valid(a) == array.is_valid(b) && array.value(a) == array.value(b),
            _ => true,
        })
    }

    /// What stands before the first cell that may be another in each row.
    fn begin(&mut self, ts: i64, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"stream\":");
        match &mut self.stream {
            Lead::Cells(cells) => cells.write(row, out),
            Lead::Name(name) => out.extend_from_slice(name),
        }
        out.extend_from_slice(b",\"ts\":");
        match &mut self.ts {
            Some(cells) => cells.write(row, out),
            None => quoted(&mut self.time, ts, out),
        }
        for (key, cells) in &mut self.others[..self.lead] {
            key.write(out);
            cells.write(row, out);
        }
    }
}

impl Cells<'_> {
    #[inline]
    fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        match self.column {
            Column::Const(value, _) => write_json(value, out),
            Column::Any(values) => write_json(&values[row], out),
            Column::Bool(array) if array.is_valid(row) => {
                out.extend_from_slice(if array.value(row) { b"true" } else { b"false" });
            }
            Column::Int(array) if array.is_valid(row) => {
                out.extend_from_slice(itoa::Buffer::new().format(array.value(row)).as_bytes());
            }
            Column::Float(array) if array.is_valid(row) => write_float(array.value(row), out),
            Column::Str(array) if array.is_valid(row) => write_json_text(array.value(row), out),
            Column::Timestamp(array) if array.is_valid(row) => quoted(&mut self.time, array.value(row), out),
            Column::Duration(array) if array.is_valid(row) => write_float(duration_seconds(array.value(row)), out),
            _ => out.extend_from_slice(b"null"),
        }
    }
}

fn quoted(text: &mut TimeText, ns: i64, out: &mut Vec<u8>) {
    out.push(b'"');
    text.write(ns, out);
    out.push(b'"');
}
