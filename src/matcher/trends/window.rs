//! The trends within a window that slides, as a product of small matrices.
//!
//! An event is a matrix: what it leads to from each state, and that it may be passed over. The product of
//! a window's matrices tells of every two states what is reckoned over all ways from the one to the
//! other. A window that slides keeps its product as two stacks (after Tangwongsan et al., "General
//! Incremental Sliding-Window Aggregation", PVLDB 8(7), 2015): products of all newer ones for the older
//! half, of which only the row of the first state is asked for, and one product for the newer half.
//!
//! Cost: for each event its moves times the number of states, twice; memory follows the events within the
//! window.

use super::total::Total;
use crate::data::Value;

/// An event leads from one state to another; of each repetition asked about that it is an element of, its
/// value.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) values: Vec<(usize, Value)>,
}

impl Move {
    /// Ways that go on by this move.
    pub(super) fn extend(&self, total: &Total) -> Total {
        let mut longer = total.clone();
        for (over, value) in &self.values {
            // Values that are no numbers have become null.
            let _ = longer.extend(*over, value);
        }
        longer
    }
}

/// The events of one time, newest last.
#[derive(Debug)]
struct Event {
    time: i64,
    moves: Vec<Move>,
}

/// The window of a partition.
#[derive(Debug)]
pub(super) struct Window {
    states: usize,
    overs: usize,
    /// The older half, newest first: its time, and the ways from the first state through it and all
    /// behind it in this half.
    front: Vec<(i64, Vec<Total>)>,
    /// The newer half, and its product.
    back: Vec<Event>,
    product: Vec<Vec<Total>>,
    last: i64,
}

impl Window {
    pub(super) fn new(states: usize, overs: usize) -> Self {
        let mut window = Self {
            states,
            overs,
            front: Vec::new(),
            back: Vec::new(),
            product: Vec::new(),
            last: i64::MIN,
        };
        window.product = window.identity();
        window
    }

    fn identity(&self) -> Vec<Vec<Total>> {
        let cell = |row: usize, column: usize| match row == column {
            true => Total::one(self.overs),
            false => Total::none(self.overs),
        };
        let row = |row| (0..self.states).map(|column| cell(row, column)).collect();
        (0..self.states).map(row).collect()
    }

    /// The time of the newest event.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.front.len() + self.back.len()
    }

    /// Lets events go that are older than a time.
    pub(super) fn forget(&mut self, since: i64) {
        loop {
            if let Some((time, _)) = self.front.last() {
                if *time >= since {
                    return;
                }
                self.front.pop();
            } else if self.back.first().is_some_and(|first| first.time < since) {
                self.turn();
            } else {
                return;
            }
        }
    }

    /// The newer half becomes the older one.
    fn turn(&mut self) {
        let mut suffix = self.identity();
        for event in self.back.drain(..).rev() {
            let rows = event.moves.iter().map(|one| {
                let row = suffix[one.to].iter();
                (one.from, row.map(|total| one.extend(total)).collect::<Vec<_>>())
            });
            let rows: Vec<(usize, Vec<Total>)> = rows.collect();
            for (from, row) in rows {
                suffix[from].iter_mut().zip(&row).for_each(|(all, more)| all.add(more));
            }
            self.front.push((event.time, suffix[0].clone()));
        }
        self.product = self.identity();
    }

    /// An event comes.
    pub(super) fn push(&mut self, time: i64, moves: Vec<Move>) {
        for row in &mut self.product {
            let more: Vec<(usize, Total)> = moves.iter().map(|one| (one.to, one.extend(&row[one.from]))).collect();
            more.iter().for_each(|(to, total)| row[*to].add(total));
        }
        self.last = time;
        self.back.push(Event { time, moves });
    }

    /// All ways from the first state to another.
    pub(super) fn to(&self, state: usize) -> Total {
        let Some((_, row)) = self.front.last() else {
            return self.product[0][state].clone();
        };
        let mut total = Total::none(self.overs);
        for (before, after) in row.iter().zip(&self.product) {
            if !before.is_none() && !after[state].is_none() {
                total.add(&before.times(&after[state]));
            }
        }
        total
    }
}
