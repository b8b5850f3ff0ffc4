//! Values as text: JSON for rows, plain text for `str(x)` and interpolation.

use super::Value;

/// Appends a value as JSON. Timestamps RFC 3339 UTC with 0, 3, 6 or 9 fraction digits, durations as
/// seconds (float), floats as the shortest text that reads back (`1.0` with its point), NaN and
/// infinities as null.
pub fn write_json(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Int(i) => out.extend_from_slice(itoa::Buffer::new().format(*i).as_bytes()),
        Value::Float(f) => write_float(*f, out),
        Value::Str(text) => write_json_text(text, out),
        Value::Timestamp(ns) => {
            out.push(b'"');
            write_timestamp(*ns, out);
            out.push(b'"');
        }
        Value::Duration(ns) => write_float(duration_seconds(*ns), out),
        Value::List(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_json(item, out);
            }
            out.push(b']');
        }
        Value::Map(entries) => {
            out.push(b'{');
            for (at, (key, item)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                match &key.0 {
                    Value::Str(text) => write_json_text(text, out),
                    other => {
                        let mut text = Vec::new();
                        write_text(other, &mut text);
                        write_json_text(&String::from_utf8_lossy(&text), out);
                    }
                }
                out.push(b':');
                write_json(item, out);
            }
            out.push(b'}');
        }
    }
}

/// Appends a value as plain text: text as it is, everything else as JSON without quotes.
pub fn write_text(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Str(text) => out.extend_from_slice(text.as_bytes()),
        Value::Timestamp(ns) => write_timestamp(*ns, out),
        other => write_json(other, out),
    }
}

/// Appends a float as JSON: shortest text that reads back, null for NaN and infinities.
pub fn write_float(f: f64, out: &mut Vec<u8>) {
    if !f.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(f).as_bytes();
    if f.abs() < FIRST_WITH_EXPONENT {
        out.extend_from_slice(text);
        return;
    }
    // Exponents are written without a plus.
    text.split(|byte| *byte == b'+')
        .for_each(|part| out.extend_from_slice(part));
}

/// Large floats are written with an exponent from here on.
const FIRST_WITH_EXPONENT: f64 = 1e16;

/// A duration in seconds.
#[must_use]
pub fn duration_seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// Appends text as a JSON string.
pub fn write_json_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    if bytes.iter().any(|byte| needs_escape(*byte)) {
        write_escaped(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
    out.push(b'"');
}

/// Whether a byte cannot stand in a JSON string as it is.
#[inline]
fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !needs_escape(byte) {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            12 => out.extend_from_slice(b"\\f"),
            _ => out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// Appends a time as RFC 3339 in UTC, with 0, 3, 6 or 9 fraction digits as needed.
pub fn write_timestamp(ns: i64, out: &mut Vec<u8>) {
    TimeText::default().write(ns, out);
}

/// Writes times as [`write_timestamp`] does. The last one is remembered, for mostly the next one is the
/// same or lies in the same minute.
#[derive(Clone, Debug, Default)]
pub struct TimeText {
    last: Option<i64>,
    /// Its minute, counted from the epoch.
    minute: i64,
    text: [u8; 30],
    len: usize,
}

const MINUTE: i64 = 60_000_000_000;
/// Where the seconds stand in a time's text.
const SECONDS_AT: usize = 17;

impl TimeText {
    /// Appends a time.
    pub fn write(&mut self, ns: i64, out: &mut Vec<u8>) {
        if self.last != Some(ns) {
            let minute = ns.div_euclid(MINUTE);
            if self.last.is_none() || self.minute != minute {
                self.set_minute(minute);
            }
            self.set_seconds(ns.rem_euclid(MINUTE) as u64);
            self.last = Some(ns);
        }
        // A copy of fixed length is quicker.
        let end = out.len() + self.len;
        out.extend_from_slice(&self.text);
        out.truncate(end);
    }

    fn set_minute(&mut self, minute: i64) {
        self.minute = minute;
        let (year, month, day) = civil_from_days(minute.div_euclid(1440));
        let of_day = minute.rem_euclid(1440);
        self.text = *b"0000-00-00T00:00:00.000000000Z";
        let parts = [year / 100, year % 100, month, day, of_day / 60, of_day % 60];
        for (at, part) in [0, 2, 5, 8, 11, 14].into_iter().zip(parts) {
            self.pair(at, part as u64);
        }
    }

    fn set_seconds(&mut self, into: u64) {
        self.pair(SECONDS_AT, into / 1_000_000_000);
        let fraction = into % 1_000_000_000;
        let digits = match fraction {
            0 => 0,
            f if f % 1_000_000 == 0 => 3,
            f if f % 1_000 == 0 => 6,
            _ => 9,
        };
        let point = SECONDS_AT + 2;
        if digits == 0 {
            self.text[point] = b'Z';
            self.len = point + 1;
            return;
        }
        self.text[point] = b'.';
        self.pair(point + 1, fraction / 10_000_000);
        self.pair(point + 3, fraction / 100_000 % 100);
        self.pair(point + 5, fraction / 1_000 % 100);
        self.pair(point + 7, fraction / 10 % 100);
        self.text[point + 9] = b'0' + (fraction % 10) as u8;
        self.len = point + 1 + digits;
        self.text[self.len] = b'Z';
        self.len += 1;
    }

    /// Two digits.
    fn pair(&mut self, at: usize, value: u64) {
        self.text[at] = b'0' + (value / 10) as u8;
        self.text[at + 1] = b'0' + (value % 10) as u8;
    }
}

/// Year, month and day of a number of days since the epoch, in the proleptic Gregorian calendar
/// (after Hinnant, "chrono-compatible low-level date algorithms").
#[must_use]
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since the epoch of a date; the inverse of [`civil_from_days`].
#[must_use]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
