//! Loops over arrays of one type: no value per row, no allocation per row.
//!
//! Each kernel gives the column, or nothing where it does not know the types or some row would fail;
//! the rule for one row then does the work and counts the errors.

mod arithmetic;
mod calls;
mod compare;
mod merge;
mod strings;

use arrow::array::Array;
use arrow::buffer::{BooleanBuffer, NullBuffer};

use crate::data::Column;

pub(super) use arithmetic::arithmetic;
pub(super) use calls::{call, in_members, in_range};
pub(super) use compare::compare;
pub(super) use merge::merge;

/// The bitmap of a column's nulls; none if it has none, or is no array.
fn nulls(column: &Column) -> Option<&NullBuffer> {
    match column {
        Column::Bool(array) => array.nulls(),
        Column::Int(array) | Column::Timestamp(array) | Column::Duration(array) => array.nulls(),
        Column::Float(array) => array.nulls(),
        Column::Str(array) => array.nulls(),
        Column::Const(..) | Column::Any(_) => None,
    }
}

/// One bit for each row: whether it is not null.
pub(super) fn not_null(column: &Column) -> BooleanBuffer {
    match column {
        Column::Const(value, n) if value.is_null() => BooleanBuffer::new_unset(*n),
        Column::Any(values) => BooleanBuffer::collect_bool(values.len(), |at| !values[at].is_null()),
        _ => nulls(column).map_or_else(|| BooleanBuffer::new_set(column.len()), |nulls| nulls.inner().clone()),
    }
}
