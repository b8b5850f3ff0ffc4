//! From one type to another.

use std::sync::Arc;

use crate::data::value::Key;
use crate::data::{TextKey, Value};
use crate::ir::Builtin;

use super::args::{at, text};
use super::arithmetic::float_to_int;
use super::errors::{Fail, Outcome};
use super::strings::to_text;

/// The value of a conversion or of a function over any value.
pub(super) fn call(builtin: Builtin, args: &[Value]) -> Outcome {
    let first = at(args, 0);
    match builtin {
        Builtin::Int => to_int(first),
        Builtin::Float => to_float(first),
        Builtin::Str => match first {
            Value::Str(_) => Ok(first.clone()),
            other => Ok(Value::Str(Arc::from(to_text(other)))),
        },
        Builtin::Bool => to_bool(first),
        Builtin::TryInt => Ok(to_int(first).unwrap_or_default()),
        Builtin::TryFloat => Ok(to_float(first).unwrap_or_default()),
        Builtin::IsNull => Ok(Value::Bool(first.is_null())),
        Builtin::IsNotNull => Ok(Value::Bool(!first.is_null())),
        Builtin::Typeof => Ok(Value::str(first.type_name())),
        Builtin::Hash => Ok(Value::Int(hash(first))),
        other => Err(Fail(format!("`{}` is no conversion", other.name()))),
    }
}

fn to_int(value: &Value) -> Outcome {
    let int = match value {
        Value::Int(i) => Some(*i),
        Value::Float(f) => float_to_int(f.trunc()),
        Value::Bool(b) => Some(i64::from(*b)),
        Value::Str(text) => text.trim().parse().ok(),
        Value::Timestamp(ns) => Some(ns.div_euclid(1_000_000_000)),
        Value::Duration(ns) => Some(ns / 1_000_000_000),
        _ => None,
    };
    int.map(Value::Int).ok_or_else(|| Fail::no(value, "int"))
}

fn to_float(value: &Value) -> Outcome {
    let float = match value {
        Value::Int(i) => Some(*i as f64),
        Value::Float(f) => Some(*f),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::Str(text) => text.trim().parse().ok(),
        Value::Timestamp(ns) | Value::Duration(ns) => Some(*ns as f64 / 1e9),
        _ => None,
    };
    float.map(Value::Float).ok_or_else(|| Fail::no(value, "float"))
}

fn to_bool(value: &Value) -> Outcome {
    let truth = match value {
        Value::Bool(b) => Some(*b),
        Value::Int(i) => Some(*i != 0),
        Value::Float(f) => Some(*f != 0.0),
        Value::Str(_) => match text(value)?.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    truth.map(Value::Bool).ok_or_else(|| Fail::no(value, "bool"))
}

/// 64-bit FNV-1a (Fowler, Noll, Vo) over a type byte and the value's bytes (little-endian numbers,
/// UTF-8 text); lists and maps over their items' hashes in order, maps by the hashes of their
/// entries added up. Equal numbers hash alike: a float that is an integer as that integer.
pub(super) fn hash(value: &Value) -> i64 {
    fnv(value).cast_signed()
}

fn fnv(value: &Value) -> u64 {
    let bytes = |tag: u8, bytes: &[u8]| {
        std::iter::once(&tag)
            .chain(bytes)
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            })
    };
    match value {
        Value::Null => bytes(0, &[]),
        Value::Bool(b) => bytes(1, &[u8::from(*b)]),
        Value::Int(i) => bytes(2, &i.to_le_bytes()),
        Value::Float(f) => match float_to_int(*f) {
            Some(i) if f.fract() == 0.0 => bytes(2, &i.to_le_bytes()),
            _ if f.is_nan() => bytes(3, &f64::NAN.to_bits().to_le_bytes()),
            _ => bytes(3, &f.to_bits().to_le_bytes()),
        },
        Value::Str(text) => bytes(4, text.as_bytes()),
        Value::Timestamp(ns) => bytes(5, &ns.to_le_bytes()),
        Value::Duration(ns) => bytes(6, &ns.to_le_bytes()),
        Value::List(items) => {
            let inner: Vec<u8> = items.iter().flat_map(|item| fnv(item).to_le_bytes()).collect();
            bytes(7, &inner)
        }
        Value::Map(entries) => {
            let pair = |(key, item): (&Key, &Value)| {
                let both = [fnv(&key.0).to_le_bytes(), fnv(item).to_le_bytes()].concat();
                bytes(8, &both)
            };
            let sum = entries.iter().map(pair).fold(0_u64, u64::wrapping_add);
            bytes(9, &sum.to_le_bytes())
        }
    }
}

/// What a chain of member names finds in a value: `a.b.c` walks records and, where one has no `a`,
/// tries the flattened key `"a.b.c"` in it; a list gives the list of what its items give; anything
/// else, and what is absent, is null.
pub(super) fn member(value: &Value, names: &[&str]) -> Value {
    let Some((name, rest)) = names.split_first() else {
        return value.clone();
    };
    match value {
        Value::Map(entries) => match entries.get(&TextKey(name)) {
            Some(inner) => member(inner, rest),
            None if rest.is_empty() => Value::Null,
            None => entries.get(&TextKey(&names.join("."))).cloned().unwrap_or_default(),
        },
        Value::List(items) => items.iter().map(|item| member(item, names)).collect(),
        _ => Value::Null,
    }
}
