//! Operators on values: the frequent ones at once, all others by the rules.

use crate::data::Value;
use crate::eval::errors::Outcome;
use crate::eval::{arithmetic, compare};
use crate::ir::BinaryOp;

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
