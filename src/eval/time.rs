//! Functions over timestamps (UTC) and durations.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::data::format::{civil_from_days, duration_seconds};
use crate::data::{Value, time as reading};
use crate::ir::Builtin;

use super::args::{at, duration, text, timestamp};
use super::errors::{Fail, Outcome};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// The value of a function over times. No argument is null.
pub(super) fn call(builtin: Builtin, args: &[Value]) -> Outcome {
    let first = at(args, 0);
    match builtin {
        Builtin::Timestamp => to_timestamp(first),
        Builtin::FormatTs => format_ts(timestamp(first)?, text(at(args, 1))?),
        Builtin::Trunc => trunc(timestamp(first)?, duration(at(args, 1))?),
        Builtin::DurationBetween => timestamp(at(args, 1))?
            .checked_sub(timestamp(first)?)
            .map(Value::Duration)
            .ok_or_else(|| Fail::overflow("the duration")),
        Builtin::DurationSeconds => Ok(Value::Float(duration_seconds(duration(first)?))),
        _ => part(builtin, timestamp(first)?)
            .map(Value::Int)
            .ok_or_else(|| Fail(format!("`{}` is no function over times", builtin.name()))),
    }
}

/// A part of a time's date or clock; none for functions that give no such part.
pub(super) fn part(builtin: Builtin, ns: i64) -> Option<i64> {
    let seconds = ns.div_euclid(SECOND);
    let days = seconds.div_euclid(DAY);
    let of_day = seconds.rem_euclid(DAY);
    Some(match builtin {
        Builtin::Year => civil_from_days(days).0,
        Builtin::Month => civil_from_days(days).1,
        Builtin::Day => civil_from_days(days).2,
        Builtin::Hour => of_day / 3600,
        Builtin::Minute => of_day / 60 % 60,
        Builtin::Second => of_day % 60,
        // 1970-01-01 was a Thursday.
        Builtin::DayOfWeek => (days + 3).rem_euclid(7) + 1,
        _ => return None,
    })
}

fn to_timestamp(value: &Value) -> Outcome {
    let ns = match value {
        Value::Timestamp(ns) => Some(*ns),
        Value::Str(text) => reading::parse_timestamp(text.trim().as_bytes()),
        Value::Int(number) => epoch(*number),
        Value::Float(number) => epoch_float(*number),
        _ => None,
    };
    ns.map(Value::Timestamp).ok_or_else(|| Fail::no(value, "timestamp"))
}

/// Nanoseconds of an epoch number, its unit by magnitude (LANGUAGE.md section 15, "Values").
fn epoch(number: i64) -> Option<i64> {
    /// Units of 100 ns between 1601 and 1970.
    const FILETIME_EPOCH: i64 = 116_444_736_000_000_000;
    match number.unsigned_abs() {
        0..100_000_000_000 => number.checked_mul(SECOND),
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000_000),
        100_000_000_000_000..10_000_000_000_000_000 => number.checked_mul(1_000),
        10_000_000_000_000_000..1_000_000_000_000_000_000 => (number - FILETIME_EPOCH).checked_mul(100),
        _ => Some(number),
    }
}

/// The same of a number with a fraction, whose whole part and fraction are taken apart so that no
/// digit of the whole part is lost.
fn epoch_float(number: f64) -> Option<i64> {
    let unit = match number.abs() {
        n if n < 1e11 => 1e9,
        n if n < 1e14 => 1e6,
        n if n < 1e16 => 1e3,
        _ => return epoch(super::arithmetic::float_to_int(number)?),
    };
    let whole = number.trunc();
    let fraction = ((number - whole) * unit).round_ties_even();
    (whole as i64).checked_mul(unit as i64)?.checked_add(fraction as i64)
}

fn format_ts(ns: i64, pattern: &str) -> Outcome {
    let time = Timestamp::from_nanosecond(i128::from(ns)).map_err(|_| Fail::overflow("the time"))?;
    let zoned = time.to_zoned_datetime(TimeZone::UTC);
    let text = strtime::format(pattern, &zoned).map_err(|error| Fail(format!("the pattern `{pattern}`: {error}")))?;
    Ok(Value::Str(text.into()))
}

fn trunc(ns: i64, step: i64) -> Outcome {
    if step <= 0 {
        return Err("times are cut to a positive duration only".into());
    }
    ns.checked_sub(ns.rem_euclid(step))
        .map(Value::Timestamp)
        .ok_or_else(|| Fail::overflow("the time"))
}
