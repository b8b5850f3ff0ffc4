//! Constant folding: a tree of constants becomes its value, unless its evaluation fails (then it
//! stays, so that the error is counted where it happens).

use super::rewrite;
use crate::eval;
use crate::ir::Query;

/// Folds all constant trees; says how many operators' expressions changed.
pub(super) fn constants(query: &mut Query) -> usize {
    rewrite::every_root(query, |exprs, root| {
        let _ = eval::constant(exprs, root)?;
        Some(rewrite::copy(exprs, root, &mut |_, _| None))
    })
}
