//! One group that slides: rows come at the end and leave at the front.
//!
//! The values of the rows inside are kept, one queue for each different argument. Beside them, cost per
//! row that comes or leaves, and per read:
//!
//! | functions | kept | row | read |
//! |---|---|---|---|
//! | count, sum, avg, variance and its kin, any, all, count_if | exact sums and counts, from which a row is taken away | constant | constant |
//! | min, max, arg_min, arg_max | the rows that may still become the extreme, in order | constant on average | constant |
//! | first, last | the rows that are not null | constant | constant |
//! | count_distinct, distinct, mode, top | the rows of each value | constant | constant; the number of values |
//! | median, percentile | sorted blocks | root of the window | root of the window |
//! | approx_percentile | buckets | logarithm of buckets | buckets |
//! | collect, ema, linear_trend, corr, covar, approx_count_distinct | nothing more | none | the window, again from its rows |

use std::collections::VecDeque;
use std::sync::Arc;

use crate::data::{Column, Value};

use super::layout::Layout;
use super::slide::{Rows, Slide};
use super::{CallErrors, Spec, note};

/// The values of several calls over the rows of one sliding group.
#[derive(Clone, Debug)]
pub struct Sliding {
    layout: Arc<Layout>,
    rows: Rows,
    states: Vec<Slide>,
}

impl Sliding {
    /// A group without rows.
    #[must_use]
    pub fn new(specs: &[Spec]) -> Self {
        Self::of(Arc::new(Layout::new(specs)))
    }

    /// A group without rows of the same calls.
    #[must_use]
    pub fn empty_like(&self) -> Self {
        Self::of(Arc::clone(&self.layout))
    }

    fn of(layout: Arc<Layout>) -> Self {
        Self {
            rows: Rows {
                first: 0,
                times: VecDeque::new(),
                columns: layout.columns.iter().map(|_| VecDeque::new()).collect(),
            },
            states: layout.shapes.iter().map(|shape| Slide::new(shape.kind)).collect(),
            layout,
        }
    }

    /// How many rows are inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.times.len()
    }

    /// Whether no rows are inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.times.is_empty()
    }

    /// The time of the row that leaves next, in nanoseconds.
    #[must_use]
    pub fn front_time(&self) -> Option<i64> {
        self.rows.times.front().copied()
    }

    /// A row comes at the end: row `row` of the columns, of which `args[call]` has those of the call's
    /// arguments; `time` is its event time in nanoseconds.
    ///
    /// # Panics
    /// When the row or a column is not there.
    pub fn push(&mut self, args: &[Vec<Column>], row: usize, time: i64) {
        self.rows.times.push_back(time);
        for (column, &(call, place)) in self.rows.columns.iter_mut().zip(&self.layout.columns) {
            column.push_back(args[call][place].value(row));
        }
        for (state, shape) in self.states.iter_mut().zip(&self.layout.shapes) {
            state.push(&self.rows, &shape.inputs);
        }
    }

    /// The first row leaves, if there is one.
    pub fn pop(&mut self) {
        if self.is_empty() {
            return;
        }
        for (state, shape) in self.states.iter_mut().zip(&self.layout.shapes) {
            state.pop(&self.rows, &shape.inputs);
        }
        self.rows.first += 1;
        self.rows.times.pop_front();
        for column in &mut self.rows.columns {
            column.pop_front();
        }
    }

    /// All rows leave.
    pub fn clear(&mut self) {
        *self = self.empty_like();
    }

    /// Appends a value for each call; what cannot be evaluated is null, and is added to `errors`.
    pub fn read(&self, values: &mut Vec<Value>, errors: &mut Vec<CallErrors>) {
        for (at, call) in self.layout.calls.iter().enumerate() {
            let shape = &self.layout.shapes[call.state];
            let read = self.states[call.state].read(&self.rows, shape, call);
            values.push(read.unwrap_or_else(|message| {
                let mut failed = None;
                let null = note(&mut failed, at, message);
                errors.extend(failed);
                null
            }));
        }
    }

    /// About how many bytes are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let values: usize = self
            .rows
            .columns
            .iter()
            .map(|column| column.capacity() * size_of::<Value>())
            .sum();
        let states: usize = self.states.iter().map(Slide::bytes).sum();
        size_of::<Self>() + self.rows.times.capacity() * 8 + values + states
    }
}
