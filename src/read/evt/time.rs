//! Times in event text: where lines say them, and how.

use crate::data::time::parse_timestamp;
use crate::read::framing::content;

/// Nanoseconds in a millisecond.
const MS: i64 = 1_000_000;

/// Units of durations, longest names first.
const UNITS: [(&[u8], i64); 8] = [
    (b"ns", 1),
    (b"us", 1_000),
    (b"ms", MS),
    (b"s", 1_000 * MS),
    (b"m", 60_000 * MS),
    (b"h", 3_600_000 * MS),
    (b"d", 86_400_000 * MS),
    (b"w", 604_800_000 * MS),
];

/// The time that holds behind a text of whole lines, if `now` holds before it.
pub(in crate::read) fn after(text: &[u8], now: Option<i64>) -> Option<i64> {
    let mut rest = text;
    while !rest.is_empty() {
        let start = memchr::memrchr(b'\n', &rest[..rest.len() - 1]).map_or(0, |at| at + 1);
        if let Some(time) = time_of(content(&rest[start..]).trim_ascii()) {
            return Some(time);
        }
        rest = &rest[..start];
    }
    now
}

/// The time that a line sets, if it does.
fn time_of(line: &[u8]) -> Option<i64> {
    match line {
        [b'@', rest @ ..] => parse_time(word(rest)),
        _ => batch(line)?,
    }
}

/// The text up to the first blank.
pub(super) fn word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(u8::is_ascii_whitespace);
    &text[..end.unwrap_or(text.len())]
}

/// Whether a line is `BATCH` and what time it says, in nanoseconds; none inside: no sound one.
pub(super) fn batch(line: &[u8]) -> Option<Option<i64>> {
    let rest = line.strip_prefix(b"BATCH")?;
    let number = match rest {
        [] => return Some(None),
        [first, ..] if first.is_ascii_whitespace() => rest.trim_ascii(),
        _ => return None,
    };
    // `BATCH { .. }` is an event of that type.
    if number.first().is_some_and(|byte| matches!(byte, b'{' | b'(')) {
        return None;
    }
    Some(parse_time(number))
}

/// A time: a duration since the epoch, a number of milliseconds since the epoch, or RFC 3339.
pub(super) fn parse_time(text: &[u8]) -> Option<i64> {
    if text.get(4) == Some(&b'-') {
        return parse_timestamp(text);
    }
    let (number, rest) = number(text)?;
    if rest.is_empty() {
        return scaled(number, MS);
    }
    let (mut sum, mut text) = (0_i64, text);
    while !text.is_empty() {
        let (value, rest) = self::number(text)?;
        let (name, scale) = UNITS.iter().find(|(name, _)| rest.starts_with(name))?;
        sum = sum.checked_add(scaled(value, *scale)?)?;
        text = &rest[name.len()..];
    }
    Some(sum)
}

/// Digits before and behind a point.
type Decimal<'a> = (&'a [u8], &'a [u8]);

/// A number at the beginning of a text, and what follows.
fn number(text: &[u8]) -> Option<(Decimal<'_>, &[u8])> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let (fraction, end) = match text.get(whole) {
        Some(b'.') => {
            let n = digits(&text[whole + 1..]);
            (&text[whole + 1..whole + 1 + n], whole + 1 + n)
        }
        _ => (&text[..0], whole),
    };
    (whole > 0).then_some(((&text[..whole], fraction), &text[end..]))
}

/// A number of units in nanoseconds; what is below one is cut off.
fn scaled((whole, fraction): Decimal<'_>, scale: i64) -> Option<i64> {
    let value = |digits: &[u8]| {
        digits.iter().try_fold(0_i128, |value, digit| {
            value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))
        })
    };
    let fraction = &fraction[..fraction.len().min(18)];
    let part = value(fraction)? * i128::from(scale) / 10_i128.pow(fraction.len() as u32);
    let whole = value(&whole[..whole.len().min(30)])?.checked_mul(i128::from(scale))?;
    i64::try_from(whole.checked_add(part)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, ns) in [
            ("0s", Some(0)),
            ("5s", Some(5_000 * MS)),
            ("1.5s", Some(1_500 * MS)),
            ("250", Some(250 * MS)),
            ("0.5", Some(500_000)),
            ("1h30m", Some(5_400_000 * MS)),
            ("2m500ms1us", Some(120_500 * MS + 1_000)),
            ("1970-01-01T00:00:01Z", Some(1_000 * MS)),
            ("1970-01-02", Some(86_400_000 * MS)),
            ("", None),
            ("s", None),
            ("5x", None),
            ("5s5", None),
            ("-5", None),
            ("99999999999999999999d", None),
            ("1970-13-01", None),
        ] {
            assert_eq!(parse_time(text.as_bytes()), ns, "{text}");
        }
    }

    #[test]
    fn the_last_time_holds() {
        assert_eq!(after(b"@5s A {}\nB {}\n# @7s\n", Some(1)), Some(5_000 * MS));
        assert_eq!(after(b"@5s A {}\r\nBATCH 20\r\nB {}", None), Some(20 * MS));
        assert_eq!(
            after(b"A {}\nBATCH {}\nBATCH(1)\nBATCHES 5\n@x B {}\n", Some(3)),
            Some(3)
        );
        assert_eq!(after(b"", None), None);
    }
}
