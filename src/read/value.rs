//! Numbers as text: exact, and fast for what logs hold.

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer of 64 bits.
    Int(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// An integer beyond 64 bits, as the nearest float.
    Big(f64),
}

impl Number {
    /// The number as a float.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) | Self::Big(f) => f,
        }
    }
}

/// Powers of ten that are exact as floats.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Reads a number of JSON's grammar (RFC 8259, section 6), and nothing else: no leading zeros or
/// plus, digits on both sides of the point. Rounds to nearest; beyond the largest float is infinity.
#[must_use]
#[inline]
pub fn parse_number(text: &[u8]) -> Option<Number> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let (whole, at) = digits(text, start, 0);
    let n_whole = at - start;
    if n_whole == 0 || (n_whole > 1 && text[start] == b'0') {
        return None;
    }
    if at == text.len() {
        return Some(match n_whole {
            ..=18 if negative => Number::Int(-(whole as i64)),
            ..=18 => Number::Int(whole as i64),
            _ => long_integer(text),
        });
    }
    parse_float(text, negative, whole, at)
}

/// The digits from `at` on, added to `value` (wrapping beyond 19 of them), and where they end.
#[inline]
fn digits(text: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while let Some(digit) = text
        .get(at)
        .map(|byte| byte.wrapping_sub(b'0'))
        .filter(|digit| *digit < 10)
    {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (value, at)
}

/// The rest of a number from the point or exponent at `at` on. Small mantissas with small exponents
/// need one rounding only (Clinger, "How to read floating point numbers accurately").
fn parse_float(text: &[u8], negative: bool, whole: u64, at: usize) -> Option<Number> {
    let (mut mantissa, mut end) = (whole, at);
    let mut n_digits = at - usize::from(negative);
    let mut exponent = 0_i64;
    if text[at] == b'.' {
        (mantissa, end) = digits(text, at + 1, whole);
        let n_fraction = end - at - 1;
        if n_fraction == 0 {
            return None;
        }
        n_digits += n_fraction;
        exponent = -(n_fraction as i64);
    }
    if end < text.len() {
        exponent += parse_exponent(&text[end..])?;
    }
    let exact = n_digits <= 19 && mantissa < 1 << 53 && (-22..=22).contains(&exponent);
    if !exact {
        return std::str::from_utf8(text).ok()?.parse().ok().map(Number::Float);
    }
    let power = EXACT[exponent.unsigned_abs() as usize];
    let size = if exponent < 0 {
        mantissa as f64 / power
    } else {
        mantissa as f64 * power
    };
    Some(Number::Float(if negative { -size } else { size }))
}

/// `e+12` to the end of the text; large ones are cut off where nothing depends on them any more.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    if !matches!(text[0], b'e' | b'E') {
        return None;
    }
    let signed = matches!(text.get(1), Some(b'+' | b'-'));
    let start = 1 + usize::from(signed);
    let all = text.get(start..)?;
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = all.iter().fold(0_i64, |size, byte| {
        (size * 10 + i64::from(byte - b'0')).min(1_000_000_000)
    });
    Some(if text[1] == b'-' { -size } else { size })
}

#[cold]
fn long_integer(text: &[u8]) -> Number {
    let text = std::str::from_utf8(text).unwrap_or("0");
    text.parse()
        .map_or_else(|_| Number::Big(text.parse().unwrap_or(f64::NAN)), Number::Int)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_follow_the_grammar() {
        for bad in [
            "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e3", "0x1", "1 ", "1_0", "NaN", "Infinity", "--1",
            "1-", "1e5.2",
        ] {
            assert_eq!(parse_number(bad.as_bytes()), None, "{bad}");
        }
        for (text, number) in [
            ("0", Number::Int(0)),
            ("-0", Number::Int(0)),
            ("9223372036854775807", Number::Int(i64::MAX)),
            ("-9223372036854775808", Number::Int(i64::MIN)),
            ("9223372036854775808", Number::Big(9_223_372_036_854_775_808.0)),
            ("1E+2", Number::Float(100.0)),
            ("0.1", Number::Float(0.1)),
            ("-0.0", Number::Float(-0.0)),
            ("1e400", Number::Float(f64::INFINITY)),
            ("-1e400", Number::Float(f64::NEG_INFINITY)),
            ("1e-400", Number::Float(0.0)),
            ("0e99999999999999999999", Number::Float(0.0)),
            ("1.7976931348623157e308", Number::Float(f64::MAX)),
        ] {
            assert_eq!(parse_number(text.as_bytes()), Some(number), "{text}");
        }
    }

    proptest! {
        #[test]
        fn floats_read_as_the_standard_library_reads_them(text in "-?(0|[1-9][0-9]{0,25})\\.[0-9]{1,25}([eE][+-]?[0-9]{1,3})?") {
            let Some(Number::Float(f)) = parse_number(text.as_bytes()) else {
                return Err(TestCaseError::fail(text));
            };
            prop_assert_eq!(f.to_bits(), text.parse::<f64>().unwrap().to_bits());
        }
    }
}
