//! Operators on values: the frequent ones at once, all others by the rules.

use crate::data::Value;
use crate::eval::errors::{Fail, Outcome};
use crate::eval::{arithmetic, compare};
use crate::ir::{BinaryOp, Builtin};

/// Two ints or two floats, where nothing can go wrong.
#[inline]
pub(super) fn quick(op: BinaryOp, a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => match op {
            BinaryOp::Add => x.checked_add(*y).map(Value::Int),
            BinaryOp::Sub => x.checked_sub(*y).map(Value::Int),
            BinaryOp::Mul => x.checked_mul(*y).map(Value::Int),
            BinaryOp::Eq => Some(Value::Bool(x == y)),
            BinaryOp::Ne => Some(Value::Bool(x != y)),
            BinaryOp::Lt => Some(Value::Bool(x < y)),
            BinaryOp::Le => Some(Value::Bool(x <= y)),
            BinaryOp::Gt => Some(Value::Bool(x > y)),
            BinaryOp::Ge => Some(Value::Bool(x >= y)),
            _ => None,
        },
        (Value::Float(x), Value::Float(y)) => match op {
            BinaryOp::Add => Some(Value::Float(x + y)),
            BinaryOp::Sub => Some(Value::Float(x - y)),
            BinaryOp::Mul => Some(Value::Float(x * y)),
            BinaryOp::Div => Some(Value::Float(x / y)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn slow(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    match op {
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            compare::compare(op, a, b)
        }
        _ => arithmetic::binary(op, a, b),
    }
}

/// How many items or bytes a value has.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.len(),
        Value::List(items) => items.len(),
        Value::Map(entries) => entries.len(),
        _ => 0,
    }
}

/// How deep lists and maps may nest in values that functions make: what takes values apart goes down by calls.
pub(super) const MOST_NESTED: usize = 256;

/// Whether lists and maps nest deeper in a value than so many levels.
pub(super) fn nests(value: &Value, levels: usize) -> bool {
    match value {
        Value::List(items) => levels == 0 || items.iter().any(|item| nests(item, levels - 1)),
        Value::Map(entries) => levels == 0 || entries.values().any(|item| nests(item, levels - 1)),
        _ => false,
    }
}

/// The values as the parts of a new one, if they may be.
pub(super) fn part_of(values: &[Value]) -> Result<(), Fail> {
    if values.iter().any(|value| nests(value, MOST_NESTED)) {
        return Err(Fail(format!("lists and maps nest deeper than {MOST_NESTED}")));
    }
    Ok(())
}

/// Whether a function puts its items into lists or maps of their own.
pub(super) fn wraps(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::Zip | Builtin::Enumerate | Builtin::Pairs | Builtin::Window | Builtin::GroupBy | Builtin::Map
    )
}
