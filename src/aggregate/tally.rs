//! `count()`, and `count(x)` where nothing else is asked of `x`.

use arrow::array::Array;

use crate::data::{Column, Value};

use super::Groups;
use super::builder::ints;
use super::item::each_state;

/// How many rows each group has.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Vec<u64>);

impl Tally {
    pub(super) fn grow(&mut self, groups: usize) {
        self.0.resize(groups, 0);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts all rows.
    pub(super) fn rows(&mut self, len: usize, groups: Groups<'_>) {
        match groups {
            Groups::One(group) => self.0[group as usize] += len as u64,
            groups => each_state(&mut self.0, |n| *n, len, None, groups, |n, _| *n += 1),
        }
    }

    /// Counts the rows where a column is not null.
    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        let nulls = match column {
            Column::Const(Value::Null, _) => return,
            Column::Const(..) => None,
            Column::Bool(array) => array.nulls(),
            Column::Int(array) | Column::Timestamp(array) | Column::Duration(array) => array.nulls(),
            Column::Float(array) => array.nulls(),
            Column::Str(array) => array.nulls(),
            Column::Any(values) => {
                return each_state(
                    &mut self.0,
                    |n| *n,
                    values.len(),
                    None,
                    groups,
                    |n, row| {
                        *n += u64::from(!values[row].is_null());
                    },
                );
            }
        };
        match nulls.filter(|nulls| nulls.null_count() > 0) {
            None => self.rows(column.len(), groups),
            nulls => each_state(&mut self.0, |n| *n, column.len(), nulls, groups, |n, _| *n += 1),
        }
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        self.0[group] += other.0[from];
    }

    pub(super) fn read(&self, group: usize) -> Value {
        Value::Int(self.0[group] as i64)
    }

    /// Becomes what another is; keeps the memory.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }

    /// The counts of some groups.
    pub(super) fn column(&self, groups: &[u32]) -> Option<Column> {
        ints(groups, |group| Some(Some(self.0[group as usize] as i64)))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * 8
    }
}
