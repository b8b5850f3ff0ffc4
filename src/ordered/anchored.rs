//! Tumbling and sliding windows whose grid begins at the first row of each key (`align: "first"`).
//!
//! Every key has a grid of its own, so there are no panes to share: a row is reckoned into each
//! window that holds it. Where each grid begins is remembered to the end.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::aggregate::{Emitted, Setting, Windows};
use super::slots::{Closed, Slots};
use super::{Batch, Ending, KeyTable};
use crate::data::{Place, Rank};

/// Windows of some keys.
#[derive(Debug)]
pub(super) struct Anchored {
    setting: Setting,
    size: i64,
    slide: i64,
    keys: KeyTable,
    grids: Vec<Grid>,
    slots: Slots,
    ends: BinaryHeap<Reverse<(i64, u32)>>,
    closed: Vec<Closed>,
}

#[derive(Debug)]
struct Grid {
    anchor: i64,
    open: VecDeque<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    start: i64,
    slot: u32,
    first: Place,
}

impl Anchored {
    pub(super) fn new(setting: &Setting, size: i64, slide: i64) -> Self {
        Self {
            setting: setting.clone(),
            size,
            slide,
            keys: KeyTable::default(),
            grids: Vec::new(),
            slots: Slots::new(setting),
            ends: BinaryHeap::new(),
            closed: Vec::new(),
        }
    }

    /// Closes windows that end at or before a time.
    fn fire(&mut self, passed: i64) {
        while let Some(&Reverse((end, key))) = self.ends.peek() {
            if end > passed {
                return;
            }
            self.ends.pop();
            if let Some(open) = self.grids[key as usize].open.pop_front() {
                self.closed.push(closed(open, key, end));
            }
        }
    }

    fn flush(&mut self, out: &mut Emitted) {
        self.slots
            .emit(&self.closed, (&self.keys, self.setting.keys), true, out);
        self.closed.iter().for_each(|closed| self.slots.close(closed.slot));
        self.closed.clear();
        self.slots.compact();
    }

    /// The slots of the windows that hold a time, opened if need be.
    fn windows(&mut self, key: u32, time: i64, place: &mut dyn FnMut() -> Place, into: &mut Vec<u32>) {
        let grid = &mut self.grids[key as usize];
        let since = time.saturating_sub(grid.anchor).max(0);
        let newest = grid.anchor + since / self.slide * self.slide;
        let mut start = newest;
        while start.saturating_sub(self.slide) >= grid.anchor && start - self.slide + self.size > time {
            start -= self.slide;
        }
        while start <= newest {
            if grid.open.back().is_none_or(|last| last.start < start) {
                let slot = self.slots.open();
                grid.open.push_back(Open {
                    start,
                    slot,
                    first: place(),
                });
                self.ends.push(Reverse((start.saturating_add(self.size), key)));
            }
            into.extend(
                grid.open
                    .iter()
                    .filter(|open| open.start == start)
                    .map(|open| open.slot),
            );
            start += self.slide;
        }
    }
}

fn closed(open: Open, key: u32, end: i64) -> Closed {
    Closed {
        slot: open.slot,
        key,
        place: open.first.timer(end, Rank::Window),
        time: end.saturating_sub(1),
        start: open.start,
        end,
        revision: 0,
    }
}

impl Windows for Anchored {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        let count = rows.map_or(batch.len(), <[u32]>::len);
        let row = |at: usize| rows.map_or(at, |rows| rows[at] as usize);
        let mut numbers = Vec::with_capacity(count);
        let grids = &mut self.grids;
        self.keys.number(&batch.keys, (0..count).map(row), &mut numbers, |row| {
            grids.push(Grid {
                anchor: batch.times[row],
                open: VecDeque::new(),
            });
        });
        let mut slots = Vec::new();
        for (at, &key) in numbers.iter().enumerate() {
            let row = row(at);
            if batch.is_late(row) {
                // The grid of a key begins with the row that came first; none is kept open for late ones.
                continue;
            }
            self.fire(batch.passed(row));
            slots.clear();
            self.windows(key, batch.times[row], &mut || batch.place(row), &mut slots);
            let rows = vec![row as u32; slots.len()];
            self.slots.add(batch, &rows, &slots);
        }
        self.flush(out);
    }

    fn advance(&mut self, until: Place, out: &mut Emitted) {
        self.fire(until.time);
        self.flush(out);
    }

    fn finish(&mut self, ending: Ending, out: &mut Emitted) {
        self.fire(i64::MAX);
        for closed in &mut self.closed {
            closed.place = closed.place.at_end();
            closed.time = ending.last;
        }
        self.flush(out);
    }

    fn bytes(&self) -> usize {
        self.keys.bytes() + self.slots.bytes() + self.grids.capacity() * size_of::<Grid>() + self.ends.capacity() * 16
    }
}
