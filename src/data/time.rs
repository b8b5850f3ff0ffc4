//! Times as logs write them.

use super::format::days_from_civil;

/// Nanoseconds since the epoch of a time written as RFC 3339 or `YYYY-MM-DD[ T]HH:MM[:SS[.frac]][zone]`
/// or `YYYY-MM-DD`; zones `Z`, `+02:00`, `+0200`, `+02`; without a zone UTC; any number of fraction
/// digits, those below the nanosecond are cut off. None when it is no such time, or out of range.
#[must_use]
pub fn parse_timestamp(text: &[u8]) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if text[4] != b'-' || text[7] != b'-' || !(1..=12).contains(&month) || !(1..=last).contains(&day) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if text.len() == 10 {
        return days.checked_mul(86_400_000_000_000);
    }
    if !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    let (hour, minute) = (number(11..13)?, number(14..16)?);
    let mut at = 16;
    let mut second = 0;
    let mut fraction = 0;
    if text.get(at) == Some(&b':') {
        second = number(17..19)?;
        at = 19;
        if matches!(text.get(at), Some(b'.' | b',')) {
            at += 1;
            let digits = text[at..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            for place in 0..9 {
                fraction = fraction * 10
                    + if place < digits {
                        i64::from(text[at + place] - b'0')
                    } else {
                        0
                    };
            }
            at += digits;
        }
    }
    // A leap second (`:60`) reads as the first second of the next minute.
    if text[13] != b':' || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = parse_zone(&text[at..])?;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Seconds east of UTC.
fn parse_zone(text: &[u8]) -> Option<i64> {
    let digit = |at: usize| text.get(at).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'));
    let sign = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let hours = digit(1)? * 10 + digit(2)?;
    let minutes = match (text.len(), text.get(3)) {
        (3, None) => 0,
        (6, Some(b':')) => digit(4)? * 10 + digit(5)?,
        (5, Some(_)) => digit(3)? * 10 + digit(4)?,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
