//! Times as fields hold them: text, with the minute remembered, and epoch numbers.

use crate::data::time::parse_timestamp;

use super::TimeUnit;
use super::value::{Number, parse_number};

/// Seconds between 1601 and 1970, in units of 100 ns.
const FILETIME_OF_EPOCH: i128 = 116_444_736_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// Reads times. Logs are in order, nearly, so the minute of the last time is kept: the next one
/// mostly lies in it, and only its seconds are read.
#[derive(Clone, Debug)]
pub struct TimeReader {
    unit: TimeUnit,
    /// `YYYY-MM-DDTHH:MM` of the last time that was written with `Z`.
    minute: [u8; 16],
    /// When that minute begins.
    base: i64,
}

impl TimeReader {
    /// A reader of epoch numbers in this unit.
    #[must_use]
    pub fn new(unit: TimeUnit) -> Self {
        Self {
            unit,
            minute: [0; 16],
            base: 0,
        }
    }

    /// Nanoseconds since the epoch of a time written as text (see [`parse_timestamp`]).
    #[inline]
    pub fn text(&mut self, text: &[u8]) -> Option<i64> {
        let Some((minute, rest)) = text.split_first_chunk::<16>() else {
            return parse_timestamp(text);
        };
        let seconds = seconds_utc(rest);
        if *minute == self.minute
            && let Some(ns) = seconds
        {
            return self.base.checked_add(ns);
        }
        let time = parse_timestamp(text)?;
        if let Some(ns) = seconds {
            (self.minute, self.base) = (*minute, time.checked_sub(ns)?);
        }
        Some(time)
    }

    /// Nanoseconds since the epoch of a number.
    #[must_use]
    pub fn number(&self, text: &[u8]) -> Option<i64> {
        epoch(text, self.unit)
    }

    /// The same of an integer.
    #[must_use]
    #[inline]
    pub fn int(&self, number: i64) -> Option<i64> {
        let unit = match self.unit {
            TimeUnit::Auto => unit_by_magnitude(number.unsigned_abs() as f64),
            given => given,
        };
        scaled_int(number, unit)
    }
}

/// `:SS[.fraction]Z` as nanoseconds, unless it is a leap second.
#[inline]
fn seconds_utc(text: &[u8]) -> Option<i64> {
    let (body, last) = text.split_last().map(|(last, body)| (body, *last))?;
    let [b':', tens @ b'0'..=b'5', ones @ b'0'..=b'9', fraction @ ..] = body else {
        return None;
    };
    let whole = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    if last != b'Z' {
        return None;
    }
    let nanos = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => {
            let mut nanos = 0;
            for digit in digits {
                if !digit.is_ascii_digit() {
                    return None;
                }
                nanos = nanos * 10 + i64::from(digit - b'0');
            }
            nanos * 10_i64.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    Some(whole * SECOND + nanos)
}

/// Nanoseconds since the epoch of a number (of JSON's grammar) in a unit; by magnitude where that is
/// `Auto`. Fractions count to the nanosecond, exactly, unless the number has an exponent.
#[must_use]
pub fn epoch(text: &[u8], unit: TimeUnit) -> Option<i64> {
    let number = parse_number(text)?;
    let unit = match unit {
        TimeUnit::Auto => unit_by_magnitude(number.as_f64().abs()),
        given => given,
    };
    let scale = scale_of(unit);
    let scaled = match number {
        Number::Int(i) => return scaled_int(i, unit),
        Number::Float(_) | Number::Big(_) => {
            scaled_decimal(text, scale).or_else(|| in_range(number.as_f64() * scale as f64))?
        }
    };
    let shift = if unit == TimeUnit::FileTime {
        FILETIME_OF_EPOCH * 100
    } else {
        0
    };
    i64::try_from(scaled - shift).ok()
}

/// How many nanoseconds a unit has.
fn scale_of(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Auto | TimeUnit::Seconds => SECOND,
        TimeUnit::Millis => 1_000_000,
        TimeUnit::Micros => 1_000,
        TimeUnit::Nanos => 1,
        TimeUnit::FileTime => 100,
    }
}

fn scaled_int(number: i64, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::FileTime => i64::try_from((i128::from(number) - FILETIME_OF_EPOCH) * 100).ok(),
        _ => number.checked_mul(scale_of(unit)),
    }
}

fn unit_by_magnitude(size: f64) -> TimeUnit {
    match size {
        _ if size < 1e11 => TimeUnit::Seconds,
        _ if size < 1e14 => TimeUnit::Millis,
        _ if size < 1e16 => TimeUnit::Micros,
        _ if size < 1e18 => TimeUnit::FileTime,
        _ => TimeUnit::Nanos,
    }
}

fn in_range(f: f64) -> Option<i128> {
    #[allow(clippy::cast_possible_truncation, reason = "in range, as just checked")]
    (f.abs() < 1e30).then_some(f.round() as i128)
}

/// A decimal number without exponent times a scale; what is below one is cut off.
fn scaled_decimal(text: &[u8], scale: i64) -> Option<i128> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let fraction = text.get(point + 1..).unwrap_or_default();
    if point > 20 || !text[..point].iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0_i128, |n, digit| n * 10 + i128::from(digit - b'0'));
    let kept = &fraction[..fraction.len().min(15)];
    let scaled =
        number(&text[..point]) * i128::from(scale) + number(kept) * i128::from(scale) / 10_i128.pow(kept.len() as u32);
    Some(if negative { -scaled } else { scaled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_numbers_by_magnitude() {
        for (text, ns) in [
            ("0", 0),
            ("1700000000", 1_700_000_000_000_000_000),
            ("1700000000.123456789", 1_700_000_000_123_456_789),
            ("-1.5", -1_500_000_000),
            ("1700000000123", 1_700_000_000_123_000_000),
            ("1700000000123.5", 1_700_000_000_123_500_000),
            ("1700000000123456", 1_700_000_000_123_456_000),
            ("133500000000000000", 1_705_526_400_000_000_000),
            ("1700000000123456789", 1_700_000_000_123_456_789),
            ("1.7e9", 1_700_000_000_000_000_000),
        ] {
            assert_eq!(epoch(text.as_bytes(), TimeUnit::Auto), Some(ns), "{text}");
        }
        assert_eq!(epoch(b"1e300", TimeUnit::Auto), None);
        assert_eq!(epoch(b"5", TimeUnit::Millis), Some(5_000_000));
    }

    #[test]
    fn the_remembered_minute_changes_nothing() {
        let mut reader = TimeReader::new(TimeUnit::Auto);
        for text in [
            "2024-05-01T12:34:56.789Z",
            "2024-05-01T12:34:57Z",
            "2024-05-01T12:34:60Z",
            "2024-05-01T12:34:57.1234567891Z",
            "2024-05-01T12:34:57.12x",
            "2024-05-01T12:34:57+02:00",
            "2024-05-01T12:35:01.000001Z",
            "2024-05-01T12:35",
            "2024-05-01",
            "no",
            "",
        ] {
            assert_eq!(reader.text(text.as_bytes()), parse_timestamp(text.as_bytes()), "{text}");
        }
    }
}
