//! Comparisons of a value in one column with a value in another.

use arrow::array::Array;
use std::cmp::Ordering;

use crate::data::{Column, Key, Value};
use crate::eval::compare_values;
use crate::ir::BinaryOp;

/// Whether `a op b`; null and NaN compare with nothing, and `!=` is the negation of `==`.
pub(super) fn holds(op: BinaryOp, (a, at): (&Column, usize), (b, bt): (&Column, usize)) -> bool {
    let order = match (a, b) {
        (Column::Int(x), Column::Int(y))
        | (Column::Timestamp(x), Column::Timestamp(y))
        | (Column::Duration(x), Column::Duration(y)) => both(x, at, y, bt).then(|| x.value(at).cmp(&y.value(bt))),
        (Column::Float(x), Column::Float(y)) => both(x, at, y, bt)
            .then(|| x.value(at).partial_cmp(&y.value(bt)))
            .flatten(),
        (Column::Str(x), Column::Str(y)) => both(x, at, y, bt).then(|| x.value(at).cmp(y.value(bt))),
        _ => return values(op, &a.value(at), &b.value(bt)),
    };
    told(op, order)
}

fn both(a: &impl Array, at: usize, b: &impl Array, bt: usize) -> bool {
    a.is_valid(at) && b.is_valid(bt)
}

fn told(op: BinaryOp, order: Option<Ordering>) -> bool {
    match op {
        BinaryOp::Eq => order == Some(Ordering::Equal),
        BinaryOp::Ne => order != Some(Ordering::Equal),
        BinaryOp::Lt => order == Some(Ordering::Less),
        BinaryOp::Le => order.is_some_and(Ordering::is_le),
        BinaryOp::Gt => order == Some(Ordering::Greater),
        _ => order.is_some_and(Ordering::is_ge),
    }
}

/// The same of two values of any kind.
pub(super) fn values(op: BinaryOp, a: &Value, b: &Value) -> bool {
    match op {
        BinaryOp::Eq => equal(a, b),
        BinaryOp::Ne => !equal(a, b),
        _ => told(op, compare_values(a, b)),
    }
}

fn equal(a: &Value, b: &Value) -> bool {
    let never = |value: &Value| value.is_null() || matches!(value, Value::Float(f) if f.is_nan());
    !never(a) && !never(b) && Key(a.clone()) == Key(b.clone())
}
