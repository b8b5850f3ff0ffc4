//! Arithmetic on typed columns.

use arrow::array::{Float64Array, Int64Array};
use arrow::buffer::NullBuffer;

use crate::data::{Column, Value};
use crate::ir::BinaryOp;

use super::nulls;

/// Integers of an array, or the same in every row.
#[derive(Clone, Copy)]
enum Ints<'c> {
    Array(&'c [i64]),
    One(i64),
}

impl Ints<'_> {
    #[inline]
    fn get(self, at: usize) -> i64 {
        match self {
            Self::Array(values) => values[at],
            Self::One(value) => value,
        }
    }
}

/// What a column of numbers or times is.
#[derive(Clone, Copy)]
enum Numbers<'c> {
    Int(Ints<'c>),
    Timestamp(Ints<'c>),
    Duration(Ints<'c>),
    Floats(&'c [f64]),
    Float(f64),
}

impl<'c> Numbers<'c> {
    fn of(column: &'c Column) -> Option<Self> {
        Some(match column {
            Column::Int(array) => Self::Int(Ints::Array(array.values())),
            Column::Timestamp(array) => Self::Timestamp(Ints::Array(array.values())),
            Column::Duration(array) => Self::Duration(Ints::Array(array.values())),
            Column::Float(array) => Self::Floats(array.values()),
            Column::Const(Value::Int(i), _) => Self::Int(Ints::One(*i)),
            Column::Const(Value::Timestamp(ns), _) => Self::Timestamp(Ints::One(*ns)),
            Column::Const(Value::Duration(ns), _) => Self::Duration(Ints::One(*ns)),
            Column::Const(Value::Float(f), _) => Self::Float(*f),
            _ => return None,
        })
    }

    /// As a float; times are none.
    #[inline]
    fn float(self, at: usize) -> f64 {
        match self {
            Self::Floats(values) => values[at],
            Self::Float(f) => f,
            Self::Int(ints) | Self::Timestamp(ints) | Self::Duration(ints) => ints.get(at) as f64,
        }
    }
}

/// The column of `a op b`.
pub(in crate::eval) fn arithmetic(op: BinaryOp, a: &Column, b: &Column) -> Option<Column> {
    use BinaryOp::{Add, Div, Mul, Sub};
    use Numbers::{Duration, Float, Floats, Int, Timestamp};
    if matches!((a, b), (Column::Const(..), Column::Const(..))) {
        return None;
    }
    let n = a.len();
    let valid = NullBuffer::union(nulls(a), nulls(b));
    let (x, y) = (Numbers::of(a)?, Numbers::of(b)?);
    match (op, x, y) {
        (_, Int(p), Int(q)) if op != Div => ints(op, n, p, q, valid).map(Column::Int),
        (Div, Int(_) | Float(_) | Floats(_), Int(q)) => {
            if zeros(n, q, valid.as_ref()) {
                return None;
            }
            floats(op, n, x, y, valid)
        }
        (_, Int(_) | Float(_) | Floats(_), Float(_) | Floats(_)) => floats(op, n, x, y, valid),
        (Add | Sub | Mul, Float(_) | Floats(_), Int(_)) => floats(op, n, x, y, valid),
        (Sub, Timestamp(p), Timestamp(q)) => ints(op, n, p, q, valid).map(Column::Duration),
        (Add | Sub, Timestamp(p), Duration(q)) => ints(op, n, p, q, valid).map(Column::Timestamp),
        (Add, Duration(p), Timestamp(q)) => ints(op, n, p, q, valid).map(Column::Timestamp),
        (Add | Sub, Duration(p), Duration(q)) => ints(op, n, p, q, valid).map(Column::Duration),
        (Mul, Duration(p), Int(q)) | (Mul, Int(p), Duration(q)) => ints(op, n, p, q, valid).map(Column::Duration),
        (Div, Duration(_), Duration(q)) => {
            if zeros(n, q, valid.as_ref()) {
                return None;
            }
            floats(op, n, x, y, valid)
        }
        _ => None,
    }
}

fn zeros(n: usize, ints: Ints<'_>, valid: Option<&NullBuffer>) -> bool {
    match ints {
        Ints::One(value) => value == 0,
        Ints::Array(values) => (0..n).any(|at| values[at] == 0 && valid.is_none_or(|valid| valid.is_valid(at))),
    }
}

/// Checked integer arithmetic: none if a row that is not null would fail.
fn ints(op: BinaryOp, n: usize, x: Ints<'_>, y: Ints<'_>, valid: Option<NullBuffer>) -> Option<Int64Array> {
    let values = match op {
        BinaryOp::Add => checked(n, x, y, valid.as_ref(), i64::overflowing_add),
        BinaryOp::Sub => checked(n, x, y, valid.as_ref(), i64::overflowing_sub),
        BinaryOp::Mul => checked(n, x, y, valid.as_ref(), i64::overflowing_mul),
        BinaryOp::Rem => checked(n, x, y, valid.as_ref(), |x, y| {
            x.checked_rem(y).map_or((0, true), |rem| (rem, false))
        }),
        BinaryOp::BitAnd => checked(n, x, y, None, |x, y| (x & y, false)),
        BinaryOp::BitOr => checked(n, x, y, None, |x, y| (x | y, false)),
        BinaryOp::BitXor => checked(n, x, y, None, |x, y| (x ^ y, false)),
        _ => None,
    };
    values.map(|values| Int64Array::new(values.into(), valid))
}

#[inline]
fn checked(
    n: usize,
    x: Ints<'_>,
    y: Ints<'_>,
    valid: Option<&NullBuffer>,
    op: impl Fn(i64, i64) -> (i64, bool),
) -> Option<Vec<i64>> {
    let mut any_failed = false;
    let values: Vec<i64> = (0..n)
        .map(|at| {
            let (value, failed) = op(x.get(at), y.get(at));
            any_failed |= failed;
            value
        })
        .collect();
    let counts = |at: usize| valid.is_none_or(|valid| valid.is_valid(at)) && op(x.get(at), y.get(at)).1;
    (!any_failed || !(0..n).any(counts)).then_some(values)
}

fn floats(op: BinaryOp, n: usize, x: Numbers<'_>, y: Numbers<'_>, valid: Option<NullBuffer>) -> Option<Column> {
    let each = |op: fn(f64, f64) -> f64| (0..n).map(|at| op(x.float(at), y.float(at))).collect::<Vec<f64>>();
    let values = match op {
        BinaryOp::Add => (0..n).map(|at| x.float(at) + y.float(at)).collect(),
        BinaryOp::Sub => (0..n).map(|at| x.float(at) - y.float(at)).collect(),
        BinaryOp::Mul => (0..n).map(|at| x.float(at) * y.float(at)).collect(),
        BinaryOp::Div => (0..n).map(|at| x.float(at) / y.float(at)).collect(),
        BinaryOp::Rem => each(libm::fmod),
        BinaryOp::Pow => each(libm::pow),
        _ => return None,
    };
    Some(Column::Float(Float64Array::new(values.into(), valid)))
}
