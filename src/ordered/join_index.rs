//! Which rows of two inputs of a join are equal in what must be equal.

use super::join_rows::{NO_KEY, Side, keys_of};
use super::{Batch, KeyTable};

/// Two inputs between which there are equalities, and the rows by their keys.
#[derive(Debug)]
pub(super) struct Pair {
    /// The inputs.
    pub(super) sides: [usize; 2],
    /// Which of the links of each of them are of this pair.
    pub(super) slots: [usize; 2],
    /// Which of the columns to compare of each of them are of this pair.
    columns: [Vec<usize>; 2],
    table: KeyTable,
    /// For each key the last row of each of the two; 0: none.
    last: Vec<[u64; 2]>,
}

impl Pair {
    pub(super) fn new(sides: [usize; 2], slots: [usize; 2]) -> Self {
        Self {
            sides,
            slots,
            columns: [Vec::new(), Vec::new()],
            table: KeyTable::default(),
            last: Vec::new(),
        }
    }

    /// One more equality, between these columns.
    pub(super) fn equate(&mut self, columns: [usize; 2]) {
        self.columns[0].push(columns[0]);
        self.columns[1].push(columns[1]);
    }

    /// Which of the two an input is.
    pub(super) fn end(&self, side: usize) -> Option<usize> {
        self.sides.iter().position(|&mine| mine == side)
    }

    /// For each row of a batch the number of its key.
    pub(super) fn number(&mut self, end: usize, batch: &Batch) -> Vec<u32> {
        let (keys, there) = keys_of(batch, &self.columns[end]);
        let rows: Vec<usize> = (0..batch.len()).filter(|&row| there[row]).collect();
        let mut numbers = Vec::with_capacity(rows.len());
        self.table.number(&keys, rows.iter().copied(), &mut numbers, |_| {});
        self.last.resize(self.table.len(), [0, 0]);
        if rows.len() == batch.len() {
            return numbers;
        }
        let mut all = vec![NO_KEY; batch.len()];
        rows.iter().zip(numbers).for_each(|(&row, number)| all[row] = number);
        all
    }

    /// A row has come.
    pub(super) fn enter(&mut self, end: usize, side: &mut Side, id: u64) {
        let last = &mut self.last[side.key(self.slots[end], id) as usize][end];
        side.link(self.slots[end], id, *last);
        *last = id;
    }

    /// The rows of one of the two that have a key and can still be met, newest first.
    pub(super) fn newest<'s>(&self, end: usize, side: &'s Side, key: u32) -> impl Iterator<Item = u64> + 's {
        let (slot, live) = (self.slots[end], side.live);
        let alive = move |id: u64| (id >= live).then_some(id);
        std::iter::successors(alive(self.last[key as usize][end]), move |&id| {
            alive(side.before(slot, id))
        })
    }

    /// Forgets keys that no row has any more, when they are most of all.
    pub(super) fn compact(&mut self, sides: &mut [Side]) {
        let rows: u64 = self
            .sides
            .iter()
            .map(|&side| sides[side].end() - sides[side].live)
            .sum();
        if self.table.len() as u64 <= 2 * rows + 1024 {
            return;
        }
        let mut table = KeyTable::default();
        let mut last: Vec<[u64; 2]> = Vec::new();
        for end in [0, 1] {
            let (side, slot) = (&mut sides[self.sides[end]], self.slots[end]);
            for id in side.live..side.end() {
                if !side.has_keys(id) {
                    continue;
                }
                let key = table.number_of(&self.table, side.key(slot, id));
                side.set_key(slot, id, key);
                last.resize(table.len(), [0, 0]);
                last[key as usize][end] = id;
            }
        }
        (self.table, self.last) = (table, last);
    }

    pub(super) fn bytes(&self) -> usize {
        self.table.bytes() + self.last.capacity() * 16
    }
}
