//! One value of a record, by its declared type or by what it is.

use std::sync::Arc;

use super::exact;
use super::fault::Fault;
use super::record::{read_time, text_value};
use super::string;
use super::walk::Span;
use crate::data::{BadCause, Key, Type, Value};
use crate::read::FieldPlan;
use crate::read::time::TimeReader;
use crate::read::value::{Number, parse_number};

/// Whether a declared field of a record is as declared.
pub(super) fn check(
    field: &FieldPlan,
    span: Span,
    text: &[u8],
    special: bool,
    times: &mut TimeReader,
) -> Result<(), Fault> {
    if span.is_null(text) {
        if !field.required {
            return Ok(());
        }
        let reason = format!("`{}` is missing, the declaration says {}", field.path, field.ty);
        return Err(Fault::new(span.start as usize, BadCause::MissingField, reason));
    }
    let value = span.of(text);
    let fits = match &field.ty {
        Type::Int => matches!(parse_number(value), Some(Number::Int(_))),
        Type::Float => parse_number(value).is_some(),
        Type::Bool => matches!(value, b"true" | b"false"),
        Type::Str => text_value(value).is_some() && !special,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    declared(field, span, text, special, times).map(drop)
}

/// A value that is there, as its declared type.
pub(super) fn declared(
    field: &FieldPlan,
    span: Span,
    text: &[u8],
    special: bool,
    times: &mut TimeReader,
) -> Result<Value, Fault> {
    if field.ty == Type::Timestamp && matches!(span.of(text).first(), Some(b'"' | b'-' | b'0'..=b'9')) {
        let time = read_time(times, span, text, special);
        return time.map(Value::Timestamp).map_err(|fault| Fault {
            cause: BadCause::WrongType,
            reason: format!("`{}`: {}, the declaration says timestamp", field.path, fault.reason),
            ..fault
        });
    }
    let (value, _) = found(span, text)?;
    let kind = value.type_name();
    conform(value, &field.ty, times).ok_or_else(|| {
        let reason = format!("`{}` is of type {kind}, the declaration says {}", field.path, field.ty);
        Fault::new(span.start as usize, BadCause::WrongType, reason)
    })
}

/// A value by what it is, and how many of its integers became floats.
pub(super) fn found(span: Span, text: &[u8]) -> Result<(Value, u64), Fault> {
    let at = span.start as usize;
    exact::parse(span.of(text)).map_err(|fault| fault.within(at))
}

/// A JSON text as a declared type; none if it is not JSON, or of another type.
pub(super) fn read_as(text: &[u8], ty: &Type, times: &mut TimeReader) -> Option<Value> {
    let (value, _) = exact::parse(text).ok()?;
    conform(value, ty, times)
}

/// A value as a declared type: integers widen to floats, text and numbers become times, numbers of
/// seconds durations. None if it is of another type.
pub(super) fn conform(value: Value, ty: &Type, times: &mut TimeReader) -> Option<Value> {
    Some(match (ty, value) {
        (Type::Any, value) => value,
        (Type::Optional(_), Value::Null) | (Type::Null, Value::Null) => Value::Null,
        (Type::Optional(inner), value) => conform(value, inner, times)?,
        (Type::Bool, value @ Value::Bool(_))
        | (Type::Int, value @ Value::Int(_))
        | (Type::Float, value @ Value::Float(_))
        | (Type::Str, value @ Value::Str(_))
        | (Type::Timestamp, value @ Value::Timestamp(_))
        | (Type::Duration, value @ Value::Duration(_)) => value,
        (Type::Float, Value::Int(i)) => Value::Float(i as f64),
        (Type::Timestamp, Value::Str(text)) => Value::Timestamp(times.text(text.as_bytes())?),
        (Type::Timestamp, Value::Int(i)) => Value::Timestamp(times.number(i.to_string().as_bytes())?),
        (Type::Timestamp, Value::Float(f)) => Value::Timestamp(times.number(zmij::Buffer::new().format(f).as_bytes())?),
        (Type::Duration, Value::Int(i)) => Value::Duration(i.checked_mul(1_000_000_000)?),
        (Type::Duration, Value::Float(f)) if f.abs() < 9.2e9 => Value::Duration((f * 1e9).round() as i64),
        (Type::List(item), Value::List(items)) => {
            let items = items.iter().map(|value| conform(value.clone(), item, times));
            Value::list(items.collect::<Option<_>>()?)
        }
        (Type::Tuple(types), Value::List(items)) if types.len() == items.len() => {
            let items = types.iter().zip(items.iter());
            let items = items.map(|(ty, value)| conform(value.clone(), ty, times));
            Value::list(items.collect::<Option<_>>()?)
        }
        (Type::Map(key, item), Value::Map(entries)) if matches!(**key, Type::Str | Type::Any) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Some((key.clone(), conform(value.clone(), item, times)?)));
            Value::map(entries.collect::<Option<Vec<_>>>()?)
        }
        (Type::Record(fields), Value::Map(entries)) => {
            let mut entries = Arc::unwrap_or_clone(entries);
            for (name, ty) in fields {
                let value = entries.entry(Key(Value::str(name))).or_default();
                *value = conform(std::mem::take(value), ty, times)?;
            }
            Value::Map(Arc::new(entries))
        }
        _ => return None,
    })
}

/// The text of a string with escapes, or with bytes beyond ASCII.
pub(super) fn special_text(span: Span, raw: &[u8], out: &mut Vec<u8>) -> Result<bool, Fault> {
    let at = span.start as usize + 1;
    let escapes = string::check(raw, at)?;
    out.clear();
    if escapes {
        string::unescape(raw, at, out)?;
    }
    Ok(escapes)
}
