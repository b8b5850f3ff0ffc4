//! What a file says about the values of a column, and what can be told from it.

use std::cmp::Ordering;

use crate::data::Value;
use crate::read::{Bound, Comparison};

/// Bounds of the values at a place in some rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    /// No value (that is not null) is less; none: not known.
    pub(super) least: Option<Value>,
    /// No value (that is not null) is greater.
    pub(super) greatest: Option<Value>,
    /// How many rows are null, if known.
    pub(super) nulls: Option<u64>,
}

impl Bounds {
    /// Whether no value can be as asked for. Values of other types than what they are compared with
    /// may be anything.
    pub(super) fn exclude(&self, bound: &Bound) -> bool {
        let out = |value: &Value| match bound.op {
            Comparison::Equal | Comparison::In => self.all_above(value, false) || self.all_below(value, false),
            Comparison::Less => self.all_above(value, true),
            Comparison::AtMost => self.all_above(value, false),
            Comparison::Greater => self.all_below(value, true),
            Comparison::AtLeast => self.all_below(value, false),
        };
        bound.values.iter().all(out)
    }

    /// Whether all values are above one, or (`or_equal`) equal to it.
    fn all_above(&self, value: &Value, or_equal: bool) -> bool {
        let order = self.least.as_ref().and_then(|least| compare(least, value));
        order == Some(Ordering::Greater) || (or_equal && order == Some(Ordering::Equal))
    }

    fn all_below(&self, value: &Value, or_equal: bool) -> bool {
        let order = self.greatest.as_ref().and_then(|greatest| compare(greatest, value));
        order == Some(Ordering::Less) || (or_equal && order == Some(Ordering::Equal))
    }
}

/// The order of two values of like types, where it is certain.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) | (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => exact(*a)?.partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.partial_cmp(&exact(*b)?),
        (Value::Str(a), Value::Str(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        _ => None,
    }
}

/// An integer as a float, if it is one.
fn exact(i: i64) -> Option<f64> {
    (i.unsigned_abs() <= 1 << 53).then_some(i as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FieldId;

    #[test]
    fn what_lies_outside_is_excluded() {
        let bounds = |least, greatest| Bounds {
            least: Some(least),
            greatest: Some(greatest),
            nulls: None,
        };
        let of = |op, value| Bound {
            field: FieldId(0),
            op,
            values: vec![value],
        };
        let numbers = bounds(Value::Int(3), Value::Int(7));
        for (op, value, out) in [
            (Comparison::Equal, Value::Int(2), true),
            (Comparison::Equal, Value::Int(3), false),
            (Comparison::Equal, Value::Float(7.5), true),
            (Comparison::Equal, Value::str("2"), false),
            (Comparison::Less, Value::Int(3), true),
            (Comparison::Less, Value::Int(4), false),
            (Comparison::AtMost, Value::Int(3), false),
            (Comparison::AtMost, Value::Float(2.9), true),
            (Comparison::Greater, Value::Int(7), true),
            (Comparison::Greater, Value::Int(6), false),
            (Comparison::AtLeast, Value::Int(7), false),
            (Comparison::AtLeast, Value::Int(8), true),
            (Comparison::Greater, Value::Float(f64::NAN), false),
        ] {
            assert_eq!(numbers.exclude(&of(op, value.clone())), out, "{op:?} {value:?}");
        }
        let texts = bounds(Value::str("b"), Value::str("d"));
        let mut some = of(Comparison::In, Value::str("a"));
        some.values.push(Value::str("e"));
        assert!(texts.exclude(&some));
        some.values.push(Value::str("c"));
        assert!(!texts.exclude(&some));
        assert!(!Bounds::default().exclude(&of(Comparison::Equal, Value::Int(1))));
    }
}
