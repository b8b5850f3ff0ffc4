//! What comes out of a morsel, whatever its format.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::Look;
use crate::data::{BadRecord, EventRows};

/// What was read from outside a morsel, and its rows need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// `_seq` of the morsel's first record.
    pub seq: u64,
    /// The time that records before the morsel's first timed one take. Nanoseconds.
    pub time: i64,
}

impl Base {
    /// The `time` of an input in which no record has a time: record `n` is at `n` nanoseconds.
    pub const UNTIMED: i64 = i64::MIN;
}

/// The place of a morsel's [`Base`], filled once it is known; shared by its batches. The number is
/// often known before the time.
#[derive(Debug, Default)]
pub struct BaseCell {
    seq: OnceLock<u64>,
    time: OnceLock<i64>,
    missed: AtomicBool,
}

impl BaseCell {
    /// Says where the morsel stands. The first call counts.
    pub fn set(&self, base: Base) {
        let _ = (self.seq.set(base.seq), self.time.set(base.time));
    }

    /// Says which number the morsel's first record has. The first call counts.
    pub fn set_seq(&self, seq: u64) {
        let _ = self.seq.set(seq);
    }

    /// The number of the morsel's first record, if it was set.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        self.seq.get().copied()
    }

    /// The time of record `nth` of the morsel, when no record of the morsel before it has one; none,
    /// and remembered as missed, while the base is not known.
    #[must_use]
    pub fn time_before_first(&self, nth: u64) -> Option<i64> {
        match self.time.get() {
            Some(&Base::UNTIMED) => i64::try_from(self.seq().unwrap_or(0) + nth).ok(),
            Some(&time) => Some(time),
            None => {
                self.missed.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// Whether somebody needed the base while it was not set.
    #[must_use]
    pub fn missed(&self) -> bool {
        self.missed.load(Ordering::Relaxed) && self.time.get().is_none()
    }
}

/// The times of a morsel's records. A format computes them when asked.
pub trait Clock: Debug + Send + Sync {
    /// The time of the first record that has one.
    fn first_time(&self) -> Option<i64>;
    /// The time of the last record that has one.
    fn last_time(&self) -> Option<i64>;
    /// The largest time.
    fn max_time(&self) -> Option<i64>;
    /// See [`Decoded::disorder`].
    fn disorder(&self) -> Option<(u64, i64, i64)>;
    /// Every record of the morsel, bad ones and those of no interest included, in order: its place
    /// (as [`Position::offset`](crate::data::Position::offset)) and its own time, if it has one.
    fn records(&self) -> Vec<(u64, Option<i64>)>;
}

/// The records of a morsel.
#[derive(Debug)]
pub struct Decoded {
    /// One batch for each event type of the plan that occurs (by its index in
    /// [`DecodePlan::types`](super::DecodePlan::types); that of `other` is the number of types), in
    /// order of the index.
    pub batches: Vec<(usize, Arc<dyn EventRows>)>,
    /// Bad records found so far (frame, type, declared fields); more may come from the batches.
    pub bad: Vec<BadRecord>,
    /// How many non-blank records there are, bad ones and those of no interest included.
    pub records: u64,
    /// How many lines, blank ones included.
    pub lines: u64,
    /// How many bytes of text.
    pub bytes: u64,
    /// How many integers beyond 64 bits were read as floats while records were looked for.
    pub big_ints: u64,
    /// How many were since, in columns; the batches hold the same counter.
    pub late_big_ints: Arc<AtomicU64>,
    /// Where the morsel stands; the batches hold the same cell.
    pub base: Arc<BaseCell>,
    /// The times of all records, where they were read along with the records.
    pub look: Option<Look>,
    /// The times of the records.
    pub clock: Arc<dyn Clock>,
}

impl Decoded {
    /// Says where the morsel stands. Must be called (once) before `_seq` is asked for, and when
    /// [`Decoded::needs_base`] says so.
    pub fn set_base(&self, base: Base) {
        self.base.set(base);
    }

    /// Says which number the morsel's first record has, before `_seq` is asked for.
    pub fn set_seq(&self, seq: u64) {
        self.base.set_seq(seq);
    }

    /// Whether somebody asked for the time of a record that has none, before the morsel's first
    /// timed record, while no base was set (it was given as null; the driver sets the base and runs
    /// the morsel again).
    #[must_use]
    pub fn needs_base(&self) -> bool {
        self.base.missed()
    }

    /// How many integers beyond 64 bits were read as floats so far, in columns too.
    #[must_use]
    pub fn big_ints_read(&self) -> u64 {
        self.big_ints + self.late_big_ints.load(Ordering::Relaxed)
    }

    /// The time of the morsel's first record that has one.
    #[must_use]
    pub fn first_time(&self) -> Option<i64> {
        self.clock.first_time()
    }

    /// The time of the morsel's last record that has one.
    #[must_use]
    pub fn last_time(&self) -> Option<i64> {
        self.clock.last_time()
    }

    /// The first record whose time is before that of a record before it in the morsel: its line in
    /// the morsel, its time and the largest time before it. Quick with
    /// [`DecodePlan::time_of_all`](super::DecodePlan::time_of_all).
    #[must_use]
    pub fn disorder(&self) -> Option<(u64, i64, i64)> {
        self.clock.disorder()
    }

    /// The largest time. Quick with [`DecodePlan::time_of_all`](super::DecodePlan::time_of_all).
    #[must_use]
    pub fn max_time(&self) -> Option<i64> {
        self.clock.max_time()
    }
}
