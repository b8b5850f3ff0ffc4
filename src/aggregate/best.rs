//! `arg_min` and `arg_max` of all groups.

use std::cmp::Ordering;

use crate::data::{Column, Value};

use super::Groups;
use super::extremes::{not_ordered, order};
use super::item::{Item, Kinds, each, item};
use super::state::Read;

/// The value of the row with the least (or greatest) `by`, of the first of several. Rows where one of
/// the two is null do not count.
#[derive(Clone, Debug, Default)]
struct Best {
    by: Value,
    value: Value,
    kinds: Kinds,
    unlike: bool,
}

impl Best {
    fn offer(&mut self, by: Item<'_>, value: Item<'_>, wanted: Ordering) {
        self.kinds.add(by.kind());
        let better = self.by.is_null()
            || match order(by, &self.by) {
                Some(order) => order == wanted,
                None => {
                    self.unlike = true;
                    false
                }
            };
        if better {
            self.by = by.to_value();
            self.value = value.to_value();
        }
    }
}

/// The best row of each group.
#[derive(Clone, Debug)]
pub(super) struct Bests {
    groups: Vec<Best>,
    wanted: Ordering,
}

impl Bests {
    /// Of those rows whose `by` is `wanted` to all others.
    pub(super) fn new(wanted: Ordering) -> Self {
        Self {
            groups: Vec::new(),
            wanted,
        }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Best::default());
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
    }

    pub(super) fn update(&mut self, values: &Column, by: &Column, groups: Groups<'_>) {
        let wanted = self.wanted;
        let look = |best: &Best| u64::from(best.kinds.0);
        each(&mut self.groups, look, by, groups, |best, row, by| {
            if let Some(value) = item(values, row) {
                best.offer(by, value, wanted);
            }
        });
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        let (own, other) = (&mut self.groups[group], &other.groups[from]);
        if let (Some(by), Some(value)) = (Item::of(&other.by), Item::of(&other.value)) {
            own.offer(by, value, self.wanted);
        }
        own.kinds.add(other.kinds);
        own.unlike |= other.unlike;
    }

    pub(super) fn read(&self, group: usize) -> Read {
        let best = &self.groups[group];
        not_ordered(best.kinds, best.unlike).map_or_else(|| Ok(best.value.clone()), Err)
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Best>()
    }
}
