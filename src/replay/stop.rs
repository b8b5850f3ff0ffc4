//! Why a run stops at a record's place: rows determined before it are written, none after.

use super::RunOptions;
use super::waiting::Bad;
use crate::data::Place;

/// Why a run stopped before the end of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A signal.
    Interrupted,
    /// A bad record under `--on-error fail` or `--strict`, or one too many for `--max-errors`.
    Bad(String),
    /// An evaluation error under `--strict`.
    Evaluation(String),
    /// More rows of a stream failed than its supervision allows.
    Broken(String),
    /// All that is written is behind limits that are reached.
    LimitsReached,
}

/// Where the run must stop, and why. `before` is the number of bad records so far, `bad` those that
/// are next in order, `evaluation` the first evaluation error, `broken` where a stream's supervision stops.
pub(super) fn stop_at(
    options: &RunOptions,
    before: u64,
    bad: &[Bad],
    evaluation: Option<(Place, String)>,
    broken: Option<(Place, Stopped)>,
) -> Option<(Place, Stopped)> {
    let allowed = if options.fail_on_bad {
        Some(0)
    } else {
        options.max_errors
    };
    let bad = allowed.and_then(|allowed| {
        let more = usize::try_from(allowed.saturating_sub(before)).unwrap_or(usize::MAX);
        let bad = bad.get(more)?;
        Some((bad.place, Stopped::Bad(bad.record.reason.clone())))
    });
    let evaluation = evaluation.filter(|_| options.strict);
    let evaluation = evaluation.map(|(place, message)| (place, Stopped::Evaluation(message)));
    [bad, evaluation, broken]
        .into_iter()
        .flatten()
        .min_by_key(|(place, _)| *place)
}
