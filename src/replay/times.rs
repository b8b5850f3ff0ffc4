//! Times across morsels: what records without one take, and whether the input is in order.

use super::morsel::Task;
use crate::read::{Base, Decoded};

/// What is known of the times so far.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The time of the last record that has one.
    carried: Option<i64>,
    /// No record had a time when one was asked for: numbers stand for times.
    pub(super) by_number: bool,
}

impl Times {
    /// What records take that stand before a morsel's first timed one: the time before the morsel,
    /// else the first time after its beginning (`later`), else their numbers.
    pub(super) fn base(&mut self, seq: u64, decoded: &Decoded, later: impl FnOnce() -> Option<i64>) -> Base {
        let time = self.carried.or_else(|| decoded.first_time()).or_else(later);
        self.by_number |= time.is_none();
        Base {
            seq,
            time: time.unwrap_or(Base::UNTIMED),
        }
    }

    /// Goes past a morsel.
    pub(super) fn pass(&mut self, decoded: &Decoded) {
        self.carried = decoded.last_time().or(self.carried);
    }
}

/// The first time among the morsels after `at`, of the same input: which inputs share a round must
/// not matter.
pub(super) fn first_after(tasks: &[Task<'_>], at: usize) -> Option<i64> {
    tasks[at + 1..]
        .iter()
        .take_while(|task| task.input == tasks[at].input)
        .find_map(|task| task.decoded.as_ref().and_then(Decoded::first_time))
}
