//! The rows of one input of a join, from their arrival until nothing can meet them any more.
//!
//! Rows have numbers from 1 in order of arrival and lie in a ring. Their columns stay in the batches
//! that they came in (parts) and are put together for the rows that are joined only. Rows with equal
//! keys are linked, each to the one before it, so that a row that leaves touches nothing else.

use std::collections::VecDeque;

use super::join_index::Pair;
use super::{Batch, Keys};
use crate::data::{Column, Place};

/// A row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) time: i64,
    part: u32,
    row: u32,
    /// It has found a partner.
    pub(super) found: bool,
    /// Nothing more is to be said about it alone.
    pub(super) done: bool,
}

/// For each row its key in one of the pairs of inputs, and the row before it that has the same.
#[derive(Debug, Default)]
struct Links {
    keys: VecDeque<u32>,
    before: VecDeque<u64>,
}

/// The key of a row that equals none: null, or not a number.
pub(super) const NO_KEY: u32 = u32::MAX;

/// The columns of a batch, and how many of its rows are still there.
#[derive(Debug)]
struct Part {
    columns: Vec<Column>,
    left: usize,
}

/// The rows of one input.
#[derive(Debug)]
pub(super) struct Side {
    rows: VecDeque<Row>,
    /// The number of the first row in the ring.
    base: u64,
    /// The first row that can still be met.
    pub(super) live: u64,
    /// The first row that has not come yet.
    pub(super) entered: u64,
    /// The first row about which something alone may still be said.
    pub(super) waiting: u64,
    /// Whether something is ever said about a row alone.
    pub(super) alone: bool,
    links: Vec<Links>,
    parts: VecDeque<Part>,
    first_part: u32,
}

impl Side {
    /// No rows; in how many pairs of inputs that must be equal in something it is, and whether rows
    /// without a partner matter.
    pub(super) fn new(pairs: usize, alone: bool) -> Self {
        Self {
            rows: VecDeque::new(),
            base: 1,
            live: 1,
            entered: 1,
            waiting: 1,
            alone,
            links: (0..pairs).map(|_| Links::default()).collect(),
            parts: VecDeque::new(),
            first_part: 0,
        }
    }

    /// The number behind the last row.
    pub(super) fn end(&self) -> u64 {
        self.base + self.rows.len() as u64
    }

    pub(super) fn row(&self, id: u64) -> &Row {
        &self.rows[(id - self.base) as usize]
    }

    pub(super) fn row_mut(&mut self, id: u64) -> &mut Row {
        &mut self.rows[(id - self.base) as usize]
    }

    /// The key of a row in the pair at `slot`.
    pub(super) fn key(&self, slot: usize, id: u64) -> u32 {
        self.links[slot].keys[(id - self.base) as usize]
    }

    pub(super) fn set_key(&mut self, slot: usize, id: u64, key: u32) {
        let at = (id - self.base) as usize;
        self.links[slot].keys[at] = key;
    }

    /// The row before one with the same key; 0: there is none.
    pub(super) fn before(&self, slot: usize, id: u64) -> u64 {
        self.links[slot].before[(id - self.base) as usize]
    }

    pub(super) fn link(&mut self, slot: usize, id: u64, before: u64) {
        let at = (id - self.base) as usize;
        self.links[slot].before[at] = before;
    }

    /// Whether a row has all keys it needs to be met.
    pub(super) fn has_keys(&self, id: u64) -> bool {
        let at = (id - self.base) as usize;
        self.links.iter().all(|links| links.keys[at] != NO_KEY)
    }

    /// Takes the rows of a round, in order of their places, and numbers their keys in the pairs that
    /// this input (the one at `me`) is in. Rows that are later than `lateness` are left out.
    pub(super) fn take(&mut self, me: usize, batches: &[&Batch], pairs: &mut [Pair], lateness: i64) {
        let mut rows: Vec<Row> = Vec::with_capacity(batches.iter().map(|batch| batch.len()).sum());
        let mut keys: Vec<Vec<u32>> = vec![Vec::with_capacity(rows.capacity()); self.links.len()];
        for batch in batches {
            let part = self.first_part + self.parts.len() as u32;
            let before = rows.len();
            for row in 0..batch.len() {
                if !too_late(batch, row, lateness) {
                    rows.push(Row {
                        place: batch.place(row),
                        time: batch.times[row],
                        part,
                        row: row as u32,
                        found: false,
                        done: false,
                    });
                }
            }
            self.parts.push_back(Part {
                columns: batch.args.first().cloned().unwrap_or_default(),
                left: rows.len() - before,
            });
            for pair in pairs.iter_mut() {
                if let Some(end) = pair.end(me) {
                    let numbers = pair.number(end, batch);
                    let mine = rows[before..].iter().map(|row| numbers[row.row as usize]);
                    keys[pair.slots[end]].extend(mine);
                }
            }
        }
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        if !rows.is_sorted_by_key(|row| row.place) {
            order.sort_by_key(|&at| rows[at as usize].place);
        }
        self.rows.extend(order.iter().map(|&at| rows[at as usize]));
        for (links, keys) in self.links.iter_mut().zip(&keys) {
            links.keys.extend(order.iter().map(|&at| keys[at as usize]));
            links.before.resize(links.keys.len(), 0);
        }
    }

    /// The columns of rows, one value a row.
    pub(super) fn columns(&self, ids: impl Iterator<Item = u64>) -> Vec<Column> {
        const UNUSED: u32 = u32::MAX;
        let Some(count) = self.parts.back().map(|part| part.columns.len()) else {
            return Vec::new();
        };
        if count == 0 {
            return Vec::new();
        }
        let mut numbers = vec![UNUSED; self.parts.len()];
        let mut used: Vec<&Part> = Vec::new();
        let rows = ids.map(|id| {
            let row = self.row(id);
            let part = (row.part - self.first_part) as usize;
            if numbers[part] == UNUSED {
                numbers[part] = used.len() as u32;
                used.push(&self.parts[part]);
            }
            (numbers[part], row.row)
        });
        let rows: Vec<(u32, u32)> = rows.collect();
        let column = |at: usize| {
            let columns: Vec<&Column> = used.iter().map(|part| &part.columns[at]).collect();
            Column::gather(&columns, &rows)
        };
        (0..count).map(column).collect()
    }

    /// Rows that arrived before this time are met no more.
    pub(super) fn expire(&mut self, before: i64) {
        while self.live < self.entered && self.row(self.live).place.time < before {
            self.live += 1;
        }
    }

    /// Lets go of the rows that nothing asks for any more.
    pub(super) fn forget(&mut self) {
        let until = if self.alone {
            self.live.min(self.waiting)
        } else {
            self.live
        };
        while self.base < until {
            let Some(row) = self.rows.pop_front() else { break };
            self.base += 1;
            for links in &mut self.links {
                links.keys.pop_front();
                links.before.pop_front();
            }
            self.parts[(row.part - self.first_part) as usize].left -= 1;
        }
        while self.parts.front().is_some_and(|part| part.left == 0) {
            self.parts.pop_front();
            self.first_part += 1;
        }
    }

    /// About how many bytes of memory are held, but for the columns.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.links.len() * self.rows.capacity() * 12
    }
}

fn too_late(batch: &Batch, row: usize, lateness: i64) -> bool {
    batch.is_late(row) && batch.clock(row).saturating_sub(batch.times[row]) > lateness
}

/// For each row whether all of these columns can be equal, as `==` has it, to something: they are not
/// null, and not NaN.
#[must_use]
pub fn can_equal(columns: &[Column], len: usize) -> Vec<bool> {
    let mut there = vec![true; len];
    for column in columns {
        for (row, there) in there.iter_mut().enumerate() {
            *there &= !column.is_null(row) && !not_a_number(column, row);
        }
    }
    there
}

fn not_a_number(column: &Column, row: usize) -> bool {
    use crate::data::Value;
    let nan = |value: &Value| matches!(value, Value::Float(f) if f.is_nan());
    match column {
        Column::Float(array) => array.value(row).is_nan(),
        Column::Any(values) => nan(&values[row]),
        Column::Const(value, _) => nan(value),
        _ => false,
    }
}

/// The keys of a batch in these of its columns.
pub(super) fn keys_of(batch: &Batch, at: &[usize]) -> (Keys, Vec<bool>) {
    let all = batch.args.get(1).map_or(&[][..], Vec::as_slice);
    let columns: Vec<Column> = at.iter().map(|&at| all[at].clone()).collect();
    let there = can_equal(&columns, batch.len());
    let keys = if batch.keys.columns().len() == columns.len() {
        batch.keys.clone()
    } else {
        Keys::new(columns, batch.len())
    };
    (keys, there)
}
