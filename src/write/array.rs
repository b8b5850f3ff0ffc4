//! Values of one shape -> an Arrow array; nested shapes member by member.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, MapArray, PrimitiveArray, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DurationNanosecondType, TimestampNanosecondType};
use arrow::error::ArrowError;
use indexmap::IndexMap;

use super::shape::{Shape, element_field, entries_field, entry_fields, record_fields, tuple_fields};
use crate::data::format::write_json;
use crate::data::{MapValue, TextKey, Value};

static NULL: Value = Value::Null;

/// The array of values that fit a settled shape.
pub(super) fn array(shape: &Shape, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    Ok(match shape {
        Shape::Bool => Arc::new(scalars(values, as_bool).collect::<BooleanArray>()),
        Shape::Number { float: false, .. } => Arc::new(scalars(values, as_int).collect::<Int64Array>()),
        Shape::Number { float: true, .. } => Arc::new(scalars(values, as_float).collect::<Float64Array>()),
        Shape::Timestamp => timestamps(scalars(values, as_timestamp).collect()),
        Shape::Duration => durations(scalars(values, as_duration).collect()),
        Shape::Null | Shape::Str => Arc::new(scalars(values, as_text).collect::<StringArray>()),
        Shape::Json(_) => Arc::new(values.iter().map(|value| json_text(value)).collect::<StringArray>()),
        Shape::List(item) => list(item, values)?,
        Shape::Tuple(shapes) => tuple(shapes, values)?,
        Shape::Record(members) => record(members, values)?,
        Shape::Map(shapes) => map(&shapes.0, &shapes.1, values)?,
    })
}

fn scalars<'a, T: 'a>(
    values: &'a [&'a Value],
    get: impl Fn(&'a Value) -> Option<T> + 'a,
) -> impl Iterator<Item = Option<T>> + 'a {
    values.iter().map(move |value| get(value))
}

/// A bool, unless it is null (or no bool).
pub(super) fn as_bool(value: &Value) -> Option<bool> {
    if let Value::Bool(b) = value { Some(*b) } else { None }
}

/// An int.
pub(super) fn as_int(value: &Value) -> Option<i64> {
    if let Value::Int(i) = value { Some(*i) } else { None }
}

/// A float, or an int as a float.
pub(super) fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(f) => Some(*f),
        Value::Int(i) => Some(*i as f64),
        _ => None,
    }
}

/// Nanoseconds since the epoch.
pub(super) fn as_timestamp(value: &Value) -> Option<i64> {
    if let Value::Timestamp(ns) = value {
        Some(*ns)
    } else {
        None
    }
}

/// Nanoseconds.
pub(super) fn as_duration(value: &Value) -> Option<i64> {
    if let Value::Duration(ns) = value {
        Some(*ns)
    } else {
        None
    }
}

/// Text.
pub(super) fn as_text(value: &Value) -> Option<&str> {
    if let Value::Str(text) = value { Some(text) } else { None }
}

fn as_list(value: &Value) -> Option<&[Value]> {
    if let Value::List(items) = value {
        Some(items)
    } else {
        None
    }
}

fn as_map(value: &Value) -> Option<&MapValue> {
    if let Value::Map(entries) = value {
        Some(entries)
    } else {
        None
    }
}

fn json_text(value: &Value) -> Option<String> {
    let mut text = Vec::new();
    if value.is_null() {
        return None;
    }
    write_json(value, &mut text);
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Times of nanoseconds.
pub(super) fn timestamps(ns: Int64Array) -> ArrayRef {
    let times: PrimitiveArray<TimestampNanosecondType> = ns.reinterpret_cast();
    Arc::new(times.with_timezone("UTC"))
}

/// Durations of nanoseconds.
pub(super) fn durations(ns: Int64Array) -> ArrayRef {
    Arc::new(ns.reinterpret_cast::<DurationNanosecondType>())
}

/// Which values are there; none when all are.
fn validity(values: &[&Value]) -> Option<NullBuffer> {
    let nulls: NullBuffer = values.iter().map(|value| !value.is_null()).collect();
    (nulls.null_count() > 0).then_some(nulls)
}

fn list(item: &Shape, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let items = || values.iter().map(|value| as_list(value).unwrap_or_default());
    let offsets = OffsetBuffer::from_lengths(items().map(<[Value]>::len));
    let flat: Vec<&Value> = items().flatten().collect();
    let elements = array(item, &flat)?;
    ListArray::try_new(element_field(item), offsets, elements, validity(values)).map(|list| Arc::new(list) as _)
}

fn tuple(shapes: &[Shape], values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let member = |(at, shape): (usize, &Shape)| {
        let member = |value: &&'_ Value| {
            as_list(value)
                .and_then(|items| items.get(at))
                .cloned()
                .unwrap_or_default()
        };
        let items: Vec<Value> = values.iter().map(member).collect();
        array(shape, &items.iter().collect::<Vec<_>>())
    };
    let members = shapes.iter().enumerate().map(member).collect::<Result<_, _>>()?;
    StructArray::try_new(tuple_fields(shapes), members, validity(values)).map(|tuples| Arc::new(tuples) as _)
}

fn record(members: &IndexMap<String, Shape>, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let member = |(name, shape): (&String, &Shape)| {
        let found: Vec<&Value> = values
            .iter()
            .map(|value| as_map(value).and_then(|map| map.get(&TextKey(name))).unwrap_or(&NULL))
            .collect();
        array(shape, &found)
    };
    let arrays = members.iter().map(member).collect::<Result<_, _>>()?;
    StructArray::try_new(record_fields(members), arrays, validity(values)).map(|records| Arc::new(records) as _)
}

fn map(key: &Shape, value: &Shape, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let maps = || values.iter().filter_map(|value| as_map(value));
    let lengths = values.iter().map(|value| as_map(value).map_or(0, MapValue::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let keys: Vec<&Value> = maps().flat_map(|map| map.keys().map(|key| &key.0)).collect();
    let items: Vec<&Value> = maps().flat_map(MapValue::values).collect();
    let columns = vec![array(key, &keys)?, array(value, &items)?];
    let entries = StructArray::try_new(entry_fields(key, value), columns, None)?;
    let map = MapArray::try_new(entries_field(key, value), offsets, entries, validity(values), false)?;
    Ok(Arc::new(map))
}
