//! `any`, `all` and `count_if` of all groups.

use crate::data::{Column, Value};
use crate::ir::AggFunction;

use super::Groups;
use super::item::{Item, Kinds, each};
use super::state::Read;

/// How often a condition was true and false.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Truth {
    yes: u64,
    no: u64,
    kinds: Kinds,
}

impl Truth {
    /// Counts a value.
    pub(super) fn add(&mut self, item: Item<'_>) {
        self.count(item, 1);
    }

    /// Takes a value away that was counted before.
    pub(super) fn take(&mut self, item: Item<'_>) {
        self.count(item, u64::MAX);
    }

    fn count(&mut self, item: Item<'_>, by: u64) {
        match item {
            Item::Bool(true) => self.yes = self.yes.wrapping_add(by),
            Item::Bool(false) => self.no = self.no.wrapping_add(by),
            other => self.kinds.add(other.kind()),
        }
    }

    /// The same counts with what is among these types and no bool.
    pub(super) fn of_kinds(mut self, kinds: Kinds) -> Self {
        self.kinds = Kinds(kinds.0 & !Kinds::BOOL.0);
        self
    }

    fn merge(&mut self, other: Self) {
        self.yes += other.yes;
        self.no += other.no;
        self.kinds.add(other.kinds);
    }

    pub(super) fn read(&self, function: AggFunction) -> Read {
        if self.kinds != Kinds::NONE {
            return Err(format!("values of type {} are no bool", self.kinds.names()));
        }
        Ok(match function {
            AggFunction::Any => Value::Bool(self.yes > 0),
            AggFunction::All => Value::Bool(self.no == 0),
            _ => Value::Int(self.yes as i64),
        })
    }
}

/// The truth of each group.
#[derive(Clone, Debug, Default)]
pub(super) struct Truths(Vec<Truth>);

impl Truths {
    pub(super) fn grow(&mut self, groups: usize) {
        self.0.resize(groups, Truth::default());
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        each(
            &mut self.0,
            |truth| truth.yes,
            column,
            groups,
            |truth, _, item| truth.add(item),
        );
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        self.0[group].merge(other.0[from]);
    }

    pub(super) fn read(&self, function: AggFunction, group: usize) -> Read {
        self.0[group].read(function)
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Truth>()
    }
}
