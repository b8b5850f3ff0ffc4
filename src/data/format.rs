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
    if f.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(f).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// A duration in seconds.
#[must_use]
pub fn duration_seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// Appends text as a JSON string.
pub fn write_json_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
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
    out.push(b'"');
}

/// Appends a time as RFC 3339 in UTC, with 0, 3, 6 or 9 fraction digits as needed.
pub fn write_timestamp(ns: i64, out: &mut Vec<u8>) {
    let seconds = ns.div_euclid(1_000_000_000);
    let fraction = ns.rem_euclid(1_000_000_000);
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let put = |out: &mut Vec<u8>, value: i64, width: u32| {
        for place in (0..width).rev() {
            out.push(b'0' + (value / 10_i64.pow(place) % 10) as u8);
        }
    };
    put(out, year, 4);
    out.push(b'-');
    put(out, month, 2);
    out.push(b'-');
    put(out, day, 2);
    out.push(b'T');
    put(out, of_day / 3600, 2);
    out.push(b':');
    put(out, of_day / 60 % 60, 2);
    out.push(b':');
    put(out, of_day % 60, 2);
    if fraction != 0 {
        out.push(b'.');
        match fraction {
            f if f % 1_000_000 == 0 => put(out, f / 1_000_000, 3),
            f if f % 1_000 == 0 => put(out, f / 1_000, 6),
            f => put(out, f, 9),
        }
    }
    out.push(b'Z');
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
