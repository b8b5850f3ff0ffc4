//! Constant folding: a tree of constants becomes its value, unless its evaluation fails (then it
//! stays, so that the error is counted where it happens).

use super::rewrite;
use crate::eval;
use crate::ir::{Expr, ExprId, Exprs, Query};

/// Folds all constant trees; says how many operators' expressions changed.
pub(super) fn constants(query: &mut Query) -> usize {
    rewrite::every_root(query, |exprs, root| {
        has_foldable(exprs, root).then(|| {
            rewrite::copy(exprs, root, &mut |exprs, id| {
                constant(exprs, id).map(rewrite::Instead::Value)
            })
        })
    })
}

/// The value of an operator node whose operands are all constants.
fn constant(exprs: &Exprs, id: ExprId) -> Option<crate::data::Value> {
    let leaf = matches!(
        exprs.get(id),
        Expr::Lit(_) | Expr::Field(_) | Expr::Pseudo(_) | Expr::Row | Expr::Local(_) | Expr::Range(..)
    );
    if leaf { None } else { eval::constant(exprs, id) }
}

/// Whether some operator node of the tree is a constant.
fn has_foldable(exprs: &Exprs, root: ExprId) -> bool {
    constant(exprs, root).is_some()
        || exprs
            .operands(root)
            .into_iter()
            .any(|operand| has_foldable(exprs, operand))
}
