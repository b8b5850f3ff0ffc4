//! Accumulators for windows that open and close key by key: places are used again.

use crate::aggregate::{Accumulators, Groups as Into};
use crate::data::Place;

use super::aggregate::{Emitted, Rows, Setting};
use super::{Batch, KeyTable};

/// Accumulators under handles. A handle that is closed is used again; what it held is let go when
/// there is more of that than of what is in use.
#[derive(Debug)]
pub(super) struct Slots {
    held: Accumulators,
    /// The group of each handle.
    groups: Vec<u32>,
    free: Vec<u32>,
}

/// A window that is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed {
    pub(super) slot: u32,
    /// The number of its key.
    pub(super) key: u32,
    pub(super) place: Place,
    /// Its event time, its start and its end.
    pub(super) time: i64,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) revision: i64,
}

impl Slots {
    pub(super) fn new(setting: &Setting) -> Self {
        Self {
            held: setting.calls.empty_like(),
            groups: Vec::new(),
            free: Vec::new(),
        }
    }

    /// A handle for an empty group.
    pub(super) fn open(&mut self) -> u32 {
        let group = self.held.groups() as u32;
        self.held.grow(group as usize + 1);
        match self.free.pop() {
            Some(slot) => {
                self.groups[slot as usize] = group;
                slot
            }
            None => {
                self.groups.push(group);
                self.groups.len() as u32 - 1
            }
        }
    }

    /// Adds rows, each to its slot.
    pub(super) fn add(&mut self, batch: &Batch, rows: &[u32], slots: &[u32]) {
        let groups: Vec<u32> = slots.iter().map(|&slot| self.groups[slot as usize]).collect();
        self.held
            .update(&batch.args, &batch.times, Some(rows), Into::Each(&groups));
    }

    /// Adds what `other` holds, whose rows come after, and closes it.
    pub(super) fn join(&mut self, slot: u32, other: u32) {
        let mut one = self.held.empty_like();
        one.grow(1);
        one.merge(0, &self.held, self.groups[other as usize]);
        self.held.merge(self.groups[slot as usize], &one, 0);
        self.close(other);
    }

    pub(super) fn close(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// Lets go of what closed handles held, when that is most of it.
    pub(super) fn compact(&mut self) {
        let live = self.groups.len() - self.free.len();
        if self.held.groups() < 2 * live + 4096 {
            return;
        }
        let mut closed = vec![false; self.groups.len()];
        self.free.iter().for_each(|&slot| closed[slot as usize] = true);
        let mut held = self.held.empty_like();
        held.grow(live);
        let mut next = 0;
        for (slot, group) in self.groups.iter_mut().enumerate() {
            if !closed[slot] {
                held.merge(next, &self.held, *group);
                *group = next;
                next += 1;
            }
        }
        self.held = held;
    }

    /// Emits windows; their slots stay as they are.
    pub(super) fn emit(&self, closed: &[Closed], keys: (&KeyTable, usize), bounds: bool, out: &mut Emitted) {
        if closed.is_empty() {
            return;
        }
        let all = |of: fn(&Closed) -> i64| closed.iter().map(of).collect::<Vec<i64>>();
        let numbers: Vec<u32> = closed.iter().map(|one| one.key).collect();
        let groups: Vec<u32> = closed.iter().map(|one| self.groups[one.slot as usize]).collect();
        let rows = Rows {
            places: closed.iter().map(|one| one.place).collect(),
            times: all(|one| one.time),
            bounds: bounds.then(|| (all(|one| one.start), all(|one| one.end))),
            revisions: Some(all(|one| one.revision)),
        };
        let values = self.held.read(&groups, &mut out.errors);
        out.push(rows, keys.0.columns(&numbers, keys.1), values);
    }

    pub(super) fn bytes(&self) -> usize {
        self.held.bytes() + (self.groups.capacity() + self.free.capacity()) * 4
    }
}
