//! Strings: from what stands between the quotes to text.
//!
//! A string can be read if it is UTF-8 without control characters, its escapes are those of RFC 8259,
//! and its surrogates come in pairs (the RFC lets others be written, but they stand for no text).

use super::fault::Fault;
use crate::data::BadCause;

/// Whether what stands between two quotes is ASCII and reads as it is written.
#[inline]
pub(super) fn is_plain(raw: &[u8]) -> bool {
    raw.iter().fold(true, |plain, &byte| {
        plain & (byte.wrapping_sub(0x20) < 0x60) & (byte != b'\\')
    })
}

/// Checks what stands between two quotes; whether it has escapes. `at` is where it begins, for messages.
pub(super) fn check(raw: &[u8], at: usize) -> Result<bool, Fault> {
    let mut escapes = false;
    let mut high = false;
    for (nth, &byte) in raw.iter().enumerate() {
        if byte < 0x20 {
            return Err(control(at + nth));
        }
        escapes |= byte == b'\\';
        high |= byte >= 0x80;
    }
    if high && let Err(error) = std::str::from_utf8(raw) {
        let at = at + error.valid_up_to();
        return Err(Fault::new(
            at,
            BadCause::NotUtf8,
            "a string holds bytes that are not UTF-8",
        ));
    }
    Ok(escapes)
}

#[cold]
fn control(at: usize) -> Fault {
    Fault::malformed(at, "a control character stands in a string")
}

/// Appends the text of what stands between two quotes, checked as by [`check`].
pub(super) fn unescape(raw: &[u8], at: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    check(raw, at)?;
    let mut from = 0;
    while let Some(length) = memchr::memchr(b'\\', &raw[from..]) {
        out.extend_from_slice(&raw[from..from + length]);
        from += length;
        from += escape(&raw[from..], at + from, out)?;
    }
    out.extend_from_slice(&raw[from..]);
    Ok(())
}

/// Appends what an escape stands for; how long it is.
fn escape(raw: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let plain = match raw.get(1) {
        Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'u') => return unicode(raw, at, out),
        _ => return Err(Fault::malformed(at, "a string holds an unknown escape")),
    };
    out.push(plain);
    Ok(2)
}

fn unicode(raw: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let unit = |from: usize| -> Option<u32> {
        let digits = raw.get(from..from + 4)?;
        digits
            .iter()
            .try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    };
    let broken = || Fault::malformed(at, "a string holds a `\\u` without four hexadecimal digits");
    let lone = || Fault::new(at, BadCause::NotUtf8, "a string holds half of a surrogate pair");
    let first = unit(2).ok_or_else(broken)?;
    let (code, length) = match first {
        0xd800..=0xdbff if raw.get(6..8) == Some(b"\\u") => {
            let second = unit(8).ok_or_else(broken)?;
            if !(0xdc00..=0xdfff).contains(&second) {
                return Err(lone());
            }
            (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
        }
        _ => (first, 6),
    };
    let char = char::from_u32(code).ok_or_else(lone)?;
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(length)
}

/// Whether a key, as written between its quotes, is this name.
pub(super) fn key_is(raw: &[u8], name: &[u8]) -> bool {
    if !raw.contains(&b'\\') {
        return raw == name;
    }
    let mut text = Vec::new();
    unescape(raw, 0, &mut text).is_ok() && text == name
}
