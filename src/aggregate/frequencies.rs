//! `distinct`, `count_distinct`, `mode` and `top` of all groups.
//!
//! A group keeps its different values in order of first appearance, each with its count, and finds
//! them by looking through the first few, or by a table of places once there are more. A value is
//! copied only when it is new.

use crate::data::{Column, Value};
use crate::ir::AggFunction;

use super::Groups;
use super::hash::{hash, same};
use super::item::{Item, each};
use super::state::Read;

/// The different values of a group.
#[derive(Clone, Debug, Default)]
pub(super) struct Frequencies {
    entries: Vec<(Value, u64)>,
    /// Open addressing: 1 + the place of the entry, 0 where there is none. As long as a power of two.
    table: Vec<u32>,
}

/// So many entries are looked through without a table.
const FEW: usize = 8;

impl Frequencies {
    /// Counts a value; says by how many bytes the group has grown.
    pub(super) fn add(&mut self, item: Item<'_>, times: u64) -> usize {
        if self.table.is_empty() {
            if let Some((_, count)) = self.entries.iter_mut().find(|(known, _)| same(item, known)) {
                *count += times;
                return 0;
            }
        } else {
            let slot = self.slot(item);
            match self.table[slot] {
                0 => self.table[slot] = self.entries.len() as u32 + 1,
                place => {
                    self.entries[place as usize - 1].1 += times;
                    return 0;
                }
            }
        }
        self.entries.push((item.to_value(), times));
        if self.entries.len() > FEW && self.entries.len() * 2 > self.table.len() {
            self.index();
        }
        size_of::<(Value, u64)>() + 8 + item.text().map_or(0, |text| text.len() + 16)
    }

    /// Where in the table a value stands or would.
    fn slot(&self, item: Item<'_>) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = hash(item) as usize & mask;
        while let Some(place) = self.table[slot].checked_sub(1) {
            if same(item, &self.entries[place as usize].0) {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Makes a table of four slots an entry.
    fn index(&mut self) {
        self.table = vec![0; (self.entries.len() * 4).next_power_of_two()];
        let mask = self.table.len() - 1;
        for (place, (value, _)) in self.entries.iter().enumerate() {
            let Some(item) = Item::of(value) else { continue };
            let mut slot = hash(item) as usize & mask;
            while self.table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = place as u32 + 1;
        }
    }

    fn read(&self, function: AggFunction, param: &Value) -> Read {
        match function {
            AggFunction::CountDistinct => Ok(Value::Int(self.entries.len() as i64)),
            AggFunction::Distinct => Ok(self.entries.iter().map(|(value, _)| value.clone()).collect()),
            AggFunction::Mode => Ok(mode(self.entries.iter().map(|(value, count)| (value, *count)))),
            _ => top(
                self.entries.iter().map(|(value, count)| (value, *count)).collect(),
                param,
            ),
        }
    }
}

/// The most frequent value, of several the first; null of none.
pub(super) fn mode<'a>(entries: impl Iterator<Item = (&'a Value, u64)>) -> Value {
    let most = entries.reduce(|most, next| if next.1 > most.1 { next } else { most });
    most.map_or(Value::Null, |(value, _)| value.clone())
}

/// The `n` most frequent values, those of one frequency in the order they have.
pub(super) fn top(mut entries: Vec<(&Value, u64)>, param: &Value) -> Read {
    let Value::Int(n @ 0..) = param else {
        return Err("`n` must be an integer from 0 on".to_owned());
    };
    entries.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let n = usize::try_from(*n).unwrap_or(usize::MAX);
    Ok(entries.into_iter().take(n).map(|(value, _)| value.clone()).collect())
}

/// The different values of all groups.
#[derive(Clone, Debug, Default)]
pub(super) struct AllFrequencies {
    groups: Vec<Frequencies>,
    held: usize,
}

impl AllFrequencies {
    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize(groups, Frequencies::default());
    }

    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.held = 0;
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        let held = &mut self.held;
        let look = |of: &Frequencies| of.entries.first().map_or(0, |(_, count)| *count);
        each(&mut self.groups, look, column, groups, |of, _, item| {
            *held += of.add(item, 1)
        });
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        for (value, count) in &other.groups[from].entries {
            if let Some(item) = Item::of(value) {
                self.held += self.groups[group].add(item, *count);
            }
        }
    }

    pub(super) fn read(&self, function: AggFunction, param: &Value, group: usize) -> Read {
        self.groups[group].read(function, param)
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Frequencies>() + self.held
    }
}
