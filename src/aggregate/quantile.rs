//! Exact percentiles with linear interpolation: of `n` values in ascending order the one at place
//! `p (n - 1)`, between two places the line between their values.

use crate::data::Value;

/// A float as an integer of the same order; NaN is the greatest, `-0.0` is `0.0`.
#[inline(always)]
pub(super) fn key_of_float(x: f64) -> i64 {
    let bits = (if x.is_nan() { f64::NAN } else { x + 0.0 }).to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

/// The float of a key.
pub(super) fn float_of_key(key: i64) -> f64 {
    f64::from_bits((key ^ ((key >> 63) as u64 >> 1) as i64) as u64)
}

/// The constant argument `p`: a number from 0 to 1.
pub(super) fn share(param: &Value) -> Result<f64, String> {
    let p = match param {
        Value::Int(i) => *i as f64,
        Value::Float(x) => *x,
        _ => f64::NAN,
    };
    if (0.0..=1.0).contains(&p) {
        Ok(p)
    } else {
        Err("`p` must be a number from 0 to 1".to_owned())
    }
}

/// The two places around that of `p` among `n > 0` values, and how far it is from the first.
pub(super) fn place(n: usize, p: f64) -> (usize, usize, f64) {
    let at = p * (n - 1) as f64;
    let low = (at as usize).min(n - 1);
    (low, (low + 1).min(n - 1), at - low as f64)
}

/// The value of `p` among words in any order; null of none.
pub(super) fn of_words(words: &[i64], p: f64, durations: bool) -> Value {
    if words.is_empty() {
        return Value::Null;
    }
    let mut words = words.to_vec();
    let (low, high, share) = place(words.len(), p);
    let (_, &mut at_low, above) = words.select_nth_unstable(low);
    let at_high = if high == low {
        at_low
    } else {
        above.iter().copied().min().unwrap_or(at_low)
    };
    between(at_low, at_high, share, durations)
}

/// The value that lies between those of two words.
pub(super) fn between(low: i64, high: i64, share: f64, durations: bool) -> Value {
    if durations {
        let wide = i128::from(high) - i128::from(low);
        return Value::Duration(low.wrapping_add((wide as f64 * share).round() as i64));
    }
    let (low, high) = (float_of_key(low), float_of_key(high));
    Value::Float(if share == 0.0 || low == high {
        low
    } else if share == 0.5 {
        f64::midpoint(low, high)
    } else {
        low + (high - low) * share
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_floats() {
        let floats = [
            f64::NEG_INFINITY,
            -1.5,
            -1e-300,
            0.0,
            1e-300,
            2.0,
            f64::INFINITY,
            f64::NAN,
        ];
        let keys: Vec<i64> = floats.iter().map(|x| key_of_float(*x)).collect();
        assert!(keys.is_sorted());
        assert_eq!(key_of_float(-0.0), key_of_float(0.0));
        for (x, key) in floats.iter().zip(keys) {
            assert_eq!(float_of_key(key).to_bits(), x.to_bits());
        }
    }
}
