//! One column of a row group while it fills.
//!
//! What comes out depends on the values alone, not on the columns they came in: a constant, an array
//! and plain values build the same bytes.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanBuilder, Float64Builder, Int64Array, Int64Builder, StringBuilder};
use arrow::error::ArrowError;

use super::array::{array, as_bool, as_duration, as_float, as_int, as_text, as_timestamp, durations, timestamps};
use super::shape::Shape;
use crate::data::{Column, Value};

/// The values so far.
pub(super) enum Build {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Str(StringBuilder),
    Timestamp(Int64Builder),
    Duration(Int64Builder),
    /// Nested values and JSON text, turned into an array at the end.
    Other(Shape, Vec<Value>),
}

impl Build {
    /// An empty column of a settled shape.
    pub(super) fn new(shape: &Shape) -> Self {
        match shape {
            Shape::Bool => Self::Bool(BooleanBuilder::new()),
            Shape::Number { float: false, .. } => Self::Int(Int64Builder::new()),
            Shape::Number { float: true, .. } => Self::Float(Float64Builder::new()),
            Shape::Null | Shape::Str => Self::Str(StringBuilder::new()),
            Shape::Timestamp => Self::Timestamp(Int64Builder::new()),
            Shape::Duration => Self::Duration(Int64Builder::new()),
            other => Self::Other(other.clone(), Vec::new()),
        }
    }

    /// Adds a value that fits ([`Shape::fits`]).
    pub(super) fn push(&mut self, value: &Value) {
        match self {
            Self::Bool(builder) => builder.append_option(as_bool(value)),
            Self::Int(builder) => builder.append_option(as_int(value)),
            Self::Float(builder) => builder.append_option(as_float(value)),
            Self::Str(builder) => builder.append_option(as_text(value)),
            Self::Timestamp(builder) => builder.append_option(as_timestamp(value)),
            Self::Duration(builder) => builder.append_option(as_duration(value)),
            Self::Other(_, values) => values.push(value.clone()),
        }
    }

    /// Adds rows of a column that fit.
    pub(super) fn extend(&mut self, column: &Column, rows: Range<usize>) {
        match (self, column) {
            (Self::Bool(builder), Column::Bool(array)) => {
                rows.for_each(|row| builder.append_option(array.is_valid(row).then(|| array.value(row))));
            }
            (Self::Int(builder), Column::Int(array))
            | (Self::Timestamp(builder), Column::Timestamp(array))
            | (Self::Duration(builder), Column::Duration(array)) => ints(builder, array, rows),
            (Self::Float(builder), Column::Float(array)) => {
                rows.for_each(|row| builder.append_option(array.is_valid(row).then(|| array.value(row))));
            }
            (Self::Str(builder), Column::Str(array)) => {
                rows.for_each(|row| builder.append_option(array.is_valid(row).then(|| array.value(row))));
            }
            (build, Column::Const(value, _)) => rows.for_each(|_| build.push(value)),
            (build, Column::Any(values)) => rows.for_each(|row| build.push(&values[row])),
            (build, column) => rows.for_each(|row| build.push(&column.value(row))),
        }
    }

    /// The array, and an empty column again.
    pub(super) fn take(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Str(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => timestamps(builder.finish()),
            Self::Duration(builder) => durations(builder.finish()),
            Self::Other(shape, values) => {
                let values = std::mem::take(values);
                array(shape, &values.iter().collect::<Vec<_>>())?
            }
        })
    }
}

fn ints(builder: &mut Int64Builder, array: &Int64Array, rows: Range<usize>) {
    if array.null_count() == 0 {
        builder.append_slice(&array.values()[rows]);
    } else {
        rows.for_each(|row| builder.append_option(array.is_valid(row).then(|| array.value(row))));
    }
}

/// Roughly the bytes of a value, by the value alone: what row groups are cut by.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::Str(text) => 8 + text.len(),
        Value::List(items) => 8 + items.iter().map(weight).sum::<usize>(),
        Value::Map(entries) => {
            8 + entries
                .iter()
                .map(|(key, value)| weight(&key.0) + weight(value))
                .sum::<usize>()
        }
        _ => 8,
    }
}

/// As [`weight`], of a row of a column.
pub(super) fn weight_in(column: &Column, row: usize) -> usize {
    match column {
        Column::Const(value, _) => weight(value),
        Column::Any(values) => weight(&values[row]),
        Column::Str(array) if array.is_valid(row) => 8 + array.value(row).len(),
        _ => 8,
    }
}
