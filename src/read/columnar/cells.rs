//! Single values of columns of any type.

use std::sync::Arc;

use arrow::array::types::{Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type};
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, IntervalUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use base64::Engine;

use super::convert::natural;
use crate::data::value::FixedHasher;
use crate::data::{Key, Value};

/// The value in a row: lists and structs with all that is in them. Bytes that are no text are given in
/// base64, intervals as text.
pub(super) fn value(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row)),
        DataType::ListView(_) => list(&array.as_list_view::<i32>().value(row)),
        DataType::LargeListView(_) => list(&array.as_list_view::<i64>().value(row)),
        DataType::Struct(fields) => {
            let array = array.as_struct();
            let members = fields.iter().zip(array.columns());
            record(members.map(|(field, column)| (Value::str(field.name()), value(column, row))))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            record((0..entries.len()).map(|at| (value(keys, at), value(values, at))))
        }
        DataType::Union(..) => match array.as_any().downcast_ref::<arrow::array::UnionArray>() {
            Some(union) => value(&union.value(row), 0),
            None => Value::Null,
        },
        DataType::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano) => {
            display(array, row)
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            bytes_of(array, row).map_or(Value::Null, text_or_base64)
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let keys = dictionary.normalized_keys();
            keys.get(row)
                .map_or(Value::Null, |key| value(dictionary.values(), *key))
        }
        DataType::RunEndEncoded(..) => {
            let one = array.slice(row, 1);
            match array.data_type() {
                DataType::RunEndEncoded(_, values) => {
                    arrow::compute::cast(&one, values.data_type()).map_or(Value::Null, |plain| value(&plain, 0))
                }
                _ => Value::Null,
            }
        }
        _ => {
            let one: ArrayRef = array.slice(row, 1);
            natural(&one, &mut |_, _| ()).map_or(Value::Null, |column| column.value(0))
        }
    }
}

fn list(items: &ArrayRef) -> Value {
    // Mostly scalars, which are read as a column.
    match natural(items, &mut |_, _| ()) {
        Some(column) => (0..items.len()).map(|row| column.value(row)).collect(),
        None => (0..items.len()).map(|row| value(items, row)).collect(),
    }
}

/// Of equal keys the first counts.
fn record(members: impl Iterator<Item = (Value, Value)>) -> Value {
    let mut entries: indexmap::IndexMap<Key, Value, FixedHasher> = indexmap::IndexMap::default();
    for (key, value) in members {
        entries.entry(Key(key)).or_insert(value);
    }
    Value::map(entries)
}

/// A value as the Arrow library shows it.
pub(super) fn display(array: &dyn Array, row: usize) -> Value {
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::default());
    formatter.map_or(Value::Null, |formatter| Value::str(&formatter.value(row).to_string()))
}

/// The bytes in a row of a binary column.
pub(super) fn bytes_of(array: &dyn Array, row: usize) -> Option<&[u8]> {
    Some(match array.data_type() {
        DataType::Binary => array.as_binary::<i32>().value(row),
        DataType::LargeBinary => array.as_binary::<i64>().value(row),
        DataType::BinaryView => array.as_binary_view().value(row),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row),
        _ => return None,
    })
}

/// Bytes as text, in base64 where they are none.
pub(super) fn text_or_base64(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::str(text),
        Err(_) => Value::Str(Arc::from(base64::engine::general_purpose::STANDARD.encode(bytes))),
    }
}

/// The number in a row of a decimal column: an integer where it is one of 64 bits without a scale,
/// else the nearest float.
pub(super) fn decimal(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    let text = match array.data_type() {
        DataType::Decimal32(..) => array.as_primitive::<Decimal32Type>().value_as_string(row),
        DataType::Decimal64(..) => array.as_primitive::<Decimal64Type>().value_as_string(row),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Decimal256(..) => array.as_primitive::<Decimal256Type>().value_as_string(row),
        _ => return Value::Null,
    };
    match text.parse() {
        Ok(int) => Value::Int(int),
        Err(_) => text.parse().map_or(Value::Null, Value::Float),
    }
}
