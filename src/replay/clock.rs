//! The effective times of a morsel's records.
//!
//! Records are replayed in the order of the key `(e, input, offset)`. The effective time `e` of a
//! record whose time is `t` is
//! - in order of time: `t`;
//! - in order of arrival: `max(t, m - slack)`, `m` being the largest time among the records of its
//!   input up to and with it;
//! - as the records lie: `max(t, m)`, `m` being the largest time so far over all inputs, one after
//!   another.
//!
//! A record is late when `e > t`. A record without a time has that of the record before it.

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
    /// The times of a morsel that stands at `base`, and what is known after it. None: every record's
    /// effective time is its time.
    ///
    /// Cost: nothing much for a morsel in order, else its records are gone over once more.
    pub(super) fn new(order: Order, decoded: &Decoded, base: Base, running: &mut Running) -> Option<Self> {
        let slack = match order {
            Order::Time | Order::Assumed => None,
            Order::Input => Some(0),
            Order::Arrival { slack } => Some(slack),
        };
        let before = running.largest;
        let after = match (decoded.max_time(), base.time) {
            (Some(time), _) => Some(time),
            (None, Base::UNTIMED) => decoded.records.checked_sub(1).map(|last| (base.seq + last) as i64),
            (None, _) => None,
        };
        running.largest = after.max(before);
        let slack = slack?;
        let first = decoded
            .first_time()
            .or((base.time == Base::UNTIMED).then_some(base.seq as i64));
        let ahead = |first: i64| before.is_none_or(|before| first >= before.saturating_sub(slack));
        // Those before the first timed one take an older time.
        let carried = base.time == Base::UNTIMED || ahead(base.time);
        if decoded.disorder().is_none() && first.is_none_or(ahead) && carried {
            return None;
        }
        Some(Self::each(decoded, base, before, slack))
    }

    fn each(decoded: &Decoded, base: Base, mut largest: Option<i64>, slack: i64) -> Self {
        let records = decoded.clock.records();
        let mut clock = Self {
            offsets: Vec::with_capacity(records.len()),
            e: Vec::with_capacity(records.len()),
            t: Vec::with_capacity(records.len()),
        };
        let mut last = (base.time != Base::UNTIMED).then_some(base.time);
        for (nth, (offset, own)) in records.into_iter().enumerate() {
            last = own.or(last);
            let time = last.unwrap_or((base.seq + nth as u64) as i64);
            largest = largest.max(Some(time));
            let clock_time = largest.map_or(time, |largest| largest.saturating_sub(slack));
            clock.offsets.push(offset);
            clock.e.push(time.max(clock_time));
            clock.t.push(time);
        }
        clock
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
    pub(super) fn by_time(decoded: &Decoded, base: Base) -> Self {
        let mut clock = Self::each(decoded, base, None, i64::MAX);
        clock.e.clone_from(&clock.t);
        clock
    }
}
