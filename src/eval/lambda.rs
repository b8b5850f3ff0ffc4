//! List functions that take a lambda (or may).
//!
//! What the lambda is does not matter here: it gives a value or a truth for an item. Without a lambda
//! the item itself stands for its value.

use crate::data::value::Key;
use crate::data::{MapValue, Value};
use crate::ir::Builtin;

use super::args::{at, list};
use super::collections::{self, extreme};
use super::errors::{Fail, Outcome};
use super::sum;

/// A lambda applied to items.
pub(super) trait Apply {
    /// What it gives for an item; fails only if it cannot take the item.
    fn value(&mut self, item: &Value) -> Outcome;

    /// Whether it is true for an item.
    fn truth(&mut self, item: &Value) -> Result<bool, Fail>;
}

/// No lambda: the item is its own value.
pub(super) struct Identity;

impl Apply for Identity {
    fn value(&mut self, item: &Value) -> Outcome {
        Ok(item.clone())
    }

    fn truth(&mut self, item: &Value) -> Result<bool, Fail> {
        match item {
            Value::Bool(truth) => Ok(*truth),
            Value::Null => Ok(false),
            other => Err(Fail::no(other, "bool")),
        }
    }
}

/// Whether the function is one of these.
pub(super) fn is_list_function(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::Filter
            | Builtin::Map
            | Builtin::FlatMap
            | Builtin::Any
            | Builtin::All
            | Builtin::Count
            | Builtin::Sum
            | Builtin::Avg
            | Builtin::Stddev
            | Builtin::Median
            | Builtin::Min
            | Builtin::Max
            | Builtin::First
            | Builtin::Last
            | Builtin::SortBy
            | Builtin::Distinct
            | Builtin::GroupBy
            | Builtin::LinearTrend
    )
}

/// The value of a list function. No argument is null. `given` says whether there is a lambda.
pub(super) fn call(builtin: Builtin, args: &[Value], given: bool, apply: &mut dyn Apply) -> Outcome {
    if matches!(builtin, Builtin::Min | Builtin::Max) && (args.len() > 1 || !matches!(at(args, 0), Value::List(_))) {
        return extreme(builtin, args.iter().map(|value| (value.clone(), value.clone())));
    }
    let items: &[Value] = list(at(args, 0))?;
    match builtin {
        Builtin::Filter => kept(items, apply).map(Value::list),
        Builtin::Map => mapped(items, apply).map(Value::list),
        Builtin::FlatMap => flat_map(items, apply),
        Builtin::Any => any(items, true, apply),
        Builtin::All => any(items, false, apply),
        Builtin::Count if given => Ok(Value::Int(count(items, apply)?)),
        Builtin::Count => Ok(Value::Int(items.iter().filter(|item| !item.is_null()).count() as i64)),
        Builtin::Sum => sum::sum(&mapped(items, apply)?),
        Builtin::Avg => sum::avg(&mapped(items, apply)?),
        Builtin::Stddev => sum::stddev(&mapped(items, apply)?),
        Builtin::Median => sum::median(&mapped(items, apply)?),
        Builtin::LinearTrend => sum::linear_trend(&mapped(items, apply)?),
        Builtin::Min | Builtin::Max => {
            let keyed = keyed(items, apply)?;
            extreme(builtin, keyed.into_iter().filter(|(key, _)| !key.is_null()))
        }
        Builtin::First | Builtin::Last => first(items, builtin == Builtin::Last, given, apply),
        Builtin::SortBy => collections::sort(keyed(items, apply)?),
        Builtin::Distinct => distinct(items, apply),
        Builtin::GroupBy => group_by(items, apply),
        other => Err(Fail(format!("`{}` takes no lambda", other.name()))),
    }
}

fn mapped(items: &[Value], apply: &mut dyn Apply) -> Result<Vec<Value>, Fail> {
    items.iter().map(|item| apply.value(item)).collect()
}

fn keyed(items: &[Value], apply: &mut dyn Apply) -> Result<Vec<(Value, Value)>, Fail> {
    items
        .iter()
        .map(|item| Ok((apply.value(item)?, item.clone())))
        .collect()
}

fn kept(items: &[Value], apply: &mut dyn Apply) -> Result<Vec<Value>, Fail> {
    let mut kept = Vec::new();
    for item in items {
        if apply.truth(item)? {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn count(items: &[Value], apply: &mut dyn Apply) -> Result<i64, Fail> {
    let mut count = 0;
    for item in items {
        count += i64::from(apply.truth(item)?);
    }
    Ok(count)
}

/// Whether an item has this truth: `any` asks for true; `all` is whether none is not true.
fn any(items: &[Value], asked: bool, apply: &mut dyn Apply) -> Outcome {
    for item in items {
        if apply.truth(item)? == asked {
            return Ok(Value::Bool(asked));
        }
    }
    Ok(Value::Bool(!asked))
}

fn flat_map(items: &[Value], apply: &mut dyn Apply) -> Outcome {
    let mut flat = Vec::new();
    for item in items {
        match apply.value(item)? {
            Value::Null => {}
            Value::List(inner) => flat.extend(inner.iter().cloned()),
            other => return Err(Fail::no(&other, "list")),
        }
    }
    Ok(Value::list(flat))
}

fn first(items: &[Value], from_end: bool, given: bool, apply: &mut dyn Apply) -> Outcome {
    let mut ordered: Box<dyn Iterator<Item = &Value>> = if from_end {
        Box::new(items.iter().rev())
    } else {
        Box::new(items.iter())
    };
    if !given {
        return Ok(ordered.next().cloned().unwrap_or_default());
    }
    for item in ordered {
        if apply.truth(item)? {
            return Ok(item.clone());
        }
    }
    Ok(Value::Null)
}

fn distinct(items: &[Value], apply: &mut dyn Apply) -> Outcome {
    let mut seen = MapValue::default();
    for (key, item) in keyed(items, apply)? {
        if !key.is_null() {
            seen.entry(Key(key)).or_insert(item);
        }
    }
    Ok(seen.into_values().collect())
}

fn group_by(items: &[Value], apply: &mut dyn Apply) -> Outcome {
    let mut groups: indexmap::IndexMap<Key, Vec<Value>, crate::data::value::FixedHasher> =
        indexmap::IndexMap::default();
    for (key, item) in keyed(items, apply)? {
        groups.entry(Key(key)).or_default().push(item);
    }
    Ok(Value::map(
        groups.into_iter().map(|(key, group)| (key, Value::list(group))),
    ))
}
