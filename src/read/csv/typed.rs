//! Cells -> values.

use std::sync::Arc;

use super::infer::Kind;
use crate::data::time::parse_timestamp;
use crate::data::{Type, Value};
use crate::read::json;
use crate::read::time::TimeReader;
use crate::read::value::{Number, parse_number};

/// How the cells of a column are read for one event type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum CellType {
    /// As the declaration says.
    Declared(Type),
    /// As inferred; what does not fit is text.
    Inferred(Kind),
}

/// An integer of 64 bits, written as it would be again.
pub(super) fn parse_int(cell: &[u8]) -> Option<i64> {
    match parse_number(cell)? {
        Number::Int(i) if cell != b"-0" => Some(i),
        _ => None,
    }
}

/// A number with or without fraction and exponent, `nan`, `inf`; no integer that a float cannot hold
/// or that 64 bits cannot.
pub(super) fn parse_float(cell: &[u8]) -> Option<f64> {
    match parse_number(cell) {
        Some(Number::Int(i)) => Some(i as f64),
        Some(Number::Float(f)) => Some(f),
        Some(Number::Big(_)) => None,
        None => {
            let special = cell.strip_prefix(b"-").unwrap_or(cell);
            let known = ["nan", "inf", "infinity"]
                .iter()
                .any(|name| special.eq_ignore_ascii_case(name.as_bytes()));
            // Of other programs: `.5`, `5.`.
            let short = special.len() > 1
                && special.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
                && (special[0] == b'.' || special.last() == Some(&b'.'));
            (known || short).then(|| std::str::from_utf8(cell).ok()?.parse().ok())?
        }
    }
}

/// `true` or `false`, in any case.
pub(super) fn parse_bool(cell: &[u8]) -> Option<bool> {
    match cell {
        _ if cell.eq_ignore_ascii_case(b"true") => Some(true),
        _ if cell.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

/// A time as text, else as an epoch number.
pub(super) fn parse_time(cell: &[u8], times: &mut TimeReader) -> Option<i64> {
    times.text(cell).or_else(|| times.number(cell))
}

impl CellType {
    /// Whether empty cells are text, not null.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Declared(Type::Str) | Self::Inferred(Kind::Text))
    }

    /// What an unquoted cell, UTF-8, says; none if it is not of the declared type.
    pub(super) fn read(&self, cell: &[u8], times: &mut TimeReader) -> Option<Value> {
        let text = |cell| Value::Str(Arc::from(String::from_utf8_lossy(cell)));
        if cell.is_empty() && !self.is_text() {
            return Some(Value::Null);
        }
        match self {
            Self::Declared(ty) => match ty {
                Type::Str => Some(text(cell)),
                Type::Int => match parse_number(cell)? {
                    Number::Int(i) => Some(Value::Int(i)),
                    _ => None,
                },
                Type::Float => parse_float(cell)
                    .or_else(|| Some(parse_number(cell)?.as_f64()))
                    .map(Value::Float),
                Type::Bool if cell == b"1" || cell == b"0" => Some(Value::Bool(cell == b"1")),
                Type::Bool => parse_bool(cell).map(Value::Bool),
                Type::Timestamp => parse_time(cell, times).map(Value::Timestamp),
                Type::Optional(inner) => Self::Declared((**inner).clone()).read(cell, times),
                _ => json::read_as(cell, ty, times),
            },
            Self::Inferred(kind) => {
                let typed = match kind {
                    Kind::Int => parse_int(cell).map(Value::Int),
                    Kind::Float => parse_float(cell).map(Value::Float),
                    Kind::Bool => parse_bool(cell).map(Value::Bool),
                    Kind::Timestamp => parse_timestamp(cell).map(Value::Timestamp),
                    Kind::Text => None,
                };
                Some(typed.unwrap_or_else(|| text(cell)))
            }
        }
    }
}
