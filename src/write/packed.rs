//! Values as bytes and back, for rows that wait on disk. Every value comes back as it was.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use arrow::array::Array;

use crate::data::{Column, Key, MapValue, Value};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const STR: u8 = 5;
const TIMESTAMP: u8 = 6;
const DURATION: u8 = 7;
const LIST: u8 = 8;
const MAP: u8 = 9;

/// Appends a value.
pub(super) fn pack(value: &Value, out: &mut Vec<u8>) {
    let mut number = |tag: u8, bits: u64| {
        out.push(tag);
        pack_u64(bits, out);
    };
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Int(i) => number(INT, i.cast_unsigned()),
        Value::Float(f) => number(FLOAT, f.to_bits()),
        Value::Timestamp(ns) => number(TIMESTAMP, ns.cast_unsigned()),
        Value::Duration(ns) => number(DURATION, ns.cast_unsigned()),
        Value::Str(text) => pack_text(text, out),
        Value::List(items) => {
            number(LIST, items.len() as u64);
            items.iter().for_each(|item| pack(item, out));
        }
        Value::Map(entries) => {
            number(MAP, entries.len() as u64);
            for (key, item) in entries.iter() {
                pack(&key.0, out);
                pack(item, out);
            }
        }
    }
}

/// Appends the value in a row of a column.
pub(super) fn pack_cell(column: &Column, row: usize, out: &mut Vec<u8>) {
    match column {
        Column::Const(value, _) => pack(value, out),
        Column::Any(values) => pack(&values[row], out),
        Column::Str(array) if array.is_valid(row) => pack_text(array.value(row), out),
        _ => pack(&column.value(row), out),
    }
}

/// Appends text, as the value of it.
fn pack_text(text: &str, out: &mut Vec<u8>) {
    out.push(STR);
    pack_u64(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a number.
pub(super) fn pack_u64(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// The next value.
pub(super) fn unpack(from: &mut impl BufRead) -> io::Result<Value> {
    let mut tag = [0];
    from.read_exact(&mut tag)?;
    Ok(match tag[0] {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INT => Value::Int(unpack_u64(from)?.cast_signed()),
        FLOAT => Value::Float(f64::from_bits(unpack_u64(from)?)),
        TIMESTAMP => Value::Timestamp(unpack_u64(from)?.cast_signed()),
        DURATION => Value::Duration(unpack_u64(from)?.cast_signed()),
        STR => unpack_text(from)?,
        LIST => {
            let n = unpack_u64(from)?;
            Value::List((0..n).map(|_| unpack(from)).collect::<io::Result<_>>()?)
        }
        MAP => {
            let n = unpack_u64(from)?;
            let entry = |_| Ok((Key(unpack(from)?), unpack(from)?));
            Value::Map(Arc::new((0..n).map(entry).collect::<io::Result<MapValue>>()?))
        }
        other => return Err(broken(format!("tag {other}"))),
    })
}

/// The next number.
pub(super) fn unpack_u64(from: &mut impl BufRead) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn unpack_text(from: &mut impl BufRead) -> io::Result<Value> {
    let len = unpack_u64(from)?;
    let mut bytes = Vec::new();
    if from.take(len).read_to_end(&mut bytes)? as u64 != len {
        return Err(broken("text ends early".to_owned()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| broken(error.to_string()))?;
    Ok(Value::str(text))
}

/// Somebody else changed what we wrote.
fn broken(what: String) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("rows kept aside are damaged: {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_were() {
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(i64::MIN),
            Value::Float(-0.0),
            Value::Timestamp(-1),
            Value::Duration(i64::MAX),
            Value::str("é\0\"🦀"),
            Value::str(""),
            Value::list(vec![Value::Null, Value::list(vec![]), Value::Int(1)]),
            Value::map([
                (Key(Value::str("a.b")), Value::Float(1.5)),
                (Key(Value::Int(7)), Value::map([])),
            ]),
        ];
        let mut bytes = Vec::new();
        values.iter().for_each(|value| pack(value, &mut bytes));
        let mut from = bytes.as_slice();
        for value in &values {
            assert_eq!(format!("{:?}", unpack(&mut from).unwrap()), format!("{value:?}"));
        }
        assert!(from.is_empty());
        assert!(unpack(&mut from).is_err());
    }
}
