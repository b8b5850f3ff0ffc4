//! A column built value by value, typed as long as the values are.

use arrow::array::{Float64Array, Int64Array};
use arrow::buffer::NullBuffer;

use crate::data::{Column, Value};

/// A column that grows.
#[derive(Debug)]
pub(super) enum Builder {
    /// Only nulls so far.
    Nulls(usize),
    /// Integers.
    Int(Vec<Option<i64>>),
    /// Floats.
    Float(Vec<Option<f64>>),
    /// Values of other types, or of several.
    Any(Vec<Value>),
}

impl Builder {
    /// No values yet.
    pub(super) fn new() -> Self {
        Self::Nulls(0)
    }

    /// Adds a value.
    pub(super) fn push(&mut self, value: Value) {
        match (&mut *self, value) {
            (Self::Int(items), Value::Int(x)) => items.push(Some(x)),
            (Self::Float(items), Value::Float(x)) => items.push(Some(x)),
            (Self::Nulls(n), Value::Null) => *n += 1,
            (Self::Int(items), Value::Null) => items.push(None),
            (Self::Float(items), Value::Null) => items.push(None),
            (Self::Any(items), value) => items.push(value),
            (_, value) => self.change(value),
        }
    }

    /// Adds the first value of a type.
    #[cold]
    fn change(&mut self, value: Value) {
        *self = match (std::mem::replace(self, Self::Nulls(0)), value) {
            (Self::Nulls(n), Value::Int(x)) => Self::Int(with(n, x)),
            (Self::Nulls(n), Value::Float(x)) => Self::Float(with(n, x)),
            (before, value) => {
                let mut items: Vec<Value> = match before {
                    Self::Nulls(n) => vec![Value::Null; n],
                    Self::Int(items) => items.into_iter().map(|x| x.map_or(Value::Null, Value::Int)).collect(),
                    Self::Float(items) => items.into_iter().map(|x| x.map_or(Value::Null, Value::Float)).collect(),
                    Self::Any(items) => items,
                };
                items.push(value);
                Self::Any(items)
            }
        };
    }

    /// The column.
    pub(super) fn finish(self) -> Column {
        match self {
            Self::Nulls(n) => Column::nulls(n),
            Self::Int(items) => Column::Int(items.into_iter().collect::<Int64Array>()),
            Self::Float(items) => Column::Float(items.into_iter().collect::<Float64Array>()),
            Self::Any(values) => Column::from_values(values),
        }
    }
}

/// A column of numbers that may be null, made of one value for each item; none as soon as there is no
/// telling the value.
pub(super) fn numbers<T: Default + Clone, A: Copy>(
    of: &[A],
    mut value: impl FnMut(A) -> Option<Option<T>>,
    column: impl FnOnce(Vec<T>, Option<NullBuffer>) -> Column,
) -> Option<Column> {
    let mut values = Vec::with_capacity(of.len());
    let mut valid: Vec<bool> = Vec::new();
    let mut nulls = 0;
    for &item in of {
        let value = value(item)?;
        if value.is_none() && nulls == 0 {
            valid.resize(values.len(), true);
        }
        nulls += usize::from(value.is_none());
        if nulls > 0 {
            valid.push(value.is_some());
        }
        values.push(value.unwrap_or_default());
    }
    if nulls == of.len() {
        return Some(Column::nulls(nulls));
    }
    Some(column(values, (nulls > 0).then(|| NullBuffer::from(valid))))
}

/// A column of floats, likewise.
pub(super) fn floats<A: Copy>(of: &[A], value: impl FnMut(A) -> Option<Option<f64>>) -> Option<Column> {
    numbers(of, value, |values, nulls| {
        Column::Float(Float64Array::new(values.into(), nulls))
    })
}

/// A column of integers, likewise.
pub(super) fn ints<A: Copy>(of: &[A], value: impl FnMut(A) -> Option<Option<i64>>) -> Option<Column> {
    numbers(of, value, |values, nulls| {
        Column::Int(Int64Array::new(values.into(), nulls))
    })
}

fn with<T: Clone>(nulls: usize, value: T) -> Vec<Option<T>> {
    let mut items = vec![None; nulls];
    items.push(Some(value));
    items
}
