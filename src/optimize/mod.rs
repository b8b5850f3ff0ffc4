//! IR -> IR: an ordered list of rewrites, each of which keeps the rows and the counted errors.
//!
//! Sharing of equal expressions across streams needs no rewrite: the evaluator keys its work by the
//! structure of an expression. What remains is to drop what cannot matter and to bring filters to
//! the front, where the readers can use them.

mod dead;
mod filters;
mod fold;
mod rewrite;

use crate::ir::Query;

pub(crate) use filters::conjuncts;
pub(crate) use rewrite::expressions;

/// A rewrite and its name, as `explain` shows it.
pub struct Rule {
    /// What it does, in a few words.
    pub name: &'static str,
    /// Applies it; says how many places it changed.
    pub apply: fn(&mut Query) -> usize,
}

/// The rewrites, in the order in which they run.
pub const RULES: &[Rule] = &[
    Rule {
        name: "fold constants",
        apply: fold::constants,
    },
    Rule {
        name: "drop filters that are always true",
        apply: filters::drop_true,
    },
    Rule {
        name: "bring filters before projections",
        apply: filters::before_projections,
    },
    Rule {
        name: "split conjunctions into filters of their own",
        apply: filters::split_conjunctions,
    },
    Rule {
        name: "drop streams that nobody reads",
        apply: dead::streams,
    },
];

/// Runs all rules once, in order; the result says how many places each changed.
pub fn optimize(query: &mut Query) -> Vec<(&'static str, usize)> {
    RULES.iter().map(|rule| (rule.name, (rule.apply)(query))).collect()
}
