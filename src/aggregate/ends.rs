//! `first` and `last` of all groups.

use arrow::array::Array;

use crate::data::{Column, Value};

use super::Groups;
use super::item::{each, each_state, each_valid};

/// The first or the last value of each group that is not null.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    groups: Vec<Value>,
    /// The last row of each group in a batch, while one is taken in; else all [`NO_ROW`].
    rows: Vec<u32>,
}

const NO_ROW: u32 = u32::MAX;

fn look(held: &Value) -> u64 {
    u64::from(held.is_null())
}

impl Ends {
    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Value::Null);
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
    }

    pub(super) fn update_first(&mut self, column: &Column, groups: Groups<'_>) {
        each(&mut self.groups, look, column, groups, |held, _, item| {
            if held.is_null() {
                *held = item.to_value();
            }
        });
    }

    /// Text is copied for the last row of a group only, not for each.
    pub(super) fn update_last(&mut self, column: &Column, groups: Groups<'_>) {
        let Column::Str(array) = column else {
            return each(&mut self.groups, look, column, groups, |held, _, item| {
                *held = item.to_value()
            });
        };
        self.rows.resize(self.groups.len(), NO_ROW);
        let (held, rows) = (&mut self.groups, &mut self.rows);
        let look = |row: &u32| u64::from(*row);
        each_state(rows, look, array.len(), array.nulls(), groups, |last, row| {
            *last = row as u32
        });
        each_valid(array.len(), array.nulls(), groups, |row, group| {
            if rows[group] == row as u32 {
                held[group] = Value::str(array.value(row));
                rows[group] = NO_ROW;
            }
        });
    }

    pub(super) fn merge_first(&mut self, group: usize, other: &Self, from: usize) {
        if self.groups[group].is_null() {
            self.groups[group] = other.groups[from].clone();
        }
    }

    pub(super) fn merge_last(&mut self, group: usize, other: &Self, from: usize) {
        if !other.groups[from].is_null() {
            self.groups[group] = other.groups[from].clone();
        }
    }

    pub(super) fn read(&self, group: usize) -> Value {
        self.groups[group].clone()
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Value>() + self.rows.capacity() * 4
    }
}
