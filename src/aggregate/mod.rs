//! Accumulators of the aggregate functions: for many groups at once, and for windows that slide row
//! by row.
//!
//! [`Accumulators`] hold any number of groups and take in batches of columns; groups of different
//! objects can be merged, so that panes make windows. [`Sliding`] holds one group to which rows come at
//! the end and which they leave at the front.
//!
//! What a value is does not depend on how rows were cut into batches and merges, only on their order,
//! and that of sums, averages and variances not even on it: they are exact and rounded once.

mod accumulators;
mod best;
mod blocks;
mod builder;
mod ends;
mod extremes;
mod frequencies;
mod hash;
mod item;
mod kept;
mod layout;
mod lists;
mod moments;
mod numbers;
mod quantile;
mod registers;
mod round;
mod series;
mod sketch;
mod slide;
mod sliding;
mod state;
mod tally;
mod truth;
mod wide;

use crate::data::Value;
use crate::ir::AggFunction;

pub use accumulators::Accumulators;
pub use sliding::Sliding;

/// A call of an aggregate function.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Which.
    pub function: AggFunction,
    /// Its constant argument (`p` of `percentile`, `n` of `ema` and `top`), else null.
    pub param: Value,
    /// What its arguments are: equal numbers stand for equal columns, whose state is shared. None for
    /// `count()`.
    pub args: Vec<u32>,
}

/// To which groups rows go.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// All to one.
    One(u32),
    /// Each to its own.
    Each(&'a [u32]),
}

impl Groups<'_> {
    #[inline(always)]
    fn of(&self, row: usize) -> usize {
        match self {
            Self::One(group) => *group as usize,
            Self::Each(groups) => groups[row] as usize,
        }
    }
}

/// The evaluation errors of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallErrors {
    /// Which call.
    pub call: usize,
    /// For how many groups.
    pub count: u64,
    /// What was wrong with the first of them.
    pub message: String,
}

/// Counts an error; the value is null then.
fn note(errors: &mut Option<CallErrors>, call: usize, message: String) -> Value {
    let known = errors.get_or_insert(CallErrors {
        call,
        count: 0,
        message,
    });
    known.count += 1;
    Value::Null
}
