//! Groups: keys and what is reckoned for each.

use crate::aggregate::{Accumulators, Groups as Into};
use crate::data::{Column, Place};

use super::aggregate::Emitted;
use super::{Batch, KeyTable};

/// The groups of one window (or pane).
#[derive(Clone, Debug)]
pub(super) struct Groups {
    pub(super) keys: KeyTable,
    pub(super) held: Accumulators,
    /// Where the first row of each group stands.
    pub(super) first: Vec<Place>,
    numbers: Vec<u32>,
}

impl Groups {
    /// No groups; `like` says what is reckoned.
    pub(super) fn new(like: &Accumulators) -> Self {
        Self {
            keys: KeyTable::default(),
            held: like.empty_like(),
            first: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    /// The group to which the last row went.
    pub(super) fn last(&self) -> u32 {
        self.numbers.last().copied().unwrap_or(0)
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.held.clear();
        self.first.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.bytes() + self.held.bytes() + self.first.capacity() * size_of::<Place>()
    }

    /// Adds rows of a batch, in order (none: all).
    pub(super) fn add(&mut self, batch: &Batch, rows: Option<&[u32]>) {
        let (numbers, first) = (&mut self.numbers, &mut self.first);
        numbers.clear();
        let added = |row: usize| first.push(batch.place(row));
        match rows {
            None => self.keys.number(&batch.keys, 0..batch.len(), numbers, added),
            Some(rows) => {
                let rows = rows.iter().map(|&row| row as usize);
                self.keys.number(&batch.keys, rows, numbers, added);
            }
        }
        self.held.grow(self.first.len());
        let groups = if batch.keys.is_empty() {
            Into::One(0)
        } else {
            Into::Each(&self.numbers)
        };
        self.held.update(&batch.args, &batch.times, rows, groups);
    }

    /// Adds all groups of another, whose rows come after ours.
    pub(super) fn absorb(&mut self, other: &Self) {
        if self.len() == 0 {
            self.copy_from(other);
            return;
        }
        self.numbers.clear();
        for (number, first) in (0..).zip(&other.first) {
            let mine = self.keys.number_of(&other.keys, number);
            match self.first.get_mut(mine as usize) {
                Some(known) => *known = (*first).min(*known),
                None => self.first.push(*first),
            }
            self.numbers.push(mine);
        }
        self.held.grow(self.first.len());
        self.held.merge_all(&self.numbers, &other.held);
    }

    /// Becomes what another is; keeps the memory.
    fn copy_from(&mut self, other: &Self) {
        self.keys.copy_from(&other.keys);
        self.held.copy_from(&other.held);
        self.first.clone_from(&other.first);
    }

    /// Adds one group of another; the number it has here.
    pub(super) fn absorb_one(&mut self, other: &Self, number: u32) -> u32 {
        let mine = self.keys.number_of(&other.keys, number);
        let first = other.first[number as usize];
        match self.first.get_mut(mine as usize) {
            Some(known) => *known = first.min(*known),
            None => {
                self.first.push(first);
                self.held.grow(self.first.len());
            }
        }
        self.held.merge(mine, &other.held, number);
        mine
    }

    /// The rows of some groups: keys and what was reckoned.
    pub(super) fn emit(&self, numbers: &[u32], keys: usize, out: &mut Emitted) -> (Vec<Column>, Vec<Column>) {
        (
            self.keys.columns(numbers, keys),
            self.held.read(numbers, &mut out.errors),
        )
    }
}
