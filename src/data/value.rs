//! One value, as expressions see it.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use indexmap::IndexMap;

/// A value of the language. Tuples are lists, records are maps with text keys.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// The absence of a value.
    #[default]
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A 64-bit signed integer.
    Int(i64),
    /// An IEEE 754 double.
    Float(f64),
    /// Text.
    Str(Arc<str>),
    /// Nanoseconds since the epoch, UTC.
    Timestamp(i64),
    /// Signed nanoseconds.
    Duration(i64),
    /// A list or a tuple.
    List(Arc<[Value]>),
    /// A map or a record, in order of insertion.
    Map(Arc<MapValue>),
}

/// The entries of a map, in order of insertion, found by key.
pub type MapValue = IndexMap<Key, Value, FixedHasher>;

/// Hashes with a fixed seed, so that nothing depends on the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct FixedHasher;

impl BuildHasher for FixedHasher {
    type Hasher = rapidhash::fast::RapidHasher<'static>;

    fn build_hasher(&self) -> Self::Hasher {
        rapidhash::fast::RapidHasher::default_const()
    }
}

/// A value as a grouping or map key: numbers are equal by value, all NaN are one key, `-0.0` is
/// `0.0`, null is a key of its own (LANGUAGE.md, "Keys").
#[derive(Clone, Debug, Default)]
pub struct Key(pub Value);

impl Value {
    /// Text.
    #[must_use]
    pub fn str(text: &str) -> Self {
        Self::Str(Arc::from(text))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::from(items))
    }

    /// A map or record.
    #[must_use]
    pub fn map(entries: impl IntoIterator<Item = (Key, Value)>) -> Self {
        Self::Map(Arc::new(entries.into_iter().collect()))
    }

    /// Whether the value is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The name of the value's type, as `typeof` gives it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Timestamp(_) => "timestamp",
            Self::Duration(_) => "duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
        }
    }
}

/// Identity for tests and constant tables: like [`Key`], but `1` and `1.0` differ.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b))
            | (Self::Timestamp(a), Self::Timestamp(b))
            | (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits() || a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x == y),
            _ => false,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::Int(a), Value::Float(b)) | (Value::Float(b), Value::Int(a)) => int_equals_float(*a, *b),
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| Self::refs_equal(x, y))
            }
            (Value::Map(a), Value::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(key, x)| b.get(key).is_some_and(|y| Self::refs_equal(x, y)))
            }
            (a, b) => a == b,
        }
    }
}

impl Eq for Key {}

impl Key {
    fn refs_equal(a: &Value, b: &Value) -> bool {
        Key(a.clone()) == Key(b.clone())
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_value(&self.0, state);
    }
}

fn hash_value<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Null => state.write_u8(0),
        Value::Bool(b) => state.write_u8(1 + u8::from(*b)),
        Value::Int(i) => hash_int(*i, state),
        Value::Float(f) => match exact_int(*f) {
            Some(i) => hash_int(i, state),
            None => {
                state.write_u8(4);
                state.write_u64(if f.is_nan() { f64::NAN.to_bits() } else { f.to_bits() });
            }
        },
        Value::Str(text) => hash_text(text, state),
        Value::Timestamp(ns) => {
            state.write_u8(6);
            state.write_i64(*ns);
        }
        Value::Duration(ns) => {
            state.write_u8(7);
            state.write_i64(*ns);
        }
        Value::List(items) => {
            state.write_u8(8);
            state.write_usize(items.len());
            items.iter().for_each(|item| hash_value(item, state));
        }
        // Equal maps may differ in order, so their entries do not enter the hash.
        Value::Map(entries) => {
            state.write_u8(9);
            state.write_usize(entries.len());
        }
    }
}

fn hash_int<H: Hasher>(i: i64, state: &mut H) {
    state.write_u8(3);
    state.write_i64(i);
}

/// The integer a float stands for exactly, if there is one.
fn exact_int(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[allow(clippy::cast_possible_truncation, reason = "in range and integral, as just checked")]
    (f.trunc() == f && (-LIMIT..LIMIT).contains(&f)).then_some(f as i64)
}

/// Whether an integer and a float are the same number.
#[must_use]
pub fn int_equals_float(i: i64, f: f64) -> bool {
    exact_int(f) == Some(i)
}

impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

/// A text as a map key, for look-ups that build no [`Key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextKey<'a>(pub &'a str);

impl Hash for TextKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_text(self.0, state);
    }
}

impl indexmap::Equivalent<Key> for TextKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        matches!(&key.0, Value::Str(text) if **text == *self.0)
    }
}

fn hash_text<H: Hasher>(text: &str, state: &mut H) {
    state.write_u8(5);
    state.write(text.as_bytes());
}
