//! What a pattern is carried out by, for `explain`.

use super::program::Program;
use super::trends::Trends;
use crate::ir::{Pattern, Selection, StepId};

/// The ways in which patterns are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// A list of runs for each state, each run going one way.
    Runs,
    /// Nodes that combinations share, made into matches when they are written.
    Combinations,
    /// What is reckoned over combinations, from node to node.
    Reckoning,
    /// The same as products of small matrices over the window.
    Matrices,
}

impl Operator {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Runs => "runs, listed by state and key",
            Self::Combinations => "combinations that share their beginnings",
            Self::Reckoning => "totals of combinations that share their beginnings",
            Self::Matrices => "products of small matrices over the window",
        }
    }
}

/// How a pattern is carried out, and the steps whose events all runs share in one log.
#[must_use]
pub fn operator(pattern: &Pattern) -> (Operator, Vec<StepId>) {
    if pattern.select == Selection::Any {
        let trends = !pattern.trends.is_empty();
        let operator = match trends {
            true if Trends::is_plain(pattern) => Operator::Matrices,
            true => Operator::Reckoning,
            false => Operator::Combinations,
        };
        return (operator, Vec::new());
    }
    let program = Program::new(pattern);
    let shared = program.shared.iter().enumerate().filter(|(_, shared)| **shared);
    (Operator::Runs, shared.map(|(step, _)| step).collect())
}
