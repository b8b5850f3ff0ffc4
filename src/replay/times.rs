//! Times across morsels: what records without one take, and which programs need any.

use super::RunError;
use super::morsel::Task;
use crate::data::format::write_timestamp;
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

/// Why an input without times does not do.
pub(super) fn without_time(name: &str) -> RunError {
    RunError::Disorder(format!(
        "no record of `{name}` has a time, and the program has operators that go by time (windows of time, joins, \
         `within`). A time is looked for in the declared event's first `timestamp` field, else in `timestamp`, `ts`, \
         `@timestamp` and `time`: name the field with `--time-field NAME`"
    ))
}

/// Where an input goes back in time that was said not to.
pub(super) fn not_in_order(name: &str, time: i64, largest: i64, line: u64) -> RunError {
    RunError::Disorder(format!(
        "`{name}` is not in order of time: {} comes after {} (line {line}); leave out `--assume-sorted` to have it put in \
         order",
        rfc3339(time),
        rfc3339(largest),
    ))
}

/// A time in words.
pub(super) fn rfc3339(ns: i64) -> String {
    let mut text = Vec::new();
    write_timestamp(ns, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The first time among the morsels after `at`, of the same input: which inputs share a round must
/// not matter.
pub(super) fn first_after(tasks: &[Task<'_>], at: usize) -> Option<i64> {
    tasks[at + 1..]
        .iter()
        .take_while(|task| task.input == tasks[at].input)
        .find_map(|task| task.decoded.as_ref().and_then(Decoded::first_time))
}
