//! `--memory-limit` for what patterns and attention windows remember: a run that needs more is stopped, and told why.
//!
//! Looked at between rounds, which are the same for any number of threads. Nothing is let go of in
//! silence: what a pattern still waits for is part of what its matches mean.

use super::RunError;
use super::ordered::Ordered;
use crate::ir::StreamId;
use crate::matcher::Standing;
use crate::plan::Plan;

/// What a stream remembers.
struct Holding {
    stream: StreamId,
    bytes: u64,
    /// How much of what.
    what: String,
    remedy: &'static str,
}

/// Looks whether all patterns and attention windows together keep to the limit, in bytes.
///
/// # Errors
/// When they do not; names the stream that takes most.
pub(super) fn check(ordered: &Ordered, plan: &Plan, limit: Option<u64>) -> Result<(), RunError> {
    let Some(limit) = limit else { return Ok(()) };
    let patterns = ordered.standing(plan).into_iter().map(|of| Holding {
        stream: of.stream,
        bytes: of.bytes as u64,
        what: runs(&of.standing),
        remedy: if of.bounded {
            "a shorter `.within(..)`, or a `.partition_by(..)` for the keys that belong together"
        } else {
            "a bound in time (`.within(1h)` directly behind the pattern), or a `.partition_by(..)` for the keys that \
             belong together"
        },
    });
    let windows = ordered
        .attending(plan)
        .into_iter()
        .map(|(stream, events, bytes)| Holding {
            stream,
            bytes: bytes as u64,
            what: format!("{events} events"),
            remedy: "a shorter `duration:` or a smaller `count:`, or features with fewer slots",
        });
    let all: Vec<Holding> = patterns.chain(windows).collect();
    let total: u64 = all.iter().map(|of| of.bytes).sum();
    if total <= limit {
        return Ok(());
    }
    // The first in the program of those that take most.
    let Some(most) = all
        .into_iter()
        .min_by_key(|of| (std::cmp::Reverse(of.bytes), of.stream))
    else {
        return Ok(());
    };
    Err(RunError::Memory {
        stream: plan.query.streams[most.stream.0 as usize].name.clone(),
        total,
        limit,
        runs: most.what,
        bytes: most.bytes,
        remedy: most.remedy,
    })
}

fn runs(standing: &Standing) -> String {
    match standing.runs {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    }
}
