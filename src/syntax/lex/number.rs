//! Numbers, durations and timestamps.
//!
//! A number with letters behind it is one token: a duration when they are units, else an error.
//! A point belongs to a number only before a digit, so that `0..10` is a range.

use super::Lexer;
use crate::data::time::parse_timestamp;
use crate::diag::{Code, Diagnostic, nearest};
use crate::syntax::token::Tok;

/// The units of durations, in nanoseconds.
const UNITS: &[(&str, i64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Long names that people write for units.
const LONG_UNITS: &[(&str, &str)] = &[
    ("nanos", "ns"),
    ("nanoseconds", "ns"),
    ("micros", "us"),
    ("microseconds", "us"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("wk", "w"),
    ("week", "w"),
    ("weeks", "w"),
    ("H", "h"),
    ("M", "m"),
    ("S", "s"),
    ("D", "d"),
    ("W", "w"),
];

/// What the text of a duration comes to.
enum Duration<'t> {
    Nanoseconds(i64),
    /// It does not fit 64 bits.
    TooLong,
    /// This is no unit.
    Unit(&'t str),
    /// A number with letters behind it.
    NotOne,
}

impl Lexer<'_> {
    /// A number or duration.
    pub(super) fn number(&mut self) {
        let start = self.at;
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X') {
            return self.hexadecimal();
        }
        self.skip_while(is_digit);
        let mut float = false;
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            float = true;
            self.at += 1;
            self.skip_while(is_digit);
        }
        float |= self.exponent();
        let digits_end = self.at;
        self.skip_while(|b| b.is_ascii_alphanumeric() || b == b'_');
        if self.at > digits_end {
            return self.with_letters(start, digits_end, float);
        }
        let digits = self.text[start..self.at].replace('_', "");
        if float {
            self.float(start, &digits);
        } else {
            self.integer(start, digits.parse::<u64>().ok());
        }
    }

    /// `e9`, `e-9`
    fn exponent(&mut self) -> bool {
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        if !matches!(self.byte(0), b'e' | b'E') || !self.byte(1 + sign).is_ascii_digit() {
            return false;
        }
        self.at += 1 + sign;
        self.skip_while(is_digit);
        true
    }

    fn hexadecimal(&mut self) {
        let start = self.at;
        self.at += 2;
        self.skip_while(|b| b.is_ascii_alphanumeric() || b == b'_');
        let digits = self.text[start + 2..self.at].replace('_', "");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            let message = format!("`{}` is no hexadecimal number", &self.text[start..self.at]);
            return self.bad_number(start, message);
        }
        self.integer(start, u64::from_str_radix(&digits, 16).ok());
    }

    fn integer(&mut self, start: usize, value: Option<u64>) {
        match value {
            Some(value) if value <= i64::MAX.unsigned_abs() => self.push(Tok::Int(value.cast_signed()), start),
            Some(value) if value == i64::MIN.unsigned_abs() => self.push(Tok::IntMin, start),
            _ => {
                let message = format!("the number `{}` does not fit 64 bits", &self.text[start..self.at]);
                self.bad_number(start, message);
            }
        }
    }

    fn float(&mut self, start: usize, digits: &str) {
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => self.push(Tok::Float(value), start),
            _ => self.bad_number(start, format!("the number `{digits}` is too large for a float")),
        }
    }

    /// Reports a number and goes on as if it were 0.
    fn bad_number(&mut self, start: usize, message: String) {
        let span = self.span(start, self.at);
        self.error(Diagnostic::new(Code::BadNumber, span, message));
        self.push(Tok::Int(0), start);
    }

    fn with_letters(&mut self, start: usize, digits_end: usize, float: bool) {
        let text = self.text;
        let whole = &text[start..self.at];
        let span = self.span(start, self.at);
        let duration = if float { Duration::NotOne } else { duration(whole) };
        let error = match duration {
            Duration::Nanoseconds(ns) => return self.push(Tok::Duration(ns), start),
            Duration::TooLong => Diagnostic::new(
                Code::BadNumber,
                span,
                format!("the duration `{whole}` is longer than 292 years"),
            ),
            Duration::Unit(unit) if is_like_a_unit(unit) => self.unknown_unit(start, whole, unit),
            Duration::NotOne if float && UNITS.iter().any(|&(unit, _)| unit == &text[digits_end..self.at]) => {
                Diagnostic::new(
                    Code::BadNumber,
                    span,
                    format!("a duration has no fraction, but `{whole}` does"),
                )
                .help("combine units: `1h30m` is an hour and a half")
            }
            Duration::NotOne | Duration::Unit(_) => Diagnostic::new(
                Code::BadNumber,
                span,
                format!("`{whole}` is a number with letters behind it"),
            )
            .label("the units of time are `ns us ms s m h d w`")
            .help("a name cannot begin with a digit unless it stands in backticks"),
        };
        self.error(error);
        self.push(Tok::Duration(0), start);
    }

    fn unknown_unit(&self, start: usize, whole: &str, unit: &str) -> Diagnostic {
        let span = self.span(start, start + whole.len());
        let error = Diagnostic::new(Code::UnknownUnit, span, format!("`{unit}` is no unit of time"))
            .label("the units are `ns us ms s m h d w`");
        let Some(short) = unit_meant(unit).filter(|_| whole.ends_with(unit)) else {
            return error;
        };
        let kept = &whole[..whole.len() - unit.len()];
        if LONG_UNITS.iter().any(|(name, _)| *name == unit) {
            error.fix(format!("write `{kept}{short}`"), span, format!("{kept}{short}"))
        } else {
            error.help(format!("did you mean `{kept}{short}`?"))
        }
    }

    /// `@2026-01-23T10:00:00.123+02:00`
    pub(super) fn timestamp(&mut self) {
        let start = self.at;
        self.at += 1;
        self.skip_while(|b| b.is_ascii_digit() || b == b'-');
        // A minus behind the date belongs to the date only before a digit that follows it.
        let date_end = (start + 1 + "2026-01-23".len()).min(self.at);
        self.at = date_end;
        if matches!(self.byte(0), b'T' | b't') && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.time_of_day();
        }
        let text = &self.text[start + 1..self.at];
        match parse_timestamp(text.as_bytes()) {
            Some(ns) if !self.byte(0).is_ascii_alphanumeric() => self.push(Tok::Timestamp(ns), start),
            _ => {
                self.skip_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':' | b'_'));
                let span = self.span(start, self.at);
                let message = format!("`{}` is no timestamp", &self.text[span.range()]);
                self.error(
                    Diagnostic::new(Code::BadTimestamp, span, message).help(
                        "timestamps are `@2026-01-23`, `@2026-01-23T10:00:00Z`, `@2026-01-23T10:00:00.123+02:00`",
                    ),
                );
                self.push(Tok::Timestamp(0), start);
            }
        }
    }

    fn time_of_day(&mut self) {
        self.skip_while(|b| b.is_ascii_digit() || b == b':');
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.skip_while(|b| b.is_ascii_digit());
        }
        match self.byte(0) {
            b'Z' | b'z' => self.at += 1,
            b'+' | b'-' if self.byte(1).is_ascii_digit() && self.byte(2).is_ascii_digit() => {
                self.at += 1;
                self.skip_while(|b| b.is_ascii_digit() || b == b':');
            }
            _ => {}
        }
    }
}

fn is_digit(b: u8) -> bool {
    b.is_ascii_digit() || b == b'_'
}

/// Whether some unit may have been meant.
fn is_like_a_unit(text: &str) -> bool {
    text.len() == 1 || unit_meant(text).is_some()
}

/// The unit that a longer or misspelt name stands for.
fn unit_meant(text: &str) -> Option<&'static str> {
    let names = || LONG_UNITS.iter().map(|&(name, _)| name);
    let meant = names().find(|name| *name == text).or_else(|| nearest(text, names()))?;
    LONG_UNITS
        .iter()
        .find(|(name, _)| *name == meant)
        .map(|&(_, short)| short)
}

/// Reads `1h30m`.
fn duration(text: &str) -> Duration<'_> {
    let mut total = 0i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|&b| is_digit(b)).count();
        let letters = rest[digits..].bytes().take_while(|&b| !is_digit(b)).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        rest = &rest[digits + letters..];
        if unit.is_empty() || number.is_empty() {
            return Duration::NotOne;
        }
        let Some(&(_, scale)) = UNITS.iter().find(|&&(name, _)| name == unit) else {
            return if unit.len() > 12 {
                Duration::NotOne
            } else {
                Duration::Unit(unit)
            };
        };
        let part = number
            .replace('_', "")
            .parse::<i64>()
            .ok()
            .and_then(|n| n.checked_mul(scale));
        match part.and_then(|part| total.checked_add(part)) {
            Some(sum) => total = sum,
            None => return Duration::TooLong,
        }
    }
    Duration::Nanoseconds(total)
}
