//! Constant lists on the right of `in`, hashed.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::data::Value;
use crate::data::value::{FixedHasher, Key};

/// The items of a constant list, to be found in constant time. Nulls and NaN are left out: they are
/// equal to nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    /// The texts among them.
    texts: IndexSet<Arc<str>, FixedHasher>,
    /// The ints among them, also those written as floats.
    ints: IndexSet<i64, FixedHasher>,
    /// All of them.
    all: IndexSet<Key, FixedHasher>,
}

impl Members {
    /// The members of a list of plain values; none if an item is a list or map, whose equality is
    /// not that of keys.
    pub(super) fn of(items: &[Value]) -> Option<Self> {
        let mut members = Self::default();
        for item in items {
            match item {
                Value::List(_) | Value::Map(_) => return None,
                Value::Null => continue,
                Value::Float(f) if f.is_nan() => continue,
                Value::Str(text) => {
                    members.texts.insert(text.clone());
                }
                Value::Int(i) => {
                    members.ints.insert(*i);
                }
                Value::Float(f) if f.fract() == 0.0 => {
                    members.ints.extend(super::arithmetic::float_to_int(*f));
                }
                _ => {}
            }
            members.all.insert(Key(item.clone()));
        }
        Some(members)
    }

    /// Whether a text is a member.
    pub(super) fn has_text(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    /// Whether an int is.
    pub(super) fn has_int(&self, int: i64) -> bool {
        self.ints.contains(&int)
    }

    /// Whether a value is.
    pub(super) fn has(&self, value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Str(text) => self.has_text(text),
            Value::Int(int) => self.has_int(*int),
            Value::Float(f) if f.is_nan() => false,
            Value::List(_) | Value::Map(_) => false,
            other => self.all.contains(&Key(other.clone())),
        }
    }
}
