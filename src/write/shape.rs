//! The type of a column in a file, from what the compiler knows and from the values met.
//!
//! Shapes form a lattice: [`Shape::Null`] is below everything, [`Shape::Json`] above everything, and
//! [`Shape::join`] climbs. The shape of a column is therefore the same however its rows were cut into
//! batches. Ints and floats meet in floats; other unlike values meet in JSON text.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use indexmap::IndexMap;

use crate::data::value::int_equals_float;
use crate::data::{Column, Key, MapValue, Type, Value};

/// More members than this make no record of an object: it becomes JSON text.
const MOST_MEMBERS: usize = 1000;

/// What all values of a column are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Shape {
    /// No value but null so far.
    #[default]
    Null,
    Bool,
    Number {
        float: bool,
        /// An int was met that no float equals.
        large: bool,
    },
    Str,
    Timestamp,
    Duration,
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    /// Objects with text keys: every member met, in order of first appearance.
    Record(IndexMap<String, Shape>),
    /// Declared maps, and objects with keys that are no text.
    Map(Box<(Shape, Shape)>),
    /// Anything, as JSON text: text values have their quotes, so that it can be parsed.
    Json(Unlike),
}

/// Why a column is JSON text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unlike {
    /// Values of these types met.
    Types(&'static str, &'static str),
    /// Objects have too many members.
    Members,
    /// Objects or tuples have no members at all, which no file format can say.
    Empty,
}

impl Shape {
    const INT: Self = Self::Number {
        float: false,
        large: false,
    };

    /// The shape to start with.
    pub(super) fn of_type(ty: &Type) -> Self {
        match ty {
            Type::Any | Type::Null | Type::Stream(_) => Self::Null,
            Type::Bool => Self::Bool,
            Type::Int => Self::INT,
            Type::Float => Self::Number {
                float: true,
                large: false,
            },
            Type::Str => Self::Str,
            Type::Timestamp => Self::Timestamp,
            Type::Duration => Self::Duration,
            Type::List(item) => Self::List(Box::new(Self::of_type(item))),
            Type::Map(key, value) => Self::Map(Box::new((Self::of_type(key), Self::of_type(value)))),
            Type::Tuple(items) => Self::Tuple(items.iter().map(Self::of_type).collect()),
            Type::Record(members) => Self::Record(
                members
                    .iter()
                    .map(|(name, ty)| (name.clone(), Self::of_type(ty)))
                    .collect(),
            ),
            Type::Optional(inner) => Self::of_type(inner),
        }
    }

    /// Climbs until the value fits.
    pub(super) fn join(&mut self, value: &Value) {
        match (&mut *self, value) {
            (_, Value::Null)
            | (Self::Json(_), _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Str, Value::Str(_))
            | (Self::Timestamp, Value::Timestamp(_))
            | (Self::Duration, Value::Duration(_)) => {}
            (Self::Number { large, .. }, Value::Int(i)) => *large |= !int_equals_float(*i, *i as f64),
            (Self::Number { float, .. }, Value::Float(_)) => *float = true,
            (Self::List(item), Value::List(items)) => items.iter().for_each(|value| item.join(value)),
            (Self::Tuple(shapes), Value::List(items)) if shapes.len() == items.len() => {
                shapes
                    .iter_mut()
                    .zip(items.iter())
                    .for_each(|(shape, value)| shape.join(value));
            }
            (Self::Record(members), Value::Map(entries)) if has_text_keys(entries) => {
                if !join_members(members, entries) {
                    *self = Self::Json(Unlike::Members);
                }
            }
            (Self::Map(shapes), Value::Map(entries)) if !entries.contains_key(&Key(Value::Null)) => {
                for (key, value) in entries.iter() {
                    shapes.0.join(&key.0);
                    shapes.1.join(value);
                }
            }
            (Self::Null, _) => {
                *self = Self::lowest(value);
                self.join(value);
            }
            (_, _) => *self = Self::Json(Unlike::Types(self.name(), value.type_name())),
        }
    }

    /// The kind of shape a value has, for [`Shape::join`] to fill.
    fn lowest(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) | Value::Float(_) => Self::INT,
            Value::Str(_) => Self::Str,
            Value::Timestamp(_) => Self::Timestamp,
            Value::Duration(_) => Self::Duration,
            Value::List(_) => Self::List(Box::default()),
            Value::Map(entries) if has_text_keys(entries) => Self::Record(IndexMap::new()),
            Value::Map(entries) if entries.contains_key(&Key(Value::Null)) => Self::Json(Unlike::Types("map", "null")),
            Value::Map(_) => Self::Map(Box::default()),
        }
    }

    /// Whether a value can stand in a column of this shape as it is.
    pub(super) fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null)
            | (Self::Json(_), _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Number { .. }, Value::Int(_))
            | (Self::Number { float: true, .. }, Value::Float(_))
            | (Self::Str, Value::Str(_))
            | (Self::Timestamp, Value::Timestamp(_))
            | (Self::Duration, Value::Duration(_)) => true,
            (Self::List(item), Value::List(items)) => items.iter().all(|value| item.fits(value)),
            (Self::Tuple(shapes), Value::List(items)) => {
                shapes.len() == items.len() && shapes.iter().zip(items.iter()).all(|(shape, value)| shape.fits(value))
            }
            (Self::Record(members), Value::Map(entries)) => entries.iter().all(|(key, value)| {
                matches!(&key.0, Value::Str(name) if members.get(&**name).is_some_and(|shape| shape.fits(value)))
            }),
            (Self::Map(shapes), Value::Map(entries)) => entries
                .iter()
                .all(|(key, value)| !key.0.is_null() && shapes.0.fits(&key.0) && shapes.1.fits(value)),
            _ => false,
        }
    }

    /// As [`Shape::fits`], for all rows of a column.
    pub(super) fn fits_column(&self, column: &Column) -> bool {
        match (self, column) {
            (Self::Bool, Column::Bool(_))
            | (Self::Number { .. }, Column::Int(_))
            | (Self::Number { float: true, .. }, Column::Float(_))
            | (Self::Str, Column::Str(_))
            | (Self::Timestamp, Column::Timestamp(_))
            | (Self::Duration, Column::Duration(_)) => true,
            (_, Column::Const(value, n)) => *n == 0 || self.fits(value),
            (_, Column::Any(values)) => values.iter().all(|value| self.fits(value)),
            _ => (0..column.len()).all(|row| self.fits(&column.value(row))),
        }
    }

    /// Whether ints may stand for floats in it.
    pub(super) fn has_floats(&self) -> bool {
        match self {
            Self::Number { float, .. } => *float,
            Self::List(item) => item.has_floats(),
            Self::Tuple(shapes) => shapes.iter().any(Self::has_floats),
            Self::Map(shapes) => shapes.0.has_floats() || shapes.1.has_floats(),
            _ => false,
        }
    }

    /// The value with floats for ints where floats are known to be.
    pub(super) fn with_floats(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Number { float: true, .. }, Value::Int(i)) => Value::Float(*i as f64),
            (Self::List(item), Value::List(items)) => items.iter().map(|value| item.with_floats(value)).collect(),
            (Self::Tuple(shapes), Value::List(items)) if shapes.len() == items.len() => shapes
                .iter()
                .zip(items.iter())
                .map(|(shape, value)| shape.with_floats(value))
                .collect(),
            (Self::Map(shapes), Value::Map(entries)) => Value::map(
                entries
                    .iter()
                    .map(|(key, value)| (Key(shapes.0.with_floats(&key.0)), shapes.1.with_floats(value))),
            ),
            _ => value.clone(),
        }
    }

    /// The shape as it is written when no more values come. What is always null is text, which any
    /// reader takes together with files where there are values; `notes` get what was lost, with `path`
    /// as the name of the column.
    pub(super) fn settle(&mut self, path: &str, notes: &mut Vec<String>) {
        match self {
            Self::Null => *self = Self::Str,
            Self::Number {
                float: true,
                large: true,
            } => notes.push(format!(
                "column `{path}` holds ints and floats; ints beyond 2^53 were rounded to floats"
            )),
            Self::List(item) => item.settle(&format!("{path}[]"), notes),
            Self::Tuple(shapes) if shapes.is_empty() => *self = Self::Json(Unlike::Empty),
            Self::Record(members) if members.is_empty() => *self = Self::Json(Unlike::Empty),
            Self::Tuple(shapes) => {
                for (at, shape) in shapes.iter_mut().enumerate() {
                    shape.settle(&format!("{path}._{at}"), notes);
                }
            }
            Self::Record(members) => {
                for (name, shape) in members {
                    shape.settle(&format!("{path}.{name}"), notes);
                }
            }
            Self::Map(shapes) => {
                shapes.0.settle(&format!("{path}.key"), notes);
                shapes.1.settle(&format!("{path}.value"), notes);
            }
            Self::Json(Unlike::Types(a, b)) => notes.push(format!(
                "column `{path}` holds values of unlike types ({a} and {b}); it is written as JSON text"
            )),
            Self::Json(Unlike::Members) => notes.push(format!(
                "column `{path}` holds objects with more than {MOST_MEMBERS} different members; \
                 it is written as JSON text"
            )),
            Self::Json(Unlike::Empty)
            | Self::Bool
            | Self::Number { .. }
            | Self::Str
            | Self::Timestamp
            | Self::Duration => {}
        }
    }

    /// The type in the file. Everything may be null, since an evaluation error is null wherever it
    /// happens.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Null | Self::Str | Self::Json(_) => DataType::Utf8,
            Self::Bool => DataType::Boolean,
            Self::Number { float: false, .. } => DataType::Int64,
            Self::Number { float: true, .. } => DataType::Float64,
            Self::Timestamp => timestamp_type(),
            Self::Duration => DataType::Duration(TimeUnit::Nanosecond),
            Self::List(item) => DataType::List(element_field(item)),
            Self::Tuple(shapes) => DataType::Struct(tuple_fields(shapes)),
            Self::Record(members) => DataType::Struct(record_fields(members)),
            Self::Map(shapes) => DataType::Map(entries_field(&shapes.0, &shapes.1), false),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Number { float: false, .. } => "int",
            Self::Number { float: true, .. } => "float",
            Self::Str => "str",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Record(_) => "record",
            Self::Map(_) => "map",
            Self::Json(_) => "any",
        }
    }
}

fn has_text_keys(entries: &MapValue) -> bool {
    entries.keys().all(|key| matches!(key.0, Value::Str(_)))
}

/// False when there are too many.
fn join_members(members: &mut IndexMap<String, Shape>, entries: &MapValue) -> bool {
    for (key, value) in entries {
        let Value::Str(name) = &key.0 else { continue };
        if let Some(shape) = members.get_mut(&**name) {
            shape.join(value);
            continue;
        }
        if members.len() == MOST_MEMBERS {
            return false;
        }
        let mut shape = Shape::Null;
        shape.join(value);
        members.insert(name.to_string(), shape);
    }
    true
}

/// Nanoseconds since the epoch, UTC.
pub(super) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from("UTC")))
}

/// The field of a list's elements, named as the Parquet format wants it.
pub(super) fn element_field(item: &Shape) -> Arc<Field> {
    Arc::new(Field::new("element", item.data_type(), true))
}

/// The fields of a tuple: `_0`, `_1` and so on.
pub(super) fn tuple_fields(shapes: &[Shape]) -> Fields {
    let field = |(at, shape): (usize, &Shape)| Field::new(format!("_{at}"), shape.data_type(), true);
    shapes.iter().enumerate().map(field).collect()
}

/// The fields of a record.
pub(super) fn record_fields(members: &IndexMap<String, Shape>) -> Fields {
    let field = |(name, shape): (&String, &Shape)| Field::new(name, shape.data_type(), true);
    members.iter().map(field).collect()
}

/// The fields of a map's entries.
pub(super) fn entry_fields(key: &Shape, value: &Shape) -> Fields {
    Fields::from(vec![
        Field::new("key", key.data_type(), false),
        Field::new("value", value.data_type(), true),
    ])
}

/// The field that holds a map's entries.
pub(super) fn entries_field(key: &Shape, value: &Shape) -> Arc<Field> {
    Arc::new(Field::new("entries", DataType::Struct(entry_fields(key, value)), false))
}
