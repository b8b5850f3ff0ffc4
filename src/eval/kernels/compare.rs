//! Comparisons of typed columns.

use std::cmp::Ordering;

use arrow::array::{Array, BooleanArray, Float64Array, Int64Array, StringViewArray, builder::make_view};
use arrow::buffer::{BooleanBuffer, NullBuffer};

use crate::data::{Column, Value};
use crate::eval::compare::{holds, int_with_float};
use crate::ir::BinaryOp;

use super::nulls;

/// `a op b` for columns of comparable types, and `==` and `!=` for columns of unlike ones. `!=` is
/// worked out as `==` and then negated, so that null and NaN need no care.
pub(in crate::eval) fn compare(op: BinaryOp, a: &Column, b: &Column) -> Option<Column> {
    let n = a.len();
    let positive = if op == BinaryOp::Ne { BinaryOp::Eq } else { op };
    let finish = |bits: BooleanBuffer| {
        let valid = NullBuffer::union(nulls(a), nulls(b));
        let bits = valid.map_or_else(|| bits.clone(), |valid| &bits & valid.inner());
        Column::Bool(if op == BinaryOp::Ne {
            (!&bits).into()
        } else {
            bits.into()
        })
    };
    if let (Column::Const(_, _), Column::Const(_, _)) = (a, b) {
        return None;
    }
    if matches!(a, Column::Const(Value::Null, _)) || matches!(b, Column::Const(Value::Null, _)) {
        return Some(finish(BooleanBuffer::new_unset(n)));
    }
    if let Some(bits) = bits(positive, a, b) {
        return Some(finish(bits));
    }
    if let Some(bits) = bits(flipped(positive), b, a) {
        return Some(finish(bits));
    }
    let unlike = positive == BinaryOp::Eq && kind(a)? != kind(b)?;
    unlike.then(|| finish(BooleanBuffer::new_unset(n)))
}

/// The operator with its sides exchanged.
fn flipped(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}

/// Columns of equal kinds may hold equal values; those of mixed columns are not known.
fn kind(column: &Column) -> Option<u8> {
    Some(match column {
        Column::Bool(_) | Column::Const(Value::Bool(_), _) => 0,
        Column::Int(_) | Column::Float(_) | Column::Const(Value::Int(_) | Value::Float(_), _) => 1,
        Column::Str(_) | Column::Const(Value::Str(_), _) => 2,
        Column::Timestamp(_) | Column::Const(Value::Timestamp(_), _) => 3,
        Column::Duration(_) | Column::Const(Value::Duration(_), _) => 4,
        Column::Const(Value::List(_), _) => 5,
        Column::Const(Value::Map(_), _) => 6,
        Column::Any(_) | Column::Const(Value::Null, _) => return None,
    })
}

/// The bits of an array on the left with an array or a constant on the right; wrong where null.
fn bits(op: BinaryOp, a: &Column, b: &Column) -> Option<BooleanBuffer> {
    use Column::{Bool, Const, Duration, Float, Int, Str, Timestamp};
    Some(match (a, b) {
        (Int(x), Int(y)) | (Timestamp(x), Timestamp(y)) | (Duration(x), Duration(y)) => {
            let (x, y) = (x.values(), y.values());
            ordered(op, x.len(), |at| x[at], |at| y[at])
        }
        (Int(x), Const(Value::Int(y), _))
        | (Timestamp(x), Const(Value::Timestamp(y), _))
        | (Duration(x), Const(Value::Duration(y), _)) => with_int(op, x, *y),
        (Int(x), Const(Value::Float(y), _)) => ints_with_float(op, x, *y),
        (Float(x), Float(y)) => {
            let (x, y) = (x.values(), y.values());
            ordered(op, x.len(), |at| x[at], |at| y[at])
        }
        (Float(x), Const(Value::Float(y), _)) => with_float(op, x, *y),
        (Float(x), Const(Value::Int(y), _)) => floats_with_int(op, x, *y),
        (Int(x), Float(y)) => by_order(op, x.len(), |at| int_with_float(x.value(at), y.value(at))),
        (Bool(x), Bool(y)) => ordered(op, x.len(), |at| x.value(at), |at| y.value(at)),
        (Bool(x), Const(Value::Bool(y), _)) => with_bool(op, x, *y),
        (Str(x), Str(y)) => by_order(op, x.len(), |at| Some(text(x, at).cmp(text(y, at)))),
        (Str(x), Const(Value::Str(y), _)) if op == BinaryOp::Eq => equal_text(x, y),
        (Str(x), Const(Value::Str(y), _)) => by_order(op, x.len(), |at| Some(text(x, at).cmp(y.as_bytes()))),
        _ => return None,
    })
}

/// Order of UTF-8 bytes is order of code points. Null rows have empty views.
fn text(array: &StringViewArray, at: usize) -> &[u8] {
    array.value(at).as_bytes()
}

fn ordered<T: PartialOrd>(op: BinaryOp, n: usize, a: impl Fn(usize) -> T, b: impl Fn(usize) -> T) -> BooleanBuffer {
    match op {
        BinaryOp::Lt => BooleanBuffer::collect_bool(n, |at| a(at) < b(at)),
        BinaryOp::Le => BooleanBuffer::collect_bool(n, |at| a(at) <= b(at)),
        BinaryOp::Gt => BooleanBuffer::collect_bool(n, |at| a(at) > b(at)),
        BinaryOp::Ge => BooleanBuffer::collect_bool(n, |at| a(at) >= b(at)),
        _ => BooleanBuffer::collect_bool(n, |at| a(at) == b(at)),
    }
}

fn by_order(op: BinaryOp, n: usize, order: impl Fn(usize) -> Option<Ordering>) -> BooleanBuffer {
    BooleanBuffer::collect_bool(n, |at| order(at).is_some_and(|order| holds(op, order)))
}

fn with_int(op: BinaryOp, array: &Int64Array, y: i64) -> BooleanBuffer {
    let x = array.values();
    ordered(op, x.len(), |at| x[at], |_| y)
}

fn with_float(op: BinaryOp, array: &Float64Array, y: f64) -> BooleanBuffer {
    let x = array.values();
    ordered(op, x.len(), |at| x[at], |_| y)
}

fn with_bool(op: BinaryOp, array: &BooleanArray, y: bool) -> BooleanBuffer {
    match (op, y) {
        (BinaryOp::Eq, true) => array.values().clone(),
        (BinaryOp::Eq, false) => !array.values(),
        _ => ordered(op, array.len(), |at| array.value(at), |_| y),
    }
}

fn ints_with_float(op: BinaryOp, array: &Int64Array, y: f64) -> BooleanBuffer {
    match crate::eval::arithmetic::float_to_int(y) {
        Some(int) if y.fract() == 0.0 => with_int(op, array, int),
        _ => {
            let x = array.values();
            by_order(op, x.len(), |at| int_with_float(x[at], y))
        }
    }
}

fn floats_with_int(op: BinaryOp, array: &Float64Array, y: i64) -> BooleanBuffer {
    if int_with_float(y, y as f64) == Some(Ordering::Equal) {
        return with_float(op, array, y as f64);
    }
    let x = array.values();
    by_order(op, x.len(), |at| int_with_float(y, x[at]).map(Ordering::reverse))
}

/// Equality with one text. A view holds the length and the text itself up to 12 bytes, else its
/// first four: most rows are decided by the view alone.
fn equal_text(array: &StringViewArray, text: &str) -> BooleanBuffer {
    let wanted = make_view(text.as_bytes(), 0, 0);
    let views = array.views();
    if text.len() <= 12 {
        return BooleanBuffer::collect_bool(views.len(), |at| views[at] == wanted);
    }
    let head = wanted as u64;
    BooleanBuffer::collect_bool(views.len(), |at| views[at] as u64 == head && array.value(at) == text)
}
