//! Arithmetic on values, one pair at a time: the rules that the kernels follow.
//!
//! Null with anything is null. Ints are checked; int with float is float arithmetic by IEEE 754.
//! `/` is float division always, and an error when the divisor is an int zero; `%` has the sign of
//! its left side, as in Rust and DuckDB. Text and lists are joined by `+`.

use std::sync::Arc;

use crate::data::Value;
use crate::ir::{BinaryOp, UnaryOp};

use super::errors::{Fail, Outcome, show};

/// The value of an arithmetic or bit operator.
pub(super) fn binary(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    if a.is_null() || b.is_null() {
        return Ok(Value::Null);
    }
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => ints(op, *x, *y),
        (Value::Float(x), Value::Float(y)) => floats(op, *x, *y).ok_or_else(|| unfit(op, a, b)),
        (Value::Float(_), Value::Int(0)) if matches!(op, BinaryOp::Div | BinaryOp::Rem) => {
            Err("division by zero".into())
        }
        (Value::Int(x), Value::Float(y)) => floats(op, *x as f64, *y).ok_or_else(|| unfit(op, a, b)),
        (Value::Float(x), Value::Int(y)) => floats(op, *x, *y as f64).ok_or_else(|| unfit(op, a, b)),
        (Value::Str(x), Value::Str(y)) if op == BinaryOp::Add => Ok(Value::Str(Arc::from(format!("{x}{y}")))),
        (Value::List(x), Value::List(y)) if op == BinaryOp::Add => Ok(x.iter().chain(y.iter()).cloned().collect()),
        _ => times(op, a, b),
    }
}

fn unfit(op: BinaryOp, a: &Value, b: &Value) -> Fail {
    Fail(format!(
        "`{}` of {} and {}: {} and {}",
        symbol(op),
        a.type_name(),
        b.type_name(),
        show(a),
        show(b)
    ))
}

/// The operator as written.
pub(super) fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "**",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitXor => "^",
        BinaryOp::BitOr => "|",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Coalesce => "??",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::In => "in",
    }
}

fn ints(op: BinaryOp, x: i64, y: i64) -> Outcome {
    let checked = match op {
        BinaryOp::Add => x.checked_add(y),
        BinaryOp::Sub => x.checked_sub(y),
        BinaryOp::Mul => x.checked_mul(y),
        BinaryOp::Div | BinaryOp::Rem if y == 0 => return Err("division by zero".into()),
        BinaryOp::Div => return Ok(Value::Float(x as f64 / y as f64)),
        BinaryOp::Rem => x.checked_rem(y),
        BinaryOp::Pow if y < 0 => return Ok(Value::Float(libm::pow(x as f64, y as f64))),
        BinaryOp::Pow => power(x, y),
        BinaryOp::Shl | BinaryOp::Shr if !(0..64).contains(&y) => {
            return Err(Fail(format!("a shift by {y} is not within 0 to 63")));
        }
        BinaryOp::Shl => Some(x << y).filter(|shifted| shifted >> y == x),
        BinaryOp::Shr => Some(x >> y),
        BinaryOp::BitAnd => Some(x & y),
        BinaryOp::BitXor => Some(x ^ y),
        BinaryOp::BitOr => Some(x | y),
        _ => return Err(unfit(op, &Value::Int(x), &Value::Int(y))),
    };
    checked
        .map(Value::Int)
        .ok_or_else(|| Fail::overflow(&format!("`{x} {} {y}`", symbol(op))))
}

fn power(x: i64, y: i64) -> Option<i64> {
    match (x, u32::try_from(y)) {
        (_, Ok(y)) => x.checked_pow(y),
        (0 | 1, Err(_)) => Some(x),
        (-1, Err(_)) => Some(if y % 2 == 0 { 1 } else { -1 }),
        _ => None,
    }
}

fn floats(op: BinaryOp, x: f64, y: f64) -> Option<Value> {
    Some(Value::Float(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div => x / y,
        BinaryOp::Rem => libm::fmod(x, y),
        BinaryOp::Pow => libm::pow(x, y),
        _ => return None,
    }))
}

/// Arithmetic of timestamps and durations.
fn times(op: BinaryOp, a: &Value, b: &Value) -> Outcome {
    use BinaryOp::{Add, Div, Mul, Rem, Sub};
    use Value::{Duration, Float, Int, Timestamp};
    let value = match (op, a, b) {
        (Sub, Timestamp(x), Timestamp(y)) | (Sub, Duration(x), Duration(y)) => x.checked_sub(*y).map(Duration),
        (Add, Timestamp(x), Duration(y)) | (Add, Duration(x), Timestamp(y)) => x.checked_add(*y).map(Timestamp),
        (Sub, Timestamp(x), Duration(y)) => x.checked_sub(*y).map(Timestamp),
        (Add, Duration(x), Duration(y)) => x.checked_add(*y).map(Duration),
        (Mul, Duration(x), Int(y)) | (Mul, Int(y), Duration(x)) => x.checked_mul(*y).map(Duration),
        (Mul, Duration(x), Float(y)) | (Mul, Float(y), Duration(x)) => nanoseconds(*x as f64 * y).map(Duration),
        (Div | Rem, Duration(_), Int(0) | Duration(0)) => return Err("division by zero".into()),
        (Div, Duration(x), Duration(y)) => Some(Float(*x as f64 / *y as f64)),
        (Div, Duration(x), Int(y)) => nanoseconds(*x as f64 / *y as f64).map(Duration),
        (Div, Duration(x), Float(y)) => nanoseconds(*x as f64 / y).map(Duration),
        (Rem, Duration(x), Duration(y)) => Some(Duration(x.wrapping_rem(*y))),
        _ => return Err(unfit(op, a, b)),
    };
    value.ok_or_else(|| Fail::overflow(&format!("`{}` of {} and {}", symbol(op), show(a), show(b))))
}

/// Whole nanoseconds, rounded, halves to even; none out of range.
pub(super) fn nanoseconds(ns: f64) -> Option<i64> {
    float_to_int(ns.round_ties_even())
}

/// The integer of a float without its fraction, if it is in range.
pub(super) fn float_to_int(f: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&f).then_some(f as i64)
}

/// The value of `-x` or `~x`.
pub(super) fn unary(op: UnaryOp, a: &Value) -> Outcome {
    match (op, a) {
        (_, Value::Null) => Ok(Value::Null),
        (UnaryOp::Neg, Value::Int(x)) => x
            .checked_neg()
            .map(Value::Int)
            .ok_or_else(|| Fail::overflow(&format!("`-({x})`"))),
        (UnaryOp::Neg, Value::Float(x)) => Ok(Value::Float(-x)),
        (UnaryOp::Neg, Value::Duration(x)) => x
            .checked_neg()
            .map(Value::Duration)
            .ok_or_else(|| Fail::overflow("the negative of the longest duration")),
        (UnaryOp::BitNot, Value::Int(x)) => Ok(Value::Int(!x)),
        (UnaryOp::Neg, other) => Err(Fail::no(other, "number")),
        (_, other) => Err(Fail::no(other, "int")),
    }
}
