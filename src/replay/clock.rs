//! The effective times of a morsel's records.

use super::Order;
use crate::read::{Base, Decoded};

/// What is known of the records before a morsel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Running {
    /// The largest time.
    pub(super) largest: Option<i64>,
}

/// The times of the records of one morsel, bad ones and those of no interest included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MorselClock {
    /// Where each record stands; ascending, but for a morsel of an input that was sorted on disk.
    pub(super) offsets: Vec<u64>,
    /// Its effective time.
    pub(super) e: Vec<i64>,
    /// Its time.
    pub(super) t: Vec<i64>,
}

impl MorselClock {
    pub(super) fn new(_: Order, decoded: &Decoded, _: Base, running: &mut Running) -> Option<Self> {
        running.largest = decoded.max_time().max(running.largest);
        None
    }

    /// The place in this clock of the record at an offset.
    pub(super) fn place(&self, offset: u64) -> Option<usize> {
        self.offsets.binary_search(&offset).ok()
    }

    /// The effective time of the record at an offset, and whether it is late.
    pub(super) fn at(&self, offset: u64) -> (i64, bool) {
        self.place(offset)
            .map_or((0, false), |at| (self.e[at], self.e[at] > self.t[at]))
    }

    /// The times of a morsel's records in order of time.
    pub(super) fn by_time(_: &Decoded, _: Base) -> Self {
        Self::default()
    }
}
