//! Two columns put together row by row.

use arrow::array::{Array, BooleanArray, Float64Array, Int64Array, StringViewArray};
use arrow::buffer::BooleanBuffer;

use crate::data::{Column, Value};

/// The column whose next value comes from `a` where the bit is set, and from `b` where it is not.
pub(in crate::eval) fn merge(bits: &BooleanBuffer, a: &Column, b: &Column) -> Column {
    macro_rules! typed {
        ($kind:ident, $array:ty, $value:ty, $get:expr) => {{
            let get: fn(&Column, usize) -> Option<$value> = $get;
            Column::$kind(<$array>::from_iter(
                picks(bits).map(|(first, at)| get(if first { a } else { b }, at)),
            ))
        }};
    }
    match (kind(a), kind(b)) {
        (Kind::Null, Kind::Null) => Column::nulls(bits.len()),
        pair if pair.0 == Kind::Any || pair.1 == Kind::Any => merge_values(bits, a, b),
        (kind, Kind::Null) | (Kind::Null, kind) => match kind {
            Kind::Bool => typed!(Bool, BooleanArray, bool, bool_at),
            Kind::Int => typed!(Int, Int64Array, i64, int_at),
            Kind::Timestamp => typed!(Timestamp, Int64Array, i64, int_at),
            Kind::Duration => typed!(Duration, Int64Array, i64, int_at),
            Kind::Float => typed!(Float, Float64Array, f64, float_at),
            Kind::Str => merge_texts(bits, a, b),
            Kind::Null | Kind::Any => merge_values(bits, a, b),
        },
        (x, y) if x != y => merge_values(bits, a, b),
        (kind, _) => match kind {
            Kind::Bool => typed!(Bool, BooleanArray, bool, bool_at),
            Kind::Int => typed!(Int, Int64Array, i64, int_at),
            Kind::Timestamp => typed!(Timestamp, Int64Array, i64, int_at),
            Kind::Duration => typed!(Duration, Int64Array, i64, int_at),
            Kind::Float => typed!(Float, Float64Array, f64, float_at),
            Kind::Str => merge_texts(bits, a, b),
            Kind::Null | Kind::Any => merge_values(bits, a, b),
        },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    Duration,
    Any,
}

fn kind(column: &Column) -> Kind {
    match column {
        _ if column.is_empty() => Kind::Null,
        Column::Const(Value::Null, _) => Kind::Null,
        Column::Bool(_) | Column::Const(Value::Bool(_), _) => Kind::Bool,
        Column::Int(_) | Column::Const(Value::Int(_), _) => Kind::Int,
        Column::Float(_) | Column::Const(Value::Float(_), _) => Kind::Float,
        Column::Str(_) | Column::Const(Value::Str(_), _) => Kind::Str,
        Column::Timestamp(_) | Column::Const(Value::Timestamp(_), _) => Kind::Timestamp,
        Column::Duration(_) | Column::Const(Value::Duration(_), _) => Kind::Duration,
        Column::Any(_) | Column::Const(Value::List(_) | Value::Map(_), _) => Kind::Any,
    }
}

/// For each row whether it comes from the first column, and its place there.
fn picks(bits: &BooleanBuffer) -> impl Iterator<Item = (bool, usize)> + '_ {
    let (mut first, mut second) = (0, 0);
    bits.iter().map(move |bit| {
        let next = if bit { &mut first } else { &mut second };
        *next += 1;
        (bit, *next - 1)
    })
}

fn bool_at(column: &Column, at: usize) -> Option<bool> {
    match column {
        Column::Const(Value::Bool(b), _) => Some(*b),
        Column::Bool(array) => array.is_valid(at).then(|| array.value(at)),
        _ => None,
    }
}

fn int_at(column: &Column, at: usize) -> Option<i64> {
    match column {
        Column::Const(Value::Int(i) | Value::Timestamp(i) | Value::Duration(i), _) => Some(*i),
        Column::Int(array) | Column::Timestamp(array) | Column::Duration(array) => {
            array.is_valid(at).then(|| array.value(at))
        }
        _ => None,
    }
}

fn float_at(column: &Column, at: usize) -> Option<f64> {
    match column {
        Column::Const(Value::Float(f), _) => Some(*f),
        Column::Float(array) => array.is_valid(at).then(|| array.value(at)),
        _ => None,
    }
}

fn text_at(column: &Column, at: usize) -> Option<&str> {
    match column {
        Column::Const(Value::Str(text), _) => Some(text),
        Column::Str(array) => array.is_valid(at).then(|| array.value(at)),
        _ => None,
    }
}

fn merge_texts(bits: &BooleanBuffer, a: &Column, b: &Column) -> Column {
    let texts = picks(bits).map(|(first, at)| text_at(if first { a } else { b }, at));
    Column::Str(texts.collect::<StringViewArray>())
}

fn merge_values(bits: &BooleanBuffer, a: &Column, b: &Column) -> Column {
    let values = picks(bits).map(|(first, at)| if first { a.value(at) } else { b.value(at) });
    Column::from_values(values.collect())
}
