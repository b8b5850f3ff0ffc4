//! Runs by the values that a row is compared with, so that those for which a comparison fails are not
//! looked at.
//!
//! A binary tree over the runs of one list; each node has, for each comparison, the least and the greatest
//! value below it. A row goes only where all its comparisons can hold. Runs are added at the end, in order
//! of arrival; when rows look in vain at too much, the runs are put in the order of a k-d tree (Bentley,
//! "Multidimensional Binary Search Trees Used for Associative Searching", CACM 18(9), 1975), and of those
//! that come later each block that is full (Bentley and Saxe, "Decomposable Searching Problems I", J.
//! Algorithms 1(4), 1980).
//!
//! Values are mapped to floats in a way that keeps their order, if not their distinctness: what is found
//! is looked at again, exactly.
//!
//! Cost: the logarithm of the number of runs to add, to take away, and for each run found.

use arrow::array::Array;

use crate::data::{Column, Value};
use crate::ir::BinaryOp;

use super::runs::{NONE, RunId};

/// A value that rows are compared with; none: it cannot be told, so it may be anything.
pub(super) type Side = Option<f64>;

/// What a row brings to a comparison `own op value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test {
    pub(super) op: BinaryOp,
    /// The row's value, of `!=` its number; none: it compares with nothing (and is unlike all).
    pub(super) own: Option<f64>,
}

impl Test {
    /// Whether it can hold for a value from `lo` to `hi`.
    #[inline]
    fn may_hold(self, lo: f64, hi: f64) -> bool {
        let Some(own) = self.own else {
            return self.op == BinaryOp::Ne;
        };
        // Whole numbers up to here are told apart.
        let exact = own.abs() < 9_007_199_254_740_992.0;
        match self.op {
            BinaryOp::Lt if exact => own < hi,
            BinaryOp::Gt if exact => own > lo,
            BinaryOp::Lt | BinaryOp::Le => own <= hi,
            BinaryOp::Gt | BinaryOp::Ge => own >= lo,
            BinaryOp::Ne => lo != own || hi != own,
            _ => lo <= own && own <= hi,
        }
    }
}

/// A value's place on the line; none: it has none.
pub(super) fn place(column: &Column, row: usize) -> Option<f64> {
    let text = |text: &str| {
        let mut bytes = [0; 8];
        let len = text.len().min(8);
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        // Texts do not meet numbers, but they must not seem to be told apart.
        9_007_199_254_740_992.0 + u64::from_be_bytes(bytes) as f64
    };
    let number = |number: f64| (!number.is_nan()).then_some(number);
    match column {
        Column::Int(array) | Column::Timestamp(array) | Column::Duration(array) => {
            array.is_valid(row).then(|| array.value(row) as f64)
        }
        Column::Float(array) => array.is_valid(row).then(|| number(array.value(row))).flatten(),
        Column::Str(array) => array.is_valid(row).then(|| text(array.value(row))),
        other => match other.value(row) {
            Value::Int(value) | Value::Timestamp(value) | Value::Duration(value) => Some(value as f64),
            Value::Float(value) => number(value),
            Value::Str(value) => Some(text(&value)),
            _ => None,
        },
    }
}

/// Runs in a tree.
#[derive(Debug)]
pub(super) struct Boxes {
    dims: usize,
    /// How many leaves there are: a power of two.
    leaves: usize,
    /// The least and the greatest value of each node, by comparison; the root is node 1.
    bounds: Vec<(f64, f64)>,
    runs: Vec<RunId>,
    live: usize,
    /// How many nodes were looked at in vain.
    vain: usize,
    /// Runs are kept in order: of those added, whole blocks are ordered again.
    tidy: bool,
}

/// So many nodes for each run may be looked at in vain before runs are put in order.
const PATIENCE: usize = 8;
/// Blocks of 2^5 runs, 2^8 and so on are ordered when they are full.
const BLOCK: u32 = 5;
const LARGER: u32 = 3;

const NOWHERE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl Boxes {
    /// These runs, each with a value for each comparison; where each has gone.
    pub(super) fn new(dims: usize, runs: Vec<(RunId, Vec<Side>)>, moved: &mut Vec<(RunId, u32)>) -> Self {
        let mut made = Self {
            dims,
            leaves: 0,
            bounds: Vec::new(),
            runs: Vec::new(),
            live: 0,
            vain: 0,
            tidy: false,
        };
        made.fill(runs, moved);
        made
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }

    fn fill(&mut self, runs: Vec<(RunId, Vec<Side>)>, moved: &mut Vec<(RunId, u32)>) {
        self.leaves = (2 * runs.len()).next_power_of_two().max(4);
        self.live = runs.len();
        self.bounds.clear();
        self.bounds.resize(2 * self.leaves * self.dims, NOWHERE);
        self.runs.clear();
        for (at, (run, values)) in runs.into_iter().enumerate() {
            self.runs.push(run);
            moved.push((run, at as u32));
            self.set(self.leaves + at, &values);
        }
        for node in (1..self.leaves).rev() {
            self.join(node);
        }
        self.vain = 0;
    }

    fn set(&mut self, node: usize, values: &[Side]) {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        for (dim, value) in values.iter().enumerate() {
            self.bounds[node * self.dims + dim] = value.map_or(all, |value| (value, value));
        }
    }

    /// Sets a node's bounds from those below it; whether they have changed.
    fn join(&mut self, node: usize) -> bool {
        let mut changed = false;
        for dim in 0..self.dims {
            let (a, b) = (
                self.bounds[2 * node * self.dims + dim],
                self.bounds[(2 * node + 1) * self.dims + dim],
            );
            let both = (a.0.min(b.0), a.1.max(b.1));
            let known = &mut self.bounds[node * self.dims + dim];
            changed |= *known != both;
            *known = both;
        }
        changed
    }

    fn rise(&mut self, leaf: usize) {
        let mut node = leaf / 2;
        while node > 0 && self.join(node) {
            node /= 2;
        }
    }

    /// Adds a run; where runs have gone.
    pub(super) fn add(&mut self, run: RunId, values: &[Side], moved: &mut Vec<(RunId, u32)>) {
        if self.runs.len() == self.leaves {
            let mut runs = self.all();
            runs.push((run, values.to_vec()));
            if self.tidy {
                split(&mut runs, 0, self.dims);
            }
            self.fill(runs, moved);
            return;
        }
        let at = self.runs.len();
        self.runs.push(run);
        self.live += 1;
        moved.push((run, at as u32));
        self.set(self.leaves + at, values);
        self.rise(self.leaves + at);
        let full = (at + 1).trailing_zeros();
        if self.tidy && full >= BLOCK {
            let size = 1 << (full - (full - BLOCK) % LARGER);
            self.order(at + 1 - size, size, moved);
        }
    }

    /// Puts the runs of an aligned block in order.
    fn order(&mut self, from: usize, size: usize, moved: &mut Vec<(RunId, u32)>) {
        let mut runs = self.some(from..from + size);
        split(&mut runs, 0, self.dims);
        self.runs[from..from + size].fill(NONE);
        self.bounds[(self.leaves + from) * self.dims..(self.leaves + from + size) * self.dims].fill(NOWHERE);
        for (at, (run, values)) in runs.into_iter().enumerate() {
            self.runs[from + at] = run;
            moved.push((run, (from + at) as u32));
            self.set(self.leaves + from + at, &values);
        }
        let (mut first, mut last) = ((self.leaves + from) / 2, (self.leaves + from + size - 1) / 2);
        while first > 0 {
            for node in first..=last {
                self.join(node);
            }
            (first, last) = (first / 2, last / 2);
        }
    }

    /// Takes away the run that is there.
    pub(super) fn take(&mut self, at: u32) {
        let leaf = self.leaves + at as usize;
        self.runs[at as usize] = NONE;
        self.live -= 1;
        self.bounds[leaf * self.dims..(leaf + 1) * self.dims].fill(NOWHERE);
        self.rise(leaf);
    }

    /// The runs, with their values.
    fn all(&self) -> Vec<(RunId, Vec<Side>)> {
        self.some(0..self.runs.len())
    }

    fn some(&self, slots: std::ops::Range<usize>) -> Vec<(RunId, Vec<Side>)> {
        let from = slots.start;
        let runs = self.runs[slots].iter().enumerate().filter(|(_, run)| **run != NONE);
        let runs = runs.map(|(at, run)| (at + from, run));
        let values = |at: usize| {
            let bounds = &self.bounds[(self.leaves + at) * self.dims..][..self.dims];
            bounds.iter().map(|(lo, hi)| (lo == hi).then_some(*lo)).collect()
        };
        runs.map(|(at, &run)| (run, values(at))).collect()
    }

    /// Appends the runs for which all tests can hold.
    pub(super) fn find(&mut self, tests: &[Test], found: &mut Vec<RunId>) {
        let before = found.len();
        let mut visited = 0;
        let mut open = [0_usize; 64];
        let mut count = 1;
        open[0] = 1;
        while count > 0 {
            count -= 1;
            let node = open[count];
            visited += 1;
            let bounds = &self.bounds[node * self.dims..][..self.dims];
            let possible = tests
                .iter()
                .zip(bounds)
                .all(|(test, bounds)| test.may_hold(bounds.0, bounds.1));
            if !possible {
                continue;
            }
            if node >= self.leaves {
                found.push(self.runs[node - self.leaves]);
            } else {
                open[count] = 2 * node + 1;
                open[count + 1] = 2 * node;
                count += 2;
            }
        }
        let fair = (found.len() - before + 1) * 2 * (self.leaves.trailing_zeros() as usize + 1);
        self.vain += visited_beyond(visited, fair);
    }

    /// Puts the runs in a better order, if too much was looked at in vain; where they have gone.
    pub(super) fn settle(&mut self, moved: &mut Vec<(RunId, u32)>) {
        if self.tidy || self.vain <= PATIENCE * self.live {
            return;
        }
        self.tidy = true;
        let mut runs = self.all();
        split(&mut runs, 0, self.dims);
        self.fill(runs, moved);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bounds.capacity() * 16 + self.runs.capacity() * 4
    }
}

fn visited_beyond(visited: usize, fair: usize) -> usize {
    visited.saturating_sub(fair)
}

/// Puts runs in the order of a k-d tree's leaves: halves by one value, then each by the next.
fn split(runs: &mut [(RunId, Vec<Side>)], dim: usize, dims: usize) {
    if runs.len() <= 2 {
        return;
    }
    let half = runs.len().next_power_of_two() / 2;
    let value = |run: &(RunId, Vec<Side>)| run.1[dim].unwrap_or(f64::INFINITY);
    runs.select_nth_unstable_by(half, |a, b| value(a).total_cmp(&value(b)).then(a.0.cmp(&b.0)));
    let (low, high) = runs.split_at_mut(half);
    let next = (dim + 1) % dims;
    split(low, next, dims);
    split(high, next, dims);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every run for which the tests hold is found, whatever was added, taken away and put in order.
        #[test]
        fn nothing_is_missed(
            steps in prop::collection::vec((prop::sample::select(vec![0, 0, 0, 1, 2_u8]), -4..4_i8, -4..4_i8), 1..600),
        ) {
            let mut tree = Boxes::new(2, Vec::new(), &mut Vec::new());
            let mut there: Vec<Option<(u32, [f64; 2])>> = Vec::new();
            for (number, (what, a, b)) in steps.into_iter().enumerate() {
                let (a, b) = (f64::from(a), f64::from(b));
                let mut moved = Vec::new();
                match what {
                    0 => {
                        tree.add(there.len() as u32, &[Some(a), Some(b)], &mut moved);
                        there.push(Some((0, [a, b])));
                    }
                    1 => {
                        let at = number * 7 % there.len().max(1);
                        if let Some(Some((slot, _))) = there.get(at) {
                            tree.take(*slot);
                            there[at] = None;
                        }
                    }
                    _ => {
                        let tests = [
                            Test { op: BinaryOp::Gt, own: Some(a) },
                            Test { op: BinaryOp::Le, own: Some(b) },
                        ];
                        let mut found = Vec::new();
                        tree.find(&tests, &mut found);
                        found.sort_unstable();
                        let holds = |of: &[f64; 2]| a > of[0] && b <= of[1];
                        let expected: Vec<u32> = (0..there.len() as u32)
                            .filter(|&run| there[run as usize].is_some_and(|(_, of)| holds(&of)))
                            .collect();
                        prop_assert_eq!(found, expected);
                        tree.vain += number * 100;
                        tree.settle(&mut moved);
                    }
                }
                for (run, slot) in moved {
                    if let Some(Some(place)) = there.get_mut(run as usize) {
                        place.0 = slot;
                    }
                }
            }
        }
    }

    #[test]
    fn interleaved_runs_of_which_half_fail_each_test_are_told_apart_in_time() {
        let side = |at: u32| [Some(f64::from(at % 2) * 1000.0), Some(f64::from(1 - at % 2) * 1000.0)];
        let runs = (0..10_000).map(|at| (at, side(at).to_vec())).collect();
        let mut tree = Boxes::new(2, runs, &mut Vec::new());
        let own = Some(500.0);
        let tests = [Test { op: BinaryOp::Gt, own }, Test { op: BinaryOp::Gt, own }];
        let mut found = Vec::new();
        for _ in 0..100 {
            tree.find(&tests, &mut found);
            tree.settle(&mut Vec::new());
        }
        assert!(found.is_empty());
        assert!(tree.vain < 1000, "{} nodes in vain since the last order", tree.vain);
    }
}
