//! `first` and `last` of all groups.

use crate::data::{Column, Value};

use super::Groups;
use super::item::each;

/// The first or the last value of each group that is not null.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    groups: Vec<Value>,
    /// The last row of each group in a batch, while one is taken in; else all [`NO_ROW`].
    rows: Vec<u32>,
}

const NO_ROW: u32 = u32::MAX;

impl Ends {
    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Value::Null);
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
    }

    pub(super) fn update_first(&mut self, column: &Column, groups: Groups<'_>) {
        let held = &mut self.groups;
        each(column, groups, |_, group, item| {
            if held[group].is_null() {
                held[group] = item.to_value();
            }
        });
    }

    /// Text is copied for the last row of a group only, not for each.
    pub(super) fn update_last(&mut self, column: &Column, groups: Groups<'_>) {
        let held = &mut self.groups;
        if !matches!(column, Column::Str(_)) {
            each(column, groups, |_, group, item| held[group] = item.to_value());
            return;
        }
        self.rows.resize(held.len(), NO_ROW);
        let rows = &mut self.rows;
        each(column, groups, |row, group, _| rows[group] = row as u32);
        each(column, groups, |row, group, item| {
            if rows[group] == row as u32 {
                held[group] = item.to_value();
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
