//! Why a run stops at a record's place: rows determined before it are written, none after.

use super::RunOptions;
use super::outcome::{ErrorCount, Outcome};
use crate::data::BadRecord;

/// Why a run stopped before the end of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A signal.
    Interrupted,
    /// A bad record under `--on-error fail` or `--strict`, or one too many for `--max-errors`.
    Bad(String),
    /// An evaluation error under `--strict`.
    Evaluation(String),
    /// All that is written is behind limits that are reached.
    LimitsReached,
}

/// Where in this morsel the run must stop, and why. `before` is the number of bad records so far,
/// `bad` those of this morsel in order.
pub(super) fn stop_at(
    options: &RunOptions,
    before: u64,
    bad: &[BadRecord],
    outcome: &Outcome,
) -> Option<(u64, Stopped)> {
    let allowed = if options.fail_on_bad {
        Some(0)
    } else {
        options.max_errors
    };
    let bad = allowed.and_then(|allowed| {
        let more = usize::try_from(allowed.saturating_sub(before)).unwrap_or(usize::MAX);
        let record = bad.get(more)?;
        Some((record.position.offset, Stopped::Bad(record.reason.clone())))
    });
    let evaluation = options.strict.then(|| outcome.errors.first()).flatten();
    let evaluation =
        evaluation.map(|(_, ErrorCount { first, message, .. })| (first.offset, Stopped::Evaluation(message.clone())));
    match (bad, evaluation) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (a, b) => a.or(b),
    }
}
