//! `collect` of all groups.

use crate::data::{Column, Value};

use super::Groups;
use super::item::each;

/// All values of each group that are not null, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    groups: Vec<Vec<Value>>,
    held: usize,
}

impl Lists {
    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Vec::new());
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        let held = &mut self.held;
        let look = |list: &Vec<Value>| list.len() as u64;
        each(&mut self.groups, look, column, groups, |list, _, item| {
            *held += size_of::<Value>() + item.text().map_or(0, |text| text.len() + 16);
            list.push(item.to_value());
        });
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        self.held += other.groups[from].len() * size_of::<Value>();
        self.groups[group].extend_from_slice(&other.groups[from]);
    }

    pub(super) fn read(&self, group: usize) -> Value {
        Value::list(self.groups[group].clone())
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Vec<Value>>() + self.held
    }
}
