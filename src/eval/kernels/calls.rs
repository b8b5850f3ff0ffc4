//! Functions and `in` over typed columns.

use arrow::array::{Array, Float64Array, Int64Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};

use crate::data::{Column, Value};
use crate::eval::members::Members;
use crate::eval::patterns::{Matcher, takes_pattern};
use crate::eval::{math, time};
use crate::ir::Builtin;

use super::{not_null, strings};

/// A function of one typed column, or of one and constants.
pub(in crate::eval) fn call(builtin: Builtin, columns: &[Column], matcher: Option<&Matcher>) -> Option<Column> {
    match (columns.first()?, builtin) {
        (column, Builtin::IsNull) => Some(Column::Bool((!&not_null(column)).into())),
        (column, Builtin::IsNotNull) => Some(Column::Bool(not_null(column).into())),
        (Column::Str(array), Builtin::Contains | Builtin::StartsWith | Builtin::EndsWith) => {
            matcher.map(|matcher| strings::fits(array, matcher))
        }
        (Column::Str(array), _) if takes_pattern(builtin) && builtin != Builtin::RegexExtract => {
            matcher.map(|matcher| strings::fits(array, matcher))
        }
        (Column::Str(array), _) if columns.len() == 1 => strings::call(builtin, array),
        (Column::Timestamp(array), Builtin::Trunc) => trunc(array, &columns[1]),
        (Column::Timestamp(array), _) => time_part(builtin, array),
        (Column::Float(array), _) => floats(builtin, columns.len(), array.values(), array.nulls().cloned()),
        (Column::Int(array), _) if math::of_float(builtin).is_some() => {
            let values: Vec<f64> = array.values().iter().map(|&i| i as f64).collect();
            floats(builtin, columns.len(), &values, array.nulls().cloned())
        }
        _ => None,
    }
}

fn time_part(builtin: Builtin, array: &Int64Array) -> Option<Column> {
    time::part(builtin, 0)?;
    let parts: Vec<i64> = array
        .values()
        .iter()
        .map(|&ns| time::part(builtin, ns).unwrap_or(0))
        .collect();
    Some(Column::Int(Int64Array::new(parts.into(), array.nulls().cloned())))
}

/// Rows within a step of the earliest time would fail; they are left to the rule.
fn trunc(array: &Int64Array, step: &Column) -> Option<Column> {
    let Column::Const(Value::Duration(step), _) = step else {
        return None;
    };
    let least = i64::MIN.checked_add(*step)?;
    if *step <= 0 || array.values().iter().any(|&ns| ns < least) {
        return None;
    }
    let cut: Vec<i64> = array.values().iter().map(|&ns| ns - ns.rem_euclid(*step)).collect();
    Some(Column::Timestamp(Int64Array::new(cut.into(), array.nulls().cloned())))
}

fn floats(builtin: Builtin, args: usize, values: &[f64], nulls: Option<NullBuffer>) -> Option<Column> {
    let function = match builtin {
        _ if args != 1 => return None,
        Builtin::Abs => f64::abs,
        Builtin::Floor => f64::floor,
        Builtin::Ceil => f64::ceil,
        Builtin::Round => f64::round,
        Builtin::Log => libm::log,
        other => math::of_float(other)?,
    };
    let values: Vec<f64> = values.iter().map(|&x| function(x)).collect();
    Some(Column::Float(Float64Array::new(values.into(), nulls)))
}

/// Which rows are members of a constant list.
pub(in crate::eval) fn in_members(column: &Column, members: &Members) -> Option<Column> {
    let valid = not_null(column);
    let bits = match column {
        Column::Str(array) => {
            BooleanBuffer::collect_bool(array.len(), |at| valid.value(at) && members.has_text(array.value(at)))
        }
        Column::Int(array) => {
            BooleanBuffer::collect_bool(array.len(), |at| valid.value(at) && members.has_int(array.value(at)))
        }
        _ => return None,
    };
    Some(Column::Bool(bits.into()))
}

/// Which rows of an integer column lie in a range of constants.
pub(in crate::eval) fn in_range(columns: &[Column; 3], inclusive: bool) -> Option<Column> {
    let [
        Column::Int(array),
        Column::Const(Value::Int(from), _),
        Column::Const(Value::Int(to), _),
    ] = columns
    else {
        return None;
    };
    let values = array.values();
    let bits = if inclusive {
        BooleanBuffer::collect_bool(values.len(), |at| (*from..=*to).contains(&values[at]))
    } else {
        BooleanBuffer::collect_bool(values.len(), |at| (*from..*to).contains(&values[at]))
    };
    let bits = array
        .nulls()
        .map_or_else(|| bits.clone(), |nulls| &bits & nulls.inner());
    Some(Column::Bool(bits.into()))
}
