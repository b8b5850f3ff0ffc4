//! `--memory-limit` for what patterns remember: a run that needs more is stopped, and told why.
//!
//! Looked at between rounds, which are the same for any number of threads. Nothing is let go of in
//! silence: what a pattern still waits for is part of what its matches mean.

use super::RunError;
use super::ordered::Ordered;
use crate::matcher::Standing;
use crate::plan::Plan;

/// Looks whether all patterns together keep to the limit, in bytes.
///
/// # Errors
/// When they do not; names the stream whose pattern takes most.
pub(super) fn check(ordered: &Ordered, plan: &Plan, limit: Option<u64>) -> Result<(), RunError> {
    let Some(limit) = limit else { return Ok(()) };
    let all = ordered.standing(plan);
    let total: u64 = all.iter().map(|of| of.bytes as u64).sum();
    if total <= limit {
        return Ok(());
    }
    // The first in the program of those that take most.
    let Some(most) = all.iter().min_by_key(|of| (std::cmp::Reverse(of.bytes), of.stream)) else {
        return Ok(());
    };
    Err(RunError::Memory {
        stream: plan.query.streams[most.stream.0 as usize].name.clone(),
        total,
        limit,
        runs: runs(&most.standing),
        bytes: most.bytes as u64,
        remedy: if most.bounded {
            "a shorter `.within(..)`, or a `.partition_by(..)` for the keys that belong together"
        } else {
            "a bound in time (`.within(1h)` directly behind the pattern), or a `.partition_by(..)` for the keys that \
             belong together"
        },
    })
}

fn runs(standing: &Standing) -> String {
    match standing.runs {
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    }
}
