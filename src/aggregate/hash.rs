//! A hash of values that is the same on every machine: equal keys have equal hashes.

use rapidhash::v3::rapidhash_v3;

use crate::data::{Key, Value};

use super::item::Item;

/// The hash of a value: rapidhash of its text, or of a letter for its type and its eight bytes.
/// Floats that are whole numbers hash as integers; entries of a map in any order.
pub(super) fn hash(item: Item<'_>) -> u64 {
    match item {
        Item::Bool(b) => word(b'b', u64::from(b)),
        Item::Int(i) => word(b'i', i as u64),
        Item::Float(x) => float(x),
        Item::Str(text) => rapidhash_v3(text.as_bytes()),
        Item::Timestamp(ns) => word(b't', ns as u64),
        Item::Duration(ns) => word(b'd', ns as u64),
        Item::Other(Value::Str(text)) => rapidhash_v3(text.as_bytes()),
        Item::Other(Value::List(items)) => items.iter().fold(word(b'l', items.len() as u64), |all, value| {
            word(b'l', all.rotate_left(1) ^ of(value))
        }),
        Item::Other(Value::Map(entries)) => entries
            .iter()
            .map(|(key, value)| word(b'm', of(&key.0).rotate_left(1) ^ of(value)))
            .fold(entries.len() as u64, u64::wrapping_add),
        Item::Other(_) => word(b'n', 0),
    }
}

fn of(value: &Value) -> u64 {
    Item::of(value).map_or_else(|| word(b'n', 0), hash)
}

fn float(x: f64) -> u64 {
    let whole = x as i64;
    if crate::data::value::int_equals_float(whole, x) {
        word(b'i', whole as u64)
    } else {
        word(b'f', if x.is_nan() { f64::NAN } else { x }.to_bits())
    }
}

fn word(kind: u8, bits: u64) -> u64 {
    let mut bytes = [kind; 9];
    bytes[1..].copy_from_slice(&bits.to_le_bytes());
    !rapidhash_v3(&bytes)
}

/// Whether two values are the same key.
pub(super) fn same(item: Item<'_>, known: &Value) -> bool {
    match (item, known) {
        (Item::Int(a), Value::Int(b)) => a == *b,
        (item, Value::Str(b)) => item.text() == Some(b),
        (item, known) => Key(item.to_value()) == Key(known.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_hash_alike() {
        assert_eq!(hash(Item::Int(1)), hash(Item::Float(1.0)));
        assert_eq!(hash(Item::Int(0)), hash(Item::Float(-0.0)));
        assert_eq!(hash(Item::Float(f64::NAN)), hash(Item::Float(-f64::NAN)));
        assert_eq!(hash(Item::Str("a")), hash(Item::Other(&Value::str("a"))));
        assert_ne!(hash(Item::Int(1)), hash(Item::Duration(1)));
        let entry = |name: &str, x: i64| (Key(Value::str(name)), Value::Int(x));
        let (ab, ba) = (
            Value::map([entry("a", 1), entry("b", 2)]),
            Value::map([entry("b", 2), entry("a", 1)]),
        );
        assert_eq!(of(&ab), of(&ba));
        assert_ne!(of(&ab), of(&Value::map([entry("a", 2), entry("b", 1)])));
    }
}
