//! Columns of times -> nanoseconds since the epoch.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use super::convert::{ints, text_views};
use crate::data::format::write_float;
use crate::read::time::TimeReader;

/// Times, row by row.
#[derive(Debug)]
pub(super) struct EpochTimes {
    /// Anything where there is none.
    pub(super) values: ScalarBuffer<i64>,
    pub(super) nulls: Option<NullBuffer>,
    /// The rows whose value is no time, with what it is; they count as null.
    pub(super) faults: Vec<(u32, String)>,
}

/// The times that a column of timestamps or dates, of numbers or of texts holds; none if it is of
/// another type.
pub(super) fn epoch_times(array: &ArrayRef, reader: &mut TimeReader) -> Option<EpochTimes> {
    match array.data_type() {
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => timestamps(array),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = text_views(array)?;
            let read = |row: usize| reader.text(texts.value(row).as_bytes());
            Some(read_each(array.len(), array.logical_nulls(), read, |row| {
                texts.value(row).to_owned()
            }))
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let floats = arrow::compute::cast(array, &DataType::Float64).ok()?;
            let floats = floats.as_primitive::<Float64Type>();
            let text = |row: usize| {
                let mut text = Vec::new();
                write_float(floats.value(row), &mut text);
                text
            };
            let show = |row| String::from_utf8_lossy(&text(row)).into_owned();
            Some(read_each(
                array.len(),
                array.logical_nulls(),
                |row| reader.number(&text(row)),
                show,
            ))
        }
        DataType::UInt64 => {
            let numbers = array.as_primitive::<arrow::datatypes::UInt64Type>();
            let text = |row: usize| numbers.value(row).to_string();
            Some(read_each(
                array.len(),
                array.logical_nulls(),
                |row| reader.number(text(row).as_bytes()),
                text,
            ))
        }
        _ => {
            let numbers = ints(array)?;
            let read = |row: usize| reader.int(numbers.value(row));
            Some(read_each(array.len(), array.logical_nulls(), read, |row| {
                numbers.value(row).to_string()
            }))
        }
    }
}

/// The same for columns that are of times.
pub(super) fn timestamps(array: &ArrayRef) -> Option<EpochTimes> {
    Some(match array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let array = array.as_primitive::<TimestampNanosecondType>();
            EpochTimes {
                values: array.values().clone(),
                nulls: array.nulls().cloned(),
                faults: Vec::new(),
            }
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            scaled(array.as_primitive::<TimestampMicrosecondType>(), 1_000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled(array.as_primitive::<TimestampMillisecondType>(), 1_000_000)
        }
        DataType::Timestamp(TimeUnit::Second, _) => scaled(array.as_primitive::<TimestampSecondType>(), 1_000_000_000),
        DataType::Date32 => scaled(array.as_primitive::<Date32Type>(), 86_400_000_000_000),
        DataType::Date64 => scaled(array.as_primitive::<Date64Type>(), 1_000_000),
        _ => return None,
    })
}

fn scaled<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, factor: i64) -> EpochTimes
where
    i64: From<T::Native>,
{
    // All in range: nothing to be looked at one by one.
    let limit = i64::MAX / factor;
    let within = |value: &T::Native| (-limit..=limit).contains(&i64::from(*value));
    if array.values().iter().all(within) {
        let values = array.values().iter().map(|value| i64::from(*value) * factor);
        return EpochTimes {
            values: values.collect::<Vec<i64>>().into(),
            nulls: array.nulls().cloned(),
            faults: Vec::new(),
        };
    }
    read_each(
        array.len(),
        array.nulls().cloned(),
        |row| i64::from(array.value(row)).checked_mul(factor),
        |row| format!("{} x {factor} ns", i64::from(array.value(row))),
    )
}

fn read_each(
    n: usize,
    nulls: Option<NullBuffer>,
    mut read: impl FnMut(usize) -> Option<i64>,
    show: impl Fn(usize) -> String,
) -> EpochTimes {
    let mut values = vec![0; n];
    let mut faults = Vec::new();
    for (row, value) in values.iter_mut().enumerate() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            continue;
        }
        match read(row) {
            Some(time) => *value = time,
            None => faults.push((row as u32, show(row).chars().take(60).collect())),
        }
    }
    let nulls = match faults.is_empty() {
        true => nulls,
        false => {
            let mut valid: Vec<bool> = (0..n)
                .map(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)))
                .collect();
            faults
                .iter()
                .for_each(|(row, _): &(u32, String)| valid[*row as usize] = false);
            Some(NullBuffer::from(valid))
        }
    };
    EpochTimes {
        values: values.into(),
        nulls,
        faults,
    }
}

/// Durations and times of day, in nanoseconds; none for columns of other types. Out of range is null.
pub(super) fn durations(array: &ArrayRef) -> Option<PrimitiveArray<Int64Type>> {
    let factor = match array.data_type() {
        DataType::Duration(unit) | DataType::Time32(unit) | DataType::Time64(unit) => match unit {
            TimeUnit::Second => 1_000_000_000,
            TimeUnit::Millisecond => 1_000_000,
            TimeUnit::Microsecond => 1_000,
            TimeUnit::Nanosecond => 1,
        },
        _ => return None,
    };
    let wide = match array.data_type() {
        DataType::Time32(_) => arrow::compute::cast(array, &DataType::Int32).ok()?,
        _ => arrow::compute::cast(array, &DataType::Int64).ok()?,
    };
    let wide = arrow::compute::cast(&wide, &DataType::Int64).ok()?;
    let wide = wide.as_primitive::<Int64Type>();
    Some(wide.unary_opt(|value| i64::checked_mul(value, factor)))
}
