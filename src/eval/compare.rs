//! Equality and order of values, one pair at a time.
//!
//! Numbers compare by their exact values, also an int beyond 2^53 with a float; text by code point;
//! lists item by item. `==` of unlike types is false, their order is an error.

use std::cell::Cell;
use std::cmp::Ordering;

use crate::data::Value;
use crate::ir::BinaryOp;

use super::errors::{Fail, Outcome, show};

/// The value of a comparison operator. Null on either side: not equal, and in no order.
pub(super) fn compare(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    let truth = match op {
        BinaryOp::Eq => equal(a, b),
        BinaryOp::Ne => !equal(a, b),
        _ if a.is_null() || b.is_null() => false,
        _ => order(a, b)?.is_some_and(|order| holds(op, order)),
    };
    Ok(Value::Bool(truth))
}

/// Whether an order satisfies a comparison operator.
pub(super) fn holds(op: BinaryOp, order: Ordering) -> bool {
    match op {
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::Le => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        BinaryOp::Ge => order.is_ge(),
        BinaryOp::Eq => order.is_eq(),
        _ => order.is_ne(),
    }
}

/// `a == b`: false when either is null. Inside lists and maps two nulls are equal.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Int(i), Value::Float(f)) | (Value::Float(f), Value::Int(i)) => {
            int_with_float(*i, *f) == Some(Ordering::Equal)
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| alike(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (a, b) => a == b,
    }
}

fn alike(a: &Value, b: &Value) -> bool {
    (a.is_null() && b.is_null()) || equal(a, b)
}

/// The order of two values that are not null; none when one is NaN.
pub(super) fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Fail> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b))
        | (Value::Timestamp(a), Value::Timestamp(b))
        | (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(i), Value::Float(f)) => int_with_float(*i, *f),
        (Value::Float(f), Value::Int(i)) => int_with_float(*i, *f).map(Ordering::reverse),
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::List(_), Value::List(_)) => {
            let unlike = Unlike::default();
            let order = total(a, b, &unlike);
            unlike.check()?;
            Some(order)
        }
        _ => return Err(no_order(a, b)),
    })
}

fn no_order(a: &Value, b: &Value) -> Fail {
    Fail(format!(
        "{} ({}) and {} ({}) have no order",
        show(a),
        a.type_name(),
        show(b),
        b.type_name()
    ))
}

/// Whether values of unlike types were compared by [`total`], and which first.
#[derive(Default)]
pub(super) struct Unlike(Cell<Option<Fail>>);

impl Unlike {
    /// Fails if there were any.
    pub(super) fn check(self) -> Result<(), Fail> {
        self.0.into_inner().map_or(Ok(()), Err)
    }
}

/// A total order for sorting: NaN after all numbers, nulls last. Values of unlike types are ordered
/// by type, so that it is consistent, and remembered in `unlike`, so that the sort is refused.
pub(super) fn total(a: &Value, b: &Value, unlike: &Unlike) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => return Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (Value::List(a), Value::List(b)) => {
            let items = a.iter().zip(b.iter()).map(|(a, b)| total(a, b, unlike));
            return items
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or_else(|| a.len().cmp(&b.len()));
        }
        (Value::Map(_), Value::Map(_)) => {}
        _ => {
            if let Ok(found) = order(a, b) {
                return found.unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)));
            }
        }
    }
    let first = unlike.0.take().unwrap_or_else(|| no_order(a, b));
    unlike.0.set(Some(first));
    rank(a).cmp(&rank(b))
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(f) if f.is_nan())
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Int(_) | Value::Float(_) => 1,
        Value::Str(_) => 2,
        Value::Timestamp(_) => 3,
        Value::Duration(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
        Value::Null => 7,
    }
}

/// The order of an int and a float by exact value; none for NaN.
pub(super) fn int_with_float(i: i64, f: f64) -> Option<Ordering> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if f.is_nan() {
        None
    } else if f >= LIMIT {
        Some(Ordering::Less)
    } else if f < -LIMIT {
        Some(Ordering::Greater)
    } else {
        let whole = f.trunc();
        Some(
            i.cmp(&(whole as i64))
                .then_with(|| 0.0_f64.total_cmp(&(f - whole + 0.0))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints_and_floats_compare_exactly() {
        let big = (1_i64 << 53) + 1;
        assert_eq!(int_with_float(big, big as f64), Some(Ordering::Greater));
        assert_eq!(int_with_float(i64::MAX, 9.3e18), Some(Ordering::Less));
        assert_eq!(int_with_float(i64::MIN, i64::MIN as f64), Some(Ordering::Equal));
        assert_eq!(int_with_float(0, -0.0), Some(Ordering::Equal));
        assert_eq!(int_with_float(0, -0.5), Some(Ordering::Greater));
        assert_eq!(int_with_float(-1, -0.5), Some(Ordering::Less));
        assert_eq!(int_with_float(2, 2.5), Some(Ordering::Less));
        assert_eq!(int_with_float(2, f64::NAN), None);
    }
}
