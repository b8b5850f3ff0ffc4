//! Arguments of functions as what they must be.

use std::sync::Arc;

use crate::data::{MapValue, Value};

use super::errors::Fail;

/// Text.
pub(super) fn text(value: &Value) -> Result<&str, Fail> {
    match value {
        Value::Str(text) => Ok(text),
        other => Err(Fail::no(other, "str")),
    }
}

/// An integer; a float that is one counts.
pub(super) fn int(value: &Value) -> Result<i64, Fail> {
    match value {
        Value::Int(i) => Ok(*i),
        Value::Float(f) if f.fract() == 0.0 => {
            super::arithmetic::float_to_int(*f).ok_or_else(|| Fail::no(value, "int"))
        }
        other => Err(Fail::no(other, "int")),
    }
}

/// A number as a float.
pub(super) fn float(value: &Value) -> Result<f64, Fail> {
    match value {
        Value::Int(i) => Ok(*i as f64),
        Value::Float(f) => Ok(*f),
        other => Err(Fail::no(other, "number")),
    }
}

/// A timestamp, in nanoseconds.
pub(super) fn timestamp(value: &Value) -> Result<i64, Fail> {
    match value {
        Value::Timestamp(ns) => Ok(*ns),
        other => Err(Fail::no(other, "timestamp")),
    }
}

/// A duration, in nanoseconds.
pub(super) fn duration(value: &Value) -> Result<i64, Fail> {
    match value {
        Value::Duration(ns) => Ok(*ns),
        other => Err(Fail::no(other, "duration")),
    }
}

/// A list.
pub(super) fn list(value: &Value) -> Result<&Arc<[Value]>, Fail> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(Fail::no(other, "list")),
    }
}

/// A map.
pub(super) fn map(value: &Value) -> Result<&Arc<MapValue>, Fail> {
    match value {
        Value::Map(entries) => Ok(entries),
        other => Err(Fail::no(other, "map")),
    }
}

/// The argument at a place, or null.
pub(super) fn at(args: &[Value], place: usize) -> &Value {
    const NULL: &Value = &Value::Null;
    args.get(place).unwrap_or(NULL)
}
