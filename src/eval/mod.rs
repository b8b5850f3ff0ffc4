//! IR expressions -> vectorised kernels over columns.
//!
//! A [`Program`] is made once (regexes compiled, constant lists hashed); an [`Evaluator`] once for
//! each batch of rows and thread. Evaluation never fails: an error yields null at its place and is
//! counted by node.

use crate::data::{Column, Rows, Value};
use crate::ir::{ExprId, Exprs};

/// All expressions of a query, prepared for evaluation.
#[derive(Debug)]
pub struct Program<'a> {
    exprs: &'a Exprs,
}

impl<'a> Program<'a> {
    /// Prepares every tree that is rooted at one of `roots`. `seed` keys `random()` and its kin.
    #[must_use]
    pub fn new(exprs: &'a Exprs, _roots: &[ExprId], _seed: u64) -> Self {
        Self { exprs }
    }
}

/// Evaluates expressions over one batch of rows.
#[derive(Debug)]
pub struct Evaluator<'a> {
    program: &'a Program<'a>,
    rows: &'a dyn Rows,
}

/// How often a node failed to evaluate, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalErrors {
    /// The node.
    pub node: ExprId,
    /// In how many evaluations.
    pub count: u64,
    /// The first row (of the batch) in which it failed.
    pub first_row: u32,
    /// What went wrong there: "division by zero", "`abc` is no int".
    pub message: String,
}

impl<'a> Evaluator<'a> {
    /// An evaluator over `rows`.
    #[must_use]
    pub fn new(program: &'a Program<'a>, rows: &'a dyn Rows) -> Self {
        Self { program, rows }
    }

    /// The value of `expr` in the selected rows (none: in all), in order.
    pub fn eval(&mut self, expr: ExprId, rows: Option<&[u32]>) -> Column {
        let _ = (self.program.exprs.get(expr), self.rows);
        Column::nulls(rows.map_or(self.rows.len(), <[u32]>::len))
    }

    /// Those of the selected rows (none: of all) in which `expr` is true, as row numbers of the batch.
    pub fn filter(&mut self, expr: ExprId, rows: Option<&[u32]>) -> Vec<u32> {
        let _ = (expr, rows);
        Vec::new()
    }

    /// The evaluation errors since the last call, by node, in order of the nodes.
    pub fn take_errors(&mut self) -> Vec<EvalErrors> {
        Vec::new()
    }
}

/// The value of a tree of constants; none if it is none, or its evaluation fails.
#[must_use]
pub fn constant(exprs: &Exprs, root: ExprId) -> Option<Value> {
    let _ = (exprs, root);
    None
}
