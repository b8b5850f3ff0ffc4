//! `x[i].f = e`: a value with one of its parts changed.
//!
//! Cost: nothing is copied where nobody else holds the value; else the value at each level, once.

use std::sync::Arc;

use crate::data::{Key, Value};
use crate::eval::args::int;
use crate::eval::errors::{Fail, show};

/// Puts `new` in the place of a part. A missing key of a map is added, at the last part only.
pub(super) fn set(value: &mut Value, parts: &[Value], new: Value) -> Result<(), Fail> {
    let Some((part, rest)) = parts.split_first() else {
        *value = new;
        return Ok(());
    };
    match value {
        Value::Map(entries) => {
            let entries = Arc::make_mut(entries);
            if rest.is_empty() {
                entries.insert(Key(part.clone()), new);
                return Ok(());
            }
            match entries.get_mut(&Key(part.clone())) {
                Some(inner) => set(inner, rest, new),
                None => Err(Fail(format!(
                    "there is nothing at {} that could have parts",
                    show(part)
                ))),
            }
        }
        Value::List(items) => {
            let at = int(part)?;
            let n = items.len();
            let place = if at < 0 { at.checked_add(n as i64) } else { Some(at) };
            let place = place.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < n);
            let Some(place) = place else {
                return Err(Fail(format!("index {at} is out of range: there are {n}")));
            };
            if Arc::get_mut(items).is_none() {
                *items = items.iter().cloned().collect();
            }
            match Arc::get_mut(items) {
                Some(items) => set(&mut items[place], rest, new),
                None => Ok(()),
            }
        }
        other => Err(Fail(format!("{} has no parts to assign", show(other)))),
    }
}
