//! Sequence patterns over rows in order (LANGUAGE.md, sections 8, 9 and 15).
//!
//! A [`Matching`] takes the rows of a pattern's inputs, round after round, with all that the pattern
//! asks of them already computed ([`PatternInput::values`](crate::ir::PatternInput)), and makes the
//! rows of [`Pattern::reads`](crate::ir::Pattern).

use crate::data::{Column, FieldId, Pseudo};
use crate::ir::ExprId;

/// Rows over which a condition is asked: the columns of some fields.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How many rows.
    pub len: usize,
    /// The fields that the condition reads.
    pub fields: Vec<(FieldId, Column)>,
    /// `_time` and the like.
    pub pseudo: Vec<(Pseudo, Column)>,
    /// The row as a record.
    pub whole: Option<Column>,
}

/// Evaluates a condition; gives the rows for which it is true, ascending.
pub type Judge<'a> = dyn FnMut(ExprId, Asked) -> Vec<u32> + 'a;

mod stub;

pub use stub::{Matches, Matching, Standing};
