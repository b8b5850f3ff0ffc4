//! Columns of a file -> columns of the program.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, StringViewArray, StringViewBuilder, UInt32Array,
};
use arrow::datatypes::{DataType, Decimal64Type, Decimal128Type, Float64Type, Int64Type, UInt64Type};

use super::cells::{bytes_of, decimal, value};
use super::epoch::{durations, epoch_times, timestamps};
use crate::data::{BadCause, Column, Path, Type, Value};
use crate::read::FieldPlan;
use crate::read::json;
use crate::read::time::TimeReader;

/// Why a value cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) cause: BadCause,
    /// In full.
    pub(super) reason: String,
}

/// Makes columns of some rows, and notes what cannot be read, by the row's place among them.
pub(super) struct Converter<'a> {
    pub(super) field: &'a FieldPlan,
    pub(super) times: TimeReader,
    pub(super) faults: Vec<(usize, Fault)>,
    /// Rows in which an integer became a float.
    pub(super) big_ints: Vec<usize>,
}

impl Converter<'_> {
    /// The values that a path finds in those of a column, as the field is declared.
    pub(super) fn column(&mut self, array: &ArrayRef, rest: &Path) -> Column {
        if !rest.0.is_empty() {
            let values = (0..array.len()).map(|row| rest.find(&value(array, row)));
            return self.declared(Column::from_values(values.collect()));
        }
        if self.field.ty == Type::Timestamp && !matches!(array.data_type(), DataType::Dictionary(..)) {
            return self.timestamps(array);
        }
        let path = &self.field.path;
        let faults = &mut self.faults;
        let column = natural(array, &mut |row, fault| faults.push((row, fault.of(path))));
        let column = column.unwrap_or_else(|| values(array));
        if matches!(
            array.data_type(),
            DataType::UInt64 | DataType::Decimal128(..) | DataType::Decimal256(..)
        ) {
            self.note_big_ints(array, &column);
        }
        self.declared(column)
    }

    /// Integers that 64 bits do not hold.
    fn note_big_ints(&mut self, array: &ArrayRef, column: &Column) {
        let whole = match array.data_type() {
            DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => *scale <= 0,
            _ => true,
        };
        if whole && matches!(column, Column::Any(_) | Column::Float(_)) && self.field.ty == Type::Any {
            let float = |row: &usize| matches!(column.value(*row), Value::Float(_));
            self.big_ints.extend((0..column.len()).filter(float));
        }
    }

    fn timestamps(&mut self, array: &ArrayRef) -> Column {
        let Some(found) = epoch_times(array, &mut self.times) else {
            let column = natural(array, &mut |_, _| ()).unwrap_or_else(|| values(array));
            return self.declared(column);
        };
        for (row, shown) in found.faults {
            let reason = format!(
                "`{}`: `{shown}` is no time, the declaration says timestamp",
                self.field.path
            );
            let cause = BadCause::WrongType;
            self.faults.push((row as usize, Fault { cause, reason }));
        }
        Column::Timestamp(Int64Array::new(found.values, found.nulls))
    }

    /// A column by what it holds, as the field is declared.
    fn declared(&mut self, column: Column) -> Column {
        match (&self.field.ty, column) {
            (Type::Any, column)
            | (_, column @ Column::Const(Value::Null, _))
            | (Type::Bool, column @ Column::Bool(_))
            | (Type::Int, column @ Column::Int(_))
            | (Type::Float, column @ Column::Float(_))
            | (Type::Str, column @ Column::Str(_))
            | (Type::Timestamp, column @ Column::Timestamp(_))
            | (Type::Duration, column @ Column::Duration(_)) => column,
            (Type::Float, Column::Int(ints)) => Column::Float(ints.unary(|i| i as f64)),
            (_, column) => self.one_by_one(&column),
        }
    }

    fn one_by_one(&mut self, column: &Column) -> Column {
        let field = self.field;
        let values = (0..column.len()).map(|row| {
            let found = column.value(row);
            if found.is_null() {
                return Value::Null;
            }
            let kind = found.type_name();
            json::conform(found, &field.ty, &mut self.times).unwrap_or_else(|| {
                let reason = format!("`{}` is of type {kind}, the declaration says {}", field.path, field.ty);
                let cause = BadCause::WrongType;
                self.faults.push((row, Fault { cause, reason }));
                Value::Null
            })
        });
        Column::from_values(values.collect())
    }
}

/// What a value is that has no place in the language.
#[derive(Clone, Copy, Debug)]
pub(super) enum Misfit {
    NotUtf8,
    OutOfRange,
}

impl Misfit {
    fn of(self, path: &Path) -> Fault {
        match self {
            Self::NotUtf8 => Fault {
                cause: BadCause::NotUtf8,
                reason: format!("`{path}` is bytes that are not UTF-8"),
            },
            Self::OutOfRange => Fault {
                cause: BadCause::BadTime,
                reason: format!("`{path}` is a time beyond those that 64 bits of nanoseconds hold"),
            },
        }
    }
}

/// A column as the file has it; none for lists, structs, maps, unions and intervals, which are values.
/// What does not fit is null, and told of.
pub(super) fn natural(array: &ArrayRef, misfit: &mut dyn FnMut(usize, Misfit)) -> Option<Column> {
    Some(match array.data_type() {
        DataType::Null => Column::nulls(array.len()),
        DataType::Boolean => Column::Bool(array.as_boolean().clone()),
        DataType::UInt64 => big_ints(array),
        DataType::Float64 => Column::Float(array.as_primitive::<Float64Type>().clone()),
        DataType::Float16 | DataType::Float32 => {
            let wide = arrow::compute::cast(array, &DataType::Float64).ok()?;
            Column::Float(wide.as_primitive::<Float64Type>().clone())
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Column::Str(text_views(array)?),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Column::Str(texts_of_bytes(array, misfit))
        }
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
            let found = timestamps(array)?;
            let rows = found.faults.iter().map(|(row, _)| *row as usize);
            rows.for_each(|row| misfit(row, Misfit::OutOfRange));
            Column::Timestamp(Int64Array::new(found.values, found.nulls))
        }
        DataType::Time32(_) | DataType::Time64(_) | DataType::Duration(_) => Column::Duration(durations(array)?),
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
            decimals(array)
        }
        DataType::Dictionary(..) => return of_dictionary(array, misfit),
        _ => Column::Int(ints(array)?),
    })
}

/// Value by value.
pub(super) fn values(array: &ArrayRef) -> Column {
    Column::Any((0..array.len()).map(|row| value(array, row)).collect())
}

/// Integers of up to 64 bits with sign, 32 without.
pub(super) fn ints(array: &ArrayRef) -> Option<Int64Array> {
    match array.data_type() {
        DataType::Int64 => Some(array.as_primitive::<Int64Type>().clone()),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => {
            let wide = arrow::compute::cast(array, &DataType::Int64).ok()?;
            Some(wide.as_primitive::<Int64Type>().clone())
        }
        _ => None,
    }
}

/// Text, each value where it stands; none if it is none.
pub(super) fn text_views(array: &ArrayRef) -> Option<StringViewArray> {
    match array.data_type() {
        DataType::Utf8View => Some(array.as_string_view().clone()),
        DataType::Utf8 | DataType::LargeUtf8 => {
            let views = arrow::compute::cast(array, &DataType::Utf8View).ok()?;
            Some(views.as_string_view().clone())
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let texts: ArrayRef = Arc::new(text_views(dictionary.values())?);
            let keys = arrow::compute::cast(dictionary.keys(), &DataType::UInt32).ok()?;
            let taken = arrow::compute::take(&texts, &keys, None).ok()?;
            Some(taken.as_string_view().clone())
        }
        _ => None,
    }
}

fn texts_of_bytes(array: &ArrayRef, misfit: &mut dyn FnMut(usize, Misfit)) -> StringViewArray {
    if array.data_type() == &DataType::BinaryView
        && let Ok(texts) = array.as_binary_view().clone().to_string_view()
    {
        return texts;
    }
    let mut out = StringViewBuilder::with_capacity(array.len());
    for row in 0..array.len() {
        let bytes = bytes_of(array, row).filter(|_| array.is_valid(row));
        match bytes.map(std::str::from_utf8) {
            Some(Ok(text)) => out.append_value(text),
            Some(Err(_)) => {
                misfit(row, Misfit::NotUtf8);
                out.append_null();
            }
            None => out.append_null(),
        }
    }
    out.finish()
}

/// Integers, or where they are too large for 64 bits with sign, floats.
fn big_ints(array: &ArrayRef) -> Column {
    let array = array.as_primitive::<UInt64Type>();
    let small = array.iter().flatten().all(|value| i64::try_from(value).is_ok());
    if small {
        return Column::Int(array.unary(|value| value as i64));
    }
    let read = |value: u64| i64::try_from(value).map_or(Value::Float(value as f64), Value::Int);
    Column::from_values(array.iter().map(|value| value.map_or(Value::Null, read)).collect())
}

/// Integers where there is no scale, else the nearest floats.
fn decimals(array: &ArrayRef) -> Column {
    let exact = |unscaled: i64, scale: i8| -> Option<f64> {
        let small = unscaled.unsigned_abs() < 1 << 53 && (0..=22).contains(&scale);
        // Both are exact as floats, so one rounding gives the nearest.
        small.then(|| unscaled as f64 / 10_u128.pow(u32::from(scale.unsigned_abs())) as f64)
    };
    match array.data_type() {
        DataType::Decimal64(_, 0) => Column::Int(array.as_primitive::<Decimal64Type>().unary(|value| value)),
        DataType::Decimal128(_, scale) if *scale > 0 => {
            let typed = array.as_primitive::<Decimal128Type>();
            let one = |row: usize| {
                let small = i64::try_from(typed.value(row)).ok();
                let near = small.and_then(|unscaled| exact(unscaled, *scale));
                near.or_else(|| match decimal(array, row) {
                    Value::Float(f) => Some(f),
                    Value::Int(i) => Some(i as f64),
                    _ => None,
                })
            };
            let floats = (0..array.len()).map(|row| typed.is_valid(row).then(|| one(row)).flatten());
            Column::Float(floats.collect::<Float64Array>())
        }
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal256(_, scale)
            if *scale > 0 =>
        {
            let float = |row: usize| match decimal(array, row) {
                Value::Float(f) => Some(f),
                Value::Int(i) => Some(i as f64),
                _ => None,
            };
            Column::Float((0..array.len()).map(float).collect::<Float64Array>())
        }
        _ => Column::from_values((0..array.len()).map(|row| decimal(array, row)).collect()),
    }
}

/// Each value of the dictionary is read once.
fn of_dictionary(array: &ArrayRef, misfit: &mut dyn FnMut(usize, Misfit)) -> Option<Column> {
    let dictionary = array.as_any_dictionary();
    if let Some(texts) = text_views(array) {
        return Some(Column::Str(texts));
    }
    let keys = arrow::compute::cast(dictionary.keys(), &DataType::UInt32).ok()?;
    let plain = arrow::compute::take(dictionary.values(), &keys, None).ok()?;
    natural(&plain, misfit)
}

/// The selected rows of a column.
pub(super) fn selected(array: &ArrayRef, rows: Option<&[u32]>) -> ArrayRef {
    match rows {
        None => Arc::clone(array),
        Some(rows) => {
            let rows = UInt32Array::from(rows.to_vec());
            arrow::compute::take(array, &rows, None).unwrap_or_else(|_| Arc::clone(array))
        }
    }
}

/// Whether every value of a column of this type that is not null conforms to a declaration.
pub(super) fn always_fits(found: &DataType, declared: &Type) -> bool {
    let int = matches!(
        found,
        DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
    );
    let float = matches!(found, DataType::Float16 | DataType::Float32 | DataType::Float64);
    let text = matches!(found, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match declared {
        Type::Any => true,
        Type::Bool => found == &DataType::Boolean,
        Type::Int => int,
        Type::Float => int || float || found == &DataType::UInt64,
        Type::Str => match found {
            DataType::Dictionary(_, values) => always_fits(values, declared),
            _ => text,
        },
        Type::Timestamp => matches!(found, DataType::Timestamp(arrow::datatypes::TimeUnit::Nanosecond, _)),
        Type::Duration => matches!(found, DataType::Duration(_) | DataType::Time32(_) | DataType::Time64(_)),
        _ => false,
    }
}
