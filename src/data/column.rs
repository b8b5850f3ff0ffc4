//! A column of values over the rows of a batch.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Float64Array, Int64Array, StringViewArray};
use arrow::datatypes::DataType;

use super::Value;

/// `n` values, one a row. Columns of one type are Arrow arrays; mixed columns, lists and maps are
/// plain values. Null stands in any of them (a null of the array's bitmap, or [`Value::Null`]).
#[derive(Clone, Debug)]
pub enum Column {
    /// The same value in each of `n` rows.
    Const(Value, usize),
    /// Booleans.
    Bool(BooleanArray),
    /// Integers.
    Int(Int64Array),
    /// Floats.
    Float(Float64Array),
    /// Text; views into the log wherever it stands there without escapes.
    Str(StringViewArray),
    /// Nanoseconds since the epoch.
    Timestamp(Int64Array),
    /// Nanoseconds.
    Duration(Int64Array),
    /// Anything, row by row.
    Any(Arc<[Value]>),
}

impl Column {
    /// `n` nulls.
    #[must_use]
    pub fn nulls(n: usize) -> Self {
        Self::Const(Value::Null, n)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Const(_, n) => *n,
            Self::Bool(array) => array.len(),
            Self::Int(array) | Self::Timestamp(array) | Self::Duration(array) => array.len(),
            Self::Float(array) => array.len(),
            Self::Str(array) => array.len(),
            Self::Any(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value in a row.
    #[must_use]
    pub fn value(&self, row: usize) -> Value {
        match self {
            Self::Const(value, _) => value.clone(),
            Self::Bool(array) if array.is_valid(row) => Value::Bool(array.value(row)),
            Self::Int(array) if array.is_valid(row) => Value::Int(array.value(row)),
            Self::Float(array) if array.is_valid(row) => Value::Float(array.value(row)),
            Self::Str(array) if array.is_valid(row) => Value::str(array.value(row)),
            Self::Timestamp(array) if array.is_valid(row) => Value::Timestamp(array.value(row)),
            Self::Duration(array) if array.is_valid(row) => Value::Duration(array.value(row)),
            Self::Any(values) => values[row].clone(),
            _ => Value::Null,
        }
    }

    /// Whether a row holds null.
    #[must_use]
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Const(value, _) => value.is_null(),
            Self::Bool(array) => array.is_null(row),
            Self::Int(array) | Self::Timestamp(array) | Self::Duration(array) => array.is_null(row),
            Self::Float(array) => array.is_null(row),
            Self::Str(array) => array.is_null(row),
            Self::Any(values) => values[row].is_null(),
        }
    }

    /// A column of these values: an array if they are of one type, else values.
    #[must_use]
    pub fn from_values(values: Vec<Value>) -> Self {
        macro_rules! array {
            ($column:ident, $array:ty, $variant:ident) => {
                values
                    .iter()
                    .map(|value| match value {
                        Value::Null => Some(None),
                        Value::$variant(inner) => Some(Some(inner.clone())),
                        _ => None,
                    })
                    .collect::<Option<Vec<_>>>()
                    .map(|items| Self::$column(items.into_iter().collect::<$array>()))
            };
        }
        let typed = match values.iter().find(|value| !value.is_null()) {
            None => return Self::nulls(values.len()),
            Some(Value::Bool(_)) => array!(Bool, BooleanArray, Bool),
            Some(Value::Int(_)) => array!(Int, Int64Array, Int),
            Some(Value::Float(_)) => array!(Float, Float64Array, Float),
            Some(Value::Str(_)) => array!(Str, StringViewArray, Str),
            Some(Value::Timestamp(_)) => array!(Timestamp, Int64Array, Timestamp),
            Some(Value::Duration(_)) => array!(Duration, Int64Array, Duration),
            Some(_) => None,
        };
        typed.unwrap_or_else(|| Self::Any(Arc::from(values)))
    }

    /// The rows `(column, row)` of several columns, in that order.
    #[must_use]
    pub fn gather(columns: &[&Self], rows: &[(u32, u32)]) -> Self {
        if let [only] = columns {
            return only.take(&rows.iter().map(|row| row.1).collect::<Vec<_>>());
        }
        if let Some(value) = one_value(columns) {
            return Self::Const(value, rows.len());
        }
        interleaved(columns, rows).unwrap_or_else(|| {
            Self::from_values(
                rows.iter()
                    .map(|&(column, row)| columns[column as usize].value(row as usize))
                    .collect(),
            )
        })
    }

    /// The rows of several columns, one column after another.
    #[must_use]
    pub fn concat(columns: &[&Self]) -> Self {
        if let [only] = columns {
            return (*only).clone();
        }
        let len = columns.iter().map(|column| column.len()).sum();
        joined(columns, len).unwrap_or_else(|| {
            let all = columns.iter().enumerate();
            let rows: Vec<(u32, u32)> = all
                .flat_map(|(at, column)| (0..column.len()).map(move |row| (at as u32, row as u32)))
                .collect();
            Self::gather(columns, &rows)
        })
    }

    /// A column of `len` rows with these values at `rows` (ascending) and null elsewhere.
    #[must_use]
    pub fn scatter(&self, rows: &[u32], len: usize) -> Self {
        if rows.len() == len {
            return self.clone();
        }
        let nulls = Self::from_values(vec![Value::Null]);
        let mut from = vec![(1, 0); len];
        for (at, &row) in rows.iter().enumerate() {
            from[row as usize] = (0, at as u32);
        }
        Self::gather(&[self, &nulls], &from)
    }

    /// The rows at `indices`, in that order.
    #[must_use]
    pub fn take(&self, indices: &[u32]) -> Self {
        if let Self::Const(value, _) = self {
            return Self::Const(value.clone(), indices.len());
        }
        if let Self::Any(values) = self {
            return Self::Any(indices.iter().map(|&row| values[row as usize].clone()).collect());
        }
        take_array(self, indices)
    }
}

/// The rows of arrays of one type; none when they are not.
fn interleaved(columns: &[&Column], rows: &[(u32, u32)]) -> Option<Column> {
    use arrow::array::AsArray;
    use arrow::compute::interleave;
    use arrow::datatypes::{Float64Type, Int64Type};
    // A column of nulls goes with any type, and one null stands for all of it.
    let empty = |column: &Column| matches!(column, Column::Const(Value::Null, _));
    let place = |&(column, row): &(u32, u32)| {
        let column = column as usize;
        (column, if empty(columns[column]) { 0 } else { row as usize })
    };
    let rows: Vec<(usize, usize)> = rows.iter().map(place).collect();
    macro_rules! of {
        ($variant:ident, $array:ty, $cast:expr) => {{
            let null = <$array>::new_null(1);
            let arrays = columns.iter().map(|column| match column {
                Column::$variant(array) => Some(array as &dyn Array),
                Column::Const(Value::Null, _) => Some(&null as &dyn Array),
                _ => None,
            });
            let arrays: Vec<&dyn Array> = arrays.collect::<Option<_>>()?;
            let made = interleave(&arrays, &rows).ok()?;
            Some(Column::$variant($cast(&made)))
        }};
    }
    match columns.iter().find(|column| !empty(column))? {
        Column::Bool(_) => of!(Bool, BooleanArray, |made: &arrow::array::ArrayRef| made
            .as_boolean()
            .clone()),
        Column::Int(_) => of!(Int, Int64Array, |made: &arrow::array::ArrayRef| made
            .as_primitive::<Int64Type>()
            .clone()),
        Column::Timestamp(_) => of!(Timestamp, Int64Array, |made: &arrow::array::ArrayRef| made
            .as_primitive::<Int64Type>()
            .clone()),
        Column::Duration(_) => of!(Duration, Int64Array, |made: &arrow::array::ArrayRef| made
            .as_primitive::<Int64Type>()
            .clone()),
        Column::Float(_) => of!(Float, Float64Array, |made: &arrow::array::ArrayRef| made
            .as_primitive::<Float64Type>()
            .clone()),
        Column::Str(_) => of!(Str, StringViewArray, |made: &arrow::array::ArrayRef| made
            .as_string_view()
            .clone()),
        Column::Const(..) | Column::Any(_) => None,
    }
}

/// The value of all rows, where every column is the same constant.
fn one_value(columns: &[&Column]) -> Option<Value> {
    let value = |column: &&Column| match column {
        Column::Const(value, _) => Some(value.clone()),
        _ => None,
    };
    let first = columns.first().and_then(value)?;
    columns
        .iter()
        .all(|column| value(column).is_some_and(|other| other.type_name() == first.type_name() && other == first))
        .then_some(first)
}

/// Arrays of one type one after another; none when they are not.
fn joined(columns: &[&Column], len: usize) -> Option<Column> {
    use arrow::array::AsArray;
    use arrow::array::{ArrayRef, new_null_array};
    use arrow::compute::concat;
    use arrow::datatypes::{Float64Type, Int64Type};
    if let Some(value) = one_value(columns) {
        return Some(Column::Const(value, len));
    }
    // A column of nulls goes with any type.
    let empty = |column: &&&Column| matches!(column, Column::Const(Value::Null, _));
    let first = columns.iter().find(|column| !empty(column))?;
    let nulls = |column: &&Column| empty(&column).then(|| new_null_array(&first.array_type(), column.len()));
    let nulls: Vec<Option<ArrayRef>> = columns.iter().map(nulls).collect();
    macro_rules! of {
        ($variant:ident) => {{
            let arrays = columns.iter().zip(&nulls).map(|pair| match pair {
                (_, Some(nulls)) => Some(nulls.as_ref()),
                (Column::$variant(array), _) => Some(array as &dyn Array),
                _ => None,
            });
            concat(&arrays.collect::<Option<Vec<_>>>()?).ok()?
        }};
    }
    Some(match first {
        Column::Bool(_) => Column::Bool(of!(Bool).as_boolean().clone()),
        Column::Int(_) => Column::Int(of!(Int).as_primitive::<Int64Type>().clone()),
        Column::Timestamp(_) => Column::Timestamp(of!(Timestamp).as_primitive::<Int64Type>().clone()),
        Column::Duration(_) => Column::Duration(of!(Duration).as_primitive::<Int64Type>().clone()),
        Column::Float(_) => Column::Float(of!(Float).as_primitive::<Float64Type>().clone()),
        Column::Str(_) => Column::Str(of!(Str).as_string_view().clone()),
        Column::Const(..) | Column::Any(_) => return None,
    })
}

impl Column {
    /// The type of the array that holds the values.
    fn array_type(&self) -> DataType {
        match self {
            Self::Bool(_) => DataType::Boolean,
            Self::Int(_) | Self::Timestamp(_) | Self::Duration(_) => DataType::Int64,
            Self::Float(_) => DataType::Float64,
            Self::Str(_) => DataType::Utf8View,
            Self::Const(..) | Self::Any(_) => DataType::Null,
        }
    }
}

fn take_array(column: &Column, indices: &[u32]) -> Column {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float64Type, Int64Type};
    let rows = arrow::array::UInt32Array::from(indices.to_vec());
    let taken = |array: &dyn Array| {
        arrow::compute::take(array, &rows, None).unwrap_or_else(|_| unreachable!("indices are rows of the column"))
    };
    match column {
        Column::Bool(array) => Column::Bool(taken(array).as_boolean().clone()),
        Column::Int(array) => Column::Int(taken(array).as_primitive::<Int64Type>().clone()),
        Column::Timestamp(array) => Column::Timestamp(taken(array).as_primitive::<Int64Type>().clone()),
        Column::Duration(array) => Column::Duration(taken(array).as_primitive::<Int64Type>().clone()),
        Column::Float(array) => Column::Float(taken(array).as_primitive::<Float64Type>().clone()),
        Column::Str(array) => Column::Str(taken(array).as_string_view().clone()),
        Column::Const(..) | Column::Any(_) => unreachable!("taken by the caller"),
    }
}
