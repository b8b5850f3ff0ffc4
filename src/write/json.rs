//! Rows as JSON lines (LANGUAGE.md, "Output"): `{"stream":"S","ts":"..",<fields>}`.

use arrow::array::Array;

use super::own::Own;
use crate::data::format::{duration_seconds, write_float, write_json, write_json_text, write_timestamp};
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
    out.extend_from_slice(b"{\"stream\":");
    match keys.stream {
        Some(at) => cell(&columns[at], row, out),
        None => out.extend_from_slice(stream),
    }
    out.extend_from_slice(b",\"ts\":");
    match keys.ts {
        Some(at) => cell(&columns[at], row, out),
        None => time(ts, out),
    }
    for (at, key) in &keys.others {
        out.extend_from_slice(key);
        cell(&columns[*at], row, out);
    }
    out.extend_from_slice(b"}\n");
}

fn cell(column: &Column, row: usize, out: &mut Vec<u8>) {
    match column {
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
        Column::Timestamp(array) if array.is_valid(row) => time(array.value(row), out),
        Column::Duration(array) if array.is_valid(row) => write_float(duration_seconds(array.value(row)), out),
        _ => out.extend_from_slice(b"null"),
    }
}
