//! Functions over text. Characters are Unicode scalar values.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::data::{Value, format};
use crate::ir::Builtin;

use super::args::{at, int, list, text};
use super::errors::{Fail, Outcome};
use super::patterns::Matcher;

/// The value of a function over text. No argument is null, but those of `format`.
pub(super) fn call(builtin: Builtin, args: &[Value]) -> Outcome {
    let first = at(args, 0);
    let owned = |text: String| Ok(Value::Str(Arc::from(text)));
    match builtin {
        Builtin::Upper => owned(text(first)?.to_uppercase()),
        Builtin::Lower => owned(text(first)?.to_lowercase()),
        Builtin::Trim => Ok(Value::str(text(first)?.trim())),
        Builtin::StartsWith => Ok(Value::Bool(text(first)?.starts_with(text(at(args, 1))?))),
        Builtin::EndsWith => Ok(Value::Bool(text(first)?.ends_with(text(at(args, 1))?))),
        Builtin::Split => split(text(first)?, text(at(args, 1))?),
        Builtin::Join => owned(join(first, args.get(1))?),
        Builtin::Replace => owned(text(first)?.replace(text(at(args, 1))?, text(at(args, 2))?)),
        Builtin::Substr => substr(text(first)?, int(at(args, 1))?, args.get(2)),
        Builtin::Format => owned(fill(args)?),
        Builtin::Levenshtein => Ok(Value::Int(strsim::levenshtein(text(first)?, text(at(args, 1))?) as i64)),
        Builtin::Base64Decode => base64_decode(first),
        Builtin::UrlDecode => Ok(Value::str(
            &percent_encoding::percent_decode_str(text(first)?).decode_utf8_lossy(),
        )),
        other => Err(Fail(format!("`{}` is no function over text", other.name()))),
    }
}

/// The value of a function over text with compiled patterns.
pub(super) fn matched(builtin: Builtin, matcher: &Matcher, args: &[Value]) -> Outcome {
    let subject = text(at(args, 0))?;
    match (builtin, matcher) {
        (Builtin::RegexExtract, Matcher::Regex(regex)) => extract(regex, subject, args.get(2)),
        _ => Ok(Value::Bool(matcher.fits(subject))),
    }
}

fn extract(regex: &regex::Regex, subject: &str, group: Option<&Value>) -> Outcome {
    let number = match group {
        None => usize::from(regex.captures_len() > 1),
        Some(Value::Str(name)) => regex
            .capture_names()
            .position(|known| known == Some(name))
            .ok_or_else(|| Fail(format!("the pattern has no group `{name}`")))?,
        Some(other) => usize::try_from(int(other)?)
            .ok()
            .filter(|number| *number < regex.captures_len())
            .ok_or_else(|| Fail(format!("the pattern has no group {}", super::errors::show(other))))?,
    };
    let found = regex.captures(subject).and_then(|captures| captures.get(number));
    Ok(found.map_or(Value::Null, |group| Value::str(group.as_str())))
}

fn split(subject: &str, separator: &str) -> Outcome {
    Ok(if separator.is_empty() {
        subject
            .chars()
            .map(|c| Value::str(c.encode_utf8(&mut [0; 4])))
            .collect()
    } else {
        subject.split(separator).map(Value::str).collect()
    })
}

fn join(items: &Value, separator: Option<&Value>) -> Result<String, Fail> {
    let separator = separator.map_or(Ok(""), text)?;
    let texts: Vec<String> = list(items)?
        .iter()
        .filter(|item| !item.is_null())
        .map(to_text)
        .collect();
    Ok(texts.join(separator))
}

/// A value as text, as interpolation shows it; null is `null`.
pub(super) fn to_text(value: &Value) -> String {
    let mut out = Vec::new();
    format::write_text(value, &mut out);
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn substr(subject: &str, start: i64, length: Option<&Value>) -> Outcome {
    let end = match length.map(int).transpose()? {
        None => None,
        Some(n) if n < 0 => return Err(Fail(format!("a length of {n} characters"))),
        Some(n) => {
            let from = if start < 0 {
                start.saturating_add(subject.chars().count() as i64)
            } else {
                start
            };
            Some(from.saturating_add(n).max(0))
        }
    };
    Ok(slice(subject, Some(start), end))
}

/// Characters `from..to`, negative from the end, cut to what is there.
pub(super) fn slice(subject: &str, from: Option<i64>, to: Option<i64>) -> Value {
    let count = subject.chars().count();
    let (from, to) = bounds(count, from, to);
    let byte = |place: usize| subject.char_indices().nth(place).map_or(subject.len(), |(at, _)| at);
    Value::str(&subject[byte(from)..byte(to)])
}

/// The places `from..to` of `count`, negative from the end, cut to what is there; never reversed.
pub(super) fn bounds(count: usize, from: Option<i64>, to: Option<i64>) -> (usize, usize) {
    let place = |at: i64| {
        let at = if at < 0 { at.saturating_add(count as i64) } else { at };
        usize::try_from(at).unwrap_or(0).min(count)
    };
    let from = from.map_or(0, place);
    (from, to.map_or(count, place).max(from))
}

/// Fills in a pattern: `{}` the next argument, `{0}` that of a place, `{:.2}` with fraction digits.
fn fill(args: &[Value]) -> Result<String, Fail> {
    let mut rest = match at(args, 0) {
        Value::Null => return Err("the pattern is null".into()),
        pattern => text(pattern)?,
    };
    let mut out = String::new();
    let mut next = 0;
    while let Some(brace) = rest.find(['{', '}']) {
        out.push_str(&rest[..brace]);
        let brace_char = &rest[brace..=brace];
        let after = &rest[brace + 1..];
        if after.starts_with(brace_char) {
            out.push_str(brace_char);
            rest = &after[1..];
            continue;
        }
        let end = after.find('}').filter(|_| brace_char == "{");
        let end = end.ok_or_else(|| Fail(format!("the pattern has a lone `{brace_char}`")))?;
        place(&after[..end], &args[1..], &mut next, &mut out)?;
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn place(spec: &str, args: &[Value], next: &mut usize, out: &mut String) -> Result<(), Fail> {
    let (which, digits) = spec.split_once(':').unwrap_or((spec, ""));
    let number = if which.is_empty() {
        *next += 1;
        *next - 1
    } else {
        which
            .parse()
            .map_err(|_| Fail(format!("the pattern has an unknown `{{{spec}}}`")))?
    };
    let value = args.get(number).ok_or_else(|| {
        Fail(format!(
            "the pattern asks for argument {number}, there are {}",
            args.len()
        ))
    })?;
    if digits.is_empty() {
        out.push_str(&to_text(value));
        return Ok(());
    }
    let digits = digits
        .strip_prefix('.')
        .and_then(|n| n.trim_end_matches('f').parse::<usize>().ok());
    match (digits, value) {
        (Some(digits), Value::Int(_) | Value::Float(_)) if digits <= 100 => {
            out.push_str(&format!("{:.digits$}", super::args::float(value)?));
            Ok(())
        }
        (Some(_), Value::Null) => {
            out.push_str("null");
            Ok(())
        }
        (Some(_), other) => Err(Fail::no(other, "number")),
        (None, _) => Err(Fail(format!("the pattern has an unknown `{{{spec}}}`"))),
    }
}

fn base64_decode(value: &Value) -> Outcome {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const USUAL: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    let source = text(value)?.trim();
    let decoded = USUAL.decode(source).or_else(|_| URL.decode(source));
    let bytes = decoded.map_err(|_| Fail::no(value, "base64"))?;
    Ok(Value::str(&String::from_utf8_lossy(&bytes)))
}
