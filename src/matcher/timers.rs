//! When runs are to be woken.
//!
//! Most patterns wake their runs a fixed time after they began, so that timers come in order and a queue
//! holds them; those that come out of order go to a heap.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A run is woken when the clock has passed a time: `(time, run, its generation)`.
pub(super) type Timer = (i64, u32, u32);

/// Timers of runs.
#[derive(Debug, Default)]
pub(super) struct Timers {
    queue: VecDeque<Timer>,
    heap: BinaryHeap<Reverse<Timer>>,
}

impl Timers {
    pub(super) fn push(&mut self, timer: Timer) {
        if self.queue.back().is_none_or(|last| last.0 <= timer.0) {
            self.queue.push_back(timer);
        } else {
            self.heap.push(Reverse(timer));
        }
    }

    /// The earliest time.
    #[inline]
    pub(super) fn next(&self) -> Option<i64> {
        let queue = self.queue.front().map(|timer| timer.0);
        let heap = self.heap.peek().map(|timer| timer.0.0);
        match (queue, heap) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// Takes a timer of just this time.
    pub(super) fn pop(&mut self, time: i64) -> Option<Timer> {
        if self.queue.front().is_some_and(|timer| timer.0 == time) {
            return self.queue.pop_front();
        }
        if self.heap.peek().is_some_and(|timer| timer.0.0 == time) {
            return self.heap.pop().map(|timer| timer.0);
        }
        None
    }

    pub(super) fn bytes(&self) -> usize {
        (self.queue.capacity() + self.heap.capacity()) * size_of::<Timer>()
    }
}
