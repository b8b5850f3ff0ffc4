//! Functions over lists and maps without lambdas, and what reaches into values: `in`, `[i]`, `[a:b]`.

use crate::data::value::Key;
use crate::data::{MapValue, Value};
use crate::ir::Builtin;

use super::args::{at, int, list, map};
use super::compare::{self, Unlike, total};
use super::errors::{Fail, Outcome, show};
use super::strings;

/// How many integers a range may be that is made a list.
const LONGEST_RANGE: i128 = 10_000_000;

/// The value of a function over lists, maps or both. No argument is null, but those of `get`.
pub(super) fn call(builtin: Builtin, args: &[Value]) -> Outcome {
    let first = at(args, 0);
    match builtin {
        Builtin::Len => len(first),
        Builtin::Contains => contains(at(args, 1), first),
        Builtin::Head => head(first, int(at(args, 1))?),
        Builtin::Tail => tail(first, int(at(args, 1))?),
        Builtin::Sort => sort(list(first)?.iter().map(|item| (item.clone(), item.clone())).collect()),
        Builtin::Reverse => reverse(first),
        Builtin::Flatten => Ok(flatten(list(first)?)),
        Builtin::Zip => zip(args),
        Builtin::Enumerate => {
            let items = list(first)?.iter().enumerate();
            Ok(items
                .map(|(at, item)| tuple([Value::Int(at as i64), item.clone()]))
                .collect())
        }
        Builtin::Pairs => Ok(pairs(list(first)?)),
        Builtin::Window => window(list(first)?, int(at(args, 1))?, args.get(2).map_or(Ok(1), int)?),
        Builtin::Keys => Ok(map(first)?.keys().map(|key| key.0.clone()).collect()),
        Builtin::Values => Ok(map(first)?.values().cloned().collect()),
        Builtin::Get => get(first, at(args, 1), at(args, 2)),
        Builtin::Merge => merge(args),
        other => Err(Fail(format!("`{}` is no function over lists", other.name()))),
    }
}

fn tuple<const N: usize>(items: [Value; N]) -> Value {
    items.into_iter().collect()
}

fn len(value: &Value) -> Outcome {
    Ok(Value::Int(match value {
        Value::Str(text) => text.chars().count(),
        Value::List(items) => items.len(),
        Value::Map(entries) => entries.len(),
        other => return Err(Fail::no(other, "str, list or map")),
    } as i64))
}

/// `x in y`: part of a text, item of a list, key of a map. Null is in nothing.
pub(super) fn contains(x: &Value, y: &Value) -> Outcome {
    Ok(Value::Bool(match (x, y) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Str(part), Value::Str(text)) => text.contains(&**part),
        (_, Value::Str(_)) => return Err(Fail::no(x, "str")),
        (_, Value::List(items)) => items.iter().any(|item| compare::equal(item, x)),
        (_, Value::Map(entries)) => entries.contains_key(&Key(x.clone())),
        (_, other) => return Err(Fail::no(other, "str, list or map")),
    }))
}

/// Whether a value is one of the integers of a range.
pub(super) fn in_range(x: &Value, from: &Value, to: &Value, inclusive: bool) -> Outcome {
    let (from, to) = match (from, to) {
        (Value::Null, _) | (_, Value::Null) => return Ok(Value::Bool(false)),
        (from, to) => (int(from)?, int(to)?),
    };
    let inside = |i: i64| from <= i && (i < to || (inclusive && i == to));
    Ok(Value::Bool(match x {
        Value::Int(i) => inside(*i),
        Value::Float(f) if f.fract() == 0.0 => super::arithmetic::float_to_int(*f).is_some_and(inside),
        _ => false,
    }))
}

/// The list of a range.
pub(super) fn range(from: &Value, to: &Value, inclusive: bool) -> Outcome {
    if from.is_null() || to.is_null() {
        return Ok(Value::Null);
    }
    let (from, to) = (int(from)?, int(to)?);
    let count = i128::from(to) - i128::from(from) + i128::from(inclusive);
    if count > LONGEST_RANGE {
        return Err(Fail(format!("a range of {count} integers is too long for a list")));
    }
    Ok(if inclusive {
        (from..=to).map(Value::Int).collect()
    } else {
        (from..to).map(Value::Int).collect()
    })
}

/// `x[i]`: an item, negative from the end, a character, or the value of a key.
pub(super) fn index(value: &Value, at: &Value) -> Outcome {
    match (value, at) {
        (Value::Null, _) | (Value::List(_) | Value::Str(_), Value::Null) => Ok(Value::Null),
        (Value::Map(entries), key) => Ok(entries.get(&Key(key.clone())).cloned().unwrap_or_default()),
        (Value::List(_) | Value::Str(_), _) => {
            let place = int(at)?;
            item(value, place).ok_or_else(|| {
                let n = match value {
                    Value::List(items) => items.len(),
                    other => strings::to_text(other).chars().count(),
                };
                Fail(format!("index {place} is out of range: there are {n}"))
            })
        }
        (other, _) => Err(Fail::no(other, "str, list or map")),
    }
}

fn item(value: &Value, place: i64) -> Option<Value> {
    match value {
        Value::List(items) => {
            let at = if place < 0 {
                place.checked_add(items.len() as i64)?
            } else {
                place
            };
            items.get(usize::try_from(at).ok()?).cloned()
        }
        Value::Str(text) => {
            let mut chars = text.chars();
            let found = if place < 0 {
                chars.nth_back(usize::try_from(-(place + 1)).ok()?)
            } else {
                chars.nth(usize::try_from(place).ok()?)
            };
            found.map(|c| Value::str(c.encode_utf8(&mut [0; 4])))
        }
        _ => None,
    }
}

/// `x[from:to]` of a list or text; absent ends are none, null ends give null.
pub(super) fn slice(value: &Value, from: Option<&Value>, to: Option<&Value>) -> Outcome {
    if [from, to].into_iter().flatten().any(Value::is_null) {
        return Ok(Value::Null);
    }
    let (from, to) = (from.map(int).transpose()?, to.map(int).transpose()?);
    match value {
        Value::Null => Ok(Value::Null),
        Value::Str(text) => Ok(strings::slice(text, from, to)),
        Value::List(items) => {
            let (from, to) = strings::bounds(items.len(), from, to);
            Ok(items[from..to].iter().cloned().collect())
        }
        other => Err(Fail::no(other, "str or list")),
    }
}

fn count_of(n: i64) -> Result<usize, Fail> {
    usize::try_from(n).map_err(|_| Fail(format!("{n} items")))
}

fn head(value: &Value, n: i64) -> Outcome {
    let items = list(value)?;
    Ok(items.iter().take(count_of(n)?).cloned().collect())
}

fn tail(value: &Value, n: i64) -> Outcome {
    let items = list(value)?;
    let from = items.len().saturating_sub(count_of(n)?);
    Ok(items[from..].iter().cloned().collect())
}

/// The items in ascending order of their keys, equal ones in the order they had.
pub(super) fn sort(mut keyed: Vec<(Value, Value)>) -> Outcome {
    let unlike = Unlike::default();
    keyed.sort_by(|(a, _), (b, _)| total(a, b, &unlike));
    unlike.check()?;
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

fn reverse(value: &Value) -> Outcome {
    match value {
        Value::Str(text) => Ok(Value::str(&text.chars().rev().collect::<String>())),
        other => Ok(list(other)?.iter().rev().cloned().collect()),
    }
}

/// Lists among the items replaced by their items; nulls stay.
pub(super) fn flatten(items: &[Value]) -> Value {
    let mut flat = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::List(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Value::list(flat)
}

fn zip(args: &[Value]) -> Outcome {
    let lists = args.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    let shortest = lists.iter().map(|items| items.len()).min().unwrap_or(0);
    let row = |at: usize| lists.iter().map(|items| items[at].clone()).collect();
    Ok((0..shortest).map(row).collect())
}

fn pairs(items: &[Value]) -> Value {
    let with_later = |(at, a): (usize, &Value)| {
        let a = a.clone();
        items[at + 1..]
            .iter()
            .map(move |b| tuple([a.clone(), b.clone()]))
            .collect::<Vec<_>>()
    };
    items.iter().enumerate().flat_map(with_later).collect()
}

fn window(items: &[Value], size: i64, step: i64) -> Outcome {
    if size <= 0 || step <= 0 {
        return Err("a window's size and step must be positive".into());
    }
    let windows = items.windows(count_of(size)?).step_by(count_of(step)?);
    Ok(windows.map(|part| part.iter().cloned().collect()).collect())
}

fn get(value: &Value, at: &Value, default: &Value) -> Outcome {
    let found = match value {
        Value::Null => None,
        Value::Map(entries) => entries.get(&Key(at.clone())).cloned(),
        Value::List(_) | Value::Str(_) if at.is_null() => None,
        Value::List(_) | Value::Str(_) => item(value, int(at)?),
        other => return Err(Fail::no(other, "str, list or map")),
    };
    Ok(found.unwrap_or_else(|| default.clone()))
}

fn merge(args: &[Value]) -> Outcome {
    let mut merged = MapValue::default();
    for arg in args {
        for (key, value) in map(arg)?.iter() {
            merged.insert(key.clone(), value.clone());
        }
    }
    Ok(Value::Map(merged.into()))
}

/// The least (or greatest) of several values, of which none is null; NaN is the greatest.
pub(super) fn extreme(builtin: Builtin, keyed: impl IntoIterator<Item = (Value, Value)>) -> Outcome {
    let unlike = Unlike::default();
    let mut best: Option<(Value, Value)> = None;
    for (key, item) in keyed {
        let better = best.as_ref().is_none_or(|(known, _)| {
            let order = total(&key, known, &unlike);
            if builtin == Builtin::Min {
                order.is_lt()
            } else {
                order.is_gt()
            }
        });
        if better {
            best = Some((key, item));
        }
    }
    unlike.check()?;
    Ok(best.map_or(Value::Null, |(_, item)| item))
}

/// The entries of a map literal; of equal keys the last value counts.
pub(super) fn map_of(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::map(entries.into_iter().map(|(key, value)| (Key(key), value)))
}

/// The tuple's items for a lambda of `n` parameters.
pub(super) fn take_apart(item: &Value, n: usize) -> Result<&[Value], Fail> {
    match item {
        Value::List(items) if items.len() == n => Ok(items),
        other => Err(Fail(format!("{} is no tuple of {n}", show(other)))),
    }
}
