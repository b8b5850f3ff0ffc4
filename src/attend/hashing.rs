//! The fixed hash behind hashed features.
//!
//! A value becomes bytes: a letter for its type, then the text in UTF-8 or eight bytes, little end first.
//! FNV-1a (64 bits) runs over the bytes and the finalizer of SplitMix64 over its result. Whole floats are
//! written as integers, so that values equal by `==` hash alike; the entries of a map in any order.
//!
//! A hash chooses [`SPREAD`] slots and a sign for each, by successive outputs of SplitMix64. Two unlike
//! values meet in a slot by chance: their similarity is then a multiple of 1/4, of either sign, with mean
//! 0 and root mean square `1 / sqrt(slots)` (Weinberger and others, "Feature hashing for large scale multitask
//! learning", 2009). Only equal values are sure to have similarity 1.

use crate::data::Value;
use crate::data::value::int_equals_float;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// The step of SplitMix64: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// How many slots a value takes, where there are as many.
pub(super) const SPREAD: usize = 4;

/// FNV-1a over some bytes.
pub(super) fn fnv(state: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(state, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// Where FNV-1a starts.
pub(super) fn start() -> u64 {
    OFFSET
}

/// The finalizer of SplitMix64.
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The n-th output of SplitMix64 from a seed.
pub(super) fn draw(seed: u64, n: u64) -> u64 {
    mix(seed.wrapping_add(n.wrapping_add(1).wrapping_mul(STEP)))
}

/// The hash of a value.
pub(super) fn value(value: &Value) -> u64 {
    mix(feed(OFFSET, value))
}

/// The hash of a word: that of the text as a value.
pub(super) fn word(text: &str) -> u64 {
    mix(fnv(fnv(OFFSET, b"s"), text.as_bytes()))
}

fn feed(state: u64, value: &Value) -> u64 {
    match value {
        Value::Null => fnv(state, b"n"),
        Value::Bool(b) => fnv(state, &[b'b', u8::from(*b)]),
        Value::Int(i) => eight(state, b'i', *i as u64),
        Value::Float(x) => float(state, *x),
        Value::Str(text) => fnv(fnv(state, b"s"), text.as_bytes()),
        Value::Timestamp(ns) => eight(state, b't', *ns as u64),
        Value::Duration(ns) => eight(state, b'd', *ns as u64),
        Value::List(items) => items
            .iter()
            .fold(eight(state, b'l', items.len() as u64), |state, item| {
                eight(state, b',', self::value(item))
            }),
        Value::Map(entries) => {
            let sum = entries.iter().fold(0u64, |sum, (key, value)| {
                sum.wrapping_add(mix(feed(feed(OFFSET, &key.0), value)))
            });
            eight(eight(state, b'm', entries.len() as u64), b':', sum)
        }
    }
}

fn float(state: u64, x: f64) -> u64 {
    let whole = x as i64;
    if int_equals_float(whole, x) {
        eight(state, b'i', whole as u64)
    } else {
        eight(state, b'f', if x.is_nan() { f64::NAN } else { x }.to_bits())
    }
}

fn eight(state: u64, kind: u8, bits: u64) -> u64 {
    fnv(fnv(state, &[kind]), &bits.to_le_bytes())
}

/// Adds the slots of a hash to a block: +1 or -1 each, all different.
pub(super) fn add(hash: u64, block: &mut [f32]) {
    let mut taken = [usize::MAX; SPREAD];
    let count = SPREAD.min(block.len());
    for at in 0..count {
        let drawn = draw(hash, at as u64);
        let free = (block.len() - at) as u64;
        let mut slot = (((drawn & 0xffff_ffff) * free) >> 32) as usize;
        // The slots taken so far ascend; stepping over them makes the draw one among the free ones.
        for known in &taken[..at] {
            slot += usize::from(slot >= *known);
        }
        taken[at] = slot;
        taken[..=at].sort_unstable();
        block[slot] += if drawn >> 63 == 0 { 1.0 } else { -1.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Key;

    #[test]
    fn equal_values_hash_alike() {
        assert_eq!(value(&Value::Int(1)), value(&Value::Float(1.0)));
        assert_eq!(value(&Value::Int(0)), value(&Value::Float(-0.0)));
        assert_ne!(value(&Value::Int(1)), value(&Value::Duration(1)));
        assert_ne!(value(&Value::str("1")), value(&Value::Int(1)));
        let entry = |name: &str, x: i64| (Key(Value::str(name)), Value::Int(x));
        let (ab, ba) = ([entry("a", 1), entry("b", 2)], [entry("b", 2), entry("a", 1)]);
        assert_eq!(value(&Value::map(ab)), value(&Value::map(ba)));
        assert_eq!(word("x"), value(&Value::str("x")));
    }

    #[test]
    fn hashes_do_not_change() {
        assert_eq!(value(&Value::str("web")), 0xa971_0f37_33b7_bbee);
        assert_eq!(value(&Value::Int(443)), 0x475a_be40_6880_ba67);
    }

    #[test]
    fn slots_are_distinct() {
        for dims in [1, 2, 3, 4, 5, 16, 32] {
            for n in 0..500 {
                let mut block = vec![0.0; dims];
                add(value(&Value::Int(n)), &mut block);
                let used = block.iter().filter(|x| x.abs() == 1.0).count();
                let empty = block.iter().filter(|x| **x == 0.0).count();
                assert_eq!((used, empty), (SPREAD.min(dims), dims - SPREAD.min(dims)));
            }
        }
    }
}
